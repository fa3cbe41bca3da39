/* SPDX-License-Identifier: MIT */
/*
 * A Vulkan layer that makes a software driver like the driver of a discrete GPU, NVIDIA's: in its
 * memory types (discrete_layer_memory.c), its queue families (discrete_layer_queue.c) and in what
 * linear images can be used for (discrete_layer_image.c). Here is what a layer needs to be one.
 *
 * What a program does wrong with it is for the validation layer to see, above this one.
 */
#include "discrete_layer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vk_layer.h>

#define EXPORT         __attribute__((visibility("default")))
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

VkResult hsp_discrete_layer_negotiate(VkNegotiateLayerInterface *interface);

/* ------------------------------------------------------------------ what is below */

/* An instance or a device. */
struct chain {
    const void *key; /* of its handle, and of those that belong to it */
    VkInstance instance;
    PFN_vkGetInstanceProcAddr get_instance_proc_addr;
    VkDevice device; /* or VK_NULL_HANDLE */
    PFN_vkGetDeviceProcAddr get_device_proc_addr;
    struct chain *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct chain *chains;

/* The loader's dispatch table, which all handles of an instance or of a device begin with. */
static const void *key_of(const void *handle)
{
    return *(const void *const *)handle;
}

static void add_chain(const struct chain *chain)
{
    struct chain *copy = malloc(sizeof(*copy));

    if (!copy)
        abort();
    *copy = *chain;
    pthread_mutex_lock(&lock);
    copy->next = chains;
    chains = copy;
    pthread_mutex_unlock(&lock);
}

static void remove_chain(const void *key)
{
    struct chain **place = &chains, *found;

    pthread_mutex_lock(&lock);
    while ((*place)->key != key)
        place = &(*place)->next;
    found = *place;
    *place = found->next;
    pthread_mutex_unlock(&lock);
    free(found);
}

static struct chain find_chain(const void *handle)
{
    const struct chain *chain;
    struct chain copy;

    pthread_mutex_lock(&lock);
    for (chain = chains; chain->key != key_of(handle); chain = chain->next)
        ;
    copy = *chain;
    pthread_mutex_unlock(&lock);
    return copy;
}

static PFN_vkVoidFunction find_below(const struct chain *chain, const char *name)
{
    return chain->device ? chain->get_device_proc_addr(chain->device, name)
                         : chain->get_instance_proc_addr(chain->instance, name);
}

PFN_vkVoidFunction hsp_discrete_find_next(const void *handle, const char *name)
{
    struct chain chain = find_chain(handle);
    PFN_vkVoidFunction found = find_below(&chain, name);
    char extension_name[64];

    if (found)
        return found;
    snprintf(extension_name, sizeof(extension_name), "%sKHR", name);
    return find_below(&chain, extension_name);
}

/* ------------------------------------------------------------------ properties */

static void change_properties(VkPhysicalDeviceProperties *properties)
{
    char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];

    snprintf(name, sizeof(name), "discrete (%.200s)", properties->deviceName);
    memcpy(properties->deviceName, name, sizeof(name));
    properties->deviceType = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
    properties->vendorID = 0x10de; /* what Mesa does for NVIDIA counts as well */
    /* What is kept of the driver itself is not true of this device. */
    for (size_t i = 0; i < VK_UUID_SIZE; i++)
        properties->pipelineCacheUUID[i] ^= 0xff;
}

static VKAPI_ATTR void VKAPI_CALL get_properties(VkPhysicalDevice device,
                                                 VkPhysicalDeviceProperties *out)
{
    NEXT(device, vkGetPhysicalDeviceProperties)(device, out);
    change_properties(out);
}

static VKAPI_ATTR void VKAPI_CALL get_properties2(VkPhysicalDevice device,
                                                  VkPhysicalDeviceProperties2 *out)
{
    NEXT(device, vkGetPhysicalDeviceProperties2)(device, out);
    change_properties(&out->properties);
}

/* ------------------------------------------------------------------ instances and devices */

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device_proc_addr(VkDevice device,
                                                                     const char *name);

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *callbacks,
                                                      VkInstance *out_instance)
{
    VkLayerInstanceCreateInfo *link = (void *)(uintptr_t)info->pNext;
    struct chain chain = {.device = VK_NULL_HANDLE};
    VkResult result;

    while (link->sType != VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO ||
           link->function != VK_LAYER_LINK_INFO)
        link = (void *)(uintptr_t)link->pNext; /* the loader always gives one */
    chain.get_instance_proc_addr = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    result = ((PFN_vkCreateInstance)chain.get_instance_proc_addr(NULL, "vkCreateInstance"))(
        info, callbacks, out_instance);
    if (result == VK_SUCCESS) {
        chain.instance = *out_instance;
        chain.key = key_of(*out_instance);
        add_chain(&chain);
    }
    return result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_instance(VkInstance instance,
                                                   const VkAllocationCallbacks *callbacks)
{
    const void *key = instance ? key_of(instance) : NULL;

    if (!instance)
        return;
    NEXT(instance, vkDestroyInstance)(instance, callbacks);
    remove_chain(key);
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical_device,
                                                    const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *callbacks,
                                                    VkDevice *out_device)
{
    VkLayerDeviceCreateInfo *link = (void *)(uintptr_t)info->pNext;
    struct chain chain = find_chain(physical_device);
    VkResult result;

    if (!hsp_discrete_queues_can_be_made(info))
        return VK_ERROR_INITIALIZATION_FAILED;
    while (link->sType != VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO ||
           link->function != VK_LAYER_LINK_INFO)
        link = (void *)(uintptr_t)link->pNext;
    chain.get_device_proc_addr = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    result = NEXT(physical_device, vkCreateDevice)(physical_device, info, callbacks, out_device);
    if (result == VK_SUCCESS) {
        chain.device = *out_device;
        chain.key = key_of(*out_device);
        add_chain(&chain);
    }
    return result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_device(VkDevice device,
                                                 const VkAllocationCallbacks *callbacks)
{
    const void *key = device ? key_of(device) : NULL;

    if (!device)
        return;
    NEXT(device, vkDestroyDevice)(device, callbacks);
    remove_chain(key);
}

/* ------------------------------------------------------------------ what this layer changes */

static const struct hsp_discrete_command own_commands[] = {
    COMMAND(vkCreateDevice, create_device),
    COMMAND(vkDestroyDevice, destroy_device),
    COMMAND(vkDestroyInstance, destroy_instance),
    COMMAND(vkGetDeviceProcAddr, get_device_proc_addr),
    COMMAND(vkGetPhysicalDeviceProperties, get_properties),
    COMMAND(vkGetPhysicalDeviceProperties2, get_properties2),
    COMMAND(vkGetPhysicalDeviceProperties2KHR, get_properties2),
    {NULL, NULL},
};

static const struct hsp_discrete_command *const parts[] = {
    own_commands,
    hsp_discrete_image_commands,
    hsp_discrete_memory_commands,
    hsp_discrete_queue_commands,
};

/* This layer's command, if it has one of that name and there is one below. */
static PFN_vkVoidFunction choose(const char *name, PFN_vkVoidFunction next)
{
    for (size_t i = 0; i < ARRAY_COUNT(parts) && next; i++)
        for (const struct hsp_discrete_command *command = parts[i]; command->name; command++)
            if (strcmp(command->name, name) == 0)
                return command->function;
    return next;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device_proc_addr(VkDevice device,
                                                                     const char *name)
{
    struct chain chain = find_chain(device);

    return choose(name, find_below(&chain, name));
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance_proc_addr(VkInstance instance,
                                                                       const char *name)
{
    if (strcmp(name, "vkGetInstanceProcAddr") == 0)
        return (PFN_vkVoidFunction)get_instance_proc_addr;
    if (strcmp(name, "vkCreateInstance") == 0)
        return (PFN_vkVoidFunction)create_instance;
    if (!instance)
        return NULL;
    struct chain chain = find_chain(instance);
    return choose(name, find_below(&chain, name));
}

EXPORT VkResult hsp_discrete_layer_negotiate(VkNegotiateLayerInterface *interface)
{
    interface->loaderLayerInterfaceVersion = 2;
    interface->pfnGetInstanceProcAddr = get_instance_proc_addr;
    interface->pfnGetDeviceProcAddr = get_device_proc_addr;
    interface->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
