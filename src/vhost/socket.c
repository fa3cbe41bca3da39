/* SPDX-License-Identifier: MIT */
#include "vhost/socket.h"

#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A socket that nobody listens at any more stands in the way of a new one. */
static bool is_stale(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool stale;

    if (fd < 0)
        return false;
    stale = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
            errno == ECONNREFUSED;
    hsp_fd_close(&fd);
    return stale;
}

int hsp_vhost_socket_listen(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct sockaddr *where = (const struct sockaddr *)&address;
    int fd, ret;

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return -errno;
    hsp_fd_set_cloexec(fd, true);
    ret = bind(fd, where, sizeof(address));
    if (ret < 0 && errno == EADDRINUSE && is_stale(&address) && unlink(path) == 0)
        ret = bind(fd, where, sizeof(address));
    if (ret == 0)
        ret = listen(fd, 1);
    if (ret < 0) {
        ret = -errno;
        hsp_fd_close(&fd);
        return ret;
    }
    return fd;
}

int hsp_vhost_socket_accept(int listen_fd, int event_fd)
{
    struct pollfd pollfds[2] = {
        {.fd = listen_fd, .events = POLLIN},
        {.fd = event_fd, .events = POLLIN},
    };

    for (;;) {
        int n = poll(pollfds, 2, -1);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0 && pollfds[1].revents)
            return -EINTR;
        if (n > 0 && pollfds[0].revents) {
            int fd = accept(listen_fd, NULL, NULL);
            if (fd < 0 && errno != EINTR && errno != ECONNABORTED && errno != EAGAIN)
                return -errno;
            if (fd >= 0) {
                hsp_fd_set_cloexec(fd, true);
                return fd;
            }
        }
    }
}

bool hsp_vhost_socket_is_listening(int fd)
{
    int listening = 0;
    socklen_t size = sizeof(listening);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

bool hsp_vhost_socket_is_stream(int fd)
{
    int type;
    socklen_t size = sizeof(type);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}
