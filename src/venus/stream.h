/* SPDX-License-Identifier: MIT */
/*
 * A command stream being executed: the vq stream of a context or one of its rings. It decodes and
 * runs commands from private copies of the guest's bytes and holds the reply cursor
 * (Venus §3.1 replies, §3.2 indirect streams).
 *
 * Threads: a stream belongs to the thread that runs it.
 */
#ifndef HSP_VENUS_STREAM_H
#define HSP_VENUS_STREAM_H

#include "venus/call.h"
#include "venus/resource.h"

struct hsp_vn_ring;

/* Commands run at two levels: direct, and inside vkExecuteCommandStreamsMESA. */
struct hsp_vn_stream_level {
    struct hsp_arena arena;
    struct hsp_vn_reader reader;
    uint8_t *block; /* private copy of an indirect stream */
    size_t block_capacity;
};

struct hsp_vn_stream {
    struct hsp_vn_context *context;
    struct hsp_vn_ring *ring; /* NULL: the vq stream */
    struct hsp_vn_stream_level levels[2];
    unsigned depth;
    uint32_t uncounted; /* commands that the counters do not have yet */
    struct hsp_vn_resource *reply_resource;
    uint64_t reply_offset; /* of the reply stream in its resource */
    uint64_t reply_size;
    struct hsp_vn_writer writer;
};

void hsp_vn_stream_init(struct hsp_vn_stream *stream, struct hsp_vn_context *context,
                        struct hsp_vn_ring *ring);
void hsp_vn_stream_finish(struct hsp_vn_stream *stream);

/* Gives the stream a block of private bytes; it lives until the block was run. */
void hsp_vn_stream_set_block(struct hsp_vn_stream *stream, const void *data, size_t size);

/* Runs the next command of the block. True when one was run; false at the end of the block or at a
 * fault, which has then been reported to the context. */
bool hsp_vn_stream_step(struct hsp_vn_stream *stream);

/* Bytes of the block that have been consumed. */
size_t hsp_vn_stream_position(const struct hsp_vn_stream *stream);

#endif
