/* SPDX-License-Identifier: MIT */
/*
 * A window that is resized all the time: a headless surface and the swapchain of its size now.
 * Fails as demos/common/vk.h. One thread.
 */
#ifndef RAPID_RESIZE_WINDOW_H
#define RAPID_RESIZE_WINDOW_H

#include "vk.h"

#define WINDOW_MAX_IMAGE_COUNT 16

extern const char *const window_instance_extensions[2];

struct window {
    const struct demo_device *device;
    VkSurfaceKHR surface;
    VkFormat format;
    VkColorSpaceKHR color_space;
    VkRenderPass render_pass;
    VkFence acquired, drawn;
    VkSemaphore rendered[WINDOW_MAX_IMAGE_COUNT];

    VkSwapchainKHR swapchain;
    uint32_t width, height;
    uint32_t image_count;
    VkImage images[WINDOW_MAX_IMAGE_COUNT];
    VkImageView views[WINDOW_MAX_IMAGE_COUNT];
    VkFramebuffer framebuffers[WINDOW_MAX_IMAGE_COUNT];
};

/* The program is skipped when this device does not show pictures on headless surfaces. */
void window_create(struct window *window, const struct demo_device *device);
void window_destroy(struct window *window);

/* Replaces the swapchain by one of another size. `hands_over` says whether the new one is made from
 * the old one (oldSwapchain), or after the old one is gone. */
void window_resize(struct window *window, uint32_t width, uint32_t height, bool hands_over);

/* The index of an image that may be drawn to. */
uint32_t window_acquire(struct window *window);

/* Submits the commands and presents the image, which they leave in COLOR_ATTACHMENT_OPTIMAL;
 * returns when the drawing is done. The commands stay the caller's. */
void window_present(struct window *window, VkCommandBuffer commands, uint32_t index);

#endif
