/* SPDX-License-Identifier: MIT */
/*
 * What the renderer submits on its own for semaphores (sync.c). The client knows nothing of such a
 * submit, so a semaphore that it destroys lives on until the submit is done.
 */
#ifndef HSP_VENUS_SYNC_H
#define HSP_VENUS_SYNC_H

#include "venus/device.h"

/* The newest submit of ours that uses a semaphore; `data` of the semaphore's object, or in
 * device->stand_ins. */
struct hsp_vn_stand_in {
    struct hsp_list link;
    VkFence fence;         /* of the submit */
    VkSemaphore semaphore; /* to be destroyed with it, or VK_NULL_HANDLE */
};

/* Frees a stand-in whose submit is done, with its fence and, if it has one, its semaphore. Takes
 * NULL. */
void hsp_vn_stand_in_destroy(struct hsp_vn_device *device, struct hsp_vn_stand_in *stand_in);

/* Frees those of device->stand_ins that are done; all of them when the device is idle for good. */
void hsp_vn_stand_ins_reap(struct hsp_vn_device *device, bool is_idle);

#endif
