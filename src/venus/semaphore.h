/* SPDX-License-Identifier: MIT */
/*
 * Binary semaphores that are signalled once more although nobody has waited for the last signal.
 * Vulkan forbids it, and a GPU may hang. Mesa 26 does it: its thread that presents drops a present
 * after one that was out of date, and with it the wait. So the renderer remembers which signals
 * nobody waits for, and consumes such a one before the next.
 *
 * Threads: the queue's lock is held where a queue is given; what is remembered is atomic.
 */
#ifndef HSP_VENUS_SEMAPHORE_H
#define HSP_VENUS_SEMAPHORE_H

#include "venus/queue.h"

/* Of a new semaphore; those of timelines are left alone from then on. */
void hsp_vn_semaphore_init(struct hsp_vn_object *object, const VkSemaphoreCreateInfo *info);

/* A submit that waits for the semaphore is about to be made. Takes NULL, as the others. */
void hsp_vn_semaphore_wait(struct hsp_vn_object *object);

/* A submit to the queue that signals it is about to be made: what is left of an earlier signal is
 * consumed by a submit of ours. */
void hsp_vn_semaphore_signal(struct hsp_vn_queue *queue, struct hsp_vn_object *object);

/* After that submit. */
void hsp_vn_semaphore_end_signal(struct hsp_vn_object *object, VkResult result);

/* An empty submit of ours that waits for the semaphore, or signals it, with all of the above. */
VkResult hsp_vn_semaphore_submit(struct hsp_vn_queue *queue, struct hsp_vn_object *object,
                                 bool is_wait, VkFence fence);

#endif
