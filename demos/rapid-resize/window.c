/* SPDX-License-Identifier: MIT */
#include "window.h"

#include "pipeline.h"

const char *const window_instance_extensions[2] = {
    VK_KHR_SURFACE_EXTENSION_NAME,
    VK_EXT_HEADLESS_SURFACE_EXTENSION_NAME,
};

/* ------------------------------------------------------------------ the surface */

static void create_surface(struct window *window)
{
    const struct demo_device *device = window->device;
    PFN_vkCreateHeadlessSurfaceEXT create =
        (PFN_vkCreateHeadlessSurfaceEXT)(void *)vkGetInstanceProcAddr(device->instance,
                                                                      "vkCreateHeadlessSurfaceEXT");
    const VkHeadlessSurfaceCreateInfoEXT info = {
        .sType = VK_STRUCTURE_TYPE_HEADLESS_SURFACE_CREATE_INFO_EXT,
    };
    VkBool32 can_present;

    DEMO_VK(create(device->instance, &info, NULL, &window->surface));
    DEMO_VK(vkGetPhysicalDeviceSurfaceSupportKHR(device->physical, device->queue_family,
                                                 window->surface, &can_present));
    if (!can_present)
        demo_skip("%s does not present to headless surfaces", device->properties.deviceName);
}

/* An 8-bit format without conversion if there is one, else the first. */
static void choose_format(struct window *window)
{
    VkSurfaceFormatKHR formats[64];
    uint32_t count = 64;
    VkResult result = vkGetPhysicalDeviceSurfaceFormatsKHR(window->device->physical,
                                                           window->surface, &count, formats);

    if (result != VK_INCOMPLETE)
        DEMO_VK(result);
    if (count == 0)
        demo_skip("%s has no surface format", window->device->properties.deviceName);
    window->format = formats[0].format;
    window->color_space = formats[0].colorSpace;
    for (uint32_t i = 0; i < count; i++) {
        if (formats[i].format == VK_FORMAT_R8G8B8A8_UNORM ||
            formats[i].format == VK_FORMAT_B8G8R8A8_UNORM) {
            window->format = formats[i].format;
            window->color_space = formats[i].colorSpace;
            break;
        }
    }
}

void window_create(struct window *window, const struct demo_device *device)
{
    const VkFenceCreateInfo fence_info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    const VkSemaphoreCreateInfo semaphore_info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
    };

    *window = (struct window){.device = device};
    create_surface(window);
    choose_format(window);
    window->render_pass =
        demo_render_pass_create(device, window->format, VK_ATTACHMENT_LOAD_OP_CLEAR, false);
    DEMO_VK(vkCreateFence(device->device, &fence_info, NULL, &window->acquired));
    DEMO_VK(vkCreateFence(device->device, &fence_info, NULL, &window->drawn));
    for (int i = 0; i < WINDOW_MAX_IMAGE_COUNT; i++)
        DEMO_VK(vkCreateSemaphore(device->device, &semaphore_info, NULL, &window->rendered[i]));
}

/* ------------------------------------------------------------------ the swapchain */

static void destroy_images(struct window *window)
{
    VkDevice device = window->device->device;

    for (uint32_t i = 0; i < window->image_count; i++) {
        vkDestroyFramebuffer(device, window->framebuffers[i], NULL);
        vkDestroyImageView(device, window->views[i], NULL);
    }
    window->image_count = 0;
}

static void create_images(struct window *window)
{
    VkDevice device = window->device->device;

    window->image_count = WINDOW_MAX_IMAGE_COUNT;
    DEMO_VK(
        vkGetSwapchainImagesKHR(device, window->swapchain, &window->image_count, window->images));
    for (uint32_t i = 0; i < window->image_count; i++) {
        window->views[i] =
            demo_image_view_create(window->device, window->images[i], window->format);
        window->framebuffers[i] =
            demo_framebuffer_create(window->device, window->render_pass, &window->views[i], 1,
                                    window->width, window->height);
    }
}

static uint32_t choose_image_count(const VkSurfaceCapabilitiesKHR *capabilities)
{
    uint32_t count = capabilities->minImageCount < 3 ? 3 : capabilities->minImageCount;

    if (capabilities->maxImageCount && count > capabilities->maxImageCount)
        count = capabilities->maxImageCount;
    return count;
}

static VkSwapchainKHR create_swapchain(const struct window *window, VkSwapchainKHR old)
{
    VkSurfaceCapabilitiesKHR capabilities;
    VkSwapchainKHR swapchain;

    DEMO_VK(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(window->device->physical, window->surface,
                                                      &capabilities));
    const VkSwapchainCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR,
        .surface = window->surface,
        .minImageCount = choose_image_count(&capabilities),
        .imageFormat = window->format,
        .imageColorSpace = window->color_space,
        .imageExtent = {window->width, window->height},
        .imageArrayLayers = 1,
        .imageUsage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT,
        .imageSharingMode = VK_SHARING_MODE_EXCLUSIVE,
        .preTransform = capabilities.currentTransform,
        .compositeAlpha = capabilities.supportedCompositeAlpha & VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR
                              ? VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR
                              : VK_COMPOSITE_ALPHA_INHERIT_BIT_KHR,
        .presentMode = VK_PRESENT_MODE_FIFO_KHR,
        .clipped = VK_TRUE,
        .oldSwapchain = old,
    };
    DEMO_VK(vkCreateSwapchainKHR(window->device->device, &info, NULL, &swapchain));
    return swapchain;
}

void window_resize(struct window *window, uint32_t width, uint32_t height, bool hands_over)
{
    VkDevice device = window->device->device;
    VkSwapchainKHR old = window->swapchain;

    DEMO_VK(vkQueueWaitIdle(window->device->queue));
    destroy_images(window);
    if (!hands_over) {
        vkDestroySwapchainKHR(device, old, NULL);
        old = VK_NULL_HANDLE;
    }
    window->width = width;
    window->height = height;
    window->swapchain = create_swapchain(window, old);
    vkDestroySwapchainKHR(device, old, NULL);
    create_images(window);
}

void window_destroy(struct window *window)
{
    VkDevice device = window->device->device;

    DEMO_VK(vkQueueWaitIdle(window->device->queue));
    destroy_images(window);
    vkDestroySwapchainKHR(device, window->swapchain, NULL);
    for (int i = 0; i < WINDOW_MAX_IMAGE_COUNT; i++)
        vkDestroySemaphore(device, window->rendered[i], NULL);
    vkDestroyFence(device, window->acquired, NULL);
    vkDestroyFence(device, window->drawn, NULL);
    vkDestroyRenderPass(device, window->render_pass, NULL);
    vkDestroySurfaceKHR(window->device->instance, window->surface, NULL);
    *window = (struct window){0};
}

/* ------------------------------------------------------------------ frames */

static void wait_for(struct window *window, VkFence fence)
{
    VkDevice device = window->device->device;

    DEMO_VK(vkWaitForFences(device, 1, &fence, VK_TRUE, UINT64_MAX));
    DEMO_VK(vkResetFences(device, 1, &fence));
}

uint32_t window_acquire(struct window *window)
{
    uint32_t index;

    DEMO_VK(vkAcquireNextImageKHR(window->device->device, window->swapchain, UINT64_MAX,
                                  VK_NULL_HANDLE, window->acquired, &index));
    wait_for(window, window->acquired);
    return index;
}

void window_present(struct window *window, VkCommandBuffer commands, uint32_t index)
{
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &window->rendered[index],
    };
    const VkPresentInfoKHR present = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &window->rendered[index],
        .swapchainCount = 1,
        .pSwapchains = &window->swapchain,
        .pImageIndices = &index,
    };

    demo_image_barrier(commands, window->images[index], VK_IMAGE_ASPECT_COLOR_BIT,
                       VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR);
    DEMO_VK(vkEndCommandBuffer(commands));
    DEMO_VK(vkQueueSubmit(window->device->queue, 1, &submit, window->drawn));
    DEMO_VK(vkQueuePresentKHR(window->device->queue, &present));
    wait_for(window, window->drawn);
}
