/* SPDX-License-Identifier: MIT */
/*
 * One thread reads a message, looks it up in a table that knows its length and what must have gone
 * before, and runs its handler. Fences retire from the context's threads and touch sync.c only.
 */
#include "vtest/server.h"

#include "base/fd.h"
#include "base/log.h"
#include "vtest/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int hsp_vtest_refuse(const struct hsp_vtest_connection *connection, const char *fmt, ...)
{
    char text[160];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    hsp_log_guest("vtest: %s: %s; connection closed", connection->name, text);
    return -EPROTO;
}

static int reply(struct hsp_vtest_connection *connection, uint32_t command, const uint32_t *dwords,
                 uint32_t count)
{
    return hsp_vtest_stream_reply(&connection->stream, command, dwords, count, -1);
}

/* ------------------------------------------------------------------ negotiation */

static int handle_create_renderer(struct hsp_vtest_connection *connection, const uint32_t *payload,
                                  uint32_t count)
{
    snprintf(connection->name, sizeof(connection->name), "%.*s", (int)(count * sizeof(*payload)),
             count > 0 ? (const char *)payload : "");
    for (char *c = connection->name; *c; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    return 0;
}

static int handle_ping(struct hsp_vtest_connection *connection, const uint32_t *payload,
                       uint32_t count)
{
    return reply(connection, HSP_VTEST_PING_PROTOCOL_VERSION, NULL, 0);
}

static int handle_busy_wait(struct hsp_vtest_connection *connection, const uint32_t *payload,
                            uint32_t count)
{
    const uint32_t busy = 0;

    return reply(connection, HSP_VTEST_RESOURCE_BUSY_WAIT, &busy, 1);
}

static int handle_protocol_version(struct hsp_vtest_connection *connection, const uint32_t *payload,
                                   uint32_t count)
{
    const uint32_t version = HSP_MIN(payload[0], HSP_VTEST_VERSION_MAX);

    if (connection->context)
        return hsp_vtest_refuse(connection, "protocol version after CONTEXT_INIT");
    connection->version = version;
    return reply(connection, HSP_VTEST_PROTOCOL_VERSION, &version, 1);
}

static int handle_get_param(struct hsp_vtest_connection *connection, const uint32_t *payload,
                            uint32_t count)
{
    const bool valid = payload[0] == HSP_VTEST_PARAM_MAX_TIMELINE_COUNT;
    const uint32_t answer[2] = {valid, valid ? HSP_LIMIT_TIMELINE_COUNT : 0};

    return reply(connection, HSP_VTEST_GET_PARAM, answer, 2);
}

static int handle_get_capset(struct hsp_vtest_connection *connection, const uint32_t *payload,
                             uint32_t count)
{
    uint32_t answer[1 + HSP_VN_CAPSET_SIZE / sizeof(uint32_t)] = {0};

    if (payload[0] != HSP_VN_CAPSET_ID || payload[1] != 0)
        return reply(connection, HSP_VTEST_GET_CAPSET, answer, 1);
    answer[0] = 1;
    hsp_vn_capset_get(answer + 1);
    return reply(connection, HSP_VTEST_GET_CAPSET, answer, HSP_ARRAY_COUNT(answer));
}

static void on_fence(void *user_data, uint32_t ring_idx, uint64_t fence_id)
{
    struct hsp_vtest_connection *connection = user_data;

    hsp_vtest_syncs_retire(&connection->syncs, ring_idx, fence_id);
}

/* The context has logged it; its client learns it from the rings or at its next submission. */
static void on_fatal(void *user_data, const char *reason)
{
}

static int handle_context_init(struct hsp_vtest_connection *connection, const uint32_t *payload,
                               uint32_t count)
{
    const struct hsp_vn_context_params params = {
        .name = connection->name,
        .stats = connection->stats,
        .user_data = connection,
        .on_fence = on_fence,
        .on_fatal = on_fatal,
    };

    if (connection->context)
        return hsp_vtest_refuse(connection, "a second CONTEXT_INIT");
    if (payload[0] != HSP_VN_CAPSET_ID)
        return hsp_vtest_refuse(connection, "context of capset %u, only venus (%u) is known",
                                payload[0], HSP_VN_CAPSET_ID);
    return hsp_vn_context_create(&params, &connection->context);
}

/* ------------------------------------------------------------------ syncs */

static int refuse_sync(const struct hsp_vtest_connection *connection, int error, uint32_t id)
{
    if (error == -ENOENT)
        return hsp_vtest_refuse(connection, "unknown sync %u", id);
    if (error == -ENOSPC)
        return hsp_vtest_refuse(connection, "too many syncs or waits");
    return error;
}

static int handle_sync_create(struct hsp_vtest_connection *connection, const uint32_t *payload,
                              uint32_t count)
{
    uint32_t id;
    int ret;

    ret = hsp_vtest_sync_create(&connection->syncs, hsp_vtest_u64(payload[0], payload[1]), &id);
    return ret < 0 ? refuse_sync(connection, ret, 0)
                   : reply(connection, HSP_VTEST_SYNC_CREATE, &id, 1);
}

static int handle_sync_unref(struct hsp_vtest_connection *connection, const uint32_t *payload,
                             uint32_t count)
{
    int ret = hsp_vtest_sync_destroy(&connection->syncs, payload[0]);

    return ret < 0 ? refuse_sync(connection, ret, payload[0]) : 0;
}

static int handle_sync_read(struct hsp_vtest_connection *connection, const uint32_t *payload,
                            uint32_t count)
{
    uint64_t value;
    int ret;

    ret = hsp_vtest_sync_read(&connection->syncs, payload[0], &value);
    if (ret < 0)
        return refuse_sync(connection, ret, payload[0]);
    const uint32_t answer[2] = {(uint32_t)value, (uint32_t)(value >> 32)};
    return reply(connection, HSP_VTEST_SYNC_READ, answer, 2);
}

static int handle_sync_write(struct hsp_vtest_connection *connection, const uint32_t *payload,
                             uint32_t count)
{
    int ret =
        hsp_vtest_sync_write(&connection->syncs, payload[0], hsp_vtest_u64(payload[1], payload[2]));

    return ret < 0 ? refuse_sync(connection, ret, payload[0]) : 0;
}

static int handle_sync_wait(struct hsp_vtest_connection *connection, const uint32_t *payload,
                            uint32_t count)
{
    const struct hsp_vtest_sync_point *points = (const void *)(payload + 2);
    const uint32_t point_count = (count - 2) / HSP_VTEST_SYNC_POINT_DWORDS;
    int fd, ret;

    if (point_count * HSP_VTEST_SYNC_POINT_DWORDS != count - 2)
        return hsp_vtest_refuse(connection, "sync wait of %u dwords", count);
    ret = hsp_vtest_sync_wait(&connection->syncs, payload[0] & HSP_VTEST_SYNC_WAIT_ANY, payload[1],
                              points, point_count, &fd);
    if (ret < 0)
        return refuse_sync(connection, ret, 0);
    ret = hsp_vtest_stream_reply(&connection->stream, HSP_VTEST_SYNC_WAIT, NULL, 0, fd);
    hsp_fd_close(&fd);
    return ret;
}

/* ------------------------------------------------------------------ dispatch */

enum requirement {
    NEEDS_NOTHING,
    NEEDS_VERSION, /* PROTOCOL_VERSION has agreed on one that hesper speaks */
    NEEDS_CONTEXT,
};

struct command {
    const char *name;
    uint32_t number;
    enum requirement requirement;
    uint32_t min_dwords, max_dwords;
    int (*handle)(struct hsp_vtest_connection *connection, const uint32_t *payload, uint32_t count);
};

#define NAME_DWORDS   (HSP_LIMIT_VTEST_NAME_SIZE / 4)
#define WAIT_DWORDS   (2 + HSP_LIMIT_VTEST_POINT_COUNT * HSP_VTEST_SYNC_POINT_DWORDS)
#define SUBMIT_DWORDS (HSP_LIMIT_SUBMIT_SIZE / 4)

static const struct command commands[] = {
    {"CREATE_RENDERER", HSP_VTEST_CREATE_RENDERER, NEEDS_NOTHING, 0, NAME_DWORDS,
     handle_create_renderer},
    {"PING_PROTOCOL_VERSION", HSP_VTEST_PING_PROTOCOL_VERSION, NEEDS_NOTHING, 0, 0, handle_ping},
    {"RESOURCE_BUSY_WAIT", HSP_VTEST_RESOURCE_BUSY_WAIT, NEEDS_NOTHING, 2, 2, handle_busy_wait},
    {"PROTOCOL_VERSION", HSP_VTEST_PROTOCOL_VERSION, NEEDS_NOTHING, 1, 1, handle_protocol_version},
    {"GET_PARAM", HSP_VTEST_GET_PARAM, NEEDS_VERSION, 1, 1, handle_get_param},
    {"GET_CAPSET", HSP_VTEST_GET_CAPSET, NEEDS_VERSION, 2, 2, handle_get_capset},
    {"CONTEXT_INIT", HSP_VTEST_CONTEXT_INIT, NEEDS_VERSION, 1, 1, handle_context_init},
    {"RESOURCE_CREATE_BLOB", HSP_VTEST_RESOURCE_CREATE_BLOB, NEEDS_CONTEXT, 6, 6,
     hsp_vtest_handle_resource_create_blob},
    {"RESOURCE_UNREF", HSP_VTEST_RESOURCE_UNREF, NEEDS_CONTEXT, 1, 1,
     hsp_vtest_handle_resource_unref},
    {"SYNC_CREATE", HSP_VTEST_SYNC_CREATE, NEEDS_CONTEXT, 2, 2, handle_sync_create},
    {"SYNC_UNREF", HSP_VTEST_SYNC_UNREF, NEEDS_CONTEXT, 1, 1, handle_sync_unref},
    {"SYNC_READ", HSP_VTEST_SYNC_READ, NEEDS_CONTEXT, 1, 1, handle_sync_read},
    {"SYNC_WRITE", HSP_VTEST_SYNC_WRITE, NEEDS_CONTEXT, 3, 3, handle_sync_write},
    {"SYNC_WAIT", HSP_VTEST_SYNC_WAIT, NEEDS_CONTEXT, 2, WAIT_DWORDS, handle_sync_wait},
    {"SUBMIT_CMD2", HSP_VTEST_SUBMIT_CMD2, NEEDS_CONTEXT, 1, SUBMIT_DWORDS,
     hsp_vtest_handle_submit_cmd2},
};

static const struct command *find_command(uint32_t number)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(commands); i++) {
        if (commands[i].number == number)
            return &commands[i];
    }
    return NULL;
}

static int check_requirement(const struct hsp_vtest_connection *connection,
                             const struct command *command)
{
    if (command->requirement >= NEEDS_VERSION && connection->version < HSP_VTEST_VERSION_MIN)
        return hsp_vtest_refuse(connection, "%s with protocol version %u, %u is needed",
                                command->name, connection->version, HSP_VTEST_VERSION_MIN);
    if (command->requirement >= NEEDS_CONTEXT && !connection->context)
        return hsp_vtest_refuse(connection, "%s before CONTEXT_INIT", command->name);
    return 0;
}

static int handle_message(struct hsp_vtest_connection *connection,
                          const struct hsp_vtest_header *header)
{
    const struct command *command = find_command(header->command);
    const uint32_t *payload;
    uint64_t size;
    int ret;

    if (!command)
        return hsp_vtest_refuse(connection, "unknown command %u", header->command);
    ret = check_requirement(connection, command);
    if (ret < 0)
        return ret;
    size = command->number == HSP_VTEST_CREATE_RENDERER ? header->length : header->length * 4ull;
    if (size < command->min_dwords * 4ull || size > command->max_dwords * 4ull)
        return hsp_vtest_refuse(connection, "%s with a payload of %llu bytes", command->name,
                                (unsigned long long)size);
    ret = hsp_vtest_stream_read_payload(&connection->stream, size, &payload);
    if (ret == 0)
        ret = command->handle(connection, payload,
                              (uint32_t)(hsp_align_up(size, 4) / sizeof(uint32_t)));
    return ret < 0 ? ret : hsp_vtest_stream_release(&connection->stream);
}

/* ------------------------------------------------------------------ loop */

/* Waits for the next message while timeouts of waits pass. */
static int wait_readable(struct hsp_vtest_connection *connection)
{
    for (;;) {
        struct pollfd pollfd = {.fd = connection->stream.socket_fd, .events = POLLIN};
        int ret = poll(&pollfd, 1, hsp_vtest_syncs_expire(&connection->syncs));

        if (ret > 0)
            return 0;
        if (ret < 0 && errno != EINTR)
            return -errno;
    }
}

static int serve_messages(struct hsp_vtest_connection *connection)
{
    for (;;) {
        struct hsp_vtest_header header;
        int ret = wait_readable(connection);

        if (ret == 0)
            ret = hsp_vtest_stream_read_header(&connection->stream, &header);
        if (ret <= 0)
            return ret;
        ret = handle_message(connection, &header);
        if (ret < 0)
            return ret;
    }
}

static bool is_peer_gone(int error)
{
    return error == -EPIPE || error == -ECONNRESET;
}

int hsp_vtest_serve(int socket_fd_steal, struct hsp_stats_context *stats)
{
    struct hsp_vtest_connection *connection = calloc(1, sizeof(*connection));
    int ret;

    if (!connection) {
        hsp_fd_close(&socket_fd_steal);
        return -ENOMEM;
    }
    hsp_vtest_stream_init(&connection->stream, socket_fd_steal);
    hsp_vtest_syncs_init(&connection->syncs);
    connection->stats = stats;
    snprintf(connection->name, sizeof(connection->name), "(unnamed)");

    ret = serve_messages(connection);
    if (is_peer_gone(ret)) {
        hsp_debug("vtest: %s: gone in the middle of a message", connection->name);
        ret = 0;
    } else if (ret < 0 && ret != -EPROTO && ret != -EIO) {
        hsp_error("vtest: %s: connection closed: %s", connection->name, strerror(-ret));
    }
    /* First the socket, so that the client need not wait for the host's GPU to hear of its end. */
    hsp_vtest_stream_finish(&connection->stream);
    hsp_vn_context_destroy(connection->context);
    hsp_vtest_syncs_finish(&connection->syncs);
    free(connection);
    return ret;
}
