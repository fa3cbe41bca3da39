/* SPDX-License-Identifier: MIT */
/*
 * A channel carries messages (messages.h) between two hesper processes over a connected AF_UNIX
 * stream socket: a fixed header, a payload, and descriptors.
 *
 * The peer may be a process that a guest has taken over (hesper-render, hesper-display): every
 * length is checked, a malformed header ends the channel (-EPROTO), and descriptors that belong to
 * no message are closed.
 *
 * Ownership: the channel owns its socket and descriptors that were received but not yet taken.
 * Threads: one thread receives; any thread may send (sends are serialised inside).
 * Blocking: as the socket is. hesper-gpu uses nonblocking sockets, and then no call ever waits:
 * what does not fit the socket's buffer is queued, descriptors included, and hsp_ipc_channel_flush
 * sends it when the socket is writable.
 */
#ifndef HSP_IPC_CHANNEL_H
#define HSP_IPC_CHANNEL_H

#include "base/limits.h"
#include "base/list.h"

#include <pthread.h>
#include <sys/types.h>

struct hsp_ipc_header {
    uint32_t type;         /* enum hsp_ipc_type */
    uint32_t payload_size; /* bytes after the header */
    uint32_t fd_count;
};

struct hsp_ipc_channel {
    int socket_fd;
    pthread_mutex_t send_lock;
    struct hsp_list out_messages; /* not yet sent to the end */
    size_t out_size;              /* bytes that wait in them */
    size_t out_fd_count;          /* descriptors that wait in them */
    char *in_data;
    size_t in_size, in_capacity;
    int in_fds[2 * HSP_LIMIT_MESSAGE_FD_COUNT];
    size_t in_fd_count;
    bool in_parsed; /* the message at the front of in_data has been handed out */
    int send_error; /* sticky negative errno */
};

/* A received message. `payload` lives until the next receive; descriptors that the receiver wants
 * are taken by setting the entry to -1, the rest is closed by hsp_ipc_message_finish. */
struct hsp_ipc_message {
    uint32_t type;
    size_t payload_size;
    const void *payload;
    int fds[HSP_LIMIT_MESSAGE_FD_COUNT];
    size_t fd_count;
};

/* Steals the socket. */
void hsp_ipc_channel_init(struct hsp_ipc_channel *channel, int socket_fd_steal);
void hsp_ipc_channel_finish(struct hsp_ipc_channel *channel);

/* Sends one message; the descriptors are borrowed. 0; -EMSGSIZE for too large a payload; -EPIPE and
 * other negative errnos once the peer is gone. -ENOBUFS when more than HSP_IPC_QUEUE_SIZE bytes
 * would wait for a peer that does not read, -ENOMEM or -EMFILE when the message cannot be queued:
 * then nothing of it was sent and the channel stays usable. */
int hsp_ipc_channel_send(struct hsp_ipc_channel *channel, uint32_t type, const void *payload,
                         size_t payload_size, const int *fds, size_t fd_count);

#define HSP_IPC_QUEUE_SIZE (16u << 20)

/* Sends what is queued. 1 when some is still waiting (poll for writable), 0 when all went out,
 * negative errno on failure. */
int hsp_ipc_channel_flush(struct hsp_ipc_channel *channel);
bool hsp_ipc_channel_wants_write(struct hsp_ipc_channel *channel);

/* Bytes, and descriptors, that wait for a writable socket. */
size_t hsp_ipc_channel_queued_size(struct hsp_ipc_channel *channel);
size_t hsp_ipc_channel_queued_fd_count(struct hsp_ipc_channel *channel);

/* The next message. 1 and *out_message; 0 when a nonblocking socket has no whole message yet;
 * -EPIPE at the end of the stream, -EPROTO for a malformed message, other negative errnos. */
int hsp_ipc_channel_receive(struct hsp_ipc_channel *channel, struct hsp_ipc_message *out_message);

/* As hsp_ipc_channel_receive, but only from what was read already: never touches the socket. With
 * it a receiver can stop after a bounded amount of work and wait for the socket again. */
int hsp_ipc_channel_receive_buffered(struct hsp_ipc_channel *channel,
                                     struct hsp_ipc_message *out_message);

/* Closes the descriptors that were not taken. */
void hsp_ipc_message_finish(struct hsp_ipc_message *message);

#endif
