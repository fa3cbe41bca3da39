/* SPDX-License-Identifier: MIT */
/*
 * The host's side of the windows: SDL, which wants the main thread. It makes a window when the loop
 * asks for one, has it drawn by a presenter, or by SDL itself where Vulkan cannot present, and
 * tells the loop what the user does with it.
 *
 * Threads: create, run and destroy on the main thread, the rest as it says. The main thread sleeps
 * in SDL's wait for events; other threads wake it.
 */
#ifndef HSP_DISPLAY_WINDOW_HOST_H
#define HSP_DISPLAY_WINDOW_HOST_H

#include "display/backend.h"
#include "display/window_actions.h"
#include "display/window_feed.h"

struct hsp_window_host;

struct hsp_window_host_params {
    const char *name; /* of the machine; outlives the host */
    enum hsp_display_present_mode present_mode;
    enum hsp_display_scale scale;
    void (*wake_loop)(void *user_data); /* any thread: there is news in a feed or a report */
    void *user_data;
};

/* What the user has done with a window since the last report. */
struct hsp_window_report {
    bool was_resized;
    uint32_t width, height; /* pixels */
    bool was_closed;
    bool shows_cursor; /* now: the host's pointer is over the window, and looks as the guest's */
};

/* 0 or negative errno, logged: no window system. */
int hsp_window_host_create(const struct hsp_window_host_params *params,
                           struct hsp_window_host **out);

/* Serves windows until stopped, then closes them. */
void hsp_window_host_run(struct hsp_window_host *host);
void hsp_window_host_stop(struct hsp_window_host *host); /* any thread, also before run */

/* Takes NULL. */
void hsp_window_host_destroy(struct hsp_window_host *host);

/* ------------------------------------------------------------------ loop's thread */

/* What window `scanout_id` shows. */
struct hsp_window_feed *hsp_window_host_get_feed(struct hsp_window_host *host, uint32_t scanout_id);

/* Opens a window for pictures of this size, or makes it this large, unless the user has closed it,
 * maximised it or made it fill the screen. */
void hsp_window_host_fit(struct hsp_window_host *host, uint32_t scanout_id, uint32_t width,
                         uint32_t height);

/* How the host's pointer looks over the window. */
void hsp_window_host_set_cursor(struct hsp_window_host *host, uint32_t scanout_id,
                                const struct hsp_display_cursor *cursor);

/* Closes the window, until the next fit opens one. */
void hsp_window_host_close(struct hsp_window_host *host, uint32_t scanout_id);

/* Opens the window again if the user has closed it. */
void hsp_window_host_show(struct hsp_window_host *host, uint32_t scanout_id);

/* Frames of the last second, for the title; 0 leaves it out. */
void hsp_window_host_set_fps(struct hsp_window_host *host, uint32_t scanout_id, unsigned fps);

/* Moves what the user did since the last call to *out_actions. */
void hsp_window_host_take_actions(struct hsp_window_host *host,
                                  struct hsp_window_actions *out_actions);

struct hsp_window_report hsp_window_host_take_report(struct hsp_window_host *host,
                                                     uint32_t scanout_id);

#endif
