/* SPDX-License-Identifier: MIT */
/*
 * What the renderer's own modules see of a context. Front ends use context.h.
 */
#ifndef HSP_VENUS_CONTEXT_PRIVATE_H
#define HSP_VENUS_CONTEXT_PRIVATE_H

#include "venus/context.h"
#include "venus/object.h"
#include "venus/resource.h"
#include "venus/ring.h"
#include "venus/stream.h"

#include <pthread.h>

struct hsp_vn_instance;
struct hsp_vn_queue;

struct hsp_vn_context {
    char name[64];
    struct hsp_stats_context *stats; /* may be NULL */
    void *user_data;
    void (*on_fence)(void *user_data, uint32_t ring_idx, uint64_t fence_id);
    void (*on_fatal)(void *user_data, const char *reason);
    void (*on_ring)(void *user_data, uint32_t resource_id, uint64_t status_offset, bool created);

    struct hsp_vn_object_table objects;
    struct hsp_vn_resource_table resources;
    struct hsp_vn_stream vq;
    struct hsp_vn_instance *instance; /* NULL before vkCreateInstance */

    /* Set once; from then on nothing of the client is executed. */
    _Atomic bool is_dead;
    /* Set by destroy: waits on behalf of the client end. */
    _Atomic bool is_stopping;

    pthread_mutex_t lock; /* the fields below */
    struct hsp_list rings;
    uint32_t ring_count;
    uint64_t vq_seqno;         /* vkSubmitVirtqueueSeqnoMESA */
    pthread_cond_t vq_changed; /* vq_seqno grew, the context died or stops */

    /* Held while a fence is submitted, so that a device's destruction waits for it. */
    pthread_mutex_t timeline_lock;
    struct hsp_vn_queue *timelines[HSP_LIMIT_TIMELINE_COUNT]; /* NULL: not bound */

    /* Held while memory is exported or leaves its object: the vq thread against the rings. */
    pthread_mutex_t export_lock;

    struct hsp_vn_ring_monitor monitor;
};

static inline bool hsp_vn_context_is_dead(const struct hsp_vn_context *context)
{
    return atomic_load_explicit(&context->is_dead, memory_order_relaxed);
}

/* Whether a wait on behalf of the client must end. */
static inline bool hsp_vn_context_must_stop(const struct hsp_vn_context *context)
{
    return hsp_vn_context_is_dead(context) ||
           atomic_load_explicit(&context->is_stopping, memory_order_relaxed);
}

/* Ends the context because of a fault in `ring` (NULL: the vq stream): logs it, marks all rings
 * FATAL, ends all waits, tells the front end. Only the first call has an effect. Any thread. */
void hsp_vn_context_set_fault(struct hsp_vn_context *context, const struct hsp_vn_fault *fault,
                              const struct hsp_vn_ring *ring);

/* Blocks until the vq stream has recorded `seqno`; false when the context stops before. */
bool hsp_vn_context_wait_vq_seqno(struct hsp_vn_context *context, uint64_t seqno);

#endif
