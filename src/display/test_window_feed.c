/* SPDX-License-Identifier: MIT */
#include "display/window_feed.h"

#include "base/test.h"

static struct hsp_display_picture pictures[2];

static void wake_loop(void *user_data)
{
    ++*(unsigned *)user_data;
}

static void start(struct hsp_window_feed *feed, unsigned *wakes)
{
    struct hsp_window_work work;

    *wakes = 0;
    HSP_CHECK_EQ(hsp_window_feed_init(feed, wake_loop, wakes), 0);
    hsp_window_feed_start(feed, NULL);
    hsp_window_feed_put_view(feed, 640, 480, true);
    HSP_CHECK(hsp_window_feed_take_refresh(feed));
    HSP_CHECK(hsp_window_feed_poll(feed, &work));
    HSP_CHECK_EQ(work.width, 640);
    HSP_CHECK(!hsp_window_feed_poll(feed, &work));
    *wakes = 0;
}

static bool put(struct hsp_window_feed *feed, uint64_t serial, unsigned picture,
                struct hsp_ipc_rect damage)
{
    struct hsp_window_frame frame = {
        .picture = &pictures[picture],
        .damage = damage,
        .serial = serial,
        .is_flushed = true,
    };

    return hsp_window_feed_put_frame(feed, &frame);
}

HSP_TEST(frames_join_their_damage)
{
    struct hsp_window_feed feed;
    struct hsp_window_work work;
    unsigned wakes;

    start(&feed, &wakes);
    HSP_CHECK(put(&feed, 1, 0, (struct hsp_ipc_rect){10, 20, 30, 40}));
    HSP_CHECK(put(&feed, 2, 0, (struct hsp_ipc_rect){5, 50, 10, 20}));
    HSP_CHECK(hsp_window_feed_poll(&feed, &work));
    HSP_CHECK_EQ(work.frame.serial, 2);
    HSP_CHECK_EQ(work.frame.damage.x, 5);
    HSP_CHECK_EQ(work.frame.damage.y, 20);
    HSP_CHECK_EQ(work.frame.damage.width, 35);
    HSP_CHECK_EQ(work.frame.damage.height, 50);
    HSP_CHECK(!hsp_window_feed_poll(&feed, &work));
    hsp_window_feed_finish(&feed);
}

HSP_TEST(frame_of_another_picture_replaces_the_waiting_one)
{
    struct hsp_window_feed feed;
    struct hsp_window_work work;
    unsigned wakes;

    start(&feed, &wakes);
    HSP_CHECK(put(&feed, 1, 0, (struct hsp_ipc_rect){0, 0, 100, 100}));
    HSP_CHECK(put(&feed, 2, 1, (struct hsp_ipc_rect){0, 0, 50, 50}));
    HSP_CHECK(hsp_window_feed_poll(&feed, &work));
    HSP_CHECK(work.frame.picture == &pictures[1]);
    HSP_CHECK_EQ(work.frame.damage.width, 50);
    hsp_window_feed_finish(&feed);
}

HSP_TEST(unseen_window_takes_no_frames)
{
    struct hsp_window_feed feed;
    unsigned wakes;

    start(&feed, &wakes);
    hsp_window_feed_put_view(&feed, 640, 480, false);
    HSP_CHECK(!put(&feed, 1, 0, (struct hsp_ipc_rect){0, 0, 1, 1}));
    hsp_window_feed_put_view(&feed, 640, 0, true);
    HSP_CHECK(!put(&feed, 1, 0, (struct hsp_ipc_rect){0, 0, 1, 1}));
    hsp_window_feed_put_view(&feed, 640, 480, true);
    HSP_CHECK(put(&feed, 1, 0, (struct hsp_ipc_rect){0, 0, 1, 1}));
    hsp_window_feed_finish(&feed);
}

HSP_TEST(cancel_tells_what_the_drawer_has)
{
    struct hsp_window_feed feed;
    struct hsp_window_work work;
    unsigned wakes;

    start(&feed, &wakes);
    HSP_CHECK(put(&feed, 1, 0, (struct hsp_ipc_rect){0, 0, 1, 1}));
    HSP_CHECK(hsp_window_feed_poll(&feed, &work));
    HSP_CHECK(put(&feed, 2, 0, (struct hsp_ipc_rect){0, 0, 1, 1}));
    HSP_CHECK_EQ(hsp_window_feed_cancel(&feed), 1);
    HSP_CHECK(hsp_window_feed_poll(&feed, &work));
    HSP_CHECK(work.frame.picture == NULL);
    hsp_window_feed_finish(&feed);
}

/* A drawer that was only slow draws the last frame in the end. */
HSP_TEST(drawer_that_comes_late_has_the_frame_put_again)
{
    struct hsp_window_feed feed;
    struct hsp_window_work work;
    unsigned wakes;

    start(&feed, &wakes);
    HSP_CHECK(put(&feed, 1, 0, (struct hsp_ipc_rect){0, 0, 1, 1}));
    hsp_window_feed_cancel(&feed);
    HSP_CHECK_EQ(wakes, 0);
    HSP_CHECK(hsp_window_feed_poll(&feed, &work));
    HSP_CHECK_EQ(wakes, 1);
    HSP_CHECK(hsp_window_feed_take_refresh(&feed));
    HSP_CHECK(!hsp_window_feed_take_refresh(&feed));
    hsp_window_feed_finish(&feed);
}

HSP_TEST(results_are_collected_once)
{
    struct hsp_window_feed feed;
    struct hsp_window_work work;
    struct hsp_window_result result;
    unsigned wakes;

    start(&feed, &wakes);
    HSP_CHECK(put(&feed, 7, 0, (struct hsp_ipc_rect){0, 0, 1, 1}));
    HSP_CHECK(hsp_window_feed_poll(&feed, &work));
    hsp_window_feed_frame_read(&feed, &work.frame, 123);
    hsp_window_feed_frame_shown(&feed, &work.frame, 456);
    HSP_CHECK_EQ(wakes, 2);
    result = hsp_window_feed_collect(&feed);
    HSP_CHECK_EQ(result.done_serial, 7);
    HSP_CHECK_EQ(result.frames, 1);
    HSP_CHECK_EQ(result.copied_bytes, 123);
    HSP_CHECK_EQ(result.present_ns, 456);
    result = hsp_window_feed_collect(&feed);
    HSP_CHECK_EQ(result.done_serial, 7);
    HSP_CHECK_EQ(result.frames + result.copied_bytes + result.present_ns, 0);
    hsp_window_feed_finish(&feed);
}

HSP_TEST(stopped_feed_ends_its_drawer)
{
    struct hsp_window_feed feed;
    struct hsp_window_work work;
    unsigned wakes;

    start(&feed, &wakes);
    HSP_CHECK(put(&feed, 1, 0, (struct hsp_ipc_rect){0, 0, 1, 1}));
    hsp_window_feed_stop(&feed);
    HSP_CHECK(!hsp_window_feed_wait(&feed, &work));
    HSP_CHECK(!hsp_window_feed_poll(&feed, &work));
    HSP_CHECK(!put(&feed, 2, 0, (struct hsp_ipc_rect){0, 0, 1, 1}));
    hsp_window_feed_finish(&feed);
}

HSP_TEST_MAIN()
