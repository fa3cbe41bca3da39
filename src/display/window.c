/* SPDX-License-Identifier: MIT */
/*
 * The loop's side of the windows. A flush becomes a frame in the window's feed and is answered when
 * the drawer has read it. It is answered at once when nobody can see the window, and without having
 * been read when the drawer does not come for it in time, because the window system holds it up: no
 * guest shall stand still for a covered window. What was left out then is drawn as soon as it can
 * be (a refresh).
 */
#include "display/window.h"

#include "display/display.h"
#include "display/window_host.h"
#include "display/window_layout.h"

#include "base/list.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A flush that the drawer has not come for: longer than a slow screen's refresh, short for a
 * guest. */
#define EXPIRY_MS 100

/* After the last change of a window's size, until the guest hears of it. */
#define RESIZE_DELAY_MS 200

/* A picture of another size than was asked for, this soon after, is still the answer. */
#define RESIZE_ANSWER_NS 2000000000ull

#define FPS_PERIOD_MS 1000

/* A frame that the drawer has or will have. */
struct pending {
    struct hsp_list link;
    uint64_t serial;
    struct hsp_display_picture *picture;
    bool has_flush;
    struct hsp_display_flush flush;
};

struct scanout_window {
    struct window_backend *backend;
    uint32_t id;
    struct hsp_window_feed *feed;
    struct hsp_display_picture *next;        /* shown from the next flush on */
    struct hsp_display_picture *shown;       /* of the last flush */
    struct hsp_list pending;                 /* by serial */
    uint64_t last_serial, done_serial;       /* put, and read by the drawer */
    uint64_t cancel_after;                   /* when this serial is done, */
    uint64_t cancel_until;                   /* all up to this one is to be answered */
    bool is_disconnected;                    /* the guest has no monitor here */
    const struct hsp_display_cursor *cursor; /* the core's; NULL before the first */
    bool host_shows_cursor;
    bool is_stale; /* the window does not show all that was flushed */
    uv_timer_t expiry_timer, resize_timer, fps_timer;
    uint32_t width, height;                     /* of the window, pixels */
    uint32_t picture_width, picture_height;     /* of the last picture that was set */
    uint32_t requested_width, requested_height; /* that the guest has, or was told last */
    uint64_t requested_ns;
    unsigned frames, shown_fps; /* since the timer's start, and in the title */
};

struct window_backend {
    struct hsp_display_backend backend;
    struct hsp_display *display;
    struct hsp_window_host *host;
    uv_async_t async;
    bool quit_on_close;
    enum hsp_display_scale scale;
    struct hsp_display_user *user; /* at all windows; the host has one keyboard */
    struct hsp_window_actions actions;
    struct scanout_window windows[HSP_LIMIT_SCANOUT_COUNT];
};

static struct window_backend *get_backend(struct hsp_display_backend *backend)
{
    return HSP_CONTAINER_OF(backend, struct window_backend, backend);
}

static void replace(struct hsp_display_picture **slot, struct hsp_display_picture *picture)
{
    struct hsp_display_picture *old = *slot;

    *slot = picture ? hsp_display_picture_ref(picture) : NULL;
    hsp_display_picture_unref(old);
}

/* ------------------------------------------------------------------ frames */

/* Answers frames up to `serial`, in order, and lets their pictures go. */
static void finish_pending(struct scanout_window *window, uint64_t serial)
{
    hsp_list_for_each_safe (pending, &window->pending, struct pending, link) {
        if (pending->serial > serial)
            break;
        if (pending->has_flush)
            hsp_display_flush_done(window->backend->display, &pending->flush, false);
        hsp_display_picture_unref(pending->picture);
        hsp_list_remove(&pending->link);
        free(pending);
    }
}

/* Answers what is due: what was read and, behind it, what was taken back. */
static void settle(struct scanout_window *window)
{
    uint64_t serial = window->done_serial;

    if (window->done_serial >= window->cancel_after)
        serial = HSP_MAX(serial, window->cancel_until);
    finish_pending(window, serial);
}

/* Takes back what the drawer has not begun. What it has begun is answered first. */
static void cancel_pending(struct scanout_window *window)
{
    window->cancel_after = hsp_window_feed_cancel(window->feed);
    window->cancel_until = window->last_serial;
    if (window->cancel_after < window->cancel_until)
        window->is_stale = true;
    settle(window);
}

static void on_expiry(uv_timer_t *timer);

/* Restarted whenever the drawer gets on. */
static void watch_expiry(struct scanout_window *window)
{
    if (hsp_list_is_empty(&window->pending))
        uv_timer_stop(&window->expiry_timer);
    else
        uv_timer_start(&window->expiry_timer, on_expiry, EXPIRY_MS, 0);
}

static void on_expiry(uv_timer_t *timer)
{
    struct scanout_window *window = HSP_CONTAINER_OF(timer, struct scanout_window, expiry_timer);

    cancel_pending(window);
    watch_expiry(window);
}

/* Puts the shown picture's `damage` into the feed; `flush` is NULL for a refresh. False when nobody
 * sees the window, or memory is short. */
static bool put_frame(struct scanout_window *window, const struct hsp_display_flush *flush,
                      const struct hsp_ipc_rect *damage)
{
    struct pending *pending = calloc(1, sizeof(*pending));
    struct hsp_window_frame frame = {
        .picture = window->shown,
        .damage = *damage,
        .serial = window->last_serial + 1,
        .put_ns = hsp_now_ns(),
    };

    if (!pending)
        return false;
    frame.start_ns = frame.put_ns;
    if (flush) {
        pending->has_flush = true;
        pending->flush = *flush;
        frame.start_ns = HSP_MIN(flush->start_ns, frame.put_ns);
    }
    frame.is_flushed = flush != NULL;
    if (!hsp_window_feed_put_frame(window->feed, &frame)) {
        free(pending);
        return false;
    }
    pending->serial = frame.serial;
    pending->picture = hsp_display_picture_ref(window->shown);
    hsp_list_append(&window->pending, &pending->link);
    window->last_serial = frame.serial;
    window->is_stale = false;
    if (!uv_is_active((uv_handle_t *)&window->expiry_timer))
        watch_expiry(window);
    return true;
}

static void flush(struct hsp_display_backend *backend, const struct hsp_display_flush *flush)
{
    struct scanout_window *window = &get_backend(backend)->windows[flush->scanout_id];
    bool is_partial = window->next == window->shown && !window->is_stale;

    replace(&window->shown, window->next);
    if (put_frame(window, flush, is_partial ? &flush->rect : &window->shown->rect))
        return;
    window->is_stale = true;
    hsp_display_flush_done(window->backend->display, flush, false);
}

/* Once the window can be seen, or its drawer is free again. */
static void refresh(struct scanout_window *window)
{
    window->is_stale |= hsp_window_feed_take_refresh(window->feed);
    if (window->is_stale && window->shown && hsp_list_is_empty(&window->pending))
        put_frame(window, NULL, &window->shown->rect);
}

/* ------------------------------------------------------------------ sizes */

static void on_resize_delay(uv_timer_t *timer)
{
    struct scanout_window *window = HSP_CONTAINER_OF(timer, struct scanout_window, resize_timer);
    uint32_t width = HSP_MIN(window->width, HSP_LIMIT_SCANOUT_EXTENT);
    uint32_t height = HSP_MIN(window->height, HSP_LIMIT_SCANOUT_EXTENT);

    window->requested_width = width;
    window->requested_height = height;
    window->requested_ns = hsp_now_ns();
    hsp_display_request_size(window->backend->display, window->id, width, height);
}

/* A guest that changes its size by itself gets a window of that size. One that answers our request
 * does not, even when the answer is not quite it: the user has chosen the window's size. */
static void follow_size(struct scanout_window *window, const struct hsp_display_picture *picture)
{
    uint32_t width = picture->rect.width, height = picture->rect.height;
    bool is_answer =
        window->requested_ns > 0 && hsp_now_ns() - window->requested_ns < RESIZE_ANSWER_NS;

    if (window->is_disconnected ||
        (width == window->picture_width && height == window->picture_height))
        return;
    window->picture_width = width;
    window->picture_height = height;
    if (is_answer || uv_is_active((uv_handle_t *)&window->resize_timer))
        return;
    /* What the window becomes by this need not be requested. */
    window->requested_width = width;
    window->requested_height = height;
    hsp_window_host_fit(window->backend->host, window->id, width, height);
}

static void set_scanout(struct hsp_display_backend *backend, uint32_t scanout_id,
                        struct hsp_display_picture *picture)
{
    struct scanout_window *window = &get_backend(backend)->windows[scanout_id];

    replace(&window->next, picture);
    if (picture) {
        follow_size(window, picture);
        return;
    }
    replace(&window->shown, NULL);
    cancel_pending(window);
    window->is_stale = false;
    hsp_window_feed_put_blank(window->feed);
}

static void set_connected(struct hsp_display_backend *backend, uint32_t scanout_id,
                          bool is_connected)
{
    struct window_backend *self = get_backend(backend);
    struct scanout_window *window = &self->windows[scanout_id];

    if (is_connected == !window->is_disconnected) {
        if (is_connected)
            hsp_window_host_show(self->host, scanout_id);
        return;
    }
    window->is_disconnected = !is_connected;
    if (is_connected) {
        if (window->next)
            follow_size(window, window->next);
        return;
    }
    /* The next picture opens it again. */
    window->picture_width = window->picture_height = 0;
    uv_timer_stop(&window->resize_timer);
    hsp_window_host_close(self->host, scanout_id);
}

/* ------------------------------------------------------------------ news from the other threads */

static void on_fps_period(uv_timer_t *timer)
{
    struct scanout_window *window = HSP_CONTAINER_OF(timer, struct scanout_window, fps_timer);

    if (window->frames != window->shown_fps)
        hsp_window_host_set_fps(window->backend->host, window->id, window->frames);
    window->shown_fps = window->frames;
    window->frames = 0;
    if (window->shown_fps == 0)
        uv_timer_stop(timer);
}

static void count_frames(struct scanout_window *window, const struct hsp_window_result *result)
{
    if (result->frames > 0 || result->copied_bytes > 0)
        hsp_display_count_frames(window->backend->display, window->id, result->frames,
                                 result->present_ns, result->copied_bytes);
    window->frames += (unsigned)result->frames;
    if (result->frames > 0 && !uv_is_active((uv_handle_t *)&window->fps_timer))
        uv_timer_start(&window->fps_timer, on_fps_period, FPS_PERIOD_MS, FPS_PERIOD_MS);
}

/* The cursor is drawn in the picture unless the host's pointer looks like it. */
static void follow_pointer(struct scanout_window *window, bool host_shows_cursor)
{
    static const struct hsp_display_cursor hidden;

    if (host_shows_cursor == window->host_shows_cursor || !window->cursor)
        return;
    window->host_shows_cursor = host_shows_cursor;
    hsp_window_feed_put_cursor(window->feed, host_shows_cursor ? &hidden : window->cursor, true);
}

static void handle_report(struct scanout_window *window)
{
    struct window_backend *backend = window->backend;
    struct hsp_window_report report = hsp_window_host_take_report(backend->host, window->id);

    if (report.was_resized) {
        window->width = report.width;
        window->height = report.height;
        if (window->width == window->requested_width && window->height == window->requested_height)
            uv_timer_stop(&window->resize_timer);
        else
            uv_timer_start(&window->resize_timer, on_resize_delay, RESIZE_DELAY_MS, 0);
    }
    follow_pointer(window, report.shows_cursor);
    if (!report.was_closed)
        return;
    if (backend->quit_on_close)
        hsp_display_request_end(backend->display, window->id);
    else
        hsp_info(
            "the window of screen %u was closed; the machine goes on, and hesper outputs %u=on "
            "opens it again",
            window->id + 1, window->id + 1);
}

/* From a pixel of the window to one of the picture in it, which may be smaller, or scaled. */
static void send_position(struct window_backend *backend, const struct hsp_window_action *action)
{
    struct scanout_window *window = &backend->windows[action->scanout_id];
    const struct hsp_display_picture *picture = window->shown;
    struct hsp_window_layout layout;
    int64_t x, y;

    if (!picture || window->width == 0 || window->height == 0)
        return;
    layout = hsp_window_layout_get(backend->scale, picture->rect.width, picture->rect.height,
                                   window->width, window->height);
    x = ((int64_t)action->x - layout.x) * picture->rect.width / layout.width;
    y = ((int64_t)action->y - layout.y) * picture->rect.height / layout.height;
    hsp_display_user_send_position(backend->user, window->id, (int32_t)x, (int32_t)y);
}

static void send_action(struct window_backend *backend, const struct hsp_window_action *action)
{
    switch (action->kind) {
    case HSP_WINDOW_ACTION_KEY:
        hsp_display_user_send_key(backend->user, action->code, action->is_pressed);
        break;
    case HSP_WINDOW_ACTION_POSITION:
        send_position(backend, action);
        break;
    case HSP_WINDOW_ACTION_MOTION:
        hsp_display_user_send_motion(backend->user, action->x, action->y);
        break;
    case HSP_WINDOW_ACTION_WHEEL:
        hsp_display_user_send_wheel(backend->user, action->y, action->x);
        break;
    case HSP_WINDOW_ACTION_RELEASE:
        hsp_display_user_release(backend->user);
        break;
    }
}

static void on_async(uv_async_t *async)
{
    struct window_backend *backend = HSP_CONTAINER_OF(async, struct window_backend, async);

    hsp_window_host_take_actions(backend->host, &backend->actions);
    for (size_t i = 0; i < backend->actions.count; i++)
        send_action(backend, &backend->actions.items[i]);

    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->windows); i++) {
        struct scanout_window *window = &backend->windows[i];
        struct hsp_window_result result = hsp_window_feed_collect(window->feed);

        count_frames(window, &result);
        if (result.done_serial != window->done_serial) {
            window->done_serial = result.done_serial;
            settle(window);
            watch_expiry(window);
        }
        handle_report(window);
        refresh(window);
    }
}

static void wake_loop(void *user_data)
{
    struct window_backend *backend = user_data;

    uv_async_send(&backend->async);
}

/* ------------------------------------------------------------------ the other operations */

static void set_cursor(struct hsp_display_backend *backend, uint32_t scanout_id,
                       const struct hsp_display_cursor *cursor, bool picture_changed)
{
    struct scanout_window *window = &get_backend(backend)->windows[scanout_id];

    window->cursor = cursor;
    if (picture_changed)
        hsp_window_host_set_cursor(window->backend->host, scanout_id, cursor);
    /* The host's pointer is where it is; the drawer is left alone. */
    if (!window->host_shows_cursor)
        hsp_window_feed_put_cursor(window->feed, cursor, picture_changed);
}

static struct hsp_display_picture *get_shown(struct hsp_display_backend *backend,
                                             uint32_t scanout_id)
{
    return get_backend(backend)->windows[scanout_id].shown;
}

static void run_main(struct hsp_display_backend *backend)
{
    hsp_window_host_run(get_backend(backend)->host);
}

static void stop_main(struct hsp_display_backend *backend)
{
    hsp_window_host_stop(get_backend(backend)->host);
}

/* ------------------------------------------------------------------ life */

static void init_windows(struct window_backend *backend)
{
    uv_loop_t *loop = hsp_display_get_loop(backend->display);

    for (uint32_t i = 0; i < HSP_ARRAY_COUNT(backend->windows); i++) {
        struct scanout_window *window = &backend->windows[i];
        window->backend = backend;
        window->id = i;
        window->feed = hsp_window_host_get_feed(backend->host, i);
        hsp_list_init(&window->pending);
        uv_timer_init(loop, &window->expiry_timer);
        uv_timer_init(loop, &window->resize_timer);
        uv_timer_init(loop, &window->fps_timer);
    }
}

static int create(struct hsp_display *display, const struct hsp_display_options *options,
                  struct hsp_display_backend **out)
{
    struct window_backend *backend = calloc(1, sizeof(*backend));
    struct hsp_window_host_params params = {
        .name = options->name,
        .present_mode = options->present_mode,
        .scale = options->scale,
        .wake_loop = wake_loop,
        .user_data = backend,
    };
    int ret;

    if (!backend)
        return -ENOMEM;
    backend->backend.ops = &hsp_display_window_ops;
    backend->display = display;
    backend->quit_on_close = options->quit_on_close;
    backend->scale = options->scale;
    ret = hsp_display_user_create(display, &backend->user);
    if (ret == 0)
        ret = hsp_window_host_create(&params, &backend->host);
    if (ret == 0)
        ret = uv_async_init(hsp_display_get_loop(display), &backend->async, on_async);
    if (ret < 0) {
        hsp_window_host_destroy(backend->host);
        hsp_display_user_destroy(backend->user);
        free(backend);
        return ret;
    }
    init_windows(backend);
    *out = &backend->backend;
    return 0;
}

static void close_window(struct scanout_window *window)
{
    uv_close((uv_handle_t *)&window->expiry_timer, NULL);
    uv_close((uv_handle_t *)&window->resize_timer, NULL);
    uv_close((uv_handle_t *)&window->fps_timer, NULL);
    hsp_list_for_each_safe (pending, &window->pending, struct pending, link) {
        hsp_display_picture_unref(pending->picture);
        free(pending);
    }
    replace(&window->next, NULL);
    replace(&window->shown, NULL);
}

static void destroy(struct hsp_display_backend *base)
{
    struct window_backend *backend = get_backend(base);

    for (size_t i = 0; i < HSP_ARRAY_COUNT(backend->windows); i++)
        close_window(&backend->windows[i]);
    uv_close((uv_handle_t *)&backend->async, NULL);
    uv_run(hsp_display_get_loop(backend->display), UV_RUN_NOWAIT); /* the handles are ours */
    hsp_window_host_destroy(backend->host);
    hsp_display_user_destroy(backend->user);
    free(backend);
}

const struct hsp_display_backend_ops hsp_display_window_ops = {
    .name = "window",
    .create = create,
    .destroy = destroy,
    .run_main = run_main,
    .stop_main = stop_main,
    .set_scanout = set_scanout,
    .flush = flush,
    .set_cursor = set_cursor,
    .set_connected = set_connected,
    .get_shown = get_shown,
};
