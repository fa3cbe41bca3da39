/* SPDX-License-Identifier: MIT */
/*
 * libpng reports errors by longjmp. Everything that must survive it lives in struct writer, outside
 * the function that calls setjmp.
 */
#include "display/png_writer.h"

#include "base/fd.h"
#include "base/log.h"

#include <errno.h>
#include <png.h>
#include <stdlib.h>

/* A screenshot should be there at once; the files are a little larger than with the default, 6. */
#define COMPRESSION_LEVEL 3

struct writer {
    int fd;
    int error; /* negative errno */
    uint32_t width, height;
    hsp_display_png_row get_row;
    void *data;
    uint8_t *row;
    png_structp png;
    png_infop info;
};

static void on_write(png_structp png, png_bytep bytes, size_t size)
{
    struct writer *writer = png_get_io_ptr(png);
    int ret = hsp_fd_write_all(writer->fd, bytes, size);

    if (ret < 0) {
        writer->error = ret;
        png_error(png, "write failed");
    }
}

static void on_flush(png_structp png)
{
}

static void on_error(png_structp png, png_const_charp message)
{
    struct writer *writer = png_get_error_ptr(png);

    if (writer->error == 0) {
        hsp_error("libpng: %s", message);
        writer->error = -ENOMEM; /* all that is left to fail with valid arguments */
    }
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    hsp_warning("libpng: %s", message);
}

static void write_all(struct writer *writer)
{
    if (setjmp(png_jmpbuf(writer->png)))
        return;
    png_set_write_fn(writer->png, writer, on_write, on_flush);
    png_set_compression_level(writer->png, COMPRESSION_LEVEL);
    png_set_IHDR(writer->png, writer->info, writer->width, writer->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(writer->png, writer->info);
    for (uint32_t y = 0; y < writer->height; y++) {
        writer->get_row(writer->data, y, writer->row);
        png_write_row(writer->png, writer->row);
    }
    png_write_end(writer->png, writer->info);
}

int hsp_display_png_write(int fd, uint32_t width, uint32_t height, hsp_display_png_row get_row,
                          void *data)
{
    struct writer writer = {
        .fd = fd,
        .width = width,
        .height = height,
        .get_row = get_row,
        .data = data,
        .row = malloc((size_t)width * 3),
    };

    writer.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer, on_error, on_warning);
    if (writer.png)
        writer.info = png_create_info_struct(writer.png);
    if (writer.row && writer.info)
        write_all(&writer);
    else
        writer.error = -ENOMEM;
    png_destroy_write_struct(&writer.png, &writer.info);
    free(writer.row);
    return writer.error;
}
