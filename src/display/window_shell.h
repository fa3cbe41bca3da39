/* SPDX-License-Identifier: MIT */
/*
 * One window of the host, and who draws it.
 *
 * Threads: main.
 */
#ifndef HSP_DISPLAY_WINDOW_SHELL_H
#define HSP_DISPLAY_WINDOW_SHELL_H

#include "display/present.h"
#include "display/window_soft.h"
#include "display/window_surface.h"

struct hsp_window_shell_params {
    VkInstance instance; /* VK_NULL_HANDLE: SDL draws */
    enum hsp_display_present_mode present_mode;
    enum hsp_display_scale scale;
    struct hsp_window_feed *feed;
    void (*on_lost)(void *user_data);     /* the presenter's thread: call reopen */
    void (*wake_drawer)(void *user_data); /* any thread: call draw; with the feed's user data */
    void *user_data;                      /* of on_lost */
};

struct hsp_window_shell {
    struct hsp_window_shell_params params;
    SDL_Window *window; /* NULL: closed for good */
    struct hsp_window_surface surface;
    struct hsp_present *present;  /* this one draws, */
    struct hsp_window_soft *soft; /* or this one */
    uint64_t reopened_ns;         /* after a loss; 0: never */
};

/* Opens a window for a picture of this size, or a smaller one if the screen is. False, logged, when
 * there is no way to do it; the shell is closed then. */
bool hsp_window_shell_open(struct hsp_window_shell *shell,
                           const struct hsp_window_shell_params *params, const char *title,
                           uint32_t width, uint32_t height);

/* A new window in the place of one that was lost; drawn by SDL if that happens too often. */
bool hsp_window_shell_reopen(struct hsp_window_shell *shell, const char *title);

/* Nothing draws in the window any more, and nobody reports its loss. */
void hsp_window_shell_stop(struct hsp_window_shell *shell);

/* Safe on a zeroed shell. Ends the process when the presenter is stuck in the driver. */
void hsp_window_shell_close(struct hsp_window_shell *shell);

/* Draws, where that is the main thread's. */
void hsp_window_shell_draw(struct hsp_window_shell *shell);

/* Tells the feed the window's size and whether it can be seen; returns the size in pixels. */
void hsp_window_shell_update_view(struct hsp_window_shell *shell, uint32_t *out_width,
                                  uint32_t *out_height);

/* Makes the window this large, pixels, if its size is not the screen's. */
void hsp_window_shell_fit(struct hsp_window_shell *shell, uint32_t width, uint32_t height);

void hsp_window_shell_toggle_fullscreen(struct hsp_window_shell *shell);

#endif
