/* SPDX-License-Identifier: MIT */
/*
 * On the wire: struct hsp_ipc_header, then the payload. A message's descriptors travel with the
 * first byte of its header; a stream socket keeps them in order, so the receiver queues descriptors
 * and hands each message as many as its header says.
 */
#include "ipc/channel.h"

#include "base/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define READ_CHUNK (64u << 10)
#define SMALL_SIZE 4096

/* A message of which at least the end waits for a writable socket. */
struct out_message {
    struct hsp_list link;
    size_t size, sent; /* bytes of data */
    size_t fd_count;   /* 0 once the descriptors went out with the first byte */
    int fds[HSP_LIMIT_MESSAGE_FD_COUNT];
    char data[];
};

void hsp_ipc_channel_init(struct hsp_ipc_channel *channel, int socket_fd_steal)
{
    memset(channel, 0, sizeof(*channel));
    channel->socket_fd = socket_fd_steal;
    hsp_list_init(&channel->out_messages);
    pthread_mutex_init(&channel->send_lock, NULL);
}

static void close_out_fds(struct out_message *message)
{
    for (size_t i = 0; i < message->fd_count; i++)
        hsp_fd_close(&message->fds[i]);
    message->fd_count = 0;
}

static void destroy_out_message(struct out_message *message)
{
    close_out_fds(message);
    hsp_list_remove(&message->link);
    free(message);
}

void hsp_ipc_channel_finish(struct hsp_ipc_channel *channel)
{
    for (size_t i = 0; i < channel->in_fd_count; i++)
        hsp_fd_close(&channel->in_fds[i]);
    channel->in_fd_count = 0;
    hsp_list_for_each_safe (message, &channel->out_messages, struct out_message, link)
        destroy_out_message(message);
    hsp_fd_close(&channel->socket_fd);
    free(channel->in_data);
    channel->in_data = NULL;
    channel->out_size = channel->in_size = channel->in_capacity = 0;
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

/* A copy of the message with descriptors of its own; `sent` bytes of it are out already. */
static int create_out_message(const struct hsp_ipc_header *header, const void *payload,
                              const int *fds, size_t sent, struct out_message **out)
{
    size_t size = sizeof(*header) + header->payload_size;
    struct out_message *message = malloc(sizeof(*message) + size);

    if (!message)
        return -ENOMEM;
    hsp_list_init(&message->link);
    message->size = size;
    message->sent = sent;
    message->fd_count = 0;
    memcpy(message->data, header, sizeof(*header));
    if (header->payload_size > 0)
        memcpy(message->data + sizeof(*header), payload, header->payload_size);
    while (sent == 0 && message->fd_count < header->fd_count) {
        int fd = hsp_fd_dup(fds[message->fd_count]);
        if (fd < 0) {
            destroy_out_message(message);
            return fd;
        }
        message->fds[message->fd_count++] = fd;
    }
    *out = message;
    return 0;
}

/* Sends queued messages until the socket is full. */
static int flush_locked(struct hsp_ipc_channel *channel)
{
    hsp_list_for_each_safe (message, &channel->out_messages, struct out_message, link) {
        while (message->sent < message->size) {
            ssize_t n =
                hsp_fd_sendmsg(channel->socket_fd, message->data + message->sent,
                               message->size - message->sent, message->fds, message->fd_count);
            if (n == -EAGAIN)
                return 1;
            if (n < 0) {
                channel->send_error = (int)n;
                return (int)n;
            }
            channel->out_fd_count -= message->fd_count;
            close_out_fds(message);
            message->sent += (size_t)n;
            channel->out_size -= (size_t)n;
        }
        destroy_out_message(message);
    }
    return 0;
}

/* The usual case, a small message and an empty queue, without a copy on the heap. Returns the bytes
 * that went out, 0 if the message has to be queued. */
static ssize_t send_small(struct hsp_ipc_channel *channel, const struct hsp_ipc_header *header,
                          const void *payload, const int *fds)
{
    char data[SMALL_SIZE];
    size_t size = sizeof(*header) + header->payload_size;
    ssize_t n;

    if (!hsp_list_is_empty(&channel->out_messages) || size > sizeof(data))
        return 0;
    memcpy(data, header, sizeof(*header));
    if (header->payload_size > 0)
        memcpy(data + sizeof(*header), payload, header->payload_size);
    n = hsp_fd_sendmsg(channel->socket_fd, data, size, fds, header->fd_count);
    return n == -EAGAIN ? 0 : n;
}

static int send_locked(struct hsp_ipc_channel *channel, const struct hsp_ipc_header *header,
                       const void *payload, const int *fds)
{
    struct out_message *message = NULL;
    ssize_t sent;
    int ret;

    if (channel->send_error < 0)
        return channel->send_error;
    if (!hsp_range_fits(channel->out_size, sizeof(*header) + header->payload_size,
                        HSP_IPC_QUEUE_SIZE))
        return -ENOBUFS;
    sent = send_small(channel, header, payload, fds);
    if (sent == (ssize_t)(sizeof(*header) + header->payload_size))
        return 0;
    ret = sent < 0 ? (int)sent : create_out_message(header, payload, fds, (size_t)sent, &message);
    if (ret < 0) {
        /* Half a message is out, or nothing will ever be. */
        if (sent != 0)
            channel->send_error = ret;
        return ret;
    }
    hsp_list_append(&channel->out_messages, &message->link);
    channel->out_size += message->size - message->sent;
    channel->out_fd_count += message->fd_count;
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

size_t hsp_ipc_channel_queued_size(struct hsp_ipc_channel *channel)
{
    size_t size;

    pthread_mutex_lock(&channel->send_lock);
    size = channel->send_error < 0 ? 0 : channel->out_size;
    pthread_mutex_unlock(&channel->send_lock);
    return size;
}

size_t hsp_ipc_channel_queued_fd_count(struct hsp_ipc_channel *channel)
{
    size_t count;

    pthread_mutex_lock(&channel->send_lock);
    count = channel->send_error < 0 ? 0 : channel->out_fd_count;
    pthread_mutex_unlock(&channel->send_lock);
    return count;
}

bool hsp_ipc_channel_wants_write(struct hsp_ipc_channel *channel)
{
    return hsp_ipc_channel_queued_size(channel) > 0;
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

int hsp_ipc_channel_receive_buffered(struct hsp_ipc_channel *channel,
                                     struct hsp_ipc_message *out_message)
{
    int ret;

    if (channel->in_parsed)
        drop_parsed(channel);
    ret = parse_message(channel, out_message);
    channel->in_parsed = ret > 0;
    return ret;
}

int hsp_ipc_channel_receive(struct hsp_ipc_channel *channel, struct hsp_ipc_message *out_message)
{
    for (;;) {
        int ret = hsp_ipc_channel_receive_buffered(channel, out_message);
        if (ret != 0)
            return ret;
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
