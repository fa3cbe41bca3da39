/* SPDX-License-Identifier: MIT */
/*
 * A picture is what a scanout can show: a rectangle of pixels in shared memory, checked once. The
 * guest may write the pixels at any time, also while they are read.
 *
 * Ownership: reference-counted; a picture owns its span.
 * Threads: ref and unref on the loop's thread only; all else is constant, so that a thread for
 * which a reference is held may read it.
 */
#ifndef HSP_DISPLAY_PICTURE_H
#define HSP_DISPLAY_PICTURE_H

#include "base/format.h"
#include "ipc/messages.h"

struct hsp_display_picture {
    unsigned ref_count;
    struct hsp_span span;
    const struct hsp_format_info *format;
    uint32_t width, height;   /* of the whole picture, pixels */
    uint32_t stride;          /* bytes */
    uint64_t offset;          /* of the first row in the span, bytes */
    struct hsp_ipc_rect rect; /* the shown part, inside the picture and not empty */
};

/* A picture with one reference. Steals the span's contents on success only. Everything in `scanout`
 * may be wrong: -EINVAL for an unknown format, a layout that does not fit the span or a rectangle
 * that does not fit the picture; the errors of hsp_display_span_check. */
int hsp_display_picture_create(const struct hsp_ipc_display_scanout *scanout,
                               struct hsp_span *span_steal, struct hsp_display_picture **out);

/* Whether a span's files can be read safely: each piece inside its file, and the files sealed
 * against shrinking unless they are guest RAM (enum hsp_ipc_resource_kind). 0, -EINVAL if not. */
int hsp_display_span_check(const struct hsp_span *span, uint32_t kind);

struct hsp_display_picture *hsp_display_picture_ref(struct hsp_display_picture *picture);
void hsp_display_picture_unref(struct hsp_display_picture *picture); /* takes NULL */

/* The part of `rect` (in pixels of the picture) that is shown. False when nothing is. */
bool hsp_display_picture_clip(const struct hsp_display_picture *picture,
                              const struct hsp_ipc_rect *rect, struct hsp_ipc_rect *out_rect);

#endif
