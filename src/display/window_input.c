/* SPDX-License-Identifier: MIT */
#include "display/window_input.h"

#include "base/evdev.h"
#include "base/log.h"
#include "display/window_keys.h"

#include <math.h>
#include <string.h>

void hsp_window_input_init(struct hsp_window_input *input,
                           void (*put)(void *user_data, const struct hsp_window_action *action),
                           void *user_data)
{
    memset(input, 0, sizeof(*input));
    input->put = put;
    input->user_data = user_data;
}

static void put(struct hsp_window_input *input, struct hsp_window_action action)
{
    input->put(input->user_data, &action);
}

static void release(struct hsp_window_input *input)
{
    put(input, (struct hsp_window_action){.kind = HSP_WINDOW_ACTION_RELEASE});
}

/* ------------------------------------------------------------------ grab */

static void let_go(struct hsp_window_input *input)
{
    SDL_SetWindowRelativeMouseMode(input->grabbing, false);
    SDL_SetWindowKeyboardGrab(input->grabbing, false);
    input->grabbing = NULL;
}

static void toggle_grab(struct hsp_window_input *input, SDL_Window *window)
{
    if (input->grabbing) {
        let_go(input);
        return;
    }
    if (!SDL_SetWindowRelativeMouseMode(window, true)) {
        hsp_warning("the mouse cannot be grabbed: %s", SDL_GetError());
        return;
    }
    SDL_SetWindowKeyboardGrab(window, true); /* where the window system lets us */
    input->grabbing = window;
    memset(input->motion_rest, 0, sizeof(input->motion_rest));
}

void hsp_window_input_forget(struct hsp_window_input *input, SDL_Window *window)
{
    if (input->grabbing == window)
        let_go(input);
    release(input);
}

/* ------------------------------------------------------------------ keys */

/* The guest has seen Ctrl and Alt go down, and now sees them go up. */
static enum hsp_window_input_wish handle_shortcut(struct hsp_window_input *input,
                                                  SDL_Window *window, SDL_Keycode key)
{
    release(input);
    if (key == SDLK_F)
        return HSP_WINDOW_INPUT_TOGGLE_FULLSCREEN;
    toggle_grab(input, window);
    return HSP_WINDOW_INPUT_GRAB_CHANGED;
}

static enum hsp_window_input_wish handle_key(struct hsp_window_input *input, SDL_Window *window,
                                             const SDL_KeyboardEvent *key)
{
    bool has_ctrl_alt = (key->mod & SDL_KMOD_CTRL) && (key->mod & SDL_KMOD_ALT);
    struct hsp_window_action action = {
        .kind = HSP_WINDOW_ACTION_KEY,
        .code = hsp_window_keys_find_key(key->scancode),
        .is_pressed = key->down,
    };

    if (has_ctrl_alt && (key->key == SDLK_F || key->key == SDLK_G) && key->down)
        return key->repeat ? HSP_WINDOW_INPUT_NONE : handle_shortcut(input, window, key->key);
    if (action.code != 0 && !key->repeat)
        put(input, action);
    return HSP_WINDOW_INPUT_NONE;
}

/* ------------------------------------------------------------------ mouse */

/* The whole part of what has come together; the rest is kept. */
static int32_t take_whole(float *rest, float value)
{
    float sum = *rest + value;
    float whole = truncf(fminf(fmaxf(sum, -1e6f), 1e6f));

    *rest = fabsf(sum) < 1e6f ? sum - whole : 0.0f;
    return (int32_t)whole;
}

static void handle_motion(struct hsp_window_input *input, SDL_Window *window, uint32_t scanout_id,
                          const SDL_MouseMotionEvent *motion)
{
    float density = SDL_GetWindowPixelDensity(window);
    struct hsp_window_action action = {
        .kind = HSP_WINDOW_ACTION_POSITION,
        .scanout_id = scanout_id,
        .x = (int32_t)floorf(motion->x * density),
        .y = (int32_t)floorf(motion->y * density),
    };

    if (input->grabbing == window) {
        action.kind = HSP_WINDOW_ACTION_MOTION;
        action.x = take_whole(&input->motion_rest[0], motion->xrel);
        action.y = take_whole(&input->motion_rest[1], motion->yrel);
    }
    put(input, action);
}

static void handle_button(struct hsp_window_input *input, const SDL_MouseButtonEvent *button)
{
    struct hsp_window_action action = {
        .kind = HSP_WINDOW_ACTION_KEY,
        .code = hsp_window_keys_find_button(button->button),
        .is_pressed = button->down,
    };

    if (action.code != 0)
        put(input, action);
}

static void handle_wheel(struct hsp_window_input *input, const SDL_MouseWheelEvent *wheel)
{
    float sign = wheel->direction == SDL_MOUSEWHEEL_FLIPPED ? -1.0f : 1.0f;

    put(input, (struct hsp_window_action){
                   .kind = HSP_WINDOW_ACTION_WHEEL,
                   .x = take_whole(&input->wheel_rest[0], wheel->x * sign * HSP_WHEEL_NOTCH),
                   .y = take_whole(&input->wheel_rest[1], wheel->y * sign * HSP_WHEEL_NOTCH),
               });
}

/* ------------------------------------------------------------------ events */

enum hsp_window_input_wish hsp_window_input_handle(struct hsp_window_input *input,
                                                   SDL_Window *window, uint32_t scanout_id,
                                                   const SDL_Event *event)
{
    bool was_grabbing = input->grabbing == window;

    switch (event->type) {
    case SDL_EVENT_KEY_DOWN:
    case SDL_EVENT_KEY_UP:
        return handle_key(input, window, &event->key);
    case SDL_EVENT_MOUSE_MOTION:
        handle_motion(input, window, scanout_id, &event->motion);
        break;
    case SDL_EVENT_MOUSE_BUTTON_DOWN:
    case SDL_EVENT_MOUSE_BUTTON_UP:
        handle_button(input, &event->button);
        break;
    case SDL_EVENT_MOUSE_WHEEL:
        handle_wheel(input, &event->wheel);
        break;
    case SDL_EVENT_WINDOW_FOCUS_LOST:
    case SDL_EVENT_WINDOW_HIDDEN:
    case SDL_EVENT_WINDOW_MINIMIZED:
        hsp_window_input_forget(input, window);
        if (was_grabbing)
            return HSP_WINDOW_INPUT_GRAB_CHANGED;
        break;
    default:
        break;
    }
    return HSP_WINDOW_INPUT_NONE;
}
