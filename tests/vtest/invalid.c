/* SPDX-License-Identifier: MIT */
/*
 * Uses Vulkan wrongly on purpose, in a way that a driver survives (a buffer of no size is created
 * and destroyed): a host-side validation layer must notice. Proves that the tests would see a
 * mistake of the renderer.
 */
#include <stdio.h>
#include <vulkan/vulkan.h>

static int fail(const char *what, VkResult result)
{
    fprintf(stderr, "invalid: %s: VkResult %d\n", what, (int)result);
    return 1;
}

int main(void)
{
    const VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .apiVersion = VK_API_VERSION_1_1,
    };
    const VkInstanceCreateInfo instance_info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = &application,
    };
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue_info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const VkDeviceCreateInfo device_info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue_info,
    };
    const VkBufferCreateInfo buffer_info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = 0, /* VUID-VkBufferCreateInfo-size-00912 */
        .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
    };
    VkPhysicalDevice physical_device;
    VkInstance instance;
    VkDevice device;
    VkBuffer buffer;
    uint32_t count = 1;
    VkResult result;

    result = vkCreateInstance(&instance_info, NULL, &instance);
    if (result != VK_SUCCESS)
        return fail("vkCreateInstance", result);
    result = vkEnumeratePhysicalDevices(instance, &count, &physical_device);
    if (result < 0 || count == 0)
        return fail("vkEnumeratePhysicalDevices", result);
    result = vkCreateDevice(physical_device, &device_info, NULL, &device);
    if (result != VK_SUCCESS)
        return fail("vkCreateDevice", result);
    if (vkCreateBuffer(device, &buffer_info, NULL, &buffer) == VK_SUCCESS)
        vkDestroyBuffer(device, buffer, NULL);
    vkDestroyDevice(device, NULL);
    vkDestroyInstance(instance, NULL);
    return 0;
}
