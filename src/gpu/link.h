/* SPDX-License-Identifier: MIT */
/*
 * A channel (ipc/channel.h) on a libuv loop: how the device talks with its children and with
 * programs at the control socket. Never waits.
 *
 * Ownership: whoever creates a link destroys it, also after on_closed; either may happen inside a
 * callback. Descriptors of a message are closed after on_message unless it took them.
 * Threads: the loop's.
 */
#ifndef HSP_GPU_LINK_H
#define HSP_GPU_LINK_H

#include "ipc/messages.h"

#include <uv.h>

struct hsp_gpu_link;

struct hsp_gpu_link_handlers {
    /* A negative errno closes the link. */
    int (*on_message)(void *user_data, struct hsp_ipc_message *message);
    /* The peer is gone (-EPIPE) or the link cannot be used; once, last. Never from inside a call
     * of the owner but for hsp_gpu_link_receive_rest. */
    void (*on_closed)(void *user_data, int error);
    /* All that was queued went out. May be NULL. */
    void (*on_drained)(void *user_data);
};

/* Steals the socket on success only. `handlers` must outlive the link. */
int hsp_gpu_link_create(uv_loop_t *loop, int socket_fd_steal,
                        const struct hsp_gpu_link_handlers *handlers, void *user_data,
                        struct hsp_gpu_link **out_link);

/* No callback comes after it. Takes NULL. */
void hsp_gpu_link_destroy(struct hsp_gpu_link *link);

/* As hsp_ipc_channel_send. After a failure on_closed follows: a peer that a message was lost for is
 * of no use. */
int hsp_gpu_link_send(struct hsp_gpu_link *link, uint32_t type, const void *payload, size_t size,
                      const int *fds, size_t fd_count);

/* As hsp_ipc_send_with_span. */
int hsp_gpu_link_send_with_span(struct hsp_gpu_link *link, uint32_t type, const void *body,
                                size_t body_size, const struct hsp_span *span);

/* Bytes, and descriptors, that the peer has not taken yet. */
size_t hsp_gpu_link_queued_size(struct hsp_gpu_link *link);
size_t hsp_gpu_link_queued_fd_count(struct hsp_gpu_link *link);

/* Handles everything that is still in the socket, and calls on_closed: for a peer process that is
 * known to have ended. */
void hsp_gpu_link_receive_rest(struct hsp_gpu_link *link);

#endif
