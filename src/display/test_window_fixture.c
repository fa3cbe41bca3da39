/* SPDX-License-Identifier: MIT */
#include "display/test_window_fixture.h"

#include "base/fd.h"
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_NS         20000000000ull
#define MAX_ARGUMENT_COUNT 8

static void start_client(struct test_fixture *fixture, const char *const *arguments)
{
    const char *all[MAX_ARGUMENT_COUNT + 1] = {"--backend=window"};

    for (size_t i = 0; arguments && arguments[i] && i + 2 < HSP_ARRAY_COUNT(all); i++)
        all[i + 1] = arguments[i];
    test_client_start(&fixture->client, HESPER_DISPLAY_PATH, all, fixture->log_fd);
}

static void start_screen(struct test_fixture *fixture)
{
    setenv("VK_LOADER_DRIVERS_SELECT", "*lvp*", 1);
    setenv("VK_ADD_LAYER_PATH", FAULT_LAYER_FOLDER, 1);
    setenv("VK_INSTANCE_LAYERS", "VK_LAYER_HESPER_fault:VK_LAYER_KHRONOS_validation", 1);
    setenv("VK_KHRONOS_VALIDATION_VALIDATE_SYNC", "1", 1);
    test_screen_start(&fixture->screen);
    fixture->log_fd = test_file_create();
}

void test_fixture_start(struct test_fixture *fixture, const char *const *arguments)
{
    setenv("SDL_VIDEO_DRIVER", "x11", 1);
    start_screen(fixture);
    start_client(fixture, arguments);
}

xcb_window_t test_fixture_start_wayland(struct test_fixture *fixture, const char *const *arguments)
{
    xcb_window_t weston;

    setenv("SDL_VIDEO_DRIVER", "wayland", 1);
    start_screen(fixture);
    weston = test_screen_compose(&fixture->screen);
    start_client(fixture, arguments);
    return weston;
}

void test_fixture_restart(struct test_fixture *fixture, const char *const *arguments)
{
    start_client(fixture, arguments);
}

static void read_log(struct test_fixture *fixture, char *out_text, size_t size)
{
    ssize_t n = pread(fixture->log_fd, out_text, size - 1, 0);

    HSP_CHECK(n >= 0);
    out_text[n] = '\0';
}

bool test_fixture_has_logged(struct test_fixture *fixture, const char *text)
{
    char log[65536];

    read_log(fixture, log, sizeof(log));
    return strstr(log, text) != NULL;
}

void test_fixture_finish(struct test_fixture *fixture)
{
    char log[65536];

    test_client_finish(&fixture->client);
    test_screen_finish(&fixture->screen);
    read_log(fixture, log, sizeof(log));
    if (strstr(log, "VUID") || strstr(log, "SYNC-HAZARD") || strstr(log, "] error: "))
        hsp_test_fail(__FILE__, __LINE__, "the display complains:\n%s", log);
    hsp_fd_close(&fixture->log_fd);
}

/* ------------------------------------------------------------------ what is on the screen */

static bool is_near(const uint8_t *bgrx, const uint8_t rgb[3], int tolerance)
{
    return abs(bgrx[2] - rgb[0]) <= tolerance && abs(bgrx[1] - rgb[1]) <= tolerance &&
           abs(bgrx[0] - rgb[2]) <= tolerance;
}

/* An empty `why` when the window looks right. */
static void compare(const uint8_t *pixels, struct test_geometry geometry,
                    const struct test_picture *picture, struct test_place place, int tolerance,
                    char *why, size_t why_size)
{
    const struct hsp_ipc_rect *rect = &picture->scanout.rect;

    why[0] = '\0';
    for (uint32_t y = 0; y < geometry.height; y++) {
        for (uint32_t x = 0; x < geometry.width; x++) {
            const uint8_t *pixel = pixels + ((size_t)y * geometry.width + x) * 4;
            uint8_t rgb[3] = {0, 0, 0};
            if (x >= place.x && y >= place.y && x - place.x < rect->width &&
                y - place.y < rect->height)
                test_picture_get(picture, x - place.x, y - place.y, rgb);
            if (!is_near(pixel, rgb, tolerance)) {
                snprintf(why, why_size, "%ux%u, at %u,%u: %u %u %u, not %u %u %u", geometry.width,
                         geometry.height, x, y, pixel[2], pixel[1], pixel[0], rgb[0], rgb[1],
                         rgb[2]);
                return;
            }
        }
    }
}

/* Compares once; `why` as in compare. */
static void look(struct test_fixture *fixture, xcb_window_t window,
                 const struct test_picture *picture, struct test_place place, int tolerance,
                 char *why, size_t why_size)
{
    struct test_geometry geometry;
    uint8_t *pixels = NULL;

    if (test_window_find_geometry(&fixture->screen, window, &geometry))
        pixels = test_screen_capture(&fixture->screen, geometry);
    if (pixels)
        compare(pixels, geometry, picture, place, tolerance, why, why_size);
    else
        snprintf(why, why_size, "the window is not on the screen");
    free(pixels);
}

/* XCB_NONE stands for the only window, which may be replaced meanwhile. */
void test_window_wait_shown(struct test_fixture *fixture, xcb_window_t window,
                            const struct test_picture *picture, struct test_place place,
                            int tolerance)
{
    uint64_t deadline = hsp_now_ns() + TIMEOUT_NS;
    char why[128], log[65536];

    for (;;) {
        look(fixture, window ? window : test_screen_wait_window(&fixture->screen), picture, place,
             tolerance, why, sizeof(why));
        if (why[0] == '\0')
            return;
        if (hsp_now_ns() > deadline) {
            read_log(fixture, log, sizeof(log));
            hsp_test_fail(__FILE__, __LINE__, "%s\n%s", why, log);
        }
        usleep(20000);
    }
}

void test_fixture_wait_shown(struct test_fixture *fixture, const struct test_picture *picture,
                             struct test_place place, int tolerance)
{
    test_window_wait_shown(fixture, XCB_NONE, picture, place, tolerance);
}

/* ------------------------------------------------------------------ what it costs */

void test_fixture_check_idle(struct test_fixture *fixture)
{
    long before;

    usleep(2200000); /* the title's rate goes first */
    before = test_count_sleeps(fixture->client.pid);
    sleep(1);
    HSP_CHECK(test_count_sleeps(fixture->client.pid) - before <= 2);
}
