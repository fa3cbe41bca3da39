/* SPDX-License-Identifier: MIT */
#include "gpu/window.h"

#include "base/limits.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The guest's page size; the host's may be larger. */
#define GUEST_PAGE_SIZE 4096

void hsp_gpu_window_init(struct hsp_gpu_window *window, const struct hsp_gpu_transport *transport)
{
    window->transport = transport;
    window->used_size = 0;
    window->map_count = 0;
    hsp_list_init(&window->maps);
}

/* The map in front of which a new one at `offset` belongs, or the list's head. */
static struct hsp_list *find_place(const struct hsp_gpu_window *window, uint64_t offset)
{
    struct hsp_list *link = window->maps.next;

    while (link != &window->maps &&
           HSP_CONTAINER_OF(link, struct hsp_gpu_window_map, link)->offset < offset)
        link = link->next;
    return link;
}

bool hsp_gpu_window_is_taken(const struct hsp_gpu_window *window, uint64_t offset, uint64_t size)
{
    hsp_list_for_each (map, &window->maps, struct hsp_gpu_window_map, link) {
        if (offset < map->offset + map->size && map->offset < offset + size)
            return true;
    }
    return false;
}

static bool is_aligned(uint64_t value)
{
    uint64_t page = HSP_MAX((uint64_t)GUEST_PAGE_SIZE, (uint64_t)hsp_page_size());

    return (value & (page - 1)) == 0;
}

/* Undoes the first `piece_count` pieces. What the VMM refuses now, it has dropped by itself. */
static void unmap_pieces(struct hsp_gpu_window *window, const struct hsp_gpu_window_map *map,
                         uint32_t piece_count)
{
    uint64_t offset = map->offset;

    for (uint32_t i = 0; i < piece_count; i++) {
        int ret =
            window->transport->unmap(window->transport->user_data, offset, map->piece_sizes[i]);
        if (ret < 0)
            hsp_debug("unmap of %llu bytes at %llu of the window: %s",
                      (unsigned long long)map->piece_sizes[i], (unsigned long long)offset,
                      strerror(-ret));
        offset += map->piece_sizes[i];
    }
}

static int map_pieces(struct hsp_gpu_window *window, struct hsp_gpu_window_map *map,
                      const struct hsp_span *span)
{
    uint64_t done = 0;
    uint32_t i;
    int ret = 0;

    for (i = 0; ret == 0 && done < map->size; i++) {
        const struct hsp_span_piece *piece = &span->pieces[i];
        uint64_t size = HSP_MIN(piece->size, map->size - done);
        if (!is_aligned(piece->offset) || !is_aligned(size))
            ret = -EINVAL;
        else
            ret = window->transport->map(window->transport->user_data, map->offset + done,
                                         span->fds[piece->fd_index], piece->offset, size);
        map->piece_sizes[i] = size;
        done += size;
    }
    map->piece_count = i;
    if (ret < 0)
        unmap_pieces(window, map, i - 1);
    return ret;
}

int hsp_gpu_window_map(struct hsp_gpu_window *window, struct hsp_gpu_window_map *map,
                       uint64_t offset, uint64_t size, const struct hsp_span *span)
{
    int ret;

    if (size == 0 || size > span->size || !is_aligned(offset) || !is_aligned(size) ||
        !hsp_range_fits(offset, size, window->transport->window_size))
        return -EINVAL;
    if (map->mapped || hsp_gpu_window_is_taken(window, offset, size))
        return -EEXIST;
    if (window->map_count >= HSP_LIMIT_WINDOW_MAP_COUNT)
        return -ENOSPC;
    map->piece_sizes = calloc(span->piece_count, sizeof(*map->piece_sizes));
    if (!map->piece_sizes)
        return -ENOMEM;
    map->offset = offset;
    map->size = size;
    ret = map_pieces(window, map, span);
    if (ret < 0) {
        free(map->piece_sizes);
        map->piece_sizes = NULL;
        return ret;
    }
    map->mapped = true;
    hsp_list_append(find_place(window, offset), &map->link);
    window->used_size += size;
    window->map_count++;
    return 0;
}

void hsp_gpu_window_unmap(struct hsp_gpu_window *window, struct hsp_gpu_window_map *map)
{
    if (!map->mapped)
        return;
    unmap_pieces(window, map, map->piece_count);
    free(map->piece_sizes);
    hsp_list_remove(&map->link);
    window->used_size -= map->size;
    window->map_count--;
    memset(map, 0, sizeof(*map));
}
