/* SPDX-License-Identifier: MIT */
/*
 * Vulkan on SDL's windows.
 *
 * Threads: main, unless a surface is used, which any thread may.
 */
#ifndef HSP_DISPLAY_WINDOW_SURFACE_H
#define HSP_DISPLAY_WINDOW_SURFACE_H

#include "base/util.h"

#include <SDL3/SDL.h>
#include <SDL3/SDL_vulkan.h>
#include <vulkan/vulkan.h>

struct hsp_window_surface {
    VkSurfaceKHR handle;
    void *connection; /* to the X server; NULL elsewhere */
};

/* Where others can destroy our windows (X11). */
struct hsp_window_watch {
    void (*on_destroyed)(void *user_data, uint64_t number); /* main thread, inside SDL */
    void *user_data;
};

/* After SDL_Init. From then on nothing that is wrong with a window ends the process. `watch` must
 * live until SDL_Quit. */
void hsp_window_watch_start(const struct hsp_window_watch *watch);

/* The window system's number of a window; 0 where there is no watch. */
uint64_t hsp_window_get_number(SDL_Window *window);

/* After SDL_Init. VK_NULL_HANDLE, with a log line, where Vulkan cannot show windows. */
VkInstance hsp_window_instance_create(void);

/* The window was made with SDL_WINDOW_VULKAN. False, logged, when it cannot have a surface. */
bool hsp_window_surface_init(struct hsp_window_surface *surface, VkInstance instance,
                             SDL_Window *window);

/* Before its window goes. Safe on a zeroed surface. */
void hsp_window_surface_finish(struct hsp_window_surface *surface, VkInstance instance);

#endif
