/* SPDX-License-Identifier: MIT */
/*
 * A hesper-display with the window backend on a screen of its own, its driver lavapipe under the
 * validation layer and one that fails on demand (HESPER_TEST_FAULT, see test_fault_layer.c).
 * Everything aborts the test on failure.
 */
#ifndef HSP_DISPLAY_TEST_WINDOW_FIXTURE_H
#define HSP_DISPLAY_TEST_WINDOW_FIXTURE_H

#include "display/test_client.h"
#include "display/test_screen.h"

struct test_fixture {
    struct test_screen screen;
    struct test_client client;
    int log_fd; /* what the display prints */
};

/* With these arguments (ended by NULL; NULL for none) besides --backend=window. */
void test_fixture_start(struct test_fixture *fixture, const char *const *arguments);

/* As above, as a client of weston; returns weston's own window on the screen. */
xcb_window_t test_fixture_start_wayland(struct test_fixture *fixture, const char *const *arguments);

/* Ends the display, then checks that it and the validation layer had nothing to complain. */
void test_fixture_finish(struct test_fixture *fixture);

/* Another display on the same screen, after the first one has gone. */
void test_fixture_restart(struct test_fixture *fixture, const char *const *arguments);

bool test_fixture_has_logged(struct test_fixture *fixture, const char *text);

/* Checks that the display sleeps while nothing happens. Takes three seconds. */
void test_fixture_check_idle(struct test_fixture *fixture);

/* Where a picture is expected in the window. */
struct test_place {
    uint32_t x, y; /* in the window */
};

/* Waits until the only window shows the picture in its own size at `place`, each colour within
 * `tolerance`, and all else black. */
void test_fixture_wait_shown(struct test_fixture *fixture, const struct test_picture *picture,
                             struct test_place place, int tolerance);

/* As above, for one of several windows. */
void test_window_wait_shown(struct test_fixture *fixture, xcb_window_t window,
                            const struct test_picture *picture, struct test_place place,
                            int tolerance);

#endif
