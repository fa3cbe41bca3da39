/* SPDX-License-Identifier: MIT */
/* What hesper-gpu hears when somebody types and points in a window on an X server, with a window
 * manager that gives it the focus. */
#include "display/test_window_fixture.h"

#include "base/evdev.h"
#include "base/test.h"

#include <string.h>
#include <unistd.h>

#define WIDTH  200
#define HEIGHT 150

struct input_fixture {
    struct test_fixture base;
    struct test_picture picture;
    xcb_window_t window;
};

static void start(struct input_fixture *fixture, const char *const *arguments)
{
    test_fixture_start(&fixture->base, arguments);
    test_screen_manage(&fixture->base.screen);
    test_picture_init(&fixture->picture, 0, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, 0, 0);
    test_picture_fill(&fixture->picture, 1);
    test_picture_show(&fixture->picture, &fixture->base.client);
    fixture->window = test_screen_wait_managed(&fixture->base.screen);
    test_window_wait_shown(&fixture->base, fixture->window, &fixture->picture,
                           (struct test_place){0, 0}, 0);
}

static void finish(struct input_fixture *fixture)
{
    test_fixture_finish(&fixture->base);
    test_picture_finish(&fixture->picture);
}

static void expect_key(struct input_fixture *fixture, uint32_t code, bool is_pressed)
{
    struct hsp_ipc_display_input input =
        test_client_receive_input(&fixture->base.client, HSP_IPC_INPUT_KEY);

    HSP_CHECK_EQ(input.code, code);
    HSP_CHECK_EQ(input.is_pressed, is_pressed);
}

static void press(struct input_fixture *fixture, enum test_key key)
{
    test_screen_press(&fixture->base.screen, key, true);
    test_screen_press(&fixture->base.screen, key, false);
}

static void press_shortcut(struct input_fixture *fixture, enum test_key key)
{
    struct test_screen *screen = &fixture->base.screen;

    test_screen_press(screen, TEST_KEY_CTRL, true);
    test_screen_press(screen, TEST_KEY_ALT, true);
    press(fixture, key);
    test_screen_press(screen, TEST_KEY_ALT, false);
    test_screen_press(screen, TEST_KEY_CTRL, false);
}

static void expect_shortcut(struct input_fixture *fixture)
{
    expect_key(fixture, HSP_KEY_LEFTCTRL, true);
    expect_key(fixture, HSP_KEY_LEFTALT, true);
    expect_key(fixture, HSP_KEY_LEFTCTRL, false); /* with the key that is ours */
    expect_key(fixture, HSP_KEY_LEFTALT, false);
}

HSP_TEST(keys_and_buttons_go_to_the_guest)
{
    struct input_fixture fixture;
    struct test_screen *screen = &fixture.base.screen;

    start(&fixture, NULL);
    press(&fixture, TEST_KEY_A);
    expect_key(&fixture, HSP_KEY_A, true);
    expect_key(&fixture, HSP_KEY_A, false);
    for (uint8_t button = 1; button <= 3; button++) {
        static const uint32_t codes[] = {0, HSP_BTN_LEFT, HSP_BTN_MIDDLE, HSP_BTN_RIGHT};
        test_screen_press_button(screen, button, true);
        expect_key(&fixture, codes[button], true);
        test_screen_press_button(screen, button, false);
        expect_key(&fixture, codes[button], false);
    }
    test_screen_press_button(screen, 4, true);
    test_screen_press_button(screen, 4, false);
    HSP_CHECK_EQ(test_client_receive_input(&fixture.base.client, HSP_IPC_INPUT_WHEEL).y,
                 HSP_WHEEL_NOTCH);
    finish(&fixture);
}

HSP_TEST(nothing_stays_pressed_when_the_focus_is_lost)
{
    struct input_fixture fixture;
    struct test_screen *screen = &fixture.base.screen;

    start(&fixture, NULL);
    test_screen_press(screen, TEST_KEY_A, true);
    expect_key(&fixture, HSP_KEY_A, true);
    test_window_minimise(screen, fixture.window);
    expect_key(&fixture, HSP_KEY_A, false);
    test_screen_press(screen, TEST_KEY_A, false);
    finish(&fixture);
}

HSP_TEST(full_screen_is_ours_and_does_not_reach_the_guest)
{
    struct input_fixture fixture;

    start(&fixture, NULL);
    press_shortcut(&fixture, TEST_KEY_F);
    expect_shortcut(&fixture);
    press(&fixture, TEST_KEY_A);
    expect_key(&fixture, HSP_KEY_A, true); /* no F before it */
    expect_key(&fixture, HSP_KEY_A, false);
    finish(&fixture);
}

/* Waits until the pointer is there in the picture, in pixels. */
static void expect_position(struct input_fixture *fixture, int x, int y)
{
    for (;;) {
        struct hsp_ipc_display_input input =
            test_client_receive_input(&fixture->base.client, HSP_IPC_INPUT_POSITION);
        HSP_CHECK_EQ(input.scanout_id, 0);
        if (input.x * WIDTH / HSP_IPC_INPUT_POSITION_END == x &&
            input.y * HEIGHT / HSP_IPC_INPUT_POSITION_END == y)
            return;
    }
}

HSP_TEST(pointer_is_on_the_pixel_that_it_points_at)
{
    struct input_fixture fixture;
    struct test_screen *screen = &fixture.base.screen;
    struct test_geometry at;

    start(&fixture, NULL);
    at = test_window_get_geometry(screen, fixture.window);
    test_screen_point(screen, at.x + 3, at.y + 7);
    expect_position(&fixture, 3, 7);
    test_screen_point(screen, at.x + WIDTH - 1, at.y + HEIGHT - 1);
    expect_position(&fixture, WIDTH - 1, HEIGHT - 1);
    finish(&fixture);
}

HSP_TEST(pointer_is_right_in_a_scaled_picture_with_bars)
{
    struct input_fixture fixture;
    struct test_screen *screen = &fixture.base.screen;
    struct hsp_ipc_display_resized resized;
    struct test_geometry at;

    start(&fixture, NULL);
    test_window_resize(screen, fixture.window, 600, 300); /* twice as large, bars of 100 pixels */
    test_client_receive(&fixture.base.client, HSP_IPC_DISPLAY_RESIZED, &resized, sizeof(resized));
    HSP_CHECK_EQ(resized.width, 600);
    at = test_window_get_geometry(screen, fixture.window);
    test_screen_point(screen, at.x + 100 + 2 * 50, at.y + 2 * 70);
    expect_position(&fixture, 50, 70);
    test_screen_point(screen, at.x + 20, at.y + 10); /* on the bar */
    expect_position(&fixture, 0, 5);
    finish(&fixture);
}

static void wait_title(struct input_fixture *fixture, const char *text, bool is_there)
{
    char title[256];

    for (int i = 0; i < 500; i++) {
        test_window_get_title(&fixture->base.screen, fixture->window, title, sizeof(title));
        if ((strstr(title, text) != NULL) == is_there)
            return;
        usleep(10000);
    }
    HSP_CHECK_STREQ(title, text);
}

HSP_TEST(grabbed_mouse_moves)
{
    struct input_fixture fixture;
    struct test_screen *screen = &fixture.base.screen;
    struct hsp_ipc_display_input input;
    struct test_geometry at;
    int x = 0, y = 0;

    start(&fixture, NULL);
    at = test_window_get_geometry(screen, fixture.window);
    test_screen_point(screen, at.x + WIDTH / 2, at.y + HEIGHT / 2);
    press_shortcut(&fixture, TEST_KEY_G);
    expect_shortcut(&fixture);
    wait_title(&fixture, "Ctrl+Alt+G frees the mouse", true);
    for (int i = 0; i < 50; i++) {
        test_screen_move(screen, 10, -4);
        usleep(2000);
    }
    /* It does not stop at the screen's edge. */
    while (x < 500 || y > -200) {
        input = test_client_receive_input(&fixture.base.client, HSP_IPC_INPUT_MOTION);
        x += input.x;
        y += input.y;
    }
    HSP_CHECK_EQ(x, 500);
    HSP_CHECK_EQ(y, -200);
    press_shortcut(&fixture, TEST_KEY_G);
    expect_shortcut(&fixture);
    wait_title(&fixture, "frees", false);
    test_screen_point(screen, at.x + 5, at.y + 5);
    expect_position(&fixture, 5, 5);
    finish(&fixture);
}

HSP_TEST_MAIN()
