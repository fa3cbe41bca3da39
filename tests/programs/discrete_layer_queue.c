/* SPDX-License-Identifier: MIT */
/*
 * Three queue families: the driver's one, one for transfers, one for compute. A device has queues
 * of the driver's alone; for the others there are only the pools that a program makes although it
 * must not, about which the validation layer complains.
 */
#include "discrete_layer.h"

#define FAMILY_COUNT 3

static const VkQueueFlags family_flags[FAMILY_COUNT] = {
    0, /* the driver's */
    VK_QUEUE_TRANSFER_BIT,
    VK_QUEUE_COMPUTE_BIT | VK_QUEUE_TRANSFER_BIT,
};

/* Makes family `i` of what the driver says of its own. */
static void change_family(VkQueueFamilyProperties *properties, uint32_t i)
{
    if (i == 0)
        return;
    properties->queueFlags = family_flags[i];
    properties->queueCount = 1;
}

/* As Vulkan has it: NULL asks for the number of families. Returns how many are to be filled in. */
static uint32_t limit_count(uint32_t *count, const void *out)
{
    if (!out || *count > FAMILY_COUNT)
        *count = FAMILY_COUNT;
    return out ? *count : 0;
}

static VKAPI_ATTR void VKAPI_CALL get_families(VkPhysicalDevice device, uint32_t *count,
                                               VkQueueFamilyProperties *out)
{
    uint32_t out_count = limit_count(count, out), one = 1;

    for (uint32_t i = 0; i < out_count; i++) {
        NEXT(device, vkGetPhysicalDeviceQueueFamilyProperties)(device, &one, &out[i]);
        change_family(&out[i], i);
    }
}

static VKAPI_ATTR void VKAPI_CALL get_families2(VkPhysicalDevice device, uint32_t *count,
                                                VkQueueFamilyProperties2 *out)
{
    uint32_t out_count = limit_count(count, out), one = 1;

    for (uint32_t i = 0; i < out_count; i++) {
        NEXT(device, vkGetPhysicalDeviceQueueFamilyProperties2)(device, &one, &out[i]);
        change_family(&out[i].queueFamilyProperties, i);
    }
}

bool hsp_discrete_queues_can_be_made(const VkDeviceCreateInfo *info)
{
    for (uint32_t i = 0; i < info->queueCreateInfoCount; i++)
        if (info->pQueueCreateInfos[i].queueFamilyIndex != 0)
            return false;
    return true;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_pool(VkDevice device,
                                                  const VkCommandPoolCreateInfo *info,
                                                  const VkAllocationCallbacks *callbacks,
                                                  VkCommandPool *out_pool)
{
    VkCommandPoolCreateInfo copy = *info;

    copy.queueFamilyIndex = 0;
    return NEXT(device, vkCreateCommandPool)(device, &copy, callbacks, out_pool);
}

const struct hsp_discrete_command hsp_discrete_queue_commands[] = {
    COMMAND(vkCreateCommandPool, create_pool),
    COMMAND(vkGetPhysicalDeviceQueueFamilyProperties, get_families),
    COMMAND(vkGetPhysicalDeviceQueueFamilyProperties2, get_families2),
    COMMAND(vkGetPhysicalDeviceQueueFamilyProperties2KHR, get_families2),
    {NULL, NULL},
};
