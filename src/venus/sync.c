/* SPDX-License-Identifier: MIT */
/*
 * Fences and semaphores. The client keeps SYNC_FD payloads in the guest's kernel and tells the
 * renderer what happened to the host's object by three stand-ins (Venus §3.5). They are carried out
 * with core Vulkan, so that no host needs sync files:
 *   a fence whose payload was exported      is waited for and reset;
 *   a semaphore whose payload was exported  is consumed by an empty submit that waits for it;
 *   a semaphore that got a signalled one    is signalled by an empty submit.
 */
#include "venus/sync.h"

#include "venus/context_private.h"
#include "venus/external.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/lifetime.h"
#include "venus/queue.h"
#include "venus/semaphore.h"

#include <sched.h>
#include <stdlib.h>

/* Waits of the client are made of slices, so that a context that ends does not wait for a GPU that
 * hangs or for a signal that nobody will send any more. */
#define WAIT_SLICE_NS 200000000ull

void hsp_vn_handle_vkCreateFence(struct hsp_vn_call *call, struct hsp_vn_vkCreateFence *args)
{
    struct hsp_vn_device *device = call->self->device;
    VkFenceCreateInfo info = *args->pCreateInfo;
    uint64_t id = (uint64_t)*args->pFence;
    VkFence fence;

    hsp_vn_chain_remove(&info, VK_STRUCTURE_TYPE_EXPORT_FENCE_CREATE_INFO);
    if (!hsp_vn_call_check_new_ids(call, &id, 1))
        return;
    args->ret = device->driver.vkCreateFence(device->handle, &info, NULL, &fence);
    if (args->ret == VK_SUCCESS)
        hsp_vn_call_add_object(call, id, VK_OBJECT_TYPE_FENCE, (uint64_t)fence);
}

void hsp_vn_handle_vkCreateSemaphore(struct hsp_vn_call *call,
                                     struct hsp_vn_vkCreateSemaphore *args)
{
    struct hsp_vn_device *device = call->self->device;
    VkSemaphoreCreateInfo info = *args->pCreateInfo;
    uint64_t id = (uint64_t)*args->pSemaphore;
    struct hsp_vn_object *object;
    VkSemaphore semaphore;

    hsp_vn_chain_remove(&info, VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO);
    if (!hsp_vn_call_check_new_ids(call, &id, 1))
        return;
    args->ret = device->driver.vkCreateSemaphore(device->handle, &info, NULL, &semaphore);
    if (args->ret != VK_SUCCESS)
        return;
    if (hsp_vn_call_add_child(call, id, VK_OBJECT_TYPE_SEMAPHORE, (uint64_t)semaphore, NULL, NULL,
                              &object))
        hsp_vn_semaphore_init(object, &info);
    else
        device->driver.vkDestroySemaphore(device->handle, semaphore, NULL);
}

/* ------------------------------------------------------------------ waits */

/* The next slice of a wait of `timeout_ns` that began at `start_ns`; false when the time is over.
 */
static bool next_slice(uint64_t start_ns, uint64_t timeout_ns, uint64_t *out_slice_ns)
{
    uint64_t passed = hsp_now_ns() - start_ns;

    if (passed >= timeout_ns)
        return false;
    *out_slice_ns = HSP_MIN(timeout_ns - passed, WAIT_SLICE_NS);
    return true;
}

static VkResult wait_fences(struct hsp_vn_context *context, struct hsp_vn_device *device,
                            uint32_t count, const VkFence *fences, VkBool32 wait_all,
                            uint64_t timeout_ns)
{
    uint64_t start = hsp_now_ns(), slice = HSP_MIN(timeout_ns, WAIT_SLICE_NS);
    VkResult result;

    do {
        result = device->driver.vkWaitForFences(device->handle, count, fences, wait_all, slice);
    } while (result == VK_TIMEOUT && !hsp_vn_context_must_stop(context) &&
             next_slice(start, timeout_ns, &slice));
    return result;
}

void hsp_vn_handle_vkWaitForFences(struct hsp_vn_call *call, struct hsp_vn_vkWaitForFences *args)
{
    args->ret = wait_fences(call->context, call->self->device, args->fenceCount, args->pFences,
                            args->waitAll, args->timeout);
}

void hsp_vn_handle_vkWaitSemaphores(struct hsp_vn_call *call, struct hsp_vn_vkWaitSemaphores *args)
{
    struct hsp_vn_device *device = call->self->device;
    uint64_t start = hsp_now_ns(), slice = HSP_MIN(args->timeout, WAIT_SLICE_NS);

    if (!device->driver.vkWaitSemaphores) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, HSP_VN_COMMAND_vkWaitSemaphores,
                          "not enabled");
        return;
    }
    do {
        args->ret = device->driver.vkWaitSemaphores(device->handle, args->pWaitInfo, slice);
    } while (args->ret == VK_TIMEOUT && !hsp_vn_context_must_stop(call->context) &&
             next_slice(start, args->timeout, &slice));
}

/* Mesa (25.0 to 26.1 at least) sends the signal first and then writes its value into the feedback
 * slot that GPU work writes as well. Work that was waiting for the signal and is done before that
 * write has its larger value overwritten, and the client waits for it in vain. Nothing here can
 * close that window, but it is a few instructions of the client: let it pass. */
#define SIGNAL_DELAY_NS 50000u

static void let_client_write_feedback(void)
{
    uint64_t start = hsp_now_ns();

    do {
        sched_yield();
    } while (hsp_now_ns() - start < SIGNAL_DELAY_NS);
}

void hsp_vn_handle_vkSignalSemaphore(struct hsp_vn_call *call,
                                     struct hsp_vn_vkSignalSemaphore *args)
{
    struct hsp_vn_device *device = call->self->device;

    if (!device->driver.vkSignalSemaphore) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, HSP_VN_COMMAND_vkSignalSemaphore,
                          "not enabled");
        return;
    }
    let_client_write_feedback();
    args->ret = device->driver.vkSignalSemaphore(device->handle, args->pSignalInfo);
}

/* ------------------------------------------------------------------ stand-ins */

static void fault_on_error(struct hsp_vn_call *call, VkResult result, const char *what)
{
    if (result != VK_SUCCESS && !hsp_vn_context_must_stop(call->context))
        hsp_vn_call_fault(call, HSP_VN_FAULT_DRIVER, (uint64_t)(int64_t)result, what);
}

void hsp_vn_stand_in_destroy(struct hsp_vn_device *device, struct hsp_vn_stand_in *stand_in)
{
    if (!stand_in)
        return;
    device->driver.vkDestroyFence(device->handle, stand_in->fence, NULL);
    device->driver.vkDestroySemaphore(device->handle, stand_in->semaphore, NULL);
    free(stand_in);
}

static void reap_locked(struct hsp_vn_device *device, bool is_idle)
{
    hsp_list_for_each_safe (stand_in, &device->stand_ins, struct hsp_vn_stand_in, link) {
        if (!is_idle &&
            device->driver.vkGetFenceStatus(device->handle, stand_in->fence) == VK_NOT_READY)
            continue;
        hsp_list_remove(&stand_in->link);
        hsp_vn_stand_in_destroy(device, stand_in);
    }
}

void hsp_vn_stand_ins_reap(struct hsp_vn_device *device, bool is_idle)
{
    pthread_mutex_lock(&device->lock);
    reap_locked(device, is_idle);
    pthread_mutex_unlock(&device->lock);
}

/* The semaphore's newest stand-in replaces the one before, which is done earlier. */
static void keep_stand_in(struct hsp_vn_device *device, struct hsp_vn_object *object,
                          VkSemaphore semaphore, struct hsp_vn_stand_in *stand_in)
{
    struct hsp_vn_stand_in *other = stand_in;

    pthread_mutex_lock(&device->lock);
    if (object->id != 0 && object->handle == (uint64_t)semaphore) {
        other = object->data;
        object->data = stand_in;
    }
    if (other)
        hsp_list_append(&device->stand_ins, &other->link);
    reap_locked(device, false);
    pthread_mutex_unlock(&device->lock);
}

/* An empty submit that waits for the semaphore, or signals it. */
static VkResult submit_stand_in(struct hsp_vn_device *device, struct hsp_vn_object *object,
                                bool is_wait)
{
    static const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    struct hsp_vn_queue *queue = hsp_vn_device_get_queue(device);
    VkSemaphore semaphore = (VkSemaphore)object->handle;
    struct hsp_vn_stand_in *stand_in = calloc(1, sizeof(*stand_in));
    VkResult result;

    if (!stand_in)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    hsp_list_init(&stand_in->link);
    result = device->driver.vkCreateFence(device->handle, &info, NULL, &stand_in->fence);
    if (result == VK_SUCCESS) {
        pthread_mutex_lock(&queue->lock);
        result = hsp_vn_semaphore_submit(queue, object, is_wait, stand_in->fence);
        pthread_mutex_unlock(&queue->lock);
    }
    if (result == VK_SUCCESS)
        keep_stand_in(device, object, semaphore, stand_in);
    else
        hsp_vn_stand_in_destroy(device, stand_in);
    return result;
}

void hsp_vn_handle_vkDestroySemaphore(struct hsp_vn_call *call,
                                      struct hsp_vn_vkDestroySemaphore *args)
{
    struct hsp_vn_device *device = call->self->device;
    void *stand_in;

    if (!args->semaphore_object || !hsp_vn_call_take_object(call, args->semaphore_object,
                                                            (uint64_t)args->semaphore, &stand_in))
        return;
    if (!stand_in) {
        device->driver.vkDestroySemaphore(device->handle, args->semaphore, NULL);
        return;
    }
    ((struct hsp_vn_stand_in *)stand_in)->semaphore = args->semaphore;
    pthread_mutex_lock(&device->lock);
    hsp_list_append(&device->stand_ins, &((struct hsp_vn_stand_in *)stand_in)->link);
    reap_locked(device, false);
    pthread_mutex_unlock(&device->lock);
}

void hsp_vn_handle_vkResetFenceResourceMESA(struct hsp_vn_call *call,
                                            struct hsp_vn_vkResetFenceResourceMESA *args)
{
    struct hsp_vn_device *device = call->self->device;
    VkResult result = wait_fences(call->context, device, 1, &args->fence, VK_TRUE, UINT64_MAX);

    if (result == VK_SUCCESS)
        result = device->driver.vkResetFences(device->handle, 1, &args->fence);
    fault_on_error(call, result, "fence stand-in");
}

void hsp_vn_handle_vkWaitSemaphoreResourceMESA(struct hsp_vn_call *call,
                                               struct hsp_vn_vkWaitSemaphoreResourceMESA *args)
{
    fault_on_error(call, submit_stand_in(call->self->device, args->semaphore_object, true),
                   "semaphore stand-in");
}

void hsp_vn_handle_vkImportSemaphoreResourceMESA(struct hsp_vn_call *call,
                                                 struct hsp_vn_vkImportSemaphoreResourceMESA *args)
{
    const VkImportSemaphoreResourceInfoMESA *info = args->pImportSemaphoreResourceInfo;
    struct hsp_vn_object *object = (struct hsp_vn_object *)(uintptr_t)info->semaphore;

    if (info->resourceId != 0) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_RESOURCE, info->resourceId, "semaphore payload");
        return;
    }
    if (!object || object->device != call->self->device) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, 0, "semaphore");
        return;
    }
    fault_on_error(call, submit_stand_in(call->self->device, object, false), "semaphore stand-in");
}
