/* SPDX-License-Identifier: MIT */
/*
 * formats: the same picture in every format of pixels, checked pixel by pixel through the memory
 * that another user of the image would see.
 *
 * On a screen: each format that the screen says it takes, one after the other. Offscreen: each
 * format in which this device has linear images that can be exported. Exit status: 0 when every
 * pixel was right, 77 when there was no format to draw.
 */
#include "draw.h"
#include "kms.h"
#include "options.h"
#include "picture_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_FORMAT_COUNT 64
#define COLUMN_COUNT     4 /* of the sheet */
#define CELL_WIDTH       120
#define CELL_HEIGHT      75

struct formats {
    struct demo_device device;
    struct demo_kms kms;
    const struct demo_target_ops *present;
    struct demo_size size;
    double seconds;
    uint32_t drawn, wrong; /* formats */
    uint8_t *sheet;        /* a small copy of each picture as it was read, RGBA */
    uint32_t sheet_height;
};

/* ------------------------------------------------------------------ looking at pixels */

static void add_to_sheet(struct formats *formats, const struct pixel_format *format,
                         const uint8_t *bytes, size_t pitch)
{
    const uint32_t left = formats->drawn % COLUMN_COUNT * CELL_WIDTH;
    const uint32_t top = formats->drawn / COLUMN_COUNT * CELL_HEIGHT;
    float rgba[CHANNEL_COUNT];

    formats->sheet_height = top + CELL_HEIGHT;
    for (uint32_t y = 0; y < CELL_HEIGHT - 2; y++) {
        for (uint32_t x = 0; x < CELL_WIDTH - 2; x++) {
            const uint32_t from_x = x * formats->size.width / (CELL_WIDTH - 2);
            const uint32_t from_y = y * formats->size.height / (CELL_HEIGHT - 2);
            uint8_t *out = formats->sheet + ((top + y) * COLUMN_COUNT * CELL_WIDTH + left + x) * 4;
            pixel_decode(format, bytes + from_y * pitch + (size_t)from_x * format->size, rgba);
            for (int i = RED; i <= BLUE; i++)
                out[i] = (uint8_t)(rgba[i] * 255 + 0.5f);
            out[ALPHA] = 255;
        }
    }
}

/* Returns the number of wrong pixels, and says what the first one is. */
static uint32_t count_wrong(const struct formats *formats, const struct pixel_format *format,
                            const uint8_t *bytes, size_t pitch, float alpha)
{
    const uint32_t width = formats->size.width, height = formats->size.height;
    float rgba[CHANNEL_COUNT], expected[CHANNEL_COUNT];
    uint32_t wrong = 0;

    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            pixel_decode(format, bytes + y * pitch + (size_t)x * format->size, rgba);
            pixel_expect(x, y, width, height, alpha, expected);
            if (pixel_is_right(format, rgba, expected))
                continue;
            if (wrong++ == 0)
                fprintf(stderr,
                        "formats: %s: pixel (%u, %u) is %.4f %.4f %.4f %.4f, not %.4f %.4f %.4f "
                        "%.4f\n",
                        format->name, x, y, rgba[0], rgba[1], rgba[2], rgba[3], expected[0],
                        expected[1], expected[2], expected[3]);
        }
    }
    return wrong;
}

static void check(struct formats *formats, const char *name, const struct pixel_format *format,
                  const uint8_t *bytes, size_t pitch, float alpha)
{
    const uint32_t wrong = count_wrong(formats, format, bytes, pitch, alpha);

    printf("formats: %-20s %s", name, wrong == 0 ? "ok\n" : "");
    if (wrong > 0)
        printf("%u pixels are wrong\n", wrong);
    fflush(stdout);
    add_to_sheet(formats, format, bytes, pitch);
    formats->drawn++;
    formats->wrong += wrong > 0;
}

/* ------------------------------------------------------------------ ways to present */

static void run_offscreen(struct formats *formats)
{
    const float alpha = 1.0f / 3; /* can be said with 2, 4, 8, 10 and 16 bits; with 1 it is 0 */
    struct demo_shared_image image;

    for (size_t i = 0; i < pixel_format_count; i++) {
        const struct pixel_format *format = &pixel_formats[i];

        if (!draw_is_possible(&formats->device, format->format)) {
            printf("formats: %-20s not a linear, exportable image here\n", format->name);
            continue;
        }
        draw_image(&formats->device, format, formats->size.width, formats->size.height, alpha,
                   &image);
        check(formats, format->name, format, demo_shared_image_map(&image), image.layout.rowPitch,
              format->bits[ALPHA] == 1 ? 0 : alpha);
        demo_shared_image_destroy(&formats->device, &image);
    }
}

static void sleep_for(double seconds)
{
    struct timespec time = {.tv_sec = (time_t)seconds};

    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    nanosleep(&time, NULL);
}

static void copy_rows(const struct formats *formats, const struct pixel_format *format,
                      const struct demo_kms_buffer *to, const uint8_t *from, size_t from_pitch)
{
    uint8_t *map = to->map;

    for (uint32_t y = 0; y < formats->size.height; y++)
        memcpy(map + (size_t)to->pitch * y, from + from_pitch * y,
               (size_t)formats->size.width * format->size);
}

static void show(struct formats *formats, uint32_t code, const char *name,
                 const struct pixel_format *format)
{
    /* A screen takes no notice of X; and whatever it does with alpha, 1 is opaque. */
    const float alpha = code == format->alpha_code ? 1 : 0;
    const bool copies = formats->present == &demo_target_copy_ops;
    struct demo_shared_image image;
    struct demo_kms_buffer framebuffer;

    draw_image(&formats->device, format, formats->size.width, formats->size.height, alpha, &image);
    const uint8_t *bytes = demo_shared_image_map(&image);
    size_t pitch = image.layout.rowPitch;
    if (copies) {
        demo_kms_buffer_create_dumb(&formats->kms, &framebuffer, code, format->size * 8u);
        copy_rows(formats, format, &framebuffer, bytes, pitch);
        bytes = framebuffer.map;
        pitch = framebuffer.pitch;
    } else {
        demo_kms_buffer_import(&formats->kms, &framebuffer, image.fd, code, image.modifier,
                               (uint32_t)image.layout.offset, (uint32_t)pitch);
    }
    demo_kms_set(&formats->kms, &framebuffer);
    check(formats, name, format, bytes, pitch, alpha);
    sleep_for(formats->seconds);
    demo_kms_restore(&formats->kms);
    demo_kms_buffer_destroy(&formats->kms, &framebuffer);
    demo_shared_image_destroy(&formats->device, &image);
}

static void run_on_screen(struct formats *formats)
{
    uint32_t codes[MAX_FORMAT_COUNT];
    size_t count = demo_kms_get_formats(&formats->kms, codes, MAX_FORMAT_COUNT);

    for (size_t i = 0; i < count; i++) {
        const struct pixel_format *format = pixel_format_find(codes[i]);
        char name[5] = {0};

        for (int byte = 0; byte < 4; byte++)
            name[byte] = (char)(codes[i] >> (byte * 8));
        if (!format)
            printf("formats: %-20s unknown to this program\n", name);
        else if (!draw_is_possible(&formats->device, format->format))
            printf("formats: %-20s the screen takes it, %s does not draw it\n", name,
                   formats->device.properties.deviceName);
        else
            show(formats, codes[i], name, format);
    }
}

int main(int argc, char **argv)
{
    struct formats formats = {.present = &demo_target_zero_copy_ops, .seconds = 1, .kms.fd = -1};
    const char *output = NULL;
    const struct demo_option options[] = {
        {"present", DEMO_OPTION_PRESENT, &formats.present,
         "zero-copy: the screen shows the image that was rendered into\n"
         "copy: the CPU copies each picture into a dumb buffer\n"
         "offscreen: no screen; all formats of this device"},
        {"seconds", DEMO_OPTION_SECONDS, &formats.seconds, "how long each is shown (default 1)"},
        {"size", DEMO_OPTION_SIZE, &formats.size, "mode of the screen, size offscreen (480x300)"},
        {"output", DEMO_OPTION_PICTURE, &output,
         "write a sheet of all pictures, as they were read"},
        {0},
    };
    const struct demo_device_options device_options = {
        .extensions = demo_shared_image_extensions,
        .extension_count = DEMO_SHARED_IMAGE_EXTENSION_COUNT,
    };

    demo_options_parse(argc, argv, "The same picture in every format of pixels, checked.", options);
    if (formats.present->needs_screen) {
        demo_kms_open(&formats.kms, formats.size.width, formats.size.height);
        formats.size = (struct demo_size){formats.kms.mode.hdisplay, formats.kms.mode.vdisplay};
    } else if (formats.size.width == 0) {
        formats.size = (struct demo_size){480, 300};
    }
    if (formats.size.width < 8 || formats.size.height < 8)
        demo_die("--size: the picture needs 8x8 pixels");
    demo_device_choose(&formats.device, formats.kms.fd);
    demo_device_create(&formats.device, &device_options);
    formats.sheet = calloc(MAX_FORMAT_COUNT * CELL_HEIGHT * CELL_WIDTH, 4);
    if (!formats.sheet)
        demo_die("out of memory");

    if (formats.present->needs_screen)
        run_on_screen(&formats);
    else
        run_offscreen(&formats);
    printf("formats: %u drawn on %s, %u of them wrong\n", formats.drawn,
           formats.device.properties.deviceName, formats.wrong);
    if (output && formats.drawn > 0)
        demo_picture_write(output, formats.sheet, COLUMN_COUNT * CELL_WIDTH, formats.sheet_height);
    free(formats.sheet);
    if (formats.kms.fd >= 0)
        demo_kms_close(&formats.kms);
    demo_device_destroy(&formats.device);
    if (formats.drawn == 0)
        return DEMO_SKIPPED;
    return formats.wrong == 0 ? 0 : 1;
}
