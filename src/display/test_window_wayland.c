/* SPDX-License-Identifier: MIT */
/* Windows on Wayland: a weston whose own window is on an Xvfb. */
#include "display/test_window_fixture.h"

#include "base/test.h"

#include <stdlib.h>
#include <unistd.h>

static const struct test_place corner = {0, 0};

static void make_picture(struct test_picture *picture, uint32_t scanout_id, uint32_t seed)
{
    test_picture_init(picture, scanout_id, HSP_FORMAT_B8G8R8X8, TEST_WESTON_WIDTH,
                      TEST_WESTON_HEIGHT, 0, 0);
    test_picture_fill(picture, seed);
}

HSP_TEST(picture_is_on_the_screen)
{
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t weston = test_fixture_start_wayland(&fixture, NULL);

    make_picture(&picture, 0, 0);
    for (uint32_t seed = 1; seed < 5; seed++) {
        test_picture_fill(&picture, seed);
        test_picture_show(&picture, &fixture.client);
        test_window_wait_shown(&fixture, weston, &picture, corner, 0);
    }
    HSP_CHECK_EQ(fixture.client.stats->scanouts[0].copied_bytes, 0);
    test_fixture_finish(&fixture);
    test_picture_finish(&picture);
}

HSP_TEST(size_of_the_window_is_told_to_the_guest)
{
    struct hsp_ipc_display_resized resized;
    struct test_fixture fixture;
    struct test_picture picture;

    test_fixture_start_wayland(&fixture, NULL);
    test_picture_init(&picture, 0, HSP_FORMAT_B8G8R8X8, 200, 150, 0, 0);
    test_picture_show(&picture, &fixture.client);
    test_client_receive(&fixture.client, HSP_IPC_DISPLAY_RESIZED, &resized, sizeof(resized));
    HSP_CHECK_EQ(resized.width, TEST_WESTON_WIDTH);
    HSP_CHECK_EQ(resized.height, TEST_WESTON_HEIGHT);
    test_fixture_finish(&fixture);
    test_picture_finish(&picture);
}

HSP_TEST(fifo_paces_the_guest)
{
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t weston = test_fixture_start_wayland(&fixture, NULL);

    make_picture(&picture, 0, 1);
    test_picture_show(&picture, &fixture.client);
    test_window_wait_shown(&fixture, weston, &picture, corner, 0);
    uint64_t begin = hsp_now_ns();
    for (int i = 0; i < 60; i++)
        test_client_flush(&fixture.client, 0, picture.scanout.rect);
    /* 60 frames at 60 Hz, but for those that the swapchain takes at once. */
    HSP_CHECK(hsp_now_ns() - begin > 600000000);
    test_fixture_finish(&fixture);
    test_picture_finish(&picture);
}

HSP_TEST(covered_window_does_not_hold_up_the_guest)
{
    struct test_fixture fixture;
    struct test_picture pictures[2];
    xcb_window_t weston = test_fixture_start_wayland(&fixture, NULL);

    for (uint32_t i = 0; i < 2; i++) {
        make_picture(&pictures[i], i, i);
        test_picture_show(&pictures[i], &fixture.client);
        test_window_wait_shown(&fixture, weston, &pictures[i], corner, 0);
    }
    uint64_t begin = hsp_now_ns();
    for (int i = 0; i < 20; i++)
        test_client_flush(&fixture.client, 0, pictures[0].scanout.rect);
    HSP_CHECK(hsp_now_ns() - begin < 6000000000ull);
    for (uint32_t seed = 2; seed < 20; seed++) {
        test_picture_fill(&pictures[1], seed);
        test_client_flush(&fixture.client, 1, pictures[1].scanout.rect);
    }
    test_window_wait_shown(&fixture, weston, &pictures[1], corner, 0);
    hsp_ipc_channel_finish(&fixture.client.channel);
    test_client_wait(&fixture.client); /* in time */
    test_screen_finish(&fixture.screen);
    close(fixture.log_fd);
    for (uint32_t i = 0; i < 2; i++)
        test_picture_finish(&pictures[i]);
}

HSP_TEST(idle_window_does_not_wake_up)
{
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t weston = test_fixture_start_wayland(&fixture, NULL);

    make_picture(&picture, 0, 1);
    test_picture_show(&picture, &fixture.client);
    test_window_wait_shown(&fixture, weston, &picture, corner, 0);
    test_fixture_check_idle(&fixture);
    test_fixture_finish(&fixture);
    test_picture_finish(&picture);
}

HSP_TEST(without_vulkan_sdl_draws)
{
    struct test_fixture fixture;
    struct test_picture picture;
    xcb_window_t weston;

    setenv("VK_DRIVER_FILES", "/dev/null", 1);
    setenv("SDL_RENDER_DRIVER", "software", 1);
    setenv("LSAN_OPTIONS", "detect_leaks=0", 1); /* of EGL's drivers, which SDL has here */
    weston = test_fixture_start_wayland(&fixture, NULL);
    make_picture(&picture, 0, 1);
    test_picture_show(&picture, &fixture.client);
    test_window_wait_shown(&fixture, weston, &picture, corner, 0);
    HSP_CHECK(fixture.client.stats->scanouts[0].copied_bytes > 0);
    test_fixture_finish(&fixture);
    test_picture_finish(&picture);
}

HSP_TEST_MAIN()
