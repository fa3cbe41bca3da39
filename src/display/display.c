/* SPDX-License-Identifier: MIT */
#include "display/private.h"

#include "base/fd.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A window system that has stopped to answer must not keep the process alive: it is killed
 * (SIGALRM) this long after hesper-gpu has gone. */
#define END_TIMEOUT_S 5

static void on_poll(uv_poll_t *poll, int status, int events);

static bool is_end_of_stream(int error)
{
    return error == -EPIPE || error == -ECONNRESET;
}

/* Ends the loop with the first error. */
static void fail(struct hsp_display *display, int error)
{
    if (display->error < 0)
        return; /* the loop may have ended, and must still run to close handles */
    display->error = error;
    if (!is_end_of_stream(error))
        hsp_error("connection to hesper-gpu failed: %s", strerror(-error));
    uv_stop(&display->loop);
}

static void watch_channel(struct hsp_display *display)
{
    int events = UV_READABLE;

    if (hsp_ipc_channel_wants_write(&display->channel))
        events |= UV_WRITABLE;
    uv_poll_start(&display->poll, events, on_poll);
}

void hsp_display_send(struct hsp_display *display, uint32_t type, const void *payload, size_t size)
{
    int ret = hsp_ipc_channel_send(&display->channel, type, payload, size, NULL, 0);

    if (ret < 0)
        fail(display, ret);
    else if (hsp_ipc_channel_wants_write(&display->channel))
        watch_channel(display);
}

static struct hsp_stats_scanout *find_stats(struct hsp_display *display, uint32_t scanout_id)
{
    return display->stats ? &display->stats->scanouts[scanout_id] : NULL;
}

/* ------------------------------------------------------------------ scanouts */

/* Takes over the caller's reference. */
static void set_picture(struct hsp_display *display, uint32_t scanout_id,
                        struct hsp_display_picture *picture)
{
    struct hsp_display_scanout *scanout = &display->scanouts[scanout_id];
    struct hsp_stats_scanout *stats = find_stats(display, scanout_id);

    display->backend->ops->set_scanout(display->backend, scanout_id, picture);
    hsp_display_picture_unref(scanout->picture);
    scanout->picture = picture;
    hsp_stats_set(stats, width, picture ? picture->rect.width : 0);
    hsp_stats_set(stats, height, picture ? picture->rect.height : 0);
}

static int handle_set_scanout(struct hsp_display *display, const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_scanout scanout;
    struct hsp_display_picture *picture = NULL;
    struct hsp_span span;
    int ret;

    if (hsp_ipc_decode(message, &scanout, sizeof(scanout), 0)) {
        if (scanout.scanout_id >= HSP_LIMIT_SCANOUT_COUNT || scanout.width != 0)
            return -EPROTO;
        set_picture(display, scanout.scanout_id, NULL);
        return 0;
    }
    ret = hsp_ipc_decode_with_span(message, &scanout, sizeof(scanout), &span);
    if (ret < 0)
        return ret;
    if (scanout.scanout_id >= HSP_LIMIT_SCANOUT_COUNT) {
        hsp_span_finish(&span);
        return -EPROTO;
    }
    ret = hsp_display_picture_create(&scanout, &span, &picture);
    hsp_span_finish(&span);
    if (ret < 0)
        hsp_log_guest("scanout %u: %ux%u, stride %u, offset %llu, format %u, shown "
                      "%ux%u+%u+%u refused: %s",
                      scanout.scanout_id, scanout.width, scanout.height, scanout.stride,
                      (unsigned long long)scanout.offset, scanout.format, scanout.rect.width,
                      scanout.rect.height, scanout.rect.x, scanout.rect.y, strerror(-ret));
    set_picture(display, scanout.scanout_id, picture);
    return 0;
}

static int handle_set_connected(struct hsp_display *display, const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_connected body;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 0) ||
        body.scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return -EPROTO;
    if (display->backend->ops->set_connected)
        display->backend->ops->set_connected(display->backend, body.scanout_id, body.is_connected);
    return 0;
}

static int handle_flush(struct hsp_display *display, const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_flush request;

    if (!hsp_ipc_decode(message, &request, sizeof(request), 0) ||
        request.scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return -EPROTO;

    const struct hsp_display_picture *picture = display->scanouts[request.scanout_id].picture;
    struct hsp_display_flush flush = {
        .sequence = request.sequence,
        .start_ns = request.start_ns,
        .scanout_id = request.scanout_id,
    };
    hsp_stats_add(find_stats(display, request.scanout_id), flushes, 1);
    if (picture && hsp_display_picture_clip(picture, &request.rect, &flush.rect))
        display->backend->ops->flush(display->backend, &flush);
    else
        hsp_display_flush_done(display, &flush, false);
    return 0;
}

void hsp_display_flush_done(struct hsp_display *display, const struct hsp_display_flush *flush,
                            bool shown)
{
    struct hsp_ipc_display_flushed answer = {
        .sequence = flush->sequence,
        .scanout_id = flush->scanout_id,
    };

    if (shown) {
        uint64_t now = hsp_now_ns();
        hsp_display_count_frames(display, flush->scanout_id, 1,
                                 now > flush->start_ns ? now - flush->start_ns : 0, 0);
    }
    hsp_display_send(display, HSP_IPC_DISPLAY_FLUSHED, &answer, sizeof(answer));
}

void hsp_display_count_frames(struct hsp_display *display, uint32_t scanout_id, uint64_t frames,
                              uint64_t present_ns, uint64_t copied_bytes)
{
    struct hsp_stats_scanout *stats = find_stats(display, scanout_id);

    hsp_stats_add(stats, frames, frames);
    hsp_stats_add(stats, present_ns, present_ns);
    hsp_stats_add(stats, copied_bytes, copied_bytes);
    if (frames > 0)
        hsp_stats_set(stats, last_frame_ns, hsp_now_ns());
}

uint16_t hsp_display_get_port(struct hsp_display *display, uint32_t scanout_id)
{
    struct hsp_stats_scanout *stats = find_stats(display, scanout_id);

    return stats ? (uint16_t)atomic_load_explicit(&stats->port, memory_order_relaxed) : 0;
}

void hsp_display_set_port(struct hsp_display *display, uint32_t scanout_id, uint16_t port)
{
    hsp_stats_set(find_stats(display, scanout_id), port, port);
}

void hsp_display_request_size(struct hsp_display *display, uint32_t scanout_id, uint32_t width,
                              uint32_t height)
{
    struct hsp_ipc_display_resized body = {
        .scanout_id = scanout_id,
        .width = width,
        .height = height,
    };

    hsp_display_send(display, HSP_IPC_DISPLAY_RESIZED, &body, sizeof(body));
}

void hsp_display_request_end(struct hsp_display *display, uint32_t scanout_id)
{
    struct hsp_ipc_display_closed body = {.scanout_id = scanout_id};

    hsp_display_send(display, HSP_IPC_DISPLAY_CLOSED, &body, sizeof(body));
}

/* ------------------------------------------------------------------ loop */

static int handle_message(struct hsp_display *display, struct hsp_ipc_message *message)
{
    switch (message->type) {
    case HSP_IPC_DISPLAY_SET_SCANOUT:
        return handle_set_scanout(display, message);
    case HSP_IPC_DISPLAY_FLUSH:
        return handle_flush(display, message);
    case HSP_IPC_DISPLAY_SET_CURSOR:
        return hsp_display_handle_set_cursor(display, message);
    case HSP_IPC_DISPLAY_MOVE_CURSOR:
        return hsp_display_handle_move_cursor(display, message);
    case HSP_IPC_DISPLAY_SET_CONNECTED:
        return handle_set_connected(display, message);
    case HSP_IPC_DISPLAY_SET_LEDS:
        return hsp_display_handle_set_leds(display, message);
    case HSP_IPC_DISPLAY_SCREENSHOT:
        return hsp_display_handle_screenshot(display, message);
    default:
        return -EPROTO;
    }
}

static void receive_messages(struct hsp_display *display)
{
    struct hsp_ipc_message message;
    int ret;

    while (display->error == 0) {
        ret = hsp_ipc_channel_receive(&display->channel, &message);
        if (ret == 0)
            return;
        if (ret > 0) {
            ret = handle_message(display, &message);
            if (ret < 0)
                hsp_error("message 0x%x of %zu bytes, %zu descriptors: %s", message.type,
                          message.payload_size, message.fd_count, strerror(-ret));
            hsp_ipc_message_finish(&message);
        }
        if (ret < 0)
            fail(display, ret);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct hsp_display *display = HSP_CONTAINER_OF(poll, struct hsp_display, poll);

    if (status < 0) {
        /* libuv has one error for all that epoll calls one; the socket knows better. A peer that
         * left with messages of ours unread has reset the connection. */
        receive_messages(display);
        fail(display, status);
        return;
    }
    if (events & UV_WRITABLE) {
        int ret = hsp_ipc_channel_flush(&display->channel);
        if (ret < 0)
            fail(display, ret);
        else
            watch_channel(display);
    }
    if (events & UV_READABLE)
        receive_messages(display);
}

int hsp_display_create(int ipc_fd_steal, struct hsp_stats_display *stats,
                       const struct hsp_display_backend_ops *ops,
                       const struct hsp_display_options *options, struct hsp_display **out)
{
    struct hsp_display *display = calloc(1, sizeof(*display));
    int ret = display ? uv_loop_init(&display->loop) : -ENOMEM;

    if (ret < 0) {
        free(display);
        return ret;
    }
    display->stats = stats;
    hsp_ipc_channel_init(&display->channel, ipc_fd_steal);
    ret = hsp_fd_set_nonblocking(ipc_fd_steal, true);
    if (ret == 0)
        ret = uv_poll_init(&display->loop, &display->poll, ipc_fd_steal);
    if (ret < 0)
        goto out;
    display->has_poll = true;
    ret = ops->create(display, options, &display->backend);
    if (ret < 0)
        goto out;
    *out = display;
    return 0;

out:
    display->channel.socket_fd = -1; /* stays the caller's */
    hsp_display_destroy(display);
    return ret;
}

uv_loop_t *hsp_display_get_loop(struct hsp_display *display)
{
    return &display->loop;
}

static void run_loop(struct hsp_display *display)
{
    watch_channel(display);
    while (display->error == 0)
        uv_run(&display->loop, UV_RUN_DEFAULT);
}

static void *run_loop_thread(void *data)
{
    struct hsp_display *display = data;

    hsp_thread_set_name("loop");
    run_loop(display);
    alarm(END_TIMEOUT_S);
    display->backend->ops->stop_main(display->backend);
    return NULL;
}

int hsp_display_run(struct hsp_display *display)
{
    const struct hsp_display_backend_ops *ops = display->backend->ops;
    pthread_t thread;
    int ret;

    if (ops->run_main) {
        ret = -pthread_create(&thread, NULL, run_loop_thread, display);
        if (ret < 0) {
            hsp_error("cannot start a thread: %s", strerror(-ret));
            return ret;
        }
        ops->run_main(display->backend);
        pthread_join(thread, NULL);
    } else {
        run_loop(display);
    }
    return is_end_of_stream(display->error) ? 0 : display->error;
}

bool hsp_display_destroy(struct hsp_display *display)
{
    if (!display)
        return true;
    if (display->capture_count > 0)
        return false;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(display->scanouts); i++)
        hsp_display_picture_unref(display->scanouts[i].picture);
    if (display->backend)
        display->backend->ops->destroy(display->backend);
    if (display->has_poll)
        uv_close((uv_handle_t *)&display->poll, NULL);
    uv_run(&display->loop, UV_RUN_DEFAULT);
    uv_loop_close(&display->loop);
    hsp_ipc_channel_finish(&display->channel);
    free(display);
    return true;
}
