/* SPDX-License-Identifier: MIT */
/*
 * Events on their way to a driver. They wait here while it has given no buffers for them; when too
 * many wait, whole things that the user did are left out, and a key's release never is: there is
 * always room for the releases of all keys that are pressed.
 *
 * Threads: the device thread.
 */
#ifndef HSP_INPUT_EVENTS_H
#define HSP_INPUT_EVENTS_H

#include "base/evdev.h"
#include "base/limits.h"
#include "input/protocol.h"

struct hsp_input_events {
    struct hsp_input_event items[HSP_LIMIT_INPUT_EVENT_COUNT]; /* a ring */
    uint32_t first, count;
    bool is_pressed[HSP_KEY_COUNT]; /* for who reads all of items */
    uint32_t pressed_count;
    /* The newest frame, while none of it was taken: what can still be changed. */
    uint16_t last_type;    /* HSP_EV_ABS, HSP_EV_REL: two axes and an end; else 0 */
    int32_t wheel_rest[2]; /* less than a notch; vertical, horizontal */
};

/* Nothing waits, nothing is pressed. */
void hsp_input_events_init(struct hsp_input_events *events);

/* Each adds what the user did, and the event that ends it, or nothing. A key that is pressed
 * already, or was not, changes nothing. */
void hsp_input_events_add_key(struct hsp_input_events *events, uint32_t code, bool is_pressed);
void hsp_input_events_add_position(struct hsp_input_events *events, uint32_t x, uint32_t y);
void hsp_input_events_add_motion(struct hsp_input_events *events, int32_t dx, int32_t dy);
/* Up and right are positive, HSP_WHEEL_NOTCH is a notch. */
void hsp_input_events_add_wheel(struct hsp_input_events *events, int32_t vertical,
                                int32_t horizontal);

/* Adds the releases of all that is pressed. */
void hsp_input_events_release(struct hsp_input_events *events);

/* The oldest one, which stays; false when there is none. */
bool hsp_input_events_peek(const struct hsp_input_events *events,
                           struct hsp_input_event *out_event);
/* Removes it. */
void hsp_input_events_drop(struct hsp_input_events *events);

#endif
