/* SPDX-License-Identifier: MIT */
/*
 * The picture: a chequered frame that the CPU draws, with the frame's number in its first pixel;
 * inside, bars that the GPU draws. Both know every pixel.
 */
#ifndef IMPORT_GBM_DRAW_H
#define IMPORT_GBM_DRAW_H

#include "buffer.h"

struct draw {
    const struct demo_device *device;
    uint32_t width, height;
    VkRenderPass render_pass;
    struct demo_buffer seen; /* what the GPU saw in the first pixel */
};

void draw_create(struct draw *draw, const struct demo_device *device, uint32_t width,
                 uint32_t height);
void draw_destroy(struct draw *draw);

/* The CPU's part. */
void draw_frame_by_cpu(const struct draw *draw, const struct buffer *buffer, uint32_t number);

/* The GPU's part; returns when it is finished and handed over to users outside Vulkan. Returns the
 * number that the GPU found in the first pixel. */
uint32_t draw_inside_by_gpu(const struct draw *draw, const struct buffer *buffer, uint32_t number);

/* The number of wrong pixels in a mapping, in every `step`th row and column. */
uint32_t draw_count_wrong(const struct draw *draw, const uint8_t *bytes, size_t pitch,
                          uint32_t number, uint32_t step);

#endif
