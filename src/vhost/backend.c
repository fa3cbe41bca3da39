/* SPDX-License-Identifier: MIT */
#include "vhost/backend.h"

#include "base/fd.h"
#include "vhost/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void hsp_vhost_backend_init(struct hsp_vhost_backend *backend)
{
    memset(backend, 0, sizeof(*backend));
    pthread_mutex_init(&backend->lock, NULL);
    backend->fd = backend->new_fd = -1;
    /* It only has to differ from what the front end knows; zeros would do if this failed. */
    if (getentropy(&backend->unknown_object, sizeof(backend->unknown_object)) < 0)
        memset(&backend->unknown_object, 0, sizeof(backend->unknown_object));
}

void hsp_vhost_backend_finish(struct hsp_vhost_backend *backend)
{
    hsp_fd_close(&backend->fd);
    hsp_fd_close(&backend->new_fd);
    pthread_mutex_destroy(&backend->lock);
}

void hsp_vhost_backend_give(struct hsp_vhost_backend *backend, int socket_fd_steal)
{
    hsp_fd_set_nonblocking(socket_fd_steal, false);
    pthread_mutex_lock(&backend->lock);
    hsp_fd_close(&backend->new_fd);
    backend->new_fd = socket_fd_steal;
    if (backend->fd >= 0)
        shutdown(backend->fd, SHUT_RDWR);
    pthread_mutex_unlock(&backend->lock);
}

void hsp_vhost_backend_hang_up(struct hsp_vhost_backend *backend)
{
    pthread_mutex_lock(&backend->lock);
    backend->hung_up = true;
    hsp_fd_close(&backend->new_fd);
    if (backend->fd >= 0)
        shutdown(backend->fd, SHUT_RDWR);
    pthread_mutex_unlock(&backend->lock);
}

/* The descriptor stays valid without the lock: only the caller thread closes it. */
static int begin(struct hsp_vhost_backend *backend)
{
    int fd;

    pthread_mutex_lock(&backend->lock);
    if (backend->new_fd >= 0) {
        hsp_fd_close(&backend->fd);
        backend->fd = backend->new_fd;
        backend->new_fd = -1;
    }
    fd = backend->hung_up ? -1 : backend->fd;
    pthread_mutex_unlock(&backend->lock);
    return fd < 0 ? -ENOTCONN : fd;
}

/* A request with an answer; *out_status is what the front end said. */
static int call(struct hsp_vhost_backend *backend, int socket_fd, uint32_t request,
                const void *payload, size_t size, int fd, uint64_t *out_status)
{
    struct hsp_vhost_message reply;
    int ret =
        hsp_vhost_message_send(socket_fd, request, HSP_VHOST_FLAG_NEED_REPLY, payload, size, fd);

    if (ret < 0)
        return ret;
    ret = hsp_vhost_message_receive(socket_fd, &reply);
    if (ret <= 0)
        return ret == 0 ? -ENOTCONN : ret;
    hsp_vhost_message_finish(&reply);
    if (reply.header.request != request || !(reply.header.flags & HSP_VHOST_FLAG_REPLY) ||
        reply.header.size != sizeof(*out_status)) {
        /* Out of step: nothing that comes after it can be trusted. */
        shutdown(socket_fd, SHUT_RDWR);
        return -EPROTO;
    }
    memcpy(out_status, reply.payload, sizeof(*out_status));
    return 0;
}

int hsp_vhost_backend_map(struct hsp_vhost_backend *backend, uint64_t window_offset, int fd,
                          uint64_t file_offset, uint64_t size)
{
    struct hsp_vhost_shmem_map map = {
        .shmid = HSP_VHOST_SHMID_WINDOW,
        .file_offset = file_offset,
        .window_offset = window_offset,
        .size = size,
        .flags = 1,
    };
    uint64_t status;
    int socket_fd = begin(backend);
    int ret;

    if (socket_fd < 0)
        return socket_fd;
    ret = call(backend, socket_fd, HSP_VHOST_BACKEND_SHMEM_MAP, &map, sizeof(map), fd, &status);
    if (ret < 0 || status != 0)
        return ret < 0 ? ret : -EREMOTEIO;
    /* QEMU answers before the guest's view has changed. It handles requests one after the other, so
     * behind the answer to another one the change is done. This one is refused silently. */
    return call(backend, socket_fd, HSP_VHOST_BACKEND_SHARED_OBJECT_REMOVE,
                &backend->unknown_object, sizeof(backend->unknown_object), -1, &status);
}

int hsp_vhost_backend_unmap(struct hsp_vhost_backend *backend, uint64_t window_offset,
                            uint64_t size)
{
    struct hsp_vhost_shmem_map map = {
        .shmid = HSP_VHOST_SHMID_WINDOW,
        .window_offset = window_offset,
        .size = size,
    };
    uint64_t status;
    int socket_fd = begin(backend);
    int ret;

    if (socket_fd < 0)
        return socket_fd;
    ret = call(backend, socket_fd, HSP_VHOST_BACKEND_SHMEM_UNMAP, &map, sizeof(map), -1, &status);
    if (ret < 0)
        return ret;
    return status == 0 ? 0 : -EREMOTEIO;
}

int hsp_vhost_backend_config_changed(struct hsp_vhost_backend *backend)
{
    int socket_fd = begin(backend);

    if (socket_fd < 0)
        return socket_fd;
    return hsp_vhost_message_send(socket_fd, HSP_VHOST_BACKEND_CONFIG_CHANGE, 0, NULL, 0, -1);
}
