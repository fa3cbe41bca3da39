/* SPDX-License-Identifier: MIT */
/* What VNC viewers see, and what it costs. */
#include "display/test_vnc_fixture.h"

#include "base/fd.h"
#include "base/test.h"
#include "display/screenshot.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define WIDTH  300
#define HEIGHT 200

static const uint32_t pixel_count = WIDTH * HEIGHT;

static void make_picture(struct test_picture *picture, uint32_t scanout_id)
{
    test_picture_init(picture, scanout_id, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, 0, 0);
    test_picture_fill(picture, scanout_id + 1);
}

/* ------------------------------------------------------------------ pixels */

HSP_TEST(viewer_sees_every_format)
{
    static const uint32_t formats[] = {
        HSP_FORMAT_B8G8R8A8,    HSP_FORMAT_X8R8G8B8,      HSP_FORMAT_R8G8B8A8,
        HSP_FORMAT_X8B8G8R8,    HSP_FORMAT_B5G6R5,        HSP_FORMAT_R10G10B10A2,
        HSP_FORMAT_B10G10R10X2, HSP_FORMAT_R16G16B16A16F,
    };
    struct test_vnc vnc;
    struct test_viewer viewer;

    test_vnc_start(&vnc);
    test_viewer_init(&viewer, &vnc, NULL);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(formats); i++) {
        struct test_picture picture;
        test_picture_init(&picture, 0, formats[i], WIDTH, HEIGHT, 2500, 24);
        test_picture_fill(&picture, (uint32_t)i + 1);
        test_picture_show(&picture, &vnc.client);
        test_viewer_wait_shown(&viewer, &picture);
        test_picture_finish(&picture);
    }
    test_viewer_finish(&viewer);
    test_vnc_finish(&vnc);
}

/* The upper half of one colour, the lower one noise. */
HSP_TEST(every_encoding_is_exact)
{
    static const char *const encodings[] = {"raw", "hextile", "zlib",  "zrle",    "tight",
                                            "rre", "corre",   "ultra", "copyrect"};

    for (size_t i = 0; i < HSP_ARRAY_COUNT(encodings); i++) {
        const struct test_viewer_options options = {.encodings = encodings[i]};
        struct test_vnc vnc;
        struct test_viewer viewer;
        struct test_picture picture;

        test_vnc_start(&vnc);
        make_picture(&picture, 0);
        memset(picture.mapping.data, 0x55, pixel_count * 2);
        test_picture_show(&picture, &vnc.client);
        test_viewer_init(&viewer, &vnc, &options);
        test_viewer_wait_shown(&viewer, &picture);
        test_viewer_finish(&viewer);
        test_vnc_finish(&vnc);
        test_picture_finish(&picture);
    }
}

HSP_TEST(only_the_shown_part_is_seen)
{
    struct test_vnc vnc;
    struct test_viewer viewer;
    struct test_picture picture;

    test_vnc_start(&vnc);
    make_picture(&picture, 0);
    picture.scanout.rect = (struct hsp_ipc_rect){.x = 17, .y = 9, .width = 101, .height = 55};
    test_viewer_init(&viewer, &vnc, NULL);
    test_picture_show(&picture, &vnc.client);
    test_viewer_wait_shown(&viewer, &picture);
    test_viewer_finish(&viewer);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
}

static void get_shown(const struct test_viewer *viewer, uint32_t x, uint32_t y, uint8_t rgb[3])
{
    memcpy(rgb, viewer->client->frameBuffer + (y * (uint32_t)viewer->client->width + x) * 4, 3);
}

HSP_TEST(only_damage_is_sent)
{
    struct test_vnc vnc;
    struct test_viewer viewer;
    struct test_picture picture, before;
    uint8_t shown[3], expected[3];

    test_vnc_start(&vnc);
    make_picture(&picture, 0);
    test_picture_show(&picture, &vnc.client);
    test_viewer_init(&viewer, &vnc, NULL);
    test_viewer_wait_shown(&viewer, &picture);
    memset(picture.mapping.data, 0x77, picture.mapping.size);
    test_client_flush(&vnc.client, 0,
                      (struct hsp_ipc_rect){.x = 20, .y = 30, .width = 10, .height = 5});
    TEST_VIEWER_WAIT(&viewer, (get_shown(&viewer, 29, 34, shown), shown[0] == 0x77));
    make_picture(&before, 0);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < WIDTH; x++) {
            bool is_damaged = x >= 20 && x < 30 && y >= 30 && y < 35;
            test_picture_get(&before, x, y, expected);
            get_shown(&viewer, x, y, shown);
            for (int i = 0; i < 3; i++)
                HSP_CHECK_EQ(shown[i], is_damaged ? 0x77 : expected[i]);
        }
    }
    test_picture_finish(&before);
    test_viewer_finish(&viewer);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
}

/* ------------------------------------------------------------------ cost */

static uint64_t get_copied(const struct test_vnc *vnc)
{
    return vnc->client.stats->scanouts[0].copied_bytes;
}

static void request(int fd, bool is_incremental, uint16_t width, uint16_t height)
{
    const uint8_t message[] = {3,
                               is_incremental,
                               0,
                               0,
                               0,
                               0,
                               (uint8_t)(width >> 8),
                               (uint8_t)width,
                               (uint8_t)(height >> 8),
                               (uint8_t)height};

    test_socket_send(fd, message, sizeof(message));
}

/* An update of one raw rectangle. */
static void receive_raw(int fd, uint32_t pixels)
{
    static uint8_t bytes[WIDTH * HEIGHT * 4];
    uint8_t header[16];

    test_socket_receive(fd, header, sizeof(header));
    HSP_CHECK_EQ(header[0], 0);
    HSP_CHECK_EQ(header[3], 1);
    HSP_CHECK_EQ((header[8] << 8 | header[9]) * (header[10] << 8 | header[11]), pixels);
    test_socket_receive(fd, bytes, pixels * 4);
}

HSP_TEST(nothing_is_copied_while_nobody_looks)
{
    struct test_vnc vnc;
    struct test_picture picture;
    int fd;

    test_vnc_start(&vnc);
    make_picture(&picture, 0);
    for (int i = 0; i < 10; i++)
        test_picture_show(&picture, &vnc.client);
    HSP_CHECK_EQ(get_copied(&vnc), 0);
    HSP_CHECK_EQ(vnc.client.stats->scanouts[0].frames, 10);

    fd = test_vnc_connect_bare(&vnc); /* is there, but asks for nothing */
    for (int i = 0; i < 10; i++)
        test_picture_show(&picture, &vnc.client);
    HSP_CHECK_EQ(get_copied(&vnc), 0);

    /* A copy, and as much again for the encoder. */
    request(fd, false, WIDTH, HEIGHT);
    receive_raw(fd, pixel_count);
    for (int i = 0; i < 1000 && get_copied(&vnc) < pixel_count * 8; i++)
        usleep(1000);
    HSP_CHECK_EQ(get_copied(&vnc), pixel_count * 8);
    for (int i = 0; i < 10; i++)
        test_picture_show(&picture, &vnc.client);
    HSP_CHECK_EQ(get_copied(&vnc), pixel_count * 8);
    close(fd);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
}

HSP_TEST(waiting_viewer_gets_each_frame_before_it_is_answered)
{
    struct test_vnc vnc;
    struct test_picture picture;
    int fd;

    test_vnc_start(&vnc);
    make_picture(&picture, 0);
    test_picture_show(&picture, &vnc.client);
    fd = test_vnc_connect_bare(&vnc);
    request(fd, false, WIDTH, HEIGHT);
    receive_raw(fd, pixel_count);
    for (uint32_t i = 1; i <= 20; i++) {
        request(fd, true, WIDTH, HEIGHT);
        usleep(20000); /* it rests now */
        test_client_flush(&vnc.client, 0, (struct hsp_ipc_rect){.width = i, .height = 1});
        memset(picture.mapping.data, 0xee, WIDTH * 4); /* drawn again at once */
        receive_raw(fd, i);
        memset(picture.mapping.data, 0x11, WIDTH * 4);
    }
    close(fd);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
}

HSP_TEST(idle_display_sleeps)
{
    struct test_viewer viewers[2];
    struct test_vnc vnc;
    struct test_picture picture;
    long before;

    test_vnc_start(&vnc);
    make_picture(&picture, 0);
    test_picture_show(&picture, &vnc.client);
    for (int i = 0; i < 2; i++) {
        test_viewer_init(&viewers[i], &vnc, NULL);
        test_viewer_wait_shown(&viewers[i], &picture);
        while (test_viewer_pump(&viewers[i], 200))
            continue;
    }
    before = test_count_sleeps(vnc.client.pid);
    sleep(3);
    HSP_CHECK_EQ(test_count_sleeps(vnc.client.pid) - before, 0);
    for (int i = 0; i < 2; i++)
        test_viewer_finish(&viewers[i]);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
}

/* ------------------------------------------------------------------ screens */

HSP_TEST(viewer_follows_the_size)
{
    static const uint32_t sizes[][2] = {{64, 48}, {1280, 800}, {1, 1}, {801, 603}, {300, 200}};
    struct test_viewer viewers[2];
    struct test_vnc vnc;

    test_vnc_start(&vnc);
    for (int i = 0; i < 2; i++) {
        const struct test_viewer_options options = {.encodings = i ? "tight" : "zrle"};
        test_viewer_init(&viewers[i], &vnc, &options);
    }
    for (size_t i = 0; i < HSP_ARRAY_COUNT(sizes); i++) {
        struct test_picture picture;
        test_picture_init(&picture, 0, HSP_FORMAT_B8G8R8X8, sizes[i][0], sizes[i][1], 0, 0);
        test_picture_fill(&picture, (uint32_t)i);
        test_picture_show(&picture, &vnc.client);
        for (int j = 0; j < 2; j++)
            test_viewer_wait_shown(&viewers[j], &picture);
        test_picture_finish(&picture);
    }
    for (int i = 0; i < 2; i++)
        test_viewer_finish(&viewers[i]);
    test_vnc_finish(&vnc);
}

HSP_TEST(large_picture_is_cut_to_what_can_be_sent)
{
    const struct test_viewer_options options = {.encodings = "raw"};
    struct test_viewer viewer;
    struct test_vnc vnc;
    struct test_picture picture;

    test_vnc_start(&vnc);
    test_picture_init(&picture, 0, HSP_FORMAT_B8G8R8X8, 16384, 4, 0, 0);
    test_picture_fill(&picture, 5);
    test_picture_show(&picture, &vnc.client);
    test_viewer_init(&viewer, &vnc, &options);
    HSP_CHECK_EQ(viewer.client->width, 8188);
    HSP_CHECK_EQ(viewer.client->height, 4);
    picture.scanout.rect.width = 8188;
    test_viewer_wait_shown(&viewer, &picture);
    test_viewer_finish(&viewer);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
}

static bool is_black(const struct test_viewer *viewer)
{
    for (int i = 0; i < viewer->client->width * viewer->client->height * 4; i++) {
        if (i % 4 != 3 && viewer->client->frameBuffer[i] != 0)
            return false;
    }
    return true;
}

HSP_TEST(scanout_off_is_black_and_comes_back)
{
    struct hsp_ipc_display_scanout off = {.scanout_id = 0};
    struct test_viewer viewer;
    struct test_vnc vnc;
    struct test_picture picture;

    test_vnc_start(&vnc);
    test_viewer_init(&viewer, &vnc, NULL);
    TEST_VIEWER_WAIT(&viewer, is_black(&viewer));
    make_picture(&picture, 0);
    for (int i = 0; i < 3; i++) {
        test_picture_show(&picture, &vnc.client);
        test_viewer_wait_shown(&viewer, &picture);
        test_client_set_scanout(&vnc.client, &off, NULL);
        TEST_VIEWER_WAIT(&viewer, is_black(&viewer));
        HSP_CHECK_EQ(viewer.client->width, WIDTH);
    }
    test_viewer_finish(&viewer);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
}

static void check_two_screens(struct test_vnc *vnc)
{
    struct test_viewer viewers[2];
    struct test_picture pictures[2];

    for (uint32_t i = 0; i < 2; i++) {
        make_picture(&pictures[i], i);
        test_picture_show(&pictures[i], &vnc->client);
    }
    test_vnc_wait_logged(vnc, "screen 2 is at VNC");
    for (uint32_t i = 0; i < 2; i++) {
        const struct test_viewer_options options = {.screen = i};
        test_viewer_init(&viewers[i], vnc, &options);
        test_viewer_wait_shown(&viewers[i], &pictures[i]);
        HSP_CHECK_STREQ(viewers[i].client->desktopName, i ? "testvm, screen 2" : "testvm");
    }
    for (uint32_t i = 0; i < 2; i++) {
        test_viewer_finish(&viewers[i]);
        test_picture_finish(&pictures[i]);
    }
}

HSP_TEST(each_screen_has_its_port)
{
    struct test_vnc vnc;

    test_vnc_start_tcp(&vnc, test_vnc_find_port(), NULL);
    check_two_screens(&vnc);
    test_vnc_finish(&vnc);
}

HSP_TEST(each_screen_has_its_unix_socket)
{
    struct test_vnc vnc;
    struct stat st;

    test_vnc_start(&vnc);
    HSP_CHECK_EQ(stat(vnc.path, &st), 0);
    HSP_CHECK_EQ(st.st_mode & 0777, 0700);
    check_two_screens(&vnc);
    test_vnc_finish(&vnc);
}

/* ------------------------------------------------------------------ cursor */

static void set_cursor(struct test_vnc *vnc, const struct hsp_span *span, int32_t x, int32_t y)
{
    struct hsp_ipc_display_cursor cursor = {
        .resource_id = span ? 1 : 0, .x = x, .y = y, .hot_x = 5, .hot_y = 7};

    if (span)
        HSP_CHECK_EQ(hsp_ipc_send_with_span(&vnc->client.channel, HSP_IPC_DISPLAY_SET_CURSOR,
                                            &cursor, sizeof(cursor), span),
                     0);
    else
        test_client_send(&vnc->client, HSP_IPC_DISPLAY_SET_CURSOR, &cursor, sizeof(cursor), -1);
}

/* An opaque square of this size and colour in the corner. */
static struct hsp_span make_cursor(uint32_t extent, const uint8_t bgra[4])
{
    struct hsp_mapping mapping;
    struct hsp_span span = test_span_create(HSP_CURSOR_SIZE, &mapping);

    for (uint32_t y = 0; y < extent; y++) {
        for (uint32_t x = 0; x < extent; x++)
            memcpy((uint8_t *)mapping.data + (y * HSP_CURSOR_EXTENT + x) * 4, bgra, 4);
    }
    hsp_mapping_finish(&mapping);
    return span;
}

HSP_TEST(viewer_draws_the_cursor_itself)
{
    static const uint8_t half_red[] = {0, 0, 128, 200};
    struct hsp_span span = make_cursor(10, half_red);
    struct test_viewer viewer;
    struct test_vnc vnc;
    struct test_picture picture;
    const uint8_t *pixel;

    test_vnc_start(&vnc);
    make_picture(&picture, 0);
    test_picture_show(&picture, &vnc.client);
    test_viewer_init(&viewer, &vnc, NULL);
    set_cursor(&vnc, &span, 50, 60);
    TEST_VIEWER_WAIT(&viewer, viewer.cursor_width == HSP_CURSOR_EXTENT);
    HSP_CHECK_EQ(viewer.hot_x, 5);
    HSP_CHECK_EQ(viewer.hot_y, 7);
    pixel = viewer.client->rcSource + (HSP_CURSOR_EXTENT * 9 + 9) * 4;
    HSP_CHECK_EQ(pixel[0], 163); /* 128 / 200 of 255 */
    HSP_CHECK_EQ(pixel[1], 0);
    HSP_CHECK_EQ(viewer.client->rcMask[HSP_CURSOR_EXTENT * 9 + 9], 1);
    HSP_CHECK_EQ(viewer.client->rcMask[HSP_CURSOR_EXTENT * 9 + 10], 0);
    TEST_VIEWER_WAIT(&viewer, viewer.cursor_x == 55 && viewer.cursor_y == 67);
    test_viewer_wait_shown(&viewer, &picture); /* and not in the picture */

    test_viewer_finish(&viewer);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
    hsp_span_finish(&span);
}

static void receive_empty_cursor(int fd)
{
    static const uint8_t update[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x11};
    uint8_t bytes[sizeof(update)];

    test_socket_receive(fd, bytes, sizeof(bytes));
    bytes[1] = 0; /* padding */
    HSP_CHECK_EQ(memcmp(bytes, update, sizeof(update)), 0);
}

/* As libvncclient passes over it, a bare socket. */
HSP_TEST(hidden_cursor_is_an_empty_one)
{
    static const uint8_t rich_cursor[] = {2, 0, 0, 1, 0xff, 0xff, 0xff, 0x11};
    static const uint8_t white[] = {255, 255, 255, 255};
    uint8_t bytes[16 + HSP_CURSOR_SIZE + HSP_CURSOR_EXTENT * HSP_CURSOR_EXTENT / 8];
    struct hsp_span span = make_cursor(10, white);
    struct test_vnc vnc;
    struct test_picture picture;
    int fd;

    test_vnc_start(&vnc);
    make_picture(&picture, 0);
    test_picture_show(&picture, &vnc.client);
    fd = test_vnc_connect_bare(&vnc);
    request(fd, false, WIDTH, HEIGHT);
    receive_raw(fd, pixel_count);
    test_socket_send(fd, rich_cursor, sizeof(rich_cursor));
    request(fd, true, WIDTH, HEIGHT);
    receive_empty_cursor(fd);
    set_cursor(&vnc, &span, 0, 0);
    request(fd, true, WIDTH, HEIGHT);
    test_socket_receive(fd, bytes, sizeof(bytes));
    HSP_CHECK_EQ(bytes[4 + 5], HSP_CURSOR_EXTENT);
    set_cursor(&vnc, NULL, 0, 0);
    request(fd, true, WIDTH, HEIGHT);
    receive_empty_cursor(fd);
    close(fd);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
    hsp_span_finish(&span);
}

static bool is_coloured(const struct test_viewer *viewer, uint32_t x, uint32_t y,
                        const uint8_t bgra[4])
{
    uint8_t shown[3];

    get_shown(viewer, x, y, shown);
    return shown[0] == bgra[2] && shown[1] == bgra[1] && shown[2] == bgra[0];
}

HSP_TEST(cursor_is_drawn_for_viewers_that_cannot)
{
    const struct test_viewer_options options = {.draws_no_cursor = true};
    static const uint8_t green[] = {1, 254, 2, 255};
    struct hsp_span span = make_cursor(10, green);
    struct hsp_ipc_display_cursor move = {.x = 150, .y = 100};
    struct test_viewer viewer;
    struct test_vnc vnc;
    struct test_picture picture;

    test_vnc_start(&vnc);
    make_picture(&picture, 0);
    test_picture_show(&picture, &vnc.client);
    test_viewer_init(&viewer, &vnc, &options);
    set_cursor(&vnc, &span, 50, 60);
    TEST_VIEWER_WAIT(&viewer,
                     is_coloured(&viewer, 50, 60, green) && is_coloured(&viewer, 59, 69, green));
    test_client_send(&vnc.client, HSP_IPC_DISPLAY_MOVE_CURSOR, &move, sizeof(move), -1);
    TEST_VIEWER_WAIT(&viewer,
                     is_coloured(&viewer, 150, 100, green) && !is_coloured(&viewer, 50, 60, green));
    set_cursor(&vnc, NULL, 0, 0);
    test_viewer_wait_shown(&viewer, &picture); /* nothing is left of it */
    test_viewer_finish(&viewer);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
    hsp_span_finish(&span);
}

/* ------------------------------------------------------------------ screenshots */

HSP_TEST(screenshot_is_what_viewers_see)
{
    struct hsp_ipc_display_screenshot shot = {.request_id = 3};
    struct hsp_ipc_display_screenshot_done done;
    struct test_viewer viewer;
    struct test_vnc vnc;
    struct test_picture picture;
    struct test_image image;
    int fd = test_file_create();

    test_vnc_start(&vnc);
    make_picture(&picture, 0);
    test_picture_show(&picture, &vnc.client);
    test_viewer_init(&viewer, &vnc, NULL);
    test_viewer_wait_shown(&viewer, &picture);
    test_client_send(&vnc.client, HSP_IPC_DISPLAY_SCREENSHOT, &shot, sizeof(shot), fd);
    test_client_receive(&vnc.client, HSP_IPC_DISPLAY_SCREENSHOT_DONE, &done, sizeof(done));
    HSP_CHECK_EQ(done.status, 0);
    image = test_image_read(fd);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < WIDTH; x++)
            HSP_CHECK_EQ(memcmp(test_image_pixel(&image, x, y),
                                viewer.client->frameBuffer + (y * WIDTH + x) * 4, 3),
                         0);
    }
    test_image_finish(&image);
    close(fd);
    test_viewer_finish(&viewer);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
}

HSP_TEST_MAIN()
