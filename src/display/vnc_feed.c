/* SPDX-License-Identifier: MIT */
#include "display/vnc_feed.h"

#include "base/event.h"
#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------ damage */

static void join(struct hsp_ipc_rect *rect, const struct hsp_ipc_rect *other)
{
    uint32_t right = HSP_MAX(rect->x + rect->width, other->x + other->width);
    uint32_t bottom = HSP_MAX(rect->y + rect->height, other->y + other->height);

    rect->x = HSP_MIN(rect->x, other->x);
    rect->y = HSP_MIN(rect->y, other->y);
    rect->width = right - rect->x;
    rect->height = bottom - rect->y;
}

static bool holds(const struct hsp_ipc_rect *rect, const struct hsp_ipc_rect *other)
{
    struct hsp_ipc_rect both = *rect;

    join(&both, other);
    return memcmp(&both, rect, sizeof(both)) == 0;
}

static void add_damage(struct hsp_vnc_damage *damage, const struct hsp_ipc_rect *rect)
{
    for (uint32_t i = 0; i < damage->count; i++) {
        if (holds(&damage->rects[i], rect))
            return;
    }
    if (damage->count < HSP_VNC_DAMAGE_COUNT) {
        damage->rects[damage->count++] = *rect;
        return;
    }
    for (uint32_t i = 1; i < damage->count; i++)
        join(&damage->rects[0], &damage->rects[i]);
    join(&damage->rects[0], rect);
    damage->count = 1;
}

/* ------------------------------------------------------------------ life */

int hsp_vnc_feed_init(struct hsp_vnc_feed *feed, void (*wake_loop)(void *user_data),
                      void *user_data)
{
    int ret;

    memset(feed, 0, sizeof(*feed));
    ret = hsp_event_create(&feed->wake_read_fd, &feed->wake_write_fd);
    if (ret < 0)
        return ret;
    pthread_mutex_init(&feed->lock, NULL);
    pthread_cond_init(&feed->collected, NULL);
    feed->wake_loop = wake_loop;
    feed->user_data = user_data;
    return 0;
}

void hsp_vnc_feed_reset(struct hsp_vnc_feed *feed)
{
    hsp_display_picture_unref(feed->picture);
    hsp_display_picture_unref(feed->held);
    feed->picture = feed->held = NULL;
    feed->reading = NULL;
    feed->put_serial = feed->due_serial = feed->taken_serial = feed->read_serial = 0;
    feed->is_resting = false;
    memset(&feed->work, 0, sizeof(feed->work));
    memset(&feed->result, 0, sizeof(feed->result));
}

void hsp_vnc_feed_finish(struct hsp_vnc_feed *feed)
{
    hsp_vnc_feed_reset(feed);
    hsp_fd_close(&feed->wake_read_fd);
    hsp_fd_close(&feed->wake_write_fd);
    pthread_cond_destroy(&feed->collected);
    pthread_mutex_destroy(&feed->lock);
}

/* ------------------------------------------------------------------ loop's thread */

static bool has_news(const struct hsp_vnc_feed *feed)
{
    const struct hsp_vnc_work *work = &feed->work;

    return work->damage.count > 0 || work->is_blank || work->cursor_changed || work->cursor_moved ||
           work->leds_changed;
}

static void wake_viewer(struct hsp_vnc_feed *feed)
{
    if (feed->is_resting)
        hsp_event_set(feed->wake_write_fd);
}

static void replace_picture(struct hsp_vnc_feed *feed, struct hsp_display_picture *picture)
{
    struct hsp_display_picture *old = feed->picture;

    feed->picture = picture ? hsp_display_picture_ref(picture) : NULL;
    feed->work.damage.count = 0;
    feed->work.picture_serial++;
    if (old && old == feed->reading)
        feed->held = old; /* there is none yet: only one is read at a time */
    else
        hsp_display_picture_unref(old);
}

void hsp_vnc_feed_put_frame(struct hsp_vnc_feed *feed, struct hsp_display_picture *picture,
                            const struct hsp_ipc_rect *damage, uint64_t serial)
{
    pthread_mutex_lock(&feed->lock);
    if (picture != feed->picture) {
        replace_picture(feed, picture);
        damage = &picture->rect;
    }
    feed->work.is_blank = false;
    add_damage(&feed->work.damage, damage);
    feed->put_serial = serial;
    if (feed->is_resting)
        feed->due_serial = serial;
    wake_viewer(feed);
    pthread_mutex_unlock(&feed->lock);
}

void hsp_vnc_feed_put_blank(struct hsp_vnc_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    replace_picture(feed, NULL);
    feed->work.is_blank = true;
    wake_viewer(feed);
    pthread_mutex_unlock(&feed->lock);
}

bool hsp_vnc_feed_is_behind(struct hsp_vnc_feed *feed, uint64_t serial)
{
    bool is_behind;

    pthread_mutex_lock(&feed->lock);
    is_behind = !feed->result.is_gone &&
                (feed->reading || (feed->due_serial >= serial && feed->read_serial < serial));
    pthread_mutex_unlock(&feed->lock);
    return is_behind;
}

void hsp_vnc_feed_put_cursor(struct hsp_vnc_feed *feed, const struct hsp_display_cursor *cursor,
                             bool picture_changed, bool is_pointing)
{
    pthread_mutex_lock(&feed->lock);
    if (picture_changed) {
        feed->work.cursor = *cursor;
        feed->work.cursor_changed = true;
    } else {
        feed->work.cursor.x = cursor->x;
        feed->work.cursor.y = cursor->y;
    }
    feed->work.cursor_moved = true;
    feed->work.is_pointing = is_pointing;
    wake_viewer(feed);
    pthread_mutex_unlock(&feed->lock);
}

void hsp_vnc_feed_put_leds(struct hsp_vnc_feed *feed, uint32_t leds)
{
    pthread_mutex_lock(&feed->lock);
    feed->work.leds = leds;
    feed->work.leds_changed = true;
    wake_viewer(feed);
    pthread_mutex_unlock(&feed->lock);
}

void hsp_vnc_feed_close(struct hsp_vnc_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->work.is_closing = true;
    pthread_cond_signal(&feed->collected);
    hsp_event_set(feed->wake_write_fd);
    pthread_mutex_unlock(&feed->lock);
}

bool hsp_vnc_feed_is_gone(struct hsp_vnc_feed *feed)
{
    bool is_gone;

    pthread_mutex_lock(&feed->lock);
    is_gone = feed->result.is_gone;
    pthread_mutex_unlock(&feed->lock);
    return is_gone;
}

void hsp_vnc_feed_collect(struct hsp_vnc_feed *feed, struct hsp_vnc_result *out_result)
{
    pthread_mutex_lock(&feed->lock);
    *out_result = feed->result;
    feed->result.event_count = 0;
    feed->result.copied_bytes = 0;
    if (feed->held && feed->reading != feed->held) {
        hsp_display_picture_unref(feed->held);
        feed->held = NULL;
    }
    pthread_cond_signal(&feed->collected);
    pthread_mutex_unlock(&feed->lock);
}

/* ------------------------------------------------------------------ viewer's thread */

bool hsp_vnc_feed_rest(struct hsp_vnc_feed *feed, bool wants_frame)
{
    bool may_wait;

    pthread_mutex_lock(&feed->lock);
    may_wait = !feed->work.is_closing && !(wants_frame && has_news(feed));
    feed->is_resting = may_wait && wants_frame;
    pthread_mutex_unlock(&feed->lock);
    return may_wait;
}

static void drain(int fd)
{
    uint64_t bytes[8];
    ssize_t n;

    do {
        n = read(fd, bytes, sizeof(bytes));
    } while (n > 0 || (n < 0 && errno == EINTR));
}

void hsp_vnc_feed_take(struct hsp_vnc_feed *feed, bool wants_frame, struct hsp_vnc_work *out_work)
{
    struct hsp_vnc_work *work = &feed->work;
    bool is_awaited = false;

    drain(feed->wake_read_fd);
    pthread_mutex_lock(&feed->lock);
    feed->is_resting = false;
    *out_work = *work;
    out_work->picture = NULL;
    if (wants_frame) {
        feed->taken_serial = feed->put_serial;
        if (feed->picture && work->damage.count > 0) {
            out_work->picture = feed->reading = feed->picture;
        } else {
            is_awaited = feed->due_serial > feed->read_serial;
            feed->read_serial = feed->taken_serial;
        }
        work->damage.count = 0;
        work->is_blank = work->cursor_changed = work->cursor_moved = work->leds_changed = false;
    } else {
        out_work->is_blank = out_work->cursor_changed = out_work->cursor_moved = false;
        out_work->leds_changed = false;
    }
    pthread_mutex_unlock(&feed->lock);
    if (is_awaited)
        feed->wake_loop(feed->user_data);
}

void hsp_vnc_feed_end_read(struct hsp_vnc_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->reading = NULL;
    feed->read_serial = feed->taken_serial;
    pthread_mutex_unlock(&feed->lock);
    feed->wake_loop(feed->user_data);
}

void hsp_vnc_feed_count_copied(struct hsp_vnc_feed *feed, uint64_t bytes)
{
    pthread_mutex_lock(&feed->lock);
    feed->result.copied_bytes += bytes;
    pthread_mutex_unlock(&feed->lock);
    feed->wake_loop(feed->user_data);
}

void hsp_vnc_feed_put_event(struct hsp_vnc_feed *feed, const struct hsp_vnc_event *event)
{
    struct hsp_vnc_result *result = &feed->result;
    struct hsp_vnc_event *last;

    pthread_mutex_lock(&feed->lock);
    while (result->event_count == HSP_VNC_EVENT_COUNT && !feed->work.is_closing)
        pthread_cond_wait(&feed->collected, &feed->lock);
    last = result->event_count > 0 ? &result->events[result->event_count - 1] : NULL;
    if (last && event->kind == HSP_VNC_EVENT_POSITION && last->kind == HSP_VNC_EVENT_POSITION)
        *last = *event;
    else if (result->event_count < HSP_VNC_EVENT_COUNT)
        result->events[result->event_count++] = *event;
    pthread_mutex_unlock(&feed->lock);
    feed->wake_loop(feed->user_data);
}

void hsp_vnc_feed_put_gone(struct hsp_vnc_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->result.is_gone = true;
    pthread_mutex_unlock(&feed->lock);
    feed->wake_loop(feed->user_data);
}
