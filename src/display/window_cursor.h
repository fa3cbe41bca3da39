/* SPDX-License-Identifier: MIT */
/*
 * The guest's cursor as the host's: over a window the host's pointer looks as the guest wants it,
 * and so lags behind nothing. Where the mouse is grabbed, or not over the window, the cursor is
 * drawn with the picture.
 *
 * Threads: main.
 */
#ifndef HSP_DISPLAY_WINDOW_CURSOR_H
#define HSP_DISPLAY_WINDOW_CURSOR_H

#include "display/screenshot.h"

#include <SDL3/SDL.h>

/* NULL for a cursor that is hidden, or when the window system cannot have it. */
SDL_Cursor *hsp_window_cursor_create(const struct hsp_display_cursor *cursor);

#endif
