/* SPDX-License-Identifier: MIT */
#include "vhost/device_private.h"

#include "base/fd.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_REFUSED_IN_A_ROW 64

int hsp_vhost_device_create(const struct hsp_vhost_device_params *params,
                            struct hsp_vhost_device **out_device)
{
    struct hsp_vhost_device *device = calloc(1, sizeof(*device));

    if (!device)
        return -ENOMEM;
    device->params = *params;
    pthread_mutex_init(&device->lock, NULL);
    hsp_vhost_backend_init(&device->backend);
    for (uint32_t i = 0; i < HSP_VHOST_MAX_QUEUE_COUNT; i++) {
        hsp_vhost_queue_init(&device->queues[i], i);
        device->new_kick_fds[i] = -1;
    }
    *out_device = device;
    return 0;
}

void hsp_vhost_device_destroy(struct hsp_vhost_device *device)
{
    if (!device)
        return;
    for (uint32_t i = 0; i < HSP_VHOST_MAX_QUEUE_COUNT; i++) {
        hsp_vhost_queue_finish(&device->queues[i]);
        hsp_fd_close(&device->new_kick_fds[i]);
    }
    hsp_vhost_memory_unref(device->memory);
    hsp_vhost_backend_finish(&device->backend);
    pthread_mutex_destroy(&device->lock);
    free(device);
}

void hsp_vhost_device_wake_locked(struct hsp_vhost_device *device)
{
    if (device->attached)
        uv_async_send(&device->wakeup);
}

/* ------------------------------------------------------------------ kicks */

void hsp_vhost_device_look(struct hsp_vhost_device *device, uint32_t queue_index)
{
    bool again;

    device->batching = true;
    again = device->params.on_queue(device->params.user_data, queue_index);
    device->batching = false;
    pthread_mutex_lock(&device->lock);
    for (uint32_t i = 0; i < device->params.queue_count; i++)
        hsp_vhost_queue_notify(&device->queues[i]);
    if (again)
        hsp_vhost_device_wake_locked(device);
    pthread_mutex_unlock(&device->lock);
}

static void on_kick_closed(uv_handle_t *handle)
{
    struct hsp_vhost_kick *kick =
        HSP_CONTAINER_OF((uv_poll_t *)handle, struct hsp_vhost_kick, poll);

    hsp_fd_close(&kick->fd);
    free(kick);
}

static void stop_kick(struct hsp_vhost_device *device, uint32_t queue_index)
{
    if (device->kicks[queue_index])
        uv_close((uv_handle_t *)&device->kicks[queue_index]->poll, on_kick_closed);
    device->kicks[queue_index] = NULL;
}

static void on_kick(uv_poll_t *poll, int status, int events)
{
    struct hsp_vhost_kick *kick = HSP_CONTAINER_OF(poll, struct hsp_vhost_kick, poll);
    char drained[64];

    (void)events;
    if (status < 0 || read(kick->fd, drained, sizeof(drained)) == 0) {
        hsp_error("the kick descriptor of virtqueue %u failed", kick->queue_index);
        stop_kick(kick->device, kick->queue_index);
        return;
    }
    hsp_vhost_device_look(kick->device, kick->queue_index);
}

static void start_kick(struct hsp_vhost_device *device, uint32_t queue_index, int fd_steal)
{
    struct hsp_vhost_kick *kick = calloc(1, sizeof(*kick));
    int ret = -ENOMEM;

    if (kick) {
        kick->fd = fd_steal;
        kick->device = device;
        kick->queue_index = queue_index;
        ret = uv_poll_init(device->loop, &kick->poll, fd_steal);
    }
    if (ret < 0) {
        hsp_error("cannot watch the kick descriptor of virtqueue %u: %s", queue_index,
                  strerror(-ret));
        hsp_fd_close(&fd_steal);
        free(kick);
        return;
    }
    device->kicks[queue_index] = kick;
    uv_poll_start(&kick->poll, UV_READABLE, on_kick);
}

static void follow_kick(struct hsp_vhost_device *device, uint32_t queue_index)
{
    bool changed;
    int fd;

    pthread_mutex_lock(&device->lock);
    changed = device->kick_changed[queue_index];
    fd = device->new_kick_fds[queue_index];
    device->kick_changed[queue_index] = false;
    device->new_kick_fds[queue_index] = -1;
    pthread_mutex_unlock(&device->lock);
    if (!changed)
        return;
    stop_kick(device, queue_index);
    if (fd >= 0)
        start_kick(device, queue_index, fd);
}

static void on_wakeup(uv_async_t *async)
{
    struct hsp_vhost_device *device = HSP_CONTAINER_OF(async, struct hsp_vhost_device, wakeup);
    bool stop, reset;

    pthread_mutex_lock(&device->lock);
    stop = device->stop_pending;
    reset = device->reset_pending;
    device->stop_pending = device->reset_pending = false;
    pthread_mutex_unlock(&device->lock);
    if (reset)
        device->params.on_reset(device->params.user_data);
    else if (stop)
        device->params.on_stop(device->params.user_data);
    for (uint32_t i = 0; i < device->params.queue_count; i++) {
        follow_kick(device, i);
        hsp_vhost_device_look(device, i);
    }
}

int hsp_vhost_device_attach(struct hsp_vhost_device *device, uv_loop_t *loop)
{
    int ret = uv_async_init(loop, &device->wakeup, on_wakeup);

    if (ret < 0)
        return ret;
    device->loop = loop;
    pthread_mutex_lock(&device->lock);
    device->attached = true;
    hsp_vhost_device_wake_locked(device);
    pthread_mutex_unlock(&device->lock);
    return 0;
}

void hsp_vhost_device_detach(struct hsp_vhost_device *device)
{
    bool was_attached;

    pthread_mutex_lock(&device->lock);
    was_attached = device->attached;
    device->attached = false;
    pthread_mutex_unlock(&device->lock);
    if (!was_attached)
        return;
    uv_close((uv_handle_t *)&device->wakeup, NULL);
    for (uint32_t i = 0; i < HSP_VHOST_MAX_QUEUE_COUNT; i++)
        stop_kick(device, i);
}

/* ------------------------------------------------------------------ requests */

struct hsp_vhost_chain *hsp_vhost_device_take(struct hsp_vhost_device *device, uint32_t queue_index)
{
    struct hsp_vhost_chain *chain = NULL;
    enum hsp_vhost_take take = HSP_VHOST_TAKE_REFUSED;

    pthread_mutex_lock(&device->lock);
    /* Requests of a new driver wait until the old one's state is gone. */
    if (device->reset_pending)
        take = HSP_VHOST_TAKE_NONE;
    /* A driver that never stops sending malformed requests must not keep the lock. */
    for (int i = 0; i < MAX_REFUSED_IN_A_ROW && take == HSP_VHOST_TAKE_REFUSED; i++)
        take = hsp_vhost_queue_take(&device->queues[queue_index], &chain);
    if (take == HSP_VHOST_TAKE_REFUSED)
        hsp_vhost_device_wake_locked(device);
    pthread_mutex_unlock(&device->lock);
    return take == HSP_VHOST_TAKE_CHAIN ? chain : NULL;
}

void hsp_vhost_device_answer(struct hsp_vhost_device *device, struct hsp_vhost_chain *chain,
                             const void *data, size_t size)
{
    struct hsp_vhost_queue *queue = &device->queues[chain->queue_index];

    pthread_mutex_lock(&device->lock);
    hsp_vhost_queue_answer(queue, chain, data, size);
    if (!device->batching)
        hsp_vhost_queue_notify(queue);
    pthread_mutex_unlock(&device->lock);
}

bool hsp_vhost_device_is_running(struct hsp_vhost_device *device, uint32_t queue_index)
{
    bool running;

    pthread_mutex_lock(&device->lock);
    running = device->queues[queue_index].running && !device->reset_pending;
    pthread_mutex_unlock(&device->lock);
    return running;
}

struct hsp_vhost_memory *hsp_vhost_device_get_memory(struct hsp_vhost_device *device)
{
    struct hsp_vhost_memory *memory;

    pthread_mutex_lock(&device->lock);
    memory = device->memory ? hsp_vhost_memory_ref(device->memory) : NULL;
    pthread_mutex_unlock(&device->lock);
    return memory;
}

/* ------------------------------------------------------------------ requests to the front end */

int hsp_vhost_device_map(struct hsp_vhost_device *device, uint64_t window_offset, int fd,
                         uint64_t file_offset, uint64_t size)
{
    return hsp_vhost_backend_map(&device->backend, window_offset, fd, file_offset, size);
}

int hsp_vhost_device_unmap(struct hsp_vhost_device *device, uint64_t window_offset, uint64_t size)
{
    return hsp_vhost_backend_unmap(&device->backend, window_offset, size);
}

int hsp_vhost_device_config_changed(struct hsp_vhost_device *device)
{
    return hsp_vhost_backend_config_changed(&device->backend);
}
