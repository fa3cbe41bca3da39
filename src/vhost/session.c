/* SPDX-License-Identifier: MIT */
/*
 * The main channel: one function per request. They only change state under the device's lock; the
 * device thread is woken to follow.
 */
#include "vhost/device_private.h"

#include "base/fd.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>

#define BIT(n) (1ull << (n))

static const uint64_t transport_features =
    BIT(HSP_VIRTIO_F_INDIRECT_DESC) | BIT(HSP_VIRTIO_F_EVENT_IDX) |
    BIT(HSP_VHOST_F_PROTOCOL_FEATURES) | BIT(HSP_VIRTIO_F_VERSION_1);

/* QEMU can do more; see docs for why CONFIGURE_MEM_SLOTS and GPA_ADDRESSES are not offered. */
static uint64_t offered_protocol_features(const struct hsp_vhost_device *device)
{
    uint64_t features = BIT(HSP_VHOST_PROTOCOL_MQ) | BIT(HSP_VHOST_PROTOCOL_REPLY_ACK) |
                        BIT(HSP_VHOST_PROTOCOL_BACKEND_REQ) | BIT(HSP_VHOST_PROTOCOL_CONFIG) |
                        BIT(HSP_VHOST_PROTOCOL_BACKEND_SEND_FD);

    if (device->params.window_size > 0)
        features |= BIT(HSP_VHOST_PROTOCOL_SHMEM);
    return features;
}

/* A request being handled. */
struct request {
    struct hsp_vhost_device *device;
    struct hsp_vhost_message *message;
    struct hsp_vhost_reply *reply;
};

static int reply_value(struct request *request, uint64_t value)
{
    request->reply->value = value;
    request->reply->size = sizeof(value);
    return 1;
}

static uint64_t get_u64(const struct request *request)
{
    uint64_t value;

    memcpy(&value, request->message->payload, sizeof(value));
    return value;
}

/* NULL when the index is out of range. */
static struct hsp_vhost_queue *find_queue(struct hsp_vhost_device *device, uint64_t index)
{
    return index < device->params.queue_count ? &device->queues[index] : NULL;
}

/* The caller owns the result; -1 when the message had none. */
static int take_fd(struct hsp_vhost_message *message)
{
    int fd = message->fd_count > 0 ? message->fds[0] : -1;

    if (fd >= 0)
        message->fds[0] = -1;
    return fd;
}

static void update_queues_locked(struct hsp_vhost_device *device)
{
    bool began = false;

    for (uint32_t i = 0; i < device->params.queue_count; i++)
        began |= hsp_vhost_queue_update(&device->queues[i], device->memory);
    if (began)
        hsp_vhost_device_wake_locked(device);
}

/* ------------------------------------------------------------------ features */

static int handle_get_features(struct request *request)
{
    return reply_value(request, request->device->params.features | transport_features);
}

static int handle_set_features(struct request *request)
{
    struct hsp_vhost_device *device = request->device;
    uint64_t features = get_u64(request);

    if (features & ~(device->params.features | transport_features))
        return -EINVAL;
    pthread_mutex_lock(&device->lock);
    device->features = features;
    for (uint32_t i = 0; i < device->params.queue_count; i++) {
        device->queues[i].event_idx = (features & BIT(HSP_VIRTIO_F_EVENT_IDX)) != 0;
        if (!(features & BIT(HSP_VHOST_F_PROTOCOL_FEATURES)))
            device->queues[i].enabled = true;
    }
    pthread_mutex_unlock(&device->lock);
    return 0;
}

static int handle_get_protocol_features(struct request *request)
{
    return reply_value(request, offered_protocol_features(request->device));
}

static int handle_set_protocol_features(struct request *request)
{
    uint64_t features = get_u64(request);

    if (features & ~offered_protocol_features(request->device))
        return -EINVAL;
    request->device->protocol_features = features;
    return 0;
}

static int handle_owner(struct request *request)
{
    (void)request;
    return 0;
}

static int handle_get_queue_num(struct request *request)
{
    return reply_value(request, request->device->params.queue_count);
}

/* ------------------------------------------------------------------ memory */

static int handle_set_mem_table(struct request *request)
{
    struct hsp_vhost_device *device = request->device;
    struct hsp_vhost_message *message = request->message;
    struct hsp_vhost_memory *memory, *old;
    struct hsp_vhost_memory_table table;
    int ret;

    memset(&table, 0, sizeof(table));
    memcpy(&table, message->payload, HSP_MIN(message->header.size, sizeof(table)));
    if (table.region_count > HSP_VHOST_MAX_REGION_COUNT ||
        message->header.size != offsetof(struct hsp_vhost_memory_table, regions) +
                                    table.region_count * sizeof(table.regions[0]))
        return -EPROTO;
    if (message->fd_count != table.region_count)
        return -EINVAL;

    /* Only this thread changes it, so it may be looked at without the lock. */
    old = device->memory;
    ret = hsp_vhost_memory_create(table.regions, table.region_count, message->fds, old, &memory);
    if (ret < 0)
        return ret;
    pthread_mutex_lock(&device->lock);
    device->memory = memory;
    update_queues_locked(device);
    pthread_mutex_unlock(&device->lock);
    hsp_vhost_memory_unref(old);
    return 0;
}

static int handle_get_shmem_config(struct request *request)
{
    struct hsp_vhost_shmem_config *config = &request->reply->shmem_config;
    uint64_t window_size = request->device->params.window_size;

    memset(config, 0, sizeof(*config));
    config->region_count = window_size > 0;
    config->sizes[HSP_VHOST_SHMID_WINDOW] = window_size;
    request->reply->size = sizeof(*config);
    return 1;
}

static int handle_set_backend_req_fd(struct request *request)
{
    int fd = take_fd(request->message);

    if (fd < 0)
        return -EINVAL;
    hsp_vhost_backend_give(&request->device->backend, fd);
    return 0;
}

/* ------------------------------------------------------------------ queues */

static int handle_set_vring_num(struct request *request)
{
    struct hsp_vhost_vring_state state;
    struct hsp_vhost_queue *queue;
    int ret;

    memcpy(&state, request->message->payload, sizeof(state));
    queue = find_queue(request->device, state.index);
    if (!queue)
        return -EINVAL;
    pthread_mutex_lock(&request->device->lock);
    ret = hsp_vhost_queue_set_num(queue, state.num);
    pthread_mutex_unlock(&request->device->lock);
    return ret;
}

static int handle_set_vring_addr(struct request *request)
{
    struct hsp_vhost_vring_address address;
    struct hsp_vhost_queue *queue;
    int ret;

    memcpy(&address, request->message->payload, sizeof(address));
    queue = find_queue(request->device, address.index);
    if (!queue)
        return -EINVAL;
    pthread_mutex_lock(&request->device->lock);
    ret = hsp_vhost_queue_set_address(queue, &address);
    pthread_mutex_unlock(&request->device->lock);
    return ret;
}

/* A reset and a pause look the same until the queues are set up again: then queue 0 begins at 0 for
 * a new driver, and where it stopped for the old one. */
static int handle_set_vring_base(struct request *request)
{
    struct hsp_vhost_device *device = request->device;
    struct hsp_vhost_vring_state state;
    struct hsp_vhost_queue *queue;
    int ret = -EINVAL;

    memcpy(&state, request->message->payload, sizeof(state));
    queue = find_queue(device, state.index);
    if (!queue || state.num > UINT16_MAX)
        return -EINVAL;
    pthread_mutex_lock(&device->lock);
    if (!queue->running) {
        queue->base = (uint16_t)state.num;
        queue->has_base = true;
        ret = 0;
    }
    if (ret == 0 && state.index == 0 && state.num == 0) {
        for (uint32_t i = 0; i < device->params.queue_count; i++)
            hsp_vhost_queue_forget(&device->queues[i]);
        device->reset_pending = true;
        hsp_vhost_device_wake_locked(device);
    }
    pthread_mutex_unlock(&device->lock);
    return ret;
}

static int handle_get_vring_base(struct request *request)
{
    struct hsp_vhost_vring_state *state = &request->reply->vring_state;
    struct hsp_vhost_queue *queue;

    memcpy(state, request->message->payload, sizeof(*state));
    queue = find_queue(request->device, state->index);
    if (!queue)
        return -EPROTO; /* there is no way to say no */
    pthread_mutex_lock(&request->device->lock);
    state->num = hsp_vhost_queue_stop(queue);
    if (state->index == 0 && request->device->params.on_stop) {
        request->device->stop_pending = true;
        hsp_vhost_device_wake_locked(request->device);
    }
    pthread_mutex_unlock(&request->device->lock);
    request->reply->size = sizeof(*state);
    return 1;
}

static int handle_set_vring_enable(struct request *request)
{
    struct hsp_vhost_vring_state state;
    struct hsp_vhost_queue *queue;

    memcpy(&state, request->message->payload, sizeof(state));
    queue = find_queue(request->device, state.index);
    if (!queue || state.num > 1)
        return -EINVAL;
    pthread_mutex_lock(&request->device->lock);
    queue->enabled = state.num == 1;
    update_queues_locked(request->device);
    pthread_mutex_unlock(&request->device->lock);
    return 0;
}

/* The queue and the descriptor of SET_VRING_KICK, _CALL, _ERR; the caller owns *out_fd. */
static int take_queue_fd(struct request *request, struct hsp_vhost_queue **out_queue, int *out_fd)
{
    uint64_t value = get_u64(request);
    struct hsp_vhost_queue *queue = find_queue(request->device, value & HSP_VHOST_VRING_INDEX_MASK);
    bool has_fd = !(value & HSP_VHOST_VRING_NO_FD);

    if (!queue || has_fd != (request->message->fd_count == 1))
        return -EINVAL;
    *out_queue = queue;
    *out_fd = take_fd(request->message);
    return 0;
}

static int handle_set_vring_kick(struct request *request)
{
    struct hsp_vhost_device *device = request->device;
    struct hsp_vhost_queue *queue;
    int fd;
    int ret = take_queue_fd(request, &queue, &fd);

    if (ret < 0)
        return ret;
    if (fd < 0)
        return -ENOTSUP; /* it would have to be polled */
    pthread_mutex_lock(&device->lock);
    hsp_fd_close(&device->new_kick_fds[queue->index]);
    device->new_kick_fds[queue->index] = fd;
    device->kick_changed[queue->index] = true;
    queue->has_kick = true;
    hsp_vhost_queue_update(queue, device->memory);
    hsp_vhost_device_wake_locked(device);
    pthread_mutex_unlock(&device->lock);
    return 0;
}

static int handle_set_vring_call(struct request *request)
{
    struct hsp_vhost_queue *queue;
    int fd;
    int ret = take_queue_fd(request, &queue, &fd);

    if (ret < 0)
        return ret;
    pthread_mutex_lock(&request->device->lock);
    hsp_fd_close(&queue->call_fd);
    queue->call_fd = fd;
    /* An interrupt may have been due while there was nobody to tell. */
    queue->wants_notify = true;
    queue->signalled = false;
    hsp_vhost_queue_notify(queue);
    pthread_mutex_unlock(&request->device->lock);
    return 0;
}

static int handle_set_vring_err(struct request *request)
{
    struct hsp_vhost_queue *queue;
    int fd;
    int ret = take_queue_fd(request, &queue, &fd);

    if (ret < 0)
        return ret;
    pthread_mutex_lock(&request->device->lock);
    hsp_fd_close(&queue->error_fd);
    queue->error_fd = fd;
    pthread_mutex_unlock(&request->device->lock);
    return 0;
}

/* ------------------------------------------------------------------ config space */

static int decode_config(const struct request *request, struct hsp_vhost_config *config)
{
    const size_t fixed = offsetof(struct hsp_vhost_config, data);
    uint32_t size = request->message->header.size;

    if (size < fixed || size > sizeof(*config))
        return -EPROTO;
    memset(config, 0, sizeof(*config));
    memcpy(config, request->message->payload, size);
    if (config->size != size - fixed)
        return -EPROTO;
    return hsp_range_fits(config->offset, config->size, HSP_VHOST_MAX_CONFIG_SIZE) ? 0 : -EINVAL;
}

static int handle_get_config(struct request *request)
{
    struct hsp_vhost_config *config = &request->reply->config;
    int ret = decode_config(request, config);

    if (ret == -EPROTO)
        return ret;
    if (ret < 0) { /* an empty answer says no */
        request->reply->size = 0;
        return 1;
    }
    request->device->params.read_config(request->device->params.user_data, config->offset,
                                        config->data, config->size);
    request->reply->size = offsetof(struct hsp_vhost_config, data) + config->size;
    return 1;
}

static int handle_set_config(struct request *request)
{
    struct hsp_vhost_config config;
    int ret = decode_config(request, &config);

    if (ret == 0)
        request->device->params.write_config(request->device->params.user_data, config.offset,
                                             config.data, config.size);
    return ret;
}

/* ------------------------------------------------------------------ dispatch */

#define ANY_SIZE UINT32_MAX

struct handler {
    const char *name;
    int (*handle)(struct request *request);
    uint32_t size;
    uint32_t max_fd_count;
};

#define STATE_SIZE sizeof(struct hsp_vhost_vring_state)
#define U64_SIZE   sizeof(uint64_t)

static const struct handler handlers[] = {
    [HSP_VHOST_GET_FEATURES] = {"GET_FEATURES", handle_get_features, 0, 0},
    [HSP_VHOST_SET_FEATURES] = {"SET_FEATURES", handle_set_features, U64_SIZE, 0},
    [HSP_VHOST_SET_OWNER] = {"SET_OWNER", handle_owner, 0, 0},
    [HSP_VHOST_RESET_OWNER] = {"RESET_OWNER", handle_owner, 0, 0},
    [HSP_VHOST_SET_MEM_TABLE] = {"SET_MEM_TABLE", handle_set_mem_table, ANY_SIZE,
                                 HSP_VHOST_MAX_REGION_COUNT},
    [HSP_VHOST_SET_VRING_NUM] = {"SET_VRING_NUM", handle_set_vring_num, STATE_SIZE, 0},
    [HSP_VHOST_SET_VRING_ADDR] = {"SET_VRING_ADDR", handle_set_vring_addr,
                                  sizeof(struct hsp_vhost_vring_address), 0},
    [HSP_VHOST_SET_VRING_BASE] = {"SET_VRING_BASE", handle_set_vring_base, STATE_SIZE, 0},
    [HSP_VHOST_GET_VRING_BASE] = {"GET_VRING_BASE", handle_get_vring_base, STATE_SIZE, 0},
    [HSP_VHOST_SET_VRING_KICK] = {"SET_VRING_KICK", handle_set_vring_kick, U64_SIZE, 1},
    [HSP_VHOST_SET_VRING_CALL] = {"SET_VRING_CALL", handle_set_vring_call, U64_SIZE, 1},
    [HSP_VHOST_SET_VRING_ERR] = {"SET_VRING_ERR", handle_set_vring_err, U64_SIZE, 1},
    [HSP_VHOST_GET_PROTOCOL_FEATURES] = {"GET_PROTOCOL_FEATURES", handle_get_protocol_features, 0,
                                         0},
    [HSP_VHOST_SET_PROTOCOL_FEATURES] = {"SET_PROTOCOL_FEATURES", handle_set_protocol_features,
                                         U64_SIZE, 0},
    [HSP_VHOST_GET_QUEUE_NUM] = {"GET_QUEUE_NUM", handle_get_queue_num, 0, 0},
    [HSP_VHOST_SET_VRING_ENABLE] = {"SET_VRING_ENABLE", handle_set_vring_enable, STATE_SIZE, 0},
    [HSP_VHOST_SET_BACKEND_REQ_FD] = {"SET_BACKEND_REQ_FD", handle_set_backend_req_fd, 0, 1},
    [HSP_VHOST_GET_CONFIG] = {"GET_CONFIG", handle_get_config, ANY_SIZE, 0},
    [HSP_VHOST_SET_CONFIG] = {"SET_CONFIG", handle_set_config, ANY_SIZE, 0},
    [HSP_VHOST_GET_SHMEM_CONFIG] = {"GET_SHMEM_CONFIG", handle_get_shmem_config, 0, 0},
};

int hsp_vhost_session_handle(struct hsp_vhost_device *device, struct hsp_vhost_message *message,
                             struct hsp_vhost_reply *reply)
{
    struct request request = {.device = device, .message = message, .reply = reply};
    const struct handler *handler = NULL;
    int ret;

    if (message->header.request < HSP_ARRAY_COUNT(handlers))
        handler = &handlers[message->header.request];
    if (!handler || !handler->handle) {
        hsp_warning("vhost-user request %u is unknown", message->header.request);
        return -ENOSYS;
    }
    if ((handler->size != ANY_SIZE && message->header.size != handler->size) ||
        message->fd_count > handler->max_fd_count) {
        hsp_warning("vhost-user request %s is malformed: %u bytes, %zu descriptors", handler->name,
                    message->header.size, message->fd_count);
        return -EPROTO;
    }
    ret = handler->handle(&request);
    if (ret < 0)
        hsp_warning("vhost-user request %s refused: %s", handler->name, strerror(-ret));
    return ret;
}

/* ------------------------------------------------------------------ the channel */

static int answer(struct hsp_vhost_device *device, int socket_fd,
                  const struct hsp_vhost_message *message, int result,
                  const struct hsp_vhost_reply *reply)
{
    uint64_t status = result < 0;

    if (result == 1)
        return hsp_vhost_message_send(socket_fd, message->header.request, HSP_VHOST_FLAG_REPLY,
                                      &reply->value, reply->size, -1);
    if ((message->header.flags & HSP_VHOST_FLAG_NEED_REPLY) &&
        (device->protocol_features & BIT(HSP_VHOST_PROTOCOL_REPLY_ACK)))
        return hsp_vhost_message_send(socket_fd, message->header.request, HSP_VHOST_FLAG_REPLY,
                                      &status, sizeof(status), -1);
    return 0;
}

static void stop_queues(struct hsp_vhost_device *device)
{
    pthread_mutex_lock(&device->lock);
    for (uint32_t i = 0; i < device->params.queue_count; i++)
        hsp_vhost_queue_stop(&device->queues[i]);
    pthread_mutex_unlock(&device->lock);
}

int hsp_vhost_device_serve(struct hsp_vhost_device *device, int socket_fd)
{
    struct hsp_vhost_message message;
    struct hsp_vhost_reply reply;
    int ret;

    for (;;) {
        ret = hsp_vhost_message_receive(socket_fd, &message);
        if (ret <= 0)
            break;
        reply.size = 0;
        ret = hsp_vhost_session_handle(device, &message, &reply);
        hsp_vhost_message_finish(&message);
        if (ret == -EPROTO)
            break;
        ret = answer(device, socket_fd, &message, ret, &reply);
        if (ret < 0)
            break;
    }
    if (ret < 0 && ret != -EPIPE && ret != -ECONNRESET)
        hsp_error("connection to the VMM failed: %s", strerror(-ret));
    stop_queues(device);
    hsp_vhost_backend_hang_up(&device->backend);
    return ret == -EPIPE || ret == -ECONNRESET ? 0 : ret;
}
