/* SPDX-License-Identifier: MIT */
/* What a process holds: what must not grow. */
#ifndef RAPID_RESIZE_USAGE_H
#define RAPID_RESIZE_USAGE_H

#include <stdint.h>

struct usage {
    uint64_t fds;
    uint64_t mappings;
    uint64_t memory_kib; /* resident */
};

/* Of this process, now. Linux only: zeros elsewhere. */
struct usage usage_read(void);

#endif
