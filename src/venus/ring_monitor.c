/* SPDX-License-Identifier: MIT */
/*
 * The client clears ALIVE when it begins a long wait and looks again half a second after the period
 * it asked for. It may wait for memory that the GPU or another thread writes while its ring is
 * idle, so idle rings are reported as well: one wakeup in each period (Mesa's is 3 s) is what the
 * protocol costs an idle context.
 */
#include "venus/context_private.h"
#include "venus/ring.h"

#include <errno.h>
#include <time.h>

/* A client cannot make the thread busy by asking for reports every microsecond. */
#define PERIOD_MIN_NS 10000000ull

void hsp_vn_ring_monitor_init(struct hsp_vn_ring_monitor *monitor, struct hsp_vn_context *context)
{
    *monitor = (struct hsp_vn_ring_monitor){.context = context};
    pthread_mutex_init(&monitor->lock, NULL);
    pthread_cond_init(&monitor->changed, NULL);
}

void hsp_vn_ring_monitor_finish(struct hsp_vn_ring_monitor *monitor)
{
    pthread_mutex_lock(&monitor->lock);
    monitor->is_stopping = true;
    pthread_cond_signal(&monitor->changed);
    pthread_mutex_unlock(&monitor->lock);
    if (monitor->period_ns > 0)
        pthread_join(monitor->thread, NULL);
    pthread_cond_destroy(&monitor->changed);
    pthread_mutex_destroy(&monitor->lock);
}

static void report_alive(struct hsp_vn_context *context)
{
    pthread_mutex_lock(&context->lock);
    hsp_list_for_each (ring, &context->rings, struct hsp_vn_ring, link) {
        if (ring->monitor_period_ns > 0)
            hsp_vn_ring_set_status(ring, HSP_VN_RING_STATUS_ALIVE);
    }
    pthread_mutex_unlock(&context->lock);
}

static void sleep_locked(struct hsp_vn_ring_monitor *monitor, uint64_t ns)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(ns / 1000000000u);
    until.tv_nsec += (long)(ns % 1000000000u);
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&monitor->changed, &monitor->lock, &until);
}

static void *monitor_main(void *data)
{
    struct hsp_vn_ring_monitor *monitor = data;

    hsp_thread_set_name("hsp-monitor");
    pthread_mutex_lock(&monitor->lock);
    while (!monitor->is_stopping) {
        sleep_locked(monitor, monitor->period_ns - monitor->period_ns / 16);
        if (monitor->is_stopping)
            break;
        pthread_mutex_unlock(&monitor->lock);
        report_alive(monitor->context);
        pthread_mutex_lock(&monitor->lock);
    }
    pthread_mutex_unlock(&monitor->lock);
    return NULL;
}

int hsp_vn_ring_monitor_add(struct hsp_vn_ring_monitor *monitor, uint64_t period_ns)
{
    int ret = 0;

    period_ns = HSP_MAX(period_ns, PERIOD_MIN_NS);
    pthread_mutex_lock(&monitor->lock);
    if (monitor->period_ns == 0) {
        ret = -pthread_create(&monitor->thread, NULL, monitor_main, monitor);
        if (ret == 0)
            monitor->period_ns = period_ns;
    } else if (period_ns < monitor->period_ns) {
        monitor->period_ns = period_ns;
        pthread_cond_signal(&monitor->changed);
    }
    pthread_mutex_unlock(&monitor->lock);
    return ret;
}
