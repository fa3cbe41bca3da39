/* SPDX-License-Identifier: MIT */
/*
 * Messages of a vtest socket. Not safe from several threads.
 *
 * The last byte of a message stays unread in the socket until hsp_vtest_stream_release: while
 * input is unread, the kernel tells the peer of a closed or killed server with ECONNRESET instead
 * of an end of stream. Mesa's client treats an end of stream as a short read and would spin.
 */
#ifndef HSP_VTEST_STREAM_H
#define HSP_VTEST_STREAM_H

#include "vtest/protocol.h"

struct hsp_vtest_stream {
    int socket_fd;
    bool unread; /* the last byte of the current message */
    uint32_t *buffer;
    size_t buffer_size; /* bytes */
};

/* Steals the socket. */
void hsp_vtest_stream_init(struct hsp_vtest_stream *stream, int socket_fd_steal);

/* Closes the socket; with a message that is not released, the peer sees ECONNRESET. */
void hsp_vtest_stream_finish(struct hsp_vtest_stream *stream);

/* The next message's header. Blocks. 1; 0 when the peer left; negative errno. */
int hsp_vtest_stream_read_header(struct hsp_vtest_stream *stream,
                                 struct hsp_vtest_header *out_header);

/* The payload of the message whose header was read; it lives until the next call. A size that is
 * not a multiple of 4 is padded with zero bytes. 0; -EPIPE when the peer left in the middle;
 * -ENOMEM; other negative errnos. */
int hsp_vtest_stream_read_payload(struct hsp_vtest_stream *stream, size_t size,
                                  const uint32_t **out_payload);

/* The message is done with, its reply sent. 0 or negative errno. */
int hsp_vtest_stream_release(struct hsp_vtest_stream *stream);

/* Sends a reply of `count` dwords; with fd >= 0 also a dummy byte that carries it (borrowed). */
int hsp_vtest_stream_reply(struct hsp_vtest_stream *stream, uint32_t command,
                           const uint32_t *dwords, uint32_t count, int fd);

#endif
