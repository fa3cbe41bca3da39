/* SPDX-License-Identifier: MIT */
#include "display/window_actions.h"

#include "base/evdev.h"
#include "base/test.h"
#include "display/window_keys.h"

#include <SDL3/SDL_mouse.h>

static struct hsp_window_actions actions;

static void add(enum hsp_window_action_kind kind, uint32_t scanout_id, int32_t x, int32_t y)
{
    struct hsp_window_action action = {.kind = kind, .scanout_id = scanout_id, .x = x, .y = y};

    hsp_window_actions_add(&actions, &action);
}

static void add_key(uint32_t code, bool is_pressed)
{
    struct hsp_window_action action = {HSP_WINDOW_ACTION_KEY, 0, code, is_pressed, 0, 0};

    hsp_window_actions_add(&actions, &action);
}

HSP_TEST(pointers_are_joined_until_something_else_happens)
{
    actions.count = 0;
    add(HSP_WINDOW_ACTION_POSITION, 0, 1, 2);
    add(HSP_WINDOW_ACTION_POSITION, 0, 3, 4);
    add(HSP_WINDOW_ACTION_POSITION, 1, 5, 6);
    add(HSP_WINDOW_ACTION_MOTION, 1, 5, 6);
    add(HSP_WINDOW_ACTION_MOTION, 1, -7, 1);
    add_key(HSP_BTN_LEFT, true);
    add(HSP_WINDOW_ACTION_MOTION, 1, 1, 1);
    HSP_CHECK_EQ(actions.count, 5);
    HSP_CHECK_EQ(actions.items[0].x, 3);
    HSP_CHECK_EQ(actions.items[1].scanout_id, 1);
    HSP_CHECK_EQ(actions.items[2].x, -2);
    HSP_CHECK_EQ(actions.items[2].y, 7);
    HSP_CHECK_EQ(actions.items[3].code, HSP_BTN_LEFT);
}

HSP_TEST(too_many_keys_leave_nothing_pressed)
{
    actions.count = 0;
    for (uint32_t i = 0; i < HSP_WINDOW_ACTION_COUNT; i++)
        add_key(1 + i / 2 % 200, i % 2 == 0);
    HSP_CHECK_EQ(actions.count, HSP_WINDOW_ACTION_COUNT);
    add_key(HSP_KEY_A, true);
    HSP_CHECK_EQ(actions.count, 1);
    HSP_CHECK_EQ(actions.items[0].kind, HSP_WINDOW_ACTION_RELEASE);
}

HSP_TEST(keys_have_their_places)
{
    HSP_CHECK_EQ(hsp_window_keys_find_key(SDL_SCANCODE_A), HSP_KEY_A);
    HSP_CHECK_EQ(hsp_window_keys_find_key(SDL_SCANCODE_NONUSBACKSLASH), HSP_KEY_102ND);
    HSP_CHECK_EQ(hsp_window_keys_find_key(SDL_SCANCODE_RALT), HSP_KEY_RIGHTALT);
    HSP_CHECK_EQ(hsp_window_keys_find_key(SDL_SCANCODE_KP_ENTER), HSP_KEY_KPENTER);
    HSP_CHECK_EQ(hsp_window_keys_find_key(SDL_SCANCODE_F24), HSP_KEY_F24);
    HSP_CHECK_EQ(hsp_window_keys_find_key(SDL_SCANCODE_UNKNOWN), 0);
    HSP_CHECK_EQ(hsp_window_keys_find_key((SDL_Scancode)100000), 0);
    HSP_CHECK_EQ(hsp_window_keys_find_button(SDL_BUTTON_X1), HSP_BTN_SIDE);
    HSP_CHECK_EQ(hsp_window_keys_find_button(200), 0);
}

HSP_TEST_MAIN()
