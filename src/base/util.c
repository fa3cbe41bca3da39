/* SPDX-License-Identifier: MIT */
#include "base/util.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

uint64_t hsp_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

size_t hsp_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void hsp_thread_set_name(const char *name)
{
    char kept[16];

    snprintf(kept, sizeof(kept), "%s", name);
#ifdef __APPLE__
    pthread_setname_np(kept);
#else
    pthread_setname_np(pthread_self(), kept);
#endif
}
