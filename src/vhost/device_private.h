/* SPDX-License-Identifier: MIT */
/* What device.c (the device thread's half) and session.c (the session's half) share. */
#ifndef HSP_VHOST_DEVICE_PRIVATE_H
#define HSP_VHOST_DEVICE_PRIVATE_H

#include "vhost/backend.h"
#include "vhost/device.h"
#include "vhost/queue.h"
#include "vhost/wire.h"

#include <pthread.h>

/* The device thread's watch of a queue's kick descriptor. */
struct hsp_vhost_kick {
    uv_poll_t poll;
    int fd;
    struct hsp_vhost_device *device;
    uint32_t queue_index;
};

struct hsp_vhost_device {
    struct hsp_vhost_device_params params;
    struct hsp_vhost_backend backend;

    pthread_mutex_t lock; /* guards what follows; never held while something is waited for */
    struct hsp_vhost_memory *memory;
    struct hsp_vhost_queue queues[HSP_VHOST_MAX_QUEUE_COUNT];
    bool stop_pending;  /* queue 0 was stopped; the device thread does not know yet */
    bool reset_pending; /* a new driver began; the device thread does not know yet */
    int new_kick_fds[HSP_VHOST_MAX_QUEUE_COUNT]; /* owned; for the device thread; -1: none */
    bool kick_changed[HSP_VHOST_MAX_QUEUE_COUNT];
    bool attached; /* wakeup may be sent */

    /* The session's thread only. */
    uint64_t features;
    uint64_t protocol_features;

    /* The device thread only. */
    uv_loop_t *loop;
    uv_async_t wakeup;
    struct hsp_vhost_kick *kicks[HSP_VHOST_MAX_QUEUE_COUNT];
    bool batching; /* interrupts wait until the queue was looked through */
};

/* What a request is answered with, unless a plain ack will do. `size` bytes of the union. */
struct hsp_vhost_reply {
    size_t size;
    union {
        uint64_t value;
        struct hsp_vhost_vring_state vring_state;
        struct hsp_vhost_config config;
        struct hsp_vhost_shmem_config shmem_config;
    };
};

/* Handles one request of the main channel (pure of input and output, for the fuzzer). 0; 1 when
 * *reply has an answer to send; negative errno for a request that is refused (the ack says so);
 * -EPROTO ends the session. */
int hsp_vhost_session_handle(struct hsp_vhost_device *device, struct hsp_vhost_message *message,
                             struct hsp_vhost_reply *reply);

/* Makes the device thread look at all queues, and at what changed. */
void hsp_vhost_device_wake_locked(struct hsp_vhost_device *device);

#endif
