/* SPDX-License-Identifier: MIT */
/*
 * Pictures of each format on their way from the guest's pages through hesper-gpu and the real
 * hesper-display into a PNG file.
 */
#include "commands.h"
#include "control.h"

#include "base/fd.h"
#include "base/format.h"
#include "display/test_support.h"
#include "ipc/messages.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIDTH  48
#define HEIGHT 40
#define STRIDE (WIDTH * 8 + 24) /* enough for all */
#define OFFSET 168
#define SIZE   20480 /* five pages */

/* A pixel of red 255, green 130 and blue 0, as it lies in memory; unused bits are set. */
static const struct sample {
    uint32_t format;
    uint32_t size;
    uint8_t bytes[8];
} samples[] = {
    {HSP_FORMAT_B8G8R8A8, 4, {0, 130, 255, 0}},
    {HSP_FORMAT_B8G8R8X8, 4, {0, 130, 255, 77}},
    {HSP_FORMAT_A8R8G8B8, 4, {0, 255, 130, 0}},
    {HSP_FORMAT_X8R8G8B8, 4, {77, 255, 130, 0}},
    {HSP_FORMAT_R8G8B8A8, 4, {255, 130, 0, 0}},
    {HSP_FORMAT_R8G8B8X8, 4, {255, 130, 0, 77}},
    {HSP_FORMAT_A8B8G8R8, 4, {0, 0, 130, 255}},
    {HSP_FORMAT_X8B8G8R8, 4, {77, 0, 130, 255}},
    {HSP_FORMAT_B5G6R5, 2, {0x00, 0xfc}},
    {HSP_FORMAT_R10G10B10A2, 4, {0xff, 0x2b, 0x08, 0x00}},
    {HSP_FORMAT_R10G10B10X2, 4, {0xff, 0x2b, 0x08, 0xc0}},
    {HSP_FORMAT_B10G10R10A2, 4, {0x00, 0x28, 0xf8, 0x3f}},
    {HSP_FORMAT_B10G10R10X2, 4, {0x00, 0x28, 0xf8, 0xff}},
    {HSP_FORMAT_R16G16B16A16F, 8, {0x00, 0x3c, 0x14, 0x38, 0, 0, 0, 0}},
    {HSP_FORMAT_R16G16B16X16F, 8, {0x00, 0x3c, 0x14, 0x38, 0, 0, 0xff, 0xff}},
};

/* Where a sample is put; all else is black. */
static const struct {
    uint32_t x, y;
} places[] = {{0, 0},          {WIDTH - 1, 0},  {5, 17},
              {WIDTH - 2, 29}, {0, HEIGHT - 1}, {WIDTH - 1, HEIGHT - 1}};

static void start(struct fe *fe)
{
    static const char *const arguments[] = {"--display-program=" HESPER_DISPLAY_PATH, NULL};
    struct fe_options options = {.arguments = arguments};

    fe_start(fe, &options);
}

/* The device has shown it when its fence is there. */
static void flush_and_wait(struct fe *fe, uint32_t id)
{
    struct hsp_gpu_resource_flush body = {{0, 0, WIDTH, HEIGHT}, id, 0};

    HSP_CHECK_EQ(cmd_take_response(fe, fe_submit_simple(fe, HSP_GPU_CMD_RESOURCE_FLUSH, 0, FENCE, 1,
                                                        0, &body, sizeof(body))),
                 OK);
}

static struct test_image take_screenshot(struct fe *fe)
{
    struct hsp_ipc_display_screenshot request = {.request_id = 1};
    struct hsp_ipc_display_screenshot_done done;
    struct hsp_ipc_channel channel;
    struct hsp_ipc_message answer;
    int fd = test_file_create();

    control_connect(fe, &channel);
    control_ask(&channel, HSP_IPC_CONTROL_SCREENSHOT, &request, sizeof(request), fd, &answer);
    HSP_CHECK(hsp_ipc_decode(&answer, &done, sizeof(done), 0));
    HSP_CHECK_EQ(done.status, 0);
    hsp_ipc_message_finish(&answer);
    hsp_ipc_channel_finish(&channel);
    struct test_image image = test_image_read(fd);
    hsp_fd_close(&fd);
    return image;
}

static bool is_place(uint32_t x, uint32_t y)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(places); i++) {
        if (places[i].x == x && places[i].y == y)
            return true;
    }
    return false;
}

static void check_screenshot(struct fe *fe)
{
    struct test_image image = take_screenshot(fe);

    HSP_CHECK_EQ(image.width, WIDTH);
    HSP_CHECK_EQ(image.height, HEIGHT);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < WIDTH; x++) {
            const uint8_t *rgb = test_image_pixel(&image, x, y);
            HSP_CHECK_EQ(rgb[0], is_place(x, y) ? 255 : 0);
            HSP_CHECK_EQ(rgb[1], is_place(x, y) ? 130 : 0);
            HSP_CHECK_EQ(rgb[2], 0);
        }
    }
    test_image_finish(&image);
}

/* Guest memory in pages that are not neighbours. */
struct pages {
    struct hsp_gpu_backing_entry entries[SIZE / 4096];
};

static void alloc_pages(struct fe *fe, struct pages *pages)
{
    for (uint32_t i = 0; i < SIZE / 4096; i++) {
        uint64_t address = i % 2 ? FE_HIGH_AT + 0x40000 - 0x2000 * i : fe_alloc(fe, 4096);
        pages->entries[i] = (struct hsp_gpu_backing_entry){address, 4096, 0};
    }
}

static void write_pixels(struct fe *fe, const struct pages *pages, const struct sample *sample,
                         uint32_t stride, uint32_t offset)
{
    for (uint32_t i = 0; i < SIZE / 4096; i++)
        memset(fe_ram(fe, pages->entries[i].address), 0, 4096);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(places); i++) {
        uint32_t at = offset + places[i].y * stride + places[i].x * sample->size;
        for (uint32_t b = 0; b < sample->size; b++, at++) {
            uint8_t *page = fe_ram(fe, pages->entries[at / 4096].address);
            page[at % 4096] = sample->bytes[b];
        }
    }
}

HSP_TEST(blob_of_each_format)
{
    struct pages pages;
    struct fe fe;

    start(&fe);
    alloc_pages(&fe, &pages);
    HSP_CHECK_EQ(
        cmd_create_blob(&fe, 0, 1, HSP_GPU_BLOB_MEM_GUEST, 0, 0, SIZE, pages.entries, SIZE / 4096),
        OK);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(samples); i++) {
        write_pixels(&fe, &pages, &samples[i], STRIDE, OFFSET);
        HSP_CHECK_EQ(
            cmd_set_scanout_blob(&fe, 0, 1, WIDTH, HEIGHT, STRIDE, OFFSET, samples[i].format), OK);
        flush_and_wait(&fe, 1);
        check_screenshot(&fe);
    }
    fe_stop(&fe);
}

HSP_TEST(resource_2d_of_each_format)
{
    struct pages pages;
    struct fe fe;

    start(&fe);
    alloc_pages(&fe, &pages);
    for (uint32_t i = 0; i < HSP_ARRAY_COUNT(samples); i++) {
        struct hsp_gpu_resource_create_2d body = {1 + i, samples[i].format, WIDTH, HEIGHT};
        write_pixels(&fe, &pages, &samples[i], WIDTH * samples[i].size, 0);
        HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_RESOURCE_CREATE_2D, 0, &body, sizeof(body)), OK);
        HSP_CHECK_EQ(cmd_attach_backing(&fe, 1 + i, pages.entries, SIZE / 4096), OK);
        HSP_CHECK_EQ(cmd_transfer(&fe, 1 + i, 0, 0, WIDTH, HEIGHT, 0), OK);
        HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1 + i, WIDTH, HEIGHT), OK);
        flush_and_wait(&fe, 1 + i);
        check_screenshot(&fe);
    }
    fe_stop(&fe);
}

/* A layout that is right for pixels of four bytes can be wrong for eight. */
HSP_TEST(layouts_depend_on_the_format)
{
    struct fe fe;

    start(&fe);
    struct hsp_gpu_backing_entry entry = {fe_alloc(&fe, 65536), 65536, 0};
    HSP_CHECK_EQ(cmd_create_blob(&fe, 0, 1, HSP_GPU_BLOB_MEM_GUEST, 0, 0, 65536, &entry, 1), OK);
    const uint32_t small = HSP_FORMAT_B5G6R5, medium = HSP_FORMAT_B10G10R10X2;
    const uint32_t large = HSP_FORMAT_R16G16B16X16F;
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 256, 128, 512, 0, small), OK);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 257, 128, 512, 0, small), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 256, 128, 512, 2, small), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 128, 128, 512, 0, medium), OK);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 256, 128, 512, 0, medium), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 64, 128, 512, 0, large), OK);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 65, 128, 512, 0, large), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 64, 129, 512, 0, large), ERR_PARAMETER);
    fe_stop(&fe);
}

/* The messages of the device, which are those of this process, in a file. */
static void read_messages(int fd, char *text, size_t size)
{
    ssize_t count = pread(fd, text, size - 1, 0);

    HSP_CHECK(count >= 0);
    text[count] = '\0';
}

HSP_TEST(other_formats_are_refused_and_logged)
{
    static const uint32_t numbers[] = {0, 5, 309, UINT32_MAX};
    int file = test_file_create(), stderr_copy = dup(STDERR_FILENO);
    char messages[4096], wanted[64];
    struct fe fe;

    dup2(file, STDERR_FILENO);
    start(&fe);
    struct hsp_gpu_backing_entry entry = {fe_alloc(&fe, 65536), 65536, 0};
    HSP_CHECK_EQ(cmd_create_blob(&fe, 0, 1, HSP_GPU_BLOB_MEM_GUEST, 0, 0, 65536, &entry, 1), OK);
    for (uint32_t i = 0; i < HSP_ARRAY_COUNT(numbers); i++) {
        struct hsp_gpu_resource_create_2d body = {2, numbers[i], 16, 16};
        HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 16, 16, 512, 0, numbers[i]), ERR_PARAMETER);
        HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_RESOURCE_CREATE_2D, 0, &body, sizeof(body)),
                     ERR_PARAMETER);
    }
    fe_stop(&fe);
    dup2(stderr_copy, STDERR_FILENO);
    read_messages(file, messages, sizeof(messages));
    hsp_fd_close(&stderr_copy);
    hsp_fd_close(&file);
    snprintf(wanted, sizeof(wanted), "scanout 0: format %u of resource 1 is not supported",
             numbers[1]);
    HSP_CHECK(strstr(messages, wanted) != NULL);
    HSP_CHECK(strstr(messages, "format 5 of resource 2 is not supported") != NULL);
}

HSP_TEST_MAIN()
