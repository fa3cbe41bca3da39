/* SPDX-License-Identifier: MIT */
/*
 * minimal: the least that uses a GPU. An instance, a device, a fence that the device signals.
 *
 * It uses nothing of demos/common, to be read from top to bottom. Exit status: 0 when the fence was
 * signaled, 1 when anything failed, 77 when there is no Vulkan device.
 */
#include <stdint.h>
#include <stdio.h>
#include <vulkan/vulkan.h>

#define MAX_FAMILY_COUNT 16

static const uint64_t timeout_ns = 10000000000;

/* The first queue family that executes commands of some kind. */
static uint32_t find_family(VkPhysicalDevice physical)
{
    VkQueueFamilyProperties families[MAX_FAMILY_COUNT];
    uint32_t count = MAX_FAMILY_COUNT;

    vkGetPhysicalDeviceQueueFamilyProperties(physical, &count, families);
    for (uint32_t i = 0; i < count; i++) {
        if (families[i].queueFlags & (VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT))
            return i;
    }
    return 0;
}

/* An empty submission: the fence says that the queue got so far. */
static VkResult run_fence(VkDevice device, VkQueue queue)
{
    const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkFence fence;
    VkResult result = vkCreateFence(device, &info, NULL, &fence);

    if (result != VK_SUCCESS)
        return result;
    result = vkGetFenceStatus(device, fence);
    if (result != VK_NOT_READY) {
        fprintf(stderr, "minimal: the fence is signaled before anything was submitted\n");
        result = VK_ERROR_UNKNOWN;
    } else {
        result = vkQueueSubmit(queue, 0, NULL, fence);
    }
    if (result == VK_SUCCESS)
        result = vkWaitForFences(device, 1, &fence, VK_TRUE, timeout_ns);
    vkDestroyFence(device, fence, NULL);
    return result;
}

static VkResult run_device(VkPhysicalDevice physical)
{
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue_info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = find_family(physical),
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue_info,
    };
    VkDevice device;
    VkQueue queue;
    VkResult result = vkCreateDevice(physical, &info, NULL, &device);

    if (result != VK_SUCCESS)
        return result;
    vkGetDeviceQueue(device, queue_info.queueFamilyIndex, 0, &queue);
    result = run_fence(device, queue);
    vkDestroyDevice(device, NULL);
    return result;
}

int main(void)
{
    const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    VkPhysicalDeviceProperties properties;
    VkPhysicalDevice physical;
    VkInstance instance;
    uint32_t count = 1;

    if (vkCreateInstance(&info, NULL, &instance) != VK_SUCCESS) {
        fprintf(stderr, "minimal: skipped: there is no Vulkan driver\n");
        return 77;
    }
    if (vkEnumeratePhysicalDevices(instance, &count, &physical) < 0 || count == 0) {
        fprintf(stderr, "minimal: skipped: there is no Vulkan device\n");
        vkDestroyInstance(instance, NULL);
        return 77;
    }
    vkGetPhysicalDeviceProperties(physical, &properties);
    printf("minimal: %s, Vulkan %u.%u.%u\n", properties.deviceName,
           VK_API_VERSION_MAJOR(properties.apiVersion), VK_API_VERSION_MINOR(properties.apiVersion),
           VK_API_VERSION_PATCH(properties.apiVersion));

    VkResult result = run_device(physical);
    vkDestroyInstance(instance, NULL);
    if (result != VK_SUCCESS) {
        fprintf(stderr, "minimal: the device failed: VkResult %d\n", result);
        return 1;
    }
    printf("minimal: ok, the device has signaled a fence\n");
    return 0;
}
