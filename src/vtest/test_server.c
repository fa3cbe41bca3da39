/* SPDX-License-Identifier: MIT */
#include "vtest/server.h"

#include "base/fd.h"
#include "base/test.h"
#include "vtest/fake_context.h"
#include "vtest/protocol.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* ------------------------------------------------------------------ a client */

static struct client {
    int fd;
    int server_fd;
    int result;
    pthread_t thread;
} client;

static void *serve(void *data)
{
    client.result = hsp_vtest_serve(client.server_fd, NULL);
    return NULL;
}

static void start(void)
{
    int fds[2];

    HSP_CHECK_EQ(hsp_fd_socketpair(fds), 0);
    client.fd = fds[0];
    client.server_fd = fds[1];
    HSP_CHECK_EQ(pthread_create(&client.thread, NULL, serve, NULL), 0);
}

static void send_bytes(const void *data, size_t size)
{
    HSP_CHECK_EQ(hsp_fd_write_all(client.fd, data, size), 0);
}

static void send_header(uint32_t length, uint32_t command)
{
    const struct hsp_vtest_header header = {length, command};

    send_bytes(&header, sizeof(header));
}

/* In one piece: a server that refuses a header closes before a second write. */
static void send_message(uint32_t command, const uint32_t *payload, uint32_t count)
{
    uint32_t message[64] = {count, command};

    HSP_CHECK(count + 2 <= HSP_ARRAY_COUNT(message));
    if (count > 0)
        memcpy(message + 2, payload, count * sizeof(*payload));
    send_bytes(message, (count + 2) * sizeof(*message));
}

#define SEND(command, ...)                                 \
    send_message(command, (const uint32_t[]){__VA_ARGS__}, \
                 sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void expect_reply(uint32_t command, uint32_t *out_payload, uint32_t count)
{
    struct hsp_vtest_header header;

    HSP_CHECK_EQ(hsp_fd_read_all(client.fd, &header, sizeof(header)), 0);
    HSP_CHECK_EQ(header.command, command);
    HSP_CHECK_EQ(header.length, count);
    if (count > 0)
        HSP_CHECK_EQ(hsp_fd_read_all(client.fd, out_payload, count * sizeof(*out_payload)), 0);
}

static int expect_fd(void)
{
    size_t fd_count = 0;
    char dummy;
    int fd = -1;

    HSP_CHECK_EQ(hsp_fd_recvmsg(client.fd, &dummy, 1, &fd, &fd_count, 1), 1);
    HSP_CHECK_EQ(fd_count, 1);
    return fd;
}

/* All that was sent before has been handled when this returns. */
static void roundtrip(void)
{
    send_message(HSP_VTEST_PING_PROTOCOL_VERSION, NULL, 0);
    expect_reply(HSP_VTEST_PING_PROTOCOL_VERSION, NULL, 0);
}

static void negotiate(uint32_t version)
{
    uint32_t agreed;

    SEND(HSP_VTEST_PROTOCOL_VERSION, version);
    expect_reply(HSP_VTEST_PROTOCOL_VERSION, &agreed, 1);
    HSP_CHECK_EQ(agreed, version);
}

static void start_context(uint32_t version)
{
    start();
    negotiate(version);
    SEND(HSP_VTEST_CONTEXT_INIT, HSP_VN_CAPSET_ID);
    roundtrip();
}

static void leave(void)
{
    close(client.fd);
    HSP_CHECK_EQ(pthread_join(client.thread, NULL), 0);
    HSP_CHECK_EQ(client.result, 0);
    HSP_CHECK_EQ(fake.destroyed, fake.created);
}

/* The server ends the connection by itself, and a client that waits for a reply hears it. */
static void expect_closed(int result)
{
    char byte;

    HSP_CHECK_EQ(read(client.fd, &byte, 1), -1);
    HSP_CHECK_EQ(errno, ECONNRESET);
    HSP_CHECK_EQ(pthread_join(client.thread, NULL), 0);
    HSP_CHECK_EQ(client.result, result);
    HSP_CHECK_EQ(fake.destroyed, fake.created);
    close(client.fd);
}

static uint32_t create_sync(uint64_t value)
{
    uint32_t id;

    SEND(HSP_VTEST_SYNC_CREATE, (uint32_t)value, (uint32_t)(value >> 32));
    expect_reply(HSP_VTEST_SYNC_CREATE, &id, 1);
    return id;
}

static uint64_t read_sync(uint32_t id)
{
    uint32_t value[2];

    SEND(HSP_VTEST_SYNC_READ, id);
    expect_reply(HSP_VTEST_SYNC_READ, value, 2);
    return hsp_vtest_u64(value[0], value[1]);
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};

    return poll(&pollfd, 1, timeout_ms) == 1 && (pollfd.revents & POLLIN);
}

/* ------------------------------------------------------------------ negotiation */

HSP_TEST(handshake_as_mesa_does_it)
{
    uint32_t value, param[2], capset[1 + HSP_VN_CAPSET_SIZE / 4];

    start();
    send_header(9, HSP_VTEST_CREATE_RENDERER);
    send_bytes("vkcu\nbe!", 9);
    send_message(HSP_VTEST_PING_PROTOCOL_VERSION, NULL, 0);
    SEND(HSP_VTEST_RESOURCE_BUSY_WAIT, 0, 0);
    expect_reply(HSP_VTEST_PING_PROTOCOL_VERSION, NULL, 0);
    expect_reply(HSP_VTEST_RESOURCE_BUSY_WAIT, &value, 1);
    HSP_CHECK_EQ(value, 0);
    negotiate(4);
    SEND(HSP_VTEST_GET_PARAM, HSP_VTEST_PARAM_MAX_TIMELINE_COUNT);
    expect_reply(HSP_VTEST_GET_PARAM, param, 2);
    HSP_CHECK_EQ(param[0], 1);
    HSP_CHECK_EQ(param[1], 64);
    SEND(HSP_VTEST_GET_CAPSET, HSP_VN_CAPSET_ID, 0);
    expect_reply(HSP_VTEST_GET_CAPSET, capset, HSP_ARRAY_COUNT(capset));
    HSP_CHECK_EQ(capset[0], 1);
    HSP_CHECK_EQ(((uint8_t *)(capset + 1))[159], 160);
    HSP_CHECK_EQ(fake.created, 0);
    SEND(HSP_VTEST_CONTEXT_INIT, HSP_VN_CAPSET_ID);
    roundtrip();
    HSP_CHECK_EQ(fake.created, 1);
    HSP_CHECK_STREQ(fake.name, "vkcu?be!");
    leave();
    HSP_CHECK_EQ(fake.destroyed, 1);
}

HSP_TEST(newer_clients_get_version_4)
{
    uint32_t version;

    start();
    SEND(HSP_VTEST_PROTOCOL_VERSION, 5);
    expect_reply(HSP_VTEST_PROTOCOL_VERSION, &version, 1);
    HSP_CHECK_EQ(version, 4);
    leave();
}

HSP_TEST(unknown_param_and_capset_are_not_valid)
{
    uint32_t answer[2] = {7, 7};

    start();
    negotiate(3);
    SEND(HSP_VTEST_GET_PARAM, 2);
    expect_reply(HSP_VTEST_GET_PARAM, answer, 2);
    HSP_CHECK_EQ(answer[0], 0);
    SEND(HSP_VTEST_GET_CAPSET, 2, 0);
    expect_reply(HSP_VTEST_GET_CAPSET, answer, 1);
    HSP_CHECK_EQ(answer[0], 0);
    SEND(HSP_VTEST_GET_CAPSET, HSP_VN_CAPSET_ID, 1);
    expect_reply(HSP_VTEST_GET_CAPSET, answer, 1);
    HSP_CHECK_EQ(answer[0], 0);
    leave();
}

HSP_TEST(version_2_is_refused_when_a_context_is_wanted)
{
    start();
    negotiate(2);
    SEND(HSP_VTEST_CONTEXT_INIT, HSP_VN_CAPSET_ID);
    expect_closed(-EPROTO);
}

HSP_TEST(context_before_version_is_refused)
{
    start();
    SEND(HSP_VTEST_CONTEXT_INIT, HSP_VN_CAPSET_ID);
    expect_closed(-EPROTO);
}

HSP_TEST(second_context_is_refused)
{
    start_context(3);
    SEND(HSP_VTEST_CONTEXT_INIT, HSP_VN_CAPSET_ID);
    expect_closed(-EPROTO);
}

HSP_TEST(context_of_another_capset_is_refused)
{
    start();
    negotiate(3);
    SEND(HSP_VTEST_CONTEXT_INIT, 2);
    expect_closed(-EPROTO);
}

HSP_TEST(version_after_context_is_refused)
{
    start_context(3);
    SEND(HSP_VTEST_PROTOCOL_VERSION, 4);
    expect_closed(-EPROTO);
}

/* ------------------------------------------------------------------ malformed messages */

HSP_TEST(unknown_and_old_commands_are_refused)
{
    const uint32_t numbers[] = {0, 1, 2, 4, 5, 6, 9, 12, 13, 14, 25, 38, UINT32_MAX};

    for (size_t i = 0; i < HSP_ARRAY_COUNT(numbers); i++) {
        start();
        SEND(numbers[i], 0, 0, 0);
        expect_closed(-EPROTO);
    }
}

/* Each command with one dword too few and one too many, where its length is fixed. */
HSP_TEST(wrong_lengths_are_refused)
{
    const struct {
        uint32_t command, count;
    } fixed[] = {
        {HSP_VTEST_PROTOCOL_VERSION, 1},
        {HSP_VTEST_GET_PARAM, 1},
        {HSP_VTEST_GET_CAPSET, 2},
        {HSP_VTEST_CONTEXT_INIT, 1},
        {HSP_VTEST_RESOURCE_CREATE_BLOB, 6},
        {HSP_VTEST_RESOURCE_UNREF, 1},
        {HSP_VTEST_SYNC_CREATE, 2},
        {HSP_VTEST_SYNC_UNREF, 1},
        {HSP_VTEST_SYNC_READ, 1},
        {HSP_VTEST_SYNC_WRITE, 3},
        {HSP_VTEST_RESOURCE_BUSY_WAIT, 2},
    };
    const uint32_t zeros[8] = {0};

    for (size_t i = 0; i < HSP_ARRAY_COUNT(fixed); i++) {
        for (int off = -1; off <= 1; off += 2) {
            start_context(4);
            send_message(fixed[i].command, zeros, (uint32_t)((int)fixed[i].count + off));
            expect_closed(-EPROTO);
        }
    }
}

HSP_TEST(oversized_messages_are_refused_unread)
{
    const struct hsp_vtest_header headers[] = {
        {UINT32_MAX, HSP_VTEST_SUBMIT_CMD2}, {(64u << 20) / 4 + 1, HSP_VTEST_SUBMIT_CMD2},
        {0x40000001, HSP_VTEST_GET_PARAM},   {2 + 3 * 4097, HSP_VTEST_SYNC_WAIT},
        {4097, HSP_VTEST_CREATE_RENDERER},   {1, HSP_VTEST_PING_PROTOCOL_VERSION},
        {0, HSP_VTEST_SUBMIT_CMD2},          {1, HSP_VTEST_SYNC_WAIT},
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(headers); i++) {
        start_context(4);
        send_bytes(&headers[i], sizeof(headers[i]));
        expect_closed(-EPROTO);
    }
}

HSP_TEST(messages_may_come_in_pieces)
{
    const uint32_t message[] = {2, HSP_VTEST_SYNC_CREATE, 11, 22};
    uint32_t id;

    start_context(4);
    for (size_t i = 0; i < sizeof(message); i++) {
        send_bytes((const char *)message + i, 1);
        usleep(500);
    }
    expect_reply(HSP_VTEST_SYNC_CREATE, &id, 1);
    HSP_CHECK_EQ(read_sync(id), 22ull << 32 | 11);
    leave();
}

HSP_TEST(client_may_leave_at_any_byte)
{
    const uint32_t message[] = {2, HSP_VTEST_SYNC_CREATE, 11, 22};

    for (size_t size = 0; size < sizeof(message); size++) {
        start_context(4);
        send_bytes(message, size);
        leave();
    }
}

HSP_TEST(context_commands_before_context_are_refused)
{
    const uint32_t zeros[6] = {0};

    start();
    negotiate(4);
    send_message(HSP_VTEST_RESOURCE_CREATE_BLOB, zeros, 6);
    expect_closed(-EPROTO);
    start();
    negotiate(4);
    send_message(HSP_VTEST_SUBMIT_CMD2, zeros, 1);
    expect_closed(-EPROTO);
}

/* ------------------------------------------------------------------ resources */

static uint32_t create_blob(uint64_t blob_id, uint64_t size, int *out_fd)
{
    uint32_t id;

    SEND(HSP_VTEST_RESOURCE_CREATE_BLOB, HSP_VTEST_BLOB_TYPE_HOST3D, HSP_VN_BLOB_MAPPABLE,
         (uint32_t)size, (uint32_t)(size >> 32), (uint32_t)blob_id, (uint32_t)(blob_id >> 32));
    expect_reply(HSP_VTEST_RESOURCE_CREATE_BLOB, &id, 1);
    *out_fd = expect_fd();
    return id;
}

HSP_TEST(blob_comes_with_a_descriptor_to_map)
{
    int fd;

    start_context(4);
    HSP_CHECK_EQ(create_blob(0x123456789abcull, 8192, &fd), 1);
    HSP_CHECK_EQ(fake.last_blob_id, 0x123456789abcull);
    HSP_CHECK_EQ(fake.last_blob_size, 8192);
    HSP_CHECK_EQ(fake.last_blob_resource, 1);
    HSP_CHECK_EQ(fake.last_blob_flags, HSP_VN_BLOB_MAPPABLE);
    void *data = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    HSP_CHECK(data != MAP_FAILED);
    HSP_CHECK_EQ(memcmp(data, "blob", 4), 0);
    munmap(data, 8192);
    close(fd);
    leave();
}

HSP_TEST(blob_ids_are_reused_after_unref)
{
    int fds[3];

    start_context(4);
    HSP_CHECK_EQ(create_blob(0, 4096, &fds[0]), 1);
    HSP_CHECK_EQ(create_blob(0, 4096, &fds[1]), 2);
    SEND(HSP_VTEST_RESOURCE_UNREF, 1);
    HSP_CHECK_EQ(create_blob(0, 4096, &fds[2]), 1);
    HSP_CHECK_EQ(fake.detach_count, 1);
    HSP_CHECK_EQ(fake.last_detach_resource, 1);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    leave();
}

/* The protocol knows no error for a blob; vkMapMemory fails at the client and the rest goes on. */
static void check_blob_cannot_be_mapped(void)
{
    int fd;

    start_context(4);
    HSP_CHECK_EQ(create_blob(5, 4096, &fd), 1);
    HSP_CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    close(fd);
    SEND(HSP_VTEST_RESOURCE_UNREF, 1);
    roundtrip();
    leave();
}

HSP_TEST(blob_that_fails_cannot_be_mapped)
{
    fake.create_blob_result = -EINVAL;
    check_blob_cannot_be_mapped();
}

HSP_TEST(blob_inside_a_larger_file_cannot_be_mapped)
{
    fake.blob_offset = 65536;
    check_blob_cannot_be_mapped();
}

HSP_TEST(blob_of_a_dead_context_ends_the_connection)
{
    fake.create_blob_result = -EIO;
    start_context(4);
    SEND(HSP_VTEST_RESOURCE_CREATE_BLOB, HSP_VTEST_BLOB_TYPE_HOST3D, 1, 4096, 0, 0, 0);
    expect_closed(-EIO);
}

HSP_TEST(blob_of_guest_memory_is_refused)
{
    start_context(4);
    SEND(HSP_VTEST_RESOURCE_CREATE_BLOB, 1, 1, 4096, 0, 0, 0);
    expect_closed(-EPROTO);
}

HSP_TEST(unref_of_unknown_resources_is_refused)
{
    const uint32_t ids[] = {0, 1, 65536, 65537, UINT32_MAX};

    for (size_t i = 0; i < HSP_ARRAY_COUNT(ids); i++) {
        start_context(4);
        SEND(HSP_VTEST_RESOURCE_UNREF, ids[i]);
        expect_closed(-EPROTO);
    }
}

/* ------------------------------------------------------------------ submissions */

HSP_TEST(submit_v3_batches_have_6_dwords)
{
    start_context(3);
    SEND(HSP_VTEST_SUBMIT_CMD2, 2,                  /* batches */
         HSP_VTEST_SUBMIT_RING_IDX, 13, 2, 0, 0, 0, /* */
         HSP_VTEST_SUBMIT_RING_IDX, 15, 1, 0, 0, 0, /* */
         0xa, 0xb, 0xc);
    roundtrip();
    HSP_CHECK_EQ(fake.submit_count, 2);
    HSP_CHECK_EQ(fake.last_submit_size, 4);
    HSP_CHECK_EQ(fake.last_commands[0], 0xc);
    HSP_CHECK_EQ(fake.fence_count, 0);
    leave();
}

HSP_TEST(submit_v4_batches_have_8_dwords)
{
    start_context(4);
    SEND(HSP_VTEST_SUBMIT_CMD2, 1, HSP_VTEST_SUBMIT_RING_IDX, 9, 2, 0, 0, 0, 0, 0, 0xa, 0xb);
    roundtrip();
    HSP_CHECK_EQ(fake.submit_count, 1);
    HSP_CHECK_EQ(fake.last_submit_size, 8);
    HSP_CHECK_EQ(fake.last_commands[1], 0xb);
    leave();
}

HSP_TEST(submit_signals_its_syncs_when_the_fence_retires)
{
    start_context(4);
    const uint32_t id = create_sync(0);
    SEND(HSP_VTEST_SUBMIT_CMD2, 1, HSP_VTEST_SUBMIT_RING_IDX, 0, 0, 9, 1, 5, 0, 0, id, 42, 1);
    HSP_CHECK_EQ(read_sync(id), 0);
    HSP_CHECK_EQ(fake.last_ring_idx, 5);
    fake_context_retire(5, fake.last_fence_id);
    HSP_CHECK_EQ(read_sync(id), 1ull << 32 | 42);
    leave();
}

HSP_TEST(submit_without_ring_idx_flag_is_timeline_0)
{
    fake.fence_immediate = true;
    start_context(4);
    const uint32_t id = create_sync(0);
    SEND(HSP_VTEST_SUBMIT_CMD2, 1, 0, 0, 0, 9, 1, 77, 0, 0, id, 3, 0);
    HSP_CHECK_EQ(read_sync(id), 3);
    HSP_CHECK_EQ(fake.last_ring_idx, 0);
    leave();
}

/* Each line breaks one rule of a batch in a message of 12 dwords (version 4). */
HSP_TEST(submit_with_bad_batches_is_refused)
{
    const uint32_t bad[][9] = {
        {2, 1, 9, 1, 0, 0, 0, 0, 0},           /* more batches than there is room for */
        {UINT32_MAX, 1, 9, 1, 0, 0, 0, 0, 0},  /* and very many */
        {1, 2, 9, 1, 0, 0, 0, 0, 0},           /* IN_FENCE_FD */
        {1, 1, 9, 4, 0, 0, 0, 0, 0},           /* commands end behind the message */
        {1, 1, 13, 0, 0, 0, 0, 0, 0},          /* and begin there */
        {1, 1, UINT32_MAX, 2, 0, 0, 0, 0, 0},  /* and wrap */
        {1, 1, 9, 1, 10, 1, 0, 0, 0},          /* syncs end behind the message */
        {1, 1, 9, 1, 9, 0x55555556u, 0, 0, 0}, /* count * 3 wraps */
        {1, 1, 9, 1, 9, 1, 64, 0, 0},          /* ring_idx */
        {1, 1, 9, 1, 0, 0, 0, 1, 0},           /* in_syncobj */
        {1, 1, 9, 1, 0, 0, 0, 0, 1},           /* out_syncobj */
        {1, 1, 9, 1, 9, 1, 0, 0, 0},           /* sync id 0 */
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(bad); i++) {
        uint32_t message[12] = {0};

        start_context(4);
        memcpy(message, bad[i], sizeof(bad[i]));
        if (i + 1 < HSP_ARRAY_COUNT(bad))
            message[9] = create_sync(0);
        send_message(HSP_VTEST_SUBMIT_CMD2, message, 12);
        expect_closed(-EPROTO);
        HSP_CHECK_EQ(fake.fence_count, 0);
    }
}

HSP_TEST(submit_on_an_unbound_timeline_is_refused)
{
    fake.fence_result = -EINVAL;
    start_context(4);
    const uint32_t id = create_sync(0);
    SEND(HSP_VTEST_SUBMIT_CMD2, 1, HSP_VTEST_SUBMIT_RING_IDX, 0, 0, 9, 1, 5, 0, 0, id, 42, 1);
    expect_closed(-EPROTO);
}

HSP_TEST(submit_to_a_dead_context_ends_the_connection)
{
    fake.submit_result = -EIO;
    start_context(4);
    SEND(HSP_VTEST_SUBMIT_CMD2, 1, HSP_VTEST_SUBMIT_RING_IDX, 9, 1, 0, 0, 0, 0, 0, 0xa);
    expect_closed(-EIO);
}

/* ------------------------------------------------------------------ sync waits */

static int begin_wait(uint32_t flags, uint32_t timeout_ms, uint32_t id, uint32_t value)
{
    SEND(HSP_VTEST_SYNC_WAIT, flags, timeout_ms, id, value, 0);
    expect_reply(HSP_VTEST_SYNC_WAIT, NULL, 0);
    return expect_fd();
}

HSP_TEST(wait_is_answered_when_the_sync_is_written)
{
    start_context(4);
    const uint32_t id = create_sync(0);
    int fd = begin_wait(0, HSP_VTEST_TIMEOUT_INFINITE, id, 2);
    HSP_CHECK(!is_readable(fd, 20));
    SEND(HSP_VTEST_SYNC_WRITE, id, 2, 0);
    HSP_CHECK(is_readable(fd, 5000));
    close(fd);
    leave();
}

HSP_TEST(wait_is_answered_when_the_fence_retires)
{
    start_context(4);
    const uint32_t id = create_sync(0);
    SEND(HSP_VTEST_SUBMIT_CMD2, 1, HSP_VTEST_SUBMIT_RING_IDX, 0, 0, 9, 1, 5, 0, 0, id, 1, 0);
    int fd = begin_wait(HSP_VTEST_SYNC_WAIT_ANY, HSP_VTEST_TIMEOUT_INFINITE, id, 1);
    HSP_CHECK(!is_readable(fd, 20));
    fake_context_retire(5, fake.last_fence_id);
    HSP_CHECK(is_readable(fd, 5000));
    close(fd);
    leave();
}

HSP_TEST(wait_times_out_silently)
{
    start_context(4);
    const uint32_t id = create_sync(0);
    int fd = begin_wait(0, 10, id, 1);
    usleep(50000);
    SEND(HSP_VTEST_SYNC_WRITE, id, 1, 0);
    roundtrip();
    HSP_CHECK(!is_readable(fd, 0));
    close(fd);
    leave();
}

HSP_TEST(wait_is_dropped_when_the_client_leaves)
{
    start_context(4);
    const uint32_t id = create_sync(0);
    int fd = begin_wait(0, HSP_VTEST_TIMEOUT_INFINITE, id, 1);
    leave();
    HSP_CHECK(!is_readable(fd, 0));
    close(fd);
}

HSP_TEST(wait_with_bad_points_is_refused)
{
    start_context(4);
    SEND(HSP_VTEST_SYNC_WAIT, 0, 0, 1, 0);
    expect_closed(-EPROTO);
    start_context(4);
    SEND(HSP_VTEST_SYNC_WAIT, 0, 0, 1, 0, 0);
    expect_closed(-EPROTO);
}

HSP_TEST(unknown_syncs_are_refused)
{
    start_context(4);
    SEND(HSP_VTEST_SYNC_UNREF, 1);
    expect_closed(-EPROTO);
    start_context(4);
    SEND(HSP_VTEST_SYNC_READ, 1);
    expect_closed(-EPROTO);
    start_context(4);
    SEND(HSP_VTEST_SYNC_WRITE, 1, 0, 0);
    expect_closed(-EPROTO);
}

HSP_TEST(sync_unref_frees_the_id)
{
    start_context(4);
    const uint32_t id = create_sync(3);
    SEND(HSP_VTEST_SYNC_UNREF, id);
    HSP_CHECK_EQ(create_sync(4), id);
    HSP_CHECK_EQ(read_sync(id), 4);
    leave();
}

HSP_TEST_MAIN()
