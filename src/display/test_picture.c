/* SPDX-License-Identifier: MIT */
#include "display/screenshot.h"
#include "display/test_support.h"

#include "base/fd.h"
#include "base/limits.h"
#include "base/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WIDTH  7
#define HEIGHT 5
#define STRIDE 36 /* more than 7 * 4 */
#define OFFSET 12
/* For pixels of all sizes, and aligned to none. */
#define WIDE_STRIDE 67 /* more than 7 * 8 */
#define ODD_OFFSET  13

static struct hsp_ipc_display_scanout make_scanout(uint32_t format)
{
    return (struct hsp_ipc_display_scanout){
        .width = WIDTH,
        .height = HEIGHT,
        .stride = STRIDE,
        .offset = OFFSET,
        .format = format,
        .rect = {.width = WIDTH, .height = HEIGHT},
    };
}

static struct test_image take_screenshot(const struct hsp_display_picture *picture,
                                         const struct hsp_display_cursor *cursor)
{
    static const struct hsp_display_cursor no_cursor;
    int fd = test_file_create();

    HSP_CHECK_EQ(hsp_display_screenshot_write(fd, picture, cursor ? cursor : &no_cursor), 0);
    struct test_image image = test_image_read(fd);
    hsp_fd_close(&fd);
    return image;
}

static struct hsp_display_picture *make_picture(const struct hsp_ipc_display_scanout *scanout,
                                                struct hsp_mapping *out_mapping)
{
    struct hsp_span span = test_span_create(4096, out_mapping);
    struct hsp_display_picture *picture;

    HSP_CHECK_EQ(hsp_display_picture_create(scanout, &span, &picture), 0);
    HSP_CHECK_EQ(span.fd_count, 0); /* stolen */
    return picture;
}

/* The value of one channel of one pixel: all different, alpha 0 among them. */
static uint8_t pattern(uint32_t x, uint32_t y, uint32_t channel)
{
    return (uint8_t)(x * 31 + y * 57 + channel * 83);
}

/* The four components of pixel (x, y), as the format's name spells them, lowest bits first. Written
 * down a second time on purpose: `order` and `bits` say where each is. */
static const struct encoding {
    uint32_t format;
    const char *order;
    uint8_t bits[4]; /* 16: a half */
} encodings[] = {
    {1, "BGRA", {8, 8, 8, 8}},      {2, "BGRX", {8, 8, 8, 8}},      {3, "ARGB", {8, 8, 8, 8}},
    {4, "XRGB", {8, 8, 8, 8}},      {67, "RGBA", {8, 8, 8, 8}},     {68, "XBGR", {8, 8, 8, 8}},
    {121, "ABGR", {8, 8, 8, 8}},    {134, "RGBX", {8, 8, 8, 8}},    {7, "BGR", {5, 6, 5}},
    {8, "RGBA", {10, 10, 10, 2}},   {308, "RGBX", {10, 10, 10, 2}}, {131, "BGRA", {10, 10, 10, 2}},
    {233, "BGRX", {10, 10, 10, 2}}, {94, "RGBA", {16, 16, 16, 16}}, {236, "RGBX", {16, 16, 16, 16}},
};

static uint32_t size_of(const struct encoding *encoding)
{
    return (encoding->bits[0] + encoding->bits[1] + encoding->bits[2] + encoding->bits[3]) / 8u;
}

/* The bits of a channel that is `value` of 255, to the nearest there is. */
static uint64_t encode_channel(uint32_t bits, uint8_t value)
{
    if (bits == 16) {
        _Float16 half = (_Float16)((float)value / 255.0f);
        uint16_t word;
        memcpy(&word, &half, sizeof(word));
        return word;
    }
    return (value * ((UINT64_C(1) << bits) - 1) + 127) / 255;
}

/* What is left of a value after it was encoded. */
static uint8_t expected_value(uint32_t bits, uint8_t value)
{
    double max = (double)((1u << bits) - 1);

    return bits > 8 ? value : (uint8_t)((double)encode_channel(bits, value) * 255.0 / max + 0.5);
}

static void write_pixel(const struct encoding *encoding, uint8_t *pixel, uint32_t x, uint32_t y)
{
    uint32_t shift = 0;
    uint64_t word = 0;

    for (int i = 0; encoding->order[i]; i++) {
        const char *channel = strchr("RGB", encoding->order[i]);
        if (channel)
            word |= encode_channel(encoding->bits[i], pattern(x, y, (uint32_t)(channel - "RGB")))
                    << shift;
        shift += encoding->bits[i];
    }
    memcpy(pixel, &word, size_of(encoding));
}

static uint8_t expected_pixel(const struct encoding *encoding, uint32_t x, uint32_t y, uint32_t c)
{
    int i = (int)(strchr(encoding->order, "RGB"[c]) - encoding->order);

    return expected_value(encoding->bits[i], pattern(x, y, c));
}

/* With padding between the rows, and before the first an offset of which no format is a part. */
HSP_TEST(every_format_is_exact_through_png)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(encodings); i++) {
        const struct encoding *encoding = &encodings[i];
        struct hsp_ipc_display_scanout scanout = make_scanout(encoding->format);
        struct hsp_mapping mapping;

        scanout.stride = WIDE_STRIDE;
        scanout.offset = ODD_OFFSET;
        struct hsp_display_picture *picture = make_picture(&scanout, &mapping);
        uint8_t *first = (uint8_t *)mapping.data + ODD_OFFSET;
        memset(mapping.data, 0xee, mapping.size);
        for (uint32_t y = 0; y < HEIGHT; y++)
            for (uint32_t x = 0; x < WIDTH; x++)
                write_pixel(encoding, first + y * WIDE_STRIDE + x * size_of(encoding), x, y);
        struct test_image image = take_screenshot(picture, NULL);
        HSP_CHECK_EQ(image.width, WIDTH);
        HSP_CHECK_EQ(image.height, HEIGHT);
        for (uint32_t y = 0; y < HEIGHT; y++)
            for (uint32_t x = 0; x < WIDTH; x++)
                for (uint32_t c = 0; c < 3; c++)
                    HSP_CHECK_EQ(test_image_pixel(&image, x, y)[c],
                                 expected_pixel(encoding, x, y, c));
        test_image_finish(&image);
        hsp_display_picture_unref(picture);
        hsp_mapping_finish(&mapping);
    }
}

/* A part of a picture begins where pixels of that size do. */
HSP_TEST(rectangle_of_every_format)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(encodings); i++) {
        const struct encoding *encoding = &encodings[i];
        struct hsp_ipc_display_scanout scanout = make_scanout(encoding->format);
        struct hsp_mapping mapping;

        scanout.stride = WIDE_STRIDE;
        scanout.rect = (struct hsp_ipc_rect){.x = 2, .y = 3, .width = 4, .height = 2};
        struct hsp_display_picture *picture = make_picture(&scanout, &mapping);
        write_pixel(encoding,
                    (uint8_t *)mapping.data + OFFSET + 4 * WIDE_STRIDE + 5 * size_of(encoding), 5,
                    4);
        struct test_image image = take_screenshot(picture, NULL);
        HSP_CHECK_EQ(test_image_pixel(&image, 3, 1)[0], expected_pixel(encoding, 5, 4, 0));
        HSP_CHECK_EQ(test_image_pixel(&image, 3, 1)[1], expected_pixel(encoding, 5, 4, 1));
        HSP_CHECK_EQ(test_image_pixel(&image, 2, 1)[0], 0);
        HSP_CHECK_EQ(test_image_pixel(&image, 3, 0)[1], 0);
        test_image_finish(&image);
        hsp_display_picture_unref(picture);
        hsp_mapping_finish(&mapping);
    }
}

HSP_TEST(only_the_rectangle_is_shown)
{
    struct hsp_ipc_display_scanout scanout = make_scanout(HSP_FORMAT_R8G8B8X8);
    struct hsp_mapping mapping;

    scanout.rect = (struct hsp_ipc_rect){.x = 2, .y = 3, .width = 4, .height = 2};
    struct hsp_display_picture *picture = make_picture(&scanout, &mapping);
    memset((uint8_t *)mapping.data + OFFSET + 3 * STRIDE + 2 * 4, 0x40, 1);
    struct test_image image = take_screenshot(picture, NULL);
    HSP_CHECK_EQ(image.width, 4);
    HSP_CHECK_EQ(image.height, 2);
    HSP_CHECK_EQ(test_image_pixel(&image, 0, 0)[0], 0x40);
    HSP_CHECK_EQ(test_image_pixel(&image, 1, 0)[0], 0);
    HSP_CHECK_EQ(test_image_pixel(&image, 0, 1)[0], 0);
    test_image_finish(&image);
    hsp_display_picture_unref(picture);
    hsp_mapping_finish(&mapping);
}

/* A picture whose pages lie scattered in two files. */
HSP_TEST(picture_of_many_pieces)
{
    uint32_t page = (uint32_t)hsp_page_size();
    struct hsp_mapping a_map, b_map;
    struct hsp_span a = test_span_create(4 * page, &a_map), b = test_span_create(page, &b_map);
    int fds[] = {a.fds[0], b.fds[0]};
    struct hsp_span_piece pieces[] = {
        {.fd_index = 0, .offset = 3 * page, .size = page},
        {.fd_index = 1, .offset = 0, .size = page},
        {.fd_index = 0, .offset = 0, .size = page},
    };
    struct hsp_ipc_display_scanout scanout = {
        .width = page / 4,
        .height = 3,
        .stride = page,
        .format = HSP_FORMAT_B8G8R8X8,
        .rect = {.width = page / 4, .height = 3},
    };
    struct hsp_display_picture *picture;
    struct hsp_span span;

    memset((uint8_t *)a_map.data + 3 * page, 10, page);
    memset(b_map.data, 20, page);
    memset(a_map.data, 30, page);
    HSP_CHECK_EQ(hsp_span_init_pieces(&span, fds, 2, pieces, 3), 0);
    HSP_CHECK_EQ(hsp_display_picture_create(&scanout, &span, &picture), 0);
    struct test_image image = take_screenshot(picture, NULL);
    for (uint32_t y = 0; y < 3; y++) {
        HSP_CHECK_EQ(test_image_pixel(&image, 0, y)[0], 10 * (y + 1));
        HSP_CHECK_EQ(test_image_pixel(&image, page / 4 - 1, y)[2], 10 * (y + 1));
    }
    test_image_finish(&image);
    hsp_display_picture_unref(picture);
    hsp_span_finish(&a);
    hsp_span_finish(&b);
    hsp_mapping_finish(&a_map);
    hsp_mapping_finish(&b_map);
}

static void set_cursor_pixel(struct hsp_display_cursor *cursor, uint32_t x, uint32_t y,
                             uint32_t bgra)
{
    for (int i = 0; i < 4; i++)
        cursor->pixels[(y * HSP_CURSOR_EXTENT + x) * 4 + i] = (uint8_t)(bgra >> (8 * (3 - i)));
}

HSP_TEST(cursor_is_blended_and_clipped)
{
    static struct hsp_display_cursor cursor;
    struct hsp_ipc_display_scanout scanout = make_scanout(HSP_FORMAT_R8G8B8X8);
    struct hsp_mapping mapping;
    struct hsp_display_picture *picture = make_picture(&scanout, &mapping);

    memset(mapping.data, 100, mapping.size);
    cursor.visible = true;
    cursor.x = -10;
    cursor.y = 1;
    set_cursor_pixel(&cursor, 10, 0, 0x112233ff); /* opaque, lands on (0, 1) */
    set_cursor_pixel(&cursor, 12, 2, 0x00004080); /* half red, on (2, 3) */
    set_cursor_pixel(&cursor, 13, 2, 0xffffff80); /* more colour than alpha, on (3, 3) */
    struct test_image image = take_screenshot(picture, &cursor);
    HSP_CHECK_EQ(test_image_pixel(&image, 0, 0)[0], 100);
    HSP_CHECK_EQ(test_image_pixel(&image, 0, 1)[0], 0x33);
    HSP_CHECK_EQ(test_image_pixel(&image, 0, 1)[1], 0x22);
    HSP_CHECK_EQ(test_image_pixel(&image, 0, 1)[2], 0x11);
    HSP_CHECK_EQ(test_image_pixel(&image, 2, 3)[0], 0x40 + 50);
    HSP_CHECK_EQ(test_image_pixel(&image, 2, 3)[1], 50);
    HSP_CHECK_EQ(test_image_pixel(&image, 3, 3)[0], 255);
    HSP_CHECK_EQ(test_image_pixel(&image, 6, 4)[0], 100);
    test_image_finish(&image);

    cursor.visible = false;
    image = take_screenshot(picture, &cursor);
    HSP_CHECK_EQ(test_image_pixel(&image, 0, 1)[0], 100);
    test_image_finish(&image);
    cursor.visible = true;
    cursor.x = INT32_MIN;
    cursor.y = INT32_MAX;
    image = take_screenshot(picture, &cursor);
    HSP_CHECK_EQ(test_image_pixel(&image, 0, 1)[0], 100);
    test_image_finish(&image);
    hsp_display_picture_unref(picture);
    hsp_mapping_finish(&mapping);
}

static int try_create(const struct hsp_ipc_display_scanout *scanout)
{
    struct hsp_mapping mapping;
    struct hsp_span span = test_span_create(4096, &mapping);
    struct hsp_display_picture *picture = NULL;
    int ret;

    ret = hsp_display_picture_create(scanout, &span, &picture);
    if (ret == 0)
        hsp_display_picture_unref(picture);
    else
        HSP_CHECK_EQ(span.fd_count, 1); /* not stolen */
    hsp_span_finish(&span);
    hsp_mapping_finish(&mapping);
    return ret;
}

HSP_TEST(bad_layouts_are_refused)
{
    const struct hsp_ipc_display_scanout good = make_scanout(HSP_FORMAT_B8G8R8A8);
    struct hsp_ipc_display_scanout bad;

    HSP_CHECK_EQ(try_create(&good), 0);
    bad = good, bad.format = 0;
    HSP_CHECK_EQ(try_create(&bad), -EINVAL);
    bad = good, bad.format = 5;
    HSP_CHECK_EQ(try_create(&bad), -EINVAL);
    bad = good, bad.format = HSP_FORMAT_R16G16B16A16F; /* the same rows are too short */
    HSP_CHECK_EQ(try_create(&bad), -EINVAL);
    bad = good, bad.stride = WIDTH * 4 - 1;
    HSP_CHECK_EQ(try_create(&bad), -EINVAL);
    bad = good, bad.stride = 0xfffffffc;
    HSP_CHECK_EQ(try_create(&bad), -EINVAL);
    bad = good, bad.offset = UINT64_MAX - 3;
    HSP_CHECK_EQ(try_create(&bad), -EINVAL);
    bad = good, bad.height = HSP_LIMIT_SCANOUT_EXTENT;
    HSP_CHECK_EQ(try_create(&bad), -EINVAL);
    bad = good, bad.width = 0;
    HSP_CHECK_EQ(try_create(&bad), -EINVAL);
    bad = good, bad.rect.width = WIDTH + 1;
    HSP_CHECK_EQ(try_create(&bad), -EINVAL);
    bad = good, bad.rect.height = 0;
    HSP_CHECK_EQ(try_create(&bad), -EINVAL);
    bad = good, bad.rect.x = UINT32_MAX;
    HSP_CHECK_EQ(try_create(&bad), -EINVAL);
}

static int check_unsealed(uint64_t file_size, uint64_t span_size, uint32_t kind)
{
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct hsp_span span;

    HSP_CHECK_EQ(ftruncate(fd, (off_t)file_size), 0);
    HSP_CHECK_EQ(hsp_span_init_single(&span, fd, 0, span_size), 0);
    int ret = hsp_display_span_check(&span, kind);
    hsp_span_finish(&span);
    return ret;
}

HSP_TEST(files_that_can_shrink_are_refused_unless_guest_ram)
{
    HSP_CHECK_EQ(check_unsealed(8192, 8192, HSP_IPC_RESOURCE_SHM), -EINVAL);
    HSP_CHECK_EQ(check_unsealed(8192, 8192, HSP_IPC_RESOURCE_MEMORY), -EINVAL);
    HSP_CHECK_EQ(check_unsealed(8192, 8192, HSP_IPC_RESOURCE_GUEST), 0);
    HSP_CHECK_EQ(check_unsealed(4096, 8192, HSP_IPC_RESOURCE_GUEST), -EINVAL);
    HSP_CHECK_EQ(check_unsealed(8192, 8192, UINT32_MAX), -EINVAL);
}

HSP_TEST(flushed_rectangle_is_clipped)
{
    struct hsp_ipc_display_scanout scanout = make_scanout(HSP_FORMAT_B8G8R8A8);
    struct hsp_ipc_rect rect, all = {.width = UINT32_MAX, .height = UINT32_MAX};
    struct hsp_mapping mapping;

    scanout.rect = (struct hsp_ipc_rect){.x = 2, .y = 1, .width = 4, .height = 3};
    struct hsp_display_picture *picture = make_picture(&scanout, &mapping);
    HSP_CHECK(hsp_display_picture_clip(picture, &all, &rect));
    HSP_CHECK(memcmp(&rect, &scanout.rect, sizeof(rect)) == 0);
    rect = (struct hsp_ipc_rect){.x = 5, .y = 3, .width = UINT32_MAX, .height = 1};
    HSP_CHECK(hsp_display_picture_clip(picture, &rect, &rect));
    HSP_CHECK_EQ(rect.x, 5);
    HSP_CHECK_EQ(rect.width, 1);
    rect = (struct hsp_ipc_rect){.x = 6, .y = 3, .width = 9, .height = 1};
    HSP_CHECK(!hsp_display_picture_clip(picture, &rect, &rect));
    rect = (struct hsp_ipc_rect){.x = 0, .y = 0, .width = 2, .height = 9};
    HSP_CHECK(!hsp_display_picture_clip(picture, &rect, &rect));
    rect = (struct hsp_ipc_rect){.x = 3, .y = 2, .width = 0, .height = 1};
    HSP_CHECK(!hsp_display_picture_clip(picture, &rect, &rect));
    hsp_display_picture_unref(picture);
    hsp_mapping_finish(&mapping);
}

HSP_TEST(write_error_is_reported)
{
    static const struct hsp_display_cursor no_cursor;
    struct hsp_ipc_display_scanout scanout = make_scanout(HSP_FORMAT_B8G8R8A8);
    struct hsp_mapping mapping;
    struct hsp_display_picture *picture = make_picture(&scanout, &mapping);

    HSP_CHECK_EQ(hsp_display_screenshot_write(-1, picture, &no_cursor), -EBADF);
    hsp_display_picture_unref(picture);
    hsp_mapping_finish(&mapping);
}

HSP_TEST_MAIN()
