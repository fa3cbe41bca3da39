/* SPDX-License-Identifier: MIT */
/*
 * hesper-gpu: one virtio-gpu for one VMM. It ends with status 0 when the VMM closes the connection:
 * whoever starts the next VM starts the next hesper-gpu.
 */
#include "base/event.h"
#include "base/fd.h"
#include "base/log.h"
#include "gpu/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* For the signal handler only: what ends the wait for a VMM, and the connection to it. */
static volatile sig_atomic_t quit_event_fd = -1;
static volatile sig_atomic_t connection_fd = -1;

static void on_signal(int signum)
{
    int saved_errno = errno;

    (void)signum;
    hsp_event_set(quit_event_fd);
    if (connection_fd >= 0)
        shutdown(connection_fd, SHUT_RDWR);
    errno = saved_errno;
}

static int catch_signals(int *out_event_fd)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    int write_fd;
    int ret = hsp_event_create(out_event_fd, &write_fd);

    if (ret < 0)
        return ret;
    quit_event_fd = write_fd;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

/* ------------------------------------------------------------------ the VMM's socket */

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

static int listen_at(const char *path)
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

/* Waits for a connection or a signal (-EINTR). */
static int wait_for_connection(int listen_fd, int event_fd)
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

static bool is_listening(int fd)
{
    int listening = 0;
    socklen_t size = sizeof(listening);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

static bool is_socket(int fd)
{
    int type;
    socklen_t size = sizeof(type);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

/* The socket that the command line names: connected, or listening; logged if there is none. */
static int open_socket(const struct hsp_gpu_options *options)
{
    int fd = options->socket_fd;

    if (options->socket_path) {
        fd = listen_at(options->socket_path);
        if (fd < 0)
            hsp_error("cannot listen at %s: %s", options->socket_path, strerror(-fd));
        return fd;
    }
    if (!is_socket(fd)) {
        hsp_error("--fd=%d is no stream socket", fd);
        return -ENOTSOCK;
    }
    hsp_fd_set_cloexec(fd, true);
    return fd;
}

/* A signal that came before there was a connection to shut down. */
static bool is_ending(int event_fd)
{
    struct pollfd pollfd = {.fd = event_fd, .events = POLLIN};

    return poll(&pollfd, 1, 0) > 0;
}

static int serve(struct hsp_gpu_server *server, int socket_fd, int event_fd)
{
    int fd = socket_fd;
    int ret;

    if (is_listening(socket_fd)) {
        fd = wait_for_connection(socket_fd, event_fd);
        if (fd < 0)
            return fd;
    }
    hsp_fd_set_nonblocking(fd, false);
    connection_fd = fd;
    ret = is_ending(event_fd) ? -EINTR : hsp_gpu_server_serve(server, fd);
    connection_fd = -1;
    if (fd != socket_fd)
        hsp_fd_close(&fd);
    return ret;
}

int main(int argc, char **argv)
{
    static struct hsp_gpu_options options;
    struct hsp_gpu_server *server = NULL;
    int event_fd, socket_fd;
    int ret;

    hsp_log_init("hesper-gpu");
    switch (hsp_gpu_options_parse(argc, argv, &options)) {
    case HSP_GPU_OPTIONS_DONE:
        return 0;
    case HSP_GPU_OPTIONS_WRONG:
        return 2;
    case HSP_GPU_OPTIONS_RUN:
        break;
    }
    socket_fd = open_socket(&options);
    if (socket_fd < 0)
        return 1;
    if (options.notify_fd >= 0) {
        hsp_fd_set_cloexec(options.notify_fd, true);
        hsp_fd_set_nonblocking(options.notify_fd, true);
    }
    ret = catch_signals(&event_fd);
    if (ret == 0)
        ret = hsp_gpu_server_start(&options, &server);
    if (ret == 0)
        ret = serve(server, socket_fd, event_fd);
    hsp_gpu_server_stop(server);
    if (options.socket_path)
        unlink(options.socket_path);
    return ret == 0 || ret == -EINTR ? 0 : 1;
}
