/* SPDX-License-Identifier: MIT */
#include "display/picture.h"

#include "base/limits.h"
#include "base/shm.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static int check_file(int fd, uint64_t size, uint32_t kind)
{
    struct stat st;

    if (kind != HSP_IPC_RESOURCE_GUEST)
        return hsp_shm_check_sealed(fd, size);
    if (fstat(fd, &st) < 0)
        return -errno;
    return S_ISREG(st.st_mode) && st.st_size >= 0 && size <= (uint64_t)st.st_size ? 0 : -EINVAL;
}

int hsp_display_span_check(const struct hsp_span *span, uint32_t kind)
{
    /* Pieces are many and files few: one question per file. */
    uint64_t needed[HSP_LIMIT_MESSAGE_FD_COUNT] = {0};

    if (span->fd_count > HSP_ARRAY_COUNT(needed))
        return -EINVAL;
    for (uint32_t i = 0; i < span->piece_count; i++) {
        const struct hsp_span_piece *piece = &span->pieces[i];
        uint64_t end = piece->offset + piece->size;
        needed[piece->fd_index] = HSP_MAX(needed[piece->fd_index], end);
    }
    for (uint32_t i = 0; i < span->fd_count; i++) {
        int ret = check_file(span->fds[i], needed[i], kind);
        if (ret < 0)
            return ret;
    }
    return 0;
}

int hsp_display_picture_create(const struct hsp_ipc_display_scanout *scanout,
                               struct hsp_span *span_steal, struct hsp_display_picture **out)
{
    const struct hsp_format_info *format = hsp_format_find(scanout->format);
    const struct hsp_ipc_rect *rect = &scanout->rect;
    int ret;

    if (!format || !hsp_format_layout_fits(format, scanout->width, scanout->height, scanout->stride,
                                           scanout->offset, span_steal->size))
        return -EINVAL;
    if (rect->width == 0 || rect->height == 0 ||
        !hsp_range_fits(rect->x, rect->width, scanout->width) ||
        !hsp_range_fits(rect->y, rect->height, scanout->height))
        return -EINVAL;
    ret = hsp_display_span_check(span_steal, scanout->kind);
    if (ret < 0)
        return ret;

    struct hsp_display_picture *picture = malloc(sizeof(*picture));
    if (!picture)
        return -ENOMEM;
    *picture = (struct hsp_display_picture){
        .ref_count = 1,
        .span = *span_steal,
        .format = format,
        .width = scanout->width,
        .height = scanout->height,
        .stride = scanout->stride,
        .offset = scanout->offset,
        .rect = *rect,
    };
    *span_steal = HSP_SPAN_EMPTY;
    *out = picture;
    return 0;
}

struct hsp_display_picture *hsp_display_picture_ref(struct hsp_display_picture *picture)
{
    picture->ref_count++;
    return picture;
}

void hsp_display_picture_unref(struct hsp_display_picture *picture)
{
    if (!picture || --picture->ref_count > 0)
        return;
    hsp_span_finish(&picture->span);
    free(picture);
}

/* Clips [*start, *start + *size) to [limit_start, limit_start + limit_size). The limits are small
 * (checked at creation); the range may be anything. */
static bool clip_range(uint32_t *start, uint32_t *size, uint32_t limit_start, uint32_t limit_size)
{
    uint64_t from = HSP_MAX(*start, limit_start);
    uint64_t to = HSP_MIN((uint64_t)*start + *size, (uint64_t)limit_start + limit_size);

    if (from >= to)
        return false;
    *start = (uint32_t)from;
    *size = (uint32_t)(to - from);
    return true;
}

bool hsp_display_picture_clip(const struct hsp_display_picture *picture,
                              const struct hsp_ipc_rect *rect, struct hsp_ipc_rect *out_rect)
{
    struct hsp_ipc_rect clipped = *rect;

    if (!clip_range(&clipped.x, &clipped.width, picture->rect.x, picture->rect.width) ||
        !clip_range(&clipped.y, &clipped.height, picture->rect.y, picture->rect.height))
        return false;
    *out_rect = clipped;
    return true;
}
