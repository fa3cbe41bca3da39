/* SPDX-License-Identifier: MIT */
#include "display/screenshot.h"

#include "display/png_writer.h"

struct shot {
    const struct hsp_display_picture *picture;
    const struct hsp_display_cursor *cursor;
    const uint8_t *first_pixel; /* top left of what is shown */
};

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

    hsp_format_to_rgb(picture->format, shot->first_pixel + (uint64_t)picture->stride * y,
                      picture->rect.width, out_rgb);
    draw_cursor(shot->cursor, picture->rect.width, y, out_rgb);
}

int hsp_display_screenshot_write(int fd, const struct hsp_display_picture *picture,
                                 const struct hsp_display_cursor *cursor)
{
    const struct hsp_ipc_rect *rect = &picture->rect;
    struct hsp_mapping mapping;
    int ret = hsp_span_map(&picture->span, false, &mapping);

    if (ret < 0)
        return ret;
    struct shot shot = {
        .picture = picture,
        .cursor = cursor,
        .first_pixel = (const uint8_t *)mapping.data + picture->offset +
                       (uint64_t)picture->stride * rect->y +
                       (uint64_t)picture->format->bytes_per_pixel * rect->x,
    };
    ret = hsp_display_png_write(fd, rect->width, rect->height, get_row, &shot);
    hsp_mapping_finish(&mapping);
    return ret;
}
