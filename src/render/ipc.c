/* SPDX-License-Identifier: MIT */
/*
 * The main thread receives and runs messages. The context's threads send answers by themselves;
 * when the context dies, on_fatal sends the reason and shuts the receiving side of the socket, so
 * that the main thread comes to its end.
 */
#include "render/ipc.h"

#include "base/fd.h"
#include "base/log.h"
#include "ipc/messages.h"
#include "venus/context.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    struct hsp_ipc_channel channel;
    struct hsp_vn_context *context;
    atomic_bool dead;
};

/* ------------------------------------------------------------------ the context's callbacks */

/* A failure to send shows when the main thread receives: there is nobody to tell. */
static void on_fence(void *user_data, uint32_t ring_idx, uint64_t fence_id)
{
    struct server *server = user_data;
    const struct hsp_ipc_render_fence body = {.fence_id = fence_id, .ring_idx = ring_idx};

    hsp_ipc_channel_send(&server->channel, HSP_IPC_RENDER_FENCE_RETIRED, &body, sizeof(body), NULL,
                         0);
}

static void on_ring(void *user_data, uint32_t resource_id, uint64_t status_offset, bool created)
{
    struct server *server = user_data;
    const struct hsp_ipc_render_ring body = {
        .status_offset = status_offset,
        .resource_id = resource_id,
        .created = created,
    };

    hsp_ipc_channel_send(&server->channel, HSP_IPC_RENDER_RING, &body, sizeof(body), NULL, 0);
}

static void on_fatal(void *user_data, const char *reason)
{
    struct server *server = user_data;

    atomic_store(&server->dead, true);
    hsp_ipc_channel_send(&server->channel, HSP_IPC_RENDER_FATAL, reason, strlen(reason), NULL, 0);
    shutdown(server->channel.socket_fd, SHUT_RD);
}

/* ------------------------------------------------------------------ messages */

static int handle_submit(struct server *server, const struct hsp_ipc_message *message)
{
    if (message->fd_count != 0)
        return -EPROTO;
    return hsp_vn_context_submit(server->context, message->payload, message->payload_size);
}

static int read_commands(int fd, void *data, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = pread(fd, (char *)data + done, size - done, (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EPROTO;
        done += (size_t)n;
    }
    return 0;
}

/* Read, not mapped: the commands must be private memory. */
static int handle_submit_fd(struct server *server, const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_submit_fd body;
    void *commands;
    int ret;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 1) || body.size > HSP_LIMIT_SUBMIT_SIZE)
        return -EPROTO;
    commands = malloc(body.size + 1);
    if (!commands)
        return -ENOMEM;
    ret = read_commands(message->fds[0], commands, body.size);
    if (ret == 0)
        ret = hsp_vn_context_submit(server->context, commands, body.size);
    free(commands);
    return ret;
}

static int handle_create_fence(struct server *server, const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_fence body;
    int ret;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 0))
        return -EPROTO;
    ret = hsp_vn_context_submit_fence(server->context, body.ring_idx, body.fence_id);
    if (ret == -EINVAL) {
        hsp_log_guest("fence on ring_idx %u, which belongs to no queue", body.ring_idx);
        on_fence(server, body.ring_idx, body.fence_id);
        ret = 0;
    }
    return ret;
}

static int handle_create_blob(struct server *server, const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_create_blob body;
    struct hsp_ipc_render_blob_created answer = {0};
    struct hsp_span span = HSP_SPAN_EMPTY;
    int ret;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 0))
        return -EPROTO;
    answer.resource_id = body.resource_id;
    answer.status = hsp_vn_context_create_blob(server->context, body.resource_id, body.blob_id,
                                               body.size, body.blob_flags, &span, &answer.map_info);
    ret = hsp_ipc_send_with_span(&server->channel, HSP_IPC_RENDER_BLOB_CREATED, &answer,
                                 sizeof(answer), answer.status == 0 ? &span : NULL);
    hsp_span_finish(&span);
    return ret;
}

static int decode_kind(uint32_t kind, enum hsp_vn_resource_kind *out_kind)
{
    switch (kind) {
    case HSP_IPC_RESOURCE_SHM:
        *out_kind = HSP_VN_RESOURCE_SHM;
        return 0;
    case HSP_IPC_RESOURCE_MEMORY:
        *out_kind = HSP_VN_RESOURCE_MEMORY;
        return 0;
    case HSP_IPC_RESOURCE_GUEST:
        *out_kind = HSP_VN_RESOURCE_GUEST;
        return 0;
    }
    return -EPROTO;
}

static int handle_attach_resource(struct server *server, const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_attach_resource body;
    struct hsp_span span = HSP_SPAN_EMPTY;
    enum hsp_vn_resource_kind kind;
    int ret;

    if (hsp_ipc_decode(message, &body, sizeof(body), 0))
        return body.kind == HSP_IPC_RESOURCE_WITHHELD
                   ? hsp_vn_context_attach_resource(server->context, body.resource_id,
                                                    HSP_VN_RESOURCE_WITHHELD, NULL)
                   : -EPROTO;
    ret = hsp_ipc_decode_with_span(message, &body, sizeof(body), &span);
    if (ret < 0)
        return ret;
    ret = decode_kind(body.kind, &kind);
    if (ret == 0)
        ret = hsp_vn_context_attach_resource(server->context, body.resource_id, kind, &span);
    hsp_span_finish(&span);
    return ret;
}

static int handle_detach_resource(struct server *server, const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_detach_resource body;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 0))
        return -EPROTO;
    hsp_vn_context_detach_resource(server->context, body.resource_id);
    return 0;
}

static int handle_message(struct server *server, const struct hsp_ipc_message *message)
{
    switch (message->type) {
    case HSP_IPC_RENDER_SUBMIT:
        return handle_submit(server, message);
    case HSP_IPC_RENDER_SUBMIT_FD:
        return handle_submit_fd(server, message);
    case HSP_IPC_RENDER_CREATE_FENCE:
        return handle_create_fence(server, message);
    case HSP_IPC_RENDER_CREATE_BLOB:
        return handle_create_blob(server, message);
    case HSP_IPC_RENDER_ATTACH_RESOURCE:
        return handle_attach_resource(server, message);
    case HSP_IPC_RENDER_DETACH_RESOURCE:
        return handle_detach_resource(server, message);
    }
    return -EPROTO;
}

/* ------------------------------------------------------------------ loop */

static int serve_messages(struct server *server)
{
    for (;;) {
        struct hsp_ipc_message message;
        int ret = hsp_ipc_channel_receive(&server->channel, &message);

        if (ret <= 0)
            return ret;
        ret = handle_message(server, &message);
        if (ret < 0 && ret != -EIO)
            hsp_error("message 0x%x of %zu bytes: %s", message.type, message.payload_size,
                      strerror(-ret));
        hsp_ipc_message_finish(&message);
        if (ret < 0)
            return ret;
    }
}

static bool is_peer_gone(int error)
{
    return error == 0 || error == -EPIPE || error == -ECONNRESET;
}

int hsp_render_serve_ipc(int socket_fd_steal, const char *name, struct hsp_stats_context *stats)
{
    struct server server = {.dead = false};
    const struct hsp_vn_context_params params = {
        .name = name,
        .stats = stats,
        .user_data = &server,
        .on_fence = on_fence,
        .on_fatal = on_fatal,
        .on_ring = on_ring,
    };
    int ret;

    hsp_ipc_channel_init(&server.channel, socket_fd_steal);
    ret = hsp_vn_context_create(&params, &server.context);
    if (ret < 0) {
        hsp_error("no context: %s", strerror(-ret));
    } else {
        ret = serve_messages(&server);
        if (atomic_load(&server.dead))
            ret = -EIO;
        else if (is_peer_gone(ret))
            ret = 0;
    }
    hsp_vn_context_destroy(server.context);
    hsp_ipc_channel_finish(&server.channel);
    return ret;
}
