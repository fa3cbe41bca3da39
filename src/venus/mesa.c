/* SPDX-License-Identifier: MIT */
/*
 * The commands of VK_MESA_venus_protocol that make and order streams (Venus §3.3, §3.4). Reply and
 * indirect streams are in stream.c, sync stand-ins in sync.c, memory in memory.c.
 */
#include "base/limits.h"
#include "venus/context_private.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"

#include <errno.h>

/* Rings are made and ordered by the vq stream, which is the one that outlives them. */
static bool is_on_vq(struct hsp_vn_call *call)
{
    if (!call->stream->ring && call->stream->depth == 0)
        return true;
    hsp_vn_call_fault(call, HSP_VN_FAULT_STREAM, 0, "only valid on the vq stream");
    return false;
}

/* Only the vq thread changes the list, so it may use what it found without the lock. */
static struct hsp_vn_ring *find_ring(struct hsp_vn_context *context, uint64_t id)
{
    hsp_list_for_each (ring, &context->rings, struct hsp_vn_ring, link) {
        if (ring->id == id)
            return ring;
    }
    return NULL;
}

static struct hsp_vn_ring *get_ring(struct hsp_vn_call *call, uint64_t id)
{
    struct hsp_vn_ring *ring;

    if (!is_on_vq(call))
        return NULL;
    ring = find_ring(call->context, id);
    if (!ring)
        hsp_vn_call_fault(call, HSP_VN_FAULT_RING, id, "no such ring");
    return ring;
}

static void report_ring(const struct hsp_vn_ring *ring, bool created)
{
    const struct hsp_vn_context *context = ring->context;

    if (context->on_ring)
        context->on_ring(context->user_data, ring->resource->id, ring->status_offset, created);
}

void hsp_vn_handle_vkCreateRingMESA(struct hsp_vn_call *call, struct hsp_vn_vkCreateRingMESA *args)
{
    struct hsp_vn_context *context = call->context;
    struct hsp_vn_ring *ring;

    if (!is_on_vq(call))
        return;
    if (find_ring(context, args->ring)) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_RING, args->ring, "ring id in use");
        return;
    }
    if (context->ring_count >= HSP_LIMIT_RING_COUNT) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_LIMIT, context->ring_count, "rings");
        return;
    }
    ring = hsp_vn_ring_create(call, args->ring, args->pCreateInfo);
    if (!ring)
        return;
    pthread_mutex_lock(&context->lock);
    hsp_list_append(&context->rings, &ring->link);
    context->ring_count++;
    if (hsp_vn_context_is_dead(context))
        hsp_vn_ring_set_status(ring, HSP_VN_RING_STATUS_FATAL);
    pthread_mutex_unlock(&context->lock);
    hsp_stats_add(context->stats, rings, 1);
    report_ring(ring, true);
}

void hsp_vn_handle_vkDestroyRingMESA(struct hsp_vn_call *call,
                                     struct hsp_vn_vkDestroyRingMESA *args)
{
    struct hsp_vn_context *context = call->context;
    struct hsp_vn_ring *ring = get_ring(call, args->ring);

    if (!ring)
        return;
    pthread_mutex_lock(&context->lock);
    hsp_list_remove(&ring->link);
    context->ring_count--;
    pthread_mutex_unlock(&context->lock);
    hsp_stats_sub(context->stats, rings, 1);
    report_ring(ring, false);
    hsp_vn_ring_destroy(ring);
}

void hsp_vn_handle_vkNotifyRingMESA(struct hsp_vn_call *call, struct hsp_vn_vkNotifyRingMESA *args)
{
    struct hsp_vn_ring *ring = get_ring(call, args->ring);

    if (ring)
        hsp_vn_ring_notify(ring);
}

void hsp_vn_handle_vkWriteRingExtraMESA(struct hsp_vn_call *call,
                                        struct hsp_vn_vkWriteRingExtraMESA *args)
{
    struct hsp_vn_ring *ring = get_ring(call, args->ring);

    if (!ring)
        return;
    if (args->offset % 4 != 0 || !hsp_range_fits(args->offset, 4, ring->extra_size)) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_RANGE, args->offset, "ring extra");
        return;
    }
    atomic_store_explicit((_Atomic uint32_t *)(void *)(ring->shared_extra + args->offset),
                          args->value, memory_order_release);
}

void hsp_vn_handle_vkSubmitVirtqueueSeqnoMESA(struct hsp_vn_call *call,
                                              struct hsp_vn_vkSubmitVirtqueueSeqnoMESA *args)
{
    struct hsp_vn_context *context = call->context;

    if (!get_ring(call, args->ring))
        return;
    pthread_mutex_lock(&context->lock);
    if (args->seqno > context->vq_seqno)
        context->vq_seqno = args->seqno;
    pthread_cond_broadcast(&context->vq_changed);
    pthread_mutex_unlock(&context->lock);
}

void hsp_vn_handle_vkWaitVirtqueueSeqnoMESA(struct hsp_vn_call *call,
                                            struct hsp_vn_vkWaitVirtqueueSeqnoMESA *args)
{
    if (!call->stream->ring) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_STREAM, args->seqno, "only valid on a ring");
        return;
    }
    hsp_vn_context_wait_vq_seqno(call->context, args->seqno);
}

void hsp_vn_handle_vkWaitRingSeqnoMESA(struct hsp_vn_call *call,
                                       struct hsp_vn_vkWaitRingSeqnoMESA *args)
{
    struct hsp_vn_ring *ring = get_ring(call, args->ring);

    /* A context that stops needs no fault on top. */
    if (ring && hsp_vn_ring_wait_seqno(ring, (uint32_t)args->seqno) == -EINVAL)
        hsp_vn_call_fault(call, HSP_VN_FAULT_RING, args->seqno, "seqno beyond the ring's tail");
}
