/* SPDX-License-Identifier: MIT */
/* What users, guests, window systems and accidents do to windows. */
#include "display/test_window_fixture.h"

#include "base/limits.h"
#include "base/fd.h"
#include "base/test.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WIDTH      200
#define HEIGHT     150
#define TIMEOUT_NS 20000000000ull

static const struct test_place corner = {0, 0};

/* A fixture whose window shows a picture. */
static xcb_window_t start_shown(struct test_fixture *fixture, const char *const *arguments,
                                struct test_picture *picture)
{
    test_fixture_start(fixture, arguments);
    test_picture_init(picture, 0, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, 0, 0);
    test_picture_fill(picture, 1);
    test_picture_show(picture, &fixture->client);
    test_fixture_wait_shown(fixture, picture, corner, 0);
    return test_screen_wait_window(&fixture->screen);
}

static void finish(struct test_fixture *fixture, struct test_picture *picture)
{
    test_fixture_finish(fixture);
    test_picture_finish(picture);
}

static struct hsp_ipc_display_resized receive_resized(struct test_fixture *fixture)
{
    struct hsp_ipc_display_resized resized;

    test_client_receive(&fixture->client, HSP_IPC_DISPLAY_RESIZED, &resized, sizeof(resized));
    HSP_CHECK_EQ(resized.scanout_id, 0);
    return resized;
}

static void fill_plain(struct test_picture *picture, uint32_t bgrx)
{
    uint32_t *pixels = picture->mapping.data;

    for (size_t i = 0; i < picture->mapping.size / 4; i++)
        pixels[i] = bgrx;
}

/* The colour in the window, as 0xrrggbb. */
static uint32_t get_colour(struct test_fixture *fixture, xcb_window_t window, uint32_t x,
                           uint32_t y)
{
    struct test_geometry geometry = test_window_get_geometry(&fixture->screen, window);
    uint8_t *pixels = test_screen_capture(&fixture->screen, geometry);
    const uint8_t *pixel = pixels + ((size_t)y * geometry.width + x) * 4;
    uint32_t colour;

    HSP_CHECK(pixels != NULL && x < geometry.width && y < geometry.height);
    colour = (uint32_t)pixel[2] << 16 | (uint32_t)pixel[1] << 8 | pixel[0];
    free(pixels);
    return colour;
}

static void wait_colour(struct test_fixture *fixture, xcb_window_t window, uint32_t x, uint32_t y,
                        uint32_t colour)
{
    uint64_t deadline = hsp_now_ns() + TIMEOUT_NS;

    while (get_colour(fixture, window, x, y) != colour) {
        if (hsp_now_ns() > deadline)
            HSP_CHECK_EQ(get_colour(fixture, window, x, y), colour);
        usleep(20000);
    }
}

/* ------------------------------------------------------------------ sizes */

HSP_TEST(resized_window_keeps_proportions_and_the_guest_hears_of_it_once)
{
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_shown(&fixture, NULL, &picture);

    fill_plain(&picture, 0x00804020);
    test_client_flush(&fixture.client, 0, picture.scanout.rect);
    for (uint32_t i = 0; i <= 20; i++) { /* as a user drags a corner */
        test_window_resize(&fixture.screen, window, 300 + 10 * i, 300);
        usleep(10000);
    }
    struct hsp_ipc_display_resized resized = receive_resized(&fixture);
    HSP_CHECK_EQ(resized.width, 500);
    HSP_CHECK_EQ(resized.height, 300);
    HSP_CHECK(!test_client_has_message(&fixture.client, 500));
    /* 400x300 in the middle. */
    wait_colour(&fixture, window, 50, 0, 0x804020);
    wait_colour(&fixture, window, 449, 299, 0x804020);
    wait_colour(&fixture, window, 49, 150, 0);
    wait_colour(&fixture, window, 450, 150, 0);
    finish(&fixture, &picture);
}

HSP_TEST(five_sizes_and_back)
{
    static const struct {
        uint32_t width, height;
    } sizes[] = {{300, 260}, {1024, 768}, {210, 700}, {900, 160}, {201, 151}, {WIDTH, HEIGHT}};
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_shown(&fixture, NULL, &picture);

    for (size_t i = 0; i < HSP_ARRAY_COUNT(sizes); i++) {
        test_window_resize(&fixture.screen, window, sizes[i].width, sizes[i].height);
        struct hsp_ipc_display_resized resized = receive_resized(&fixture);
        HSP_CHECK_EQ(resized.width, sizes[i].width);
        HSP_CHECK_EQ(resized.height, sizes[i].height);
        /* The guest takes the new size. */
        test_picture_finish(&picture);
        test_picture_init(&picture, 0, HSP_FORMAT_R8G8B8X8, sizes[i].width, sizes[i].height, 0, 0);
        test_picture_fill(&picture, (uint32_t)i);
        test_picture_show(&picture, &fixture.client);
        test_fixture_wait_shown(&fixture, &picture, corner, 0);
    }
    HSP_CHECK(!test_client_has_message(&fixture.client, 500));
    finish(&fixture, &picture);
}

HSP_TEST(stretched_picture_fills_the_window)
{
    static const char *const arguments[] = {"--scale=stretch", NULL};
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_shown(&fixture, arguments, &picture);

    fill_plain(&picture, 0x00abcdef);
    test_client_flush(&fixture.client, 0, picture.scanout.rect);
    test_window_resize(&fixture.screen, window, 600, 200);
    receive_resized(&fixture);
    wait_colour(&fixture, window, 0, 0, 0xabcdef);
    wait_colour(&fixture, window, 599, 199, 0xabcdef);
    finish(&fixture, &picture);
}

HSP_TEST(window_follows_a_guest_that_changes_its_mode)
{
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_shown(&fixture, NULL, &picture);

    test_picture_finish(&picture);
    test_picture_init(&picture, 0, HSP_FORMAT_B8G8R8X8, 400, 300, 0, 0);
    test_picture_fill(&picture, 2);
    test_picture_show(&picture, &fixture.client);
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    HSP_CHECK_EQ(test_window_get_geometry(&fixture.screen, window).width, 400);
    /* It has the size that it wanted: nothing to tell. */
    HSP_CHECK(!test_client_has_message(&fixture.client, 500));
    finish(&fixture, &picture);
}

HSP_TEST(answer_of_another_size_leaves_the_window_alone)
{
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_shown(&fixture, NULL, &picture);

    test_window_resize(&fixture.screen, window, 505, 303);
    receive_resized(&fixture);
    test_picture_finish(&picture);
    test_picture_init(&picture, 0, HSP_FORMAT_B8G8R8X8, 504, 302, 0, 0);
    test_picture_fill(&picture, 2);
    test_picture_show(&picture, &fixture.client);
    HSP_CHECK(!test_client_has_message(&fixture.client, 500));
    HSP_CHECK_EQ(test_window_get_geometry(&fixture.screen, window).width, 505);
    finish(&fixture, &picture);
}

HSP_TEST(picture_larger_than_the_screen_gets_a_smaller_window)
{
    struct test_fixture fixture;
    struct test_picture picture;

    test_fixture_start(&fixture, NULL);
    test_picture_init(&picture, 0, HSP_FORMAT_B8G8R8X8, 2048, 1024, 0, 0);
    fill_plain(&picture, 0x00123456);
    test_picture_show(&picture, &fixture.client);
    xcb_window_t window = test_screen_wait_window(&fixture.screen);
    wait_colour(&fixture, window, 10, 10, 0x123456);
    struct hsp_ipc_display_resized resized = receive_resized(&fixture);
    HSP_CHECK_EQ(resized.width, 1024);
    HSP_CHECK_EQ(resized.height, 512);
    finish(&fixture, &picture);
}

/* ------------------------------------------------------------------ closing */

HSP_TEST(closed_window_does_not_stop_the_guest)
{
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_shown(&fixture, NULL, &picture);

    test_window_close(&fixture.screen, window);
    test_screen_wait_count(&fixture.screen, 0);
    for (int i = 0; i < 100; i++)
        test_client_flush(&fixture.client, 0, picture.scanout.rect);
    HSP_CHECK(test_fixture_has_logged(&fixture, "was closed; the machine goes on"));
    HSP_CHECK(!test_client_has_message(&fixture.client, 300));
    finish(&fixture, &picture);
}

HSP_TEST(closed_window_is_opened_again)
{
    const struct hsp_ipc_display_connected connected = {.scanout_id = 0, .is_connected = true};
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_shown(&fixture, NULL, &picture);

    for (uint32_t seed = 2; seed < 4; seed++) {
        test_window_close(&fixture.screen, window);
        test_screen_wait_count(&fixture.screen, 0);
        test_picture_fill(&picture, seed);
        test_client_flush(&fixture.client, 0, picture.scanout.rect);
        test_client_send(&fixture.client, HSP_IPC_DISPLAY_SET_CONNECTED, &connected,
                         sizeof(connected), -1);
        test_fixture_wait_shown(&fixture, &picture, corner, 0);
    }
    finish(&fixture, &picture);
}

HSP_TEST(closing_ends_the_machine_if_that_was_asked_for)
{
    static const char *const arguments[] = {"--quit-on-close", NULL};
    struct hsp_ipc_display_closed closed;
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_shown(&fixture, arguments, &picture);

    test_window_close(&fixture.screen, window);
    test_client_receive(&fixture.client, HSP_IPC_DISPLAY_CLOSED, &closed, sizeof(closed));
    HSP_CHECK_EQ(closed.scanout_id, 0);
    finish(&fixture, &picture);
}

/* ------------------------------------------------------------------ window managers */

static xcb_window_t start_managed(struct test_fixture *fixture, struct test_picture *picture)
{
    xcb_window_t window;

    test_fixture_start(fixture, NULL);
    test_screen_manage(&fixture->screen);
    test_picture_init(picture, 0, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, 0, 0);
    test_picture_fill(picture, 1);
    test_picture_show(picture, &fixture->client);
    window = test_screen_wait_managed(&fixture->screen);
    test_window_wait_shown(fixture, window, picture, corner, 0);
    return window;
}

static void press_full_screen(struct test_screen *screen)
{
    test_screen_press(screen, TEST_KEY_CTRL, true);
    test_screen_press(screen, TEST_KEY_ALT, true);
    test_screen_press(screen, TEST_KEY_F, true);
    test_screen_press(screen, TEST_KEY_F, false);
    test_screen_press(screen, TEST_KEY_ALT, false);
    test_screen_press(screen, TEST_KEY_CTRL, false);
}

HSP_TEST(full_screen_and_back)
{
    struct test_fixture fixture;
    struct test_picture picture;
    struct test_screen *screen = &fixture.screen;
    xcb_window_t window = start_managed(&fixture, &picture);

    fill_plain(&picture, 0x00336699);
    test_client_flush(&fixture.client, 0, picture.scanout.rect);
    press_full_screen(screen);
    HSP_CHECK_EQ(receive_resized(&fixture).height, TEST_SCREEN_HEIGHT);
    wait_colour(&fixture, window, 0, 0, 0x336699);
    wait_colour(&fixture, window, TEST_SCREEN_WIDTH - 1, TEST_SCREEN_HEIGHT - 1, 0x336699);

    press_full_screen(screen);
    HSP_CHECK_EQ(receive_resized(&fixture).height, HEIGHT);
    test_window_wait_shown(&fixture, window, &picture, corner, 0);
    finish(&fixture, &picture);
}

HSP_TEST(minimised_window_costs_nothing_and_comes_back_up_to_date)
{
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_managed(&fixture, &picture);
    uint64_t frames;

    test_window_minimise(&fixture.screen, window);
    while (test_window_is_visible(&fixture.screen, window))
        usleep(10000);
    usleep(200000); /* until the display has heard of it */
    frames = fixture.client.stats->scanouts[0].frames;
    for (uint32_t i = 0; i < 50; i++) {
        test_picture_fill(&picture, i);
        test_client_flush(&fixture.client, 0, picture.scanout.rect);
    }
    HSP_CHECK_EQ(fixture.client.stats->scanouts[0].frames, frames);
    test_window_activate(&fixture.screen, window);
    test_window_wait_shown(&fixture, window, &picture, corner, 0);
    finish(&fixture, &picture);
}

/* ------------------------------------------------------------------ frames */

HSP_TEST(many_flushes_at_once_are_all_answered_in_order)
{
    struct hsp_ipc_display_flushed flushed;
    struct test_fixture fixture;
    struct test_picture picture;
    uint64_t first = 0;

    start_shown(&fixture, NULL, &picture);
    test_picture_fill(&picture, 2);
    for (int i = 0; i < 200; i++) {
        uint64_t sequence = test_client_send_flush(&fixture.client, 0, picture.scanout.rect);
        first = i == 0 ? sequence : first;
    }
    for (uint64_t i = 0; i < 200; i++) {
        test_client_receive(&fixture.client, HSP_IPC_DISPLAY_FLUSHED, &flushed, sizeof(flushed));
        HSP_CHECK_EQ(flushed.sequence, first + i);
    }
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    finish(&fixture, &picture);
}

HSP_TEST(title_has_the_name_and_while_it_moves_the_rate)
{
    static const char *const arguments[] = {"--name=debian", NULL};
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_shown(&fixture, arguments, &picture);
    uint64_t deadline = hsp_now_ns() + TIMEOUT_NS;
    char title[64];
    unsigned fps;

    do {
        test_client_flush(&fixture.client, 0, picture.scanout.rect);
        test_window_get_title(&fixture.screen, window, title, sizeof(title));
        HSP_CHECK(hsp_now_ns() < deadline);
    } while (sscanf(title, "debian - %u fps", &fps) != 1 || fps < 2);
    do {
        usleep(50000);
        test_window_get_title(&fixture.screen, window, title, sizeof(title));
        HSP_CHECK(hsp_now_ns() < deadline);
    } while (strcmp(title, "debian") != 0);
    finish(&fixture, &picture);
}

/* ------------------------------------------------------------------ idle */

HSP_TEST(idle_display_does_not_wake_up)
{
    struct test_fixture fixture;
    struct test_picture picture;

    test_fixture_start(&fixture, NULL);
    test_fixture_check_idle(&fixture); /* without a window */
    test_client_finish(&fixture.client);
    test_fixture_restart(&fixture, NULL);
    test_picture_init(&picture, 0, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, 0, 0);
    test_picture_fill(&picture, 1);
    test_picture_show(&picture, &fixture.client);
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    test_fixture_check_idle(&fixture);
    test_window_close(&fixture.screen, test_screen_wait_window(&fixture.screen));
    test_screen_wait_count(&fixture.screen, 0);
    test_fixture_check_idle(&fixture);
    finish(&fixture, &picture);
}

HSP_TEST(sleeping_window_notices_every_event)
{
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_shown(&fixture, NULL, &picture);

    for (uint32_t i = 0; i < 20; i++) {
        test_window_resize(&fixture.screen, window, 400 + i % 2, 300);
        struct hsp_ipc_display_resized resized = receive_resized(&fixture);
        HSP_CHECK_EQ(resized.width, 400 + i % 2);
    }
    finish(&fixture, &picture);
}

/* ------------------------------------------------------------------ accidents */

HSP_TEST(killed_display_is_replaced_with_the_same_picture)
{
    struct test_fixture fixture;
    struct test_picture picture;

    start_shown(&fixture, NULL, &picture);
    for (int i = 0; i < 3; i++) {
        test_client_send_flush(&fixture.client, 0, picture.scanout.rect);
        test_client_kill(&fixture.client);
        test_screen_wait_count(&fixture.screen, 0);
        test_fixture_restart(&fixture, NULL);
        test_picture_show(&picture, &fixture.client);
        test_fixture_wait_shown(&fixture, &picture, corner, 0);
    }
    finish(&fixture, &picture);
}

HSP_TEST(window_that_others_destroy_is_opened_again)
{
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_shown(&fixture, NULL, &picture);

    xcb_destroy_window(fixture.screen.connection, window);
    xcb_flush(fixture.screen.connection);
    for (uint32_t seed = 2; seed < 5; seed++) {
        test_picture_fill(&picture, seed);
        test_client_flush(&fixture.client, 0, picture.scanout.rect);
        test_fixture_wait_shown(&fixture, &picture, corner, 0);
    }
    HSP_CHECK_EQ(fixture.client.stats->scanouts[0].copied_bytes, 0);
    test_client_finish(&fixture.client);
    test_screen_finish(&fixture.screen);
    close(fixture.log_fd);
    test_picture_finish(&picture);
}

HSP_TEST(display_ends_with_its_window_system)
{
    struct test_fixture fixture;
    struct test_picture picture;
    int status;

    start_shown(&fixture, NULL, &picture);
    test_screen_finish(&fixture.screen);
    alarm(20);
    HSP_CHECK_EQ(waitpid(fixture.client.pid, &status, 0), fixture.client.pid);
    HSP_CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 0);
    hsp_ipc_channel_finish(&fixture.client.channel);
    hsp_fd_close(&fixture.client.stats_fd);
    close(fixture.log_fd);
    test_picture_finish(&picture);
}

HSP_TEST(display_ends_although_its_window_system_hangs)
{
    struct test_fixture fixture;
    struct test_picture picture;
    int status;

    start_shown(&fixture, NULL, &picture);
    kill(fixture.screen.pid, SIGSTOP);
    for (int i = 0; i < 5; i++)
        test_client_flush(&fixture.client, 0, picture.scanout.rect);
    hsp_ipc_channel_finish(&fixture.client.channel);
    hsp_fd_close(&fixture.client.stats_fd);
    alarm(20);
    HSP_CHECK_EQ(waitpid(fixture.client.pid, &status, 0), fixture.client.pid);
    alarm(0);
    kill(fixture.screen.pid, SIGCONT);
    test_screen_finish(&fixture.screen);
    close(fixture.log_fd);
    test_picture_finish(&picture);
}

HSP_TEST(no_window_system_is_an_error_at_once)
{
    const char *const arguments[] = {"--backend=window", NULL};
    struct test_client client;
    int log_fd = test_file_create();
    char log[4096] = "";

    setenv("SDL_VIDEO_DRIVER", "x11", 1);
    setenv("DISPLAY", ":7654", 1);
    test_client_start(&client, HESPER_DISPLAY_PATH, arguments, log_fd);
    HSP_CHECK_EQ(test_client_wait(&client), 1);
    HSP_CHECK(pread(log_fd, log, sizeof(log) - 1, 0) > 0);
    HSP_CHECK(strstr(log, "no window system") != NULL);
    hsp_ipc_channel_finish(&client.channel);
    close(log_fd);
}

HSP_TEST(malformed_message_ends_the_program)
{
    struct test_fixture fixture;
    struct test_picture picture;

    start_shown(&fixture, NULL, &picture);
    test_client_send(&fixture.client, HSP_IPC_DISPLAY_FLUSH, "x", 1, -1);
    HSP_CHECK_EQ(test_client_wait(&fixture.client), 1);
    hsp_ipc_channel_finish(&fixture.client.channel);
    hsp_fd_close(&fixture.client.stats_fd);
    test_screen_finish(&fixture.screen);
    close(fixture.log_fd);
    test_picture_finish(&picture);
}

HSP_TEST(what_a_guest_gets_wrong_blanks_the_window)
{
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t window = start_shown(&fixture, NULL, &picture);
    struct hsp_ipc_display_scanout bad = picture.scanout;

    bad.stride *= 2;
    fill_plain(&picture, 0x00ffffff);
    test_client_set_scanout(&fixture.client, &bad, &picture.span);
    test_client_flush(&fixture.client, 0, picture.scanout.rect);
    wait_colour(&fixture, window, 100, 100, 0);
    test_picture_show(&picture, &fixture.client);
    wait_colour(&fixture, window, 100, 100, 0xffffff);
    finish(&fixture, &picture);
}

HSP_TEST(descriptors_do_not_pile_up)
{
    struct test_fixture fixture;
    struct test_picture picture;
    char path[64];
    int before = 0, after = 0;

    start_shown(&fixture, NULL, &picture);
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)fixture.client.pid);
    for (int i = 0; i < 30; i++) {
        struct dirent *entry;
        DIR *dir;
        test_picture_finish(&picture);
        test_picture_init(&picture, 0, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, 0, 0);
        test_picture_show(&picture, &fixture.client);
        dir = opendir(path);
        HSP_CHECK(dir != NULL);
        for (after = 0; (entry = readdir(dir));)
            after++;
        closedir(dir);
        if (i == 5)
            before = after;
    }
    HSP_CHECK(after <= before + 2);
    finish(&fixture, &picture);
}

HSP_TEST_MAIN()
