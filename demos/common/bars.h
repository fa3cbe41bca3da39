/* SPDX-License-Identifier: MIT */
/* Rectangles of one colour, without shaders and pipelines: attachments are cleared in parts.
 * Fails as vk.h. */
#ifndef DEMO_BARS_H
#define DEMO_BARS_H

#include "vk.h"

/* Records a rectangle of the colour attachment, inside a render pass whose area holds it. What is
 * empty is left out. */
void demo_record_bar(VkCommandBuffer commands, uint32_t x, uint32_t y, uint32_t width,
                     uint32_t height, const float *rgb);

#endif
