/* SPDX-License-Identifier: MIT */
/*
 * The driver without a loader, linked into a program in place of libvulkan: for fuzzing, where the
 * loader's work at each instance would be most of the time.
 */
#include "private.h"

VKAPI_ATTR VkResult VKAPI_CALL vkCreateInstance(const VkInstanceCreateInfo *pCreateInfo,
                                                const VkAllocationCallbacks *pAllocator,
                                                VkInstance *pInstance)
{
    return fake_vkCreateInstance(pCreateInfo, pAllocator, pInstance);
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vkGetInstanceProcAddr(VkInstance instance,
                                                               const char *pName)
{
    return fake_vkGetInstanceProcAddr(instance, pName);
}

VKAPI_ATTR VkResult VKAPI_CALL vkEnumerateInstanceExtensionProperties(
    const char *pLayerName, uint32_t *pPropertyCount, VkExtensionProperties *pProperties)
{
    return fake_vkEnumerateInstanceExtensionProperties(pLayerName, pPropertyCount, pProperties);
}
