/* SPDX-License-Identifier: MIT */
#include "bars.h"

void demo_record_bar(VkCommandBuffer commands, uint32_t x, uint32_t y, uint32_t width,
                     uint32_t height, const float *rgb)
{
    const VkClearAttachment attachment = {
        .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT,
        .clearValue.color.float32 = {rgb[0], rgb[1], rgb[2], 1},
    };
    const VkClearRect rect = {
        .rect = {{(int32_t)x, (int32_t)y}, {width, height}},
        .layerCount = 1,
    };

    if (width > 0 && height > 0)
        vkCmdClearAttachments(commands, 1, &attachment, 1, &rect);
}
