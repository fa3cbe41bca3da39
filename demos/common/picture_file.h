/* SPDX-License-Identifier: MIT */
/* Pictures written to files, for people (PNG, PPM) and for comparing two drivers (raw RGBA). */
#ifndef DEMO_PICTURE_FILE_H
#define DEMO_PICTURE_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* Whether `path` ends in .png, .ppm or .raw. */
bool demo_picture_path_is_valid(const char *path);

/* Writes 8-bit RGBA pixels without padding between the rows, in the format that the path's end
 * names: .png and .ppm without alpha, .raw as it is. Ends the process on failure. */
void demo_picture_write(const char *path, const uint8_t *rgba, uint32_t width, uint32_t height);

#endif
