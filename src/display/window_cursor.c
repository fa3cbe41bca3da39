/* SPDX-License-Identifier: MIT */
#include "display/window_cursor.h"

#include "base/log.h"

/* SDL wants colours that are not multiplied by alpha. */
static uint8_t divide(uint8_t colour, uint8_t alpha)
{
    uint32_t value = alpha > 0 ? (colour * 255u + alpha / 2) / alpha : 0;

    return (uint8_t)HSP_MIN(value, 255u);
}

SDL_Cursor *hsp_window_cursor_create(const struct hsp_display_cursor *cursor)
{
    SDL_Surface *surface;
    SDL_Cursor *created;

    if (!cursor->visible)
        return NULL;
    surface = SDL_CreateSurface(HSP_CURSOR_EXTENT, HSP_CURSOR_EXTENT, SDL_PIXELFORMAT_BGRA32);
    if (!surface)
        return NULL;
    for (size_t y = 0; y < HSP_CURSOR_EXTENT; y++) {
        const uint8_t *from = cursor->pixels + y * HSP_CURSOR_EXTENT * 4;
        uint8_t *to = (uint8_t *)surface->pixels + y * (size_t)surface->pitch;
        for (size_t x = 0; x < HSP_CURSOR_EXTENT; x++, from += 4, to += 4) {
            for (size_t i = 0; i < 3; i++)
                to[i] = divide(from[i], from[3]);
            to[3] = from[3];
        }
    }
    created = SDL_CreateColorCursor(surface, (int)cursor->hot_x, (int)cursor->hot_y);
    SDL_DestroySurface(surface);
    if (!created)
        hsp_log_guest("the host cannot show the guest's cursor: %s", SDL_GetError());
    return created;
}
