/* SPDX-License-Identifier: MIT */
/*
 * A map from the 32-bit ids that a guest chose to what they name. Ids may be any numbers but 0;
 * guests count up. Not synchronised.
 */
#ifndef HSP_GPU_ID_MAP_H
#define HSP_GPU_ID_MAP_H

#include "base/util.h"

struct hsp_gpu_id_slot {
    uint32_t id; /* 0: free */
    void *value;
};

/* Open addressing with linear probing; zeroed is empty. */
struct hsp_gpu_id_map {
    struct hsp_gpu_id_slot *slots;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t count;
};

void hsp_gpu_id_map_finish(struct hsp_gpu_id_map *map);

/* NULL when there is none. */
void *hsp_gpu_id_map_find(const struct hsp_gpu_id_map *map, uint32_t id);

/* `id` is not 0 and not in the map. 0 or -ENOMEM. */
int hsp_gpu_id_map_add(struct hsp_gpu_id_map *map, uint32_t id, void *value);

/* Harmless when it is not there. */
void hsp_gpu_id_map_remove(struct hsp_gpu_id_map *map, uint32_t id);

/* For taking all values out: the first one from *cursor (which starts at 0) on; NULL when the map
 * is empty. The caller removes it before the next call. */
void *hsp_gpu_id_map_front(const struct hsp_gpu_id_map *map, uint32_t *cursor);

/* The value behind *cursor, which starts at 0; NULL at the end. The map must not change meanwhile.
 */
void *hsp_gpu_id_map_next(const struct hsp_gpu_id_map *map, uint32_t *cursor);

#endif
