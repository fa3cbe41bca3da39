/* SPDX-License-Identifier: MIT */
/*
 * A screen for tests: an Xvfb of the test's own, and what a user would do and see there. Everything
 * aborts the test on failure.
 */
#ifndef HSP_DISPLAY_TEST_SCREEN_H
#define HSP_DISPLAY_TEST_SCREEN_H

#include "base/util.h"

#include <sys/types.h>
#include <xcb/xcb.h>

#define TEST_SCREEN_WIDTH  1024
#define TEST_SCREEN_HEIGHT 768

struct test_screen {
    pid_t pid;
    char name[16]; /* for DISPLAY */
    xcb_connection_t *connection;
    xcb_window_t root;
};

/* Also sets DISPLAY, for programs that are started then. */
void test_screen_start(struct test_screen *screen);
void test_screen_finish(struct test_screen *screen);

/* The windows that can be seen. */
#define TEST_WINDOW_COUNT 8
size_t test_screen_list(struct test_screen *screen, xcb_window_t out_windows[TEST_WINDOW_COUNT]);

/* Waits for the only window, and for windows to be so many. */
xcb_window_t test_screen_wait_window(struct test_screen *screen);
void test_screen_wait_count(struct test_screen *screen, size_t count);

struct test_geometry {
    int x, y; /* on the screen */
    uint32_t width, height;
};

struct test_geometry test_window_get_geometry(struct test_screen *screen, xcb_window_t window);
void test_window_resize(struct test_screen *screen, xcb_window_t window, uint32_t width,
                        uint32_t height);
void test_window_close(struct test_screen *screen, xcb_window_t window);
void test_window_get_title(struct test_screen *screen, xcb_window_t window, char *out_title,
                           size_t size);

/* What is on the screen there: 4 bytes per pixel, blue first. The caller frees it. */
uint8_t *test_screen_capture(struct test_screen *screen, struct test_geometry where);

/* Presses and releases the key with this X keycode. */
void test_screen_press(struct test_screen *screen, uint8_t keycode);

#endif
