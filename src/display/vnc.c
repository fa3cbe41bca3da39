/* SPDX-License-Identifier: MIT */
/*
 * The loop's side of VNC: a screen for each scanout, places for viewers, and flushes, which are
 * answered when no viewer reads the picture any more. While nobody looks this is the headless
 * backend.
 */
#include "display/vnc.h"

#include "display/display.h"
#include "display/vnc_canvas.h"
#include "display/vnc_handshake.h"
#include "display/vnc_listener.h"
#include "display/vnc_viewer.h"

#include "base/evdev.h"
#include "base/list.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Between two tries to open an address that is taken. */
#define LISTEN_RETRY_MS 2000

/* What viewers see before the guest has shown anything. */
#define BLANK_WIDTH  640
#define BLANK_HEIGHT 480

/* A flush that waits for viewers to read. */
struct pending {
    struct hsp_list link;
    uint64_t serial;
    struct hsp_display_flush flush;
};

struct screen {
    struct vnc_backend *backend;
    uint32_t id;
    struct hsp_vnc_listener listener;
    uv_timer_t listen_timer;
    bool is_opened;                    /* its address is open, or will be */
    struct hsp_display_picture *next;  /* shown from the next flush on */
    struct hsp_display_picture *shown; /* of the last flush */
    uint32_t width, height;            /* of the last picture */
    uint64_t last_serial;
    struct hsp_list pending; /* by serial */
    const struct hsp_display_cursor *cursor;
    struct place *pointing; /* whose pointer moved last; NULL: nobody's */
};

/* For one viewer. */
struct place {
    struct hsp_vnc_viewer *viewer;
    struct screen *screen; /* NULL: empty */
    struct hsp_display_user *user;
};

struct vnc_backend {
    struct hsp_display_backend backend;
    struct hsp_display *display;
    struct hsp_display_choice choice;
    const char *name;
    char password[HSP_DISPLAY_PASSWORD_LENGTH + 1];
    struct hsp_vnc_handshakes handshakes;
    uv_async_t async;
    uint32_t leds;
    struct screen screens[HSP_LIMIT_SCANOUT_COUNT];
    struct place places[HSP_LIMIT_VNC_VIEWER_COUNT];
};

static struct vnc_backend *get_backend(struct hsp_display_backend *backend)
{
    return HSP_CONTAINER_OF(backend, struct vnc_backend, backend);
}

static void replace(struct hsp_display_picture **slot, struct hsp_display_picture *picture)
{
    struct hsp_display_picture *old = *slot;

    *slot = picture ? hsp_display_picture_ref(picture) : NULL;
    hsp_display_picture_unref(old);
}

/* The feed of the viewer in this place, if he looks at the screen; else NULL. */
static struct hsp_vnc_feed *get_feed(const struct place *place, const struct screen *screen)
{
    return place->screen == screen ? hsp_vnc_viewer_get_feed(place->viewer) : NULL;
}

#define for_each_feed(feed, screen)                                                 \
    for (struct place *place_ = (screen)->backend->places;                          \
         place_ < (screen)->backend->places + HSP_LIMIT_VNC_VIEWER_COUNT; place_++) \
        for (struct hsp_vnc_feed *feed = get_feed(place_, screen); feed; feed = NULL)

/* ------------------------------------------------------------------ frames */

static bool is_awaited(struct screen *screen, uint64_t serial)
{
    for_each_feed(feed, screen)
    {
        if (hsp_vnc_feed_is_behind(feed, serial))
            return true;
    }
    return false;
}

/* Answers, in order, what no viewer holds up. */
static void settle(struct screen *screen)
{
    hsp_list_for_each_safe (pending, &screen->pending, struct pending, link) {
        if (is_awaited(screen, pending->serial))
            return;
        hsp_display_flush_done(screen->backend->display, &pending->flush, screen->shown != NULL);
        hsp_list_remove(&pending->link);
        free(pending);
    }
}

static void flush(struct hsp_display_backend *backend, const struct hsp_display_flush *flush)
{
    struct screen *screen = &get_backend(backend)->screens[flush->scanout_id];
    uint64_t serial = ++screen->last_serial;
    struct pending *pending;

    replace(&screen->shown, screen->next);
    for_each_feed(feed, screen) hsp_vnc_feed_put_frame(feed, screen->shown, &flush->rect, serial);
    pending = calloc(1, sizeof(*pending));
    if (!pending) { /* better torn than never */
        hsp_display_flush_done(screen->backend->display, flush, true);
        return;
    }
    pending->serial = serial;
    pending->flush = *flush;
    hsp_list_append(&screen->pending, &pending->link);
    settle(screen);
}

static void open_screen(struct screen *screen);

static void set_scanout(struct hsp_display_backend *backend, uint32_t scanout_id,
                        struct hsp_display_picture *picture)
{
    struct screen *screen = &get_backend(backend)->screens[scanout_id];

    replace(&screen->next, picture);
    if (picture) {
        hsp_vnc_canvas_get_size(picture, &screen->width, &screen->height);
        if (!screen->is_opened)
            open_screen(screen);
        return;
    }
    replace(&screen->shown, NULL);
    for_each_feed(feed, screen) hsp_vnc_feed_put_blank(feed);
}

static void set_cursor(struct hsp_display_backend *backend, uint32_t scanout_id,
                       const struct hsp_display_cursor *cursor, bool picture_changed)
{
    struct screen *screen = &get_backend(backend)->screens[scanout_id];

    screen->cursor = cursor;
    for_each_feed(feed, screen)
        hsp_vnc_feed_put_cursor(feed, cursor, picture_changed, screen->pointing == place_);
}

static void set_leds(struct hsp_display_backend *base, uint32_t leds)
{
    struct vnc_backend *backend = get_backend(base);

    backend->leds = leds;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->places); i++) {
        if (backend->places[i].screen)
            hsp_vnc_feed_put_leds(hsp_vnc_viewer_get_feed(backend->places[i].viewer), leds);
    }
}

static struct hsp_display_picture *get_shown(struct hsp_display_backend *backend,
                                             uint32_t scanout_id)
{
    return get_backend(backend)->screens[scanout_id].shown;
}

/* ------------------------------------------------------------------ what viewers do */

static void handle_event(struct place *place, const struct hsp_vnc_event *event)
{
    struct screen *screen = place->screen;

    switch (event->kind) {
    case HSP_VNC_EVENT_POSITION:
        screen->pointing = place;
        hsp_display_user_send_position(place->user, screen->id, event->x, event->y);
        break;
    case HSP_VNC_EVENT_KEY:
        hsp_display_user_send_key(place->user, event->code, event->is_pressed);
        break;
    case HSP_VNC_EVENT_WHEEL:
        hsp_display_user_send_wheel(place->user, event->y * HSP_WHEEL_NOTCH,
                                    event->x * HSP_WHEEL_NOTCH);
        break;
    case HSP_VNC_EVENT_SIZE:
        hsp_display_request_size(screen->backend->display, screen->id, (uint32_t)event->x,
                                 (uint32_t)event->y);
        break;
    }
}

/* The place is empty then. */
static void remove_viewer(struct place *place)
{
    struct screen *screen = place->screen;

    hsp_vnc_viewer_finish(place->viewer);
    hsp_display_user_destroy(place->user);
    place->user = NULL;
    place->screen = NULL;
    if (screen->pointing == place)
        screen->pointing = NULL;
    hsp_debug("screen %u: a VNC viewer is gone", screen->id + 1);
}

static void collect(struct place *place)
{
    struct screen *screen = place->screen;
    struct hsp_vnc_result result;

    hsp_vnc_feed_collect(hsp_vnc_viewer_get_feed(place->viewer), &result);
    for (uint32_t i = 0; i < result.event_count; i++)
        handle_event(place, &result.events[i]);
    hsp_display_count_frames(screen->backend->display, screen->id, 0, 0, result.copied_bytes);
    if (result.is_gone)
        remove_viewer(place);
    settle(screen);
}

static void on_async(uv_async_t *async)
{
    struct vnc_backend *backend = HSP_CONTAINER_OF(async, struct vnc_backend, async);

    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->places); i++) {
        if (backend->places[i].screen)
            collect(&backend->places[i]);
    }
}

static void wake_loop(void *user_data)
{
    struct vnc_backend *backend = user_data;

    uv_async_send(&backend->async);
}

/* ------------------------------------------------------------------ viewers */

static struct place *find_place(struct vnc_backend *backend)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->places); i++) {
        if (!backend->places[i].screen)
            return &backend->places[i];
    }
    return NULL;
}

static void make_title(const struct screen *screen, char *out_title, size_t size)
{
    const char *name = screen->backend->name[0] ? screen->backend->name : "hesper";

    if (screen->id == 0)
        snprintf(out_title, size, "%s", name);
    else
        snprintf(out_title, size, "%s, screen %u", name, screen->id + 1);
}

/* What a new viewer has missed: before it begins, lest it see black first. */
static void catch_up(struct hsp_vnc_feed *feed, struct screen *screen)
{
    if (screen->shown)
        hsp_vnc_feed_put_frame(feed, screen->shown, &screen->shown->rect, screen->last_serial);
    if (screen->cursor)
        hsp_vnc_feed_put_cursor(feed, screen->cursor, true, false);
    hsp_vnc_feed_put_leds(feed, screen->backend->leds);
}

/* A stranger has become a viewer. */
static void on_handshake_done(void *user_data, int socket_fd)
{
    struct screen *screen = user_data;
    struct vnc_backend *backend = screen->backend;
    struct place *place = find_place(backend);
    char title[128];
    int ret;

    ret = place ? hsp_display_user_create(backend->display, &place->user) : -EUSERS;
    if (ret == 0) {
        make_title(screen, title, sizeof(title));
        catch_up(hsp_vnc_viewer_get_feed(place->viewer), screen);
        ret = hsp_vnc_viewer_start(place->viewer, socket_fd, title, screen->width, screen->height);
        if (ret < 0) {
            hsp_display_user_destroy(place->user);
            place->user = NULL;
        }
    }
    if (ret < 0) {
        hsp_log_guest("a VNC viewer is turned away: %s", strerror(-ret));
        close(socket_fd);
        return;
    }
    place->screen = screen;
    hsp_debug("screen %u: a VNC viewer has come", screen->id + 1);
}

static void on_connection(void *user_data, int socket_fd)
{
    struct screen *screen = user_data;

    hsp_vnc_handshakes_start(&screen->backend->handshakes, socket_fd, screen);
}

/* ------------------------------------------------------------------ addresses */

static void on_listen_timer(uv_timer_t *timer)
{
    open_screen(HSP_CONTAINER_OF(timer, struct screen, listen_timer));
}

/* Without an address the guest runs all the same: it is tried again. */
static void open_screen(struct screen *screen)
{
    struct vnc_backend *backend = screen->backend;
    bool is_first = !screen->is_opened;
    int ret;

    screen->is_opened = true;
    ret = hsp_vnc_listener_open(&screen->listener, hsp_display_get_loop(backend->display),
                                &backend->choice, screen->id,
                                hsp_display_get_port(backend->display, screen->id));
    if (ret == 0) {
        hsp_display_set_port(backend->display, screen->id, screen->listener.port);
        hsp_info("screen %u is at VNC %s", screen->id + 1, screen->listener.name);
        return;
    }
    if (is_first)
        hsp_error("screen %u has no address for VNC, it is tried again: %s", screen->id + 1,
                  strerror(-ret));
    uv_timer_start(&screen->listen_timer, on_listen_timer, LISTEN_RETRY_MS, 0);
}

/* ------------------------------------------------------------------ life */

static void init_screens(struct vnc_backend *backend)
{
    for (uint32_t i = 0; i < HSP_ARRAY_COUNT(backend->screens); i++) {
        struct screen *screen = &backend->screens[i];
        screen->backend = backend;
        screen->id = i;
        screen->width = BLANK_WIDTH;
        screen->height = BLANK_HEIGHT;
        screen->listener.fd = -1;
        screen->listener.on_connection = on_connection;
        screen->listener.user_data = screen;
        hsp_list_init(&screen->pending);
        uv_timer_init(hsp_display_get_loop(backend->display), &screen->listen_timer);
    }
}

static int create_places(struct vnc_backend *backend)
{
    int ret = 0;

    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->places) && ret == 0; i++)
        ret = hsp_vnc_viewer_create(wake_loop, backend, &backend->places[i].viewer);
    return ret;
}

static void destroy_places(struct vnc_backend *backend)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->places); i++) {
        if (backend->places[i].screen)
            hsp_vnc_viewer_stop(backend->places[i].viewer);
    }
    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->places); i++) {
        hsp_vnc_viewer_destroy(backend->places[i].viewer);
        hsp_display_user_destroy(backend->places[i].user);
    }
}

static bool take_options(struct vnc_backend *backend, const struct hsp_display_options *options)
{
    char why[HSP_DISPLAY_ERROR_SIZE];

    backend->choice = options->choice;
    backend->name = options->name;
    if (hsp_display_choice_read_password(&options->choice, options->password_file,
                                         backend->password, why))
        return true;
    hsp_error("VNC: %s", why);
    return false;
}

static int create(struct hsp_display *display, const struct hsp_display_options *options,
                  struct hsp_display_backend **out)
{
    struct vnc_backend *backend = calloc(1, sizeof(*backend));
    int ret;

    if (!backend)
        return -ENOMEM;
    backend->backend.ops = &hsp_display_vnc_ops;
    backend->display = display;
    backend->handshakes.loop = hsp_display_get_loop(display);
    backend->handshakes.password = backend->password;
    backend->handshakes.on_done = on_handshake_done;
    hsp_vnc_handshakes_init(&backend->handshakes);
    ret = take_options(backend, options) ? create_places(backend) : -EINVAL;
    if (ret == 0)
        ret = uv_async_init(hsp_display_get_loop(display), &backend->async, on_async);
    if (ret < 0) {
        destroy_places(backend);
        free(backend);
        return ret;
    }
    init_screens(backend);
    open_screen(&backend->screens[0]);
    *out = &backend->backend;
    return 0;
}

static void close_screen(struct screen *screen)
{
    hsp_vnc_listener_close(&screen->listener);
    uv_close((uv_handle_t *)&screen->listen_timer, NULL);
    hsp_list_for_each_safe (pending, &screen->pending, struct pending, link)
        free(pending);
    replace(&screen->next, NULL);
    replace(&screen->shown, NULL);
}

static void destroy(struct hsp_display_backend *base)
{
    struct vnc_backend *backend = get_backend(base);

    backend->handshakes.on_done = NULL;
    hsp_vnc_handshakes_finish(&backend->handshakes);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->screens); i++)
        close_screen(&backend->screens[i]);
    destroy_places(backend);
    uv_close((uv_handle_t *)&backend->async, NULL);
    uv_run(hsp_display_get_loop(backend->display), UV_RUN_NOWAIT); /* the handles are ours */
    free(backend);
}

const struct hsp_display_backend_ops hsp_display_vnc_ops = {
    .name = "vnc",
    .create = create,
    .destroy = destroy,
    .set_scanout = set_scanout,
    .flush = flush,
    .set_cursor = set_cursor,
    .set_leds = set_leds,
    .get_shown = get_shown,
};
