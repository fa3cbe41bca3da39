/* SPDX-License-Identifier: MIT */
#include "display/present_swapchain.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define ACQUIRE_TIMEOUT_NS 500000000ull

/* ------------------------------------------------------------------ choices */

/* Colours of a guest are not converted: any 8-bit format that is not sRGB, else what is there. */
static VkResult choose_format(struct hsp_present_swapchain *swapchain,
                              const struct hsp_present_gpu *gpu)
{
    VkSurfaceFormatKHR *formats;
    uint32_t count = 0;
    VkResult result = vkGetPhysicalDeviceSurfaceFormatsKHR(gpu->physical_device, swapchain->surface,
                                                           &count, NULL);

    if (result < VK_SUCCESS || count == 0)
        return result < VK_SUCCESS ? result : VK_ERROR_FORMAT_NOT_SUPPORTED;
    formats = calloc(count, sizeof(*formats));
    if (!formats)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    result = vkGetPhysicalDeviceSurfaceFormatsKHR(gpu->physical_device, swapchain->surface, &count,
                                                  formats);
    swapchain->format = formats[0];
    for (uint32_t i = 0; i < count; i++) {
        if (formats[i].format == VK_FORMAT_B8G8R8A8_UNORM ||
            formats[i].format == VK_FORMAT_R8G8B8A8_UNORM) {
            swapchain->format = formats[i];
            break;
        }
    }
    free(formats);
    return HSP_MIN(result, VK_SUCCESS);
}

static void choose_mode(struct hsp_present_swapchain *swapchain, const struct hsp_present_gpu *gpu,
                        enum hsp_display_present_mode wanted)
{
    static const VkPresentModeKHR modes[] = {
        [HSP_DISPLAY_PRESENT_FIFO] = VK_PRESENT_MODE_FIFO_KHR,
        [HSP_DISPLAY_PRESENT_MAILBOX] = VK_PRESENT_MODE_MAILBOX_KHR,
        [HSP_DISPLAY_PRESENT_IMMEDIATE] = VK_PRESENT_MODE_IMMEDIATE_KHR,
    };
    VkPresentModeKHR list[16];
    uint32_t count = HSP_ARRAY_COUNT(list);

    swapchain->mode = VK_PRESENT_MODE_FIFO_KHR; /* always there */
    if (wanted == HSP_DISPLAY_PRESENT_FIFO)
        return;
    if (vkGetPhysicalDeviceSurfacePresentModesKHR(gpu->physical_device, swapchain->surface, &count,
                                                  list) < VK_SUCCESS)
        count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (list[i] == modes[wanted])
            swapchain->mode = modes[wanted];
    }
    if (swapchain->mode != modes[wanted])
        hsp_info("this screen has no such --present-mode; it is fifo");
}

VkResult hsp_present_swapchain_init(struct hsp_present_swapchain *swapchain,
                                    const struct hsp_present_gpu *gpu, VkSurfaceKHR surface,
                                    enum hsp_display_present_mode mode)
{
    VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    VkResult result;

    memset(swapchain, 0, sizeof(*swapchain));
    swapchain->surface = surface;
    swapchain->is_stale = true;
    choose_mode(swapchain, gpu, mode);
    result = choose_format(swapchain, gpu);
    return result == VK_SUCCESS ? vkCreateSemaphore(gpu->device, &info, NULL, &swapchain->acquired)
                                : result;
}

/* ------------------------------------------------------------------ life */

static void release_targets(struct hsp_present_swapchain *swapchain,
                            const struct hsp_present_gpu *gpu)
{
    for (uint32_t i = 0; i < HSP_ARRAY_COUNT(swapchain->targets); i++) {
        vkDestroyImageView(gpu->device, swapchain->targets[i].view, NULL);
        vkDestroySemaphore(gpu->device, swapchain->targets[i].drawn, NULL);
    }
    memset(swapchain->targets, 0, sizeof(swapchain->targets));
    swapchain->target_count = 0;
}

static void release_swapchain(struct hsp_present_swapchain *swapchain,
                              const struct hsp_present_gpu *gpu)
{
    release_targets(swapchain, gpu);
    vkDestroySwapchainKHR(gpu->device, swapchain->handle, NULL);
    swapchain->handle = VK_NULL_HANDLE;
    swapchain->is_stale = true;
}

void hsp_present_swapchain_finish(struct hsp_present_swapchain *swapchain,
                                  const struct hsp_present_gpu *gpu)
{
    if (!gpu->device)
        return;
    vkDeviceWaitIdle(gpu->device);
    release_swapchain(swapchain, gpu);
    vkDestroySemaphore(gpu->device, swapchain->acquired, NULL);
    memset(swapchain, 0, sizeof(*swapchain));
}

static VkResult create_target(struct hsp_present_target *target, VkImage image, VkFormat format,
                              const struct hsp_present_gpu *gpu)
{
    VkImageViewCreateInfo view = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = image,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = format,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    VkSemaphoreCreateInfo semaphore = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    VkResult result = vkCreateImageView(gpu->device, &view, NULL, &target->view);

    target->image = image;
    if (result == VK_SUCCESS)
        result = vkCreateSemaphore(gpu->device, &semaphore, NULL, &target->drawn);
    return result;
}

static VkResult create_targets(struct hsp_present_swapchain *swapchain,
                               const struct hsp_present_gpu *gpu)
{
    VkImage images[HSP_PRESENT_IMAGE_COUNT];
    uint32_t count = HSP_ARRAY_COUNT(images);
    VkResult result = vkGetSwapchainImagesKHR(gpu->device, swapchain->handle, &count, images);

    /* An image of which we have no handle could still be acquired. */
    if (result == VK_INCOMPLETE)
        return VK_ERROR_INITIALIZATION_FAILED;
    for (uint32_t i = 0; i < count && result == VK_SUCCESS; i++)
        result = create_target(&swapchain->targets[i], images[i], swapchain->format.format, gpu);
    swapchain->target_count = count;
    return result;
}

static VkCompositeAlphaFlagBitsKHR choose_alpha(const VkSurfaceCapabilitiesKHR *caps)
{
    if (caps->supportedCompositeAlpha & VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR)
        return VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR;
    return caps->supportedCompositeAlpha & VK_COMPOSITE_ALPHA_INHERIT_BIT_KHR
               ? VK_COMPOSITE_ALPHA_INHERIT_BIT_KHR
               : VK_COMPOSITE_ALPHA_PRE_MULTIPLIED_BIT_KHR;
}

static VkExtent2D choose_extent(const VkSurfaceCapabilitiesKHR *caps, uint32_t width,
                                uint32_t height)
{
    VkExtent2D extent = caps->currentExtent;

    if (extent.width == UINT32_MAX) { /* the window takes the size of its image */
        extent.width =
            HSP_MIN(HSP_MAX(width, caps->minImageExtent.width), caps->maxImageExtent.width);
        extent.height =
            HSP_MIN(HSP_MAX(height, caps->minImageExtent.height), caps->maxImageExtent.height);
    }
    return extent;
}

/* Leaves no swapchain, with success, when the window has no size. */
static VkResult recreate(struct hsp_present_swapchain *swapchain, const struct hsp_present_gpu *gpu,
                         uint32_t width, uint32_t height)
{
    VkSurfaceCapabilitiesKHR caps;
    VkSwapchainKHR old = swapchain->handle;
    VkResult result =
        vkGetPhysicalDeviceSurfaceCapabilitiesKHR(gpu->physical_device, swapchain->surface, &caps);

    if (result != VK_SUCCESS)
        return result;
    vkDeviceWaitIdle(gpu->device);
    VkExtent2D extent = choose_extent(&caps, width, height);
    if (extent.width == 0 || extent.height == 0) {
        release_swapchain(swapchain, gpu);
        return VK_SUCCESS;
    }
    VkSwapchainCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR,
        .surface = swapchain->surface,
        /* One more than the least, so that drawing need not wait for the screen. */
        .minImageCount =
            HSP_MIN(caps.minImageCount + 1, caps.maxImageCount ? caps.maxImageCount : UINT32_MAX),
        .imageFormat = swapchain->format.format,
        .imageColorSpace = swapchain->format.colorSpace,
        .imageExtent = extent,
        .imageArrayLayers = 1,
        .imageUsage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT,
        .preTransform = caps.currentTransform,
        .compositeAlpha = choose_alpha(&caps),
        .presentMode = swapchain->mode,
        .clipped = VK_TRUE,
        .oldSwapchain = old,
    };
    release_targets(swapchain, gpu);
    swapchain->handle = VK_NULL_HANDLE;
    result = vkCreateSwapchainKHR(gpu->device, &info, NULL, &swapchain->handle);
    vkDestroySwapchainKHR(gpu->device, old, NULL);
    if (result == VK_SUCCESS)
        result = create_targets(swapchain, gpu);
    if (result != VK_SUCCESS) {
        release_swapchain(swapchain, gpu);
        return result;
    }
    swapchain->width = extent.width;
    swapchain->height = extent.height;
    swapchain->is_stale = false;
    return VK_SUCCESS;
}

/* ------------------------------------------------------------------ use */

static enum hsp_present_outcome try_acquire(struct hsp_present_swapchain *swapchain,
                                            const struct hsp_present_gpu *gpu, uint32_t width,
                                            uint32_t height, uint32_t *out_index)
{
    VkResult result = VK_SUCCESS;

    if (swapchain->is_stale)
        result = recreate(swapchain, gpu, width, height);
    if (result == VK_SUCCESS && !swapchain->handle)
        return HSP_PRESENT_LATER;
    if (result == VK_SUCCESS)
        result = vkAcquireNextImageKHR(gpu->device, swapchain->handle, ACQUIRE_TIMEOUT_NS,
                                       swapchain->acquired, VK_NULL_HANDLE, out_index);
    switch (result) {
    case VK_SUBOPTIMAL_KHR: /* good enough for this frame */
        swapchain->is_stale = true;
        return HSP_PRESENT_DONE;
    case VK_SUCCESS:
        return HSP_PRESENT_DONE;
    case VK_ERROR_OUT_OF_DATE_KHR:
        swapchain->is_stale = true;
        return HSP_PRESENT_LATER;
    case VK_TIMEOUT:
    case VK_NOT_READY:
        return HSP_PRESENT_BUSY;
    default:
        hsp_error("the window's swapchain failed: VkResult %d", result);
        return HSP_PRESENT_LOST;
    }
}

enum hsp_present_outcome hsp_present_swapchain_acquire(struct hsp_present_swapchain *swapchain,
                                                       struct hsp_present_gpu *gpu, uint32_t width,
                                                       uint32_t height, uint32_t *out_index)
{
    uint64_t begin = hsp_now_ns();
    enum hsp_present_outcome outcome = HSP_PRESENT_LATER;

    if (width != swapchain->width || height != swapchain->height)
        swapchain->is_stale = true;
    /* While a window is being resized, a new swapchain can be out of date at once. */
    for (int i = 0; i < 3 && outcome == HSP_PRESENT_LATER; i++) {
        outcome = try_acquire(swapchain, gpu, width, height, out_index);
        if (outcome == HSP_PRESENT_LATER && !(swapchain->handle && swapchain->is_stale))
            break;
    }
    gpu->driver_ns += hsp_now_ns() - begin;
    return outcome;
}

enum hsp_present_outcome hsp_present_swapchain_present(struct hsp_present_swapchain *swapchain,
                                                       struct hsp_present_gpu *gpu, uint32_t index)
{
    VkPresentInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &swapchain->targets[index].drawn,
        .swapchainCount = 1,
        .pSwapchains = &swapchain->handle,
        .pImageIndices = &index,
    };
    uint64_t begin = hsp_now_ns();
    VkResult result = vkQueuePresentKHR(gpu->queue, &info);

    gpu->driver_ns += hsp_now_ns() - begin;
    switch (result) {
    case VK_SUCCESS:
        return HSP_PRESENT_DONE;
    case VK_SUBOPTIMAL_KHR:
        swapchain->is_stale = true;
        return HSP_PRESENT_DONE;
    case VK_ERROR_OUT_OF_DATE_KHR:
        swapchain->is_stale = true;
        return HSP_PRESENT_LATER;
    default:
        hsp_error("presenting failed: VkResult %d", result);
        return HSP_PRESENT_LOST;
    }
}
