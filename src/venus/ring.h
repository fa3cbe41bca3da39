/* SPDX-License-Identifier: MIT */
/*
 * A ring: commands that the client writes into shared memory and a thread here reads
 * (Venus §3.3 ring memory and algorithm, §3.4 ordering between streams).
 *
 * head, tail and status live in memory that the client may change at any time; the ring's own
 * position is a private copy, and only the difference to tail is ever believed, after a check.
 *
 * Threads: create, destroy, notify and wait are called by the vq thread; set_status by any.
 */
#ifndef HSP_VENUS_RING_H
#define HSP_VENUS_RING_H

#include "venus/stream.h"

#include <pthread.h>
#include <stdatomic.h>

struct hsp_vn_context;
struct VkRingCreateInfoMESA;

/* VkRingStatusFlagBitsMESA */
#define HSP_VN_RING_STATUS_IDLE  (1u << 0)
#define HSP_VN_RING_STATUS_FATAL (1u << 1)
#define HSP_VN_RING_STATUS_ALIVE (1u << 2)

struct hsp_vn_ring {
    struct hsp_vn_context *context;
    struct hsp_list link; /* in the context's list */
    uint64_t id;          /* the client's */
    struct hsp_vn_resource *resource;
    uint64_t status_offset; /* in the resource */

    /* in shared memory */
    _Atomic uint32_t *shared_head;
    const _Atomic uint32_t *shared_tail;
    _Atomic uint32_t *shared_status;
    const uint8_t *shared_buffer;
    uint8_t *shared_extra;

    uint32_t buffer_size; /* power of two */
    uint64_t extra_size;
    uint64_t idle_timeout_ns;
    uint64_t monitor_period_ns; /* 0: not monitored */
    int priority;               /* nice value */

    struct hsp_vn_stream stream;
    uint8_t *private_buffer; /* buffer_size bytes */
    _Atomic uint32_t head;   /* what shared_head should say; written by the ring thread */
    uint32_t spin_limit;     /* pauses; adapts */

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;     /* for the ring thread: notified or stopping */
    pthread_cond_t progress; /* for waiters: head moved, or the ring ended */
    bool is_notified;
    bool has_ended; /* the thread will not move head any more */
    _Atomic bool is_stopping;
    _Atomic uint32_t waiter_count;
};

/* Checks the layout, starts the thread, adds the ring to the context. NULL after a fault (set on
 * `call`). */
struct hsp_vn_ring *hsp_vn_ring_create(struct hsp_vn_call *call, uint64_t id,
                                       const struct VkRingCreateInfoMESA *info);

/* Ends the thread after the command that it is in, and frees the ring. The caller has taken it out
 * of the context's list. */
void hsp_vn_ring_destroy(struct hsp_vn_ring *ring);

/* Wakes the ring if it sleeps. */
void hsp_vn_ring_notify(struct hsp_vn_ring *ring);

/* Makes the ring thread and all that wait for it look again whether they must stop. */
void hsp_vn_ring_interrupt(struct hsp_vn_ring *ring);

/* Blocks until head passed `seqno`. 0; -EIO when the ring ended before; -EINVAL when the client has
 * not written that much, so that it would never come. */
int hsp_vn_ring_wait_seqno(struct hsp_vn_ring *ring, uint32_t seqno);

/* Sets bits of the status word that the client polls. */
void hsp_vn_ring_set_status(struct hsp_vn_ring *ring, uint32_t bits);

/* One thread of a context that sets ALIVE in the status of its monitored rings, once in each period
 * (VkRingMonitorInfoMESA). */
struct hsp_vn_ring_monitor {
    struct hsp_vn_context *context;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t period_ns; /* smallest of the monitored rings; 0 while there is no thread */
    bool is_stopping;
};

void hsp_vn_ring_monitor_init(struct hsp_vn_ring_monitor *monitor, struct hsp_vn_context *context);
/* After all rings are gone. */
void hsp_vn_ring_monitor_finish(struct hsp_vn_ring_monitor *monitor);
/* A monitored ring was made: starts the thread or shortens its period. 0 or negative errno. */
int hsp_vn_ring_monitor_add(struct hsp_vn_ring_monitor *monitor, uint64_t period_ns);

#endif
