/* SPDX-License-Identifier: MIT */
/*
 * The loop's side of VNC: a screen for each scanout, places for viewers, and flushes, which are
 * answered when no viewer reads the picture any more. While nobody looks this is the headless
 * backend.
 */
#include "display/vnc_private.h"

#include "display/vnc_canvas.h"

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

static struct hsp_vnc_backend *get_backend(struct hsp_display_backend *backend)
{
    return HSP_CONTAINER_OF(backend, struct hsp_vnc_backend, backend);
}

static void replace(struct hsp_display_picture **slot, struct hsp_display_picture *picture)
{
    struct hsp_display_picture *old = *slot;

    *slot = picture ? hsp_display_picture_ref(picture) : NULL;
    hsp_display_picture_unref(old);
}

/* ------------------------------------------------------------------ frames */

static bool is_awaited(struct hsp_vnc_screen *screen, uint64_t serial)
{
    hsp_vnc_for_each_feed (feed, place, screen) {
        if (hsp_vnc_feed_is_behind(feed, serial))
            return true;
    }
    return false;
}

void hsp_vnc_screen_settle(struct hsp_vnc_screen *screen)
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
    struct hsp_vnc_screen *screen = &get_backend(backend)->screens[flush->scanout_id];
    uint64_t serial = ++screen->last_serial;
    struct pending *pending;

    replace(&screen->shown, screen->next);
    hsp_vnc_for_each_feed (feed, place, screen)
        hsp_vnc_feed_put_frame(feed, screen->shown, &flush->rect, serial);
    pending = calloc(1, sizeof(*pending));
    if (!pending) { /* better torn than never */
        hsp_display_flush_done(screen->backend->display, flush, true);
        return;
    }
    pending->serial = serial;
    pending->flush = *flush;
    hsp_list_append(&screen->pending, &pending->link);
    hsp_vnc_screen_settle(screen);
}

static void open_screen(struct hsp_vnc_screen *screen);

static void set_scanout(struct hsp_display_backend *backend, uint32_t scanout_id,
                        struct hsp_display_picture *picture)
{
    struct hsp_vnc_screen *screen = &get_backend(backend)->screens[scanout_id];

    replace(&screen->next, picture);
    if (picture) {
        hsp_vnc_canvas_get_size(picture, &screen->width, &screen->height);
        if (!screen->is_opened)
            open_screen(screen);
        return;
    }
    replace(&screen->shown, NULL);
    hsp_vnc_for_each_feed (feed, place, screen)
        hsp_vnc_feed_put_blank(feed);
}

static void set_cursor(struct hsp_display_backend *backend, uint32_t scanout_id,
                       const struct hsp_display_cursor *cursor, bool picture_changed)
{
    struct hsp_vnc_screen *screen = &get_backend(backend)->screens[scanout_id];

    screen->cursor = cursor;
    hsp_vnc_for_each_feed (feed, place, screen)
        hsp_vnc_feed_put_cursor(feed, cursor, picture_changed, screen->pointing == place);
}

static void set_leds(struct hsp_display_backend *base, uint32_t leds)
{
    struct hsp_vnc_backend *backend = get_backend(base);

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

static void on_connection(void *user_data, int socket_fd)
{
    struct hsp_vnc_screen *screen = user_data;

    hsp_vnc_handshakes_start(&screen->backend->handshakes, socket_fd, screen);
}

/* ------------------------------------------------------------------ addresses */

static void on_listen_timer(uv_timer_t *timer)
{
    open_screen(HSP_CONTAINER_OF(timer, struct hsp_vnc_screen, listen_timer));
}

/* Without an address the guest runs all the same: it is tried again. */
static void open_screen(struct hsp_vnc_screen *screen)
{
    struct hsp_vnc_backend *backend = screen->backend;
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

static void init_screens(struct hsp_vnc_backend *backend)
{
    for (uint32_t i = 0; i < HSP_ARRAY_COUNT(backend->screens); i++) {
        struct hsp_vnc_screen *screen = &backend->screens[i];
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

static bool take_options(struct hsp_vnc_backend *backend, const struct hsp_display_options *options)
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
    struct hsp_vnc_backend *backend = calloc(1, sizeof(*backend));
    int ret;

    if (!backend)
        return -ENOMEM;
    backend->backend.ops = &hsp_display_vnc_ops;
    backend->display = display;
    backend->handshakes.loop = hsp_display_get_loop(display);
    backend->handshakes.password = backend->password;
    backend->handshakes.on_done = hsp_vnc_places_on_handshake_done;
    hsp_vnc_handshakes_init(&backend->handshakes);
    ret = take_options(backend, options) ? hsp_vnc_places_create(backend) : -EINVAL;
    if (ret < 0) {
        hsp_vnc_places_destroy(backend);
        uv_run(hsp_display_get_loop(display), UV_RUN_NOWAIT); /* the handle is ours */
        free(backend);
        return ret;
    }
    init_screens(backend);
    open_screen(&backend->screens[0]);
    *out = &backend->backend;
    return 0;
}

static void close_screen(struct hsp_vnc_screen *screen)
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
    struct hsp_vnc_backend *backend = get_backend(base);

    hsp_vnc_handshakes_finish(&backend->handshakes);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->screens); i++)
        close_screen(&backend->screens[i]);
    hsp_vnc_places_destroy(backend);
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
