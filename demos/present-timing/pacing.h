/* SPDX-License-Identifier: MIT */
/* When frames came onto the screen: intervals and their statistics. One thread. */
#ifndef PRESENT_TIMING_PACING_H
#define PRESENT_TIMING_PACING_H

#include <stdbool.h>
#include <stdint.h>

struct pacing {
    double *intervals; /* seconds between a frame and the one before; owned */
    uint32_t count, capacity;
    double last; /* time of the last frame; 0: there was none */
};

struct pacing_summary {
    double min, median, p99, max; /* seconds; 0 when there were no intervals */
};

/* A frame came at `seconds`. False when that is not after the one before. */
bool pacing_add(struct pacing *pacing, double seconds);
void pacing_finish(struct pacing *pacing);

struct pacing_summary pacing_summarize(const struct pacing *pacing);

#endif
