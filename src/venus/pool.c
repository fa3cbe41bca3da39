/* SPDX-License-Identifier: MIT */
/*
 * Command buffers and descriptor sets: objects that live in a pool and die with it.
 */
#include "venus/pool.h"

#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/lifetime.h"
#include "venus/queue.h"

static uint64_t *copy_ids(struct hsp_vn_call *call, const void *handles, uint32_t count)
{
    uint64_t *ids = hsp_arena_calloc(call->reader->arena, count, sizeof(*ids));

    if (!ids)
        hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, count, "handles");
    else if (count > 0)
        memcpy(ids, handles, count * sizeof(*ids));
    return ids;
}

/* Adds what a pool made under the client's ids. */
static bool add_children(struct hsp_vn_call *call, struct hsp_vn_object *pool, VkObjectType type,
                         const uint64_t *ids, const uint64_t *handles, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!hsp_vn_call_add_child(call, ids[i], type, handles[i], pool, NULL, NULL))
            return false;
    }
    return true;
}

/* Replaces objects by handles in place; null entries stay, and so become objects that are there
 * twice. The array may be null, whatever its count. Returns how many objects there were. */
static uint32_t remove_objects(struct hsp_vn_call *call, uint64_t *handles, uint32_t count)
{
    uint32_t removed = 0;

    for (uint32_t i = 0; handles && i < count; i++) {
        struct hsp_vn_object *object = (struct hsp_vn_object *)(uintptr_t)handles[i];
        uint64_t handle = object ? object->handle : 0;
        bool is_removed = object && hsp_vn_call_remove_object(call, object, handle);

        handles[i] = is_removed ? handle : 0;
        removed += is_removed;
    }
    return removed;
}

/* ------------------------------------------------------------------ command buffers */

uint32_t hsp_vn_device_get_idle_family(const struct hsp_vn_device *device)
{
    return device->queues[0].family;
}

static bool has_queue(const struct hsp_vn_device *device, uint32_t family)
{
    for (uint32_t i = 0; i < device->queue_count; i++) {
        if (device->queues[i].family == family)
            return true;
    }
    return false;
}

void hsp_vn_handle_vkCreateCommandPool(struct hsp_vn_call *call,
                                       struct hsp_vn_vkCreateCommandPool *args)
{
    struct hsp_vn_device *device = call->self->device;
    uint64_t id = (uint64_t)*args->pCommandPool;
    VkCommandPoolCreateInfo info = *args->pCreateInfo;
    bool is_idle = !has_queue(device, info.queueFamilyIndex);
    struct hsp_vn_object *object;
    VkCommandPool pool;

    if (!hsp_vn_call_check_new_ids(call, &id, 1))
        return;
    if (is_idle)
        info.queueFamilyIndex = hsp_vn_device_get_idle_family(device);
    args->ret = device->driver.vkCreateCommandPool(device->handle, &info, NULL, &pool);
    if (args->ret != VK_SUCCESS)
        return;
    if (!hsp_vn_call_add_child(call, id, VK_OBJECT_TYPE_COMMAND_POOL, (uint64_t)pool, NULL, NULL,
                               &object))
        device->driver.vkDestroyCommandPool(device->handle, pool, NULL);
    else if (is_idle)
        object->flags = HSP_VN_POOL_IS_IDLE;
}

void hsp_vn_handle_vkAllocateCommandBuffers(struct hsp_vn_call *call,
                                            struct hsp_vn_vkAllocateCommandBuffers *args)
{
    struct hsp_vn_device *device = call->self->device;
    struct hsp_vn_object *pool =
        (struct hsp_vn_object *)(uintptr_t)args->pAllocateInfo->commandPool;
    uint32_t count = args->pAllocateInfo->commandBufferCount;
    uint64_t *ids = copy_ids(call, args->pCommandBuffers, count);
    uint64_t *handles = hsp_arena_calloc(call->reader->arena, count, sizeof(*handles));

    if (!ids || !handles || !pool) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, count, "command pool or buffers");
        return;
    }
    if (!hsp_vn_call_check_new_ids(call, ids, count))
        return;
    hsp_vn_unwrap_vkAllocateCommandBuffers(args);
    args->ret = device->driver.vkAllocateCommandBuffers(device->handle, args->pAllocateInfo,
                                                        (VkCommandBuffer *)(void *)handles);
    if (args->ret == VK_SUCCESS)
        add_children(call, pool, VK_OBJECT_TYPE_COMMAND_BUFFER, ids, handles, count);
}

void hsp_vn_handle_vkFreeCommandBuffers(struct hsp_vn_call *call,
                                        struct hsp_vn_vkFreeCommandBuffers *args)
{
    struct hsp_vn_device *device = call->self->device;
    VkCommandPool pool =
        args->commandPool_object ? (VkCommandPool)args->commandPool_object->handle : VK_NULL_HANDLE;
    VkCommandBuffer *buffers = (VkCommandBuffer *)(uintptr_t)args->pCommandBuffers;

    if (remove_objects(call, (uint64_t *)(void *)buffers, args->commandBufferCount) > 0)
        device->driver.vkFreeCommandBuffers(device->handle, pool, args->commandBufferCount,
                                            buffers);
}

void hsp_vn_handle_vkDestroyCommandPool(struct hsp_vn_call *call,
                                        struct hsp_vn_vkDestroyCommandPool *args)
{
    struct hsp_vn_device *device = call->self->device;

    if (args->commandPool_object &&
        hsp_vn_call_remove_object(call, args->commandPool_object, (uint64_t)args->commandPool))
        device->driver.vkDestroyCommandPool(device->handle, args->commandPool, NULL);
}

/* ------------------------------------------------------------------ descriptor sets */

void hsp_vn_handle_vkAllocateDescriptorSets(struct hsp_vn_call *call,
                                            struct hsp_vn_vkAllocateDescriptorSets *args)
{
    struct hsp_vn_device *device = call->self->device;
    struct hsp_vn_object *pool =
        (struct hsp_vn_object *)(uintptr_t)args->pAllocateInfo->descriptorPool;
    uint32_t count = args->pAllocateInfo->descriptorSetCount;
    uint64_t *ids = copy_ids(call, args->pDescriptorSets, count);
    uint64_t *handles = hsp_arena_calloc(call->reader->arena, count, sizeof(*handles));

    if (!ids || !handles || !pool) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, count, "descriptor pool or sets");
        return;
    }
    if (!hsp_vn_call_check_new_ids(call, ids, count))
        return;
    hsp_vn_unwrap_vkAllocateDescriptorSets(args);
    args->ret = device->driver.vkAllocateDescriptorSets(device->handle, args->pAllocateInfo,
                                                        (VkDescriptorSet *)(void *)handles);
    if (args->ret == VK_SUCCESS)
        add_children(call, pool, VK_OBJECT_TYPE_DESCRIPTOR_SET, ids, handles, count);
}

void hsp_vn_handle_vkFreeDescriptorSets(struct hsp_vn_call *call,
                                        struct hsp_vn_vkFreeDescriptorSets *args)
{
    struct hsp_vn_device *device = call->self->device;
    VkDescriptorPool pool = args->descriptorPool_object
                                ? (VkDescriptorPool)args->descriptorPool_object->handle
                                : VK_NULL_HANDLE;
    VkDescriptorSet *sets = (VkDescriptorSet *)(uintptr_t)args->pDescriptorSets;

    args->ret = VK_SUCCESS;
    if (remove_objects(call, (uint64_t *)(void *)sets, args->descriptorSetCount) > 0)
        args->ret = device->driver.vkFreeDescriptorSets(device->handle, pool,
                                                        args->descriptorSetCount, sets);
}

void hsp_vn_handle_vkResetDescriptorPool(struct hsp_vn_call *call,
                                         struct hsp_vn_vkResetDescriptorPool *args)
{
    struct hsp_vn_device *device = call->self->device;

    if (!args->descriptorPool_object) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, 0, "descriptor pool");
        return;
    }
    hsp_vn_call_remove_children(call, args->descriptorPool_object);
    args->ret =
        device->driver.vkResetDescriptorPool(device->handle, args->descriptorPool, args->flags);
}

void hsp_vn_handle_vkDestroyDescriptorPool(struct hsp_vn_call *call,
                                           struct hsp_vn_vkDestroyDescriptorPool *args)
{
    struct hsp_vn_device *device = call->self->device;

    if (args->descriptorPool_object && hsp_vn_call_remove_object(call, args->descriptorPool_object,
                                                                 (uint64_t)args->descriptorPool))
        device->driver.vkDestroyDescriptorPool(device->handle, args->descriptorPool, NULL);
}
