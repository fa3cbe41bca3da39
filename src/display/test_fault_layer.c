/* SPDX-License-Identifier: MIT */
/*
 * A Vulkan layer that makes a driver fail on demand. HESPER_TEST_FAULT is CALL:FIRST:COUNT:RESULT:
 * calls number FIRST (from 1) to FIRST + COUNT - 1 of CALL (acquire, present, import) give the
 * VkResult RESULT without reaching the driver, or never come back if that is "hang". With "extent"
 * as CALL the window has no size.
 *
 * For one instance and one device at a time.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vulkan/vk_layer.h>

#define EXPORT __attribute__((visibility("default")))

VkResult hsp_fault_layer_negotiate(VkNegotiateLayerInterface *interface);

static PFN_vkGetInstanceProcAddr next_instance_proc_addr;
static PFN_vkGetDeviceProcAddr next_device_proc_addr;
static VkInstance instance;
static VkDevice device;

/* ------------------------------------------------------------------ faults */

/* Whether this call is to fail, and how. */
static bool is_faulty(const char *call, _Atomic unsigned *calls, VkResult *out_result)
{
    const char *fault = getenv("HESPER_TEST_FAULT");
    char name[16], result[16];
    unsigned first, count, number = atomic_fetch_add(calls, 1) + 1;

    if (!fault || sscanf(fault, "%15[a-z]:%u:%u:%15s", name, &first, &count, result) != 4 ||
        strcmp(name, call) != 0 || number < first || number - first >= count)
        return false;
    while (strcmp(result, "hang") == 0)
        pause();
    *out_result = (VkResult)atoi(result);
    return true;
}

static VKAPI_ATTR VkResult VKAPI_CALL acquire(VkDevice dev, VkSwapchainKHR swapchain,
                                              uint64_t timeout, VkSemaphore semaphore,
                                              VkFence fence, uint32_t *out_index)
{
    static _Atomic unsigned calls;
    VkResult result;

    if (is_faulty("acquire", &calls, &result))
        return result;
    return ((PFN_vkAcquireNextImageKHR)next_device_proc_addr(dev, "vkAcquireNextImageKHR"))(
        dev, swapchain, timeout, semaphore, fence, out_index);
}

static VKAPI_ATTR VkResult VKAPI_CALL present(VkQueue queue, const VkPresentInfoKHR *info)
{
    static _Atomic unsigned calls;
    PFN_vkQueuePresentKHR next =
        (PFN_vkQueuePresentKHR)next_device_proc_addr(device, "vkQueuePresentKHR");
    VkResult result;

    return is_faulty("present", &calls, &result) ? result : next(queue, info);
}

static VKAPI_ATTR VkResult VKAPI_CALL allocate(VkDevice dev, const VkMemoryAllocateInfo *info,
                                               const VkAllocationCallbacks *callbacks,
                                               VkDeviceMemory *out_memory)
{
    static _Atomic unsigned calls;
    const VkBaseInStructure *next = info->pNext;
    VkResult result;

    if (next && next->sType == VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT &&
        is_faulty("import", &calls, &result))
        return result;
    return ((PFN_vkAllocateMemory)next_device_proc_addr(dev, "vkAllocateMemory"))(
        dev, info, callbacks, out_memory);
}

static VKAPI_ATTR VkResult VKAPI_CALL get_capabilities(VkPhysicalDevice physical_device,
                                                       VkSurfaceKHR surface,
                                                       VkSurfaceCapabilitiesKHR *out)
{
    static _Atomic unsigned calls;
    PFN_vkGetPhysicalDeviceSurfaceCapabilitiesKHR next =
        (PFN_vkGetPhysicalDeviceSurfaceCapabilitiesKHR)next_instance_proc_addr(
            instance, "vkGetPhysicalDeviceSurfaceCapabilitiesKHR");
    VkResult result = next(physical_device, surface, out), fault;

    if (is_faulty("extent", &calls, &fault))
        out->currentExtent = out->maxImageExtent = (VkExtent2D){0, 0};
    return result;
}

/* ------------------------------------------------------------------ the chain of layers */

static void *find_link(const void *chain, VkStructureType type, VkLayerFunction function)
{
    /* Both structs begin alike: sType, pNext, function. */
    for (const VkLayerInstanceCreateInfo *info = chain; info; info = info->pNext) {
        if (info->sType == type && info->function == function)
            return (void *)(uintptr_t)info;
    }
    abort(); /* the loader always gives one */
}

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *callbacks,
                                                      VkInstance *out_instance)
{
    VkLayerInstanceCreateInfo *link =
        find_link(info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO, VK_LAYER_LINK_INFO);
    PFN_vkCreateInstance next;
    VkResult result;

    next_instance_proc_addr = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    next = (PFN_vkCreateInstance)next_instance_proc_addr(NULL, "vkCreateInstance");
    result = next(info, callbacks, out_instance);
    if (result == VK_SUCCESS)
        instance = *out_instance;
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical_device,
                                                    const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *callbacks,
                                                    VkDevice *out_device)
{
    VkLayerDeviceCreateInfo *link =
        find_link(info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO, VK_LAYER_LINK_INFO);
    PFN_vkCreateDevice next;
    VkResult result;

    next_device_proc_addr = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    next = (PFN_vkCreateDevice)next_instance_proc_addr(instance, "vkCreateDevice");
    result = next(physical_device, info, callbacks, out_device);
    if (result == VK_SUCCESS)
        device = *out_device;
    return result;
}

static PFN_vkVoidFunction find_own(const char *name);

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance_proc_addr(VkInstance inst,
                                                                       const char *name)
{
    PFN_vkVoidFunction own = find_own(name);

    return own || !next_instance_proc_addr ? own : next_instance_proc_addr(inst, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device_proc_addr(VkDevice dev, const char *name)
{
    PFN_vkVoidFunction own = find_own(name);

    return own ? own : next_device_proc_addr(dev, name);
}

static PFN_vkVoidFunction find_own(const char *name)
{
    static const struct {
        const char *name;
        PFN_vkVoidFunction function;
    } functions[] = {
        {"vkGetInstanceProcAddr", (PFN_vkVoidFunction)get_instance_proc_addr},
        {"vkGetDeviceProcAddr", (PFN_vkVoidFunction)get_device_proc_addr},
        {"vkCreateInstance", (PFN_vkVoidFunction)create_instance},
        {"vkCreateDevice", (PFN_vkVoidFunction)create_device},
        {"vkGetPhysicalDeviceSurfaceCapabilitiesKHR", (PFN_vkVoidFunction)get_capabilities},
        {"vkAcquireNextImageKHR", (PFN_vkVoidFunction)acquire},
        {"vkQueuePresentKHR", (PFN_vkVoidFunction)present},
        {"vkAllocateMemory", (PFN_vkVoidFunction)allocate},
    };

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (strcmp(name, functions[i].name) == 0)
            return functions[i].function;
    }
    return NULL;
}

EXPORT VkResult hsp_fault_layer_negotiate(VkNegotiateLayerInterface *interface)
{
    interface->loaderLayerInterfaceVersion = 2;
    interface->pfnGetInstanceProcAddr = get_instance_proc_addr;
    interface->pfnGetDeviceProcAddr = get_device_proc_addr;
    interface->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
