/* SPDX-License-Identifier: MIT */
#include "picture_file.h"

#include "vk.h"

#include <errno.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_suffix(const char *path, const char *suffix)
{
    size_t length = strlen(path), suffix_length = strlen(suffix);

    return length > suffix_length && strcmp(path + length - suffix_length, suffix) == 0;
}

bool demo_picture_path_is_valid(const char *path)
{
    return has_suffix(path, ".png") || has_suffix(path, ".ppm") || has_suffix(path, ".raw");
}

static uint8_t *drop_alpha(const uint8_t *rgba, size_t pixel_count)
{
    uint8_t *rgb = malloc(pixel_count * 3);

    if (!rgb)
        demo_die("out of memory");
    for (size_t i = 0; i < pixel_count; i++)
        memcpy(rgb + i * 3, rgba + i * 4, 3);
    return rgb;
}

static bool write_png(FILE *file, const uint8_t *rgb, uint32_t width, uint32_t height)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION,
        .width = width,
        .height = height,
        .format = PNG_FORMAT_RGB,
    };

    return png_image_write_to_stdio(&image, file, 0, rgb, 0, NULL) != 0;
}

void demo_picture_write(const char *path, const uint8_t *rgba, uint32_t width, uint32_t height)
{
    size_t pixel_count = (size_t)width * height;
    uint8_t *rgb = drop_alpha(rgba, pixel_count);
    FILE *file = fopen(path, "wb");
    bool good = file != NULL;

    if (good && has_suffix(path, ".png"))
        good = write_png(file, rgb, width, height);
    else if (good && has_suffix(path, ".ppm"))
        good = fprintf(file, "P6\n%u %u\n255\n", width, height) > 0 &&
               fwrite(rgb, 3, pixel_count, file) == pixel_count;
    else if (good)
        good = fwrite(rgba, 4, pixel_count, file) == pixel_count;
    if (file && fclose(file) != 0)
        good = false;
    free(rgb);
    if (!good)
        demo_die("cannot write %s: %s", path, strerror(errno));
}
