/* SPDX-License-Identifier: MIT */
/*
 * On X11 a surface gets a connection of its own. With SDL's, a driver's thread that waits for
 * presents reads SDL's events off the socket, too; SDL, which sleeps until the socket is readable,
 * would find them only when something else comes.
 */
#include "display/window_surface.h"

#include "base/log.h"
#include "display/present_gpu.h"

#include <string.h>

#ifdef HSP_HAVE_X11
#include <X11/Xlib.h>
#include <xcb/xcb.h>

#include <vulkan/vulkan_xcb.h>

static bool is_x11(void)
{
    const char *driver = SDL_GetCurrentVideoDriver();

    return driver && strcmp(driver, "x11") == 0;
}

static bool init_x11(struct hsp_window_surface *surface, VkInstance instance, SDL_Window *window)
{
    VkXcbSurfaceCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_XCB_SURFACE_CREATE_INFO_KHR,
        .connection = xcb_connect(NULL, NULL),
        .window = (xcb_window_t)hsp_window_get_number(window),
    };
    VkResult result = VK_ERROR_SURFACE_LOST_KHR;

    if (xcb_connection_has_error(info.connection) == 0 && info.window != 0)
        result = vkCreateXcbSurfaceKHR(instance, &info, NULL, &surface->handle);
    if (result != VK_SUCCESS) {
        xcb_disconnect(info.connection);
        hsp_error("a window can have no Vulkan surface: VkResult %d", result);
        return false;
    }
    surface->connection = info.connection;
    return true;
}

static void disconnect(void *connection)
{
    if (connection)
        xcb_disconnect(connection);
}

/* A window manager destroys its frames, and others our windows, while SDL asks for them. Xlib would
 * end the process for that. */
static int on_x_error(Display *display, XErrorEvent *event)
{
    hsp_debug("X error %u of request %u.%u", event->error_code, event->request_code,
              event->minor_code);
    return 0;
}

/* SDL does not look for this event. */
static bool SDLCALL on_x_event(void *user_data, XEvent *event)
{
    const struct hsp_window_watch *watch = user_data;

    if (event->type == DestroyNotify)
        watch->on_destroyed(watch->user_data, event->xdestroywindow.window);
    return true;
}

void hsp_window_watch_start(const struct hsp_window_watch *watch)
{
    if (!is_x11())
        return;
    XSetErrorHandler(on_x_error);
    SDL_SetX11EventHook(on_x_event, (void *)(uintptr_t)watch);
}

uint64_t hsp_window_get_number(SDL_Window *window)
{
    return (uint64_t)SDL_GetNumberProperty(SDL_GetWindowProperties(window),
                                           SDL_PROP_WINDOW_X11_WINDOW_NUMBER, 0);
}

static const char *const x11_extensions[] = {VK_KHR_SURFACE_EXTENSION_NAME,
                                             VK_KHR_XCB_SURFACE_EXTENSION_NAME};

static const char *const *get_extensions(uint32_t *out_count)
{
    if (!is_x11())
        return SDL_Vulkan_GetInstanceExtensions(out_count);
    *out_count = HSP_ARRAY_COUNT(x11_extensions);
    return x11_extensions;
}

#else

void hsp_window_watch_start(const struct hsp_window_watch *watch)
{
}

uint64_t hsp_window_get_number(SDL_Window *window)
{
    return 0;
}

static bool is_x11(void)
{
    return false;
}

static bool init_x11(struct hsp_window_surface *surface, VkInstance instance, SDL_Window *window)
{
    return false;
}

static void disconnect(void *connection)
{
}

static const char *const *get_extensions(uint32_t *out_count)
{
    return SDL_Vulkan_GetInstanceExtensions(out_count);
}

#endif

VkInstance hsp_window_instance_create(void)
{
    VkInstance instance = VK_NULL_HANDLE;
    const char *const *extensions;
    uint32_t count = 0;
    VkResult result;

    if (!SDL_Vulkan_LoadLibrary(NULL)) {
        hsp_info("no Vulkan for windows: %s", SDL_GetError());
        return VK_NULL_HANDLE;
    }
    extensions = get_extensions(&count);
    result = extensions ? hsp_present_instance_create(extensions, count, &instance)
                        : VK_ERROR_EXTENSION_NOT_PRESENT;
    if (result != VK_SUCCESS) {
        hsp_info("no Vulkan for windows: VkResult %d", result);
        return VK_NULL_HANDLE;
    }
    return instance;
}

bool hsp_window_surface_init(struct hsp_window_surface *surface, VkInstance instance,
                             SDL_Window *window)
{
    memset(surface, 0, sizeof(*surface));
    if (is_x11())
        return init_x11(surface, instance, window);
    if (!SDL_Vulkan_CreateSurface(window, instance, NULL, &surface->handle)) {
        hsp_error("a window can have no Vulkan surface: %s", SDL_GetError());
        return false;
    }
    return true;
}

void hsp_window_surface_finish(struct hsp_window_surface *surface, VkInstance instance)
{
    if (surface->handle)
        vkDestroySurfaceKHR(instance, surface->handle, NULL);
    disconnect(surface->connection);
    memset(surface, 0, sizeof(*surface));
}
