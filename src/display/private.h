/* SPDX-License-Identifier: MIT */
/*
 * What the files of hesper-display's core share: display.c has the loop, scanouts and flushes,
 * cursor.c, capture.c and input.c the rest. Everything on the loop's thread.
 */
#ifndef HSP_DISPLAY_PRIVATE_H
#define HSP_DISPLAY_PRIVATE_H

#include "display/display.h"

#include "base/evdev.h"
#include "base/limits.h"

struct hsp_display_scanout {
    struct hsp_display_picture *picture; /* NULL: off */
    struct hsp_display_cursor cursor;
};

struct hsp_display {
    struct hsp_ipc_channel channel;
    struct hsp_stats_display *stats;
    struct hsp_display_backend *backend;
    struct hsp_display_scanout scanouts[HSP_LIMIT_SCANOUT_COUNT];
    unsigned capture_count;                /* screenshots that are being written */
    uint32_t holder_counts[HSP_KEY_COUNT]; /* users that hold the key down */
    uv_loop_t loop;
    uv_poll_t poll;
    bool has_poll;
    int error; /* what ends the loop: negative errno; -EPIPE is the orderly end */
};

/* Sends an answer; a failure ends the loop. */
void hsp_display_send(struct hsp_display *display, uint32_t type, const void *payload, size_t size);

/* Each handles one message: 0, or negative errno for one that ends the program. */
int hsp_display_handle_set_cursor(struct hsp_display *display,
                                  const struct hsp_ipc_message *message);
int hsp_display_handle_move_cursor(struct hsp_display *display,
                                   const struct hsp_ipc_message *message);

int hsp_display_handle_set_leds(struct hsp_display *display, const struct hsp_ipc_message *message);

/* Takes the message's descriptor. The answer follows when the file has been written. */
int hsp_display_handle_screenshot(struct hsp_display *display, struct hsp_ipc_message *message);

#endif
