/* SPDX-License-Identifier: MIT */
#include "vtest/stream.h"

#include "base/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A buffer above this is given back after its message. */
#define KEPT_BUFFER_SIZE (256u << 10)

#define REPLY_DWORDS_MAX 64

void hsp_vtest_stream_init(struct hsp_vtest_stream *stream, int socket_fd_steal)
{
    *stream = (struct hsp_vtest_stream){.socket_fd = socket_fd_steal};
}

void hsp_vtest_stream_finish(struct hsp_vtest_stream *stream)
{
    hsp_fd_close(&stream->socket_fd);
    free(stream->buffer);
    stream->buffer = NULL;
}

/* One byte that stays in the socket. 1, 0 at the end of the stream, or negative errno. */
static int peek_byte(struct hsp_vtest_stream *stream, void *out_byte)
{
    ssize_t n;

    do {
        n = recv(stream->socket_fd, out_byte, 1, MSG_PEEK);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : (int)n;
}

static int drop_unread(struct hsp_vtest_stream *stream)
{
    char byte;

    if (!stream->unread)
        return 0;
    stream->unread = false;
    return hsp_fd_read_all(stream->socket_fd, &byte, 1);
}

static int read_all_but_one(struct hsp_vtest_stream *stream, void *data, size_t size)
{
    int ret = hsp_fd_read_all(stream->socket_fd, data, size - 1);

    if (ret < 0)
        return ret;
    ret = peek_byte(stream, (char *)data + size - 1);
    if (ret <= 0)
        return ret < 0 ? ret : -EPIPE;
    stream->unread = true;
    return 0;
}

int hsp_vtest_stream_read_header(struct hsp_vtest_stream *stream,
                                 struct hsp_vtest_header *out_header)
{
    struct hsp_vtest_header header;
    char byte;
    int ret = peek_byte(stream, &byte);

    if (ret <= 0)
        return ret;
    ret = read_all_but_one(stream, &header, sizeof(header));
    if (ret < 0)
        return ret;
    *out_header = header;
    return 1;
}

static int reserve(struct hsp_vtest_stream *stream, size_t size)
{
    uint32_t *buffer;

    if (size <= stream->buffer_size)
        return 0;
    buffer = realloc(stream->buffer, size);
    if (!buffer)
        return -ENOMEM;
    stream->buffer = buffer;
    stream->buffer_size = size;
    return 0;
}

int hsp_vtest_stream_read_payload(struct hsp_vtest_stream *stream, size_t size,
                                  const uint32_t **out_payload)
{
    size_t padded_size = hsp_align_up(size, sizeof(uint32_t));
    int ret = reserve(stream, padded_size);

    if (ret == 0 && size > 0) {
        memset((char *)stream->buffer + size, 0, padded_size - size);
        ret = drop_unread(stream);
        if (ret == 0)
            ret = read_all_but_one(stream, stream->buffer, size);
    }
    if (ret == 0)
        *out_payload = stream->buffer;
    return ret;
}

int hsp_vtest_stream_release(struct hsp_vtest_stream *stream)
{
    if (stream->buffer_size > KEPT_BUFFER_SIZE) {
        free(stream->buffer);
        stream->buffer = NULL;
        stream->buffer_size = 0;
    }
    return drop_unread(stream);
}

int hsp_vtest_stream_reply(struct hsp_vtest_stream *stream, uint32_t command,
                           const uint32_t *dwords, uint32_t count, int fd)
{
    uint32_t message[2 + REPLY_DWORDS_MAX] = {count, command};
    char dummy = 0;
    ssize_t n;
    int ret;

    if (count > REPLY_DWORDS_MAX)
        return -EMSGSIZE;
    if (count > 0)
        memcpy(message + 2, dwords, count * sizeof(*dwords));
    ret = hsp_fd_write_all(stream->socket_fd, message, (2 + count) * sizeof(*message));
    if (ret < 0 || fd < 0)
        return ret;
    n = hsp_fd_sendmsg(stream->socket_fd, &dummy, 1, &fd, 1);
    return n < 0 ? (int)n : 0;
}
