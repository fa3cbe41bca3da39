/* SPDX-License-Identifier: MIT */
/*
 * One lock guards everything. A change of a sync's value looks at all open waits: real clients have
 * a handful, and the caps keep a hostile one's cost to itself.
 */
#include "vtest/sync.h"

#include "base/event.h"
#include "base/fd.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS          1000000ull
#define ABANDONED_CHECK_NS 1000000000ull

struct hsp_vtest_sync {
    uint64_t value;
    uint32_t ref_count; /* the id, and each wait and submission that names it */
};

struct point {
    struct hsp_vtest_sync *sync;
    uint64_t value;
};

struct wait {
    struct hsp_list link;
    int write_fd;
    bool any;
    uint64_t deadline_ns; /* UINT64_MAX: none */
    uint32_t count;
    struct point points[];
};

struct submission {
    struct hsp_list link;
    uint64_t fence_id;
    uint32_t count;
    struct point points[];
};

static void sync_unref_locked(struct hsp_vtest_sync *sync)
{
    if (--sync->ref_count == 0)
        free(sync);
}

static struct hsp_vtest_sync *sync_find_locked(struct hsp_vtest_syncs *syncs, uint32_t id)
{
    return id >= 1 && id <= syncs->capacity ? syncs->by_id[id - 1] : NULL;
}

static void points_unref_locked(struct point *points, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        sync_unref_locked(points[i].sync);
}

static int points_resolve_locked(struct hsp_vtest_syncs *syncs,
                                 const struct hsp_vtest_sync_point *wire, uint32_t count,
                                 struct point *out_points)
{
    for (uint32_t i = 0; i < count; i++) {
        struct hsp_vtest_sync *sync = sync_find_locked(syncs, wire[i].sync_id);

        if (!sync) {
            points_unref_locked(out_points, i);
            return -ENOENT;
        }
        sync->ref_count++;
        out_points[i] = (struct point){sync, hsp_vtest_sync_point_value(&wire[i])};
    }
    return 0;
}

/* ------------------------------------------------------------------ waits */

static bool wait_is_reached(const struct wait *wait)
{
    for (uint32_t i = 0; i < wait->count; i++) {
        bool reached = wait->points[i].sync->value >= wait->points[i].value;

        if (reached == wait->any)
            return reached;
    }
    return !wait->any || wait->count == 0;
}

static void wait_destroy_locked(struct hsp_vtest_syncs *syncs, struct wait *wait)
{
    hsp_list_remove(&wait->link);
    syncs->wait_count--;
    hsp_fd_close(&wait->write_fd);
    points_unref_locked(wait->points, wait->count);
    free(wait);
}

static void resolve_waits_locked(struct hsp_vtest_syncs *syncs)
{
    hsp_list_for_each_safe (wait, &syncs->waits, struct wait, link) {
        if (wait_is_reached(wait)) {
            hsp_event_set(wait->write_fd);
            wait_destroy_locked(syncs, wait);
        }
    }
}

static uint64_t deadline_from_timeout(uint32_t timeout_ms)
{
    return timeout_ms == HSP_VTEST_TIMEOUT_INFINITE ? UINT64_MAX
                                                    : hsp_now_ns() + timeout_ms * NS_PER_MS;
}

static int wait_add_locked(struct hsp_vtest_syncs *syncs, struct wait *wait,
                           const struct hsp_vtest_sync_point *points, int *out_fd)
{
    int ret;

    if (syncs->wait_count >= HSP_LIMIT_VTEST_WAIT_COUNT)
        return -ENOSPC;
    ret = points_resolve_locked(syncs, points, wait->count, wait->points);
    if (ret < 0)
        return ret;
    ret = hsp_event_create(out_fd, &wait->write_fd);
    if (ret < 0) {
        points_unref_locked(wait->points, wait->count);
        return ret;
    }
    hsp_list_append(&syncs->waits, &wait->link);
    syncs->wait_count++;
    return 0;
}

int hsp_vtest_sync_wait(struct hsp_vtest_syncs *syncs, bool any, uint32_t timeout_ms,
                        const struct hsp_vtest_sync_point *points, uint32_t count, int *out_fd)
{
    struct wait *wait = malloc(sizeof(*wait) + count * sizeof(wait->points[0]));
    int ret;

    if (!wait)
        return -ENOMEM;
    wait->any = any;
    wait->count = count;
    wait->deadline_ns = deadline_from_timeout(timeout_ms);
    pthread_mutex_lock(&syncs->lock);
    ret = wait_add_locked(syncs, wait, points, out_fd);
    if (ret == 0)
        resolve_waits_locked(syncs);
    else
        free(wait);
    pthread_mutex_unlock(&syncs->lock);
    return ret;
}

/* A client measures its timeout itself and drops its end; until it did, a closed pipe would look
 * like a broken connection to it. */
static void expire_wait_locked(struct hsp_vtest_syncs *syncs, struct wait *wait, uint64_t now_ns)
{
    if (hsp_event_close_is_seen(wait->write_fd))
        wait->deadline_ns = now_ns + ABANDONED_CHECK_NS;
    else
        wait_destroy_locked(syncs, wait);
}

int hsp_vtest_syncs_expire(struct hsp_vtest_syncs *syncs)
{
    uint64_t now_ns = hsp_now_ns(), next_ns = UINT64_MAX;

    pthread_mutex_lock(&syncs->lock);
    hsp_list_for_each_safe (wait, &syncs->waits, struct wait, link) {
        if (wait->deadline_ns <= now_ns)
            expire_wait_locked(syncs, wait, now_ns);
        else
            next_ns = HSP_MIN(next_ns, wait->deadline_ns);
    }
    pthread_mutex_unlock(&syncs->lock);
    if (next_ns == UINT64_MAX)
        return -1;
    return (int)HSP_MIN((next_ns - now_ns) / NS_PER_MS + 1, (uint64_t)INT_MAX);
}

/* ------------------------------------------------------------------ values */

static int table_grow(struct hsp_vtest_syncs *syncs)
{
    uint32_t capacity = HSP_MAX(syncs->capacity * 2, 16u);
    struct hsp_vtest_sync **by_id;

    if (capacity > HSP_LIMIT_VTEST_SYNC_COUNT)
        return -ENOSPC;
    by_id = realloc(syncs->by_id, capacity * sizeof(by_id[0]));
    if (!by_id)
        return -ENOMEM;
    memset(by_id + syncs->capacity, 0, (capacity - syncs->capacity) * sizeof(by_id[0]));
    syncs->by_id = by_id;
    syncs->capacity = capacity;
    return 0;
}

/* Low ids first: clients index tables with them. */
static int take_id_locked(struct hsp_vtest_syncs *syncs, uint32_t *out_id)
{
    while (syncs->first_free < syncs->capacity && syncs->by_id[syncs->first_free])
        syncs->first_free++;
    if (syncs->first_free == syncs->capacity) {
        int ret = table_grow(syncs);

        if (ret < 0)
            return ret;
    }
    *out_id = syncs->first_free + 1;
    return 0;
}

int hsp_vtest_sync_create(struct hsp_vtest_syncs *syncs, uint64_t value, uint32_t *out_id)
{
    struct hsp_vtest_sync *sync = malloc(sizeof(*sync));
    int ret;

    if (!sync)
        return -ENOMEM;
    *sync = (struct hsp_vtest_sync){.value = value, .ref_count = 1};
    pthread_mutex_lock(&syncs->lock);
    ret = take_id_locked(syncs, out_id);
    if (ret == 0)
        syncs->by_id[*out_id - 1] = sync;
    else
        free(sync);
    pthread_mutex_unlock(&syncs->lock);
    return ret;
}

int hsp_vtest_sync_destroy(struct hsp_vtest_syncs *syncs, uint32_t id)
{
    struct hsp_vtest_sync *sync;

    pthread_mutex_lock(&syncs->lock);
    sync = sync_find_locked(syncs, id);
    if (sync) {
        syncs->by_id[id - 1] = NULL;
        syncs->first_free = HSP_MIN(syncs->first_free, id - 1);
        sync_unref_locked(sync);
    }
    pthread_mutex_unlock(&syncs->lock);
    return sync ? 0 : -ENOENT;
}

int hsp_vtest_sync_read(struct hsp_vtest_syncs *syncs, uint32_t id, uint64_t *out_value)
{
    struct hsp_vtest_sync *sync;

    pthread_mutex_lock(&syncs->lock);
    sync = sync_find_locked(syncs, id);
    if (sync)
        *out_value = sync->value;
    pthread_mutex_unlock(&syncs->lock);
    return sync ? 0 : -ENOENT;
}

int hsp_vtest_sync_write(struct hsp_vtest_syncs *syncs, uint32_t id, uint64_t value)
{
    struct hsp_vtest_sync *sync;

    pthread_mutex_lock(&syncs->lock);
    sync = sync_find_locked(syncs, id);
    if (sync) {
        sync->value = value;
        resolve_waits_locked(syncs);
    }
    pthread_mutex_unlock(&syncs->lock);
    return sync ? 0 : -ENOENT;
}

/* ------------------------------------------------------------------ submissions */

static int submission_add_locked(struct hsp_vtest_syncs *syncs, struct submission *submission,
                                 uint32_t ring_idx, const struct hsp_vtest_sync_point *points)
{
    int ret;

    if (syncs->submission_count >= HSP_LIMIT_VTEST_FENCE_COUNT)
        return -ENOSPC;
    ret = points_resolve_locked(syncs, points, submission->count, submission->points);
    if (ret < 0)
        return ret;
    submission->fence_id = syncs->next_fence_id++;
    hsp_list_append(&syncs->submissions[ring_idx], &submission->link);
    syncs->submission_count++;
    return 0;
}

int hsp_vtest_syncs_submit(struct hsp_vtest_syncs *syncs, uint32_t ring_idx,
                           const struct hsp_vtest_sync_point *points, uint32_t count,
                           uint64_t *out_fence_id)
{
    struct submission *submission =
        malloc(sizeof(*submission) + count * sizeof(submission->points[0]));
    int ret;

    if (!submission)
        return -ENOMEM;
    submission->count = count;
    pthread_mutex_lock(&syncs->lock);
    ret = submission_add_locked(syncs, submission, ring_idx, points);
    if (ret == 0)
        *out_fence_id = submission->fence_id;
    else
        free(submission);
    pthread_mutex_unlock(&syncs->lock);
    return ret;
}

static void submission_destroy_locked(struct hsp_vtest_syncs *syncs, struct submission *submission)
{
    hsp_list_remove(&submission->link);
    syncs->submission_count--;
    points_unref_locked(submission->points, submission->count);
    free(submission);
}

static void submission_signal_locked(const struct submission *submission)
{
    for (uint32_t i = 0; i < submission->count; i++) {
        const struct point *point = &submission->points[i];

        point->sync->value = HSP_MAX(point->sync->value, point->value);
    }
}

void hsp_vtest_syncs_retire(struct hsp_vtest_syncs *syncs, uint32_t ring_idx, uint64_t fence_id)
{
    pthread_mutex_lock(&syncs->lock);
    hsp_list_for_each_safe (submission, &syncs->submissions[ring_idx], struct submission, link) {
        if (submission->fence_id > fence_id)
            break;
        submission_signal_locked(submission);
        submission_destroy_locked(syncs, submission);
    }
    resolve_waits_locked(syncs);
    pthread_mutex_unlock(&syncs->lock);
}

/* ------------------------------------------------------------------ life */

void hsp_vtest_syncs_init(struct hsp_vtest_syncs *syncs)
{
    memset(syncs, 0, sizeof(*syncs));
    pthread_mutex_init(&syncs->lock, NULL);
    hsp_list_init(&syncs->waits);
    for (uint32_t i = 0; i < HSP_LIMIT_TIMELINE_COUNT; i++)
        hsp_list_init(&syncs->submissions[i]);
    syncs->next_fence_id = 1;
}

void hsp_vtest_syncs_finish(struct hsp_vtest_syncs *syncs)
{
    hsp_list_for_each_safe (wait, &syncs->waits, struct wait, link)
        wait_destroy_locked(syncs, wait);
    for (uint32_t i = 0; i < HSP_LIMIT_TIMELINE_COUNT; i++) {
        hsp_list_for_each_safe (submission, &syncs->submissions[i], struct submission, link)
            submission_destroy_locked(syncs, submission);
    }
    for (uint32_t i = 0; i < syncs->capacity; i++) {
        if (syncs->by_id[i])
            sync_unref_locked(syncs->by_id[i]);
    }
    free(syncs->by_id);
    pthread_mutex_destroy(&syncs->lock);
}
