/* SPDX-License-Identifier: MIT */
/*
 * The sync objects of one vtest connection: 64-bit timelines that the client creates, writes,
 * reads, waits for, and attaches to submissions.
 *
 * A wait is no thread: it is an event (base/event.h) that is set when the values are reached, and
 * a deadline that hsp_vtest_syncs_expire looks at.
 *
 * Threads: hsp_vtest_syncs_retire may be called from any thread; all else belongs to the thread
 * that serves the connection.
 */
#ifndef HSP_VTEST_SYNC_H
#define HSP_VTEST_SYNC_H

#include "base/limits.h"
#include "base/list.h"
#include "vtest/protocol.h"

#include <pthread.h>

struct hsp_vtest_sync;

struct hsp_vtest_syncs {
    pthread_mutex_t lock;
    struct hsp_vtest_sync **by_id; /* id - 1; NULL where free */
    uint32_t capacity, first_free;
    struct hsp_list waits; /* of struct wait */
    uint32_t wait_count;
    struct hsp_list submissions[HSP_LIMIT_TIMELINE_COUNT]; /* of struct submission, oldest first */
    uint32_t submission_count;
    uint64_t next_fence_id;
};

void hsp_vtest_syncs_init(struct hsp_vtest_syncs *syncs);

/* No fence may retire any more. Waits that are still open are dropped. */
void hsp_vtest_syncs_finish(struct hsp_vtest_syncs *syncs);

/* 0 and *out_id, -ENOSPC above HSP_LIMIT_VTEST_SYNC_COUNT, -ENOMEM. */
int hsp_vtest_sync_create(struct hsp_vtest_syncs *syncs, uint64_t value, uint32_t *out_id);

/* These three: -ENOENT for an unknown id. Waits and submissions keep a sync that is destroyed. */
int hsp_vtest_sync_destroy(struct hsp_vtest_syncs *syncs, uint32_t id);
int hsp_vtest_sync_read(struct hsp_vtest_syncs *syncs, uint32_t id, uint64_t *out_value);
int hsp_vtest_sync_write(struct hsp_vtest_syncs *syncs, uint32_t id, uint64_t value);

/* Begins a wait until all points (or, with `any`, one) are reached. No points: already reached.
 * *out_fd, owned by the caller, polls readable then, and never if `timeout_ms` passes first.
 * -ENOENT for an unknown id, -ENOSPC above HSP_LIMIT_VTEST_WAIT_COUNT, other negative errnos. */
int hsp_vtest_sync_wait(struct hsp_vtest_syncs *syncs, bool any, uint32_t timeout_ms,
                        const struct hsp_vtest_sync_point *points, uint32_t count, int *out_fd);

/* Drops waits whose time is over. Returns the milliseconds until the next one is, -1 for never:
 * a timeout for poll. */
int hsp_vtest_syncs_expire(struct hsp_vtest_syncs *syncs);

/* Notes that the points are to be signalled when the fence *out_fence_id of timeline `ring_idx`
 * retires. A timeline never goes back: a lower value than the present one changes nothing.
 * -ENOENT for an unknown id, -ENOSPC above HSP_LIMIT_VTEST_FENCE_COUNT, -ENOMEM. */
int hsp_vtest_syncs_submit(struct hsp_vtest_syncs *syncs, uint32_t ring_idx,
                           const struct hsp_vtest_sync_point *points, uint32_t count,
                           uint64_t *out_fence_id);

/* Signals what waited for this fence and for older ones of its timeline. From any thread. */
void hsp_vtest_syncs_retire(struct hsp_vtest_syncs *syncs, uint32_t ring_idx, uint64_t fence_id);

#endif
