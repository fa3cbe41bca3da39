/* SPDX-License-Identifier: MIT */
/*
 * Small arithmetic that must not overflow, and the few macros that C lacks.
 * Pure functions; safe from any thread.
 */
#ifndef HSP_BASE_UTIL_H
#define HSP_BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HSP_ARRAY_COUNT(a)                  (sizeof(a) / sizeof((a)[0]))
#define HSP_CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define HSP_PRINTF(fmt_index, args_index)   __attribute__((format(printf, fmt_index, args_index)))
#define HSP_MIN(a, b)                       ((a) < (b) ? (a) : (b))
#define HSP_MAX(a, b)                       ((a) > (b) ? (a) : (b))

/* `alignment` is a power of two. The caller knows that `value + alignment` does not overflow;
 * for a number that a guest chose use hsp_align_up_checked. */
static inline uint64_t hsp_align_up(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

/* False, and *out_value untouched, when the result does not fit 64 bits. */
static inline bool hsp_align_up_checked(uint64_t value, uint64_t alignment, uint64_t *out_value)
{
    if (value > UINT64_MAX - (alignment - 1))
        return false;
    *out_value = hsp_align_up(value, alignment);
    return true;
}

static inline bool hsp_is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* Whether [offset, offset + size) lies inside [0, limit), without overflow. */
static inline bool hsp_range_fits(uint64_t offset, uint64_t size, uint64_t limit)
{
    return size <= limit && offset <= limit - size;
}

/* Monotonic clock, nanoseconds. */
uint64_t hsp_now_ns(void);

/* The host's page size in bytes (4096, or 16384 on Apple silicon). */
size_t hsp_page_size(void);

/* Names the calling thread for debuggers and `top`; at most 15 bytes are kept. */
void hsp_thread_set_name(const char *name);

#endif
