/* SPDX-License-Identifier: MIT */
#include "input/events.h"

#include <string.h>

/* Events of a key that goes down or up: it, and the end. */
#define KEY_SIZE 2

/* Both axes, and the end. */
#define AXES_SIZE 3

#define MAX_WHEEL_SIZE 5

_Static_assert(HSP_LIMIT_INPUT_EVENT_COUNT > KEY_SIZE * HSP_KEY_COUNT,
               "all keys can be pressed and released again");

void hsp_input_events_init(struct hsp_input_events *events)
{
    memset(events, 0, sizeof(*events));
}

/* Whether `count` more events leave room for all the releases that must be possible. */
static bool has_room(const struct hsp_input_events *events, uint32_t count)
{
    return events->count + count + KEY_SIZE * events->pressed_count <= HSP_LIMIT_INPUT_EVENT_COUNT;
}

static struct hsp_input_event *get_item(struct hsp_input_events *events, uint32_t index)
{
    return &events->items[(events->first + index) % HSP_LIMIT_INPUT_EVENT_COUNT];
}

static void append(struct hsp_input_events *events, uint16_t type, uint16_t code, uint32_t value)
{
    *get_item(events, events->count) = (struct hsp_input_event){type, code, value};
    events->count++;
}

static void append_end(struct hsp_input_events *events)
{
    append(events, HSP_EV_SYN, 0, 0);
}

/* ------------------------------------------------------------------ keys */

void hsp_input_events_add_key(struct hsp_input_events *events, uint32_t code, bool is_pressed)
{
    if (code >= HSP_KEY_COUNT || events->is_pressed[code] == is_pressed)
        return;
    /* What cannot be released later is not pressed. */
    if (is_pressed && !has_room(events, 2 * KEY_SIZE))
        return;
    events->is_pressed[code] = is_pressed;
    events->pressed_count += is_pressed ? 1 : UINT32_MAX;
    events->last_type = 0;
    append(events, HSP_EV_KEY, (uint16_t)code, is_pressed);
    append_end(events);
}

void hsp_input_events_release(struct hsp_input_events *events)
{
    for (uint32_t code = 0; code < HSP_KEY_COUNT && events->pressed_count > 0; code++)
        hsp_input_events_add_key(events, code, false);
}

/* ------------------------------------------------------------------ pointer */

static int32_t add_saturated(int32_t a, int32_t b)
{
    int64_t sum = (int64_t)a + b;

    return (int32_t)HSP_MIN(HSP_MAX(sum, INT32_MIN), INT32_MAX);
}

/* Appends both axes, or finds the newest ones, if they wait still. False when there is no room. */
static bool find_axes(struct hsp_input_events *events, uint16_t type,
                      struct hsp_input_event *out_axes[2])
{
    bool is_new = events->last_type != type || events->count < AXES_SIZE;

    if (is_new) {
        if (!has_room(events, AXES_SIZE))
            return false;
        append(events, type, 0, 0);
        append(events, type, 1, 0);
        append_end(events);
        events->last_type = type;
    }
    out_axes[0] = get_item(events, events->count - AXES_SIZE);
    out_axes[1] = get_item(events, events->count - AXES_SIZE + 1);
    return true;
}

void hsp_input_events_add_position(struct hsp_input_events *events, uint32_t x, uint32_t y)
{
    struct hsp_input_event *axes[2];

    if (!find_axes(events, HSP_EV_ABS, axes))
        return;
    axes[0]->value = x;
    axes[1]->value = y;
}

void hsp_input_events_add_motion(struct hsp_input_events *events, int32_t dx, int32_t dy)
{
    struct hsp_input_event *axes[2];

    if (!find_axes(events, HSP_EV_REL, axes))
        return;
    axes[0]->value = (uint32_t)add_saturated((int32_t)axes[0]->value, dx);
    axes[1]->value = (uint32_t)add_saturated((int32_t)axes[1]->value, dy);
}

/* One axis of the wheel: the exact turn, and the notches that are full by it. */
static void append_turn(struct hsp_input_events *events, uint16_t exact_code, uint16_t notch_code,
                        int32_t turn, int32_t *rest)
{
    int32_t notches;

    if (turn == 0)
        return;
    append(events, HSP_EV_REL, exact_code, (uint32_t)turn);
    *rest = add_saturated(*rest, turn);
    notches = *rest / HSP_WHEEL_NOTCH;
    *rest %= HSP_WHEEL_NOTCH;
    if (notches != 0)
        append(events, HSP_EV_REL, notch_code, (uint32_t)notches);
}

void hsp_input_events_add_wheel(struct hsp_input_events *events, int32_t vertical,
                                int32_t horizontal)
{
    if ((vertical == 0 && horizontal == 0) || !has_room(events, MAX_WHEEL_SIZE))
        return;
    events->last_type = 0;
    append_turn(events, HSP_REL_WHEEL_HI_RES, HSP_REL_WHEEL, vertical, &events->wheel_rest[0]);
    append_turn(events, HSP_REL_HWHEEL_HI_RES, HSP_REL_HWHEEL, horizontal, &events->wheel_rest[1]);
    append_end(events);
}

/* ------------------------------------------------------------------ the other end */

bool hsp_input_events_peek(const struct hsp_input_events *events, struct hsp_input_event *out_event)
{
    if (events->count == 0)
        return false;
    *out_event = events->items[events->first];
    return true;
}

void hsp_input_events_drop(struct hsp_input_events *events)
{
    events->first = (events->first + 1) % HSP_LIMIT_INPUT_EVENT_COUNT;
    events->count--;
    if (events->count < AXES_SIZE)
        events->last_type = 0;
}
