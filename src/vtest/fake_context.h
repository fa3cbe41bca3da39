/* SPDX-License-Identifier: MIT */
/*
 * A context for tests of front ends, linked in place of the renderer: it records what it is asked
 * and does what the test set. One context at a time.
 */
#ifndef HSP_VTEST_FAKE_CONTEXT_H
#define HSP_VTEST_FAKE_CONTEXT_H

#include "venus/context.h"

struct fake_context {
    /* what the test sets */
    int submit_result, create_blob_result, fence_result;
    bool fence_immediate; /* fences retire inside submit_fence */
    uint64_t blob_offset; /* of the piece in the span of a blob */

    /* what the front end did */
    int created, destroyed;
    char name[64];
    uint32_t submit_count, last_submit_size;
    uint32_t last_commands[64];
    uint32_t fence_count, last_ring_idx;
    uint64_t last_fence_id;
    uint32_t blob_count, last_blob_resource, last_blob_flags;
    uint64_t last_blob_id, last_blob_size;
    uint32_t attach_count, last_attach_resource, last_attach_kind;
    uint64_t last_attach_size;
    uint32_t detach_count, last_detach_resource;
    struct hsp_vn_context_params params;
};

extern struct fake_context fake;

/* As the renderer does from its own threads. */
void fake_context_retire(uint32_t ring_idx, uint64_t fence_id);
void fake_context_fatal(const char *reason);

#endif
