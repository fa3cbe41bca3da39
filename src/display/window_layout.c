/* SPDX-License-Identifier: MIT */
#include "display/window_layout.h"

/* value * numerator / denominator, rounded, at least 1. */
static uint32_t scale_extent(uint32_t value, uint32_t numerator, uint32_t denominator)
{
    uint64_t scaled = ((uint64_t)value * numerator + denominator / 2) / denominator;

    return (uint32_t)HSP_MAX(scaled, 1u);
}

struct hsp_window_layout hsp_window_layout_get(enum hsp_display_scale scale, uint32_t picture_width,
                                               uint32_t picture_height, uint32_t window_width,
                                               uint32_t window_height)
{
    struct hsp_window_layout layout = {.width = window_width, .height = window_height};

    if (scale == HSP_DISPLAY_SCALE_STRETCH)
        return layout;
    /* The side that is relatively shorter in the window decides. */
    if ((uint64_t)window_width * picture_height <= (uint64_t)window_height * picture_width)
        layout.height = scale_extent(picture_height, window_width, picture_width);
    else
        layout.width = scale_extent(picture_width, window_height, picture_height);
    layout.width = HSP_MIN(layout.width, window_width);
    layout.height = HSP_MIN(layout.height, window_height);
    layout.x = (window_width - layout.width) / 2;
    layout.y = (window_height - layout.height) / 2;
    return layout;
}
