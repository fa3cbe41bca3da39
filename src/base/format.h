/* SPDX-License-Identifier: MIT */
/*
 * The pixel formats that can be shown, one table for the device (which validates what the guest
 * says) and the display (which reads the pixels): virtio-gpu's number, the DRM fourcc, the
 * VkFormats and how a pixel becomes 8-bit RGB.
 *
 * virtio-gpu itself numbers only the orders of 8888 (enum virtio_gpu_formats; virtio 1.3,
 * 5.7.6.8). Its numbers are a part of virgl's (enum virgl_formats in virglrenderer's virgl_hw.h),
 * which the others are taken from.
 *
 * The names spell a pixel's channels from its lowest bits, and so its lowest byte, on. The letters
 * of a fourcc (as DRM_FORMAT_XRGB8888) go the other way.
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
    HSP_FORMAT_B5G6R5 = 7,
    HSP_FORMAT_R10G10B10A2 = 8,
    HSP_FORMAT_R8G8B8A8 = 67,
    HSP_FORMAT_X8B8G8R8 = 68,
    HSP_FORMAT_R16G16B16A16F = 94,
    HSP_FORMAT_A8B8G8R8 = 121,
    HSP_FORMAT_B10G10R10A2 = 131,
    HSP_FORMAT_R8G8B8X8 = 134,
    HSP_FORMAT_B10G10R10X2 = 233,
    HSP_FORMAT_R16G16B16X16F = 236,
    HSP_FORMAT_R10G10B10X2 = 308,
};

/* How the bits of a pixel are cut into components 0, 1, 2 and 3. All words are little-endian. */
enum hsp_format_layout {
    HSP_FORMAT_LAYOUT_8888,    /* bytes */
    HSP_FORMAT_LAYOUT_565,     /* one word of 16 bits; component 0 is the highest, 3 is none */
    HSP_FORMAT_LAYOUT_2101010, /* one word of 32 bits; component 0 is the lowest */
    HSP_FORMAT_LAYOUT_FP16,    /* four halves, 1.0 is the brightest there is */
};

struct hsp_format_info {
    uint32_t format;    /* enum hsp_format */
    uint32_t fourcc;    /* DRM_FORMAT_* */
    uint32_t vk_format; /* VkFormat of the very same bits, 0 if there is none */
    /* VkFormat that every driver can sample and whose R, G, B and A are the layout's components 0
     * to 3: what differs is only which of them is which colour. */
    uint32_t vk_view_format;
    const char *name; /* for people, as "B8G8R8A8" */
    enum hsp_format_layout layout;
    uint8_t bytes_per_pixel;
    uint8_t red, green, blue, alpha; /* which component; alpha is the unused one for X */
    bool has_alpha;
};

/* NULL for a number that is not in the table. */
const struct hsp_format_info *hsp_format_find(uint32_t format);

/* Whether a picture of width x height pixels, rows `stride` bytes apart from `offset` on, lies
 * inside `size` bytes: extents from 1 to HSP_LIMIT_SCANOUT_EXTENT, a stride of at least one row.
 * The last row need not be followed by padding. Any numbers may be passed. */
bool hsp_format_layout_fits(const struct hsp_format_info *info, uint32_t width, uint32_t height,
                            uint32_t stride, uint64_t offset, uint64_t size);

/* Converts `count` pixels to 8-bit RGB, rounding to the nearest. Halves are cut off at 0 and 1, and
 * one that is not a number is 0. Alpha is ignored: what is shown is opaque. `pixels` may have any
 * alignment, and somebody else may write them meanwhile. */
void hsp_format_to_rgb(const struct hsp_format_info *info, const uint8_t *pixels, uint32_t count,
                       uint8_t *out_rgb);

#endif
