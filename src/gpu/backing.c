/* SPDX-License-Identifier: MIT */
#include "gpu/backing.h"

#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct range_list {
    struct hsp_gpu_backing_range *ranges;
    uint32_t count, capacity;
    uint64_t size;
};

static int append_range(struct range_list *list, const struct hsp_gpu_range *range)
{
    struct hsp_gpu_backing_range *last = list->count ? &list->ranges[list->count - 1] : NULL;

    if (last && (char *)last->range.data + last->range.size == range->data &&
        last->range.fd == range->fd) {
        last->range.size += range->size;
    } else {
        if (list->count == list->capacity) {
            uint32_t capacity = HSP_MAX(16, list->capacity * 2);
            void *ranges = realloc(list->ranges, capacity * sizeof(*list->ranges));
            if (!ranges)
                return -ENOMEM;
            list->ranges = ranges;
            list->capacity = capacity;
        }
        list->ranges[list->count++] =
            (struct hsp_gpu_backing_range){.range = *range, .start = list->size};
    }
    list->size += range->size;
    return 0;
}

static int append_entry(struct range_list *list, const struct hsp_gpu_transport *transport,
                        const struct hsp_gpu_memory *memory,
                        const struct hsp_gpu_backing_entry *entry)
{
    uint64_t address = entry->address;
    uint64_t left = entry->size;

    if (left == 0)
        return -EINVAL;
    while (left > 0) {
        struct hsp_gpu_range range;
        if (!transport->translate(memory, address, left, &range))
            return -EFAULT;
        int ret = append_range(list, &range);
        if (ret < 0)
            return ret;
        address += range.size;
        left -= range.size;
    }
    return 0;
}

int hsp_gpu_backing_init(struct hsp_gpu_backing *backing, const struct hsp_gpu_transport *transport,
                         const struct hsp_gpu_backing_entry *entries, uint32_t entry_count)
{
    struct range_list list = {0};
    struct hsp_gpu_memory *memory;
    int ret = 0;

    if (entry_count == 0)
        return -EINVAL;
    memory = transport->get_memory(transport->user_data);
    if (!memory)
        return -EFAULT;
    for (uint32_t i = 0; ret == 0 && i < entry_count; i++)
        ret = append_entry(&list, transport, memory, &entries[i]);
    if (ret < 0) {
        free(list.ranges);
        transport->release_memory(memory);
        return ret;
    }
    *backing = (struct hsp_gpu_backing){
        .transport = transport,
        .memory = memory,
        .ranges = list.ranges,
        .range_count = list.count,
        .size = list.size,
    };
    return 0;
}

void hsp_gpu_backing_finish(struct hsp_gpu_backing *backing)
{
    if (backing->transport)
        backing->transport->release_memory(backing->memory);
    free(backing->ranges);
    memset(backing, 0, sizeof(*backing));
}

/* The range that holds the byte at `offset`. */
static const struct hsp_gpu_backing_range *find_range(const struct hsp_gpu_backing *backing,
                                                      uint64_t offset)
{
    uint32_t low = 0, high = backing->range_count;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (backing->ranges[middle].start <= offset)
            low = middle;
        else
            high = middle;
    }
    return &backing->ranges[low];
}

void hsp_gpu_backing_read(const struct hsp_gpu_backing *backing, uint64_t offset, void *out,
                          uint64_t size)
{
    const struct hsp_gpu_backing_range *range = size > 0 ? find_range(backing, offset) : NULL;
    char *cursor = out;

    while (size > 0) {
        uint64_t skip = offset - range->start;
        uint64_t part = HSP_MIN(size, range->range.size - skip);
        memcpy(cursor, (const char *)range->range.data + skip, (size_t)part);
        cursor += part;
        offset += part;
        size -= part;
        range++;
    }
}

/* The index of fd in fds, where it is put if it is new. */
static uint32_t intern_fd(int *fds, uint32_t *fd_count, int fd)
{
    uint32_t i = 0;

    while (i < *fd_count && fds[i] != fd)
        i++;
    if (i == *fd_count && i < HSP_LIMIT_MESSAGE_FD_COUNT)
        fds[(*fd_count)++] = fd;
    return i;
}

int hsp_gpu_backing_make_span(const struct hsp_gpu_backing *backing, uint64_t size,
                              struct hsp_span *out_span)
{
    struct hsp_span_piece *pieces;
    int fds[HSP_LIMIT_MESSAGE_FD_COUNT];
    uint32_t fd_count = 0, piece_count = 0;
    int ret;

    if (size == 0 || size > backing->size)
        return -EINVAL;
    if (backing->range_count > HSP_LIMIT_SPAN_PIECE_COUNT)
        return -E2BIG;
    pieces = calloc(backing->range_count, sizeof(*pieces));
    if (!pieces)
        return -ENOMEM;
    for (uint32_t i = 0; i < backing->range_count && size > 0; i++) {
        const struct hsp_gpu_range *range = &backing->ranges[i].range;
        pieces[piece_count] = (struct hsp_span_piece){
            .fd_index = intern_fd(fds, &fd_count, range->fd),
            .offset = range->file_offset,
            .size = HSP_MIN(size, range->size),
        };
        size -= pieces[piece_count++].size;
    }
    /* An index that did not fit fds is out of range, which span_init refuses. */
    ret = hsp_span_init_pieces(out_span, fds, fd_count, pieces, piece_count);
    free(pieces);
    return ret;
}
