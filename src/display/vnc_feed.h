/* SPDX-License-Identifier: MIT */
/*
 * A feed joins the loop's thread and the thread of one VNC viewer: what the scanout shows goes one
 * way, what the viewer does the other. It keeps the newest of everything, in bounded memory: a
 * viewer that takes its time sees one frame with the damage of all that were put meanwhile.
 *
 * A viewer rests between two frames until it has asked for the next one and something has changed.
 * Flushes wait only for viewers that were resting with such a wish, and for one that is reading at
 * this moment: both take as long as it takes to copy pixels, whatever the viewer's network does.
 *
 * Threads: each group of functions names its thread; the feed has its own lock.
 */
#ifndef HSP_DISPLAY_VNC_FEED_H
#define HSP_DISPLAY_VNC_FEED_H

#include "display/picture.h"
#include "display/screenshot.h"

#include <pthread.h>

/* More rectangles than this become one that holds them all. */
#define HSP_VNC_DAMAGE_COUNT 16

#define HSP_VNC_EVENT_COUNT 64

struct hsp_vnc_damage {
    struct hsp_ipc_rect rects[HSP_VNC_DAMAGE_COUNT]; /* pixels of the picture */
    uint32_t count;
};

/* What a viewer did. */
struct hsp_vnc_event {
    enum hsp_vnc_event_kind {
        HSP_VNC_EVENT_POSITION, /* x, y: the pointer is there */
        HSP_VNC_EVENT_KEY,      /* code, is_pressed */
        HSP_VNC_EVENT_WHEEL,    /* x, y: notches to the right and up */
        HSP_VNC_EVENT_SIZE,     /* x, y: the viewer would like this size */
    } kind;
    uint32_t code; /* HSP_KEY_*, HSP_BTN_* */
    bool is_pressed;
    int32_t x, y;
};

/* What is new for a viewer. */
struct hsp_vnc_work {
    /* What to read; NULL: no new pixels. It stays alive until hsp_vnc_feed_end_read. */
    const struct hsp_display_picture *picture;
    uint64_t picture_serial; /* another one for each picture, also at the same address */
    struct hsp_vnc_damage damage;
    bool is_blank; /* the scanout is off: nothing but black */
    bool cursor_changed, cursor_moved;
    struct hsp_display_cursor cursor;
    bool is_pointing; /* the cursor follows this viewer's own pointer */
    bool leds_changed;
    uint32_t leds; /* bits: 1 << HSP_LED_* */
    bool is_closing;
};

/* What came from a viewer. */
struct hsp_vnc_result {
    struct hsp_vnc_event events[HSP_VNC_EVENT_COUNT];
    uint32_t event_count;
    uint64_t copied_bytes; /* since the last time */
    bool is_gone;          /* its thread has come to its end */
};

struct hsp_vnc_feed {
    pthread_mutex_t lock;
    pthread_cond_t collected;
    void (*wake_loop)(void *user_data); /* any thread */
    void *user_data;
    int wake_read_fd, wake_write_fd;     /* sets the viewer's thread going */
    struct hsp_display_picture *picture; /* newest; owned */
    struct hsp_display_picture *held;    /* replaced while it was read; owned */
    const struct hsp_display_picture *reading;
    uint64_t put_serial, due_serial, taken_serial, read_serial; /* of flushes */
    bool is_resting;                                            /* waits, and wants frames */
    struct hsp_vnc_work work;
    struct hsp_vnc_result result;
};

int hsp_vnc_feed_init(struct hsp_vnc_feed *feed, void (*wake_loop)(void *user_data),
                      void *user_data);

/* There is no viewer's thread any more. */
void hsp_vnc_feed_finish(struct hsp_vnc_feed *feed);

/* ------------------------------------------------------------------ loop's thread */

/* Begins anew, for another viewer. */
void hsp_vnc_feed_reset(struct hsp_vnc_feed *feed);

/* `picture` (referenced) is shown now, of which `damage` changed; the flush is the one of number
 * `serial`, which grows. */
void hsp_vnc_feed_put_frame(struct hsp_vnc_feed *feed, struct hsp_display_picture *picture,
                            const struct hsp_ipc_rect *damage, uint64_t serial);
void hsp_vnc_feed_put_blank(struct hsp_vnc_feed *feed);

/* Whether flush `serial` must wait for this viewer. */
bool hsp_vnc_feed_is_behind(struct hsp_vnc_feed *feed, uint64_t serial);

void hsp_vnc_feed_put_cursor(struct hsp_vnc_feed *feed, const struct hsp_display_cursor *cursor,
                             bool picture_changed, bool is_pointing);
void hsp_vnc_feed_put_leds(struct hsp_vnc_feed *feed, uint32_t leds);

/* The viewer shall go. */
void hsp_vnc_feed_close(struct hsp_vnc_feed *feed);
bool hsp_vnc_feed_is_gone(struct hsp_vnc_feed *feed);

/* Takes what came, and lets go of pictures that are read no more. */
void hsp_vnc_feed_collect(struct hsp_vnc_feed *feed, struct hsp_vnc_result *out_result);

/* ------------------------------------------------------------------ viewer's thread */

/* The thread is about to wait for its socket and wake_read_fd, with or without a wish for the next
 * frame. False when there is news already. */
bool hsp_vnc_feed_rest(struct hsp_vnc_feed *feed, bool wants_frame);

/* Ends the rest and takes what is new: with pixels only for one that wants a frame; then
 * hsp_vnc_feed_end_read must follow soon. */
void hsp_vnc_feed_take(struct hsp_vnc_feed *feed, bool wants_frame, struct hsp_vnc_work *out_work);
void hsp_vnc_feed_end_read(struct hsp_vnc_feed *feed);

/* A CPU has moved this many bytes for the viewer. */
void hsp_vnc_feed_count_copied(struct hsp_vnc_feed *feed, uint64_t bytes);

/* Waits while the loop has many events to take. */
void hsp_vnc_feed_put_event(struct hsp_vnc_feed *feed, const struct hsp_vnc_event *event);

/* The thread's last word. */
void hsp_vnc_feed_put_gone(struct hsp_vnc_feed *feed);

#endif
