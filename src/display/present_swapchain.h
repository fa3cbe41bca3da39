/* SPDX-License-Identifier: MIT */
/*
 * The images of a window. They follow the window's size; a window of no size has none.
 *
 * Threads: a presenter's.
 */
#ifndef HSP_DISPLAY_PRESENT_SWAPCHAIN_H
#define HSP_DISPLAY_PRESENT_SWAPCHAIN_H

#include "display/backend.h"
#include "display/present_gpu.h"

#define HSP_PRESENT_IMAGE_COUNT 16 /* that a swapchain may have; drivers have 2 to 8 */

struct hsp_present_target {
    VkImage image;
    VkImageView view;
    VkSemaphore drawn; /* that presenting waits for */
};

struct hsp_present_swapchain {
    VkSurfaceKHR surface; /* borrowed */
    VkPresentModeKHR mode;
    VkSurfaceFormatKHR format; /* never changes */
    VkSwapchainKHR handle;     /* VK_NULL_HANDLE: none at the moment */
    uint32_t width, height;    /* pixels */
    uint32_t target_count;
    struct hsp_present_target targets[HSP_PRESENT_IMAGE_COUNT];
    VkSemaphore acquired;
    bool is_stale; /* to be made anew before the next use */
};

enum hsp_present_outcome {
    HSP_PRESENT_DONE,
    HSP_PRESENT_LATER, /* no swapchain at the moment: the window has no size, or is changing it */
    HSP_PRESENT_BUSY,  /* the screen has not given an image back in time */
    HSP_PRESENT_LOST,  /* the surface or the GPU is gone */
};

/* Chooses format and mode; a mode that the surface does not have becomes fifo, with a log line. */
VkResult hsp_present_swapchain_init(struct hsp_present_swapchain *swapchain,
                                    const struct hsp_present_gpu *gpu, VkSurfaceKHR surface,
                                    enum hsp_display_present_mode mode);

/* Safe on a zeroed swapchain. Waits until the GPU is idle. */
void hsp_present_swapchain_finish(struct hsp_present_swapchain *swapchain,
                                  const struct hsp_present_gpu *gpu);

/* An image to draw on; `width` and `height` are the window's, for window systems that do not say.
 * Blocks until the screen gives one back, for at most half a second. With success
 * `swapchain->acquired` is signalled and an image must be presented. */
enum hsp_present_outcome hsp_present_swapchain_acquire(struct hsp_present_swapchain *swapchain,
                                                       struct hsp_present_gpu *gpu, uint32_t width,
                                                       uint32_t height, uint32_t *out_index);

/* Once the image's `drawn` is signalled. May block, without limit while nobody looks. */
enum hsp_present_outcome hsp_present_swapchain_present(struct hsp_present_swapchain *swapchain,
                                                       struct hsp_present_gpu *gpu, uint32_t index);

#endif
