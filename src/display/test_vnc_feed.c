/* SPDX-License-Identifier: MIT */
/* Which flushes wait for a viewer, and what it gets. Both threads are this one. */
#include "display/vnc_feed.h"

#include "base/test.h"

#include <stdlib.h>
#include <string.h>

static struct hsp_vnc_feed feed;
static struct hsp_vnc_work work;
static unsigned wake_count;

static void wake_loop(void *user_data)
{
    wake_count++;
}

/* A picture without memory, which nobody reads here. */
static struct hsp_display_picture *make_picture(uint32_t extent)
{
    struct hsp_display_picture *picture = calloc(1, sizeof(*picture));

    picture->ref_count = 1;
    picture->rect = (struct hsp_ipc_rect){.width = extent, .height = extent};
    return picture;
}

static void put(struct hsp_display_picture *picture, uint32_t x, uint64_t serial)
{
    const struct hsp_ipc_rect rect = {.x = x, .y = 1, .width = 1, .height = 1};

    hsp_vnc_feed_put_frame(&feed, picture, &rect, serial);
}

static void start(void)
{
    HSP_CHECK_EQ(hsp_vnc_feed_init(&feed, wake_loop, NULL), 0);
    wake_count = 0;
}

/* Rests, is woken by the first flush, and has read it. */
static void read_first(struct hsp_display_picture *picture)
{
    HSP_CHECK(hsp_vnc_feed_rest(&feed, true));
    put(picture, 0, 1);
    HSP_CHECK(hsp_vnc_feed_is_behind(&feed, 1));
    hsp_vnc_feed_take(&feed, true, &work);
    HSP_CHECK(work.picture == picture);
    HSP_CHECK(hsp_vnc_feed_is_behind(&feed, 1));
    hsp_vnc_feed_end_read(&feed);
    HSP_CHECK(!hsp_vnc_feed_is_behind(&feed, 1));
}

HSP_TEST(flush_waits_for_a_viewer_that_rests)
{
    struct hsp_display_picture *picture = make_picture(10);

    start();
    read_first(picture);
    HSP_CHECK_EQ(wake_count, 1);
    HSP_CHECK_EQ(work.damage.count, 1); /* all of the new picture */
    HSP_CHECK_EQ(work.damage.rects[0].width, 10);
    hsp_vnc_feed_finish(&feed);
    hsp_display_picture_unref(picture);
}

HSP_TEST(flush_does_not_wait_for_a_viewer_that_is_busy)
{
    struct hsp_display_picture *picture = make_picture(10);

    start();
    read_first(picture);
    for (uint64_t serial = 2; serial < 100; serial++) {
        put(picture, 3, serial);
        HSP_CHECK(!hsp_vnc_feed_is_behind(&feed, serial));
    }
    HSP_CHECK(!hsp_vnc_feed_rest(&feed, true)); /* there is news at once */
    hsp_vnc_feed_take(&feed, true, &work);
    HSP_CHECK_EQ(work.damage.count, 1);
    HSP_CHECK_EQ(work.damage.rects[0].x, 3);
    hsp_vnc_feed_end_read(&feed);
    hsp_vnc_feed_finish(&feed);
    hsp_display_picture_unref(picture);
}

HSP_TEST(flush_does_not_wait_for_a_viewer_without_a_wish)
{
    struct hsp_display_picture *picture = make_picture(10);

    start();
    HSP_CHECK(hsp_vnc_feed_rest(&feed, false));
    put(picture, 0, 1);
    HSP_CHECK(!hsp_vnc_feed_is_behind(&feed, 1));
    HSP_CHECK(hsp_vnc_feed_rest(&feed, false));
    hsp_vnc_feed_take(&feed, false, &work);
    HSP_CHECK(!work.picture);
    hsp_vnc_feed_take(&feed, true, &work); /* it is still there */
    HSP_CHECK(work.picture == picture);
    hsp_vnc_feed_end_read(&feed);
    hsp_vnc_feed_finish(&feed);
    hsp_display_picture_unref(picture);
}

HSP_TEST(flush_waits_while_an_older_picture_is_read)
{
    struct hsp_display_picture *old = make_picture(10), *new = make_picture(20);
    struct hsp_vnc_result result;

    start();
    HSP_CHECK(hsp_vnc_feed_rest(&feed, true));
    put(old, 0, 1);
    hsp_vnc_feed_take(&feed, true, &work);
    put(new, 0, 2);
    HSP_CHECK(hsp_vnc_feed_is_behind(&feed, 2));
    hsp_vnc_feed_collect(&feed, &result);
    HSP_CHECK_EQ(old->ref_count, 2); /* it is still read */
    hsp_vnc_feed_end_read(&feed);
    HSP_CHECK(!hsp_vnc_feed_is_behind(&feed, 2));
    hsp_vnc_feed_collect(&feed, &result);
    HSP_CHECK_EQ(old->ref_count, 1);
    hsp_vnc_feed_finish(&feed);
    HSP_CHECK_EQ(new->ref_count, 1);
    hsp_display_picture_unref(old);
    hsp_display_picture_unref(new);
}

HSP_TEST(scanout_that_goes_off_leaves_no_flush_waiting)
{
    struct hsp_display_picture *picture = make_picture(10);

    start();
    HSP_CHECK(hsp_vnc_feed_rest(&feed, true));
    put(picture, 0, 1);
    hsp_vnc_feed_put_blank(&feed);
    hsp_vnc_feed_take(&feed, true, &work);
    HSP_CHECK(!work.picture && work.is_blank);
    HSP_CHECK(!hsp_vnc_feed_is_behind(&feed, 1));
    HSP_CHECK_EQ(wake_count, 1); /* the loop is told */
    hsp_vnc_feed_finish(&feed);
    hsp_display_picture_unref(picture);
}

HSP_TEST(viewer_that_is_gone_holds_up_nothing)
{
    struct hsp_display_picture *picture = make_picture(10);

    start();
    HSP_CHECK(hsp_vnc_feed_rest(&feed, true));
    put(picture, 0, 1);
    hsp_vnc_feed_put_gone(&feed);
    HSP_CHECK(!hsp_vnc_feed_is_behind(&feed, 1));
    hsp_vnc_feed_finish(&feed);
    hsp_display_picture_unref(picture);
}

HSP_TEST(damage_is_kept_in_bounds_and_none_is_lost)
{
    struct hsp_display_picture *picture = make_picture(1000);

    start();
    read_first(picture);
    for (uint32_t i = 0; i < 500; i++) {
        put(picture, i * 2, 2 + i);
        HSP_CHECK(feed.work.damage.count <= HSP_VNC_DAMAGE_COUNT);
    }
    hsp_vnc_feed_take(&feed, true, &work);
    for (uint32_t x = 0; x < 1000; x += 2) {
        bool is_damaged = false;
        for (uint32_t i = 0; i < work.damage.count; i++) {
            const struct hsp_ipc_rect *rect = &work.damage.rects[i];
            is_damaged |= x >= rect->x && x < rect->x + rect->width && rect->y <= 1 &&
                          rect->y + rect->height > 1;
        }
        HSP_CHECK(is_damaged);
    }
    hsp_vnc_feed_end_read(&feed);
    hsp_vnc_feed_finish(&feed);
    hsp_display_picture_unref(picture);
}

HSP_TEST(positions_are_joined_and_other_events_are_not)
{
    struct hsp_vnc_result result;
    struct hsp_vnc_event event = {.kind = HSP_VNC_EVENT_POSITION};

    start();
    for (event.x = 0; event.x < 1000; event.x++)
        hsp_vnc_feed_put_event(&feed, &event);
    event.kind = HSP_VNC_EVENT_KEY;
    hsp_vnc_feed_put_event(&feed, &event);
    hsp_vnc_feed_put_event(&feed, &event);
    hsp_vnc_feed_collect(&feed, &result);
    HSP_CHECK_EQ(result.event_count, 3);
    HSP_CHECK_EQ(result.events[0].x, 999);
    hsp_vnc_feed_collect(&feed, &result);
    HSP_CHECK_EQ(result.event_count, 0);
    hsp_vnc_feed_finish(&feed);
}

HSP_TEST_MAIN()
