/* SPDX-License-Identifier: MIT */
/*
 * A presenter draws one window with Vulkan: it takes frames from the window's feed, has the GPU
 * copy them out of the guest's memory, and presents. What waits for the screen waits in the
 * presenter's own thread.
 *
 * Threads: create and destroy on the main thread.
 */
#ifndef HSP_DISPLAY_PRESENT_H
#define HSP_DISPLAY_PRESENT_H

#include "display/backend.h"
#include "display/window_feed.h"

#include <vulkan/vulkan.h>

struct hsp_present;

struct hsp_present_params {
    VkInstance instance;
    VkSurfaceKHR surface; /* borrowed */
    enum hsp_display_present_mode mode;
    enum hsp_display_scale scale;
    struct hsp_window_feed *feed;
    void (*on_lost)(void *user_data); /* the presenter's thread, at most once: it has given up */
    void *user_data;
};

/* VK_ERROR_FEATURE_NOT_PRESENT when no GPU can do it, which is logged. */
VkResult hsp_present_create(const struct hsp_present_params *params, struct hsp_present **out);

/* Stops the feed. False when the thread does not come back, because the window system keeps it
 * waiting for a screen refresh: then nothing was freed, and the process should end. Takes NULL. */
bool hsp_present_destroy(struct hsp_present *present);

#endif
