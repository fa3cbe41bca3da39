/* SPDX-License-Identifier: MIT */
#include "display/window_feed.h"

#include <string.h>

int hsp_window_feed_init(struct hsp_window_feed *feed, void (*wake_loop)(void *user_data),
                         void *user_data)
{
    int ret;

    memset(feed, 0, sizeof(*feed));
    feed->wake_loop = wake_loop;
    feed->user_data = user_data;
    feed->state.is_blank = true;
    ret = -pthread_mutex_init(&feed->lock, NULL);
    if (ret < 0)
        return ret;
    ret = -pthread_cond_init(&feed->changed, NULL);
    if (ret < 0)
        pthread_mutex_destroy(&feed->lock);
    return ret;
}

void hsp_window_feed_finish(struct hsp_window_feed *feed)
{
    pthread_cond_destroy(&feed->changed);
    pthread_mutex_destroy(&feed->lock);
}

/* Unlocks, and has the drawer look. */
static void unlock_with_news(struct hsp_window_feed *feed)
{
    void (*wake_drawer)(void *) = feed->wake_drawer;

    feed->has_news = true;
    pthread_cond_signal(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
    if (wake_drawer)
        wake_drawer(feed->user_data);
}

/* ------------------------------------------------------------------ loop's thread */

static void join_rect(struct hsp_ipc_rect *rect, const struct hsp_ipc_rect *other)
{
    /* Both lie in a picture, so that no sum overflows. */
    uint32_t right = HSP_MAX(rect->x + rect->width, other->x + other->width);
    uint32_t bottom = HSP_MAX(rect->y + rect->height, other->y + other->height);

    rect->x = HSP_MIN(rect->x, other->x);
    rect->y = HSP_MIN(rect->y, other->y);
    rect->width = right - rect->x;
    rect->height = bottom - rect->y;
}

bool hsp_window_feed_put_frame(struct hsp_window_feed *feed, const struct hsp_window_frame *frame)
{
    struct hsp_window_frame *waiting = &feed->state.frame;
    struct hsp_ipc_rect damage = frame->damage;

    pthread_mutex_lock(&feed->lock);
    if (!feed->state.is_visible) {
        pthread_mutex_unlock(&feed->lock);
        return false;
    }
    /* A frame of another picture is damaged as a whole. */
    if (waiting->picture == frame->picture)
        join_rect(&damage, &waiting->damage);
    *waiting = *frame;
    waiting->damage = damage;
    feed->state.is_blank = false;
    unlock_with_news(feed);
    return true;
}

uint64_t hsp_window_feed_cancel(struct hsp_window_feed *feed)
{
    uint64_t serial;

    pthread_mutex_lock(&feed->lock);
    if (feed->state.frame.picture)
        feed->needs_refresh = true;
    feed->state.frame.picture = NULL;
    serial = feed->taken_serial;
    pthread_mutex_unlock(&feed->lock);
    return serial;
}

void hsp_window_feed_put_blank(struct hsp_window_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->state.is_blank = true;
    unlock_with_news(feed);
}

void hsp_window_feed_put_cursor(struct hsp_window_feed *feed,
                                const struct hsp_display_cursor *cursor, bool picture_changed)
{
    struct hsp_display_cursor *copy = &feed->state.cursor;

    pthread_mutex_lock(&feed->lock);
    if (picture_changed) {
        *copy = *cursor;
        feed->state.cursor_changed = true;
    } else {
        copy->x = cursor->x;
        copy->y = cursor->y;
    }
    unlock_with_news(feed);
}

struct hsp_window_result hsp_window_feed_collect(struct hsp_window_feed *feed)
{
    struct hsp_window_result result;

    pthread_mutex_lock(&feed->lock);
    result = feed->result;
    feed->result = (struct hsp_window_result){.done_serial = result.done_serial};
    pthread_mutex_unlock(&feed->lock);
    return result;
}

bool hsp_window_feed_take_refresh(struct hsp_window_feed *feed)
{
    bool needs_refresh;

    pthread_mutex_lock(&feed->lock);
    needs_refresh = feed->needs_refresh && feed->state.is_visible;
    if (needs_refresh)
        feed->needs_refresh = false;
    pthread_mutex_unlock(&feed->lock);
    return needs_refresh;
}

/* ------------------------------------------------------------------ main thread */

void hsp_window_feed_put_view(struct hsp_window_feed *feed, uint32_t width, uint32_t height,
                              bool is_visible)
{
    pthread_mutex_lock(&feed->lock);
    feed->state.width = width;
    feed->state.height = height;
    feed->state.is_visible = is_visible && width > 0 && height > 0;
    unlock_with_news(feed);
    feed->wake_loop(feed->user_data);
}

void hsp_window_feed_start(struct hsp_window_feed *feed, void (*wake_drawer)(void *user_data))
{
    pthread_mutex_lock(&feed->lock);
    feed->wake_drawer = wake_drawer;
    feed->is_stopping = false;
    feed->needs_refresh = true;
    feed->state.cursor_changed = true;
    pthread_mutex_unlock(&feed->lock);
}

void hsp_window_feed_stop(struct hsp_window_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->is_stopping = true;
    feed->wake_drawer = NULL;
    feed->state.is_visible = false;
    unlock_with_news(feed);
    feed->wake_loop(feed->user_data);
}

/* ------------------------------------------------------------------ the drawer's thread */

static void take_work_locked(struct hsp_window_feed *feed, struct hsp_window_work *out_work)
{
    struct hsp_window_work *state = &feed->state;
    struct hsp_display_cursor *cursor = &out_work->cursor;

    if (state->cursor_changed) {
        *out_work = *state;
    } else { /* all but the pixels, which are most of it */
        cursor->x = state->cursor.x;
        cursor->y = state->cursor.y;
        out_work->frame = state->frame;
        out_work->is_blank = state->is_blank;
        out_work->is_visible = state->is_visible;
        out_work->width = state->width;
        out_work->height = state->height;
        out_work->cursor_changed = false;
    }
    if (state->frame.picture)
        feed->taken_serial = state->frame.serial;
    state->frame.picture = NULL;
    state->cursor_changed = false;
    feed->has_news = false;
}

/* Takes what is new, if anything is. The loop hears of a drawer that is there again. */
static bool take_and_unlock(struct hsp_window_feed *feed, struct hsp_window_work *out_work)
{
    bool has_news = feed->has_news && !feed->is_stopping;
    bool needs_refresh;

    if (has_news)
        take_work_locked(feed, out_work);
    needs_refresh = has_news && feed->needs_refresh && feed->state.is_visible;
    pthread_mutex_unlock(&feed->lock);
    if (needs_refresh)
        feed->wake_loop(feed->user_data);
    return has_news;
}

bool hsp_window_feed_wait(struct hsp_window_feed *feed, struct hsp_window_work *out_work)
{
    pthread_mutex_lock(&feed->lock);
    while (!feed->has_news && !feed->is_stopping)
        pthread_cond_wait(&feed->changed, &feed->lock);
    return take_and_unlock(feed, out_work);
}

bool hsp_window_feed_poll(struct hsp_window_feed *feed, struct hsp_window_work *out_work)
{
    pthread_mutex_lock(&feed->lock);
    return take_and_unlock(feed, out_work);
}

void hsp_window_feed_redraw(struct hsp_window_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->has_news = true;
    pthread_mutex_unlock(&feed->lock);
}

void hsp_window_feed_frame_read(struct hsp_window_feed *feed, const struct hsp_window_frame *frame,
                                uint64_t copied_bytes)
{
    pthread_mutex_lock(&feed->lock);
    feed->result.done_serial = frame->serial;
    feed->result.copied_bytes += copied_bytes;
    pthread_mutex_unlock(&feed->lock);
    feed->wake_loop(feed->user_data);
}

void hsp_window_feed_frame_shown(struct hsp_window_feed *feed, const struct hsp_window_frame *frame,
                                 uint64_t own_ns)
{
    if (frame->is_flushed) {
        pthread_mutex_lock(&feed->lock);
        feed->result.frames++;
        feed->result.present_ns += own_ns;
        pthread_mutex_unlock(&feed->lock);
    }
    feed->wake_loop(feed->user_data);
}
