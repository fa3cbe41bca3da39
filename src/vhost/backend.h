/* SPDX-License-Identifier: MIT */
/*
 * The backend channel: requests of the device to the front end.
 *
 * QEMU answers a map request from its main loop, and in doing so sends a new memory table on the
 * main channel and waits there. So the requests are made by another thread than the one that serves
 * the main channel.
 *
 * Threads: the caller thread makes requests, one at a time; the session's thread gives and hangs
 * up.
 */
#ifndef HSP_VHOST_BACKEND_H
#define HSP_VHOST_BACKEND_H

#include "vhost/protocol.h"

#include <pthread.h>

struct hsp_vhost_backend {
    pthread_mutex_t lock;
    int fd;     /* used by the caller thread */
    int new_fd; /* given, not yet used */
    bool hung_up;
    struct hsp_vhost_shared_object unknown_object; /* random */
};

void hsp_vhost_backend_init(struct hsp_vhost_backend *backend);
void hsp_vhost_backend_finish(struct hsp_vhost_backend *backend);

/* From the session's thread: a new channel; the old one's request, if any, fails. */
void hsp_vhost_backend_give(struct hsp_vhost_backend *backend, int socket_fd_steal);

/* From the session's thread: the front end is gone; requests fail from now on. */
void hsp_vhost_backend_hang_up(struct hsp_vhost_backend *backend);

/* Maps `size` bytes of a file into the window; when it returns 0 the guest sees them. Waits for
 * the front end. -ENOTCONN without a channel; -EREMOTEIO when the front end refused; other negative
 * errnos. All numbers are multiples of the page size. */
int hsp_vhost_backend_map(struct hsp_vhost_backend *backend, uint64_t window_offset, int fd,
                          uint64_t file_offset, uint64_t size);

/* Undoes exactly one map. */
int hsp_vhost_backend_unmap(struct hsp_vhost_backend *backend, uint64_t window_offset,
                            uint64_t size);

/* Tells the guest that the config space changed. Does not wait. */
int hsp_vhost_backend_config_changed(struct hsp_vhost_backend *backend);

#endif
