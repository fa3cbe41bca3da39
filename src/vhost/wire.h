/* SPDX-License-Identifier: MIT */
/*
 * vhost-user messages on a blocking AF_UNIX stream socket, for both channels.
 *
 * Threads: one thread reads, one writes, per socket.
 */
#ifndef HSP_VHOST_WIRE_H
#define HSP_VHOST_WIRE_H

#include "vhost/protocol.h"

/* The largest payload that is read; requests that hesper knows are much smaller. */
#define HSP_VHOST_MAX_PAYLOAD_SIZE 4096

struct hsp_vhost_message {
    struct hsp_vhost_header header;
    uint8_t payload[HSP_VHOST_MAX_PAYLOAD_SIZE];
    int fds[HSP_VHOST_MAX_REGION_COUNT];
    size_t fd_count;
};

/* Waits for the next message. 1 and *message; 0 at the end of the stream between messages; -EPROTO
 * for a wrong version, too large a payload, or a stream that ends inside a message; -EMSGSIZE for
 * too many descriptors; other negative errnos. The caller finishes a message that was read. */
int hsp_vhost_message_receive(int socket_fd, struct hsp_vhost_message *message);

/* Sends all of it, with at most one descriptor (-1: none). 0 or negative errno. */
int hsp_vhost_message_send(int socket_fd, uint32_t request, uint32_t flags, const void *payload,
                           size_t size, int fd);

/* Closes the descriptors that were not taken (set to -1). */
void hsp_vhost_message_finish(struct hsp_vhost_message *message);

#endif
