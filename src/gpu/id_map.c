/* SPDX-License-Identifier: MIT */
#include "gpu/id_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIN_CAPACITY 64

void hsp_gpu_id_map_finish(struct hsp_gpu_id_map *map)
{
    free(map->slots);
    memset(map, 0, sizeof(*map));
}

/* Spreads ids, so that a guest that picks them badly pays no more than one that counts. */
static uint32_t home(const struct hsp_gpu_id_map *map, uint32_t id)
{
    uint32_t x = id * 0x9e3779b1u;

    x ^= x >> 15;
    return x & (map->capacity - 1);
}

static struct hsp_gpu_id_slot *find_slot(const struct hsp_gpu_id_map *map, uint32_t id)
{
    uint32_t i = home(map, id);

    while (map->slots[i].id != 0 && map->slots[i].id != id)
        i = (i + 1) & (map->capacity - 1);
    return &map->slots[i];
}

void *hsp_gpu_id_map_find(const struct hsp_gpu_id_map *map, uint32_t id)
{
    if (id == 0 || map->capacity == 0)
        return NULL;
    return find_slot(map, id)->value;
}

static int grow(struct hsp_gpu_id_map *map)
{
    struct hsp_gpu_id_map bigger = {.capacity = HSP_MAX(MIN_CAPACITY, map->capacity * 2)};

    bigger.slots = calloc(bigger.capacity, sizeof(*bigger.slots));
    if (!bigger.slots)
        return -ENOMEM;
    for (uint32_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].id != 0)
            *find_slot(&bigger, map->slots[i].id) = map->slots[i];
    }
    bigger.count = map->count;
    free(map->slots);
    *map = bigger;
    return 0;
}

int hsp_gpu_id_map_add(struct hsp_gpu_id_map *map, uint32_t id, void *value)
{
    if (map->count >= map->capacity / 2) {
        int ret = grow(map);
        if (ret < 0)
            return ret;
    }
    *find_slot(map, id) = (struct hsp_gpu_id_slot){.id = id, .value = value};
    map->count++;
    return 0;
}

void hsp_gpu_id_map_remove(struct hsp_gpu_id_map *map, uint32_t id)
{
    struct hsp_gpu_id_slot *slot;
    uint32_t mask = map->capacity - 1;

    if (id == 0 || map->capacity == 0)
        return;
    slot = find_slot(map, id);
    if (slot->id == 0)
        return;
    map->count--;
    /* Close the gap: move up what was pushed behind it. */
    uint32_t gap = (uint32_t)(slot - map->slots);
    for (uint32_t i = (gap + 1) & mask; map->slots[i].id != 0; i = (i + 1) & mask) {
        uint32_t wanted = home(map, map->slots[i].id);
        if (((i - wanted) & mask) >= ((i - gap) & mask)) {
            map->slots[gap] = map->slots[i];
            gap = i;
        }
    }
    map->slots[gap] = (struct hsp_gpu_id_slot){0};
}

void *hsp_gpu_id_map_next(const struct hsp_gpu_id_map *map, uint32_t *cursor)
{
    while (*cursor < map->capacity) {
        const struct hsp_gpu_id_slot *slot = &map->slots[(*cursor)++];
        if (slot->id != 0)
            return slot->value;
    }
    return NULL;
}

void *hsp_gpu_id_map_front(const struct hsp_gpu_id_map *map, uint32_t *cursor)
{
    /* A removal moves others up to where it was, but never to in front of it. */
    while (*cursor < map->capacity && map->slots[*cursor].id == 0)
        (*cursor)++;
    return *cursor < map->capacity ? map->slots[*cursor].value : NULL;
}
