/* SPDX-License-Identifier: MIT */
/*
 * The ring thread copies what lies between its position and tail into private memory, runs it
 * command by command, and stores head after each, so that a client that waits for one reply does
 * not wait for the whole batch.
 *
 * Without work it first spins (a client that calls synchronously comes back within microseconds),
 * then yields and sleeps in growing steps, and after the client's idle timeout announces IDLE and
 * sleeps until it is notified. The spin adapts: a spin that found work doubles the next one, one
 * that found none halves it, so that on a host with few processors a software driver gets them.
 */
#include "venus/ring.h"

#include "base/limits.h"
#include "base/log.h"
#include "venus/context_private.h"
#include "venus/gen/protocol.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#ifdef __linux__
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define SPIN_MIN     16u
#define SPIN_MAX     4096u /* pauses: tens of microseconds */
#define WAIT_SPIN    512u  /* pauses of the vq thread that waits for a ring */
#define YIELD_COUNT  32u
#define SLEEP_MIN_NS 10000u
#define SLEEP_MAX_NS 160000u

/* ------------------------------------------------------------------ layout */

struct region {
    uint64_t offset; /* from the ring's offset in its resource */
    uint64_t size;
    const char *name;
};

static bool regions_overlap(const struct region *a, const struct region *b)
{
    return a->size > 0 && b->size > 0 && a->offset < b->offset + b->size &&
           b->offset < a->offset + a->size;
}

static bool check_layout(struct hsp_vn_call *call, const VkRingCreateInfoMESA *info,
                         uint64_t resource_size)
{
    const struct region regions[] = {
        {info->headOffset, sizeof(uint32_t), "ring head"},
        {info->tailOffset, sizeof(uint32_t), "ring tail"},
        {info->statusOffset, sizeof(uint32_t), "ring status"},
        {info->bufferOffset, info->bufferSize, "ring buffer"},
        {info->extraOffset, info->extraSize, "ring extra"},
    };

    if (!hsp_range_fits(info->offset, info->size, resource_size) || info->offset % 4 != 0) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_RANGE, info->offset, "ring");
        return false;
    }
    if (!hsp_is_power_of_two(info->bufferSize) || info->bufferSize < 4 ||
        info->bufferSize > HSP_LIMIT_RING_BUFFER_SIZE) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_RING, info->bufferSize, "ring buffer size");
        return false;
    }
    for (size_t i = 0; i < HSP_ARRAY_COUNT(regions); i++) {
        if (!hsp_range_fits(regions[i].offset, regions[i].size, info->size) ||
            regions[i].offset % 4 != 0) {
            hsp_vn_call_fault(call, HSP_VN_FAULT_RING, regions[i].offset, regions[i].name);
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (regions_overlap(&regions[i], &regions[j])) {
                hsp_vn_call_fault(call, HSP_VN_FAULT_RING, regions[i].offset, regions[i].name);
                return false;
            }
        }
    }
    return true;
}

static void set_layout(struct hsp_vn_ring *ring, const VkRingCreateInfoMESA *info)
{
    uint8_t *base = (uint8_t *)ring->resource->mapping.data + info->offset;

    ring->shared_head = (_Atomic uint32_t *)(void *)(base + info->headOffset);
    ring->shared_tail = (const _Atomic uint32_t *)(void *)(base + info->tailOffset);
    ring->shared_status = (_Atomic uint32_t *)(void *)(base + info->statusOffset);
    ring->shared_buffer = base + info->bufferOffset;
    ring->shared_extra = base + info->extraOffset;
    ring->buffer_size = (uint32_t)info->bufferSize;
    ring->extra_size = info->extraSize;
    ring->idle_timeout_ns = info->idleTimeout;
    ring->status_offset = info->offset + info->statusOffset;
}

/* ------------------------------------------------------------------ the thread */

void hsp_vn_ring_set_status(struct hsp_vn_ring *ring, uint32_t bits)
{
    atomic_fetch_or(ring->shared_status, bits);
}

static void clear_status(struct hsp_vn_ring *ring, uint32_t bits)
{
    atomic_fetch_and(ring->shared_status, ~bits);
}

/* For the ring thread, which is the only one to move it. */
static uint32_t position(const struct hsp_vn_ring *ring)
{
    return atomic_load_explicit(&ring->head, memory_order_relaxed);
}

static uint32_t load_tail(const struct hsp_vn_ring *ring)
{
    return atomic_load_explicit(ring->shared_tail, memory_order_acquire);
}

/* The store of head and the look at waiter_count must not change places (seq_cst): a waiter counts
 * itself first and then looks at head. */
static void publish_head(struct hsp_vn_ring *ring, uint32_t head)
{
    atomic_store_explicit(ring->shared_head, head, memory_order_release);
    atomic_store(&ring->head, head);
    if (atomic_load(&ring->waiter_count) == 0)
        return;
    pthread_mutex_lock(&ring->lock);
    pthread_cond_broadcast(&ring->progress);
    pthread_mutex_unlock(&ring->lock);
}

static inline void cpu_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void sleep_ns(uint64_t ns)
{
    struct timespec ts = {.tv_nsec = (long)ns};

    nanosleep(&ts, NULL);
}

static bool must_stop(const struct hsp_vn_ring *ring)
{
    return ring->is_stopping || hsp_vn_context_must_stop(ring->context);
}

/* Spins as long as it has paid lately. True when there is work. */
static bool spin_for_work(struct hsp_vn_ring *ring)
{
    for (uint32_t i = 0; i < ring->spin_limit; i++) {
        if (load_tail(ring) != position(ring)) {
            ring->spin_limit = HSP_MIN(ring->spin_limit * 2, SPIN_MAX);
            return true;
        }
        cpu_relax();
    }
    ring->spin_limit = HSP_MAX(ring->spin_limit / 2, SPIN_MIN);
    return false;
}

/* Announces IDLE and sleeps until notified. tail is read again after IDLE is visible: a client
 * stores tail first and reads status second, so one of the two sees the other. */
static void sleep_until_notified(struct hsp_vn_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    ring->is_notified = false;
    hsp_vn_ring_set_status(ring, HSP_VN_RING_STATUS_IDLE);
    if (atomic_load(ring->shared_tail) == atomic_load(&ring->head)) {
        while (!ring->is_notified && !must_stop(ring))
            pthread_cond_wait(&ring->wake, &ring->lock);
    }
    clear_status(ring, HSP_VN_RING_STATUS_IDLE);
    pthread_mutex_unlock(&ring->lock);
}

/* Blocks until tail moved; false when the ring is to end. */
static bool wait_for_work(struct hsp_vn_ring *ring)
{
    uint64_t sleep = SLEEP_MIN_NS, idle_since = 0;
    uint32_t rounds = 0;

    while (load_tail(ring) == position(ring)) {
        if (spin_for_work(ring))
            return true;
        if (must_stop(ring))
            return false;
        if (rounds++ < YIELD_COUNT) {
            sched_yield();
            continue;
        }
        if (idle_since == 0) {
            idle_since = hsp_now_ns();
        } else if (hsp_now_ns() - idle_since >= ring->idle_timeout_ns) {
            sleep_until_notified(ring);
            idle_since = 0;
            rounds = 0;
            sleep = SLEEP_MIN_NS;
            continue;
        }
        sleep_ns(sleep);
        sleep = HSP_MIN(sleep * 2, SLEEP_MAX_NS);
    }
    return true;
}

static void copy_from_buffer(struct hsp_vn_ring *ring, uint32_t size)
{
    uint32_t begin = position(ring) & (ring->buffer_size - 1);
    uint32_t first = HSP_MIN(size, ring->buffer_size - begin);

    memcpy(ring->private_buffer, ring->shared_buffer + begin, first);
    memcpy(ring->private_buffer + first, ring->shared_buffer, size - first);
}

static void set_fault(struct hsp_vn_ring *ring, uint64_t value, const char *what)
{
    const struct hsp_vn_fault fault = {
        .kind = HSP_VN_FAULT_RING,
        .command = -1,
        .offset = position(ring),
        .value = value,
        .what = what,
    };

    hsp_vn_context_set_fault(ring->context, &fault, ring);
}

/* Runs everything up to tail. False when the context died. */
static bool run_batch(struct hsp_vn_ring *ring)
{
    uint32_t begin = position(ring);
    uint32_t size = load_tail(ring) - begin;

    if (size > ring->buffer_size || size % 4 != 0) {
        set_fault(ring, size, "ring tail");
        return false;
    }
    copy_from_buffer(ring, size);
    hsp_vn_stream_set_block(&ring->stream, ring->private_buffer, size);
    while (hsp_vn_stream_step(&ring->stream))
        publish_head(ring, begin + (uint32_t)hsp_vn_stream_position(&ring->stream));
    return !must_stop(ring);
}

static void apply_priority(const struct hsp_vn_ring *ring)
{
#ifdef __linux__
    /* Raising priority needs a right that a renderer has not: then it stays as it is. */
    if (ring->priority != 0)
        setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), ring->priority);
#else
    (void)ring;
#endif
}

static void *ring_main(void *data)
{
    struct hsp_vn_ring *ring = data;

    hsp_thread_set_name("hsp-ring");
    apply_priority(ring);
    while (wait_for_work(ring) && run_batch(ring))
        continue;
    pthread_mutex_lock(&ring->lock);
    ring->has_ended = true;
    pthread_cond_broadcast(&ring->progress);
    pthread_mutex_unlock(&ring->lock);
    return NULL;
}

/* ------------------------------------------------------------------ create and destroy */

static void read_chain(struct hsp_vn_ring *ring, const VkRingCreateInfoMESA *info)
{
    for (const VkBaseInStructure *s = info->pNext; s; s = s->pNext) {
        if (s->sType == VK_STRUCTURE_TYPE_RING_MONITOR_INFO_MESA) {
            const VkRingMonitorInfoMESA *monitor = (const void *)s;
            ring->monitor_period_ns = monitor->maxReportingPeriodMicroseconds * 1000ull;
        } else if (s->sType == VK_STRUCTURE_TYPE_RING_PRIORITY_INFO_MESA) {
            const VkRingPriorityInfoMESA *priority = (const void *)s;
            ring->priority = HSP_MIN(HSP_MAX(priority->priority, -20), 19);
        }
    }
}

static void free_ring(struct hsp_vn_ring *ring)
{
    hsp_vn_stream_finish(&ring->stream);
    hsp_vn_resource_unref(ring->resource);
    free(ring->private_buffer);
    pthread_cond_destroy(&ring->progress);
    pthread_cond_destroy(&ring->wake);
    pthread_mutex_destroy(&ring->lock);
    free(ring);
}

static struct hsp_vn_ring *alloc_ring(struct hsp_vn_call *call, uint64_t id,
                                      const VkRingCreateInfoMESA *info)
{
    struct hsp_vn_ring *ring = calloc(1, sizeof(*ring));

    if (!ring)
        return NULL;
    ring->context = call->context;
    ring->id = id;
    ring->spin_limit = SPIN_MAX;
    hsp_list_init(&ring->link);
    pthread_mutex_init(&ring->lock, NULL);
    pthread_cond_init(&ring->wake, NULL);
    pthread_cond_init(&ring->progress, NULL);
    hsp_vn_stream_init(&ring->stream, call->context, ring);
    ring->private_buffer = malloc(info->bufferSize);
    read_chain(ring, info);
    if (!ring->private_buffer) {
        free_ring(ring);
        return NULL;
    }
    return ring;
}

static int start_thread(struct hsp_vn_ring *ring)
{
    if (ring->monitor_period_ns > 0) {
        int ret = hsp_vn_ring_monitor_add(&ring->context->monitor, ring->monitor_period_ns);
        if (ret < 0)
            return ret;
    }
    return -pthread_create(&ring->thread, NULL, ring_main, ring);
}

struct hsp_vn_ring *hsp_vn_ring_create(struct hsp_vn_call *call, uint64_t id,
                                       const VkRingCreateInfoMESA *info)
{
    struct hsp_vn_context *context = call->context;
    struct hsp_vn_resource *resource =
        hsp_vn_resource_find_ref(&context->resources, info->resourceId);
    struct hsp_vn_ring *ring;

    if (!resource || resource->kind != HSP_VN_RESOURCE_SHM) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_RESOURCE, info->resourceId, "ring");
        goto out;
    }
    if (!check_layout(call, info, resource->mapping.size))
        goto out;
    ring = alloc_ring(call, id, info);
    if (!ring) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, info->bufferSize, "ring");
        goto out;
    }
    ring->resource = resource;
    set_layout(ring, info);
    if (atomic_load(ring->shared_head) != 0 || atomic_load(ring->shared_status) != 0) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_RING, 0, "ring head or status is not zero");
        free_ring(ring);
        return NULL;
    }
    if (start_thread(ring) < 0) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, 0, "ring thread");
        free_ring(ring);
        return NULL;
    }
    return ring;

out:
    hsp_vn_resource_unref(resource);
    return NULL;
}

void hsp_vn_ring_interrupt(struct hsp_vn_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    pthread_cond_broadcast(&ring->wake);
    pthread_cond_broadcast(&ring->progress);
    pthread_mutex_unlock(&ring->lock);
}

void hsp_vn_ring_destroy(struct hsp_vn_ring *ring)
{
    ring->is_stopping = true;
    hsp_vn_ring_interrupt(ring);
    pthread_join(ring->thread, NULL);
    free_ring(ring);
}

void hsp_vn_ring_notify(struct hsp_vn_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    ring->is_notified = true;
    pthread_cond_signal(&ring->wake);
    pthread_mutex_unlock(&ring->lock);
}

static bool has_passed(struct hsp_vn_ring *ring, uint32_t seqno)
{
    return (int32_t)(atomic_load(&ring->head) - seqno) >= 0;
}

int hsp_vn_ring_wait_seqno(struct hsp_vn_ring *ring, uint32_t seqno)
{
    int ret = 0;

    if ((int32_t)(load_tail(ring) - seqno) < 0)
        return -EINVAL;
    if (has_passed(ring, seqno))
        return 0;
    hsp_vn_ring_notify(ring);
    /* The ring is mostly in the middle of the one command that is waited for. */
    for (uint32_t i = 0; i < WAIT_SPIN; i++) {
        if (has_passed(ring, seqno))
            return 0;
        cpu_relax();
    }
    atomic_fetch_add(&ring->waiter_count, 1);
    pthread_mutex_lock(&ring->lock);
    while (!has_passed(ring, seqno)) {
        if (ring->has_ended || hsp_vn_context_must_stop(ring->context)) {
            ret = -EIO;
            break;
        }
        pthread_cond_wait(&ring->progress, &ring->lock);
    }
    pthread_mutex_unlock(&ring->lock);
    atomic_fetch_sub(&ring->waiter_count, 1);
    return ret;
}
