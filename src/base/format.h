/* SPDX-License-Identifier: MIT */
/*
 * The pixel formats of virtio-gpu, one table for the device (which validates what the guest says)
 * and the display (which reads the pixels).
 *
 * The numbers are virtio-gpu's (enum virtio_gpu_formats; virtio 1.3, 5.7.6.8); the names spell the
 * bytes of a pixel in the order in which they lie in memory.
 *
 * Threads: everything here is constant or pure; safe from any thread.
 */
#ifndef HSP_BASE_FORMAT_H
#define HSP_BASE_FORMAT_H

#include "base/util.h"

enum hsp_format {
    HSP_FORMAT_B8G8R8A8 = 1,
    HSP_FORMAT_B8G8R8X8 = 2,
    HSP_FORMAT_A8R8G8B8 = 3,
    HSP_FORMAT_X8R8G8B8 = 4,
    HSP_FORMAT_R8G8B8A8 = 67,
    HSP_FORMAT_X8B8G8R8 = 68,
    HSP_FORMAT_A8B8G8R8 = 121,
    HSP_FORMAT_R8G8B8X8 = 134,
};

struct hsp_format_info {
    uint32_t format;  /* enum hsp_format */
    const char *name; /* for people, as "B8G8R8A8" */
    uint8_t bytes_per_pixel;
    uint8_t red, green, blue, alpha; /* which byte of the pixel; alpha is the unused one for X */
    bool has_alpha;
};

/* NULL for a number that is not in the table. */
const struct hsp_format_info *hsp_format_find(uint32_t format);

/* Whether a picture of width x height pixels, rows `stride` bytes apart from `offset` on, lies
 * inside `size` bytes: extents from 1 to HSP_LIMIT_SCANOUT_EXTENT, a stride of at least one row.
 * The last row need not be followed by padding. Any numbers may be passed. */
bool hsp_format_layout_fits(const struct hsp_format_info *info, uint32_t width, uint32_t height,
                            uint32_t stride, uint64_t offset, uint64_t size);

#endif
