/* SPDX-License-Identifier: MIT */
/*
 * The host-visible window: which parts of it show what. The VMM checks neither alignment nor the
 * guest's honesty, so it is done here before the VMM hears of a mapping.
 */
#ifndef HSP_GPU_WINDOW_H
#define HSP_GPU_WINDOW_H

#include "base/list.h"
#include "base/span.h"
#include "gpu/transport.h"

/* One mapping: the first `size` bytes of a span. Part of what is mapped. */
struct hsp_gpu_window_map {
    struct hsp_list link;
    bool mapped;
    uint64_t offset, size;
    uint64_t *piece_sizes; /* the VMM knows each piece as a map of its own */
    uint32_t piece_count;
};

struct hsp_gpu_window {
    const struct hsp_gpu_transport *transport;
    struct hsp_list maps; /* by offset */
    uint32_t map_count;
    uint64_t used_size;
};

void hsp_gpu_window_init(struct hsp_gpu_window *window, const struct hsp_gpu_transport *transport);

/* Shows the first `size` bytes of `span` at `offset`. 0; -EINVAL for numbers that are no multiples
 * of the page size, lie outside of the window or of the span; -EEXIST for a part that is taken;
 * -ENOSPC above HSP_LIMIT_WINDOW_MAP_COUNT; other negative errnos from the VMM. *map is zeroed, or
 * was unmapped. */
int hsp_gpu_window_map(struct hsp_gpu_window *window, struct hsp_gpu_window_map *map,
                       uint64_t offset, uint64_t size, const struct hsp_span *span);

/* Harmless on what is not mapped. */
void hsp_gpu_window_unmap(struct hsp_gpu_window *window, struct hsp_gpu_window_map *map);

/* Whether some map has a byte of the range. */
bool hsp_gpu_window_is_taken(const struct hsp_gpu_window *window, uint64_t offset, uint64_t size);

#endif
