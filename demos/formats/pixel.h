/* SPDX-License-Identifier: MIT */
/* Formats of pixels as screens and as Vulkan name them, and the picture that is drawn in each. */
#ifndef FORMATS_PIXEL_H
#define FORMATS_PIXEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vulkan/vulkan.h>

enum { RED, GREEN, BLUE, ALPHA, CHANNEL_COUNT };

struct pixel_format {
    const char *name;             /* without X or A, as "RGB8888" */
    uint32_t opaque_code;         /* DRM_FORMAT_X*, or the only one */
    uint32_t alpha_code;          /* DRM_FORMAT_A*; 0 when there is none */
    VkFormat format;              /* of the image */
    int order[CHANNEL_COUNT];     /* the channel that goes into the image's R, G, B, A */
    uint8_t size;                 /* bytes */
    bool is_float;                /* 16-bit floats */
    uint8_t bits[CHANNEL_COUNT];  /* of each channel; 0: there is none */
    uint8_t shift[CHANNEL_COUNT]; /* in the pixel as a little-endian number */
};

extern const struct pixel_format pixel_formats[];
extern const size_t pixel_format_count;

/* NULL when the code (DRM_FORMAT_*) is not in the table. */
const struct pixel_format *pixel_format_find(uint32_t code);

/* The channels of one pixel, 0 to 1; alpha is 1 when there is none. */
void pixel_decode(const struct pixel_format *format, const uint8_t *bytes, float *out_rgba);

/* The picture: eight bars above, below shades of red, green, blue and grey. */
void pixel_expect(uint32_t x, uint32_t y, uint32_t width, uint32_t height, float alpha,
                  float *out_rgba);

/* Whether a decoded pixel is the expected one, as exactly as the format can say it. */
bool pixel_is_right(const struct pixel_format *format, const float *rgba, const float *expected);

#endif
