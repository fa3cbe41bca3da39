/* SPDX-License-Identifier: MIT */
/*
 * Sockets that a VMM connects to. Safe from any thread.
 */
#ifndef HSP_VHOST_SOCKET_H
#define HSP_VHOST_SOCKET_H

#include "base/util.h"

/* Listens at `path`; a socket there that nobody listens at any more is replaced. The descriptor,
 * or negative errno. */
int hsp_vhost_socket_listen(const char *path);

bool hsp_vhost_socket_is_stream(int fd);
bool hsp_vhost_socket_is_listening(int fd);

/* Waits for a connection; its descriptor, or negative errno: -EINTR once `event_fd` is readable. */
int hsp_vhost_socket_accept(int listen_fd, int event_fd);

#endif
