/* SPDX-License-Identifier: MIT */
#include "venus/queue.h"

#include "base/log.h"
#include "venus/context_private.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/lifetime.h"

#include <errno.h>
#include <stdlib.h>

/* How long one look at a fence lasts before the waiter sees whether it must stop. */
#define WAIT_SLICE_NS 500000000ull

struct timeline_fence {
    struct hsp_list link;
    VkFence handle;
    uint64_t fence_id;
    bool is_submitted; /* false: the driver refused it; it retires when its turn comes */
};

/* ------------------------------------------------------------------ create */

static void init_queue(struct hsp_vn_queue *queue, struct hsp_vn_device *device,
                       const VkDeviceQueueCreateInfo *info, uint32_t index)
{
    const VkDeviceQueueInfo2 queue_info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_INFO_2,
        .flags = info->flags,
        .queueFamilyIndex = info->queueFamilyIndex,
        .queueIndex = index,
    };

    queue->device = device;
    queue->family = info->queueFamilyIndex;
    queue->index = index;
    queue->flags = info->flags;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
    hsp_list_init(&queue->pending);
    hsp_list_init(&queue->spare);
    hsp_list_init(&queue->broken);
    device->driver.vkGetDeviceQueue2(device->handle, &queue_info, &queue->handle);
}

VkResult hsp_vn_queues_create(struct hsp_vn_device *device, const VkDeviceCreateInfo *info)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < info->queueCreateInfoCount; i++)
        count += info->pQueueCreateInfos[i].queueCount;
    /* Stand-ins need one (hsp_vn_device_get_queue), and Vulkan demands it. */
    if (count == 0)
        return VK_ERROR_INITIALIZATION_FAILED;
    device->queues = calloc(count, sizeof(*device->queues));
    if (!device->queues)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    for (uint32_t i = 0; i < info->queueCreateInfoCount; i++) {
        for (uint32_t j = 0; j < info->pQueueCreateInfos[i].queueCount; j++)
            init_queue(&device->queues[device->queue_count++], device, &info->pQueueCreateInfos[i],
                       j);
    }
    return VK_SUCCESS;
}

/* ------------------------------------------------------------------ timelines */

static void retire(struct hsp_vn_queue *queue, uint64_t fence_id)
{
    struct hsp_vn_context *context = queue->device->context;

    context->on_fence(context->user_data, queue->ring_idx, fence_id);
}

/* Waits for the oldest fence without the lock. An error (a lost device) counts as done: nothing
 * will come after it. */
static void wait_for_fence(struct hsp_vn_queue *queue, VkFence fence)
{
    struct hsp_vn_device *device = queue->device;
    VkResult result;

    do {
        result = device->driver.vkWaitForFences(device->handle, 1, &fence, VK_TRUE, WAIT_SLICE_NS);
    } while (result == VK_TIMEOUT && !hsp_vn_context_must_stop(device->context));
}

static void *waiter_main(void *data)
{
    struct hsp_vn_queue *queue = data;
    struct hsp_vn_device *device = queue->device;

    hsp_thread_set_name("hsp-timeline");
    pthread_mutex_lock(&queue->lock);
    for (;;) {
        if (hsp_list_is_empty(&queue->pending)) {
            if (queue->is_stopping)
                break;
            pthread_cond_wait(&queue->changed, &queue->lock);
            continue;
        }
        struct timeline_fence *fence =
            HSP_CONTAINER_OF(queue->pending.next, struct timeline_fence, link);
        pthread_mutex_unlock(&queue->lock);
        if (fence->is_submitted)
            wait_for_fence(queue, fence->handle);
        retire(queue, fence->fence_id);
        pthread_mutex_lock(&queue->lock);
        hsp_list_remove(&fence->link);
        if (device->driver.vkGetFenceStatus(device->handle, fence->handle) == VK_SUCCESS &&
            device->driver.vkResetFences(device->handle, 1, &fence->handle) == VK_SUCCESS) {
            hsp_list_append(&queue->spare, &fence->link);
        } else {
            /* Still in use by a stopped wait: it goes when the device is idle. */
            hsp_list_append(&queue->broken, &fence->link);
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

static struct timeline_fence *take_fence_locked(struct hsp_vn_queue *queue)
{
    static const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    struct hsp_vn_device *device = queue->device;
    struct timeline_fence *fence;

    if (!hsp_list_is_empty(&queue->spare)) {
        fence = HSP_CONTAINER_OF(queue->spare.next, struct timeline_fence, link);
        hsp_list_remove(&fence->link);
        return fence;
    }
    fence = calloc(1, sizeof(*fence));
    if (!fence)
        return NULL;
    hsp_list_init(&fence->link);
    if (device->driver.vkCreateFence(device->handle, &info, NULL, &fence->handle) != VK_SUCCESS) {
        free(fence);
        return NULL;
    }
    return fence;
}

static int submit_fence_locked(struct hsp_vn_queue *queue, uint64_t fence_id)
{
    struct hsp_vn_device *device = queue->device;
    struct timeline_fence *fence;
    VkResult result;

    if (!queue->has_waiter) {
        int ret = -pthread_create(&queue->waiter, NULL, waiter_main, queue);
        if (ret < 0)
            return ret;
        queue->has_waiter = true;
    }
    fence = take_fence_locked(queue);
    if (!fence)
        return -ENOMEM;
    fence->fence_id = fence_id;
    result = device->driver.vkQueueSubmit(queue->handle, 0, NULL, fence->handle);
    if (result != VK_SUCCESS)
        hsp_log_guest("fence on ring_idx %u: the driver refused the submit: VkResult %d",
                      queue->ring_idx, result);
    fence->is_submitted = result == VK_SUCCESS;
    hsp_list_append(&queue->pending, &fence->link);
    pthread_cond_signal(&queue->changed);
    return 0;
}

int hsp_vn_queue_submit_fence(struct hsp_vn_queue *queue, uint64_t fence_id)
{
    int ret;

    pthread_mutex_lock(&queue->lock);
    ret = submit_fence_locked(queue, fence_id);
    pthread_mutex_unlock(&queue->lock);
    return ret;
}

/* ------------------------------------------------------------------ destroy */

static void stop_queue(struct hsp_vn_queue *queue)
{
    struct hsp_vn_context *context = queue->device->context;

    pthread_mutex_lock(&context->timeline_lock);
    if (queue->ring_idx > 0 && context->timelines[queue->ring_idx] == queue)
        context->timelines[queue->ring_idx] = NULL;
    pthread_mutex_unlock(&context->timeline_lock);

    pthread_mutex_lock(&queue->lock);
    queue->is_stopping = true;
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    if (queue->has_waiter)
        pthread_join(queue->waiter, NULL);
    queue->has_waiter = false;
    if (queue->id != 0) {
        struct hsp_vn_object *object = hsp_vn_object_find(&context->objects, queue->id);
        if (object)
            hsp_vn_object_remove(&context->objects, object);
    }
}

void hsp_vn_queues_stop(struct hsp_vn_device *device)
{
    for (uint32_t i = 0; i < device->queue_count; i++)
        stop_queue(&device->queues[i]);
}

static void destroy_fences(struct hsp_vn_queue *queue, struct hsp_list *list)
{
    struct hsp_vn_device *device = queue->device;

    hsp_list_for_each_safe (fence, list, struct timeline_fence, link) {
        device->driver.vkDestroyFence(device->handle, fence->handle, NULL);
        hsp_list_remove(&fence->link);
        free(fence);
    }
}

void hsp_vn_queues_destroy(struct hsp_vn_device *device)
{
    for (uint32_t i = 0; i < device->queue_count; i++) {
        struct hsp_vn_queue *queue = &device->queues[i];
        destroy_fences(queue, &queue->pending);
        destroy_fences(queue, &queue->spare);
        destroy_fences(queue, &queue->broken);
        pthread_cond_destroy(&queue->changed);
        pthread_mutex_destroy(&queue->lock);
    }
    free(device->queues);
}

/* ------------------------------------------------------------------ commands */

static struct hsp_vn_queue *find_queue(struct hsp_vn_device *device, const VkDeviceQueueInfo2 *info)
{
    for (uint32_t i = 0; i < device->queue_count; i++) {
        struct hsp_vn_queue *queue = &device->queues[i];
        if (queue->family == info->queueFamilyIndex && queue->index == info->queueIndex &&
            queue->flags == info->flags)
            return queue;
    }
    return NULL;
}

/* False after a fault. */
static bool bind_timeline(struct hsp_vn_call *call, struct hsp_vn_queue *queue, uint32_t ring_idx)
{
    struct hsp_vn_context *context = call->context;
    bool can_bind;

    pthread_mutex_lock(&context->timeline_lock);
    can_bind = ring_idx > 0 && ring_idx < HSP_LIMIT_TIMELINE_COUNT &&
               !context->timelines[ring_idx] && queue->ring_idx == 0;
    if (can_bind) {
        queue->ring_idx = ring_idx;
        context->timelines[ring_idx] = queue;
    }
    pthread_mutex_unlock(&context->timeline_lock);
    if (!can_bind)
        hsp_vn_call_fault(call, HSP_VN_FAULT_VALUE, ring_idx, "ring_idx of a queue");
    return can_bind;
}

void hsp_vn_handle_vkGetDeviceQueue2(struct hsp_vn_call *call,
                                     struct hsp_vn_vkGetDeviceQueue2 *args)
{
    struct hsp_vn_queue *queue = find_queue(call->self->device, args->pQueueInfo);
    uint64_t id = (uint64_t)(uintptr_t)*args->pQueue;
    struct hsp_vn_object *object;

    if (!queue || queue->id != 0) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_VALUE, args->pQueueInfo->queueIndex,
                          "no such queue, or asked for twice");
        return;
    }
    if (!hsp_vn_call_check_new_ids(call, &id, 1))
        return;
    for (const VkBaseInStructure *s = args->pQueueInfo->pNext; s; s = s->pNext) {
        const VkDeviceQueueTimelineInfoMESA *timeline = (const void *)s;
        if (s->sType == VK_STRUCTURE_TYPE_DEVICE_QUEUE_TIMELINE_INFO_MESA &&
            !bind_timeline(call, queue, timeline->ringIdx))
            return;
    }
    const struct hsp_vn_object init = {
        .type = VK_OBJECT_TYPE_QUEUE,
        .handle = (uint64_t)(uintptr_t)queue->handle,
        .device = queue->device,
        .data = queue,
    };
    if (hsp_vn_object_add(&call->context->objects, id, &init, &object) < 0) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, 0, "queue");
        return;
    }
    queue->id = id;
}
