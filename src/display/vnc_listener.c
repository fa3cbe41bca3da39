/* SPDX-License-Identifier: MIT */
#include "display/vnc_listener.h"

#include "base/fd.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG    16
#define FIRST_PORT 5900
#define LAST_PORT  5999

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un path;
};

/* A nonblocking stream socket, or negative errno. */
static int open_socket(int family)
{
    int fd = socket(family, SOCK_STREAM, 0);

    if (fd < 0)
        return -errno;
    hsp_fd_set_cloexec(fd, true);
    hsp_fd_set_nonblocking(fd, true);
    return fd;
}

/* ------------------------------------------------------------------ TCP */

static socklen_t make_tcp_address(const char *text, uint16_t port, union address *out)
{
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        return sizeof(out->v4);
    }
    inet_pton(AF_INET6, text, &out->v6.sin6_addr);
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(port);
    return sizeof(out->v6);
}

/* A listening socket, or negative errno. */
static int listen_tcp(const char *text, uint16_t port)
{
    union address address;
    socklen_t size = make_tcp_address(text, port, &address);
    int fd = open_socket(address.any.sa_family);
    int on = 1, ret;

    if (fd < 0)
        return fd;
    /* Connections of a display that died must not keep the port from the next one. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, &address.any, size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    ret = -errno;
    hsp_fd_close(&fd);
    return ret;
}

static int open_tcp(struct hsp_vnc_listener *listener, const struct hsp_display_choice *choice,
                    uint32_t index, uint16_t preferred_port)
{
    bool is_v6 = strchr(choice->address, ':') != NULL;
    uint32_t port = choice->port ? choice->port + index : FIRST_PORT + index;
    uint32_t last = choice->port ? port : LAST_PORT;
    int fd = -EADDRINUSE;

    if (port > UINT16_MAX)
        return -EADDRNOTAVAIL;
    if (choice->port == 0 && preferred_port != 0)
        fd = listen_tcp(choice->address, preferred_port);
    if (fd >= 0)
        port = preferred_port;
    for (; fd == -EADDRINUSE && port <= last; port++) {
        fd = listen_tcp(choice->address, (uint16_t)port);
        if (fd >= 0)
            break;
    }
    if (fd < 0)
        return fd;
    listener->port = (uint16_t)port;
    snprintf(listener->name, sizeof(listener->name), is_v6 ? "[%s]:%u" : "%s:%u", choice->address,
             (unsigned)port);
    return fd;
}

/* ------------------------------------------------------------------ unix sockets */

/* Whether somebody listens there. */
static bool is_alive(const union address *address)
{
    int fd = open_socket(AF_UNIX);
    bool alive;

    if (fd < 0)
        return true;
    alive = connect(fd, &address->any, sizeof(address->path)) == 0 || errno == EAGAIN ||
            errno == EINPROGRESS;
    hsp_fd_close(&fd);
    return alive;
}

static bool is_socket(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int bind_path(int fd, const union address *address)
{
    const char *path = address->path.sun_path;

    if (bind(fd, &address->any, sizeof(address->path)) == 0)
        return 0;
    if (errno != EADDRINUSE)
        return -errno;
    if (!is_socket(path) || is_alive(address))
        return -EADDRINUSE;
    if (unlink(path) < 0 || bind(fd, &address->any, sizeof(address->path)) < 0)
        return -errno;
    return 0;
}

static int open_path(struct hsp_vnc_listener *listener, const struct hsp_display_choice *choice,
                     uint32_t index)
{
    union address address = {.path.sun_family = AF_UNIX};
    int fd = open_socket(AF_UNIX);
    mode_t mask;
    int path_length, ret;

    if (fd < 0)
        return fd;
    path_length = snprintf(address.path.sun_path, sizeof(address.path.sun_path),
                           index == 0 ? "%s" : "%s-%u", choice->socket_path, index);
    if (path_length < 0 || (size_t)path_length >= sizeof(address.path.sun_path)) {
        hsp_fd_close(&fd);
        return -ENAMETOOLONG;
    }
    mask = umask(077); /* for nobody else; no other thread makes files here */
    ret = bind_path(fd, &address);
    umask(mask);
    if (ret == 0 && listen(fd, BACKLOG) < 0)
        ret = -errno;
    if (ret < 0) {
        hsp_fd_close(&fd);
        return ret;
    }
    strcpy(listener->socket_path, address.path.sun_path);
    snprintf(listener->name, sizeof(listener->name), "unix:%s", listener->socket_path);
    return fd;
}

/* ------------------------------------------------------------------ connections */

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct hsp_vnc_listener *listener = HSP_CONTAINER_OF(poll, struct hsp_vnc_listener, poll);
    int on = 1, fd = accept(listener->fd, NULL, NULL);

    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            hsp_log_guest("a VNC viewer cannot be let in: %s", strerror(errno));
        return;
    }
    hsp_fd_set_cloexec(fd, true);
    if (listener->port != 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        /* A machine that was switched off does not say so. */
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    }
    listener->on_connection(listener->user_data, fd);
}

int hsp_vnc_listener_open(struct hsp_vnc_listener *listener, uv_loop_t *loop,
                          const struct hsp_display_choice *choice, uint32_t index,
                          uint16_t preferred_port)
{
    int ret;

    listener->port = 0;
    listener->socket_path[0] = '\0';
    listener->fd = choice->socket_path[0] ? open_path(listener, choice, index)
                                          : open_tcp(listener, choice, index, preferred_port);
    if (listener->fd < 0)
        return listener->fd;
    ret = uv_poll_init(loop, &listener->poll, listener->fd);
    if (ret < 0) {
        hsp_fd_close(&listener->fd);
        return ret;
    }
    uv_poll_start(&listener->poll, UV_READABLE, on_poll);
    return 0;
}

void hsp_vnc_listener_close(struct hsp_vnc_listener *listener)
{
    if (listener->fd < 0)
        return;
    uv_close((uv_handle_t *)&listener->poll, NULL);
    hsp_fd_close(&listener->fd);
    if (listener->socket_path[0] != '\0')
        unlink(listener->socket_path);
}
