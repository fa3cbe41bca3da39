/* SPDX-License-Identifier: MIT */
#include "gpu/input.h"

#include "gpu/display.h"
#include "input/seat.h"

#include <errno.h>
#include <stdlib.h>

struct hsp_gpu_input {
    struct hsp_gpu_input_sink sink;
    struct hsp_gpu_device *device;
    uv_loop_t *loop;
    struct hsp_input_seat seat;
};

/* ------------------------------------------------------------------ from the display */

static void on_input(void *user_data, const struct hsp_ipc_display_input *input)
{
    struct hsp_gpu_input *self = user_data;
    struct hsp_stats_display *stats = self->device->stats;
    struct hsp_ipc_display_input on_desktop = *input;
    uint64_t now;

    if (input->kind == HSP_IPC_INPUT_POSITION &&
        !hsp_gpu_outputs_locate(&self->device->outputs, input->scanout_id, &on_desktop.x,
                                &on_desktop.y))
        return;
    hsp_input_seat_handle(&self->seat, &on_desktop);
    now = hsp_now_ns();
    hsp_stats_add(stats, input_events, 1);
    hsp_stats_add(stats, input_ns, now > input->start_ns ? now - input->start_ns : 0);
}

static void on_release(void *user_data)
{
    struct hsp_gpu_input *self = user_data;

    hsp_input_seat_release(&self->seat);
}

static void on_leds(void *user_data, uint32_t leds)
{
    struct hsp_gpu_input *self = user_data;

    if (self->device && self->device->display)
        hsp_gpu_display_set_leds(self->device->display, leds);
}

const struct hsp_gpu_input_sink *hsp_gpu_input_get_sink(const struct hsp_gpu_input *input)
{
    return &input->sink;
}

void hsp_gpu_input_set_device(struct hsp_gpu_input *input, struct hsp_gpu_device *device)
{
    input->device = device;
}

/* ------------------------------------------------------------------ life */

int hsp_gpu_input_create(uv_loop_t *loop, struct hsp_gpu_input **out_input)
{
    struct hsp_gpu_input *input = calloc(1, sizeof(*input));

    if (!input)
        return -ENOMEM;
    input->loop = loop;
    input->sink = (struct hsp_gpu_input_sink){input, on_input, on_release};
    hsp_input_seat_init(&input->seat);
    *out_input = input;
    return 0;
}

int hsp_gpu_input_add(struct hsp_gpu_input *input, enum hsp_input_kind kind, int socket_fd_steal)
{
    const struct hsp_input_device_params params = {
        .kind = kind,
        .user_data = input,
        .on_leds = on_leds,
    };
    struct hsp_input_device **device = &input->seat.devices[kind];
    int ret = hsp_input_device_create(&params, input->loop, device);

    return ret < 0 ? ret : hsp_input_device_serve(*device, socket_fd_steal);
}

void hsp_gpu_input_shut_down(struct hsp_gpu_input *input)
{
    if (!input)
        return;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(input->seat.devices); i++) {
        if (input->seat.devices[i])
            hsp_input_device_shut_down(input->seat.devices[i]);
    }
}

void hsp_gpu_input_free(struct hsp_gpu_input *input)
{
    if (!input)
        return;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(input->seat.devices); i++)
        hsp_input_device_free(input->seat.devices[i]);
    free(input);
}
