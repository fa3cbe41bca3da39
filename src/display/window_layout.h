/* SPDX-License-Identifier: MIT */
/*
 * Where a picture lies in a window of another size.
 *
 * Threads: pure; safe from any thread.
 */
#ifndef HSP_DISPLAY_WINDOW_LAYOUT_H
#define HSP_DISPLAY_WINDOW_LAYOUT_H

#include "display/backend.h"

struct hsp_window_layout {
    uint32_t x, y, width, height; /* pixels of the window; never empty */
};

/* All extents are at least 1. Stretched, the picture fills the window; letterboxed, it is as large
 * as fits with its proportions kept, in the middle. */
struct hsp_window_layout hsp_window_layout_get(enum hsp_display_scale scale, uint32_t picture_width,
                                               uint32_t picture_height, uint32_t window_width,
                                               uint32_t window_height);

#endif
