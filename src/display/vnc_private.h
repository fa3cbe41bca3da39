/* SPDX-License-Identifier: MIT */
/*
 * What the files of the VNC backend share: vnc.c has the screens, their frames and addresses,
 * vnc_places.c the viewers and what they do.
 *
 * Threads: the loop's.
 */
#ifndef HSP_DISPLAY_VNC_PRIVATE_H
#define HSP_DISPLAY_VNC_PRIVATE_H

#include "display/display.h"
#include "display/vnc.h"
#include "display/vnc_handshake.h"
#include "display/vnc_listener.h"
#include "display/vnc_viewer.h"

#include "base/limits.h"
#include "base/list.h"

/* One scanout. */
struct hsp_vnc_screen {
    struct hsp_vnc_backend *backend;
    uint32_t id;
    struct hsp_vnc_listener listener;
    uv_timer_t listen_timer;
    bool is_opened;                    /* its address is open, or will be */
    struct hsp_display_picture *next;  /* shown from the next flush on */
    struct hsp_display_picture *shown; /* of the last flush */
    uint32_t width, height;            /* of the last picture */
    uint64_t last_serial;
    struct hsp_list pending; /* by serial */
    const struct hsp_display_cursor *cursor;
    struct hsp_vnc_place *pointing; /* whose pointer moved last; NULL: nobody's */
};

/* For one viewer. */
struct hsp_vnc_place {
    struct hsp_vnc_viewer *viewer;
    struct hsp_vnc_screen *screen; /* NULL: empty */
    struct hsp_display_user *user;
};

struct hsp_vnc_backend {
    struct hsp_display_backend backend;
    struct hsp_display *display;
    struct hsp_display_choice choice;
    const char *name;
    char password[HSP_DISPLAY_PASSWORD_LENGTH + 1];
    struct hsp_vnc_handshakes handshakes;
    uv_async_t async;
    bool has_async;
    uint32_t leds;
    struct hsp_vnc_screen screens[HSP_LIMIT_SCANOUT_COUNT];
    struct hsp_vnc_place places[HSP_LIMIT_VNC_VIEWER_COUNT];
};

/* The feed of the viewer in this place, if it looks at the screen; else NULL. */
struct hsp_vnc_feed *hsp_vnc_place_get_feed(const struct hsp_vnc_place *place,
                                            const struct hsp_vnc_screen *screen);

/* With `place`, a name of the caller's, as the place. */
#define hsp_vnc_for_each_feed(feed, place, screen)                                \
    for (struct hsp_vnc_place *place = (screen)->backend->places;                 \
         place < (screen)->backend->places + HSP_LIMIT_VNC_VIEWER_COUNT; place++) \
        for (struct hsp_vnc_feed *feed = hsp_vnc_place_get_feed(place, screen); feed; feed = NULL)

/* Answers, in order, the flushes that no viewer holds up. */
void hsp_vnc_screen_settle(struct hsp_vnc_screen *screen);

/* Makes all places, and what wakes the loop for them. 0 or negative errno; destroy copes with what
 * has been made. */
int hsp_vnc_places_create(struct hsp_vnc_backend *backend);

/* Sends all viewers away. */
void hsp_vnc_places_destroy(struct hsp_vnc_backend *backend);

/* A stranger, `user_data` is the screen, has become a viewer. */
void hsp_vnc_places_on_handshake_done(void *user_data, int socket_fd);

#endif
