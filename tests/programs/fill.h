/* SPDX-License-Identifier: MIT */
/* The host's side of fill.comp. */
#ifndef CHECK_FILL_H
#define CHECK_FILL_H

#include <stdint.h>

#define FILL_GROUP_SIZE 64

struct fill_counters {
    uint32_t invocations;
    uint32_t largest_id;
    uint32_t id_sum;
};

static inline uint32_t fill_value(uint32_t id, uint32_t seed, uint32_t constant)
{
    uint32_t x = (id ^ seed) * 2654435761u;

    x ^= x >> 15;
    return x * 2246822519u + constant;
}

#endif
