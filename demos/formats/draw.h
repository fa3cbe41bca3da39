/* SPDX-License-Identifier: MIT */
/* Draws the picture into a linear image that is exported as a dma-buf. Fails as vk.h. */
#ifndef FORMATS_DRAW_H
#define FORMATS_DRAW_H

#include "pixel.h"
#include "shared_image.h"

/* Whether the device has linear, exportable images of the format to draw into. */
bool draw_is_possible(const struct demo_device *device, VkFormat format);

/* Makes an image and draws into it; it is finished and handed over to users outside Vulkan. */
void draw_image(const struct demo_device *device, const struct pixel_format *format, uint32_t width,
                uint32_t height, float alpha, struct demo_shared_image *out_image);

#endif
