/* SPDX-License-Identifier: MIT */
/*
 * A feed hands what one scanout shows from the loop's thread to the thread that draws its window
 * (the drawer), and what came of it back. It keeps the newest of everything: a drawer that is held
 * up by the screen's refresh sees one frame with the damage of all that were put meanwhile.
 *
 * Threads: each group of functions names its thread; the feed has its own lock. There is at most
 * one drawer at a time.
 */
#ifndef HSP_DISPLAY_WINDOW_FEED_H
#define HSP_DISPLAY_WINDOW_FEED_H

#include "display/picture.h"
#include "display/screenshot.h"

#include <pthread.h>

struct hsp_window_frame {
    const struct hsp_display_picture *picture; /* NULL: no frame */
    struct hsp_ipc_rect damage;                /* in pixels of the picture */
    uint64_t serial;                           /* the loop thread's number for it, growing */
    bool is_flushed;                           /* false: a refresh, which does not count */
    uint64_t start_ns;                         /* of the newest flush in it */
    uint64_t put_ns;                           /* when the loop's thread put it */
};

/* What a drawer gets: the state of things, and what of it is new. */
struct hsp_window_work {
    struct hsp_window_frame frame; /* new, or none */
    bool is_blank;                 /* the scanout is off: nothing but black */
    bool is_visible;               /* false: nobody sees the window, do not draw */
    uint32_t width, height;        /* of the window, pixels */
    bool cursor_changed;           /* the cursor's picture */
    struct hsp_display_cursor cursor;
};

/* What has happened since it was last asked. */
struct hsp_window_result {
    uint64_t done_serial;  /* this frame and all before have been read */
    uint64_t frames;       /* flushed frames that are on the screen */
    uint64_t present_ns;   /* sum of our own time for them, from flush to screen */
    uint64_t copied_bytes; /* by a CPU */
};

struct hsp_window_feed {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void (*wake_loop)(void *user_data);   /* any thread */
    void (*wake_drawer)(void *user_data); /* any thread; NULL: it waits in hsp_window_feed_wait */
    void *user_data;
    struct hsp_window_work state;
    struct hsp_window_result result;
    uint64_t taken_serial;
    bool has_news; /* for the drawer */
    bool is_stopping;
    bool needs_refresh; /* the drawer lacks a frame */
};

int hsp_window_feed_init(struct hsp_window_feed *feed, void (*wake_loop)(void *user_data),
                         void *user_data);
void hsp_window_feed_finish(struct hsp_window_feed *feed);

/* ------------------------------------------------------------------ loop's thread */

/* Joins the frame with one that waits for the drawer. The picture must live until the frame's
 * serial is done or taken back. False, and nothing was put, while nobody sees the window. */
bool hsp_window_feed_put_frame(struct hsp_window_feed *feed, const struct hsp_window_frame *frame);

/* Takes back a frame that the drawer has not begun; a drawer that comes for it later has the loop
 * put another (hsp_window_feed_take_refresh). Returns the highest serial that the drawer may still
 * use or has used; all above are the loop's again. */
uint64_t hsp_window_feed_cancel(struct hsp_window_feed *feed);

void hsp_window_feed_put_blank(struct hsp_window_feed *feed);
void hsp_window_feed_put_cursor(struct hsp_window_feed *feed,
                                const struct hsp_display_cursor *cursor, bool picture_changed);

/* Takes the results; the counts start again from 0. */
struct hsp_window_result hsp_window_feed_collect(struct hsp_window_feed *feed);

/* Whether a visible window lacks a frame that it should have; asked once per lack. */
bool hsp_window_feed_take_refresh(struct hsp_window_feed *feed);

/* ------------------------------------------------------------------ main thread */

/* The window's size and whether it can be seen, and has it drawn again. */
void hsp_window_feed_put_view(struct hsp_window_feed *feed, uint32_t width, uint32_t height,
                              bool is_visible);

/* A new drawer begins, which knows nothing yet. `wake_drawer` as in the struct. */
void hsp_window_feed_start(struct hsp_window_feed *feed, void (*wake_drawer)(void *user_data));

/* Makes hsp_window_feed_wait return false until the next start; the window counts as unseen. */
void hsp_window_feed_stop(struct hsp_window_feed *feed);

/* ------------------------------------------------------------------ the drawer's thread */

/* Waits for news: true; false when the drawer shall end. */
bool hsp_window_feed_wait(struct hsp_window_feed *feed, struct hsp_window_work *out_work);

/* As wait, without waiting: false when there is no news. */
bool hsp_window_feed_poll(struct hsp_window_feed *feed, struct hsp_window_work *out_work);

/* News without news: the next wait returns at once. */
void hsp_window_feed_redraw(struct hsp_window_feed *feed);

/* The frame's picture is not read any more. */
void hsp_window_feed_frame_read(struct hsp_window_feed *feed, const struct hsp_window_frame *frame,
                                uint64_t copied_bytes);

/* The frame is on the screen; `own_ns` is the time from flush to there that hesper needed itself.
 * A frame of no flush is not counted. */
void hsp_window_feed_frame_shown(struct hsp_window_feed *feed, const struct hsp_window_frame *frame,
                                 uint64_t own_ns);

#endif
