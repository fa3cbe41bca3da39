/* SPDX-License-Identifier: MIT */
#include "gpu/scanout.h"

#include "base/log.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/display.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A display that answers no flush for so long hangs; the guest's fences go on without it. */
#define FLUSH_TIMEOUT_MS 1000

/* A command that waits for the flush of one scanout. */
struct flush_waiter {
    struct hsp_list link;
    struct hsp_gpu_command *command;
};

int hsp_gpu_scanouts_init(struct hsp_gpu_scanouts *scanouts, struct hsp_gpu_device *device)
{
    scanouts->device = device;
    for (size_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        hsp_list_init(&scanouts->items[i].sent_waiters);
        hsp_list_init(&scanouts->items[i].pending_waiters);
        scanouts->items[i].cursor.message.scanout_id = (uint32_t)i;
    }
    return uv_timer_init(device->loop, &scanouts->timer);
}

void hsp_gpu_scanouts_finish(struct hsp_gpu_scanouts *scanouts)
{
    uv_close((uv_handle_t *)&scanouts->timer, NULL);
}

/* ------------------------------------------------------------------ waiting commands */

/* Finishes the commands that wait for nothing else. Between hsp_gpu_schedule_begin and _end. */
static void finish_waiters(struct hsp_list *waiters)
{
    hsp_list_for_each_safe (waiter, waiters, struct flush_waiter, link) {
        struct hsp_gpu_command *command = waiter->command;
        hsp_list_remove(&waiter->link);
        free(waiter);
        if (--command->flush_count == 0)
            hsp_gpu_command_finish(command, HSP_GPU_RESP_OK_NODATA);
    }
}

static void drop_waiters(struct hsp_list *waiters)
{
    hsp_list_for_each_safe (waiter, waiters, struct flush_waiter, link) {
        hsp_list_remove(&waiter->link);
        free(waiter);
    }
}

static void move_waiters(struct hsp_list *to, struct hsp_list *from)
{
    while (!hsp_list_is_empty(from)) {
        struct hsp_list *link = from->next;
        hsp_list_remove(link);
        hsp_list_append(to, link);
    }
}

static void on_timeout(uv_timer_t *timer)
{
    struct hsp_gpu_scanouts *scanouts = HSP_CONTAINER_OF(timer, struct hsp_gpu_scanouts, timer);

    hsp_warning("hesper-display did not answer a flush for %d ms", FLUSH_TIMEOUT_MS);
    hsp_gpu_schedule_begin(scanouts->device);
    for (size_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        finish_waiters(&scanouts->items[i].sent_waiters);
        finish_waiters(&scanouts->items[i].pending_waiters);
    }
    hsp_gpu_schedule_end(scanouts->device);
}

/* Runs the timer from the last answer on, while somebody waits. */
static void update_timer(struct hsp_gpu_scanouts *scanouts)
{
    bool waiting = false;

    for (size_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++)
        waiting |= !hsp_list_is_empty(&scanouts->items[i].sent_waiters) ||
                   !hsp_list_is_empty(&scanouts->items[i].pending_waiters);
    if (waiting)
        uv_timer_start(&scanouts->timer, on_timeout, FLUSH_TIMEOUT_MS, 0);
    else
        uv_timer_stop(&scanouts->timer);
}

/* ------------------------------------------------------------------ to the display */

static void send_picture(struct hsp_gpu_scanout *scanout, struct hsp_gpu_link *link)
{
    const struct hsp_span *span = NULL;

    if (scanout->kept.piece_count > 0) {
        span = &scanout->kept;
        scanout->picture.kind = HSP_IPC_RESOURCE_SHM;
    } else if (scanout->resource) {
        span = &scanout->resource->span;
        scanout->picture.kind = scanout->resource->ipc_kind;
    }
    scanout->picture_dirty = false;
    hsp_gpu_link_send_with_span(link, HSP_IPC_DISPLAY_SET_SCANOUT, &scanout->picture,
                                sizeof(scanout->picture), span);
}

static void send_flush(struct hsp_gpu_scanouts *scanouts, struct hsp_gpu_scanout *scanout,
                       struct hsp_gpu_link *link)
{
    struct hsp_ipc_display_flush flush = {
        .sequence = ++scanouts->last_sequence,
        .start_ns = scanout->pending_start_ns,
        .scanout_id = scanout->picture.scanout_id,
        .rect = scanout->pending_rect,
    };

    scanout->flush_pending = false;
    scanout->flush_sent = true;
    scanout->flush_sequence = flush.sequence;
    move_waiters(&scanout->sent_waiters, &scanout->pending_waiters);
    hsp_gpu_link_send(link, HSP_IPC_DISPLAY_FLUSH, &flush, sizeof(flush), NULL, 0);
}

/* Tells the display what it may be told now. */
static void update_display(struct hsp_gpu_scanouts *scanouts, struct hsp_gpu_scanout *scanout)
{
    struct hsp_gpu_link *link = hsp_gpu_display_get_link(scanouts->device->display);

    if (!link) {
        finish_waiters(&scanout->pending_waiters);
        scanout->flush_pending = false;
        return;
    }
    /* A new picture counts from its first flush on; off is at once. */
    if (scanout->picture_dirty && (!scanout->flush_sent || !scanout->resource))
        send_picture(scanout, link);
    if (scanout->flush_pending && !scanout->flush_sent)
        send_flush(scanouts, scanout, link);
}

/* ------------------------------------------------------------------ pictures */

void hsp_gpu_scanout_set(struct hsp_gpu_scanouts *scanouts, uint32_t scanout_id,
                         struct hsp_gpu_resource *resource,
                         const struct hsp_ipc_display_scanout *picture)
{
    struct hsp_gpu_scanout *scanout = &scanouts->items[scanout_id];

    if (!resource && !scanout->resource)
        return;
    memset(&scanout->picture, 0, sizeof(scanout->picture));
    hsp_span_finish(&scanout->kept);
    if (resource)
        scanout->picture = *picture;
    else
        scanout->flush_pending = false;
    scanout->picture.scanout_id = scanout_id;
    scanout->resource = resource;
    scanout->picture_dirty = true;
    hsp_gpu_schedule_begin(scanouts->device);
    if (!resource)
        finish_waiters(&scanout->pending_waiters);
    update_display(scanouts, scanout);
    hsp_gpu_schedule_end(scanouts->device);
}

void hsp_gpu_scanouts_forget_resource(struct hsp_gpu_scanouts *scanouts,
                                      const struct hsp_gpu_resource *resource)
{
    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        if (scanouts->items[i].resource == resource)
            hsp_gpu_scanout_set(scanouts, i, NULL, NULL);
    }
}

/* ------------------------------------------------------------------ flushes */

static bool rects_meet(const struct hsp_ipc_rect *a, const struct hsp_gpu_rect *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
}

static struct hsp_ipc_rect join_rects(const struct hsp_ipc_rect *a, const struct hsp_gpu_rect *b)
{
    uint32_t x = HSP_MIN(a->x, b->x), y = HSP_MIN(a->y, b->y);
    uint32_t right = HSP_MAX(a->x + a->width, b->x + b->width);
    uint32_t bottom = HSP_MAX(a->y + a->height, b->y + b->height);

    return (struct hsp_ipc_rect){.x = x, .y = y, .width = right - x, .height = bottom - y};
}

static void add_flush(struct hsp_gpu_scanout *scanout, const struct hsp_gpu_rect *rect,
                      uint64_t start_ns)
{
    struct hsp_ipc_rect own = {rect->x, rect->y, rect->width, rect->height};

    if (!scanout->flush_pending)
        scanout->pending_start_ns = start_ns;
    scanout->pending_rect = scanout->flush_pending ? join_rects(&scanout->pending_rect, rect) : own;
    scanout->flush_pending = true;
}

static void add_waiter(struct hsp_gpu_scanout *scanout, struct hsp_gpu_command *command)
{
    struct flush_waiter *waiter = malloc(sizeof(*waiter));

    if (!waiter)
        return; /* it is answered early */
    waiter->command = command;
    command->flush_count++;
    hsp_list_append(&scanout->pending_waiters, &waiter->link);
}

bool hsp_gpu_scanouts_flush(struct hsp_gpu_scanouts *scanouts, struct hsp_gpu_resource *resource,
                            const struct hsp_gpu_rect *rect, struct hsp_gpu_command *command)
{
    bool fenced = (command->request.header.flags & HSP_GPU_FLAG_FENCE) != 0;
    bool has_display = hsp_gpu_display_get_link(scanouts->device->display) != NULL;
    uint64_t copied = resource->copied_bytes;

    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        struct hsp_gpu_scanout *scanout = &scanouts->items[i];
        struct hsp_stats_scanout *stats = &scanouts->device->stats->scanouts[i];
        if (scanout->resource != resource || !rects_meet(&scanout->picture.rect, rect))
            continue;
        /* These bytes were copied for the picture that is shown now. */
        hsp_stats_add(stats, copied_bytes, copied);
        resource->copied_bytes = 0;
        scanout->picture_dirty |= scanout->kept.piece_count > 0;
        hsp_span_finish(&scanout->kept);
        if (!has_display)
            continue;
        add_flush(scanout, rect, command->start_ns);
        if (fenced)
            add_waiter(scanout, command);
        update_display(scanouts, scanout);
    }
    if (command->flush_count == 0)
        return false;
    if (!uv_is_active((uv_handle_t *)&scanouts->timer))
        update_timer(scanouts);
    return true;
}

int hsp_gpu_scanouts_on_flushed(struct hsp_gpu_scanouts *scanouts,
                                const struct hsp_ipc_display_flushed *flushed)
{
    struct hsp_gpu_scanout *scanout;

    if (flushed->scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return -EPROTO;
    scanout = &scanouts->items[flushed->scanout_id];
    if (!scanout->flush_sent || scanout->flush_sequence != flushed->sequence)
        return -EPROTO;
    scanout->flush_sent = false;
    hsp_gpu_schedule_begin(scanouts->device);
    finish_waiters(&scanout->sent_waiters);
    update_display(scanouts, scanout);
    update_timer(scanouts);
    hsp_gpu_schedule_end(scanouts->device);
    return 0;
}

/* Sends the picture as if it were new, and flushed. */
static void show_again(struct hsp_gpu_scanouts *scanouts, struct hsp_gpu_scanout *scanout)
{
    const struct hsp_ipc_rect *shown = &scanout->picture.rect;
    struct hsp_gpu_rect all = {shown->x, shown->y, shown->width, shown->height};

    scanout->picture_dirty = true;
    add_flush(scanout, &all, hsp_now_ns());
    update_display(scanouts, scanout);
}

void hsp_gpu_scanouts_update_resource(struct hsp_gpu_scanouts *scanouts,
                                      const struct hsp_gpu_resource *resource)
{
    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        struct hsp_gpu_scanout *scanout = &scanouts->items[i];

        if (scanout->resource == resource) {
            hsp_span_finish(&scanout->kept);
            show_again(scanouts, scanout);
        }
    }
}

/* Copies the picture out of the resource's pages, at the same place in fresh ones. */
static int copy_picture(const struct hsp_gpu_scanout *scanout, struct hsp_span *out_span)
{
    uint64_t offset = scanout->picture.offset;
    uint64_t size = (uint64_t)scanout->picture.stride * scanout->picture.height;
    const struct hsp_span *span = &scanout->resource->span;
    struct hsp_mapping from = {0}, to = {0};
    int ret;

    if (offset + size > HSP_LIMIT_KEPT_PICTURE_SIZE)
        return -E2BIG;
    ret = hsp_span_init_shm(out_span, "hesper-kept", offset + size);
    if (ret < 0)
        return ret;
    ret = hsp_span_map(span, false, &from);
    if (ret == 0)
        ret = hsp_span_map(out_span, true, &to);
    if (ret == 0)
        memcpy((char *)to.data + offset, (const char *)from.data + offset,
               (size_t)HSP_MIN(size, span->size - offset));
    hsp_mapping_finish(&from);
    hsp_mapping_finish(&to);
    if (ret < 0)
        hsp_span_finish(out_span);
    return ret;
}

void hsp_gpu_scanouts_keep(struct hsp_gpu_scanouts *scanouts)
{
    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        struct hsp_gpu_scanout *scanout = &scanouts->items[i];

        if (!scanout->resource || scanout->resource->ipc_kind != HSP_IPC_RESOURCE_GUEST ||
            scanout->kept.piece_count > 0)
            continue;
        if (copy_picture(scanout, &scanout->kept) == 0) {
            hsp_stats_add(&scanouts->device->stats->scanouts[i], copied_bytes, scanout->kept.size);
            show_again(scanouts, scanout);
        } else {
            hsp_gpu_scanout_set(scanouts, i, NULL, NULL);
        }
    }
}

/* ------------------------------------------------------------------ cursor */

/* Moving a mouse makes many messages: a display that is behind gets only the last. */
static void update_cursor(struct hsp_gpu_scanouts *scanouts, struct hsp_gpu_cursor_state *cursor)
{
    struct hsp_gpu_link *link = hsp_gpu_display_get_link(scanouts->device->display);
    const struct hsp_span *span = cursor->span.piece_count ? &cursor->span : NULL;

    if (!link || hsp_gpu_link_queued_size(link) > 0)
        return;
    if (cursor->picture_dirty)
        hsp_gpu_link_send_with_span(link, HSP_IPC_DISPLAY_SET_CURSOR, &cursor->message,
                                    sizeof(cursor->message), span);
    else if (cursor->position_dirty)
        hsp_gpu_link_send(link, HSP_IPC_DISPLAY_MOVE_CURSOR, &cursor->message,
                          sizeof(cursor->message), NULL, 0);
    cursor->picture_dirty = cursor->position_dirty = false;
}

void hsp_gpu_scanout_set_cursor(struct hsp_gpu_scanouts *scanouts,
                                const struct hsp_ipc_display_cursor *message, struct hsp_span *span)
{
    struct hsp_gpu_cursor_state *cursor = &scanouts->items[message->scanout_id].cursor;

    hsp_span_finish(&cursor->span);
    cursor->message = *message;
    cursor->span = *span;
    *span = HSP_SPAN_EMPTY;
    cursor->picture_dirty = true;
    update_cursor(scanouts, cursor);
}

void hsp_gpu_scanout_move_cursor(struct hsp_gpu_scanouts *scanouts, uint32_t scanout_id, int32_t x,
                                 int32_t y)
{
    struct hsp_gpu_cursor_state *cursor = &scanouts->items[scanout_id].cursor;

    cursor->message.x = x;
    cursor->message.y = y;
    cursor->position_dirty = true;
    update_cursor(scanouts, cursor);
}

static void hide_cursor(struct hsp_gpu_scanouts *scanouts, uint32_t scanout_id)
{
    struct hsp_ipc_display_cursor message = {.scanout_id = scanout_id};
    struct hsp_span none = HSP_SPAN_EMPTY;

    if (scanouts->items[scanout_id].cursor.span.piece_count > 0)
        hsp_gpu_scanout_set_cursor(scanouts, &message, &none);
}

/* ------------------------------------------------------------------ beginnings and ends */

void hsp_gpu_scanouts_reset(struct hsp_gpu_scanouts *scanouts)
{
    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        drop_waiters(&scanouts->items[i].sent_waiters);
        drop_waiters(&scanouts->items[i].pending_waiters);
        hsp_gpu_scanout_set(scanouts, i, NULL, NULL);
        hide_cursor(scanouts, i);
    }
    uv_timer_stop(&scanouts->timer);
}

void hsp_gpu_scanouts_on_display_started(struct hsp_gpu_scanouts *scanouts)
{
    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        struct hsp_gpu_scanout *scanout = &scanouts->items[i];

        if (scanout->resource)
            show_again(scanouts, scanout);
        if (scanout->cursor.span.piece_count > 0) {
            scanout->cursor.picture_dirty = true;
            update_cursor(scanouts, &scanout->cursor);
        }
    }
}

void hsp_gpu_scanouts_on_display_gone(struct hsp_gpu_scanouts *scanouts)
{
    hsp_gpu_schedule_begin(scanouts->device);
    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        struct hsp_gpu_scanout *scanout = &scanouts->items[i];
        scanout->flush_sent = false;
        scanout->flush_pending = false;
        scanout->picture_dirty = false;
        finish_waiters(&scanout->sent_waiters);
        finish_waiters(&scanout->pending_waiters);
    }
    uv_timer_stop(&scanouts->timer);
    hsp_gpu_schedule_end(scanouts->device);
}

void hsp_gpu_scanouts_on_display_drained(struct hsp_gpu_scanouts *scanouts)
{
    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++)
        if (scanouts->items[i].cursor.picture_dirty || scanouts->items[i].cursor.position_dirty)
            update_cursor(scanouts, &scanouts->items[i].cursor);
}
