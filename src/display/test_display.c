/* SPDX-License-Identifier: MIT */
/* Drives the real hesper-display (HESPER_DISPLAY_PATH) over a socket, as hesper-gpu does. */
#include "display/screenshot.h"
#include "display/test_client.h"

#include "base/fd.h"
#include "base/stats.h"
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WIDTH  64
#define HEIGHT 48

static void start(struct test_client *client)
{
    static const char *const arguments[] = {"--backend=headless", NULL};

    test_client_start(client, HESPER_DISPLAY_PATH, arguments, -1);
}

static struct hsp_ipc_display_scanout make_scanout(uint32_t scanout_id)
{
    return (struct hsp_ipc_display_scanout){
        .scanout_id = scanout_id,
        .width = WIDTH,
        .height = HEIGHT,
        .stride = WIDTH * 4,
        .format = HSP_FORMAT_B8G8R8X8,
        .kind = HSP_IPC_RESOURCE_MEMORY,
        .rect = {.width = WIDTH, .height = HEIGHT},
    };
}

/* A scanout of one colour; the caller may let go of the memory at once. */
static void set_coloured_scanout(struct test_client *client, uint32_t scanout_id, int value)
{
    struct hsp_ipc_display_scanout scanout = make_scanout(scanout_id);
    struct hsp_mapping mapping;
    struct hsp_span span = test_span_create(WIDTH * HEIGHT * 4, &mapping);

    memset(mapping.data, value, mapping.size);
    test_client_set_scanout(client, &scanout, &span);
    hsp_span_finish(&span);
    hsp_mapping_finish(&mapping);
}

static void flush(struct test_client *client, uint32_t scanout_id)
{
    test_client_flush(client, scanout_id, (struct hsp_ipc_rect){.width = WIDTH, .height = HEIGHT});
}

/* The status; the picture only when that is 0. */
static int screenshot(struct test_client *client, uint32_t scanout_id, struct test_image *out_image)
{
    struct hsp_ipc_display_screenshot request = {.request_id = 77, .scanout_id = scanout_id};
    struct hsp_ipc_display_screenshot_done done;
    int fd = test_file_create();

    test_client_send(client, HSP_IPC_DISPLAY_SCREENSHOT, &request, sizeof(request), fd);
    test_client_receive(client, HSP_IPC_DISPLAY_SCREENSHOT_DONE, &done, sizeof(done));
    HSP_CHECK_EQ(done.request_id, 77);
    if (done.status == 0)
        *out_image = test_image_read(fd);
    hsp_fd_close(&fd);
    return done.status;
}

static int shown_value(struct test_client *client, uint32_t scanout_id)
{
    struct test_image image;

    HSP_CHECK_EQ(screenshot(client, scanout_id, &image), 0);
    int value = test_image_pixel(&image, WIDTH - 1, HEIGHT - 1)[1];
    test_image_finish(&image);
    return value;
}

HSP_TEST(flush_makes_the_picture_current_and_counts)
{
    struct test_client client;
    struct test_image image;

    start(&client);
    set_coloured_scanout(&client, 0, 10);
    HSP_CHECK_EQ(screenshot(&client, 0, &image), -ENODATA);
    flush(&client, 0);
    HSP_CHECK_EQ(shown_value(&client, 0), 10);
    set_coloured_scanout(&client, 0, 20);
    HSP_CHECK_EQ(shown_value(&client, 0), 10);
    flush(&client, 0);
    HSP_CHECK_EQ(shown_value(&client, 0), 20);

    const struct hsp_stats_scanout *stats = &client.stats->scanouts[0];
    HSP_CHECK_EQ(stats->flushes, 2);
    HSP_CHECK_EQ(stats->frames, 2);
    HSP_CHECK_EQ(stats->copied_bytes, 0);
    HSP_CHECK_EQ(stats->width, WIDTH);
    HSP_CHECK_EQ(stats->height, HEIGHT);
    HSP_CHECK(stats->present_ns > 0);
    HSP_CHECK(stats->last_frame_ns > 0 && stats->last_frame_ns <= hsp_now_ns());
    test_client_finish(&client);
}

HSP_TEST(picture_is_read_from_where_it_was_rendered)
{
    struct hsp_ipc_display_scanout scanout = make_scanout(2);
    struct hsp_mapping mapping;
    struct hsp_span span = test_span_create(WIDTH * HEIGHT * 4, &mapping);
    struct test_client client;

    start(&client);
    test_client_set_scanout(&client, &scanout, &span);
    flush(&client, 2);
    HSP_CHECK_EQ(shown_value(&client, 2), 0);
    memset(mapping.data, 99, mapping.size);
    HSP_CHECK_EQ(shown_value(&client, 2), 99);
    test_client_finish(&client);
    hsp_span_finish(&span);
    hsp_mapping_finish(&mapping);
}

/* What came from a pipe and what still comes, as a file. */
static int drain(int pipe_fd, char first)
{
    char buffer[4096];
    int file = test_file_create();
    ssize_t size;

    HSP_CHECK_EQ(write(file, &first, 1), 1);
    while ((size = read(pipe_fd, buffer, sizeof(buffer))) > 0)
        HSP_CHECK_EQ(write(file, buffer, (size_t)size), size);
    HSP_CHECK_EQ(size, 0);
    return file;
}

/* The reader is slow, so that the PNG cannot be done before the guest draws the next frame. */
HSP_TEST(screenshot_is_of_one_moment)
{
    enum { SIZE = 256 }; /* noise of this size does not fit into a pipe */
    struct hsp_ipc_display_screenshot request = {.request_id = 1};
    struct hsp_ipc_display_screenshot_done done;
    struct test_picture picture;
    struct test_client client;
    struct test_image image;
    int ends[2], file;
    char first;

    start(&client);
    test_picture_init(&picture, 0, HSP_FORMAT_B8G8R8X8, SIZE, SIZE, 0, 0);
    for (size_t i = 0; i < picture.mapping.size; i++)
        ((uint8_t *)picture.mapping.data)[i] = (uint8_t)(128 | rand());
    test_picture_show(&picture, &client);
    HSP_CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
    test_client_send(&client, HSP_IPC_DISPLAY_SCREENSHOT, &request, sizeof(request), ends[1]);
    hsp_fd_close(&ends[1]);
    HSP_CHECK_EQ(read(ends[0], &first, 1), 1);
    memset(picture.mapping.data, 0, picture.mapping.size);
    file = drain(ends[0], first);
    test_client_receive(&client, HSP_IPC_DISPLAY_SCREENSHOT_DONE, &done, sizeof(done));
    HSP_CHECK_EQ(done.status, 0);
    image = test_image_read(file);
    for (uint32_t y = 0; y < SIZE; y++)
        HSP_CHECK(test_image_pixel(&image, SIZE - 1, y)[0] >= 128);
    test_image_finish(&image);
    hsp_fd_close(&file);
    hsp_fd_close(&ends[0]);
    test_picture_finish(&picture);
    test_client_finish(&client);
}

HSP_TEST(scanouts_are_independent)
{
    struct test_client client;
    struct test_image image;

    start(&client);
    set_coloured_scanout(&client, 0, 1);
    set_coloured_scanout(&client, 15, 2);
    flush(&client, 15);
    HSP_CHECK_EQ(shown_value(&client, 15), 2);
    HSP_CHECK_EQ(screenshot(&client, 0, &image), -ENODATA);
    HSP_CHECK_EQ(client.stats->scanouts[0].frames, 0);
    test_client_finish(&client);
}

HSP_TEST(scanout_off_has_no_picture)
{
    struct hsp_ipc_display_scanout off = {.scanout_id = 0};
    struct test_client client;
    struct test_image image;

    start(&client);
    HSP_CHECK_EQ(screenshot(&client, 0, &image), -ENODATA);
    set_coloured_scanout(&client, 0, 10);
    flush(&client, 0);
    test_client_set_scanout(&client, &off, NULL);
    HSP_CHECK_EQ(screenshot(&client, 0, &image), -ENODATA);
    flush(&client, 0); /* answered, but no frame */
    HSP_CHECK_EQ(client.stats->scanouts[0].flushes, 2);
    HSP_CHECK_EQ(client.stats->scanouts[0].frames, 1);
    HSP_CHECK_EQ(client.stats->scanouts[0].width, 0);
    test_client_finish(&client);
}

HSP_TEST(picture_of_scattered_pages)
{
    uint32_t page = (uint32_t)hsp_page_size();
    struct hsp_ipc_display_scanout scanout = make_scanout(0);
    uint32_t count = (uint32_t)(hsp_align_up(WIDTH * HEIGHT * 4, page) / page);
    struct hsp_span_piece pieces[64];
    struct hsp_mapping mapping;
    struct hsp_span file = test_span_create((uint64_t)count * page, &mapping), span;
    struct test_client client;
    struct test_image image;

    HSP_CHECK(count <= HSP_ARRAY_COUNT(pieces));
    for (uint32_t i = 0; i < count; i++) { /* the pages in reverse */
        pieces[i] = (struct hsp_span_piece){.offset = (count - 1 - i) * page, .size = page};
        memset((char *)mapping.data + pieces[i].offset, (int)(i + 1), page);
    }
    HSP_CHECK_EQ(hsp_span_init_pieces(&span, file.fds, 1, pieces, count), 0);
    HSP_CHECK_EQ(span.piece_count, count);
    start(&client);
    test_client_set_scanout(&client, &scanout, &span);
    flush(&client, 0);
    HSP_CHECK_EQ(screenshot(&client, 0, &image), 0);
    for (uint32_t y = 0; y < HEIGHT; y++)
        HSP_CHECK_EQ(test_image_pixel(&image, 5, y)[0], y * WIDTH * 4 / page + 1);
    test_image_finish(&image);
    test_client_finish(&client);
    hsp_span_finish(&span);
    hsp_span_finish(&file);
    hsp_mapping_finish(&mapping);
}

HSP_TEST(what_a_guest_gets_wrong_switches_the_scanout_off)
{
    struct hsp_ipc_display_scanout bad = make_scanout(0);
    struct hsp_mapping mapping;
    struct hsp_span span = test_span_create(WIDTH * HEIGHT * 4, &mapping);
    struct test_client client;
    struct test_image image;

    start(&client);
    set_coloured_scanout(&client, 0, 10);
    flush(&client, 0);
    bad.stride += 4;
    test_client_set_scanout(&client, &bad, &span);
    HSP_CHECK_EQ(screenshot(&client, 0, &image), -ENODATA);
    flush(&client, 0);
    set_coloured_scanout(&client, 0, 30); /* and it still serves */
    flush(&client, 0);
    HSP_CHECK_EQ(shown_value(&client, 0), 30);
    test_client_finish(&client);
    hsp_span_finish(&span);
    hsp_mapping_finish(&mapping);
}

HSP_TEST(memory_that_can_shrink_is_refused)
{
    struct hsp_ipc_display_scanout scanout = make_scanout(0);
    int fd = memfd_create("test", MFD_CLOEXEC);
    struct hsp_span span;
    struct test_client client;
    struct test_image image;

    HSP_CHECK_EQ(ftruncate(fd, WIDTH * HEIGHT * 4), 0);
    HSP_CHECK_EQ(hsp_span_init_single(&span, fd, 0, WIDTH * HEIGHT * 4), 0);
    start(&client);
    test_client_set_scanout(&client, &scanout, &span);
    flush(&client, 0);
    HSP_CHECK_EQ(screenshot(&client, 0, &image), -ENODATA);
    scanout.kind = HSP_IPC_RESOURCE_GUEST;
    test_client_set_scanout(&client, &scanout, &span);
    flush(&client, 0);
    HSP_CHECK_EQ(shown_value(&client, 0), 0);
    test_client_finish(&client);
    hsp_span_finish(&span);
}

HSP_TEST(cursor_is_on_the_screenshot)
{
    struct hsp_ipc_display_cursor cursor = {.resource_id = 5, .x = 10, .y = 20};
    struct hsp_mapping mapping;
    struct hsp_span span = test_span_create(HSP_CURSOR_SIZE, &mapping);
    struct test_client client;
    struct test_image image;

    start(&client);
    set_coloured_scanout(&client, 0, 10);
    flush(&client, 0);
    memset(mapping.data, 0xff, 4); /* one white pixel, top left */
    HSP_CHECK_EQ(hsp_ipc_send_with_span(&client.channel, HSP_IPC_DISPLAY_SET_CURSOR, &cursor,
                                        sizeof(cursor), &span),
                 0);
    HSP_CHECK_EQ(screenshot(&client, 0, &image), 0);
    HSP_CHECK_EQ(test_image_pixel(&image, 10, 20)[0], 255);
    HSP_CHECK_EQ(test_image_pixel(&image, 11, 20)[0], 10);
    test_image_finish(&image);

    cursor.x = 30;
    test_client_send(&client, HSP_IPC_DISPLAY_MOVE_CURSOR, &cursor, sizeof(cursor), -1);
    HSP_CHECK_EQ(screenshot(&client, 0, &image), 0);
    HSP_CHECK_EQ(test_image_pixel(&image, 10, 20)[0], 10);
    HSP_CHECK_EQ(test_image_pixel(&image, 30, 20)[0], 255);
    test_image_finish(&image);

    cursor.resource_id = 0;
    test_client_send(&client, HSP_IPC_DISPLAY_SET_CURSOR, &cursor, sizeof(cursor), -1);
    HSP_CHECK_EQ(screenshot(&client, 0, &image), 0);
    HSP_CHECK_EQ(test_image_pixel(&image, 30, 20)[0], 10);
    test_image_finish(&image);
    test_client_finish(&client);
    hsp_span_finish(&span);
    hsp_mapping_finish(&mapping);
}

HSP_TEST(malformed_messages_end_the_program)
{
    static const struct {
        uint32_t type;
        size_t size;
    } messages[] = {
        {HSP_IPC_DISPLAY_FLUSH, sizeof(struct hsp_ipc_display_flush) - 1},
        {HSP_IPC_DISPLAY_SET_SCANOUT, sizeof(struct hsp_ipc_display_scanout) + 8},
        {HSP_IPC_DISPLAY_SET_CURSOR, 3},
        {HSP_IPC_DISPLAY_MOVE_CURSOR, 0},
        {HSP_IPC_DISPLAY_SCREENSHOT, sizeof(struct hsp_ipc_display_screenshot)}, /* no fd */
        {0x999, 0},
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(messages); i++) {
        static const char zeros[256];
        struct test_client client;

        start(&client);
        test_client_send(&client, messages[i].type, zeros, messages[i].size, -1);
        HSP_CHECK_EQ(test_client_wait(&client), 1);
        hsp_ipc_channel_finish(&client.channel);
    }
}

HSP_TEST(scanout_id_out_of_range_ends_the_program)
{
    struct hsp_ipc_display_flush flush = {.scanout_id = HSP_LIMIT_SCANOUT_COUNT};
    struct test_client client;

    start(&client);
    test_client_send(&client, HSP_IPC_DISPLAY_FLUSH, &flush, sizeof(flush), -1);
    HSP_CHECK_EQ(test_client_wait(&client), 1);
    hsp_ipc_channel_finish(&client.channel);
}

HSP_TEST(unread_screenshot_does_not_hold_up_the_display_nor_its_end)
{
    struct hsp_ipc_display_screenshot request = {.request_id = 1};
    struct hsp_ipc_display_scanout scanout = make_scanout(0);
    struct hsp_mapping mapping;
    struct hsp_span span = test_span_create(512 * 512 * 4, &mapping);
    struct test_client client;
    int pipe_fds[2];

    /* Noise, so that the PNG is larger than a pipe's buffer. */
    scanout.width = scanout.height = scanout.rect.width = scanout.rect.height = 512;
    scanout.stride = 512 * 4;
    srand(1);
    for (size_t i = 0; i < mapping.size; i++)
        ((char *)mapping.data)[i] = (char)rand();
    HSP_CHECK_EQ(pipe2(pipe_fds, O_CLOEXEC), 0);
    start(&client);
    test_client_set_scanout(&client, &scanout, &span);
    flush(&client, 0);
    test_client_send(&client, HSP_IPC_DISPLAY_SCREENSHOT, &request, sizeof(request), pipe_fds[1]);
    flush(&client, 0);
    test_client_finish(&client);
    hsp_fd_close(&pipe_fds[0]);
    hsp_fd_close(&pipe_fds[1]);
    hsp_span_finish(&span);
    hsp_mapping_finish(&mapping);
}

HSP_TEST(screenshot_whose_reader_left_reports_it)
{
    struct hsp_ipc_display_screenshot request = {.request_id = 1};
    struct hsp_ipc_display_screenshot_done done;
    struct test_client client;
    int pipe_fds[2];

    HSP_CHECK_EQ(pipe2(pipe_fds, O_CLOEXEC), 0);
    start(&client);
    set_coloured_scanout(&client, 0, 10);
    flush(&client, 0);
    hsp_fd_close(&pipe_fds[0]);
    test_client_send(&client, HSP_IPC_DISPLAY_SCREENSHOT, &request, sizeof(request), pipe_fds[1]);
    hsp_fd_close(&pipe_fds[1]);
    test_client_receive(&client, HSP_IPC_DISPLAY_SCREENSHOT_DONE, &done, sizeof(done));
    HSP_CHECK_EQ(done.status, -EPIPE);
    test_client_finish(&client);
}

static uint64_t context_switches(pid_t pid)
{
    char path[64], line[256];
    uint64_t count = 0;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    HSP_CHECK(file != NULL);
    while (fgets(line, sizeof(line), file)) {
        char *colon = strchr(line, ':');
        if (colon && strstr(line, "ctxt_switches"))
            count += strtoull(colon + 1, NULL, 10);
    }
    fclose(file);
    return count;
}

HSP_TEST(idle_display_never_wakes)
{
    struct test_client client;

    start(&client);
    set_coloured_scanout(&client, 0, 10);
    flush(&client, 0);
    usleep(100000);
    uint64_t before = context_switches(client.pid);
    usleep(500000);
    HSP_CHECK_EQ(context_switches(client.pid), before);
    test_client_finish(&client);
}

HSP_TEST_MAIN()
