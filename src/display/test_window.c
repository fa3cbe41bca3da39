/* SPDX-License-Identifier: MIT */
/* What windows show: the real hesper-display on an Xvfb, and pixels read off the screen. */
#include "display/test_window_fixture.h"

#include "base/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIDTH  200
#define HEIGHT 150

static const struct test_place corner = {0, 0};

static void make_picture(struct test_picture *picture, uint32_t seed)
{
    test_picture_init(picture, 0, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, 0, 0);
    test_picture_fill(picture, seed);
}

HSP_TEST(picture_is_on_the_screen_and_no_cpu_copies_it)
{
    struct test_fixture fixture;
    struct test_picture picture;

    test_fixture_start(&fixture, NULL);
    make_picture(&picture, 1);
    test_picture_show(&picture, &fixture.client);
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    for (uint32_t seed = 2; seed < 5; seed++) {
        test_picture_fill(&picture, seed);
        test_client_flush(&fixture.client, 0, picture.scanout.rect);
        test_fixture_wait_shown(&fixture, &picture, corner, 0);
    }
    const struct hsp_stats_scanout *stats = &fixture.client.stats->scanouts[0];
    HSP_CHECK_EQ(stats->flushes, 4);
    HSP_CHECK_EQ(stats->frames, 3); /* there was no window yet at the first flush */
    HSP_CHECK_EQ(stats->copied_bytes, 0);
    HSP_CHECK(stats->present_ns > 0 && stats->last_frame_ns > 0);
    test_fixture_finish(&fixture);
    test_picture_finish(&picture);
}

HSP_TEST(every_format_is_shown_opaque)
{
    static const enum hsp_format formats[] = {
        HSP_FORMAT_B8G8R8A8,    HSP_FORMAT_B8G8R8X8,      HSP_FORMAT_A8R8G8B8,
        HSP_FORMAT_X8R8G8B8,    HSP_FORMAT_B5G6R5,        HSP_FORMAT_R10G10B10A2,
        HSP_FORMAT_R8G8B8A8,    HSP_FORMAT_X8B8G8R8,      HSP_FORMAT_R16G16B16A16F,
        HSP_FORMAT_A8B8G8R8,    HSP_FORMAT_B10G10R10A2,   HSP_FORMAT_R8G8B8X8,
        HSP_FORMAT_B10G10R10X2, HSP_FORMAT_R16G16B16X16F, HSP_FORMAT_R10G10B10X2,
    };
    struct test_fixture fixture;
    struct test_picture picture;

    test_fixture_start(&fixture, NULL);
    for (uint32_t i = 0; i < HSP_ARRAY_COUNT(formats); i++) {
        test_picture_init(&picture, 0, formats[i], WIDTH, HEIGHT, 0, 0);
        test_picture_fill(&picture, i);
        test_picture_show(&picture, &fixture.client);
        test_fixture_wait_shown(&fixture, &picture, corner, 1);
        test_picture_finish(&picture);
    }
    HSP_CHECK_EQ(fixture.client.stats->scanouts[0].copied_bytes, 0);
    test_fixture_finish(&fixture);
}

HSP_TEST(only_the_damage_is_read)
{
    struct hsp_ipc_rect damage = {.x = 30, .y = 20, .width = 50, .height = 40};
    struct test_fixture fixture;
    struct test_picture picture, expected;

    test_fixture_start(&fixture, NULL);
    make_picture(&picture, 1);
    make_picture(&expected, 1);
    test_picture_show(&picture, &fixture.client);
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    test_picture_fill(&picture, 2);
    for (uint32_t y = damage.y; y < damage.y + damage.height; y++) {
        size_t offset = ((size_t)y * WIDTH + damage.x) * 4;
        memcpy((char *)expected.mapping.data + offset, (char *)picture.mapping.data + offset,
               damage.width * 4);
    }
    test_client_flush(&fixture.client, 0, damage);
    test_fixture_wait_shown(&fixture, &expected, corner, 0);
    test_fixture_finish(&fixture);
    test_picture_finish(&picture);
    test_picture_finish(&expected);
}

HSP_TEST(flips_between_pictures_copy_nothing)
{
    struct test_fixture fixture;
    struct test_picture pictures[3];

    test_fixture_start(&fixture, NULL);
    for (uint32_t i = 0; i < 3; i++)
        make_picture(&pictures[i], i);
    test_picture_show(&pictures[0], &fixture.client);
    test_fixture_wait_shown(&fixture, &pictures[0], corner, 0);
    for (uint32_t i = 0; i < 60; i++) {
        struct test_picture *picture = &pictures[i % 3];
        test_picture_fill(picture, i);
        test_picture_show(picture, &fixture.client);
        if (i > 56)
            test_fixture_wait_shown(&fixture, picture, corner, 0);
    }
    HSP_CHECK_EQ(fixture.client.stats->scanouts[0].copied_bytes, 0);
    HSP_CHECK_EQ(fixture.client.stats->scanouts[0].frames, 60);
    test_fixture_finish(&fixture);
    for (uint32_t i = 0; i < 3; i++)
        test_picture_finish(&pictures[i]);
}

HSP_TEST(rows_and_offsets_of_any_kind)
{
    static const struct {
        uint32_t stride, offset;
        bool is_copied; /* rows that are no whole pixels apart */
    } layouts[] = {
        {WIDTH * 4 + 52, 4096, false}, {WIDTH * 4 + 4, 100, false}, {WIDTH * 4, 8196, false},
        {WIDTH * 4 + 1, 0, true},      {WIDTH * 4, 3, true},
    };
    struct test_fixture fixture;
    struct test_picture picture;

    test_fixture_start(&fixture, NULL);
    for (uint32_t i = 0; i < HSP_ARRAY_COUNT(layouts); i++) {
        const struct hsp_stats_scanout *stats = &fixture.client.stats->scanouts[0];
        test_picture_init(&picture, 0, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, layouts[i].stride,
                          layouts[i].offset);
        test_picture_fill(&picture, i);
        uint64_t copied_before = stats->copied_bytes;
        test_picture_show(&picture, &fixture.client);
        test_fixture_wait_shown(&fixture, &picture, corner, 0);
        HSP_CHECK_EQ(stats->copied_bytes - copied_before,
                     layouts[i].is_copied ? WIDTH * HEIGHT * 4 : 0);
        test_picture_finish(&picture);
    }
    test_fixture_finish(&fixture);
}

HSP_TEST(part_of_a_larger_picture)
{
    struct test_fixture fixture;
    struct test_picture picture;

    test_fixture_start(&fixture, NULL);
    test_picture_init(&picture, 0, HSP_FORMAT_R8G8B8A8, 500, 400, 0, 0);
    picture.scanout.rect = (struct hsp_ipc_rect){.x = 33, .y = 77, .width = 320, .height = 200};
    test_picture_fill(&picture, 1);
    test_picture_show(&picture, &fixture.client);
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    test_fixture_finish(&fixture);
    test_picture_finish(&picture);
}

HSP_TEST(picture_of_scattered_pages)
{
    uint32_t page = (uint32_t)hsp_page_size();
    uint32_t count = (uint32_t)(hsp_align_up(WIDTH * HEIGHT * 4, page) / page);
    struct hsp_span_piece pieces[64];
    struct test_fixture fixture;
    struct test_picture picture;
    struct hsp_mapping scattered;
    struct hsp_span span;

    HSP_CHECK(count <= HSP_ARRAY_COUNT(pieces));
    make_picture(&picture, 7);
    for (uint32_t i = 0; i < count; i++)
        pieces[i] = (struct hsp_span_piece){.offset = (count - 1 - i) * page, .size = page};
    HSP_CHECK_EQ(hsp_span_init_pieces(&span, picture.span.fds, 1, pieces, count), 0);
    HSP_CHECK_EQ(hsp_span_map(&span, true, &scattered), 0);
    test_fixture_start(&fixture, NULL);
    test_client_set_scanout(&fixture.client, &picture.scanout, &span);
    test_client_flush(&fixture.client, 0, picture.scanout.rect);
    hsp_mapping_finish(&picture.mapping);
    picture.mapping = scattered;
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    HSP_CHECK_EQ(fixture.client.stats->scanouts[0].copied_bytes, 0);
    test_fixture_finish(&fixture);
    hsp_span_finish(&span);
    test_picture_finish(&picture);
}

HSP_TEST(scanout_that_is_off_is_black)
{
    struct hsp_ipc_display_scanout off = {.scanout_id = 0};
    struct test_fixture fixture;
    struct test_picture picture, black;

    test_fixture_start(&fixture, NULL);
    make_picture(&picture, 1);
    test_picture_init(&black, 0, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, 0, 0);
    test_picture_show(&picture, &fixture.client);
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    test_client_set_scanout(&fixture.client, &off, NULL);
    test_fixture_wait_shown(&fixture, &black, corner, 0);
    test_client_flush(&fixture.client, 0, picture.scanout.rect); /* of nothing: answered */
    test_picture_show(&picture, &fixture.client);
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    test_fixture_finish(&fixture);
    test_picture_finish(&picture);
    test_picture_finish(&black);
}

static void send_cursor(struct test_fixture *fixture, uint32_t type, int x, int y,
                        const struct hsp_span *span)
{
    struct hsp_ipc_display_cursor cursor = {.resource_id = span ? 5 : 0, .x = x, .y = y};

    HSP_CHECK_EQ(
        hsp_ipc_send_with_span(&fixture->client.channel, type, &cursor, sizeof(cursor), span), 0);
}

/* Draws a half transparent red square as the cursor does. */
static void blend_cursor(struct test_picture *picture, int left, int top)
{
    for (int y = HSP_MAX(top, 0); y < HSP_MIN(top + HSP_CURSOR_EXTENT, HEIGHT); y++) {
        for (int x = HSP_MAX(left, 0); x < HSP_MIN(left + HSP_CURSOR_EXTENT, WIDTH); x++) {
            uint8_t *pixel = (uint8_t *)picture->mapping.data + (y * WIDTH + x) * 4;
            pixel[0] = (uint8_t)(pixel[0] * 127 / 255);
            pixel[1] = (uint8_t)(pixel[1] * 127 / 255);
            pixel[2] = (uint8_t)(128 + pixel[2] * 127 / 255);
        }
    }
}

HSP_TEST(cursor_is_blended_and_moves)
{
    static const struct {
        int x, y;
    } places[] = {{10, 20}, {-30, -40}, {WIDTH - 10, HEIGHT - 5}, {40, 50}};
    struct test_fixture fixture;
    struct test_picture picture, expected;
    struct hsp_mapping mapping;
    struct hsp_span span = test_span_create(HSP_CURSOR_EXTENT * HSP_CURSOR_EXTENT * 4, &mapping);
    uint8_t *pixels = mapping.data;

    for (size_t i = 0; i < HSP_CURSOR_EXTENT * HSP_CURSOR_EXTENT; i++) {
        pixels[i * 4 + 2] = 128;
        pixels[i * 4 + 3] = 128;
    }
    test_fixture_start(&fixture, NULL);
    make_picture(&picture, 1);
    test_picture_show(&picture, &fixture.client);
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    test_screen_point(&fixture.screen, 0, 0); /* away from the window */
    for (size_t i = 0; i < HSP_ARRAY_COUNT(places); i++) {
        uint32_t type = i == 0 ? HSP_IPC_DISPLAY_SET_CURSOR : HSP_IPC_DISPLAY_MOVE_CURSOR;
        send_cursor(&fixture, type, places[i].x, places[i].y, i == 0 ? &span : NULL);
        make_picture(&expected, 1);
        blend_cursor(&expected, places[i].x, places[i].y);
        test_fixture_wait_shown(&fixture, &expected, corner, 1);
        /* Over the window it is the host's pointer that looks so. */
        test_screen_point(&fixture.screen, TEST_SCREEN_WIDTH / 2, TEST_SCREEN_HEIGHT / 2);
        test_fixture_wait_shown(&fixture, &picture, corner, 0);
        test_screen_point(&fixture.screen, 0, 0);
        test_fixture_wait_shown(&fixture, &expected, corner, 1);
        test_picture_finish(&expected);
    }
    send_cursor(&fixture, HSP_IPC_DISPLAY_SET_CURSOR, 40, 50, NULL);
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    test_fixture_finish(&fixture);
    test_picture_finish(&picture);
    hsp_span_finish(&span);
    hsp_mapping_finish(&mapping);
}

HSP_TEST(screens_have_windows_of_their_own)
{
    struct test_fixture fixture;
    struct test_picture pictures[2];
    xcb_window_t windows[TEST_WINDOW_COUNT];

    test_fixture_start(&fixture, NULL);
    for (uint32_t i = 0; i < 2; i++) {
        test_picture_init(&pictures[i], i, HSP_FORMAT_B8G8R8X8, WIDTH + 50 * i, HEIGHT, 0, 0);
        test_picture_fill(&pictures[i], i);
        test_picture_show(&pictures[i], &fixture.client);
        test_screen_wait_count(&fixture.screen, i + 1);
        /* Without a window manager they lie on top of each other. */
        HSP_CHECK_EQ(test_screen_list(&fixture.screen, windows), i + 1);
        test_window_wait_shown(&fixture, windows[i], &pictures[i], corner, 0);
    }
    test_fixture_finish(&fixture);
    for (uint32_t i = 0; i < 2; i++)
        test_picture_finish(&pictures[i]);
}

HSP_TEST(every_present_mode_shows)
{
    static const char *const modes[] = {"--present-mode=fifo", "--present-mode=mailbox",
                                        "--present-mode=immediate"};

    for (size_t i = 0; i < HSP_ARRAY_COUNT(modes); i++) {
        const char *arguments[] = {modes[i], NULL};
        struct test_fixture fixture;
        struct test_picture picture;

        test_fixture_start(&fixture, arguments);
        make_picture(&picture, 1);
        for (uint32_t seed = 1; seed < 10; seed++) {
            test_picture_fill(&picture, seed);
            test_picture_show(&picture, &fixture.client);
        }
        test_fixture_wait_shown(&fixture, &picture, corner, 0);
        test_fixture_finish(&fixture);
        test_picture_finish(&picture);
    }
}

HSP_TEST(without_vulkan_sdl_draws_and_it_is_counted)
{
    struct test_fixture fixture;
    struct test_picture picture;

    setenv("VK_DRIVER_FILES", "/dev/null", 1);
    setenv("SDL_RENDER_DRIVER", "software", 1); /* the least that every host has */
    test_fixture_start(&fixture, NULL);
    make_picture(&picture, 1);
    test_picture_show(&picture, &fixture.client);
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    HSP_CHECK_EQ(fixture.client.stats->scanouts[0].copied_bytes, WIDTH * HEIGHT * 4);
    test_picture_finish(&picture);
    test_picture_init(&picture, 0, HSP_FORMAT_B10G10R10X2, WIDTH, HEIGHT, WIDTH * 4 + 1, 3);
    test_picture_fill(&picture, 2);
    test_picture_show(&picture, &fixture.client);
    test_fixture_wait_shown(&fixture, &picture, corner, 1);
    HSP_CHECK(test_fixture_has_logged(&fixture, "a CPU copies each frame"));
    test_fixture_finish(&fixture);
    test_picture_finish(&picture);
}

HSP_TEST_MAIN()
