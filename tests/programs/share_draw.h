/* SPDX-License-Identifier: MIT */
#ifndef SHARE_DRAW_H
#define SHARE_DRAW_H

#include "vk.h"

#define SHARE_FORMAT VK_FORMAT_B8G8R8A8_UNORM
#define SHARE_USAGE  (VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT)

/* How images change hands. */
struct share_way {
    uint32_t outside_family; /* FOREIGN or EXTERNAL */
    bool uses_sync2;         /* vkCmdPipelineBarrier2, a feature that the device must have */
};

/* Draws a few frames into exported images, handed over to the CPU and back for each, and compares
 * all pixels. Ends the process if one is wrong. */
void share_draw_check(const struct demo_device *device, const struct share_way *way, uint32_t width,
                      uint32_t height, uint32_t seed);

#endif
