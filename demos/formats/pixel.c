/* SPDX-License-Identifier: MIT */
#include "pixel.h"

#include <drm_fourcc.h>
#include <math.h>
#include <string.h>

#define IN_ORDER {RED, GREEN, BLUE, ALPHA}

/* The orders with alpha in the lowest byte have no VkFormat: the shader puts the channels where
 * R8G8B8A8 has those bytes. */
const struct pixel_format pixel_formats[] = {
    {"RGB8888",
     DRM_FORMAT_XRGB8888,
     DRM_FORMAT_ARGB8888,
     VK_FORMAT_B8G8R8A8_UNORM,
     IN_ORDER,
     4,
     false,
     {8, 8, 8, 8},
     {16, 8, 0, 24}},
    {"BGR8888",
     DRM_FORMAT_XBGR8888,
     DRM_FORMAT_ABGR8888,
     VK_FORMAT_R8G8B8A8_UNORM,
     IN_ORDER,
     4,
     false,
     {8, 8, 8, 8},
     {0, 8, 16, 24}},
    {"RGB8888, alpha last",
     DRM_FORMAT_RGBX8888,
     DRM_FORMAT_RGBA8888,
     VK_FORMAT_R8G8B8A8_UNORM,
     {ALPHA, BLUE, GREEN, RED},
     4,
     false,
     {8, 8, 8, 8},
     {24, 16, 8, 0}},
    {"BGR8888, alpha last",
     DRM_FORMAT_BGRX8888,
     DRM_FORMAT_BGRA8888,
     VK_FORMAT_R8G8B8A8_UNORM,
     {ALPHA, RED, GREEN, BLUE},
     4,
     false,
     {8, 8, 8, 8},
     {8, 16, 24, 0}},
    {"RGB565",
     DRM_FORMAT_RGB565,
     0,
     VK_FORMAT_R5G6B5_UNORM_PACK16,
     IN_ORDER,
     2,
     false,
     {5, 6, 5, 0},
     {11, 5, 0, 0}},
    {"BGR565",
     DRM_FORMAT_BGR565,
     0,
     VK_FORMAT_B5G6R5_UNORM_PACK16,
     IN_ORDER,
     2,
     false,
     {5, 6, 5, 0},
     {0, 5, 11, 0}},
    {"RGB1555",
     DRM_FORMAT_XRGB1555,
     DRM_FORMAT_ARGB1555,
     VK_FORMAT_A1R5G5B5_UNORM_PACK16,
     IN_ORDER,
     2,
     false,
     {5, 5, 5, 1},
     {10, 5, 0, 15}},
    {"RGB4444",
     DRM_FORMAT_XRGB4444,
     DRM_FORMAT_ARGB4444,
     VK_FORMAT_A4R4G4B4_UNORM_PACK16,
     IN_ORDER,
     2,
     false,
     {4, 4, 4, 4},
     {8, 4, 0, 12}},
    {"RGB2101010",
     DRM_FORMAT_XRGB2101010,
     DRM_FORMAT_ARGB2101010,
     VK_FORMAT_A2R10G10B10_UNORM_PACK32,
     IN_ORDER,
     4,
     false,
     {10, 10, 10, 2},
     {20, 10, 0, 30}},
    {"BGR2101010",
     DRM_FORMAT_XBGR2101010,
     DRM_FORMAT_ABGR2101010,
     VK_FORMAT_A2B10G10R10_UNORM_PACK32,
     IN_ORDER,
     4,
     false,
     {10, 10, 10, 2},
     {0, 10, 20, 30}},
    {"BGR16161616",
     DRM_FORMAT_XBGR16161616,
     DRM_FORMAT_ABGR16161616,
     VK_FORMAT_R16G16B16A16_UNORM,
     IN_ORDER,
     8,
     false,
     {16, 16, 16, 16},
     {0, 16, 32, 48}},
    {"BGR16161616F",
     DRM_FORMAT_XBGR16161616F,
     DRM_FORMAT_ABGR16161616F,
     VK_FORMAT_R16G16B16A16_SFLOAT,
     IN_ORDER,
     8,
     true,
     {16, 16, 16, 16},
     {0, 16, 32, 48}},
};
const size_t pixel_format_count = sizeof(pixel_formats) / sizeof(pixel_formats[0]);

const struct pixel_format *pixel_format_find(uint32_t code)
{
    for (size_t i = 0; i < pixel_format_count; i++) {
        if (pixel_formats[i].opaque_code == code || pixel_formats[i].alpha_code == code)
            return &pixel_formats[i];
    }
    return NULL;
}

/* IEEE 754 half: sign, 5 bits of exponent, 10 of fraction. What is not a number becomes -1. */
static float decode_half(uint32_t bits)
{
    const int exponent = (bits >> 10) & 31;
    const float fraction = (float)(bits & 1023) / 1024;
    const float value = exponent == 0 ? ldexpf(fraction, -14) : ldexpf(1 + fraction, exponent - 15);

    if (exponent == 31)
        return -1;
    return bits & 0x8000 ? -value : value;
}

void pixel_decode(const struct pixel_format *format, const uint8_t *bytes, float *out_rgba)
{
    uint64_t pixel = 0;

    memcpy(&pixel, bytes, format->size);
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        const uint64_t max = (1ull << format->bits[i]) - 1;
        const uint64_t value = (pixel >> format->shift[i]) & max;

        if (max == 0)
            out_rgba[i] = 1;
        else
            out_rgba[i] =
                format->is_float ? decode_half((uint32_t)value) : (float)value / (float)max;
    }
}

void pixel_expect(uint32_t x, uint32_t y, uint32_t width, uint32_t height, float alpha,
                  float *out_rgba)
{
    const uint32_t bar = 7 - x * 8 / width, row = y * 8 / height;
    const float shade = (float)x / (float)(width - 1);

    if (row < 4) {
        out_rgba[RED] = (float)((bar >> 1) & 1);
        out_rgba[GREEN] = (float)((bar >> 2) & 1);
        out_rgba[BLUE] = (float)(bar & 1);
    } else {
        for (uint32_t i = RED; i <= BLUE; i++)
            out_rgba[i] = row == 7 || row - 4 == i ? shade : 0;
    }
    out_rgba[ALPHA] = alpha;
}

bool pixel_is_right(const struct pixel_format *format, const float *rgba, const float *expected)
{
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        const float max = (float)((1ull << format->bits[i]) - 1);
        /* A driver may take the step above or the one below. */
        const float tolerance = format->is_float ? 1.0f / 1024 : 1.01f / max;

        if (format->bits[i] > 0 && !(fabsf(rgba[i] - expected[i]) <= tolerance))
            return false;
    }
    return true;
}
