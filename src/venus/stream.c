/* SPDX-License-Identifier: MIT */
#include "venus/stream.h"

#include "base/limits.h"
#include "venus/context_private.h"
#include "venus/gen/handlers.h"

#include <stdlib.h>

void hsp_vn_stream_init(struct hsp_vn_stream *stream, struct hsp_vn_context *context,
                        struct hsp_vn_ring *ring)
{
    memset(stream, 0, sizeof(*stream));
    stream->context = context;
    stream->ring = ring;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(stream->levels); i++) {
        struct hsp_vn_stream_level *level = &stream->levels[i];
        hsp_arena_init(&level->arena, HSP_LIMIT_ARENA_SIZE);
        hsp_vn_reader_init(&level->reader, &level->arena, &context->objects);
    }
}

void hsp_vn_stream_finish(struct hsp_vn_stream *stream)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(stream->levels); i++) {
        hsp_arena_finish(&stream->levels[i].arena);
        free(stream->levels[i].block);
    }
    hsp_vn_resource_unref(stream->reply_resource);
}

static struct hsp_vn_stream_level *current_level(struct hsp_vn_stream *stream)
{
    return &stream->levels[stream->depth];
}

void hsp_vn_stream_set_block(struct hsp_vn_stream *stream, const void *data, size_t size)
{
    hsp_vn_reader_set_block(&current_level(stream)->reader, data, size);
}

size_t hsp_vn_stream_position(const struct hsp_vn_stream *stream)
{
    const struct hsp_vn_reader *reader = &stream->levels[stream->depth].reader;

    return (size_t)(reader->cursor - reader->begin);
}

/* The page of counters is shared memory: it is touched once in many commands. */
#define COUNT_BATCH 256

static void count_commands(struct hsp_vn_stream *stream)
{
    struct hsp_stats_context *stats = stream->context->stats;

    if (stream->ring)
        hsp_stats_add(stats, ring_commands, stream->uncounted);
    else
        hsp_stats_add(stats, vq_commands, stream->uncounted);
    stream->uncounted = 0;
}

/* Nothing is left of the block, or nothing more will be done. */
static bool end_block(struct hsp_vn_stream *stream)
{
    count_commands(stream);
    return false;
}

bool hsp_vn_stream_step(struct hsp_vn_stream *stream)
{
    struct hsp_vn_stream_level *level = current_level(stream);
    struct hsp_vn_call call = {
        .context = stream->context,
        .stream = stream,
        .reader = &level->reader,
        .writer = &stream->writer,
    };

    if (hsp_vn_context_is_dead(stream->context))
        return end_block(stream);
    if (hsp_vn_reader_left(&level->reader) == 0 && !hsp_vn_reader_has_fault(&level->reader))
        return end_block(stream);
    bool done = hsp_vn_dispatch(&call);
    hsp_arena_reset(&level->arena);
    if (++stream->uncounted >= COUNT_BATCH)
        count_commands(stream);
    if (!done) {
        hsp_vn_context_set_fault(stream->context, &level->reader.fault, stream->ring);
        return end_block(stream);
    }
    return true;
}

/* ------------------------------------------------------------------ replies */

static bool set_reply(struct hsp_vn_stream *stream, struct hsp_vn_call *call,
                      const VkCommandStreamDescriptionMESA *description)
{
    struct hsp_vn_resource *resource = stream->reply_resource;

    /* The client names the same pool before nearly every command. */
    if (!resource || resource->id != description->resourceId || resource->is_detached) {
        resource = hsp_vn_resource_find_ref(&stream->context->resources, description->resourceId);
        if (!resource || resource->kind != HSP_VN_RESOURCE_SHM) {
            hsp_vn_resource_unref(resource);
            hsp_vn_call_fault(call, HSP_VN_FAULT_RESOURCE, description->resourceId, "reply stream");
            return false;
        }
        hsp_vn_resource_unref(stream->reply_resource);
        stream->reply_resource = resource;
    }
    if (!hsp_range_fits(description->offset, description->size, resource->mapping.size)) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_RANGE, description->offset, "reply stream");
        return false;
    }
    stream->reply_offset = description->offset;
    stream->reply_size = description->size;
    return true;
}

static bool seek_reply(struct hsp_vn_stream *stream, struct hsp_vn_call *call, uint64_t position)
{
    uint8_t *begin;

    if (!stream->reply_resource || position > stream->reply_size) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_REPLY, position, "reply position");
        return false;
    }
    begin = (uint8_t *)stream->reply_resource->mapping.data + stream->reply_offset;
    stream->writer = (struct hsp_vn_writer){
        .begin = begin,
        .cursor = begin + position,
        .end = begin + stream->reply_size,
    };
    return true;
}

void hsp_vn_handle_vkSetReplyCommandStreamMESA(struct hsp_vn_call *call,
                                               struct hsp_vn_vkSetReplyCommandStreamMESA *args)
{
    if (set_reply(call->stream, call, args->pStream))
        seek_reply(call->stream, call, 0);
}

void hsp_vn_handle_vkSeekReplyCommandStreamMESA(struct hsp_vn_call *call,
                                                struct hsp_vn_vkSeekReplyCommandStreamMESA *args)
{
    seek_reply(call->stream, call, args->position);
}

/* ------------------------------------------------------------------ indirect streams */

/* Copies one described range out of the guest's reach. NULL after a fault. */
static const void *copy_range(struct hsp_vn_stream *stream, struct hsp_vn_call *call,
                              const VkCommandStreamDescriptionMESA *description)
{
    struct hsp_vn_stream_level *level = &stream->levels[1];
    struct hsp_vn_resource *resource =
        hsp_vn_resource_find_ref(&stream->context->resources, description->resourceId);
    const void *result = NULL;

    if (!resource || resource->kind != HSP_VN_RESOURCE_SHM) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_RESOURCE, description->resourceId, "command stream");
        goto out;
    }
    if (!hsp_range_fits(description->offset, description->size, resource->mapping.size)) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_RANGE, description->offset, "command stream");
        goto out;
    }
    if (description->size > HSP_LIMIT_SUBMIT_SIZE) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_LIMIT, description->size, "command stream");
        goto out;
    }
    if (description->size > level->block_capacity) {
        size_t capacity = (size_t)hsp_align_up(description->size, 64u << 10);
        uint8_t *block = realloc(level->block, capacity);
        if (!block) {
            hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, capacity, "command stream");
            goto out;
        }
        level->block = block;
        level->block_capacity = capacity;
    }
    memcpy(level->block, (const uint8_t *)resource->mapping.data + description->offset,
           description->size);
    result = level->block;

out:
    hsp_vn_resource_unref(resource);
    return result;
}

void hsp_vn_handle_vkExecuteCommandStreamsMESA(struct hsp_vn_call *call,
                                               struct hsp_vn_vkExecuteCommandStreamsMESA *args)
{
    struct hsp_vn_stream *stream = call->stream;

    if (stream->depth > 0 || args->streamCount == 0) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_STREAM, args->streamCount, "nested or empty execute");
        return;
    }
    for (uint32_t i = 0; i < args->streamCount; i++) {
        const VkCommandStreamDescriptionMESA *description = &args->pStreams[i];

        if (args->pReplyPositions && !seek_reply(stream, call, args->pReplyPositions[i]))
            return;
        if (description->size == 0)
            continue;
        const void *block = copy_range(stream, call, description);
        if (!block)
            return;
        stream->depth = 1;
        hsp_vn_stream_set_block(stream, block, description->size);
        while (hsp_vn_stream_step(stream))
            continue;
        stream->depth = 0;
        if (hsp_vn_reader_has_fault(&stream->levels[1].reader)) {
            /* It has been reported; stop the outer level as well. */
            call->reader->fault = stream->levels[1].reader.fault;
            return;
        }
    }
}
