/* SPDX-License-Identifier: MIT */
/* What a driver and a window system can do to a window. */
#include "display/test_window_fixture.h"

#include "base/test.h"

#include <stdlib.h>
#include <unistd.h>

#define WIDTH  200
#define HEIGHT 150

static const struct test_place corner = {0, 0};

/* A window whose driver fails so (test_fault_layer.c); some frames are shown. */
static void start(struct test_fixture *fixture, struct test_picture *picture, const char *fault)
{
    setenv("HESPER_TEST_FAULT", fault, 1);
    test_fixture_start(fixture, NULL);
    test_picture_init(picture, 0, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, 0, 0);
    for (uint32_t seed = 0; seed < 8; seed++) {
        test_picture_fill(picture, seed);
        test_picture_show(picture, &fixture->client);
        usleep(50000);
    }
}

/* Some of these log errors, which is no fault of theirs. */
static void finish_noisy(struct test_fixture *fixture, struct test_picture *picture)
{
    HSP_CHECK(!test_fixture_has_logged(fixture, "VUID"));
    test_client_finish(&fixture->client);
    test_screen_finish(&fixture->screen);
    close(fixture->log_fd);
    test_picture_finish(picture);
}

static void check_survives(const char *fault)
{
    struct test_fixture fixture;
    struct test_picture picture;

    start(&fixture, &picture, fault);
    /* More rounds than there are faults, also on a machine that has no time. */
    for (uint32_t seed = 10; seed < 30; seed++) {
        test_picture_fill(&picture, seed);
        test_client_flush(&fixture.client, 0, picture.scanout.rect);
        usleep(20000);
    }
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    HSP_CHECK_EQ(fixture.client.stats->scanouts[0].copied_bytes, 0);
    HSP_CHECK(!test_fixture_has_logged(&fixture, "SDL"));
    finish_noisy(&fixture, &picture);
}

HSP_TEST(surface_lost_while_presenting)
{
    check_survives("present:4:1:-1000000000");
}

HSP_TEST(surface_lost_while_acquiring)
{
    check_survives("acquire:4:1:-1000000000");
}

HSP_TEST(device_lost)
{
    check_survives("present:4:1:-4");
}

HSP_TEST(swapchain_out_of_date)
{
    check_survives("present:2:3:-1000001004");
    check_survives("acquire:2:5:-1000001004");
}

HSP_TEST(last_frame_comes_late_when_there_is_no_image_for_it)
{
    check_survives("acquire:3:8:2");
}

HSP_TEST(window_without_a_size_for_a_while)
{
    check_survives("extent:1:3:0");
}

HSP_TEST(window_that_never_has_a_size_does_not_hold_up_the_guest)
{
    struct test_fixture fixture;
    struct test_picture picture;

    start(&fixture, &picture, "extent:1:1000000:0");
    for (int i = 0; i < 50; i++)
        test_client_flush(&fixture.client, 0, picture.scanout.rect);
    HSP_CHECK_EQ(fixture.client.stats->scanouts[0].frames, 0);
    finish_noisy(&fixture, &picture);
}

HSP_TEST(surface_that_is_lost_again_and_again_is_left_to_sdl)
{
    struct test_fixture fixture;
    struct test_picture picture;

    setenv("SDL_RENDER_DRIVER", "software", 1);
    start(&fixture, &picture, "present:4:100000:-1000000000");
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    HSP_CHECK(fixture.client.stats->scanouts[0].copied_bytes > 0);
    HSP_CHECK(test_fixture_has_logged(&fixture, "Vulkan lost the window again"));
    finish_noisy(&fixture, &picture);
}

HSP_TEST(swapchain_that_is_always_out_of_date_does_not_hold_up_the_guest)
{
    struct test_fixture fixture;
    struct test_picture picture;

    start(&fixture, &picture, "acquire:2:1000000:-1000001004");
    for (int i = 0; i < 20; i++)
        test_client_flush(&fixture.client, 0, picture.scanout.rect);
    finish_noisy(&fixture, &picture);
}

HSP_TEST(present_that_never_returns_holds_up_neither_the_guest_nor_the_end)
{
    struct test_fixture fixture;
    struct test_picture picture;

    start(&fixture, &picture, "present:4:1:hang");
    uint64_t begin = hsp_now_ns();
    for (int i = 0; i < 10; i++)
        test_client_flush(&fixture.client, 0, picture.scanout.rect);
    HSP_CHECK(hsp_now_ns() - begin < 5000000000ull);
    hsp_ipc_channel_finish(&fixture.client.channel);
    test_client_wait(&fixture.client);
    HSP_CHECK(test_fixture_has_logged(&fixture, "does not let go"));
    test_screen_finish(&fixture.screen);
    close(fixture.log_fd);
    test_picture_finish(&picture);
}

HSP_TEST(memory_that_cannot_be_imported_is_copied_and_counted)
{
    struct test_fixture fixture;
    struct test_picture picture;

    start(&fixture, &picture, "import:1:1000000:-1000072003");
    test_fixture_wait_shown(&fixture, &picture, corner, 0);
    const struct hsp_stats_scanout *stats = &fixture.client.stats->scanouts[0];
    HSP_CHECK(stats->frames > 0);
    HSP_CHECK(stats->copied_bytes >= stats->frames * WIDTH * HEIGHT * 4);
    HSP_CHECK(test_fixture_has_logged(&fixture, "cannot be imported"));
    finish_noisy(&fixture, &picture);
}

HSP_TEST_MAIN()
