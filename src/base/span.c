/* SPDX-License-Identifier: MIT */
/*
 * A span of many pieces is mapped by reserving address space for all of it and putting each piece
 * into its place (MAP_FIXED over the reservation).
 */
#include "base/span.h"

#include "base/fd.h"
#include "base/limits.h"
#include "base/shm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool piece_is_valid(const struct hsp_span_piece *piece, uint32_t fd_count)
{
    return piece->fd_index < fd_count && piece->size > 0 &&
           hsp_range_fits(piece->offset, piece->size, INT64_MAX);
}

static int alloc_arrays(struct hsp_span *span, uint32_t fd_count, uint32_t piece_count)
{
    span->fds = calloc(fd_count, sizeof(*span->fds));
    span->pieces = calloc(piece_count, sizeof(*span->pieces));
    if (!span->fds || !span->pieces) {
        hsp_span_finish(span);
        return -ENOMEM;
    }
    return 0;
}

int hsp_span_init_single(struct hsp_span *span, int fd_steal, uint64_t offset, uint64_t size)
{
    struct hsp_span new_span = HSP_SPAN_EMPTY;
    struct hsp_span_piece piece = {.fd_index = 0, .offset = offset, .size = size};
    int ret;

    if (fd_steal < 0)
        return -EBADF;
    if (!piece_is_valid(&piece, 1))
        return -EINVAL;
    ret = alloc_arrays(&new_span, 1, 1);
    if (ret < 0)
        return ret;
    new_span.fds[0] = fd_steal;
    new_span.fd_count = 1;
    new_span.pieces[0] = piece;
    new_span.piece_count = 1;
    new_span.size = size;
    *span = new_span;
    return 0;
}

static int append_piece(struct hsp_span *span, const struct hsp_span_piece *piece)
{
    struct hsp_span_piece *last = span->piece_count ? &span->pieces[span->piece_count - 1] : NULL;

    if (!piece_is_valid(piece, span->fd_count))
        return -EINVAL;
    if (span->size > INT64_MAX - piece->size)
        return -EINVAL;
    span->size += piece->size;
    if (last && last->fd_index == piece->fd_index && last->offset + last->size == piece->offset)
        last->size += piece->size;
    else
        span->pieces[span->piece_count++] = *piece;
    return 0;
}

int hsp_span_init_shm(struct hsp_span *span, const char *name, uint64_t size)
{
    int fd = hsp_shm_create(name, hsp_align_up(size, hsp_page_size()));
    int ret;

    if (fd < 0)
        return fd;
    ret = hsp_span_init_single(span, fd, 0, size);
    if (ret < 0)
        hsp_fd_close(&fd);
    return ret;
}

int hsp_span_init_pieces(struct hsp_span *span, const int *fds, uint32_t fd_count,
                         const struct hsp_span_piece *pieces, uint32_t piece_count)
{
    struct hsp_span new_span = HSP_SPAN_EMPTY;
    int ret;

    if (fd_count == 0 || piece_count == 0)
        return -EINVAL;
    if (piece_count > HSP_LIMIT_SPAN_PIECE_COUNT || fd_count > piece_count)
        return -E2BIG;
    ret = alloc_arrays(&new_span, fd_count, piece_count);
    if (ret < 0)
        return ret;
    for (uint32_t i = 0; i < fd_count; i++) {
        ret = hsp_fd_dup(fds[i]);
        if (ret < 0)
            goto out;
        new_span.fds[i] = ret;
        new_span.fd_count = i + 1;
    }
    for (uint32_t i = 0; i < piece_count; i++) {
        ret = append_piece(&new_span, &pieces[i]);
        if (ret < 0)
            goto out;
    }
    *span = new_span;
    return 0;

out:
    hsp_span_finish(&new_span);
    return ret;
}

int hsp_span_init_copy(struct hsp_span *span, const struct hsp_span *other)
{
    return hsp_span_init_pieces(span, other->fds, other->fd_count, other->pieces,
                                other->piece_count);
}

void hsp_span_finish(struct hsp_span *span)
{
    for (uint32_t i = 0; i < span->fd_count; i++)
        hsp_fd_close(&span->fds[i]);
    free(span->fds);
    free(span->pieces);
    *span = HSP_SPAN_EMPTY;
}

/* Whether each piece lies inside its file, where the file has a size of its own (a device such as a
 * dma-buf may not say). */
static int check_file_sizes(const struct hsp_span *span)
{
    for (uint32_t i = 0; i < span->piece_count; i++) {
        const struct hsp_span_piece *piece = &span->pieces[i];
        struct stat st;

        if (fstat(span->fds[piece->fd_index], &st) < 0)
            return -errno;
        if (S_ISREG(st.st_mode) &&
            !hsp_range_fits(piece->offset, piece->size, (uint64_t)st.st_size))
            return -EINVAL;
    }
    return 0;
}

static int map_piece(void *where, const struct hsp_span *span, const struct hsp_span_piece *piece,
                     uint64_t lead, int protection)
{
    void *p = mmap(where, (size_t)(piece->size + lead), protection, MAP_SHARED | MAP_FIXED,
                   span->fds[piece->fd_index], (off_t)(piece->offset - lead));

    return p == MAP_FAILED ? -errno : 0;
}

int hsp_span_map(const struct hsp_span *span, bool writable, struct hsp_mapping *out_mapping)
{
    int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    uint64_t page = hsp_page_size();
    uint64_t lead, position = 0;
    struct hsp_mapping mapping = {0};
    int ret;

    if (span->piece_count == 0)
        return -EINVAL;
    ret = check_file_sizes(span);
    if (ret < 0)
        return ret;

    /* Only the first piece may begin, and only the last may end, inside a page. */
    lead = span->pieces[0].offset & (page - 1);
    mapping.base_size = (size_t)hsp_align_up(lead + span->size, page);
    mapping.base = mmap(NULL, mapping.base_size, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (mapping.base == MAP_FAILED)
        return -errno;
    for (uint32_t i = 0; i < span->piece_count; i++) {
        const struct hsp_span_piece *piece = &span->pieces[i];
        uint64_t piece_lead = i == 0 ? lead : 0;

        if ((piece->offset - piece_lead) % page != 0 || (lead + position) % page != piece_lead) {
            ret = -EINVAL;
            goto out;
        }
        ret = map_piece((char *)mapping.base + lead + position - piece_lead, span, piece,
                        piece_lead, protection);
        if (ret < 0)
            goto out;
        position += piece->size;
    }
    mapping.data = (char *)mapping.base + lead;
    mapping.size = span->size;
    *out_mapping = mapping;
    return 0;

out:
    munmap(mapping.base, mapping.base_size);
    return ret;
}

void hsp_mapping_finish(struct hsp_mapping *mapping)
{
    if (mapping->base)
        munmap(mapping->base, mapping->base_size);
    memset(mapping, 0, sizeof(*mapping));
}
