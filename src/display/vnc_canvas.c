/* SPDX-License-Identifier: MIT */
#include "display/vnc_canvas.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_PER_PIXEL 4

/* Pixels that are converted at a time. */
#define CHUNK 256

void hsp_vnc_canvas_get_size(const struct hsp_display_picture *picture, uint32_t *out_width,
                             uint32_t *out_height)
{
    *out_width = HSP_MIN(picture->rect.width, HSP_VNC_CANVAS_EXTENT);
    *out_height = HSP_MIN(picture->rect.height, HSP_VNC_CANVAS_EXTENT);
}

static size_t get_size(const struct hsp_vnc_canvas *canvas)
{
    return (size_t)canvas->width * canvas->height * BYTES_PER_PIXEL;
}

int hsp_vnc_canvas_resize(struct hsp_vnc_canvas *canvas, uint32_t width, uint32_t height)
{
    uint8_t *pixels = calloc((size_t)width * height, BYTES_PER_PIXEL);

    if (!pixels)
        return -ENOMEM;
    free(canvas->pixels);
    canvas->pixels = pixels;
    canvas->width = width;
    canvas->height = height;
    return 0;
}

void hsp_vnc_canvas_clear(struct hsp_vnc_canvas *canvas)
{
    memset(canvas->pixels, 0, get_size(canvas));
}

void hsp_vnc_canvas_unmap(struct hsp_vnc_canvas *canvas)
{
    hsp_mapping_finish(&canvas->mapping);
    canvas->mapping = (struct hsp_mapping){0};
}

void hsp_vnc_canvas_finish(struct hsp_vnc_canvas *canvas)
{
    hsp_vnc_canvas_unmap(canvas);
    free(canvas->pixels);
    memset(canvas, 0, sizeof(*canvas));
}

/* ------------------------------------------------------------------ pixels */

static void convert(const struct hsp_format_info *format, const uint8_t *from, uint32_t count,
                    uint8_t *to)
{
    uint8_t rgb[CHUNK * 3];

    while (count > 0) {
        uint32_t n = HSP_MIN(count, CHUNK);
        hsp_format_to_rgb(format, from, n, rgb);
        for (uint32_t i = 0; i < n; i++) {
            to[0] = rgb[3 * i + 2];
            to[1] = rgb[3 * i + 1];
            to[2] = rgb[3 * i];
            to += BYTES_PER_PIXEL;
        }
        from += (size_t)n * format->bytes_per_pixel;
        count -= n;
    }
}

/* Whether the picture's pixels are the canvas's but for the fourth byte, which nobody looks at. */
static bool is_alike(const struct hsp_format_info *format)
{
    return format->layout == HSP_FORMAT_LAYOUT_8888 && format->blue == 0 && format->green == 1 &&
           format->red == 2;
}

static int map(struct hsp_vnc_canvas *canvas, const struct hsp_display_picture *picture,
               uint64_t picture_serial)
{
    int ret;

    if (canvas->mapping.data && canvas->picture_serial == picture_serial)
        return 0;
    hsp_vnc_canvas_unmap(canvas);
    ret = hsp_span_map(&picture->span, false, &canvas->mapping);
    if (ret < 0)
        canvas->mapping = (struct hsp_mapping){0};
    canvas->picture_serial = picture_serial;
    return ret;
}

/* From pixels of the picture to those of the canvas. */
static void place(const struct hsp_vnc_canvas *canvas, const struct hsp_display_picture *picture,
                  struct hsp_ipc_rect *rect)
{
    rect->x -= picture->rect.x;
    rect->y -= picture->rect.y;
    if (rect->x >= canvas->width || rect->y >= canvas->height) {
        *rect = (struct hsp_ipc_rect){0};
        return;
    }
    rect->width = HSP_MIN(rect->width, canvas->width - rect->x);
    rect->height = HSP_MIN(rect->height, canvas->height - rect->y);
}

int hsp_vnc_canvas_copy(struct hsp_vnc_canvas *canvas, const struct hsp_display_picture *picture,
                        uint64_t picture_serial, struct hsp_ipc_rect *rect)
{
    const struct hsp_format_info *format = picture->format;
    int ret = map(canvas, picture, picture_serial);

    if (ret < 0)
        return ret;
    place(canvas, picture, rect);
    for (uint32_t y = rect->y; y < rect->y + rect->height; y++) {
        const uint8_t *from = (const uint8_t *)canvas->mapping.data + picture->offset +
                              (uint64_t)picture->stride * (picture->rect.y + y) +
                              (uint64_t)format->bytes_per_pixel * (picture->rect.x + rect->x);
        uint8_t *to = canvas->pixels + ((size_t)canvas->width * y + rect->x) * BYTES_PER_PIXEL;
        if (is_alike(format))
            memcpy(to, from, (size_t)rect->width * BYTES_PER_PIXEL);
        else
            convert(format, from, rect->width, to);
    }
    return 0;
}
