/* SPDX-License-Identifier: MIT */
#include "pacing.h"

#include "vk.h"

#include <stdlib.h>
#include <string.h>

bool pacing_add(struct pacing *pacing, double seconds)
{
    const double interval = seconds - pacing->last;
    const bool is_first = pacing->last <= 0;

    pacing->last = seconds;
    if (is_first)
        return true;
    if (pacing->count == pacing->capacity) {
        pacing->capacity = pacing->capacity ? pacing->capacity * 2 : 256;
        pacing->intervals =
            realloc(pacing->intervals, pacing->capacity * sizeof(pacing->intervals[0]));
        if (!pacing->intervals)
            demo_die("out of memory");
    }
    pacing->intervals[pacing->count++] = interval;
    return interval > 0;
}

void pacing_finish(struct pacing *pacing)
{
    free(pacing->intervals);
    *pacing = (struct pacing){0};
}

static int compare(const void *a, const void *b)
{
    const double one = *(const double *)a, other = *(const double *)b;

    return (one > other) - (one < other);
}

struct pacing_summary pacing_summarize(const struct pacing *pacing)
{
    const uint32_t count = pacing->count;
    struct pacing_summary summary = {0};

    if (count == 0)
        return summary;
    double *sorted = malloc(count * sizeof(sorted[0]));
    if (!sorted)
        demo_die("out of memory");
    memcpy(sorted, pacing->intervals, count * sizeof(sorted[0]));
    qsort(sorted, count, sizeof(sorted[0]), compare);
    summary = (struct pacing_summary){
        .min = sorted[0],
        .median = sorted[count / 2],
        .p99 = sorted[(uint64_t)(count - 1) * 99 / 100],
        .max = sorted[count - 1],
    };
    free(sorted);
    return summary;
}
