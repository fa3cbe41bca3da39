/* SPDX-License-Identifier: MIT */
/*
 * Scanouts: what each output of the device shows, and what hesper-display knows of it.
 *
 * A guest may flip and flush faster than anybody can look. So each scanout has at most one flush
 * under way at the display; what comes meanwhile is joined and sent when that one is answered. A
 * display that was started anew gets everything again.
 *
 * Threads: the device thread.
 */
#ifndef HSP_GPU_SCANOUT_H
#define HSP_GPU_SCANOUT_H

#include "base/limits.h"
#include "base/list.h"
#include "base/span.h"
#include "gpu/protocol.h"
#include "ipc/messages.h"

#include <uv.h>

struct hsp_gpu_command;
struct hsp_gpu_device;
struct hsp_gpu_resource;

struct hsp_gpu_cursor_state {
    struct hsp_ipc_display_cursor message;
    struct hsp_span span; /* of its picture; empty while hidden */
    bool picture_dirty, position_dirty;
};

struct hsp_gpu_scanout {
    struct hsp_gpu_resource *resource; /* NULL: off */
    struct hsp_ipc_display_scanout picture;
    bool picture_dirty; /* the display does not know `picture` */
    /* A copy of the picture that is shown in place of guest pages, from hsp_gpu_scanouts_keep to
     * the next thing that the driver says of it. */
    struct hsp_span kept;

    bool flush_sent; /* and not answered */
    uint64_t flush_sequence;
    bool flush_pending; /* to be sent after the answer */
    struct hsp_ipc_rect pending_rect;
    uint64_t pending_start_ns;
    struct hsp_list sent_waiters; /* struct flush_waiter: commands to finish with the answer */
    struct hsp_list pending_waiters;

    struct hsp_gpu_cursor_state cursor;
};

struct hsp_gpu_scanouts {
    struct hsp_gpu_device *device;
    struct hsp_gpu_scanout items[HSP_LIMIT_SCANOUT_COUNT];
    uv_timer_t timer; /* runs while commands wait for a display */
    uint64_t last_sequence;
};

int hsp_gpu_scanouts_init(struct hsp_gpu_scanouts *scanouts, struct hsp_gpu_device *device);

/* Everything was reset. Closes its handle. */
void hsp_gpu_scanouts_finish(struct hsp_gpu_scanouts *scanouts);

/* All off, cursors hidden, nothing waits. */
void hsp_gpu_scanouts_reset(struct hsp_gpu_scanouts *scanouts);

/* Shows part of a resource; all of `picture` but scanout_id and kind was checked and set by the
 * caller. NULL switches the scanout off. */
void hsp_gpu_scanout_set(struct hsp_gpu_scanouts *scanouts, uint32_t scanout_id,
                         struct hsp_gpu_resource *resource,
                         const struct hsp_ipc_display_scanout *picture);

/* The resource has other pages now; they are shown at once, for the old ones are no longer its. */
void hsp_gpu_scanouts_update_resource(struct hsp_gpu_scanouts *scanouts,
                                      const struct hsp_gpu_resource *resource);

/* The resource goes away, or its pages do. */
void hsp_gpu_scanouts_forget_resource(struct hsp_gpu_scanouts *scanouts,
                                      const struct hsp_gpu_resource *resource);

/* The resource's pixels in `rect` changed. The command, if it is fenced, waits for what displays
 * them: true, and it will be finished. */
bool hsp_gpu_scanouts_flush(struct hsp_gpu_scanouts *scanouts, struct hsp_gpu_resource *resource,
                            const struct hsp_gpu_rect *rect, struct hsp_gpu_command *command);

/* Sets a cursor's picture and place; steals *span (empty hides it). */
void hsp_gpu_scanout_set_cursor(struct hsp_gpu_scanouts *scanouts,
                                const struct hsp_ipc_display_cursor *message,
                                struct hsp_span *span);
void hsp_gpu_scanout_move_cursor(struct hsp_gpu_scanouts *scanouts, uint32_t scanout_id, int32_t x,
                                 int32_t y);

/* The driver has stopped, perhaps for good: pictures in guest pages stay as they are now, whatever
 * the guest does with the pages. */
void hsp_gpu_scanouts_keep(struct hsp_gpu_scanouts *scanouts);

/* ------------------------------------------------------------------ from the display */

void hsp_gpu_scanouts_on_display_started(struct hsp_gpu_scanouts *scanouts);
void hsp_gpu_scanouts_on_display_gone(struct hsp_gpu_scanouts *scanouts);
void hsp_gpu_scanouts_on_display_drained(struct hsp_gpu_scanouts *scanouts);

/* 0, or -EPROTO for an answer to nothing. */
int hsp_gpu_scanouts_on_flushed(struct hsp_gpu_scanouts *scanouts,
                                const struct hsp_ipc_display_flushed *flushed);

#endif
