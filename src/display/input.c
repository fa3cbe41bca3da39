/* SPDX-License-Identifier: MIT */
/*
 * Input on its way from backends to hesper-gpu. Who holds which key is kept here, so that a viewer
 * that leaves, a window that loses the focus, or two that press the same key leave none stuck.
 * hesper-gpu releases what is pressed when this process dies.
 */
#include "display/private.h"

#include <errno.h>
#include <stdlib.h>

struct hsp_display_user {
    struct hsp_display *display;
    bool holds[HSP_KEY_COUNT];
};

static void send_input(struct hsp_display *display, struct hsp_ipc_display_input *input)
{
    input->start_ns = hsp_now_ns();
    hsp_display_send(display, HSP_IPC_DISPLAY_INPUT, input, sizeof(*input));
}

/* ------------------------------------------------------------------ keys and buttons */

static void send_key(struct hsp_display *display, uint32_t code, bool is_pressed)
{
    struct hsp_ipc_display_input input = {
        .kind = HSP_IPC_INPUT_KEY,
        .code = code,
        .is_pressed = is_pressed,
    };

    send_input(display, &input);
}

void hsp_display_user_send_key(struct hsp_display_user *user, uint32_t code, bool is_pressed)
{
    uint32_t *holder_count;

    if (code == 0 || code >= HSP_KEY_COUNT || user->holds[code] == is_pressed)
        return;
    user->holds[code] = is_pressed;
    holder_count = &user->display->holder_counts[code];
    if (is_pressed && (*holder_count)++ == 0)
        send_key(user->display, code, true);
    else if (!is_pressed && --*holder_count == 0)
        send_key(user->display, code, false);
}

void hsp_display_user_release(struct hsp_display_user *user)
{
    for (uint32_t code = 0; code < HSP_KEY_COUNT; code++)
        hsp_display_user_send_key(user, code, false);
}

/* ------------------------------------------------------------------ pointer */

/* The middle of pixel `value` of `extent`, as a part of the picture. */
static int32_t get_part(int32_t value, uint32_t extent)
{
    int64_t pixel = HSP_MIN(HSP_MAX(value, 0), (int32_t)extent - 1);

    return (int32_t)((2 * pixel + 1) * HSP_IPC_INPUT_POSITION_END / (2 * (int64_t)extent));
}

void hsp_display_user_send_position(struct hsp_display_user *user, uint32_t scanout_id, int32_t x,
                                    int32_t y)
{
    struct hsp_ipc_display_input input = {
        .kind = HSP_IPC_INPUT_POSITION,
        .scanout_id = scanout_id,
    };
    const struct hsp_display_picture *picture;

    if (scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return;
    picture = user->display->scanouts[scanout_id].picture;
    if (!picture)
        return;
    input.x = get_part(x, picture->rect.width);
    input.y = get_part(y, picture->rect.height);
    send_input(user->display, &input);
}

void hsp_display_user_send_motion(struct hsp_display_user *user, int32_t dx, int32_t dy)
{
    struct hsp_ipc_display_input input = {.kind = HSP_IPC_INPUT_MOTION, .x = dx, .y = dy};

    if (dx != 0 || dy != 0)
        send_input(user->display, &input);
}

void hsp_display_user_send_wheel(struct hsp_display_user *user, int32_t vertical,
                                 int32_t horizontal)
{
    struct hsp_ipc_display_input input = {
        .kind = HSP_IPC_INPUT_WHEEL,
        .x = horizontal,
        .y = vertical,
    };

    if (vertical != 0 || horizontal != 0)
        send_input(user->display, &input);
}

/* ------------------------------------------------------------------ lamps */

int hsp_display_handle_set_leds(struct hsp_display *display, const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_leds body;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 0))
        return -EPROTO;
    if (display->backend->ops->set_leds)
        display->backend->ops->set_leds(display->backend, body.leds);
    return 0;
}

/* ------------------------------------------------------------------ life */

int hsp_display_user_create(struct hsp_display *display, struct hsp_display_user **out_user)
{
    struct hsp_display_user *user = calloc(1, sizeof(*user));

    if (!user)
        return -ENOMEM;
    user->display = display;
    *out_user = user;
    return 0;
}

void hsp_display_user_destroy(struct hsp_display_user *user)
{
    if (!user)
        return;
    hsp_display_user_release(user);
    free(user);
}
