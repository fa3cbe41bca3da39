/* SPDX-License-Identifier: MIT */
#include "display/screenshot.h"

#include "display/png_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct shot {
    const struct hsp_display_picture *picture;
    const struct hsp_display_cursor *cursor;
    const uint8_t *pixels; /* what is shown, in the picture's format */
    uint64_t row_size;     /* bytes */
};

/* The guest goes on drawing, and a PNG takes many times as long as a copy: this keeps frames that
 * come meanwhile out of the picture. NULL when there is no memory. */
static uint8_t *copy_pixels(const struct hsp_display_picture *picture, const uint8_t *span,
                            uint64_t row_size)
{
    const struct hsp_ipc_rect *rect = &picture->rect;
    const uint8_t *first_pixel = span + picture->offset + (uint64_t)picture->stride * rect->y +
                                 (uint64_t)picture->format->bytes_per_pixel * rect->x;
    uint8_t *pixels = malloc(row_size * rect->height);

    for (uint32_t y = 0; pixels && y < rect->height; y++)
        memcpy(pixels + row_size * y, first_pixel + (uint64_t)picture->stride * y, row_size);
    return pixels;
}

static uint8_t blend(uint8_t below, uint8_t above, uint8_t alpha)
{
    unsigned sum = above + (below * (255u - alpha) + 127) / 255;

    return (uint8_t)HSP_MIN(sum, 255u); /* a guest may send colours larger than their alpha */
}

static void draw_cursor(const struct hsp_display_cursor *cursor, uint32_t width, uint32_t y,
                        uint8_t *rgb)
{
    int64_t row = (int64_t)y - cursor->y;

    if (!cursor->visible || row < 0 || row >= HSP_CURSOR_EXTENT)
        return;
    for (int64_t column = 0; column < HSP_CURSOR_EXTENT; column++) {
        int64_t x = cursor->x + column;
        if (x < 0 || x >= width)
            continue;
        const uint8_t *above = &cursor->pixels[(row * HSP_CURSOR_EXTENT + column) * 4];
        uint8_t *below = &rgb[x * 3];
        for (int i = 0; i < 3; i++)
            below[i] = blend(below[i], above[2 - i], above[3]);
    }
}

static void get_row(void *data, uint32_t y, uint8_t *out_rgb)
{
    const struct shot *shot = data;
    const struct hsp_display_picture *picture = shot->picture;

    hsp_format_to_rgb(picture->format, shot->pixels + shot->row_size * y, picture->rect.width,
                      out_rgb);
    draw_cursor(shot->cursor, picture->rect.width, y, out_rgb);
}

int hsp_display_screenshot_write(int fd, const struct hsp_display_picture *picture,
                                 const struct hsp_display_cursor *cursor)
{
    const struct hsp_ipc_rect *rect = &picture->rect;
    const uint64_t row_size = (uint64_t)picture->format->bytes_per_pixel * rect->width;
    struct hsp_mapping mapping;
    uint8_t *pixels;
    int ret = hsp_span_map(&picture->span, false, &mapping);

    if (ret < 0)
        return ret;
    pixels = copy_pixels(picture, mapping.data, row_size);
    hsp_mapping_finish(&mapping);
    if (!pixels)
        return -ENOMEM;
    struct shot shot = {
        .picture = picture,
        .cursor = cursor,
        .pixels = pixels,
        .row_size = row_size,
    };
    ret = hsp_display_png_write(fd, rect->width, rect->height, get_row, &shot);
    free(pixels);
    return ret;
}
