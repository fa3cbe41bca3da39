/* SPDX-License-Identifier: MIT */
#include "display/vnc_private.h"

#include "base/evdev.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct hsp_vnc_feed *hsp_vnc_place_get_feed(const struct hsp_vnc_place *place,
                                            const struct hsp_vnc_screen *screen)
{
    return place->screen == screen ? hsp_vnc_viewer_get_feed(place->viewer) : NULL;
}

/* ------------------------------------------------------------------ what viewers do */

static void handle_event(struct hsp_vnc_place *place, const struct hsp_vnc_event *event)
{
    struct hsp_vnc_screen *screen = place->screen;

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
static void remove_viewer(struct hsp_vnc_place *place)
{
    struct hsp_vnc_screen *screen = place->screen;

    hsp_vnc_viewer_finish(place->viewer);
    hsp_display_user_destroy(place->user);
    place->user = NULL;
    place->screen = NULL;
    if (screen->pointing == place)
        screen->pointing = NULL;
    hsp_debug("screen %u: a VNC viewer is gone", screen->id + 1);
}

static void collect(struct hsp_vnc_place *place)
{
    struct hsp_vnc_screen *screen = place->screen;
    struct hsp_vnc_result result;

    hsp_vnc_feed_collect(hsp_vnc_viewer_get_feed(place->viewer), &result);
    for (uint32_t i = 0; i < result.event_count; i++)
        handle_event(place, &result.events[i]);
    hsp_display_count_frames(screen->backend->display, screen->id, 0, 0, result.copied_bytes);
    if (result.is_gone)
        remove_viewer(place);
    hsp_vnc_screen_settle(screen);
}

static void on_async(uv_async_t *async)
{
    struct hsp_vnc_backend *backend = HSP_CONTAINER_OF(async, struct hsp_vnc_backend, async);

    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->places); i++) {
        if (backend->places[i].screen)
            collect(&backend->places[i]);
    }
}

static void wake_loop(void *user_data)
{
    struct hsp_vnc_backend *backend = user_data;

    uv_async_send(&backend->async);
}

/* ------------------------------------------------------------------ viewers */

static struct hsp_vnc_place *find_place(struct hsp_vnc_backend *backend)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->places); i++) {
        if (!backend->places[i].screen)
            return &backend->places[i];
    }
    return NULL;
}

static void make_title(const struct hsp_vnc_screen *screen, char *out_title, size_t size)
{
    const char *name = screen->backend->name[0] ? screen->backend->name : "hesper";

    if (screen->id == 0)
        snprintf(out_title, size, "%s", name);
    else
        snprintf(out_title, size, "%s, screen %u", name, screen->id + 1);
}

/* What a new viewer has missed: before it begins, lest it see black first. */
static void catch_up(struct hsp_vnc_feed *feed, struct hsp_vnc_screen *screen)
{
    if (screen->shown)
        hsp_vnc_feed_put_frame(feed, screen->shown, &screen->shown->rect, screen->last_serial);
    if (screen->cursor)
        hsp_vnc_feed_put_cursor(feed, screen->cursor, true, false);
    hsp_vnc_feed_put_leds(feed, screen->backend->leds);
}

void hsp_vnc_places_on_handshake_done(void *user_data, int socket_fd)
{
    struct hsp_vnc_screen *screen = user_data;
    struct hsp_vnc_backend *backend = screen->backend;
    struct hsp_vnc_place *place = find_place(backend);
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

/* ------------------------------------------------------------------ life */

int hsp_vnc_places_create(struct hsp_vnc_backend *backend)
{
    int ret = uv_async_init(hsp_display_get_loop(backend->display), &backend->async, on_async);

    backend->has_async = ret == 0;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->places) && ret == 0; i++)
        ret = hsp_vnc_viewer_create(wake_loop, backend, &backend->places[i].viewer);
    return ret;
}

void hsp_vnc_places_destroy(struct hsp_vnc_backend *backend)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->places); i++) {
        if (backend->places[i].screen)
            hsp_vnc_viewer_stop(backend->places[i].viewer);
    }
    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->places); i++) {
        hsp_vnc_viewer_destroy(backend->places[i].viewer);
        hsp_display_user_destroy(backend->places[i].user);
    }
    if (backend->has_async)
        uv_close((uv_handle_t *)&backend->async, NULL);
}
