/* SPDX-License-Identifier: MIT */
/*
 * The outputs of a device: monitors, as the guest sees them. All that virtio-gpu allows are there;
 * some of them are connected, side by side, each with a preferred mode that the host may change.
 *
 * Threads: the device thread.
 */
#ifndef HSP_GPU_OUTPUT_H
#define HSP_GPU_OUTPUT_H

#include "base/limits.h"
#include "gpu/protocol.h"

struct hsp_gpu_device;

struct hsp_gpu_outputs {
    struct hsp_gpu_rect rects[HSP_LIMIT_SCANOUT_COUNT]; /* preferred modes and places */
    bool is_connected[HSP_LIMIT_SCANOUT_COUNT];
};

/* The first `count` are connected, all with this mode. */
void hsp_gpu_outputs_init(struct hsp_gpu_outputs *outputs, uint32_t count, uint32_t width,
                          uint32_t height);

/* Turns a position on what an output shows into one on the whole desktop, which is the connected
 * outputs side by side. Both are parts, HSP_IPC_INPUT_POSITION_END the right or lower edge. False
 * when the output is not connected. */
bool hsp_gpu_outputs_locate(const struct hsp_gpu_outputs *outputs, uint32_t output, int32_t *x,
                            int32_t *y);

/* ------------------------------------------------------------------ changes; the guest is told */

/* Sizes out of range, and numbers of no output, are ignored. */
void hsp_gpu_device_set_mode(struct hsp_gpu_device *device, uint32_t output, uint32_t width,
                             uint32_t height);

/* -EINVAL for the number of no output, and for the last one to be disconnected. */
int hsp_gpu_device_set_connected(struct hsp_gpu_device *device, uint32_t output, bool is_connected);

#endif
