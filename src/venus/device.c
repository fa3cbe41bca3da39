/* SPDX-License-Identifier: MIT */
/*
 * vkCreateDevice: the client's create info with the extensions that the renderer emulates taken out
 * and those it stands on put in (policy.c).
 */
#include "venus/device.h"

#include "venus/context_private.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/lifetime.h"
#include "venus/policy.h"
#include "venus/probe.h"
#include "venus/queue.h"
#include "venus/sync.h"

#include <stdlib.h>

static bool list_has(const char *const *list, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(list[i], name) == 0)
            return true;
    }
    return false;
}

static bool guest_was_shown(const struct hsp_vn_physical_device *physical_device, const char *name)
{
    for (uint32_t i = 0; i < physical_device->extension_count; i++) {
        if (strcmp(physical_device->extensions[i].extensionName, name) == 0)
            return true;
    }
    return false;
}

/* The host's list of extensions for a guest's; NULL after a fault, or with *out_result set. */
static const char **translate_extensions(struct hsp_vn_call *call,
                                         const struct hsp_vn_physical_device *physical_device,
                                         const VkDeviceCreateInfo *info, uint32_t *out_count,
                                         VkResult *out_result)
{
    uint64_t capacity = (uint64_t)info->enabledExtensionCount + HSP_VN_POLICY_OWN_EXTENSION_COUNT;
    const char **list = hsp_arena_calloc(call->reader->arena, capacity, sizeof(*list));
    uint32_t count = 0;

    if (!list) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, capacity, "extensions");
        return NULL;
    }
    for (uint32_t i = 0; i < info->enabledExtensionCount; i++) {
        const char *name = info->ppEnabledExtensionNames[i];
        if (!guest_was_shown(physical_device, name)) {
            *out_result = VK_ERROR_EXTENSION_NOT_PRESENT;
            return NULL;
        }
        const struct hsp_vn_extension_rule *rule = hsp_vn_policy_find(name);
        if (rule->older_name && hsp_vn_physical_device_host_has(physical_device, rule->older_name))
            name = rule->older_name;
        if (rule->action == HSP_VN_EXTENSION_PASS && !list_has(list, count, name))
            list[count++] = name;
    }
    for (uint32_t i = 0; i < HSP_VN_POLICY_OWN_EXTENSION_COUNT; i++) {
        const char *name = hsp_vn_policy_own_extensions[i];
        if (hsp_vn_physical_device_host_has(physical_device, name) && !list_has(list, count, name))
            list[count++] = name;
    }
    *out_count = count;
    return list;
}

static VkResult create_host_device(struct hsp_vn_call *call, struct hsp_vn_device *device,
                                   const VkDeviceCreateInfo *guest)
{
    VkDeviceCreateInfo info = *guest;
    VkResult result = VK_ERROR_OUT_OF_HOST_MEMORY;

    info.enabledLayerCount = 0;
    info.ppEnabledLayerNames = NULL;
    info.ppEnabledExtensionNames = translate_extensions(call, device->physical_device, guest,
                                                        &info.enabledExtensionCount, &result);
    if (!info.ppEnabledExtensionNames)
        return result;
    result = call->context->instance->driver.vkCreateDevice(device->physical_device->handle, &info,
                                                            NULL, &device->handle);
    if (result != VK_SUCCESS)
        return result;
    hsp_vn_device_driver_load(&device->driver, device->handle,
                              call->context->instance->driver.vkGetDeviceProcAddr);
    result = hsp_vn_probe_verify(device) ? hsp_vn_queues_create(device, guest)
                                         : VK_ERROR_INITIALIZATION_FAILED;
    if (result != VK_SUCCESS)
        device->driver.vkDestroyDevice(device->handle, NULL);
    return result;
}

static struct hsp_vn_device *create_device(struct hsp_vn_call *call,
                                           struct hsp_vn_vkCreateDevice *args)
{
    struct hsp_vn_device *device = calloc(1, sizeof(*device));

    if (!device) {
        args->ret = VK_ERROR_OUT_OF_HOST_MEMORY;
        return NULL;
    }
    device->context = call->context;
    device->physical_device = hsp_vn_physical_device_get(call->self);
    device->memtypes = &device->physical_device->memtypes;
    hsp_list_init(&device->link);
    hsp_list_init(&device->objects);
    hsp_list_init(&device->stand_ins);
    args->ret = create_host_device(call, device, args->pCreateInfo);
    if (args->ret != VK_SUCCESS) {
        free(device);
        return NULL;
    }
    pthread_mutex_init(&device->lock, NULL);
    return device;
}

void hsp_vn_handle_vkCreateDevice(struct hsp_vn_call *call, struct hsp_vn_vkCreateDevice *args)
{
    struct hsp_vn_instance *instance = call->context->instance;
    uint64_t id = (uint64_t)(uintptr_t)*args->pDevice;
    struct hsp_vn_device *device;

    if (!hsp_vn_call_check_new_ids(call, &id, 1))
        return;
    device = create_device(call, args);
    if (!device)
        return;
    pthread_mutex_lock(&instance->lock);
    hsp_list_append(&instance->devices, &device->link);
    pthread_mutex_unlock(&instance->lock);

    const struct hsp_vn_object init = {
        .type = VK_OBJECT_TYPE_DEVICE,
        .handle = (uint64_t)(uintptr_t)device->handle,
        .device = device,
    };
    struct hsp_vn_object *object;
    if (hsp_vn_object_add(&call->context->objects, id, &init, &object) < 0) {
        hsp_vn_device_destroy(device);
        hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, 0, "device");
        return;
    }
    hsp_stats_add(call->context->stats, objects, 1);
}

void hsp_vn_device_destroy(struct hsp_vn_device *device)
{
    struct hsp_vn_instance *instance = device->physical_device->instance;

    pthread_mutex_lock(&instance->lock);
    hsp_list_remove(&device->link);
    pthread_mutex_unlock(&instance->lock);

    hsp_vn_queues_stop(device);
    device->driver.vkDeviceWaitIdle(device->handle);
    hsp_vn_stand_ins_reap(device, true);
    hsp_vn_device_destroy_objects(device->context, device);
    hsp_vn_queues_destroy(device);
    if (device->own_pool)
        device->driver.vkDestroyCommandPool(device->handle, device->own_pool, NULL);
    device->driver.vkDestroyDevice(device->handle, NULL);
    pthread_mutex_destroy(&device->lock);
    free(device);
}

void hsp_vn_handle_vkDestroyDevice(struct hsp_vn_call *call, struct hsp_vn_vkDestroyDevice *args)
{
    if (!args->device_object)
        return;
    struct hsp_vn_device *device = args->device_object->device;

    hsp_vn_object_remove(&call->context->objects, args->device_object);
    hsp_stats_sub(call->context->stats, objects, 1);
    hsp_vn_device_destroy(device);
}
