/* SPDX-License-Identifier: MIT */
/*
 * The memory of pictures as the GPU sees it: mapped, and imported by host pointer as a buffer. A
 * guest flips between two or three pictures, so the newest few are kept, known by the files that
 * their memory is in.
 *
 * Threads: a presenter's.
 */
#ifndef HSP_DISPLAY_PRESENT_SOURCE_H
#define HSP_DISPLAY_PRESENT_SOURCE_H

#include "display/picture.h"
#include "display/present_gpu.h"

#include <sys/types.h>

/* A piece of a span, known by its file. As long as the file is mapped, its number is not given to
 * another one. */
struct hsp_present_piece {
    dev_t device;
    ino_t inode;
    uint64_t offset, size; /* bytes */
};

struct hsp_present_source {
    struct hsp_present_piece *pieces;
    uint32_t piece_count;
    uint64_t begin, end; /* bytes of the span that are imported */
    struct hsp_mapping mapping;
    VkBuffer buffer; /* VK_NULL_HANDLE: could not be imported */
    VkDeviceMemory memory;
    uint64_t lead; /* bytes of the buffer in front of `begin` */
    uint64_t last_use;
};

#define HSP_PRESENT_SOURCE_COUNT 4

struct hsp_present_sources {
    struct hsp_present_source list[HSP_PRESENT_SOURCE_COUNT];
    uint64_t use_count;
};

/* The memory of a picture; it stays until another is asked for. 0, or negative errno when it cannot
 * even be mapped. Nothing in flight may use an older one. */
int hsp_present_sources_get(struct hsp_present_sources *sources, const struct hsp_present_gpu *gpu,
                            const struct hsp_display_picture *picture,
                            const struct hsp_present_source **out_source);

/* Lets go of all. Safe on zeroed sources. */
void hsp_present_sources_clear(struct hsp_present_sources *sources,
                               const struct hsp_present_gpu *gpu);

#endif
