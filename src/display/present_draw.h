/* SPDX-License-Identifier: MIT */
/*
 * Draws a window: black, the picture, the cursor on top.
 *
 * Threads: a presenter's.
 */
#ifndef HSP_DISPLAY_PRESENT_DRAW_H
#define HSP_DISPLAY_PRESENT_DRAW_H

#include "display/present_swapchain.h"
#include "display/present_upload.h"

struct hsp_present_painter {
    struct hsp_present_commands commands;
    VkSampler smooth, exact;
    VkDescriptorSetLayout set_layout;
    VkDescriptorPool set_pool;
    VkDescriptorSet picture_set, cursor_set;
    VkPipelineLayout layout;
    VkPipeline opaque, blended;
};

/* What is drawn; an image of no size is left out. */
struct hsp_present_scene {
    const struct hsp_present_image *picture;
    const struct hsp_present_image *cursor;
    int32_t cursor_x, cursor_y; /* pixels of the picture */
    enum hsp_display_scale scale;
};

VkResult hsp_present_painter_init(struct hsp_present_painter *painter,
                                  const struct hsp_present_gpu *gpu, VkFormat target_format);

/* Safe on a zeroed painter. Nothing may be in flight. */
void hsp_present_painter_finish(struct hsp_present_painter *painter,
                                const struct hsp_present_gpu *gpu);

/* Waits for the last drawing, then submits this one, from `wait` to `target->drawn`. */
VkResult hsp_present_paint(struct hsp_present_painter *painter, struct hsp_present_gpu *gpu,
                           const struct hsp_present_scene *scene,
                           const struct hsp_present_target *target, uint32_t width, uint32_t height,
                           VkSemaphore wait);

#endif
