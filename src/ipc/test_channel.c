/* SPDX-License-Identifier: MIT */
#include "base/fd.h"
#include "base/shm.h"
#include "base/test.h"
#include "ipc/channel.h"
#include "ipc/messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Two nonblocking channels that are connected. */
static void connect_channels(struct hsp_ipc_channel *a, struct hsp_ipc_channel *b)
{
    int fds[2];

    HSP_CHECK_EQ(hsp_fd_socketpair(fds), 0);
    hsp_fd_set_nonblocking(fds[0], true);
    hsp_fd_set_nonblocking(fds[1], true);
    hsp_ipc_channel_init(a, fds[0]);
    hsp_ipc_channel_init(b, fds[1]);
}

static bool is_same_file(int a, int b)
{
    struct stat sa, sb;

    return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
           sa.st_ino == sb.st_ino;
}

HSP_TEST(message_arrives_with_its_descriptors)
{
    struct hsp_ipc_channel a, b;
    struct hsp_ipc_message message;
    int fds[2] = {hsp_shm_create("one", hsp_page_size()), hsp_shm_create("two", hsp_page_size())};

    connect_channels(&a, &b);
    HSP_CHECK_EQ(hsp_ipc_channel_receive(&b, &message), 0);
    HSP_CHECK_EQ(hsp_ipc_channel_send(&a, 7, "payload", 7, fds, 2), 0);
    HSP_CHECK_EQ(hsp_ipc_channel_send(&a, 8, NULL, 0, NULL, 0), 0);

    HSP_CHECK_EQ(hsp_ipc_channel_receive(&b, &message), 1);
    HSP_CHECK_EQ(message.type, 7);
    HSP_CHECK_EQ(message.payload_size, 7);
    HSP_CHECK(memcmp(message.payload, "payload", 7) == 0);
    HSP_CHECK_EQ(message.fd_count, 2);
    HSP_CHECK(is_same_file(message.fds[0], fds[0]));
    HSP_CHECK(is_same_file(message.fds[1], fds[1]));
    hsp_ipc_message_finish(&message);
    HSP_CHECK_EQ(hsp_ipc_channel_receive(&b, &message), 1);
    HSP_CHECK_EQ(message.type, 8);
    HSP_CHECK_EQ(message.payload_size, 0);
    HSP_CHECK_EQ(hsp_ipc_channel_receive(&b, &message), 0);

    hsp_fd_close(&fds[0]);
    hsp_fd_close(&fds[1]);
    hsp_ipc_channel_finish(&a);
    hsp_ipc_channel_finish(&b);
}

/* The bytes may come in any pieces, and a message's end with the next one's beginning. */
HSP_TEST(message_may_come_byte_by_byte)
{
    struct hsp_ipc_header header = {.type = 9, .payload_size = 3};
    struct hsp_ipc_channel b;
    struct hsp_ipc_message message;
    char bytes[2 * (sizeof(header) + 3)];
    int fds[2];

    HSP_CHECK_EQ(hsp_fd_socketpair(fds), 0);
    hsp_fd_set_nonblocking(fds[1], true);
    hsp_ipc_channel_init(&b, fds[1]);
    for (size_t i = 0; i < 2; i++) {
        memcpy(bytes + i * (sizeof(header) + 3), &header, sizeof(header));
        memcpy(bytes + i * (sizeof(header) + 3) + sizeof(header), "abc", 3);
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        HSP_CHECK_EQ(hsp_fd_sendmsg(fds[0], bytes + i, 1, NULL, 0), 1);
        bool is_last = (i + 1) % (sizeof(header) + 3) == 0;
        HSP_CHECK_EQ(hsp_ipc_channel_receive(&b, &message), is_last);
        if (is_last)
            HSP_CHECK(message.payload_size == 3 && memcmp(message.payload, "abc", 3) == 0);
    }
    hsp_fd_close(&fds[0]);
    hsp_ipc_channel_finish(&b);
}

/* Fills the socket and the queue behind it; nothing waits, nothing is lost, every message has its
 * own descriptors although the sender closed them at once. */
HSP_TEST(full_socket_queues_messages_with_descriptors)
{
    enum { COUNT = 600, FDS = HSP_LIMIT_MESSAGE_FD_COUNT, SIZE = 8192 };
    struct hsp_ipc_channel a, b;
    struct hsp_ipc_message message;
    char *payload = calloc(1, SIZE);
    uint32_t received = 0;

    connect_channels(&a, &b);
    for (uint32_t i = 0; i < COUNT; i++) {
        int fds[FDS];
        size_t fd_count = i % 3 == 0 ? FDS : 0;
        if (fd_count > 0)
            fds[0] = hsp_shm_create("test", hsp_page_size() * (i + 1));
        for (size_t k = 1; k < fd_count; k++)
            fds[k] = fds[0];
        memcpy(payload, &i, sizeof(i));
        HSP_CHECK_EQ(hsp_ipc_channel_send(&a, i, payload, i % 2 ? SIZE : sizeof(i), fds, fd_count),
                     0);
        if (fd_count > 0)
            close(fds[0]);
    }
    HSP_CHECK(hsp_ipc_channel_wants_write(&a));
    HSP_CHECK(hsp_ipc_channel_queued_fd_count(&a) > 0);
    while (received < COUNT) {
        int ret = hsp_ipc_channel_receive(&b, &message);
        if (ret == 0) {
            HSP_CHECK(hsp_ipc_channel_wants_write(&a));
            HSP_CHECK(hsp_ipc_channel_flush(&a) >= 0);
            continue;
        }
        HSP_CHECK_EQ(ret, 1);
        HSP_CHECK_EQ(message.type, received);
        HSP_CHECK_EQ(message.payload_size, received % 2 ? (size_t)SIZE : sizeof(uint32_t));
        HSP_CHECK(memcmp(message.payload, &received, sizeof(received)) == 0);
        HSP_CHECK_EQ(message.fd_count, received % 3 == 0 ? FDS : 0);
        for (size_t k = 0; k < message.fd_count; k++) {
            struct stat st;
            HSP_CHECK_EQ(fstat(message.fds[k], &st), 0);
            HSP_CHECK_EQ(st.st_size, hsp_page_size() * (received + 1));
        }
        hsp_ipc_message_finish(&message);
        received++;
    }
    HSP_CHECK(!hsp_ipc_channel_wants_write(&a));
    HSP_CHECK_EQ(hsp_ipc_channel_queued_size(&a), 0);
    HSP_CHECK_EQ(hsp_ipc_channel_queued_fd_count(&a), 0);
    free(payload);
    hsp_ipc_channel_finish(&a);
    hsp_ipc_channel_finish(&b);
}

/* Queued descriptors are closed with the channel; the harness counts. */
HSP_TEST(peer_that_does_not_read_has_an_end)
{
    struct hsp_ipc_channel a, b;
    char *payload = calloc(1, HSP_LIMIT_MESSAGE_SIZE);
    int fd = hsp_shm_create("test", hsp_page_size());
    int ret = 0;
    unsigned sent;

    connect_channels(&a, &b);
    for (sent = 0; sent < 100 && ret == 0; sent++)
        ret = hsp_ipc_channel_send(&a, 1, payload, HSP_LIMIT_MESSAGE_SIZE, &fd, 1);
    HSP_CHECK_EQ(ret, -ENOBUFS);
    HSP_CHECK(sent >= 15);
    HSP_CHECK(hsp_ipc_channel_queued_size(&a) <= HSP_IPC_QUEUE_SIZE);
    HSP_CHECK_EQ(hsp_ipc_channel_flush(&a), 1);
    HSP_CHECK_EQ(hsp_ipc_channel_send(&a, 1, NULL, HSP_LIMIT_MESSAGE_SIZE + 1, NULL, 0), -EMSGSIZE);
    hsp_fd_close(&fd);
    free(payload);
    hsp_ipc_channel_finish(&a);
    hsp_ipc_channel_finish(&b);
}

HSP_TEST(peer_gone_is_an_end_not_a_signal)
{
    struct hsp_ipc_channel a, b;
    struct hsp_ipc_message message;

    connect_channels(&a, &b);
    HSP_CHECK_EQ(hsp_ipc_channel_send(&b, 3, "last", 4, NULL, 0), 0);
    hsp_ipc_channel_finish(&b);
    HSP_CHECK_EQ(hsp_ipc_channel_receive(&a, &message), 1);
    HSP_CHECK_EQ(message.type, 3);
    HSP_CHECK_EQ(hsp_ipc_channel_receive(&a, &message), -EPIPE);
    HSP_CHECK_EQ(hsp_ipc_channel_send(&a, 1, "x", 1, NULL, 0), -EPIPE);
    HSP_CHECK_EQ(hsp_ipc_channel_send(&a, 1, "x", 1, NULL, 0), -EPIPE);
    HSP_CHECK(!hsp_ipc_channel_wants_write(&a));
    hsp_ipc_channel_finish(&a);
}

static int receive_raw(const struct hsp_ipc_header *header, const int *fds, size_t fd_count)
{
    struct hsp_ipc_channel b;
    struct hsp_ipc_message message;
    int pair[2], ret;

    HSP_CHECK_EQ(hsp_fd_socketpair(pair), 0);
    hsp_fd_set_nonblocking(pair[1], true);
    hsp_ipc_channel_init(&b, pair[1]);
    HSP_CHECK(hsp_fd_sendmsg(pair[0], header, sizeof(*header), fds, fd_count) > 0);
    ret = hsp_ipc_channel_receive(&b, &message);
    hsp_fd_close(&pair[0]);
    hsp_ipc_channel_finish(&b);
    return ret;
}

HSP_TEST(malformed_headers_are_refused)
{
    struct hsp_ipc_header too_large = {.type = 1, .payload_size = HSP_LIMIT_MESSAGE_SIZE + 1};
    struct hsp_ipc_header too_many = {.type = 1, .fd_count = HSP_LIMIT_MESSAGE_FD_COUNT + 1};
    struct hsp_ipc_header missing = {.type = 1, .fd_count = 1};
    struct hsp_ipc_header huge = {.type = 1, .payload_size = UINT32_MAX, .fd_count = UINT32_MAX};

    HSP_CHECK_EQ(receive_raw(&too_large, NULL, 0), -EPROTO);
    HSP_CHECK_EQ(receive_raw(&too_many, NULL, 0), -EPROTO);
    HSP_CHECK_EQ(receive_raw(&missing, NULL, 0), -EPROTO);
    HSP_CHECK_EQ(receive_raw(&huge, NULL, 0), -EPROTO);
}

/* Descriptors that no message asks for pile up until the channel ends. */
HSP_TEST(unclaimed_descriptors_end_the_channel)
{
    struct hsp_ipc_header header = {.type = 1};
    struct hsp_ipc_channel b;
    struct hsp_ipc_message message;
    int pair[2], ret = 1, fds[HSP_LIMIT_MESSAGE_FD_COUNT];

    HSP_CHECK_EQ(hsp_fd_socketpair(pair), 0);
    hsp_fd_set_nonblocking(pair[1], true);
    hsp_ipc_channel_init(&b, pair[1]);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(fds); i++)
        fds[i] = pair[0];
    for (int i = 0; i < 3 && ret == 1; i++) {
        HSP_CHECK(hsp_fd_sendmsg(pair[0], &header, sizeof(header), fds, HSP_ARRAY_COUNT(fds)) > 0);
        ret = hsp_ipc_channel_receive(&b, &message);
    }
    HSP_CHECK_EQ(ret, -EMSGSIZE);
    hsp_fd_close(&pair[0]);
    hsp_ipc_channel_finish(&b);
}

HSP_TEST(span_travels_in_a_message)
{
    struct hsp_ipc_render_attach_resource body = {.resource_id = 5, .kind = 2}, out_body;
    struct hsp_ipc_channel a, b;
    struct hsp_ipc_message message;
    struct hsp_span span, out_span = HSP_SPAN_EMPTY;
    struct hsp_span_piece pieces[3];
    uint64_t page = hsp_page_size();
    int fds[2] = {hsp_shm_create("one", 8 * page), hsp_shm_create("two", 8 * page)};

    for (uint32_t i = 0; i < 3; i++)
        pieces[i] = (struct hsp_span_piece){.fd_index = i & 1, .offset = i * page, .size = page};
    HSP_CHECK_EQ(hsp_span_init_pieces(&span, fds, 2, pieces, 3), 0);
    connect_channels(&a, &b);
    HSP_CHECK_EQ(
        hsp_ipc_send_with_span(&a, HSP_IPC_RENDER_ATTACH_RESOURCE, &body, sizeof(body), &span), 0);
    HSP_CHECK_EQ(hsp_ipc_channel_receive(&b, &message), 1);
    HSP_CHECK(!hsp_ipc_decode(&message, &out_body, sizeof(out_body), 0));
    HSP_CHECK_EQ(hsp_ipc_decode_with_span(&message, &out_body, sizeof(out_body), &out_span), 0);
    hsp_ipc_message_finish(&message);
    HSP_CHECK_EQ(out_body.resource_id, 5);
    HSP_CHECK_EQ(out_span.piece_count, 3);
    HSP_CHECK_EQ(out_span.size, 3 * page);
    HSP_CHECK(is_same_file(out_span.fds[1], fds[1]));
    HSP_CHECK(memcmp(out_span.pieces, pieces, sizeof(pieces)) == 0);

    hsp_span_finish(&span);
    hsp_span_finish(&out_span);
    hsp_fd_close(&fds[0]);
    hsp_fd_close(&fds[1]);
    hsp_ipc_channel_finish(&a);
    hsp_ipc_channel_finish(&b);
}

HSP_TEST(malformed_spans_are_refused)
{
    struct {
        struct hsp_ipc_render_attach_resource body;
        uint32_t piece_count, pad;
        struct hsp_span_piece piece;
    } payload = {.piece_count = 1, .piece = {.size = 4096}};
    struct hsp_ipc_render_attach_resource body;
    struct hsp_span span;
    struct hsp_ipc_message message = {.payload = &payload, .payload_size = sizeof(payload)};

    /* No descriptor. */
    HSP_CHECK_EQ(hsp_ipc_decode_with_span(&message, &body, sizeof(body), &span), -EPROTO);
    message.fd_count = 1;
    message.fds[0] = STDERR_FILENO;
    payload.piece_count = 2;
    HSP_CHECK_EQ(hsp_ipc_decode_with_span(&message, &body, sizeof(body), &span), -EPROTO);
    payload.piece_count = UINT32_MAX;
    HSP_CHECK_EQ(hsp_ipc_decode_with_span(&message, &body, sizeof(body), &span), -EPROTO);
    payload.piece_count = 1;
    payload.piece.fd_index = 1;
    HSP_CHECK_EQ(hsp_ipc_decode_with_span(&message, &body, sizeof(body), &span), -EPROTO);
    payload.piece.fd_index = 0;
    payload.piece.size = 0;
    HSP_CHECK_EQ(hsp_ipc_decode_with_span(&message, &body, sizeof(body), &span), -EPROTO);
    message.payload_size = sizeof(body);
    HSP_CHECK_EQ(hsp_ipc_decode_with_span(&message, &body, sizeof(body), &span), -EPROTO);
}

HSP_TEST_MAIN()
