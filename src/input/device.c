/* SPDX-License-Identifier: MIT */
#include "input/device.h"

#include "base/event.h"
#include "base/fd.h"
#include "base/log.h"
#include "vhost/device.h"
#include "vhost/socket.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Buffers taken in one go, before other things of the loop have their turn. */
#define MAX_TAKEN_IN_A_ROW 64

struct hsp_input_device {
    struct hsp_input_device_params params;
    struct hsp_vhost_device *vhost;

    /* The device thread only. */
    struct hsp_input_events events;
    bool has_driver;
    uint32_t leds;

    /* The session's thread only. */
    uint8_t select, subsel;

    /* The session's thread, and what ends it. */
    pthread_t thread;
    int socket_fd; /* as given; -1: there is no thread */
    int quit_fd, quit_write_fd;
    pthread_mutex_t lock; /* guards what follows */
    int connection_fd;    /* the socket, or accepted from it; -1: not served */
    bool is_quitting;
};

/* ------------------------------------------------------------------ config space */

static void read_config(void *user_data, uint32_t offset, void *out, uint32_t size)
{
    struct hsp_input_device *device = user_data;
    struct hsp_input_config config;

    hsp_input_config_get(device->params.kind, device->select, device->subsel, &config);
    memset(out, 0, size);
    if (offset < sizeof(config))
        memcpy(out, (const char *)&config + offset, HSP_MIN(size, sizeof(config) - offset));
}

/* A VMM may write both fields, or the whole space, where the driver wrote one of them. */
static void write_config(void *user_data, uint32_t offset, const void *data, uint32_t size)
{
    struct hsp_input_device *device = user_data;
    const uint8_t *bytes = data;

    for (uint32_t i = 0; i < size && offset + i < 2; i++)
        *(offset + i == 0 ? &device->select : &device->subsel) = bytes[i];
}

/* ------------------------------------------------------------------ queues */

/* True when there may be more to do. */
static bool give_events(struct hsp_input_device *device)
{
    struct hsp_input_event event;

    for (int i = 0; i < MAX_TAKEN_IN_A_ROW; i++) {
        struct hsp_vhost_chain *chain;
        if (!hsp_input_events_peek(&device->events, &event))
            return false;
        chain = hsp_vhost_device_take(device->vhost, HSP_INPUT_QUEUE_EVENT);
        if (!chain)
            return false;
        /* A buffer that is too small is given back empty. */
        if (chain->writable_size < sizeof(event)) {
            hsp_vhost_device_answer(device->vhost, chain, NULL, 0);
            continue;
        }
        hsp_input_events_drop(&device->events);
        hsp_vhost_device_answer(device->vhost, chain, &event, sizeof(event));
    }
    return true;
}

static void set_leds(struct hsp_input_device *device, uint32_t leds)
{
    if (leds == device->leds)
        return;
    device->leds = leds;
    if (device->params.on_leds)
        device->params.on_leds(device->params.user_data, leds);
}

/* The state of a lamp; other states are of no use here. */
static uint32_t get_leds_after(uint32_t leds, const struct hsp_input_event *event)
{
    uint32_t bit;

    if (event->type != HSP_EV_LED || event->code > HSP_LED_SCROLLL)
        return leds;
    bit = 1u << event->code;
    return event->value ? leds | bit : leds & ~bit;
}

static bool take_states(struct hsp_input_device *device)
{
    uint32_t leds = device->leds;
    bool again = true;

    for (int i = 0; i < MAX_TAKEN_IN_A_ROW && again; i++) {
        struct hsp_vhost_chain *chain =
            hsp_vhost_device_take(device->vhost, HSP_INPUT_QUEUE_STATUS);
        struct hsp_input_event event;
        again = chain != NULL;
        if (!chain)
            break;
        if (hsp_vhost_chain_read(chain, 0, &event, sizeof(event)) == sizeof(event))
            leds = get_leds_after(leds, &event);
        hsp_vhost_device_answer(device->vhost, chain, NULL, 0);
    }
    set_leds(device, leds);
    return again;
}

static bool on_queue(void *user_data, uint32_t queue_index)
{
    struct hsp_input_device *device = user_data;

    return queue_index == HSP_INPUT_QUEUE_EVENT ? give_events(device) : take_states(device);
}

/* A new driver knows of nothing that is pressed. */
static void on_reset(void *user_data)
{
    struct hsp_input_device *device = user_data;

    hsp_input_events_init(&device->events);
    set_leds(device, 0);
    device->has_driver = true;
}

bool hsp_input_device_has_driver(const struct hsp_input_device *device)
{
    return device->has_driver;
}

struct hsp_input_events *hsp_input_device_get_events(struct hsp_input_device *device)
{
    return &device->events;
}

void hsp_input_device_flush(struct hsp_input_device *device)
{
    hsp_vhost_device_look(device->vhost, HSP_INPUT_QUEUE_EVENT);
}

/* ------------------------------------------------------------------ session */

/* False when the device is shut down already. */
static bool begin_session(struct hsp_input_device *device, int fd)
{
    bool begins;

    pthread_mutex_lock(&device->lock);
    begins = !device->is_quitting;
    if (begins)
        device->connection_fd = fd;
    pthread_mutex_unlock(&device->lock);
    return begins;
}

static void end_session(struct hsp_input_device *device)
{
    pthread_mutex_lock(&device->lock);
    device->connection_fd = -1;
    pthread_mutex_unlock(&device->lock);
}

static void *run_session(void *data)
{
    struct hsp_input_device *device = data;
    int fd = device->socket_fd;

    hsp_thread_set_name("hesper-input");
    if (hsp_vhost_socket_is_listening(fd))
        fd = hsp_vhost_socket_accept(fd, device->quit_fd);
    if (fd < 0) {
        if (fd != -EINTR)
            hsp_error("no VMM can connect to the %s: %s",
                      hsp_input_kind_get_name(device->params.kind), strerror(-fd));
        return NULL;
    }
    hsp_fd_set_nonblocking(fd, false);
    if (begin_session(device, fd)) {
        hsp_vhost_device_serve(device->vhost, fd);
        end_session(device);
        shutdown(fd, SHUT_RDWR); /* also when it was we who had enough */
    }
    if (fd != device->socket_fd)
        hsp_fd_close(&fd);
    return NULL;
}

int hsp_input_device_serve(struct hsp_input_device *device, int socket_fd_steal)
{
    int ret = hsp_event_create(&device->quit_fd, &device->quit_write_fd);

    if (ret < 0)
        return ret;
    device->socket_fd = socket_fd_steal;
    ret = -pthread_create(&device->thread, NULL, run_session, device);
    if (ret < 0)
        device->socket_fd = -1;
    return ret;
}

/* ------------------------------------------------------------------ life */

int hsp_input_device_create(const struct hsp_input_device_params *params, uv_loop_t *loop,
                            struct hsp_input_device **out_device)
{
    struct hsp_input_device *device = calloc(1, sizeof(*device));
    const struct hsp_vhost_device_params vhost_params = {
        .queue_count = HSP_INPUT_QUEUE_COUNT,
        .user_data = device,
        .read_config = read_config,
        .write_config = write_config,
        .on_queue = on_queue,
        .on_reset = on_reset,
    };
    int ret;

    if (!device)
        return -ENOMEM;
    device->params = *params;
    device->socket_fd = device->quit_fd = device->quit_write_fd = device->connection_fd = -1;
    hsp_input_events_init(&device->events);
    pthread_mutex_init(&device->lock, NULL);
    ret = hsp_vhost_device_create(&vhost_params, &device->vhost);
    if (ret == 0)
        ret = hsp_vhost_device_attach(device->vhost, loop);
    if (ret < 0) {
        hsp_input_device_free(device);
        return ret;
    }
    *out_device = device;
    return 0;
}

void hsp_input_device_shut_down(struct hsp_input_device *device)
{
    if (device->socket_fd >= 0) {
        hsp_event_set(device->quit_write_fd);
        pthread_mutex_lock(&device->lock);
        device->is_quitting = true;
        if (device->connection_fd >= 0)
            shutdown(device->connection_fd, SHUT_RDWR);
        pthread_mutex_unlock(&device->lock);
        pthread_join(device->thread, NULL);
    }
    hsp_vhost_device_detach(device->vhost);
}

void hsp_input_device_free(struct hsp_input_device *device)
{
    if (!device)
        return;
    hsp_vhost_device_destroy(device->vhost);
    hsp_fd_close(&device->socket_fd);
    hsp_fd_close(&device->quit_write_fd);
    hsp_fd_close(&device->quit_fd);
    pthread_mutex_destroy(&device->lock);
    free(device);
}
