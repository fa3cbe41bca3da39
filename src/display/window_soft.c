/* SPDX-License-Identifier: MIT */
#include "display/window_soft.h"

#include "base/log.h"
#include "display/window_layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct hsp_window_soft {
    SDL_Renderer *renderer;
    SDL_Texture *picture, *cursor;
    const struct hsp_format_info *format; /* of the picture */
    enum hsp_display_scale scale;
    struct hsp_window_feed *feed;
    struct hsp_window_work work;
};

struct hsp_window_soft *hsp_window_soft_create(SDL_Window *window, enum hsp_display_scale scale,
                                               struct hsp_window_feed *feed,
                                               void (*wake_drawer)(void *user_data))
{
    struct hsp_window_soft *soft = calloc(1, sizeof(*soft));

    if (!soft)
        return NULL;
    soft->renderer = SDL_CreateRenderer(window, NULL);
    if (!soft->renderer) {
        hsp_error("SDL cannot draw in a window: %s", SDL_GetError());
        free(soft);
        return NULL;
    }
    hsp_info("showing with SDL's renderer '%s': a CPU copies each frame",
             SDL_GetRendererName(soft->renderer));
    soft->scale = scale;
    soft->feed = feed;
    hsp_window_feed_start(feed, wake_drawer);
    return soft;
}

void hsp_window_soft_destroy(struct hsp_window_soft *soft)
{
    if (!soft)
        return;
    hsp_window_feed_stop(soft->feed);
    SDL_DestroyTexture(soft->cursor);
    SDL_DestroyTexture(soft->picture);
    SDL_DestroyRenderer(soft->renderer);
    free(soft);
}

/* ------------------------------------------------------------------ the picture */

/* SDL's name for the bytes of a pixel, alpha ignored; what is not of bytes is converted. */
static SDL_PixelFormat get_pixel_format(const struct hsp_format_info *format)
{
    static const SDL_PixelFormat by_red[] = {SDL_PIXELFORMAT_RGBX32, SDL_PIXELFORMAT_XRGB32,
                                             SDL_PIXELFORMAT_BGRX32, SDL_PIXELFORMAT_XBGR32};

    return format->layout == HSP_FORMAT_LAYOUT_8888 ? by_red[format->red] : SDL_PIXELFORMAT_RGB24;
}

static bool picture_fits(const struct hsp_window_soft *soft,
                         const struct hsp_display_picture *picture)
{
    return soft->picture && soft->format == picture->format &&
           (uint32_t)soft->picture->w == picture->rect.width &&
           (uint32_t)soft->picture->h == picture->rect.height;
}

static bool create_picture(struct hsp_window_soft *soft, const struct hsp_display_picture *picture)
{
    SDL_DestroyTexture(soft->picture);
    soft->picture = SDL_CreateTexture(soft->renderer, get_pixel_format(picture->format),
                                      SDL_TEXTUREACCESS_STREAMING, (int)picture->rect.width,
                                      (int)picture->rect.height);
    soft->format = picture->format;
    return soft->picture && SDL_SetTextureBlendMode(soft->picture, SDL_BLENDMODE_NONE);
}

static bool copy_pixels(struct hsp_window_soft *soft, const struct hsp_display_picture *picture,
                        const SDL_Rect *rect, const uint8_t *pixels)
{
    uint8_t *out;
    void *data;
    int pitch;

    if (picture->format->layout == HSP_FORMAT_LAYOUT_8888)
        return SDL_UpdateTexture(soft->picture, rect, pixels, (int)picture->stride);
    if (!SDL_LockTexture(soft->picture, rect, &data, &pitch))
        return false;
    out = data;
    for (int i = 0; i < rect->h; i++) {
        hsp_format_to_rgb(picture->format, pixels, (uint32_t)rect->w, out);
        pixels += picture->stride;
        out += pitch;
    }
    SDL_UnlockTexture(soft->picture);
    return true;
}

/* The bytes that were copied, or negative errno. */
static int64_t copy_frame(struct hsp_window_soft *soft, const struct hsp_window_frame *frame)
{
    const struct hsp_display_picture *picture = frame->picture;
    const struct hsp_ipc_rect *part = &frame->damage;
    uint32_t pixel_size = picture->format->bytes_per_pixel;
    struct hsp_mapping mapping;
    int64_t copied_bytes;
    int ret;

    if (picture->stride > INT32_MAX)
        return -EINVAL;
    if (!picture_fits(soft, picture)) {
        part = &picture->rect;
        if (!create_picture(soft, picture))
            return -ENOMEM;
    }
    ret = hsp_span_map(&picture->span, false, &mapping);
    if (ret < 0)
        return ret;
    SDL_Rect rect = {(int)(part->x - picture->rect.x), (int)(part->y - picture->rect.y),
                     (int)part->width, (int)part->height};
    const uint8_t *pixels = (const uint8_t *)mapping.data + picture->offset +
                            (uint64_t)picture->stride * part->y + (uint64_t)pixel_size * part->x;
    copied_bytes = (int64_t)part->width * part->height * pixel_size;
    if (!copy_pixels(soft, picture, &rect, pixels))
        copied_bytes = -EIO;
    hsp_mapping_finish(&mapping);
    return copied_bytes;
}

static bool take_frame(struct hsp_window_soft *soft)
{
    const struct hsp_window_frame *frame = &soft->work.frame;
    int64_t copied_bytes = copy_frame(soft, frame);

    if (copied_bytes < 0)
        hsp_log_guest("a frame of %ux%u cannot be shown: %s", frame->picture->rect.width,
                      frame->picture->rect.height, strerror((int)-copied_bytes));
    hsp_window_feed_frame_read(soft->feed, frame, (uint64_t)HSP_MAX(copied_bytes, 0));
    return copied_bytes >= 0;
}

/* ------------------------------------------------------------------ drawing */

static void update_cursor(struct hsp_window_soft *soft)
{
    if (!soft->cursor) {
        soft->cursor =
            SDL_CreateTexture(soft->renderer, SDL_PIXELFORMAT_BGRA32, SDL_TEXTUREACCESS_STREAMING,
                              HSP_CURSOR_EXTENT, HSP_CURSOR_EXTENT);
        if (!soft->cursor)
            return;
        SDL_SetTextureBlendMode(soft->cursor, SDL_BLENDMODE_BLEND_PREMULTIPLIED);
    }
    SDL_UpdateTexture(soft->cursor, NULL, soft->work.cursor.pixels, HSP_CURSOR_EXTENT * 4);
}

static void draw_picture(struct hsp_window_soft *soft)
{
    const struct hsp_window_work *work = &soft->work;
    struct hsp_window_layout layout =
        hsp_window_layout_get(soft->scale, (uint32_t)soft->picture->w, (uint32_t)soft->picture->h,
                              work->width, work->height);
    SDL_Rect clip = {(int)layout.x, (int)layout.y, (int)layout.width, (int)layout.height};
    SDL_FRect place = {(float)layout.x, (float)layout.y, (float)layout.width, (float)layout.height};

    SDL_RenderTexture(soft->renderer, soft->picture, NULL, &place);
    if (!work->cursor.visible || !soft->cursor)
        return;
    float scale_x = place.w / (float)soft->picture->w, scale_y = place.h / (float)soft->picture->h;
    SDL_FRect cursor = {place.x + (float)work->cursor.x * scale_x,
                        place.y + (float)work->cursor.y * scale_y, HSP_CURSOR_EXTENT * scale_x,
                        HSP_CURSOR_EXTENT * scale_y};
    SDL_SetRenderClipRect(soft->renderer, &clip);
    SDL_RenderTexture(soft->renderer, soft->cursor, NULL, &cursor);
    SDL_SetRenderClipRect(soft->renderer, NULL);
}

void hsp_window_soft_draw(struct hsp_window_soft *soft)
{
    struct hsp_window_work *work = &soft->work;
    bool has_frame = false;

    if (!hsp_window_feed_poll(soft->feed, work))
        return;
    if (work->is_blank) {
        SDL_DestroyTexture(soft->picture);
        soft->picture = NULL;
    } else if (work->frame.picture) {
        has_frame = take_frame(soft);
    }
    if (work->cursor_changed)
        update_cursor(soft);
    if (!work->is_visible)
        return;
    SDL_SetRenderDrawColor(soft->renderer, 0, 0, 0, 255);
    SDL_RenderClear(soft->renderer);
    if (soft->picture)
        draw_picture(soft);
    SDL_RenderPresent(soft->renderer);
    if (has_frame)
        hsp_window_feed_frame_shown(soft->feed, &work->frame, hsp_now_ns() - work->frame.start_ns);
}
