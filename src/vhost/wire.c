/* SPDX-License-Identifier: MIT */
#include "vhost/wire.h"

#include "base/fd.h"

#include <errno.h>
#include <string.h>

/* Reads exactly `size` bytes; -EPIPE when the stream ends first. */
static int receive_all(int socket_fd, void *data, size_t size, struct hsp_vhost_message *message,
                       size_t *out_received)
{
    char *cursor = data;

    *out_received = 0;
    while (*out_received < size) {
        ssize_t n = hsp_fd_recvmsg(socket_fd, cursor + *out_received, size - *out_received,
                                   message->fds, &message->fd_count, HSP_ARRAY_COUNT(message->fds));
        if (n < 0)
            return (int)n;
        if (n == 0)
            return -EPIPE;
        *out_received += (size_t)n;
    }
    return 0;
}

int hsp_vhost_message_receive(int socket_fd, struct hsp_vhost_message *message)
{
    size_t received;
    int ret;

    message->fd_count = 0;
    ret = receive_all(socket_fd, &message->header, sizeof(message->header), message, &received);
    if (ret == -EPIPE || ret == -ECONNRESET) {
        hsp_vhost_message_finish(message);
        return received == 0 ? 0 : -EPROTO;
    }
    if (ret == 0 &&
        ((message->header.flags & HSP_VHOST_FLAG_VERSION_MASK) != HSP_VHOST_FLAG_VERSION ||
         message->header.size > sizeof(message->payload)))
        ret = -EPROTO;
    if (ret == 0)
        ret = receive_all(socket_fd, message->payload, message->header.size, message, &received);
    if (ret < 0) {
        hsp_vhost_message_finish(message);
        return ret == -EPIPE || ret == -ECONNRESET ? -EPROTO : ret;
    }
    return 1;
}

int hsp_vhost_message_send(int socket_fd, uint32_t request, uint32_t flags, const void *payload,
                           size_t size, int fd)
{
    char data[sizeof(struct hsp_vhost_header) + HSP_VHOST_MAX_PAYLOAD_SIZE];
    struct hsp_vhost_header header = {
        .request = request,
        .flags = flags | HSP_VHOST_FLAG_VERSION,
        .size = (uint32_t)size,
    };
    size_t total = sizeof(header) + size;

    if (size > HSP_VHOST_MAX_PAYLOAD_SIZE)
        return -EMSGSIZE;
    memcpy(data, &header, sizeof(header));
    if (size > 0)
        memcpy(data + sizeof(header), payload, size);
    ssize_t n = hsp_fd_sendmsg(socket_fd, data, total, &fd, fd >= 0);
    if (n < 0)
        return (int)n;
    return hsp_fd_write_all(socket_fd, data + n, total - (size_t)n);
}

void hsp_vhost_message_finish(struct hsp_vhost_message *message)
{
    for (size_t i = 0; i < message->fd_count; i++)
        hsp_fd_close(&message->fds[i]);
    message->fd_count = 0;
}
