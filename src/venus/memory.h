/* SPDX-License-Identifier: MIT */
/*
 * VkDeviceMemory. Memory of a shared type (memtypes.h) is a span of shared memory that the driver
 * imports by host pointer, so a blob of it is that span and nothing is ever copied. Memory imported
 * from a resource is the resource's span, wherever its pages come from. Private memory has no span.
 *
 * Ownership: a memory owns its span and mapping; a blob made of it has descriptors of its own, so
 * the pages outlive the memory as long as anybody uses them.
 */
#ifndef HSP_VENUS_MEMORY_H
#define HSP_VENUS_MEMORY_H

#include "base/span.h"
#include "venus/context.h"

struct hsp_vn_memory {
    struct hsp_span span; /* empty: private */
    struct hsp_mapping mapping;
    uint32_t map_info; /* HSP_VN_MAP_* */
};

struct hsp_vn_object;

/* Takes the memory from its object, against exports that race with it. NULL for private memory. */
struct hsp_vn_memory *hsp_vn_memory_take(struct hsp_vn_context *context,
                                         struct hsp_vn_object *object);

/* Unmaps and closes; the driver has freed its side. Takes NULL. */
void hsp_vn_memory_free(struct hsp_vn_context *context, struct hsp_vn_memory *memory);

/* For the vq thread, while rings may free the memory. The first `size` bytes of the shared memory
 * with that object id. -EINVAL when there is none, it is private, or smaller. */
int hsp_vn_memory_export(struct hsp_vn_context *context, uint64_t object_id, uint64_t size,
                         struct hsp_span *out_span, uint32_t *out_map_info);

#endif
