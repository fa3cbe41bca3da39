/* SPDX-License-Identifier: MIT */
/*
 * What the user does in windows, on its way from the main thread to the loop's. Pointers that move
 * faster than the loop's thread looks are joined. When more happens than can be kept, all of it is
 * left out and everything that is pressed is let go: nothing gets stuck.
 *
 * Threads: not synchronised; window_host.c holds its lock around every call.
 */
#ifndef HSP_DISPLAY_WINDOW_ACTIONS_H
#define HSP_DISPLAY_WINDOW_ACTIONS_H

#include "base/util.h"

enum hsp_window_action_kind {
    HSP_WINDOW_ACTION_KEY,      /* code, is_pressed: HSP_KEY_*, HSP_BTN_* */
    HSP_WINDOW_ACTION_POSITION, /* scanout_id, x, y: pixels of the window */
    HSP_WINDOW_ACTION_MOTION,   /* x, y */
    HSP_WINDOW_ACTION_WHEEL,    /* x, y: turned right and up, HSP_WHEEL_NOTCH for a notch */
    HSP_WINDOW_ACTION_RELEASE,  /* everything is let go */
};

struct hsp_window_action {
    enum hsp_window_action_kind kind;
    uint32_t scanout_id;
    uint32_t code;
    bool is_pressed;
    int32_t x, y;
};

#define HSP_WINDOW_ACTION_COUNT 256

struct hsp_window_actions {
    struct hsp_window_action items[HSP_WINDOW_ACTION_COUNT];
    size_t count;
};

void hsp_window_actions_add(struct hsp_window_actions *actions,
                            const struct hsp_window_action *action);

#endif
