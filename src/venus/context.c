/* SPDX-License-Identifier: MIT */
#include "venus/context_private.h"

#include "base/limits.h"
#include "base/log.h"
#include "venus/gen/protocol.h"
#include "venus/instance.h"
#include "venus/memory.h"
#include "venus/queue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void copy_name(char *out_name, size_t size, const char *name)
{
    snprintf(out_name, size, "%s", name && *name ? name : "unnamed");
}

int hsp_vn_context_create(const struct hsp_vn_context_params *params,
                          struct hsp_vn_context **out_context)
{
    struct hsp_vn_context *context = calloc(1, sizeof(*context));
    int ret;

    if (!context)
        return -ENOMEM;
    ret = hsp_vn_object_table_init(&context->objects);
    if (ret < 0) {
        free(context);
        return ret;
    }
    copy_name(context->name, sizeof(context->name), params->name);
    context->stats = params->stats;
    context->user_data = params->user_data;
    context->on_fence = params->on_fence;
    context->on_fatal = params->on_fatal;
    context->on_ring = params->on_ring;
    pthread_mutex_init(&context->lock, NULL);
    pthread_mutex_init(&context->timeline_lock, NULL);
    pthread_mutex_init(&context->export_lock, NULL);
    pthread_cond_init(&context->vq_changed, NULL);
    hsp_list_init(&context->rings);
    hsp_vn_resource_table_init(&context->resources);
    hsp_vn_ring_monitor_init(&context->monitor, context);
    hsp_vn_stream_init(&context->vq, context, NULL);
    *out_context = context;
    return 0;
}

/* Makes every thread that waits for the client's sake look at is_dead and is_stopping again. */
static void interrupt_waits(struct hsp_vn_context *context)
{
    pthread_mutex_lock(&context->lock);
    pthread_cond_broadcast(&context->vq_changed);
    hsp_list_for_each (ring, &context->rings, struct hsp_vn_ring, link) {
        hsp_vn_ring_interrupt(ring);
    }
    pthread_mutex_unlock(&context->lock);
}

static void destroy_rings(struct hsp_vn_context *context)
{
    hsp_list_for_each_safe (ring, &context->rings, struct hsp_vn_ring, link) {
        pthread_mutex_lock(&context->lock);
        hsp_list_remove(&ring->link);
        pthread_mutex_unlock(&context->lock);
        hsp_vn_ring_destroy(ring);
    }
}

void hsp_vn_context_destroy(struct hsp_vn_context *context)
{
    if (!context)
        return;
    context->is_stopping = true;
    interrupt_waits(context);
    destroy_rings(context);
    hsp_vn_ring_monitor_finish(&context->monitor);
    if (context->instance)
        hsp_vn_instance_destroy(context, context->instance);
    hsp_vn_stream_finish(&context->vq);
    hsp_vn_resource_table_finish(&context->resources);
    hsp_vn_object_table_finish(&context->objects);
    pthread_cond_destroy(&context->vq_changed);
    pthread_mutex_destroy(&context->export_lock);
    pthread_mutex_destroy(&context->timeline_lock);
    pthread_mutex_destroy(&context->lock);
    free(context);
}

static void describe_fault(const struct hsp_vn_fault *fault, const struct hsp_vn_ring *ring,
                           char *out_text, size_t size)
{
    const char *command = hsp_vn_command_name(fault->command);
    char number[32], stream[32] = "vq";

    if (!command) {
        snprintf(number, sizeof(number), "command %d", (int)fault->command);
        command = number;
    }
    if (ring)
        snprintf(stream, sizeof(stream), "ring 0x%" PRIx64, ring->id);
    snprintf(out_text, size,
             "%s in %s at byte %" PRIu64 ": %s%s%s, value %" PRIu64 " (0x%" PRIx64 ")", command,
             stream, fault->offset, hsp_vn_fault_kind_name(fault->kind), fault->what ? ": " : "",
             fault->what ? fault->what : "", fault->value, fault->value);
}

void hsp_vn_context_set_fault(struct hsp_vn_context *context, const struct hsp_vn_fault *fault,
                              const struct hsp_vn_ring *ring)
{
    char reason[256];

    if (atomic_exchange(&context->is_dead, true))
        return;
    describe_fault(fault, ring, reason, sizeof(reason));
    hsp_log_guest("context \"%s\" ended by a guest fault: %s", context->name, reason);
    hsp_stats_set(context->stats, faults, 1);
    pthread_mutex_lock(&context->lock);
    hsp_list_for_each (any_ring, &context->rings, struct hsp_vn_ring, link) {
        hsp_vn_ring_set_status(any_ring, HSP_VN_RING_STATUS_FATAL);
    }
    pthread_mutex_unlock(&context->lock);
    interrupt_waits(context);
    if (context->on_fatal)
        context->on_fatal(context->user_data, reason);
}

bool hsp_vn_context_wait_vq_seqno(struct hsp_vn_context *context, uint64_t seqno)
{
    bool reached;

    pthread_mutex_lock(&context->lock);
    while (context->vq_seqno < seqno && !hsp_vn_context_must_stop(context))
        pthread_cond_wait(&context->vq_changed, &context->lock);
    reached = context->vq_seqno >= seqno;
    pthread_mutex_unlock(&context->lock);
    return reached;
}

int hsp_vn_context_submit(struct hsp_vn_context *context, const void *commands, size_t size)
{
    if (hsp_vn_context_is_dead(context))
        return -EIO;
    if (size % 4 != 0 || size > HSP_LIMIT_SUBMIT_SIZE) {
        const struct hsp_vn_fault fault = {
            .kind = HSP_VN_FAULT_LIMIT,
            .command = -1,
            .value = size,
            .what = "submit size",
        };
        hsp_vn_context_set_fault(context, &fault, NULL);
        return -EIO;
    }
    hsp_vn_stream_set_block(&context->vq, commands, size);
    while (hsp_vn_stream_step(&context->vq))
        continue;
    return hsp_vn_context_is_dead(context) ? -EIO : 0;
}

int hsp_vn_context_submit_fence(struct hsp_vn_context *context, uint32_t ring_idx,
                                uint64_t fence_id)
{
    struct hsp_vn_queue *queue = NULL;
    int ret = 0;

    if (ring_idx >= HSP_LIMIT_TIMELINE_COUNT)
        return -EINVAL;
    if (ring_idx > 0 && !hsp_vn_context_is_dead(context)) {
        pthread_mutex_lock(&context->timeline_lock);
        queue = context->timelines[ring_idx];
        ret = queue ? hsp_vn_queue_submit_fence(queue, fence_id) : -EINVAL;
        pthread_mutex_unlock(&context->timeline_lock);
        return ret;
    }
    context->on_fence(context->user_data, ring_idx, fence_id);
    return hsp_vn_context_is_dead(context) ? -EIO : 0;
}

/* ------------------------------------------------------------------ resources */

static int create_shm(uint64_t size, struct hsp_span *out_span)
{
    uint64_t rounded;

    if (size == 0 || !hsp_align_up_checked(size, hsp_page_size(), &rounded))
        return -EINVAL;
    return hsp_span_init_shm(out_span, "hesper-shm", rounded);
}

int hsp_vn_context_create_blob(struct hsp_vn_context *context, uint32_t resource_id,
                               uint64_t blob_id, uint64_t size, uint32_t blob_flags,
                               struct hsp_span *out_span, uint32_t *out_map_info)
{
    enum hsp_vn_resource_kind kind = blob_id ? HSP_VN_RESOURCE_MEMORY : HSP_VN_RESOURCE_SHM;
    uint32_t map_info = HSP_VN_MAP_CACHED;
    struct hsp_span span;
    int ret;

    if (blob_id)
        ret = hsp_vn_memory_export(context, blob_id, size, &span, &map_info);
    else
        ret = create_shm(size, &span);
    if (ret < 0)
        return ret;
    ret = hsp_vn_resource_attach(&context->resources, resource_id, kind, &span);
    if (ret < 0) {
        hsp_span_finish(&span);
        return ret == -EEXIST ? -EINVAL : ret;
    }
    hsp_stats_add(context->stats, blobs, 1);
    *out_span = span;
    *out_map_info = map_info;
    return 0;
}

int hsp_vn_context_attach_resource(struct hsp_vn_context *context, uint32_t resource_id,
                                   enum hsp_vn_resource_kind kind, const struct hsp_span *span)
{
    return hsp_vn_resource_attach(&context->resources, resource_id, kind, span);
}

void hsp_vn_context_detach_resource(struct hsp_vn_context *context, uint32_t resource_id)
{
    hsp_vn_resource_detach(&context->resources, resource_id);
}
