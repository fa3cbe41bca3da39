/* SPDX-License-Identifier: MIT */
/*
 * hesper-gpu: one virtio-gpu for one VMM. It ends with status 0 when the VMM closes the connection:
 * whoever starts the next VM starts the next hesper-gpu.
 */
#include "base/event.h"
#include "base/fd.h"
#include "base/log.h"
#include "gpu/server.h"
#include "vhost/socket.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
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

/* ------------------------------------------------------------------ the VMM's sockets */

/* A socket that the command line names: connected, or listening; logged if there is none. */
static int open_socket(const struct hsp_gpu_socket *named)
{
    int fd = named->fd;

    if (named->path) {
        fd = hsp_vhost_socket_listen(named->path);
        if (fd < 0)
            hsp_error("cannot listen at %s: %s", named->path, strerror(-fd));
        return fd;
    }
    if (!hsp_vhost_socket_is_stream(fd)) {
        hsp_error("descriptor %d is no stream socket", fd);
        return -ENOTSOCK;
    }
    hsp_fd_set_cloexec(fd, true);
    return fd;
}

static bool open_input_sockets(const struct hsp_gpu_options *options, int fds[HSP_INPUT_KIND_COUNT])
{
    for (size_t i = 0; i < HSP_INPUT_KIND_COUNT; i++) {
        fds[i] = -1;
        if (!options->inputs[i].path && options->inputs[i].fd < 0)
            continue;
        fds[i] = open_socket(&options->inputs[i]);
        if (fds[i] < 0)
            return false;
    }
    return true;
}

static void unlink_sockets(const struct hsp_gpu_options *options)
{
    if (options->socket.path)
        unlink(options->socket.path);
    for (size_t i = 0; i < HSP_INPUT_KIND_COUNT; i++) {
        if (options->inputs[i].path)
            unlink(options->inputs[i].path);
    }
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

    if (hsp_vhost_socket_is_listening(socket_fd)) {
        fd = hsp_vhost_socket_accept(socket_fd, event_fd);
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
    int input_fds[HSP_INPUT_KIND_COUNT];
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
    socket_fd = open_socket(&options.socket);
    if (socket_fd < 0 || !open_input_sockets(&options, input_fds))
        return 1;
    if (options.notify_fd >= 0) {
        hsp_fd_set_cloexec(options.notify_fd, true);
        hsp_fd_set_nonblocking(options.notify_fd, true);
    }
    ret = catch_signals(&event_fd);
    if (ret == 0)
        ret = hsp_gpu_server_start(&options, input_fds, &server);
    if (ret == 0)
        ret = serve(server, socket_fd, event_fd);
    hsp_gpu_server_stop(server);
    unlink_sockets(&options);
    return ret == 0 || ret == -EINTR ? 0 : 1;
}
