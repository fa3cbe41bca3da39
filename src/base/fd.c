/* SPDX-License-Identifier: MIT */
#include "base/fd.h"

#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: SO_NOSIGPIPE is set on the socket instead */
#endif
#ifndef MSG_CMSG_CLOEXEC
#define MSG_CMSG_CLOEXEC 0
#endif

void hsp_fd_close(int *fd)
{
    int saved_errno = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved_errno;
}

int hsp_fd_dup(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

    return copy < 0 ? -errno : copy;
}

int hsp_fd_set_cloexec(int fd, bool cloexec)
{
    return fcntl(fd, F_SETFD, cloexec ? FD_CLOEXEC : 0) < 0 ? -errno : 0;
}

int hsp_fd_set_nonblocking(int fd, bool nonblocking)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return -errno;
    flags = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}

int hsp_fd_write_all(int fd, const void *data, size_t size)
{
    const char *cursor = data;

    while (size > 0) {
        ssize_t n = send(fd, cursor, size, MSG_NOSIGNAL);
        if (n < 0 && errno == ENOTSOCK)
            n = write(fd, cursor, size);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        cursor += n;
        size -= (size_t)n;
    }
    return 0;
}

int hsp_fd_read_all(int fd, void *data, size_t size)
{
    char *cursor = data;

    while (size > 0) {
        ssize_t n = read(fd, cursor, size);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        if (n == 0)
            return -EPIPE;
        cursor += n;
        size -= (size_t)n;
    }
    return 0;
}

int hsp_fd_socketpair(int out_fds[2])
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        hsp_fd_set_cloexec(fds[i], true);
#ifdef SO_NOSIGPIPE
        setsockopt(fds[i], SOL_SOCKET, SO_NOSIGPIPE, &(int){1}, sizeof(int));
#endif
    }
    memcpy(out_fds, fds, sizeof(fds));
    return 0;
}

union fd_control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * HSP_LIMIT_MESSAGE_FD_COUNT)];
};

ssize_t hsp_fd_sendmsg(int socket_fd, const void *data, size_t size, const int *fds,
                       size_t fd_count)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    union fd_control control;
    ssize_t n;

    if (fd_count > HSP_LIMIT_MESSAGE_FD_COUNT)
        return -EMSGSIZE;
    if (fd_count > 0) {
        memset(&control, 0, sizeof(control));
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * fd_count);
    }
    do {
        n = sendmsg(socket_fd, &msg, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* Takes over the descriptors of one control message; true if all fitted. */
static bool take_fds(struct cmsghdr *cmsg, int *fds, size_t *fd_count, size_t capacity)
{
    size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    bool fitted = true;

    for (size_t i = 0; i < count; i++) {
        int fd;

        memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(fd));
        if (*fd_count < capacity) {
            hsp_fd_set_cloexec(fd, true);
            fds[(*fd_count)++] = fd;
        } else {
            close(fd);
            fitted = false;
        }
    }
    return fitted;
}

ssize_t hsp_fd_recvmsg(int socket_fd, void *data, size_t size, int *fds, size_t *fd_count,
                       size_t capacity)
{
    struct iovec iov = {.iov_base = data, .iov_len = size};
    union fd_control control;
    struct msghdr msg = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes),
    };
    bool fitted = true;
    ssize_t n;

    do {
        n = recvmsg(socket_fd, &msg, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
        if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_RIGHTS)
            fitted &= take_fds(cmsg, fds, fd_count, capacity);
    }
    if (!fitted || (msg.msg_flags & MSG_CTRUNC))
        return -EMSGSIZE;
    return n;
}
