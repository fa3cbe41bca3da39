/* SPDX-License-Identifier: MIT */
#include "base/format.h"

#include "base/limits.h"

#include <string.h>
#include <vulkan/vulkan_core.h>

#define FOURCC(a, b, c, d) \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

#define FORMAT(name_, fourcc_, vk, vk_view, layout_, size, r, g, b, a, has_alpha_) \
    {.format = HSP_FORMAT_##name_,                                                 \
     .fourcc = FOURCC fourcc_,                                                     \
     .vk_format = VK_FORMAT_##vk,                                                  \
     .vk_view_format = VK_FORMAT_##vk_view,                                        \
     .name = #name_,                                                               \
     .layout = HSP_FORMAT_LAYOUT_##layout_,                                        \
     .bytes_per_pixel = size,                                                      \
     .red = r,                                                                     \
     .green = g,                                                                   \
     .blue = b,                                                                    \
     .alpha = a,                                                                   \
     .has_alpha = has_alpha_}

#define BYTES(name, fourcc, vk, r, g, b, a, has_alpha) \
    FORMAT(name, fourcc, vk, R8G8B8A8_UNORM, 8888, 4, r, g, b, a, has_alpha)
#define TENS(name, fourcc, vk, r, g, b, a, has_alpha) \
    FORMAT(name, fourcc, vk, A2B10G10R10_UNORM_PACK32, 2101010, 4, r, g, b, a, has_alpha)
#define HALVES(name, fourcc, has_alpha) \
    FORMAT(name, fourcc, R16G16B16A16_SFLOAT, R16G16B16A16_SFLOAT, FP16, 8, 0, 1, 2, 3, has_alpha)

/* clang-format off */
static const struct hsp_format_info formats[] = {
    BYTES(B8G8R8A8, ('A', 'R', '2', '4'), B8G8R8A8_UNORM, 2, 1, 0, 3, true),
    BYTES(B8G8R8X8, ('X', 'R', '2', '4'), B8G8R8A8_UNORM, 2, 1, 0, 3, false),
    BYTES(A8R8G8B8, ('B', 'A', '2', '4'), UNDEFINED,      1, 2, 3, 0, true),
    BYTES(X8R8G8B8, ('B', 'X', '2', '4'), UNDEFINED,      1, 2, 3, 0, false),
    BYTES(R8G8B8A8, ('A', 'B', '2', '4'), R8G8B8A8_UNORM, 0, 1, 2, 3, true),
    BYTES(R8G8B8X8, ('X', 'B', '2', '4'), R8G8B8A8_UNORM, 0, 1, 2, 3, false),
    BYTES(A8B8G8R8, ('R', 'A', '2', '4'), UNDEFINED,      3, 2, 1, 0, true),
    BYTES(X8B8G8R8, ('R', 'X', '2', '4'), UNDEFINED,      3, 2, 1, 0, false),
    FORMAT(B5G6R5, ('R', 'G', '1', '6'), R5G6B5_UNORM_PACK16, R5G6B5_UNORM_PACK16, 565, 2,
           0, 1, 2, 3, false),
    TENS(B10G10R10A2, ('A', 'R', '3', '0'), A2R10G10B10_UNORM_PACK32, 2, 1, 0, 3, true),
    TENS(B10G10R10X2, ('X', 'R', '3', '0'), A2R10G10B10_UNORM_PACK32, 2, 1, 0, 3, false),
    TENS(R10G10B10A2, ('A', 'B', '3', '0'), A2B10G10R10_UNORM_PACK32, 0, 1, 2, 3, true),
    TENS(R10G10B10X2, ('X', 'B', '3', '0'), A2B10G10R10_UNORM_PACK32, 0, 1, 2, 3, false),
    HALVES(R16G16B16A16F, ('A', 'B', '4', 'H'), true),
    HALVES(R16G16B16X16F, ('X', 'B', '4', 'H'), false),
};
/* clang-format on */

const struct hsp_format_info *hsp_format_find(uint32_t format)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(formats); i++) {
        if (formats[i].format == format)
            return &formats[i];
    }
    return NULL;
}

bool hsp_format_layout_fits(const struct hsp_format_info *info, uint32_t width, uint32_t height,
                            uint32_t stride, uint64_t offset, uint64_t size)
{
    if (width == 0 || height == 0 || width > HSP_LIMIT_SCANOUT_EXTENT ||
        height > HSP_LIMIT_SCANOUT_EXTENT)
        return false;
    uint64_t row_size = (uint64_t)width * info->bytes_per_pixel;
    if (stride < row_size)
        return false;
    /* At most 2^14 rows of 2^32 bytes: no overflow. */
    return hsp_range_fits(offset, (uint64_t)stride * (height - 1) + row_size, size);
}

/* ------------------------------------------------------------------ to RGB */

static uint8_t scale_to_8_bits(uint32_t value, uint32_t max)
{
    return (uint8_t)((value * 255 + max / 2) / max);
}

/* A half has 1 bit of sign, 5 of exponent (bias 15) and 10 of fraction. */
static uint8_t half_to_8_bits(uint16_t half)
{
    uint32_t exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;

    if (exponent == 0x1f && fraction != 0)
        return 0; /* not a number */
    if (half & 0x8000)
        return 0;
    if (exponent >= 15)
        return 255;
    if (exponent < 6)
        return 0; /* less than 2^-9, which is less than half a step of 1/255 */
    /* The value is (1024 + fraction) / 2^(25 - exponent). */
    uint32_t shift = 25 - exponent;
    return (uint8_t)(((1024 + fraction) * 255 + (1u << (shift - 1))) >> shift);
}

static void split_565(const uint8_t *pixel, uint8_t out[4])
{
    uint16_t word;

    memcpy(&word, pixel, sizeof(word));
    out[0] = scale_to_8_bits(word >> 11, 31);
    out[1] = scale_to_8_bits(word >> 5 & 63, 63);
    out[2] = scale_to_8_bits(word & 31, 31);
    out[3] = 255;
}

static void split_2101010(const uint8_t *pixel, uint8_t out[4])
{
    uint32_t word;

    memcpy(&word, pixel, sizeof(word));
    for (int i = 0; i < 3; i++)
        out[i] = scale_to_8_bits(word >> (10 * i) & 1023, 1023);
    out[3] = scale_to_8_bits(word >> 30, 3);
}

static void split_fp16(const uint8_t *pixel, uint8_t out[4])
{
    uint16_t halves[4];

    memcpy(halves, pixel, sizeof(halves));
    for (int i = 0; i < 4; i++)
        out[i] = half_to_8_bits(halves[i]);
}

void hsp_format_to_rgb(const struct hsp_format_info *info, const uint8_t *pixels, uint32_t count,
                       uint8_t *out_rgb)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t components[4];
        switch (info->layout) {
        case HSP_FORMAT_LAYOUT_8888:
            memcpy(components, pixels, sizeof(components));
            break;
        case HSP_FORMAT_LAYOUT_565:
            split_565(pixels, components);
            break;
        case HSP_FORMAT_LAYOUT_2101010:
            split_2101010(pixels, components);
            break;
        case HSP_FORMAT_LAYOUT_FP16:
            split_fp16(pixels, components);
            break;
        }
        out_rgb[0] = components[info->red];
        out_rgb[1] = components[info->green];
        out_rgb[2] = components[info->blue];
        pixels += info->bytes_per_pixel;
        out_rgb += 3;
    }
}
