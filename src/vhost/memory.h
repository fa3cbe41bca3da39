/* SPDX-License-Identifier: MIT */
/*
 * The guest's memory as the front end describes it: a table of regions, each a mapped piece of a
 * file. A table is an immutable snapshot: a new SET_MEM_TABLE makes a new one, and whoever works
 * with an older one keeps it, with its mappings, by a reference. Regions that both tables have
 * share one mapping (QEMU sends the table again for every map in the window).
 *
 * Ownership: a table owns its regions' descriptors and mappings, through references.
 * Threads: tables are immutable; references are atomic; everything may be called from any thread.
 */
#ifndef HSP_VHOST_MEMORY_H
#define HSP_VHOST_MEMORY_H

#include "vhost/protocol.h"

struct hsp_vhost_memory;

/* Bytes of guest memory in this process, and where they lie in a file. */
struct hsp_vhost_range {
    void *data;
    uint64_t size;
    int fd;               /* borrowed from the table */
    uint64_t file_offset; /* of data, in fd */
};

/* Maps the table. `old` (may be NULL) is looked through for mappings to share. The descriptors, one
 * per region, are borrowed. 0; -EINVAL for regions that are empty, overlap, wrap around or reach
 * beyond their file; other negative errnos when mapping fails. */
int hsp_vhost_memory_create(const struct hsp_vhost_memory_region *regions, uint32_t region_count,
                            const int *fds, struct hsp_vhost_memory *old,
                            struct hsp_vhost_memory **out_memory);

struct hsp_vhost_memory *hsp_vhost_memory_ref(struct hsp_vhost_memory *memory);

/* Takes NULL. */
void hsp_vhost_memory_unref(struct hsp_vhost_memory *memory);

/* The memory from guest-physical `address` on, at most `size` bytes of it: out_range->size is less
 * than `size` where a region ends. False when nothing is there, or size is 0. */
bool hsp_vhost_memory_translate(const struct hsp_vhost_memory *memory, uint64_t address,
                                uint64_t size, struct hsp_vhost_range *out_range);

/* The `size` bytes at the front end's address, or NULL unless all lie in one region and `address`
 * is a multiple of `alignment`. */
void *hsp_vhost_memory_translate_user(const struct hsp_vhost_memory *memory, uint64_t address,
                                      uint64_t size, uint64_t alignment);

#endif
