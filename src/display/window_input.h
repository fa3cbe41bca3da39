/* SPDX-License-Identifier: MIT */
/*
 * Keyboard and mouse of the host's window system: what of them is for the guest, and what for the
 * window itself. Ctrl+Alt+F fills the screen with the window, Ctrl+Alt+G gives the mouse to the
 * guest as one that moves, and takes it back; none of both reaches the guest.
 *
 * Threads: main.
 */
#ifndef HSP_DISPLAY_WINDOW_INPUT_H
#define HSP_DISPLAY_WINDOW_INPUT_H

#include "display/window_actions.h"

#include <SDL3/SDL.h>

#define HSP_WINDOW_INPUT_GRAB_KEYS "Ctrl+Alt+G"

struct hsp_window_input {
    void (*put)(void *user_data, const struct hsp_window_action *action);
    void *user_data;
    SDL_Window *grabbing; /* the window that has the mouse for itself; NULL: none */
    float motion_rest[2]; /* less than one unit */
    float wheel_rest[2];
};

enum hsp_window_input_wish {
    HSP_WINDOW_INPUT_NONE,
    HSP_WINDOW_INPUT_TOGGLE_FULLSCREEN,
    HSP_WINDOW_INPUT_GRAB_CHANGED, /* `grabbing` did; titles may show it */
};

void hsp_window_input_init(struct hsp_window_input *input,
                           void (*put)(void *user_data, const struct hsp_window_action *action),
                           void *user_data);

/* Takes an event of this window. Returns what the window's owner is to do. */
enum hsp_window_input_wish hsp_window_input_handle(struct hsp_window_input *input,
                                                   SDL_Window *window, uint32_t scanout_id,
                                                   const SDL_Event *event);

/* The window is about to go away, or was hidden: lets go of the mouse and of all keys. */
void hsp_window_input_forget(struct hsp_window_input *input, SDL_Window *window);

#endif
