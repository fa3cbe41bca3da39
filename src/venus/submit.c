/* SPDX-License-Identifier: MIT */
/* What clients submit to queues. */
#include "venus/context_private.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/semaphore.h"

/* A submit that is being made, with the queue's lock held. */
struct submission {
    struct hsp_vn_call *call;
    struct hsp_vn_queue *queue;
    struct hsp_vn_object **signals; /* semaphores, in the arena of the call */
    uint32_t signal_count;
};

/* `max_signals`: of all its batches. False after a fault, and then nothing is locked. */
static bool begin_submit(struct submission *submission, struct hsp_vn_call *call,
                         uint64_t max_signals)
{
    *submission = (struct submission){.call = call, .queue = call->self->data};
    if (max_signals > 0)
        submission->signals =
            hsp_arena_calloc(call->reader->arena, max_signals, sizeof(*submission->signals));
    if (max_signals > 0 && !submission->signals) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, max_signals, "semaphores");
        return false;
    }
    hsp_stats_add(call->context->stats, submits, 1);
    pthread_mutex_lock(&submission->queue->lock);
    return true;
}

/* Slots hold objects in place of the driver's handles. */
static void add_wait(const VkSemaphore *slot)
{
    hsp_vn_semaphore_wait((struct hsp_vn_object *)(uintptr_t)*slot);
}

static void add_signal(struct submission *submission, const VkSemaphore *slot)
{
    struct hsp_vn_object *object = (struct hsp_vn_object *)(uintptr_t)*slot;

    hsp_vn_semaphore_signal(submission->queue, object);
    submission->signals[submission->signal_count++] = object;
}

static void end_submit(struct submission *submission, VkResult result)
{
    for (uint32_t i = 0; i < submission->signal_count; i++)
        hsp_vn_semaphore_end_signal(submission->signals[i], result);
    pthread_mutex_unlock(&submission->queue->lock);
}

/* Of VkSubmitInfo and VkBindSparseInfo, whose names are the same. */
#define COUNT_SIGNALS(batches, count, out) \
    for (uint32_t i = 0; i < (count); i++) \
        (out) += (batches)[i].signalSemaphoreCount;

#define ADD_SEMAPHORES(submission, batches, count)                       \
    for (uint32_t i = 0; i < (count); i++) {                             \
        for (uint32_t j = 0; j < (batches)[i].waitSemaphoreCount; j++)   \
            add_wait(&(batches)[i].pWaitSemaphores[j]);                  \
        for (uint32_t j = 0; j < (batches)[i].signalSemaphoreCount; j++) \
            add_signal(submission, &(batches)[i].pSignalSemaphores[j]);  \
    }

void hsp_vn_handle_vkQueueSubmit(struct hsp_vn_call *call, struct hsp_vn_vkQueueSubmit *args)
{
    struct submission submission;
    uint64_t signals = 0;

    COUNT_SIGNALS(args->pSubmits, args->submitCount, signals)
    if (!begin_submit(&submission, call, signals))
        return;
    ADD_SEMAPHORES(&submission, args->pSubmits, args->submitCount)
    hsp_vn_unwrap_vkQueueSubmit(args);
    args->ret = submission.queue->device->driver.vkQueueSubmit(
        submission.queue->handle, args->submitCount, args->pSubmits, args->fence);
    end_submit(&submission, args->ret);
}

static void add_semaphores2(struct submission *submission, const VkSubmitInfo2 *batch)
{
    for (uint32_t i = 0; i < batch->waitSemaphoreInfoCount; i++)
        add_wait(&batch->pWaitSemaphoreInfos[i].semaphore);
    for (uint32_t i = 0; i < batch->signalSemaphoreInfoCount; i++)
        add_signal(submission, &batch->pSignalSemaphoreInfos[i].semaphore);
}

void hsp_vn_handle_vkQueueSubmit2(struct hsp_vn_call *call, struct hsp_vn_vkQueueSubmit2 *args)
{
    struct submission submission;
    uint64_t signals = 0;

    if (!call->self->device->driver.vkQueueSubmit2) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, HSP_VN_COMMAND_vkQueueSubmit2, "not enabled");
        return;
    }
    for (uint32_t i = 0; i < args->submitCount; i++)
        signals += args->pSubmits[i].signalSemaphoreInfoCount;
    if (!begin_submit(&submission, call, signals))
        return;
    for (uint32_t i = 0; i < args->submitCount; i++)
        add_semaphores2(&submission, &args->pSubmits[i]);
    hsp_vn_unwrap_vkQueueSubmit2(args);
    args->ret = submission.queue->device->driver.vkQueueSubmit2(
        submission.queue->handle, args->submitCount, args->pSubmits, args->fence);
    end_submit(&submission, args->ret);
}

void hsp_vn_handle_vkQueueBindSparse(struct hsp_vn_call *call,
                                     struct hsp_vn_vkQueueBindSparse *args)
{
    struct submission submission;
    uint64_t signals = 0;

    COUNT_SIGNALS(args->pBindInfo, args->bindInfoCount, signals)
    if (!begin_submit(&submission, call, signals))
        return;
    ADD_SEMAPHORES(&submission, args->pBindInfo, args->bindInfoCount)
    hsp_vn_unwrap_vkQueueBindSparse(args);
    args->ret = submission.queue->device->driver.vkQueueBindSparse(
        submission.queue->handle, args->bindInfoCount, args->pBindInfo, args->fence);
    end_submit(&submission, args->ret);
}
