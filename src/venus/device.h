/* SPDX-License-Identifier: MIT */
/*
 * A VkDevice of the client and what the renderer keeps with it.
 *
 * Ownership: the instance owns its devices; a device owns its queues and the objects made from it.
 * Threads: immutable after creation but for the lists, which `lock` guards.
 */
#ifndef HSP_VENUS_DEVICE_H
#define HSP_VENUS_DEVICE_H

#include "venus/call.h"
#include "venus/gen/driver.h"
#include "venus/instance.h"

#include <pthread.h>

struct hsp_vn_queue;

struct hsp_vn_device {
    struct hsp_vn_context *context;
    struct hsp_vn_physical_device *physical_device;
    VkDevice handle;
    struct hsp_vn_device_driver driver;
    const struct hsp_vn_memtypes *memtypes; /* of the physical device */
    struct hsp_list link;                   /* in the instance's list */

    pthread_mutex_t lock;
    struct hsp_list objects;   /* all but pool children, oldest first */
    struct hsp_list stand_ins; /* submits of ours that may still use a semaphore, see sync.h */

    struct hsp_vn_queue *queues;
    uint32_t queue_count;

    /* For the few commands that the renderer submits itself; made when first needed, under lock. */
    VkCommandPool own_pool;
};

/* Waits until the device is idle, destroys what the client left, then the device, and takes it out
 * of the object table if it is still there. */
void hsp_vn_device_destroy(struct hsp_vn_device *device);

#endif
