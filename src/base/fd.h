/* SPDX-License-Identifier: MIT */
/*
 * File descriptors. Everything hesper opens is close-on-exec; whoever spawns a child names the
 * descriptors that it gets. All functions are safe from any thread.
 */
#ifndef HSP_BASE_FD_H
#define HSP_BASE_FD_H

#include "base/util.h"

#include <sys/types.h>

/* Closes *fd if it is not negative, and sets it to -1. Keeps errno. */
void hsp_fd_close(int *fd);

/* Close-on-exec duplicate; negative errno on failure. */
int hsp_fd_dup(int fd);

int hsp_fd_set_cloexec(int fd, bool cloexec);
int hsp_fd_set_nonblocking(int fd, bool nonblocking);

/* Writes or reads exactly `size` bytes of a blocking descriptor, over signals and short transfers.
 * 0, or negative errno; -EPIPE when the other end closed before all bytes came. */
int hsp_fd_write_all(int fd, const void *data, size_t size);
int hsp_fd_read_all(int fd, void *data, size_t size);

/* A connected pair of AF_UNIX stream sockets, close-on-exec. 0 or negative errno. */
int hsp_fd_socketpair(int out_fds[2]);

/* sendmsg with up to HSP_LIMIT_MESSAGE_FD_COUNT descriptors attached to the first byte. Returns the
 * bytes sent (may be short on a nonblocking socket), or negative errno. Never raises SIGPIPE. */
ssize_t hsp_fd_sendmsg(int socket_fd, const void *data, size_t size, const int *fds,
                       size_t fd_count);

/* recvmsg; descriptors that came along are close-on-exec, owned by the caller, and appended to
 * fds[*fd_count ... capacity); those that do not fit are closed and the call gives -EMSGSIZE.
 * Returns the bytes received, 0 at the end of the stream, or negative errno. */
ssize_t hsp_fd_recvmsg(int socket_fd, void *data, size_t size, int *fds, size_t *fd_count,
                       size_t capacity);

#endif
