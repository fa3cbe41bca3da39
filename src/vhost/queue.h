/* SPDX-License-Identifier: MIT */
/*
 * A split virtqueue, device side, with VIRTIO_F_INDIRECT_DESC and VIRTIO_F_EVENT_IDX (virtio 1.3,
 * 2.7).
 *
 * A front end stops a queue at any time and expects the answer at once, while requests are still
 * worked on. So requests survive a stop: their answers are held back until the queue runs again,
 * and are dropped when the driver that sent them is gone (hsp_vhost_queue_forget).
 *
 * Threads: not synchronised; the device's lock is held around every call.
 * Errors: a ring that makes no sense breaks the queue until it is set up anew; a malformed chain is
 * answered empty.
 */
#ifndef HSP_VHOST_QUEUE_H
#define HSP_VHOST_QUEUE_H

#include "vhost/chain.h"

struct hsp_vhost_queue {
    uint32_t index; /* in the device */

    /* What the front end set. */
    uint32_t num; /* descriptors; 0: not set */
    struct hsp_vhost_vring_address address;
    bool has_address;
    uint16_t base;
    bool has_base; /* it was set since the queue last began to run */
    bool has_kick; /* between SET_VRING_KICK and GET_VRING_BASE */
    bool enabled;
    bool event_idx;
    int call_fd, error_fd; /* owned; -1: none */

    /* Where the rings are while it runs. */
    bool running;
    struct hsp_vhost_memory *memory;
    const struct hsp_vring_desc *descriptors;
    char *available;
    char *used;

    uint64_t generation; /* counts drivers */
    bool fresh;          /* no request of this driver was taken yet */
    uint16_t next_available;
    uint16_t next_used;
    uint16_t signalled_used;
    bool signalled; /* signalled_used is valid */
    bool wants_notify;

    uint32_t in_flight_count; /* chains of this generation, and their buffers */
    uint32_t in_flight_buffer_count;
    struct hsp_list held; /* answered chains that wait until it runs */
    struct hsp_vhost_walk walk;
};

enum hsp_vhost_take {
    HSP_VHOST_TAKE_NONE,    /* nothing to do, until the next kick */
    HSP_VHOST_TAKE_CHAIN,   /* *out_chain, owned by the caller until it is answered or dropped */
    HSP_VHOST_TAKE_REFUSED, /* a malformed one was answered; there may be more */
};

void hsp_vhost_queue_init(struct hsp_vhost_queue *queue, uint32_t index);
void hsp_vhost_queue_finish(struct hsp_vhost_queue *queue);

/* -EINVAL unless `num` is a power of two up to HSP_LIMIT_QUEUE_SIZE; -EBUSY while it runs. */
int hsp_vhost_queue_set_num(struct hsp_vhost_queue *queue, uint32_t num);

/* -EBUSY while it runs. */
int hsp_vhost_queue_set_address(struct hsp_vhost_queue *queue,
                                const struct hsp_vhost_vring_address *address);

/* Starts the queue if all is there, or follows a new memory table (borrowed, may be NULL). True
 * when it began to run: answers that were held are delivered, and there may be requests. */
bool hsp_vhost_queue_update(struct hsp_vhost_queue *queue, struct hsp_vhost_memory *memory);

/* Stops it; requests that were taken stay alive. Returns the index of the next request. */
uint16_t hsp_vhost_queue_stop(struct hsp_vhost_queue *queue);

/* A new driver will use the queue: what was taken from the old one is answered to nobody. */
void hsp_vhost_queue_forget(struct hsp_vhost_queue *queue);

enum hsp_vhost_take hsp_vhost_queue_take(struct hsp_vhost_queue *queue,
                                         struct hsp_vhost_chain **out_chain);

/* Consumes the chain. The driver hears of it with the next hsp_vhost_queue_notify. */
void hsp_vhost_queue_answer(struct hsp_vhost_queue *queue, struct hsp_vhost_chain *chain,
                            const void *data, size_t size);

/* Interrupts the driver if there is something that it wants to hear of. */
void hsp_vhost_queue_notify(struct hsp_vhost_queue *queue);

#endif
