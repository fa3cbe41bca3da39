/* SPDX-License-Identifier: MIT */
/*
 * A span: shared memory as hesper passes it around, a list of {file, offset, size} pieces that
 * make one run of bytes. Rings, command streams, mapped Vulkan memory, scanouts and guest pages
 * are all spans; only who made the pages differs. Almost all have one piece; buffers made of guest
 * pages have many.
 *
 * Ownership: a span owns its descriptors and its piece list. A mapping is independent of the span
 * that it was made from.
 * Threads: a span is immutable after init; it may be read and mapped from any thread.
 */
#ifndef HSP_BASE_SPAN_H
#define HSP_BASE_SPAN_H

#include "base/util.h"

struct hsp_span_piece {
    uint32_t fd_index; /* into hsp_span.fds */
    uint64_t offset;   /* in that file, bytes */
    uint64_t size;     /* bytes, not zero */
};

struct hsp_span {
    uint64_t size; /* sum of the pieces */
    uint32_t fd_count;
    uint32_t piece_count;
    int *fds;
    struct hsp_span_piece *pieces;
};

#define HSP_SPAN_EMPTY ((struct hsp_span){0})

/* One piece. Steals `fd` on success only. 0 or negative errno (-EINVAL for a size of 0 or a range
 * beyond 2^63). */
int hsp_span_init_single(struct hsp_span *span, int fd_steal, uint64_t offset, uint64_t size);

/* One piece of fresh, zeroed, sealed pages: the first `size` bytes of a file that is rounded up to
 * whole ones; `name` as in hsp_shm_create. 0 or negative errno. */
int hsp_span_init_shm(struct hsp_span *span, const char *name, uint64_t size);

/* Many pieces; the arrays are copied, the descriptors duplicated. Neighbouring pieces that continue
 * each other are merged. -EINVAL when a piece is empty, names no descriptor or is out of range,
 * -E2BIG above HSP_LIMIT_SPAN_PIECE_COUNT. */
int hsp_span_init_pieces(struct hsp_span *span, const int *fds, uint32_t fd_count,
                         const struct hsp_span_piece *pieces, uint32_t piece_count);

/* A copy with descriptors of its own. */
int hsp_span_init_copy(struct hsp_span *span, const struct hsp_span *other);

/* Safe on HSP_SPAN_EMPTY and on a finished span. */
void hsp_span_finish(struct hsp_span *span);

/* One contiguous view of all of a span's bytes. */
struct hsp_mapping {
    void *data;    /* the span's first byte */
    uint64_t size; /* the span's size */
    void *base;    /* what was mapped, page-aligned */
    size_t base_size;
};

/* Maps the whole span, shared. With several pieces, each inner boundary must lie on a page
 * boundary of the host (-EINVAL if not). Every piece is checked to lie inside its file, so that a
 * short file is an error here and no SIGBUS later; a file that can still shrink is the caller's to
 * refuse (hsp_shm_check_sealed). 0 or negative errno. */
int hsp_span_map(const struct hsp_span *span, bool writable, struct hsp_mapping *out_mapping);

/* Safe on a zeroed and on a finished mapping. */
void hsp_mapping_finish(struct hsp_mapping *mapping);

#endif
