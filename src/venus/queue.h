/* SPDX-License-Identifier: MIT */
/*
 * The queues of a device, and the timelines of virtio-gpu fences behind them (Venus §5.4).
 *
 * All queues are taken at device creation; the client names them later (vkGetDeviceQueue2) and may
 * bind each to a ring_idx. A fence on that ring_idx is an empty submit with a VkFence, which a
 * thread of the queue waits for, so fences retire in order.
 *
 * Threads: a VkQueue is used by ring threads and by the vq thread (fences): every use holds
 * `lock`.
 */
#ifndef HSP_VENUS_QUEUE_H
#define HSP_VENUS_QUEUE_H

#include "venus/device.h"

struct hsp_vn_queue {
    struct hsp_vn_device *device;
    VkQueue handle;
    VkDeviceQueueCreateFlags flags;
    uint32_t family;
    uint32_t index;
    uint64_t id;       /* the client's object; 0 before it asked for the queue */
    uint32_t ring_idx; /* 0: no timeline bound */
    pthread_mutex_t lock;

    /* fences of the timeline; under `lock` */
    struct hsp_list pending;
    struct hsp_list spare;
    struct hsp_list broken; /* never waited for to the end; destroyed with the device */
    pthread_cond_t changed;
    pthread_t waiter;
    bool has_waiter;
    bool is_stopping;
};

VkResult hsp_vn_queues_create(struct hsp_vn_device *device, const VkDeviceCreateInfo *info);

/* Takes the queues off their timelines and retires the fences that are still pending once the GPU
 * is done with them; no fence is accepted after it. */
void hsp_vn_queues_stop(struct hsp_vn_device *device);
void hsp_vn_queues_destroy(struct hsp_vn_device *device);

/* The vq thread, with the context's timeline_lock held. 0 or -ENOMEM. */
int hsp_vn_queue_submit_fence(struct hsp_vn_queue *queue, uint64_t fence_id);

/* Any queue of the device, for submits of the renderer's own. */
static inline struct hsp_vn_queue *hsp_vn_device_get_queue(struct hsp_vn_device *device)
{
    return &device->queues[0];
}

#endif
