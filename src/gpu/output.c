/* SPDX-License-Identifier: MIT */
#include "gpu/output.h"

#include "gpu/device.h"
#include "gpu/display.h"

#include <errno.h>
#include <string.h>

/* Side by side, in order. What is not connected is nowhere. */
static void place(struct hsp_gpu_outputs *outputs)
{
    uint32_t x = 0;

    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        outputs->rects[i].x = outputs->is_connected[i] ? x : 0;
        if (outputs->is_connected[i])
            x += outputs->rects[i].width;
    }
}

void hsp_gpu_outputs_init(struct hsp_gpu_outputs *outputs, uint32_t count, uint32_t width,
                          uint32_t height)
{
    memset(outputs, 0, sizeof(*outputs));
    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        outputs->rects[i].width = width;
        outputs->rects[i].height = height;
        outputs->is_connected[i] = i < count;
    }
    place(outputs);
}

/* The part `position` of an extent that begins at `start`, as a part of `whole`. */
static int32_t get_part(int32_t position, uint32_t start, uint32_t extent, uint32_t whole)
{
    int64_t end = HSP_IPC_INPUT_POSITION_END;
    int64_t inside = HSP_MIN(HSP_MAX(position, 0), end - 1);

    return (int32_t)((start * end + inside * extent) / whole);
}

bool hsp_gpu_outputs_locate(const struct hsp_gpu_outputs *outputs, uint32_t output, int32_t *x,
                            int32_t *y)
{
    uint32_t width = 0, height = 0;
    const struct hsp_gpu_rect *rect;

    if (output >= HSP_LIMIT_SCANOUT_COUNT || !outputs->is_connected[output])
        return false;
    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        if (!outputs->is_connected[i])
            continue;
        rect = &outputs->rects[i];
        width = HSP_MAX(width, rect->x + rect->width);
        height = HSP_MAX(height, rect->height);
    }
    rect = &outputs->rects[output];
    *x = get_part(*x, rect->x, rect->width, width);
    *y = get_part(*y, 0, rect->height, height);
    return true;
}

/* ------------------------------------------------------------------ changes */

static void tell_guest(struct hsp_gpu_device *device)
{
    place(&device->outputs);
    atomic_fetch_or(&device->config.events, HSP_GPU_EVENT_DISPLAY);
    device->transport.config_changed(device->transport.user_data);
}

void hsp_gpu_device_set_mode(struct hsp_gpu_device *device, uint32_t output, uint32_t width,
                             uint32_t height)
{
    if (output >= HSP_LIMIT_SCANOUT_COUNT || width == 0 || height == 0 ||
        width > HSP_LIMIT_SCANOUT_EXTENT || height > HSP_LIMIT_SCANOUT_EXTENT)
        return;
    device->outputs.rects[output].width = width;
    device->outputs.rects[output].height = height;
    tell_guest(device);
}

int hsp_gpu_device_set_connected(struct hsp_gpu_device *device, uint32_t output, bool is_connected)
{
    struct hsp_gpu_outputs *outputs = &device->outputs;
    uint32_t count = 0;

    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++)
        count += outputs->is_connected[i];
    if (output >= HSP_LIMIT_SCANOUT_COUNT ||
        (!is_connected && outputs->is_connected[output] && count == 1))
        return -EINVAL;
    if (outputs->is_connected[output] != is_connected) {
        outputs->is_connected[output] = is_connected;
        tell_guest(device);
    }
    if (device->display)
        hsp_gpu_display_set_connected(device->display, output);
    return 0;
}
