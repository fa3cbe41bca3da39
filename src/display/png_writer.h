/* SPDX-License-Identifier: MIT */
/*
 * Writing PNG files.
 *
 * Threads: pure; safe from any thread. Blocks while the descriptor does.
 */
#ifndef HSP_DISPLAY_PNG_WRITER_H
#define HSP_DISPLAY_PNG_WRITER_H

#include "base/util.h"

/* Fills `out_rgb` with row `y`, 3 bytes per pixel. */
typedef void (*hsp_display_png_row)(void *data, uint32_t y, uint8_t *out_rgb);

/* Writes an 8-bit RGB picture to `fd`, asking `get_row` for each row, in order. 0, or the negative
 * errno of the write, or -ENOMEM. A part may have been written on failure. */
int hsp_display_png_write(int fd, uint32_t width, uint32_t height, hsp_display_png_row get_row,
                          void *data);

#endif
