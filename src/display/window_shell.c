/* SPDX-License-Identifier: MIT */
#include "display/window_shell.h"

#include "base/log.h"

#include <string.h>
#include <unistd.h>

/* A window that is lost again within this time is left to SDL. */
#define GOOD_RUN_NS 5000000000ull

/* ------------------------------------------------------------------ opening */

/* Window coordinates of a size in pixels, no larger than the screen's free part. */
static void get_window_size(SDL_DisplayID display, float density, uint32_t width, uint32_t height,
                            int *out_width, int *out_height)
{
    float w = (float)width / density, h = (float)height / density;
    SDL_Rect bounds;

    if (SDL_GetDisplayUsableBounds(display, &bounds) && bounds.w > 0 && bounds.h > 0) {
        float shrink = HSP_MAX(HSP_MAX(w / (float)bounds.w, h / (float)bounds.h), 1.0f);
        w /= shrink;
        h /= shrink;
    }
    *out_width = HSP_MAX((int)w, 1);
    *out_height = HSP_MAX((int)h, 1);
}

static bool create_window(struct hsp_window_shell *shell, const char *title, int width, int height)
{
    SDL_WindowFlags flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_HIGH_PIXEL_DENSITY;

    if (shell->params.instance)
        flags |= SDL_WINDOW_VULKAN;
    shell->window = SDL_CreateWindow(title, width, height, flags);
    if (!shell->window)
        hsp_error("a window cannot be opened: %s", SDL_GetError());
    return shell->window != NULL;
}

static bool create_presenter(struct hsp_window_shell *shell)
{
    struct hsp_present_params params = {
        .instance = shell->params.instance,
        .mode = shell->params.present_mode,
        .scale = shell->params.scale,
        .feed = shell->params.feed,
        .on_lost = shell->params.on_lost,
        .user_data = shell->params.user_data,
    };
    VkResult result;

    if (!hsp_window_surface_init(&shell->surface, params.instance, shell->window))
        return false;
    params.surface = shell->surface.handle;
    result = hsp_present_create(&params, &shell->present);
    if (result != VK_SUCCESS)
        hsp_info("Vulkan cannot draw in this window: VkResult %d", result);
    return result == VK_SUCCESS;
}

/* Opens a window of that size in window coordinates. */
static bool open_window(struct hsp_window_shell *shell, const char *title, int width, int height)
{
    if (shell->params.instance) {
        if (create_window(shell, title, width, height) && create_presenter(shell))
            return true;
        hsp_window_shell_close(shell);
        shell->params.instance = VK_NULL_HANDLE;
    }
    if (!create_window(shell, title, width, height))
        return false;
    shell->soft = hsp_window_soft_create(shell->window, shell->params.scale, shell->params.feed,
                                         shell->params.wake_drawer);
    if (!shell->soft)
        hsp_window_shell_close(shell);
    return shell->soft != NULL;
}

bool hsp_window_shell_open(struct hsp_window_shell *shell,
                           const struct hsp_window_shell_params *params, const char *title,
                           uint32_t width, uint32_t height)
{
    SDL_DisplayID display = SDL_GetPrimaryDisplay();
    int w, h;

    memset(shell, 0, sizeof(*shell));
    shell->params = *params;
    get_window_size(display, 1.0f, width, height, &w, &h);
    if (!open_window(shell, title, w, h))
        return false;
    hsp_window_shell_fit(shell, width, height); /* now that the density of pixels is known */
    return true;
}

bool hsp_window_shell_reopen(struct hsp_window_shell *shell, const char *title)
{
    uint64_t now = hsp_now_ns();
    bool ran_well = shell->reopened_ns == 0 || now - shell->reopened_ns > GOOD_RUN_NS;
    int width = 0, height = 0;

    SDL_GetWindowSize(shell->window, &width, &height);
    hsp_window_shell_close(shell);
    if (!ran_well) {
        hsp_warning("Vulkan lost the window again; SDL draws it from now on");
        shell->params.instance = VK_NULL_HANDLE;
    }
    shell->reopened_ns = now;
    return open_window(shell, title, HSP_MAX(width, 1), HSP_MAX(height, 1));
}

void hsp_window_shell_stop(struct hsp_window_shell *shell)
{
    if (!hsp_present_destroy(shell->present)) {
        hsp_warning("the window system does not let go of a window; ending without");
        _exit(1);
    }
    shell->present = NULL;
}

void hsp_window_shell_close(struct hsp_window_shell *shell)
{
    hsp_window_shell_stop(shell);
    hsp_window_soft_destroy(shell->soft);
    shell->soft = NULL;
    hsp_window_surface_finish(&shell->surface, shell->params.instance);
    SDL_DestroyWindow(shell->window);
    shell->window = NULL;
}

/* ------------------------------------------------------------------ use */

void hsp_window_shell_draw(struct hsp_window_shell *shell)
{
    if (shell->soft)
        hsp_window_soft_draw(shell->soft);
}

void hsp_window_shell_update_view(struct hsp_window_shell *shell, uint32_t *out_width,
                                  uint32_t *out_height)
{
    SDL_WindowFlags flags = SDL_GetWindowFlags(shell->window);
    int width = 0, height = 0;

    SDL_GetWindowSizeInPixels(shell->window, &width, &height);
    *out_width = (uint32_t)HSP_MAX(width, 0);
    *out_height = (uint32_t)HSP_MAX(height, 0);
    hsp_window_feed_put_view(
        shell->params.feed, *out_width, *out_height,
        !(flags & (SDL_WINDOW_HIDDEN | SDL_WINDOW_MINIMIZED | SDL_WINDOW_OCCLUDED)));
}

void hsp_window_shell_fit(struct hsp_window_shell *shell, uint32_t width, uint32_t height)
{
    SDL_WindowFlags flags = SDL_GetWindowFlags(shell->window);
    float density = SDL_GetWindowPixelDensity(shell->window);
    int w, h, old_w = 0, old_h = 0;

    if (flags & (SDL_WINDOW_FULLSCREEN | SDL_WINDOW_MAXIMIZED))
        return;
    get_window_size(SDL_GetDisplayForWindow(shell->window), density > 0.0f ? density : 1.0f, width,
                    height, &w, &h);
    SDL_GetWindowSize(shell->window, &old_w, &old_h);
    if (w != old_w || h != old_h)
        SDL_SetWindowSize(shell->window, w, h);
}

void hsp_window_shell_toggle_fullscreen(struct hsp_window_shell *shell)
{
    bool is_fullscreen = SDL_GetWindowFlags(shell->window) & SDL_WINDOW_FULLSCREEN;

    if (!SDL_SetWindowFullscreen(shell->window, !is_fullscreen))
        hsp_warning("full screen: %s", SDL_GetError());
}
