/* SPDX-License-Identifier: MIT */
#include "base/event.h"

#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#ifdef __linux__

#include <sys/eventfd.h>

int hsp_event_create(int *out_read_fd, int *out_write_fd)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int copy;

    if (fd < 0)
        return -errno;
    copy = hsp_fd_dup(fd);
    if (copy < 0) {
        hsp_fd_close(&fd);
        return copy;
    }
    *out_read_fd = fd;
    *out_write_fd = copy;
    return 0;
}

bool hsp_event_close_is_seen(int write_fd)
{
    return false;
}

#else

int hsp_event_create(int *out_read_fd, int *out_write_fd)
{
    int fds[2];

    if (pipe(fds) < 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        hsp_fd_set_cloexec(fds[i], true);
        hsp_fd_set_nonblocking(fds[i], true);
    }
    *out_read_fd = fds[0];
    *out_write_fd = fds[1];
    return 0;
}

bool hsp_event_close_is_seen(int write_fd)
{
    struct pollfd pollfd = {.fd = write_fd, .events = POLLOUT};

    /* With no reader left, a pipe's write end polls POLLERR (Linux) or POLLHUP (BSD). */
    return poll(&pollfd, 1, 0) <= 0 || !(pollfd.revents & (POLLERR | POLLHUP));
}

#endif

void hsp_event_set(int write_fd)
{
    const uint64_t one = 1; /* the size that an eventfd wants; a pipe takes any */
    ssize_t n;

    do {
        n = write(write_fd, &one, sizeof(one));
    } while (n < 0 && errno == EINTR);
}
