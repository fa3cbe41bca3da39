/* SPDX-License-Identifier: MIT */
/*
 * Draws a window with SDL's own renderer, where Vulkan cannot present. A CPU copies each frame's
 * damage, which is counted.
 *
 * Threads: main.
 */
#ifndef HSP_DISPLAY_WINDOW_SOFT_H
#define HSP_DISPLAY_WINDOW_SOFT_H

#include "display/backend.h"
#include "display/window_feed.h"

#include <SDL3/SDL.h>

struct hsp_window_soft;

/* Starts the feed, with `wake_drawer` to be called when there is something to draw. NULL, logged,
 * on failure. */
struct hsp_window_soft *hsp_window_soft_create(SDL_Window *window, enum hsp_display_scale scale,
                                               struct hsp_window_feed *feed,
                                               void (*wake_drawer)(void *user_data));

/* Stops the feed. Before the window goes; takes NULL. */
void hsp_window_soft_destroy(struct hsp_window_soft *soft);

/* Draws what is new in the feed, if anything is. */
void hsp_window_soft_draw(struct hsp_window_soft *soft);

#endif
