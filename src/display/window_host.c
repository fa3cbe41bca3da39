/* SPDX-License-Identifier: MIT */
/*
 * What other threads want of the main thread is kept as flags under a lock, so that wishes which
 * come faster than they can be served join instead of piling up. The main thread sleeps in SDL's
 * wait for events and is woken by an event of our own; SDL polls as long as there is no window, and
 * then the main thread waits for a condition instead. So an idle process never wakes up.
 */
#include "display/window_host.h"

#include "base/log.h"
#include "display/window_cursor.h"
#include "display/window_input.h"
#include "display/window_shell.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_TITLE_SIZE 256

/* What the loop and presenters want. */
struct wish {
    bool close; /* before a fit */
    bool fit;   /* a window for pictures of this size */
    uint32_t width, height;
    bool title;
    unsigned fps;
    bool show;   /* what the user closed */
    bool reopen; /* the presenter has lost its window */
    bool draw;
    bool cursor; /* it has changed */
};

struct host_window {
    struct hsp_window_host *host;
    uint32_t id;
    struct hsp_window_feed feed;
    struct wish wish;                 /* guarded by the host's lock */
    struct hsp_window_report report;  /* guarded by the host's lock */
    struct hsp_display_cursor cursor; /* guarded by the host's lock */
    /* the main thread's: */
    struct hsp_window_shell shell;
    uint64_t number; /* the window system's; 0 while the window is being made, also by SDL */
    bool was_closed; /* by the user */
    unsigned fps;
    SDL_Cursor *pointer; /* as the guest wants it; NULL: as it always is */
};

struct hsp_window_host {
    struct hsp_window_host_params params;
    VkInstance instance;
    struct hsp_window_watch watch;
    uint32_t wake_event;
    struct hsp_window_input input;
    struct host_window *pointed; /* the pointer is over it; NULL: over none */
    pthread_mutex_t lock;
    pthread_cond_t woken;
    /* guarded by lock: */
    bool is_stopping;
    bool has_wishes;
    bool is_in_sdl; /* the main thread sleeps in SDL */
    struct hsp_window_actions actions;
    struct host_window windows[HSP_LIMIT_SCANOUT_COUNT];
    size_t feed_count; /* initialised */
};

/* ------------------------------------------------------------------ waking threads */

/* Unlocks, and has the main thread see to the wishes. */
static void unlock_and_wake(struct hsp_window_host *host)
{
    bool needs_event = host->is_in_sdl && !host->has_wishes;

    host->has_wishes = true;
    pthread_cond_signal(&host->woken);
    pthread_mutex_unlock(&host->lock);
    if (needs_event) {
        SDL_Event event = {.type = host->wake_event};
        SDL_PushEvent(&event);
    }
}

static void wake_loop(void *user_data)
{
    struct host_window *window = user_data;

    window->host->params.wake_loop(window->host->params.user_data);
}

static void wake_drawer(void *user_data)
{
    struct host_window *window = user_data;

    pthread_mutex_lock(&window->host->lock);
    window->wish.draw = true;
    unlock_and_wake(window->host);
}

static void on_lost(void *user_data)
{
    struct host_window *window = user_data;

    pthread_mutex_lock(&window->host->lock);
    window->wish.reopen = true;
    unlock_and_wake(window->host);
}

/* ------------------------------------------------------------------ loop's thread */

struct hsp_window_feed *hsp_window_host_get_feed(struct hsp_window_host *host, uint32_t scanout_id)
{
    return &host->windows[scanout_id].feed;
}

void hsp_window_host_fit(struct hsp_window_host *host, uint32_t scanout_id, uint32_t width,
                         uint32_t height)
{
    struct wish *wish = &host->windows[scanout_id].wish;

    pthread_mutex_lock(&host->lock);
    wish->fit = true;
    wish->width = width;
    wish->height = height;
    unlock_and_wake(host);
}

void hsp_window_host_set_cursor(struct hsp_window_host *host, uint32_t scanout_id,
                                const struct hsp_display_cursor *cursor)
{
    struct host_window *window = &host->windows[scanout_id];

    pthread_mutex_lock(&host->lock);
    window->cursor = *cursor;
    window->wish.cursor = true;
    unlock_and_wake(host);
}

void hsp_window_host_close(struct hsp_window_host *host, uint32_t scanout_id)
{
    struct wish *wish = &host->windows[scanout_id].wish;

    pthread_mutex_lock(&host->lock);
    wish->close = true;
    wish->fit = false;
    unlock_and_wake(host);
}

void hsp_window_host_show(struct hsp_window_host *host, uint32_t scanout_id)
{
    struct wish *wish = &host->windows[scanout_id].wish;

    pthread_mutex_lock(&host->lock);
    wish->show = true;
    unlock_and_wake(host);
}

void hsp_window_host_set_fps(struct hsp_window_host *host, uint32_t scanout_id, unsigned fps)
{
    struct wish *wish = &host->windows[scanout_id].wish;

    pthread_mutex_lock(&host->lock);
    wish->title = true;
    wish->fps = fps;
    unlock_and_wake(host);
}

struct hsp_window_report hsp_window_host_take_report(struct hsp_window_host *host,
                                                     uint32_t scanout_id)
{
    struct hsp_window_report *report = &host->windows[scanout_id].report, copy;

    pthread_mutex_lock(&host->lock);
    copy = *report;
    report->was_resized = report->was_closed = false;
    pthread_mutex_unlock(&host->lock);
    return copy;
}

void hsp_window_host_take_actions(struct hsp_window_host *host,
                                  struct hsp_window_actions *out_actions)
{
    struct hsp_window_actions *actions = &host->actions;

    pthread_mutex_lock(&host->lock);
    memcpy(out_actions->items, actions->items, actions->count * sizeof(actions->items[0]));
    out_actions->count = actions->count;
    actions->count = 0;
    pthread_mutex_unlock(&host->lock);
}

void hsp_window_host_stop(struct hsp_window_host *host)
{
    pthread_mutex_lock(&host->lock);
    host->is_stopping = true;
    unlock_and_wake(host);
}

/* ------------------------------------------------------------------ windows */

static void format_title(const struct host_window *window, char *title, size_t size)
{
    const char *name = window->host->params.name;
    bool is_grabbing = window->shell.window && window->host->input.grabbing == window->shell.window;
    char screen[32] = "", rate[32] = "";

    if (window->id > 0)
        snprintf(screen, sizeof(screen), " (screen %u)", window->id + 1);
    if (window->fps > 0)
        snprintf(rate, sizeof(rate), " - %u fps", window->fps);
    snprintf(title, size, "%s%s%s%s", name[0] ? name : "hesper", screen, rate,
             is_grabbing ? " - " HSP_WINDOW_INPUT_GRAB_KEYS " frees the mouse" : "");
}

static void update_view(struct host_window *window)
{
    struct hsp_window_host *host = window->host;
    struct hsp_window_report *report = &window->report;
    uint32_t width, height;

    hsp_window_shell_update_view(&window->shell, &width, &height);
    if (width == 0 || height == 0)
        return;
    pthread_mutex_lock(&host->lock);
    report->was_resized |= width != report->width || height != report->height;
    report->width = width;
    report->height = height;
    pthread_mutex_unlock(&host->lock);
    wake_loop(window);
}

static void open_window(struct host_window *window, uint32_t width, uint32_t height)
{
    struct hsp_window_host *host = window->host;
    struct hsp_window_shell_params params = {
        .instance = host->instance,
        .present_mode = host->params.present_mode,
        .scale = host->params.scale,
        .feed = &window->feed,
        .on_lost = on_lost,
        .wake_drawer = wake_drawer,
        .user_data = window,
    };
    char title[MAX_TITLE_SIZE];

    format_title(window, title, sizeof(title));
    if (!hsp_window_shell_open(&window->shell, &params, title, width, height))
        return;
    window->number = hsp_window_get_number(window->shell.window);
    update_view(window);
}

static void reopen_window(struct host_window *window)
{
    char title[MAX_TITLE_SIZE];

    hsp_window_input_forget(&window->host->input, window->shell.window);
    format_title(window, title, sizeof(title));
    window->number = 0;
    hsp_window_shell_stop(&window->shell);
    /* One loss has several witnesses: what the presenter said of the old window is not the new's.
     */
    pthread_mutex_lock(&window->host->lock);
    window->wish.reopen = false;
    pthread_mutex_unlock(&window->host->lock);
    if (!hsp_window_shell_reopen(&window->shell, title))
        return;
    window->number = hsp_window_get_number(window->shell.window);
    if (window->was_closed)
        SDL_HideWindow(window->shell.window);
    update_view(window);
}

static void update_title(struct host_window *window, unsigned fps)
{
    char title[MAX_TITLE_SIZE];

    window->fps = fps;
    if (!window->shell.window)
        return;
    format_title(window, title, sizeof(title));
    SDL_SetWindowTitle(window->shell.window, title);
}

/* ------------------------------------------------------------------ pointer */

/* Shows the pointer as it has to be, and tells the loop who draws the guest's cursor. */
static void update_pointer(struct hsp_window_host *host)
{
    struct host_window *pointed = host->input.grabbing ? NULL : host->pointed;
    bool has_changed = false;

    SDL_SetCursor(pointed && pointed->pointer ? pointed->pointer : SDL_GetDefaultCursor());
    pthread_mutex_lock(&host->lock);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(host->windows); i++) {
        struct host_window *window = &host->windows[i];
        bool shows_cursor = window == pointed && window->pointer;
        has_changed |= window->report.shows_cursor != shows_cursor;
        window->report.shows_cursor = shows_cursor;
    }
    pthread_mutex_unlock(&host->lock);
    if (has_changed)
        host->params.wake_loop(host->params.user_data);
}

static void take_cursor(struct host_window *window)
{
    struct hsp_display_cursor cursor;
    SDL_Cursor *old = window->pointer;

    pthread_mutex_lock(&window->host->lock);
    cursor = window->cursor;
    pthread_mutex_unlock(&window->host->lock);
    window->pointer = hsp_window_cursor_create(&cursor);
    update_pointer(window->host);
    SDL_DestroyCursor(old);
}

/* The pointer may still be over a window that is gone. */
static void forget_pointer(struct host_window *window)
{
    if (window->host->pointed == window)
        window->host->pointed = NULL;
    update_pointer(window->host);
}

static void end_window(struct host_window *window)
{
    hsp_window_input_forget(&window->host->input, window->shell.window);
    window->number = 0;
    window->was_closed = false;
    window->fps = 0;
    hsp_window_shell_close(&window->shell);
    forget_pointer(window);
}

static void show_window(struct host_window *window)
{
    window->was_closed = false;
    SDL_ShowWindow(window->shell.window);
    update_view(window);
}

static void grant(struct host_window *window, const struct wish *wish)
{
    if (wish->close && window->shell.window)
        end_window(window);
    if (wish->reopen && window->shell.window)
        reopen_window(window);
    if (wish->show && window->was_closed)
        show_window(window);
    if (wish->fit && !window->shell.window)
        open_window(window, wish->width, wish->height);
    else if (wish->fit && !window->was_closed)
        hsp_window_shell_fit(&window->shell, wish->width, wish->height);
    if (wish->title)
        update_title(window, wish->fps);
    if (wish->cursor)
        take_cursor(window);
    if (wish->draw)
        hsp_window_shell_draw(&window->shell);
}

/* ------------------------------------------------------------------ events */

static void close_window(struct host_window *window)
{
    struct hsp_window_host *host = window->host;

    if (window->was_closed)
        return;
    window->was_closed = true;
    SDL_HideWindow(window->shell.window);
    forget_pointer(window);
    update_view(window);
    pthread_mutex_lock(&host->lock);
    window->report.was_closed = true;
    pthread_mutex_unlock(&host->lock);
    wake_loop(window);
}

static void put_action(void *user_data, const struct hsp_window_action *action)
{
    struct hsp_window_host *host = user_data;

    pthread_mutex_lock(&host->lock);
    hsp_window_actions_add(&host->actions, action);
    pthread_mutex_unlock(&host->lock);
    host->params.wake_loop(host->params.user_data);
}

static void handle_input(struct host_window *window, const SDL_Event *event)
{
    switch (
        hsp_window_input_handle(&window->host->input, window->shell.window, window->id, event)) {
    case HSP_WINDOW_INPUT_TOGGLE_FULLSCREEN:
        hsp_window_shell_toggle_fullscreen(&window->shell);
        break;
    case HSP_WINDOW_INPUT_GRAB_CHANGED:
        update_title(window, window->fps);
        update_pointer(window->host);
        break;
    case HSP_WINDOW_INPUT_NONE:
        break;
    }
}

static void handle_window_event(struct host_window *window, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_EVENT_WINDOW_CLOSE_REQUESTED:
        close_window(window);
        break;
    case SDL_EVENT_WINDOW_MOUSE_ENTER:
        window->host->pointed = window;
        update_pointer(window->host);
        break;
    case SDL_EVENT_WINDOW_MOUSE_LEAVE:
        forget_pointer(window);
        break;
    case SDL_EVENT_WINDOW_SHOWN:
    case SDL_EVENT_WINDOW_HIDDEN:
    case SDL_EVENT_WINDOW_EXPOSED:
    case SDL_EVENT_WINDOW_OCCLUDED:
    case SDL_EVENT_WINDOW_MINIMIZED:
    case SDL_EVENT_WINDOW_MAXIMIZED:
    case SDL_EVENT_WINDOW_RESTORED:
    case SDL_EVENT_WINDOW_PIXEL_SIZE_CHANGED:
        update_view(window);
        break;
    default:
        break;
    }
    handle_input(window, event);
}

/* The window system goes away (Wayland), or the user ends the program (macOS). */
static void handle_quit(struct hsp_window_host *host)
{
    if (strcmp(SDL_GetCurrentVideoDriver(), "wayland") == 0) {
        hsp_error("the window system is gone");
        _exit(1);
    }
    for (size_t i = 0; i < HSP_ARRAY_COUNT(host->windows); i++) {
        if (host->windows[i].shell.window)
            close_window(&host->windows[i]);
    }
}

static void handle_event(struct hsp_window_host *host, const SDL_Event *event)
{
    SDL_Window *sdl_window = SDL_GetWindowFromEvent(event);

    if (event->type == SDL_EVENT_QUIT)
        handle_quit(host);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(host->windows) && sdl_window; i++) {
        if (host->windows[i].shell.window == sdl_window)
            handle_window_event(&host->windows[i], event);
    }
}

static void on_destroyed(void *user_data, uint64_t number)
{
    struct hsp_window_host *host = user_data;

    for (size_t i = 0; i < HSP_ARRAY_COUNT(host->windows); i++) {
        struct host_window *window = &host->windows[i];
        if (window->number == number)
            on_lost(window);
    }
}

/* ------------------------------------------------------------------ the main thread's loop */

static bool has_window(const struct hsp_window_host *host)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(host->windows); i++) {
        if (host->windows[i].shell.window)
            return true;
    }
    return false;
}

/* Returns when there may be something to do; false when that is to stop. */
static bool sleep_until_woken(struct hsp_window_host *host)
{
    bool can_wait_in_sdl = has_window(host);
    SDL_Event event;

    pthread_mutex_lock(&host->lock);
    while (!can_wait_in_sdl && !host->has_wishes && !host->is_stopping)
        pthread_cond_wait(&host->woken, &host->lock);
    /* With wishes that came already there is no event to wake us. */
    host->is_in_sdl = can_wait_in_sdl && !host->has_wishes;
    pthread_mutex_unlock(&host->lock);
    if (host->is_in_sdl) {
        if (!SDL_WaitEvent(&event)) {
            hsp_error("the window system is gone: %s", SDL_GetError());
            _exit(1);
        }
        handle_event(host, &event);
    }
    while (can_wait_in_sdl && SDL_PollEvent(&event))
        handle_event(host, &event);
    pthread_mutex_lock(&host->lock);
    host->is_in_sdl = false;
    bool goes_on = !host->is_stopping;
    pthread_mutex_unlock(&host->lock);
    return goes_on;
}

static void grant_wishes(struct hsp_window_host *host)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(host->windows); i++) {
        struct host_window *window = &host->windows[i];
        struct wish wish;

        pthread_mutex_lock(&host->lock);
        if (i == 0)
            host->has_wishes = false;
        wish = window->wish;
        window->wish = (struct wish){0};
        pthread_mutex_unlock(&host->lock);
        grant(window, &wish);
    }
}

/* Xlib calls exit when the server is gone. What drivers do then, in a process whose threads still
 * run, is better left out. */
static _Atomic bool serves_windows;

static void leave_at_once(void)
{
    if (serves_windows)
        _exit(1);
}

void hsp_window_host_run(struct hsp_window_host *host)
{
    serves_windows = true;
    atexit(leave_at_once);
    while (sleep_until_woken(host))
        grant_wishes(host);
    serves_windows = false;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(host->windows); i++) {
        host->windows[i].number = 0;
        hsp_window_shell_close(&host->windows[i].shell);
        SDL_DestroyCursor(host->windows[i].pointer);
        host->windows[i].pointer = NULL;
    }
}

/* ------------------------------------------------------------------ life */

static int start_sdl(struct hsp_window_host *host)
{
    /* A signal ends this program as any other, and the screen may go dark. */
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_QUIT_ON_LAST_WINDOW_CLOSE, "0");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetAppMetadata("hesper", HSP_VERSION, "hesper");
    if (!SDL_Init(SDL_INIT_VIDEO)) {
        hsp_error("no window system: %s", SDL_GetError());
        return -ENODEV;
    }
    host->watch = (struct hsp_window_watch){on_destroyed, host};
    hsp_window_watch_start(&host->watch);
    host->wake_event = SDL_RegisterEvents(1);
    hsp_window_input_init(&host->input, put_action, host);
    host->instance = hsp_window_instance_create();
    return 0;
}

int hsp_window_host_create(const struct hsp_window_host_params *params,
                           struct hsp_window_host **out)
{
    struct hsp_window_host *host = calloc(1, sizeof(*host));
    int ret = 0;

    if (!host)
        return -ENOMEM;
    host->params = *params;
    pthread_mutex_init(&host->lock, NULL);
    pthread_cond_init(&host->woken, NULL);
    for (uint32_t i = 0; i < HSP_ARRAY_COUNT(host->windows) && ret == 0; i++) {
        host->windows[i].host = host;
        host->windows[i].id = i;
        ret = hsp_window_feed_init(&host->windows[i].feed, wake_loop, &host->windows[i]);
        host->feed_count += ret == 0;
    }
    if (ret == 0)
        ret = start_sdl(host);
    if (ret < 0) {
        hsp_window_host_destroy(host);
        return ret;
    }
    *out = host;
    return 0;
}

void hsp_window_host_destroy(struct hsp_window_host *host)
{
    if (!host)
        return;
    if (host->instance)
        vkDestroyInstance(host->instance, NULL);
    SDL_Quit();
    for (size_t i = 0; i < host->feed_count; i++)
        hsp_window_feed_finish(&host->windows[i].feed);
    pthread_cond_destroy(&host->woken);
    pthread_mutex_destroy(&host->lock);
    free(host);
}
