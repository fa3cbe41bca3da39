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
    pid_t pid, manager_pid; /* manager or compositor; 0: none */
    char folder[64];        /* XDG_RUNTIME_DIR of the compositor */
    char name[16];          /* for DISPLAY */
    xcb_connection_t *connection;
    xcb_window_t root;
};

/* Also sets DISPLAY, for programs that are started then. */
void test_screen_start(struct test_screen *screen);
void test_screen_finish(struct test_screen *screen);

/* Starts a window manager (openbox), which ends with the screen. */
void test_screen_manage(struct test_screen *screen);

/* Starts a Wayland compositor (weston) in a window, for programs that are started then. Each of its
 * windows fills it. It ends with the screen. */
#define TEST_WESTON_WIDTH  640
#define TEST_WESTON_HEIGHT 480
xcb_window_t test_screen_compose(struct test_screen *screen);

/* Waits for the only window that the window manager knows. */
xcb_window_t test_screen_wait_managed(struct test_screen *screen);

/* The windows that can be seen; with a window manager, their frames. */
#define TEST_WINDOW_COUNT 8
size_t test_screen_list(struct test_screen *screen, xcb_window_t out_windows[TEST_WINDOW_COUNT]);

/* Waits for the only window, and for windows to be so many. */
xcb_window_t test_screen_wait_window(struct test_screen *screen);
void test_screen_wait_count(struct test_screen *screen, size_t count);

bool test_window_is_visible(struct test_screen *screen, xcb_window_t window);

struct test_geometry {
    int x, y; /* on the screen */
    uint32_t width, height;
};

/* False when there is no such window any more. */
bool test_window_find_geometry(struct test_screen *screen, xcb_window_t window,
                               struct test_geometry *out_geometry);
struct test_geometry test_window_get_geometry(struct test_screen *screen, xcb_window_t window);
void test_window_resize(struct test_screen *screen, xcb_window_t window, uint32_t width,
                        uint32_t height);
void test_window_close(struct test_screen *screen, xcb_window_t window);

/* Asks the window manager. */
void test_window_minimise(struct test_screen *screen, xcb_window_t window);
void test_window_activate(struct test_screen *screen, xcb_window_t window);

void test_window_get_title(struct test_screen *screen, xcb_window_t window, char *out_title,
                           size_t size);

/* What is on the screen there: 4 bytes per pixel, blue first. The caller frees it. NULL when some
 * of it is not on the screen: window managers move windows about. */
uint8_t *test_screen_capture(struct test_screen *screen, struct test_geometry where);

/* X keycodes of a PC keyboard. */
enum test_key {
    TEST_KEY_CTRL = 37,
    TEST_KEY_F = 41,
    TEST_KEY_ALT = 64,
    TEST_KEY_A = 38,
    TEST_KEY_G = 42,
};

void test_screen_press(struct test_screen *screen, enum test_key key, bool down);

/* Buttons as X numbers them: 1 to 3, 4 and 5 are the wheel. */
void test_screen_press_button(struct test_screen *screen, uint8_t button, bool down);

/* Moves the pointer to there on the screen, or by this far. */
void test_screen_point(struct test_screen *screen, int x, int y);
void test_screen_move(struct test_screen *screen, int dx, int dy);

#endif
