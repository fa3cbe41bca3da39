/* SPDX-License-Identifier: MIT */
#include "venus/lifetime.h"

#include "base/log.h"
#include "venus/context_private.h"
#include "venus/device.h"
#include "venus/image.h"
#include "venus/instance.h"
#include "venus/memory.h"
#include "venus/sync.h"

#include <errno.h>
#include <stdlib.h>

const struct hsp_vn_instance_driver *hsp_vn_call_instance_driver(struct hsp_vn_call *call)
{
    return &call->context->instance->driver;
}

bool hsp_vn_call_check_new_ids(struct hsp_vn_call *call, const uint64_t *ids, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bool is_free = hsp_vn_object_id_is_free(&call->context->objects, ids[i]);
        /* Neighbours only: an id that is there twice and apart fails when it is added. */
        if (!is_free || (i > 0 && ids[i] == ids[i - 1])) {
            hsp_vn_call_fault(call, HSP_VN_FAULT_OBJECT_IN_USE, ids[i], "new object");
            return false;
        }
    }
    return true;
}

bool hsp_vn_call_add_child(struct hsp_vn_call *call, uint64_t id, VkObjectType type,
                           uint64_t handle, struct hsp_vn_object *pool, void *data,
                           struct hsp_vn_object **out_object)
{
    struct hsp_vn_device *device = call->self->device;
    const struct hsp_vn_object init = {
        .type = type,
        .handle = handle,
        .device = device,
        .pool = pool,
        .data = data,
    };
    struct hsp_vn_object *object;
    int ret = hsp_vn_object_add(&call->context->objects, id, &init, &object);

    if (ret < 0) {
        hsp_vn_call_fault(call,
                          ret == -EINVAL   ? HSP_VN_FAULT_OBJECT_IN_USE
                          : ret == -ENOSPC ? HSP_VN_FAULT_LIMIT
                                           : HSP_VN_FAULT_MEMORY,
                          id, "new object");
        return false;
    }
    pthread_mutex_lock(&device->lock);
    hsp_list_append(pool ? &pool->children : &device->objects, &object->link);
    pthread_mutex_unlock(&device->lock);
    hsp_stats_add(call->context->stats, objects, 1);
    if (out_object)
        *out_object = object;
    return true;
}

bool hsp_vn_call_add_object(struct hsp_vn_call *call, uint64_t id, VkObjectType type,
                            uint64_t handle)
{
    struct hsp_vn_device *device = call->self->device;

    if (hsp_vn_call_add_child(call, id, type, handle, NULL, NULL, NULL))
        return true;
    hsp_vn_driver_destroy(&device->driver, device->handle, type, handle);
    return false;
}

/* Returns the object's data. */
static void *take_locked(struct hsp_vn_context *context, struct hsp_vn_object *object)
{
    void *data;

    hsp_list_for_each_safe (child, &object->children, struct hsp_vn_object, link) {
        free(take_locked(context, child));
    }
    hsp_list_remove(&object->link);
    if (object->type == VK_OBJECT_TYPE_DEVICE_MEMORY) {
        data = hsp_vn_memory_take(context, object);
    } else {
        data = object->data;
        object->data = NULL;
    }
    hsp_vn_object_remove(&context->objects, object);
    hsp_stats_sub(context->stats, objects, 1);
    return data;
}

bool hsp_vn_call_take_object(struct hsp_vn_call *call, struct hsp_vn_object *object,
                             uint64_t handle, void **out_data)
{
    struct hsp_vn_device *device = call->self->device;
    bool is_there;

    pthread_mutex_lock(&device->lock);
    is_there = object->id != 0 && object->handle == handle && object->device == device;
    if (is_there)
        *out_data = take_locked(call->context, object);
    pthread_mutex_unlock(&device->lock);
    return is_there;
}

bool hsp_vn_call_remove_object(struct hsp_vn_call *call, struct hsp_vn_object *object,
                               uint64_t handle)
{
    void *data;

    if (!hsp_vn_call_take_object(call, object, handle, &data))
        return false;
    free(data);
    return true;
}

void hsp_vn_call_remove_children(struct hsp_vn_call *call, struct hsp_vn_object *pool)
{
    pthread_mutex_lock(&pool->device->lock);
    hsp_list_for_each_safe (child, &pool->children, struct hsp_vn_object, link) {
        free(take_locked(call->context, child));
    }
    pthread_mutex_unlock(&pool->device->lock);
}

static void free_data(struct hsp_vn_context *context, struct hsp_vn_device *device,
                      VkObjectType type, void *data)
{
    switch (type) {
    case VK_OBJECT_TYPE_DEVICE_MEMORY:
        hsp_vn_memory_free(context, data);
        return;
    case VK_OBJECT_TYPE_SEMAPHORE:
        hsp_vn_stand_in_destroy(device, data);
        return;
    case VK_OBJECT_TYPE_IMAGE:
        hsp_vn_image_free(device, data);
        return;
    default:
        free(data);
    }
}

void hsp_vn_device_destroy_objects(struct hsp_vn_context *context, struct hsp_vn_device *device)
{
    unsigned left = 0;

    pthread_mutex_lock(&device->lock);
    while (!hsp_list_is_empty(&device->objects)) {
        struct hsp_vn_object *youngest =
            HSP_CONTAINER_OF(device->objects.prev, struct hsp_vn_object, link);
        VkObjectType type = youngest->type;
        uint64_t handle = youngest->handle;

        /* Memory is freed on the driver's side before the pages behind it go. */
        hsp_vn_driver_destroy(&device->driver, device->handle, type, handle);
        void *data = take_locked(context, youngest);
        free_data(context, device, type, data);
        left++;
    }
    pthread_mutex_unlock(&device->lock);
    if (left > 0)
        hsp_debug("context \"%s\": destroyed %u objects that the client left", context->name, left);
}
