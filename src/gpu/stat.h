/* SPDX-License-Identifier: MIT */
/*
 * What `hesper stat` shows of a device, as JSON.
 *
 * fps, copied_bytes_per_frame and present_us_avg of a scanout are of the time since the last
 * question, if that was between MIN and MAX ago; otherwise the answer waits until MIN has passed.
 * So nothing is counted while nobody asks, and two who ask at once get the same numbers.
 */
#ifndef HSP_GPU_STAT_H
#define HSP_GPU_STAT_H

#include "base/limits.h"

#include <stdint.h>

struct hsp_gpu_device;

/* Counters of a scanout when it was looked at. */
struct hsp_gpu_stat_counters {
    uint64_t frames, copied_bytes, present_ns;
};

/* What happened to a scanout between two looks. */
struct hsp_gpu_stat_rates {
    double fps;
    uint64_t copied_bytes_per_frame, present_us;
};

/* Zeroed at first. */
struct hsp_gpu_stat {
    uint64_t begin_ns; /* of the time that rates are counted over; 0: never */
    struct hsp_gpu_stat_counters begin[HSP_LIMIT_SCANOUT_COUNT];
    struct hsp_gpu_stat_rates rates[HSP_LIMIT_SCANOUT_COUNT];
};

#define HSP_GPU_STAT_MIN_MS 500
#define HSP_GPU_STAT_MAX_MS 5000

/* Looks at the counters. 0 when frame rates are known now, else the milliseconds until they will
 * be. */
uint64_t hsp_gpu_stat_sample(struct hsp_gpu_stat *stat, const struct hsp_gpu_device *device);

/* The JSON text, freed by the caller; NULL without memory. Completes a sample that is old enough.
 */
char *hsp_gpu_stat_format(struct hsp_gpu_stat *stat, const struct hsp_gpu_device *device);

#endif
