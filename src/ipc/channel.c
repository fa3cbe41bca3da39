/* SPDX-License-Identifier: MIT */
/*
 * On the wire: struct hsp_ipc_header, then the payload. A message's descriptors travel with the
 * first byte of its header; a stream socket keeps them in order, so the receiver queues descriptors
 * and hands each message as many as its header says.
 */
#include "ipc/channel.h"

#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define READ_CHUNK (64u << 10)

void hsp_ipc_channel_init(struct hsp_ipc_channel *channel, int socket_fd_steal)
{
    memset(channel, 0, sizeof(*channel));
    channel->socket_fd = socket_fd_steal;
    pthread_mutex_init(&channel->send_lock, NULL);
}

void hsp_ipc_channel_finish(struct hsp_ipc_channel *channel)
{
    for (size_t i = 0; i < channel->in_fd_count; i++)
        hsp_fd_close(&channel->in_fds[i]);
    channel->in_fd_count = 0;
    hsp_fd_close(&channel->socket_fd);
    free(channel->out_data);
    free(channel->in_data);
    channel->out_data = channel->in_data = NULL;
    channel->out_size = channel->in_size = channel->out_capacity = channel->in_capacity = 0;
    pthread_mutex_destroy(&channel->send_lock);
}

static int reserve(char **data, size_t *capacity, size_t wanted)
{
    if (wanted <= *capacity)
        return 0;
    size_t new_capacity = HSP_MAX(wanted, *capacity * 2);
    char *new_data = realloc(*data, new_capacity);
    if (!new_data)
        return -ENOMEM;
    *data = new_data;
    *capacity = new_capacity;
    return 0;
}

/* Sends queued bytes until the socket is full. */
static int flush_locked(struct hsp_ipc_channel *channel)
{
    size_t sent = 0;
    int ret = 0;

    while (sent < channel->out_size) {
        ssize_t n = hsp_fd_sendmsg(channel->socket_fd, channel->out_data + sent,
                                   channel->out_size - sent, NULL, 0);
        if (n < 0) {
            if (n != -EAGAIN)
                ret = (int)n;
            break;
        }
        sent += (size_t)n;
    }
    memmove(channel->out_data, channel->out_data + sent, channel->out_size - sent);
    channel->out_size -= sent;
    if (ret < 0) {
        channel->send_error = ret;
        return ret;
    }
    return channel->out_size > 0;
}

/* Descriptors cannot be queued as bytes are: wait until the queue is empty and the socket takes the
 * message's first byte. Only as long as the peer takes to read. */
static int send_first_byte_with_fds(struct hsp_ipc_channel *channel, const void *data, size_t size,
                                    const int *fds, size_t fd_count, size_t *out_sent)
{
    for (;;) {
        int ret = channel->out_size ? flush_locked(channel) : 0;
        if (ret < 0)
            return ret;
        if (ret == 0) {
            ssize_t n = hsp_fd_sendmsg(channel->socket_fd, data, size, fds, fd_count);
            if (n >= 0) {
                *out_sent = (size_t)n;
                return 0;
            }
            if (n != -EAGAIN)
                return (int)n;
        }
        struct pollfd pollfd = {.fd = channel->socket_fd, .events = POLLOUT};
        ret = poll(&pollfd, 1, 1000);
        if (ret == 0)
            return -ETIMEDOUT;
        if (ret < 0 && errno != EINTR)
            return -errno;
    }
}

static int queue_bytes(struct hsp_ipc_channel *channel, const void *data, size_t size)
{
    int ret;

    if (size == 0)
        return 0;
    if (!hsp_range_fits(channel->out_size, size, HSP_IPC_QUEUE_SIZE))
        return -ENOBUFS;
    ret = reserve(&channel->out_data, &channel->out_capacity, channel->out_size + size);
    if (ret < 0)
        return ret;
    memcpy(channel->out_data + channel->out_size, data, size);
    channel->out_size += size;
    return 0;
}

static int send_locked(struct hsp_ipc_channel *channel, const struct hsp_ipc_header *header,
                       const void *payload, const int *fds)
{
    const char *rest = (const char *)header;
    size_t rest_size = sizeof(*header);
    int ret;

    if (channel->send_error < 0)
        return channel->send_error;
    if (header->fd_count > 0) {
        size_t sent = 0;
        ret = send_first_byte_with_fds(channel, header, sizeof(*header), fds, header->fd_count,
                                       &sent);
        if (ret < 0)
            return ret;
        rest += sent;
        rest_size -= sent;
    }
    if (!hsp_range_fits(channel->out_size, rest_size + header->payload_size, HSP_IPC_QUEUE_SIZE))
        return -ENOBUFS;
    ret = queue_bytes(channel, rest, rest_size);
    if (ret == 0)
        ret = queue_bytes(channel, payload, header->payload_size);
    if (ret == 0)
        ret = flush_locked(channel);
    return ret < 0 ? ret : 0;
}

int hsp_ipc_channel_send(struct hsp_ipc_channel *channel, uint32_t type, const void *payload,
                         size_t payload_size, const int *fds, size_t fd_count)
{
    struct hsp_ipc_header header = {
        .type = type,
        .payload_size = (uint32_t)payload_size,
        .fd_count = (uint32_t)fd_count,
    };
    int ret;

    if (payload_size > HSP_LIMIT_MESSAGE_SIZE || fd_count > HSP_LIMIT_MESSAGE_FD_COUNT)
        return -EMSGSIZE;
    pthread_mutex_lock(&channel->send_lock);
    ret = send_locked(channel, &header, payload, fds);
    /* -ENOBUFS before anything was queued leaves the stream whole; all else ends it. */
    if (ret < 0 && ret != -ENOBUFS)
        channel->send_error = ret;
    pthread_mutex_unlock(&channel->send_lock);
    return ret;
}

int hsp_ipc_channel_flush(struct hsp_ipc_channel *channel)
{
    int ret;

    pthread_mutex_lock(&channel->send_lock);
    ret = channel->send_error < 0 ? channel->send_error : flush_locked(channel);
    pthread_mutex_unlock(&channel->send_lock);
    return ret;
}

bool hsp_ipc_channel_wants_write(struct hsp_ipc_channel *channel)
{
    bool wants;

    pthread_mutex_lock(&channel->send_lock);
    wants = channel->out_size > 0;
    pthread_mutex_unlock(&channel->send_lock);
    return wants;
}

/* Takes a whole message off the front of the input, if there is one. The previous message's bytes
 * are dropped first, which is why a payload lives until the next receive. */
static int parse_message(struct hsp_ipc_channel *channel, struct hsp_ipc_message *out_message)
{
    struct hsp_ipc_header header;
    size_t size;

    if (channel->in_size < sizeof(header))
        return 0;
    memcpy(&header, channel->in_data, sizeof(header));
    if (header.payload_size > HSP_LIMIT_MESSAGE_SIZE ||
        header.fd_count > HSP_LIMIT_MESSAGE_FD_COUNT)
        return -EPROTO;
    size = sizeof(header) + header.payload_size;
    if (channel->in_size < size)
        return 0;
    if (channel->in_fd_count < header.fd_count)
        return -EPROTO;

    memset(out_message, 0, sizeof(*out_message));
    out_message->type = header.type;
    out_message->payload_size = header.payload_size;
    out_message->payload = channel->in_data + sizeof(header);
    out_message->fd_count = header.fd_count;
    memcpy(out_message->fds, channel->in_fds, header.fd_count * sizeof(int));
    channel->in_fd_count -= header.fd_count;
    memmove(channel->in_fds, channel->in_fds + header.fd_count, channel->in_fd_count * sizeof(int));
    return 1;
}

static void drop_parsed(struct hsp_ipc_channel *channel)
{
    struct hsp_ipc_header header;
    size_t size;

    memcpy(&header, channel->in_data, sizeof(header));
    size = sizeof(header) + header.payload_size;
    channel->in_size -= size;
    memmove(channel->in_data, channel->in_data + size, channel->in_size);
    channel->in_parsed = false;
}

int hsp_ipc_channel_receive(struct hsp_ipc_channel *channel, struct hsp_ipc_message *out_message)
{
    if (channel->in_parsed)
        drop_parsed(channel);
    for (;;) {
        int ret = parse_message(channel, out_message);
        if (ret != 0) {
            channel->in_parsed = ret > 0;
            return ret;
        }
        ret = reserve(&channel->in_data, &channel->in_capacity, channel->in_size + READ_CHUNK);
        if (ret < 0)
            return ret;
        ssize_t n = hsp_fd_recvmsg(channel->socket_fd, channel->in_data + channel->in_size,
                                   channel->in_capacity - channel->in_size, channel->in_fds,
                                   &channel->in_fd_count, HSP_ARRAY_COUNT(channel->in_fds));
        if (n == -EAGAIN)
            return 0;
        if (n < 0)
            return (int)n;
        if (n == 0)
            return -EPIPE;
        channel->in_size += (size_t)n;
    }
}

void hsp_ipc_message_finish(struct hsp_ipc_message *message)
{
    for (size_t i = 0; i < message->fd_count; i++)
        hsp_fd_close(&message->fds[i]);
    message->fd_count = 0;
}
