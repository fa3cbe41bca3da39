/* SPDX-License-Identifier: MIT */
/*
 * SDL's names for keys and buttons in those of base/evdev.h.
 *
 * Threads: pure; safe from any thread.
 */
#ifndef HSP_DISPLAY_WINDOW_KEYS_H
#define HSP_DISPLAY_WINDOW_KEYS_H

#include "base/util.h"

#include <SDL3/SDL_scancode.h>

/* The key at that place of the keyboard; 0 when guests have no such key. */
uint32_t hsp_window_keys_find_key(SDL_Scancode scancode);

/* 0 for a button that guests have not. */
uint32_t hsp_window_keys_find_button(uint8_t button);

#endif
