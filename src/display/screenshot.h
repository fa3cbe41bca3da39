/* SPDX-License-Identifier: MIT */
/*
 * A screenshot is what a scanout shows, the cursor on top, as a PNG file.
 *
 * Threads: plain data; hsp_display_screenshot_write may run on any thread, so that a slow reader
 * of the file does not hold up the display.
 */
#ifndef HSP_DISPLAY_SCREENSHOT_H
#define HSP_DISPLAY_SCREENSHOT_H

#include "display/picture.h"

#define HSP_CURSOR_SIZE (HSP_CURSOR_EXTENT * HSP_CURSOR_EXTENT * 4) /* bytes */

struct hsp_display_cursor {
    bool visible;
    int32_t x, y;                    /* of the top left corner, on the scanout */
    uint32_t hot_x, hot_y;           /* in the cursor's picture */
    uint8_t pixels[HSP_CURSOR_SIZE]; /* B8G8R8A8, multiplied by alpha */
};

/* Writes the shown part of `picture` with the cursor to `fd`. 0 or negative errno, also when the
 * picture cannot be mapped. */
int hsp_display_screenshot_write(int fd, const struct hsp_display_picture *picture,
                                 const struct hsp_display_cursor *cursor);

#endif
