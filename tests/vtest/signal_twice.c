/* SPDX-License-Identifier: MIT */
/*
 * Signals binary semaphores once more although nobody has waited for the last signal, as Mesa 26
 * does after a present that it drops. The renderer must make valid use of that (venus/semaphore.h):
 * it ends, and a host-side validation layer has nothing to say. In the two ways there are to
 * submit.
 */
#include "vk.h"

#include <stdio.h>

#define SECOND_NS 1000000000ull

static VkSemaphore create_semaphore(const struct demo_device *device)
{
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    VkSemaphore semaphore;

    DEMO_VK(vkCreateSemaphore(device->device, &info, NULL, &semaphore));
    return semaphore;
}

static void wait_for(const struct demo_device *device, VkFence fence)
{
    DEMO_VK(vkWaitForFences(device->device, 1, &fence, VK_TRUE, 20 * SECOND_NS));
    DEMO_VK(vkResetFences(device->device, 1, &fence));
}

/* Three signals and a wait, then another pair. */
static void submit(const struct demo_device *device, VkSemaphore semaphore, VkFence fence)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkSubmitInfo signal = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &semaphore,
    };
    const VkSubmitInfo wait = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &semaphore,
        .pWaitDstStageMask = &stage,
    };
    const VkSubmitInfo pair[] = {signal, wait};

    for (int i = 0; i < 3; i++)
        DEMO_VK(vkQueueSubmit(device->queue, 1, &signal, VK_NULL_HANDLE));
    DEMO_VK(vkQueueSubmit(device->queue, 1, &wait, fence));
    wait_for(device, fence);
    DEMO_VK(vkQueueSubmit(device->queue, 2, pair, fence));
    wait_for(device, fence);
}

static void submit2(const struct demo_device *device, VkSemaphore semaphore, VkFence fence)
{
    const VkSemaphoreSubmitInfo use = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
        .semaphore = semaphore,
        .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
    };
    const VkSubmitInfo2 signal = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2,
        .signalSemaphoreInfoCount = 1,
        .pSignalSemaphoreInfos = &use,
    };
    const VkSubmitInfo2 wait = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2,
        .waitSemaphoreInfoCount = 1,
        .pWaitSemaphoreInfos = &use,
    };
    const VkSubmitInfo2 pair[] = {signal, wait};

    for (int i = 0; i < 3; i++)
        DEMO_VK(vkQueueSubmit2(device->queue, 1, &signal, VK_NULL_HANDLE));
    DEMO_VK(vkQueueSubmit2(device->queue, 1, &wait, fence));
    wait_for(device, fence);
    DEMO_VK(vkQueueSubmit2(device->queue, 2, pair, fence));
    wait_for(device, fence);
}

int main(void)
{
    VkPhysicalDeviceVulkan13Features features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
        .synchronization2 = VK_TRUE,
    };
    const struct demo_device_options options = {.features = &features};
    const VkFenceCreateInfo fence_info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    struct demo_device device;
    VkSemaphore semaphores[2];
    VkFence fence;

    demo_device_choose(&device, -1);
    demo_device_create(&device, &options);
    DEMO_VK(vkCreateFence(device.device, &fence_info, NULL, &fence));
    for (int i = 0; i < 2; i++)
        semaphores[i] = create_semaphore(&device);
    submit(&device, semaphores[0], fence);
    submit2(&device, semaphores[1], fence);
    for (int i = 0; i < 2; i++)
        vkDestroySemaphore(device.device, semaphores[i], NULL);
    vkDestroyFence(device.device, fence, NULL);
    demo_device_destroy(&device);
    puts("signal-twice: ok");
    return 0;
}
