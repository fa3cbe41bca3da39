/* SPDX-License-Identifier: MIT */
#include "gpu/control_socket.h"

#include "base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 16

/* A folder of ours that nobody else may look into: in /tmp somebody else could have made it. */
static int make_private_folder(const char *path)
{
    struct stat st;

    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return -errno;
    if (lstat(path, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode) || st.st_uid != getuid() || (st.st_mode & 077) != 0)
        return -EPERM;
    return 0;
}

static int make_folder(char *out_path, size_t size)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char parent[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    bool has_runtime = runtime && runtime[0] != '\0';
    int length, ret;

    length = has_runtime ? snprintf(parent, sizeof(parent), "%s", runtime)
                         : snprintf(parent, sizeof(parent), "/tmp/hesper-%ld", (long)getuid());
    if (length < 0 || (size_t)length >= sizeof(parent))
        return -ENAMETOOLONG;
    if (!has_runtime) {
        ret = make_private_folder(parent);
        if (ret < 0)
            return ret;
    }
    length = snprintf(out_path, size, "%s/hesper", parent);
    if (length < 0 || (size_t)length >= size)
        return -ENAMETOOLONG;
    return make_private_folder(out_path);
}

/* Whether somebody listens there. */
static bool is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool alive;

    if (fd < 0)
        return true;
    hsp_fd_set_cloexec(fd, true);
    hsp_fd_set_nonblocking(fd, true);
    alive = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
            errno == EAGAIN || errno == EINPROGRESS;
    hsp_fd_close(&fd);
    return alive;
}

static int bind_and_listen(int fd, const struct sockaddr_un *address)
{
    const struct sockaddr *where = (const struct sockaddr *)address;

    if (bind(fd, where, sizeof(*address)) < 0) {
        if (errno != EADDRINUSE || is_alive(address))
            return -errno;
        if (unlink(address->sun_path) < 0 || bind(fd, where, sizeof(*address)) < 0)
            return -errno;
    }
    return listen(fd, BACKLOG) < 0 ? -errno : 0;
}

int hsp_gpu_control_socket_listen(const char *name, struct sockaddr_un *out_address)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[sizeof(address.sun_path)];
    int ret = make_folder(folder, sizeof(folder));
    int length, fd;

    if (ret < 0)
        return ret;
    length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s.sock", folder, name);
    if (length < 0 || (size_t)length >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return -errno;
    hsp_fd_set_cloexec(fd, true);
    hsp_fd_set_nonblocking(fd, true);
    ret = bind_and_listen(fd, &address);
    if (ret < 0) {
        hsp_fd_close(&fd);
        return ret;
    }
    *out_address = address;
    return fd;
}
