/* SPDX-License-Identifier: MIT */
#include "gpu/link.h"

#include "base/fd.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct hsp_gpu_link {
    uv_poll_t poll;
    struct hsp_ipc_channel channel;
    const struct hsp_gpu_link_handlers *handlers;
    void *user_data;
    bool watches_write;
    bool broken; /* a send failed; the socket was shut down */
    bool closed; /* on_closed was called */
    bool destroyed;
    unsigned busy; /* frames on the stack that still use it */
};

static void on_poll(uv_poll_t *poll, int status, int events);

int hsp_gpu_link_create(uv_loop_t *loop, int socket_fd_steal,
                        const struct hsp_gpu_link_handlers *handlers, void *user_data,
                        struct hsp_gpu_link **out_link)
{
    struct hsp_gpu_link *link = calloc(1, sizeof(*link));
    int ret;

    if (!link)
        return -ENOMEM;
    ret = hsp_fd_set_nonblocking(socket_fd_steal, true);
    if (ret == 0)
        ret = uv_poll_init(loop, &link->poll, socket_fd_steal);
    if (ret < 0) {
        free(link);
        return ret;
    }
    hsp_ipc_channel_init(&link->channel, socket_fd_steal);
    link->handlers = handlers;
    link->user_data = user_data;
    uv_poll_start(&link->poll, UV_READABLE, on_poll);
    *out_link = link;
    return 0;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct hsp_gpu_link *link = HSP_CONTAINER_OF((uv_poll_t *)handle, struct hsp_gpu_link, poll);

    hsp_ipc_channel_finish(&link->channel);
    free(link);
}

/* Closing waits until no frame on the stack uses the link. */
static void leave(struct hsp_gpu_link *link)
{
    link->busy--;
    if (link->busy == 0 && link->destroyed)
        uv_close((uv_handle_t *)&link->poll, on_poll_closed);
}

void hsp_gpu_link_destroy(struct hsp_gpu_link *link)
{
    if (!link)
        return;
    link->busy++;
    link->destroyed = true;
    uv_poll_stop(&link->poll);
    /* The peer sees the end now, not when the loop gets to the close. */
    shutdown(link->channel.socket_fd, SHUT_RDWR);
    leave(link);
}

static void watch(struct hsp_gpu_link *link)
{
    bool wants_write = !link->broken && hsp_ipc_channel_wants_write(&link->channel);

    if (link->destroyed || link->closed || wants_write == link->watches_write)
        return;
    link->watches_write = wants_write;
    uv_poll_start(&link->poll, UV_READABLE | (wants_write ? UV_WRITABLE : 0), on_poll);
}

static void close_link(struct hsp_gpu_link *link, int error)
{
    if (link->destroyed || link->closed)
        return;
    link->closed = true;
    uv_poll_stop(&link->poll);
    link->handlers->on_closed(link->user_data, error);
}

/* The reading side then sees the end of the stream, outside of the caller's frame. */
static int check_sent(struct hsp_gpu_link *link, int ret)
{
    if (ret < 0 && !link->broken) {
        if (ret != -EPIPE && ret != -ECONNRESET)
            hsp_log_guest("a message to another process is lost: %s", strerror(-ret));
        link->broken = true;
        shutdown(link->channel.socket_fd, SHUT_RDWR);
    }
    watch(link);
    return ret;
}

int hsp_gpu_link_send(struct hsp_gpu_link *link, uint32_t type, const void *payload, size_t size,
                      const int *fds, size_t fd_count)
{
    return check_sent(link,
                      hsp_ipc_channel_send(&link->channel, type, payload, size, fds, fd_count));
}

int hsp_gpu_link_send_with_span(struct hsp_gpu_link *link, uint32_t type, const void *body,
                                size_t body_size, const struct hsp_span *span)
{
    return check_sent(link, hsp_ipc_send_with_span(&link->channel, type, body, body_size, span));
}

size_t hsp_gpu_link_queued_size(struct hsp_gpu_link *link)
{
    return hsp_ipc_channel_queued_size(&link->channel);
}

size_t hsp_gpu_link_queued_fd_count(struct hsp_gpu_link *link)
{
    return hsp_ipc_channel_queued_fd_count(&link->channel);
}

/* One message. False when there is none, or the link came to its end. */
static bool receive_one(struct hsp_gpu_link *link, bool from_socket)
{
    struct hsp_ipc_message message;
    int ret = from_socket ? hsp_ipc_channel_receive(&link->channel, &message)
                          : hsp_ipc_channel_receive_buffered(&link->channel, &message);

    if (ret > 0) {
        ret = link->handlers->on_message(link->user_data, &message);
        hsp_ipc_message_finish(&message);
        if (ret == 0)
            return !link->destroyed;
    }
    if (ret < 0)
        close_link(link, ret);
    return false;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct hsp_gpu_link *link = HSP_CONTAINER_OF(poll, struct hsp_gpu_link, poll);
    bool drained = false;

    link->busy++;
    if (status < 0) {
        /* The peer left without reading all; what it said before is still here. */
        hsp_gpu_link_receive_rest(link);
    } else if (events & UV_WRITABLE) {
        int ret = hsp_ipc_channel_flush(&link->channel);
        check_sent(link, HSP_MIN(ret, 0));
        drained = ret == 0;
    }
    if (drained && link->handlers->on_drained)
        link->handlers->on_drained(link->user_data);
    /* What one read of the socket gave, so that a peer that floods does not keep the loop. */
    if ((events & UV_READABLE) && !link->destroyed && !link->closed && receive_one(link, true)) {
        while (receive_one(link, false))
            ;
    }
    leave(link);
}

void hsp_gpu_link_receive_rest(struct hsp_gpu_link *link)
{
    link->busy++;
    while (!link->destroyed && !link->closed && receive_one(link, true))
        ;
    close_link(link, -EPIPE);
    leave(link);
}
