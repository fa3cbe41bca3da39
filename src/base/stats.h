/* SPDX-License-Identifier: MIT */
/*
 * Counters that prove what hesper claims, counted where the thing happens.
 *
 * Each process counts into a page of shared memory that hesper-gpu made and gave it, so that
 * `hesper stat` reads them with no help of a busy process, and a crash loses none. All fields only
 * grow, unless they are marked "now". A reader must not trust the page of a hesper-render: it
 * reads numbers and nothing else.
 *
 * Threads: every field is a relaxed atomic; use hsp_stats_add.
 */
#ifndef HSP_BASE_STATS_H
#define HSP_BASE_STATS_H

#include "base/limits.h"
#include "base/util.h"

#include <stdatomic.h>

/* One context, written by its hesper-render. */
struct hsp_stats_context {
    _Atomic uint64_t ring_commands; /* commands decoded from rings and indirect streams */
    _Atomic uint64_t vq_commands;   /* commands decoded from the vq stream */
    _Atomic uint64_t submits;       /* vkQueueSubmit, vkQueueSubmit2, vkQueueBindSparse */
    _Atomic uint64_t blobs;         /* blobs exported to the guest */
    _Atomic uint64_t shared_bytes;  /* now: bytes of spans held by this context */
    _Atomic uint64_t objects;       /* now: Vulkan objects alive */
    _Atomic uint64_t rings;         /* now */
    _Atomic uint64_t faults;        /* 0, or 1 once the context is dead */
};

/* One scanout. hesper-gpu writes copied_bytes of 2D transfers; hesper-display the rest. */
struct hsp_stats_scanout {
    _Atomic uint64_t flushes;       /* RESOURCE_FLUSH that touched this scanout */
    _Atomic uint64_t frames;        /* pictures that a flush made current */
    _Atomic uint64_t copied_bytes;  /* bytes moved by a CPU of the host for these frames */
    _Atomic uint64_t present_ns;    /* sum of time from flush to presented, our own part */
    _Atomic uint64_t last_frame_ns; /* now: hsp_now_ns of the newest frame */
    _Atomic uint32_t width, height; /* now: pixels; 0 when the scanout is off */
    _Atomic uint32_t port;          /* now: TCP port where it is shown; 0: none */
};

/* The page of a hesper-display. hesper-gpu counts input. */
struct hsp_stats_display {
    _Atomic uint64_t input_events; /* things that the user did */
    _Atomic uint64_t input_ns; /* sum of time until the guest's drivers had them, our own part */
    struct hsp_stats_scanout scanouts[HSP_LIMIT_SCANOUT_COUNT];
};

/* Null-tolerant, so that programs without a page (hesper exec) need no special case. */
#define hsp_stats_add(page, field, amount)                                             \
    do {                                                                               \
        if (page)                                                                      \
            atomic_fetch_add_explicit(&(page)->field, (amount), memory_order_relaxed); \
    } while (0)
#define hsp_stats_sub(page, field, amount)                                             \
    do {                                                                               \
        if (page)                                                                      \
            atomic_fetch_sub_explicit(&(page)->field, (amount), memory_order_relaxed); \
    } while (0)
#define hsp_stats_set(page, field, value)                                         \
    do {                                                                          \
        if (page)                                                                 \
            atomic_store_explicit(&(page)->field, (value), memory_order_relaxed); \
    } while (0)

#endif
