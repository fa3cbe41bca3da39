/* SPDX-License-Identifier: MIT */
#include "vtest/sync.h"

#include "base/fd.h"
#include "base/test.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static struct hsp_vtest_syncs syncs;

static struct hsp_vtest_sync_point point(uint32_t id, uint64_t value)
{
    return (struct hsp_vtest_sync_point){id, (uint32_t)value, (uint32_t)(value >> 32)};
}

static uint32_t create(uint64_t value)
{
    uint32_t id = 0;

    HSP_CHECK_EQ(hsp_vtest_sync_create(&syncs, value, &id), 0);
    return id;
}

static uint64_t read_value(uint32_t id)
{
    uint64_t value = 0;

    HSP_CHECK_EQ(hsp_vtest_sync_read(&syncs, id, &value), 0);
    return value;
}

static bool is_readable(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};

    return poll(&pollfd, 1, 0) == 1 && (pollfd.revents & POLLIN);
}

static int begin_wait(bool any, uint32_t timeout_ms, const struct hsp_vtest_sync_point *points,
                      uint32_t count)
{
    int fd = -1;

    HSP_CHECK_EQ(hsp_vtest_sync_wait(&syncs, any, timeout_ms, points, count, &fd), 0);
    HSP_CHECK(fd >= 0);
    return fd;
}

HSP_TEST(sync_ids_are_low_and_reused)
{
    hsp_vtest_syncs_init(&syncs);
    for (uint32_t i = 1; i <= 100; i++)
        HSP_CHECK_EQ(create(i), i);
    HSP_CHECK_EQ(hsp_vtest_sync_destroy(&syncs, 40), 0);
    HSP_CHECK_EQ(hsp_vtest_sync_destroy(&syncs, 7), 0);
    HSP_CHECK_EQ(create(1000), 7);
    HSP_CHECK_EQ(create(1001), 40);
    HSP_CHECK_EQ(create(1002), 101);
    HSP_CHECK_EQ(read_value(7), 1000);
    HSP_CHECK_EQ(read_value(8), 8);
    hsp_vtest_syncs_finish(&syncs);
}

HSP_TEST(sync_unknown_ids_are_refused)
{
    const struct hsp_vtest_sync_point points[2] = {point(1, 0), point(2, 0)};
    uint64_t value, fence_id;
    int fd;

    hsp_vtest_syncs_init(&syncs);
    create(0);
    HSP_CHECK_EQ(hsp_vtest_sync_destroy(&syncs, 0), -ENOENT);
    HSP_CHECK_EQ(hsp_vtest_sync_destroy(&syncs, 2), -ENOENT);
    HSP_CHECK_EQ(hsp_vtest_sync_destroy(&syncs, UINT32_MAX), -ENOENT);
    HSP_CHECK_EQ(hsp_vtest_sync_read(&syncs, 2, &value), -ENOENT);
    HSP_CHECK_EQ(hsp_vtest_sync_write(&syncs, 2, 5), -ENOENT);
    HSP_CHECK_EQ(hsp_vtest_sync_wait(&syncs, true, 0, points, 2, &fd), -ENOENT);
    HSP_CHECK_EQ(hsp_vtest_syncs_submit(&syncs, 0, points, 2, &fence_id), -ENOENT);
    HSP_CHECK_EQ(hsp_vtest_sync_destroy(&syncs, 1), 0);
    HSP_CHECK_EQ(hsp_vtest_sync_destroy(&syncs, 1), -ENOENT);
    hsp_vtest_syncs_finish(&syncs);
}

HSP_TEST(sync_count_is_limited)
{
    uint32_t id;

    hsp_vtest_syncs_init(&syncs);
    for (uint32_t i = 0; i < HSP_LIMIT_VTEST_SYNC_COUNT; i++)
        create(0);
    HSP_CHECK_EQ(hsp_vtest_sync_create(&syncs, 0, &id), -ENOSPC);
    HSP_CHECK_EQ(hsp_vtest_sync_destroy(&syncs, 12345), 0);
    HSP_CHECK_EQ(create(0), 12345);
    hsp_vtest_syncs_finish(&syncs);
}

HSP_TEST(sync_wait_all_needs_every_point)
{
    hsp_vtest_syncs_init(&syncs);
    const uint32_t a = create(0), b = create(1ull << 32);
    const struct hsp_vtest_sync_point points[2] = {point(a, 5), point(b, (1ull << 32) + 1)};
    int fd = begin_wait(false, HSP_VTEST_TIMEOUT_INFINITE, points, 2);

    HSP_CHECK(!is_readable(fd));
    HSP_CHECK_EQ(hsp_vtest_sync_write(&syncs, a, 6), 0);
    HSP_CHECK(!is_readable(fd));
    HSP_CHECK_EQ(hsp_vtest_sync_write(&syncs, b, 1ull << 32), 0);
    HSP_CHECK(!is_readable(fd));
    HSP_CHECK_EQ(hsp_vtest_sync_write(&syncs, b, 2ull << 32), 0);
    HSP_CHECK(is_readable(fd));
    HSP_CHECK_EQ(syncs.wait_count, 0);
    close(fd);
    hsp_vtest_syncs_finish(&syncs);
}

HSP_TEST(sync_wait_any_needs_one_point)
{
    hsp_vtest_syncs_init(&syncs);
    const uint32_t a = create(0), b = create(0);
    const struct hsp_vtest_sync_point points[2] = {point(a, 5), point(b, 1)};
    int fd = begin_wait(true, HSP_VTEST_TIMEOUT_INFINITE, points, 2);

    HSP_CHECK_EQ(hsp_vtest_sync_write(&syncs, a, 4), 0);
    HSP_CHECK(!is_readable(fd));
    HSP_CHECK_EQ(hsp_vtest_sync_write(&syncs, b, 1), 0);
    HSP_CHECK(is_readable(fd));
    close(fd);
    hsp_vtest_syncs_finish(&syncs);
}

HSP_TEST(sync_wait_that_is_reached_is_set_at_once)
{
    hsp_vtest_syncs_init(&syncs);
    const struct hsp_vtest_sync_point reached = point(create(5), 5);
    int fds[4] = {
        begin_wait(false, 0, &reached, 1),
        begin_wait(true, HSP_VTEST_TIMEOUT_INFINITE, &reached, 1),
        begin_wait(false, 0, NULL, 0),
        begin_wait(true, 0, NULL, 0),
    };

    for (int i = 0; i < 4; i++) {
        HSP_CHECK(is_readable(fds[i]));
        close(fds[i]);
    }
    hsp_vtest_syncs_finish(&syncs);
}

HSP_TEST(sync_wait_past_its_timeout_is_dropped_and_never_set)
{
    hsp_vtest_syncs_init(&syncs);
    const uint32_t id = create(0);
    const struct hsp_vtest_sync_point later = point(id, 1);
    HSP_CHECK_EQ(hsp_vtest_syncs_expire(&syncs), -1);

    int endless = begin_wait(false, HSP_VTEST_TIMEOUT_INFINITE, &later, 1);
    HSP_CHECK_EQ(hsp_vtest_syncs_expire(&syncs), -1);
    int brief = begin_wait(false, 20, &later, 1);
    int timeout_ms = hsp_vtest_syncs_expire(&syncs);
    HSP_CHECK(timeout_ms > 0 && timeout_ms <= 20);
    usleep(30000);
    HSP_CHECK_EQ(hsp_vtest_syncs_expire(&syncs), -1);
    HSP_CHECK_EQ(syncs.wait_count, 1);
    HSP_CHECK_EQ(hsp_vtest_sync_write(&syncs, id, 1), 0);
    HSP_CHECK(!is_readable(brief));
    HSP_CHECK(is_readable(endless));
    close(brief);
    close(endless);
    hsp_vtest_syncs_finish(&syncs);
}

HSP_TEST(sync_wait_count_is_limited)
{
    static int fds[HSP_LIMIT_VTEST_WAIT_COUNT];
    const uint32_t fitting = 200; /* two descriptors each: stay below a usual RLIMIT_NOFILE */
    int fd;

    hsp_vtest_syncs_init(&syncs);
    const struct hsp_vtest_sync_point later = point(create(0), 1);
    for (uint32_t i = 0; i < fitting; i++)
        fds[i] = begin_wait(false, HSP_VTEST_TIMEOUT_INFINITE, &later, 1);
    HSP_CHECK_EQ(syncs.wait_count, fitting);
    syncs.wait_count = HSP_LIMIT_VTEST_WAIT_COUNT;
    HSP_CHECK_EQ(hsp_vtest_sync_wait(&syncs, false, 0, &later, 1, &fd), -ENOSPC);
    syncs.wait_count = fitting;
    for (uint32_t i = 0; i < fitting; i++)
        close(fds[i]);
    hsp_vtest_syncs_finish(&syncs);
}

HSP_TEST(sync_destroyed_while_waited_for_stays_alive)
{
    hsp_vtest_syncs_init(&syncs);
    const uint32_t id = create(0);
    const struct hsp_vtest_sync_point later = point(id, 3);
    uint64_t fence_id;
    HSP_CHECK_EQ(hsp_vtest_syncs_submit(&syncs, 1, &later, 1, &fence_id), 0);
    int fd = begin_wait(false, HSP_VTEST_TIMEOUT_INFINITE, &later, 1);

    HSP_CHECK_EQ(hsp_vtest_sync_destroy(&syncs, id), 0);
    HSP_CHECK_EQ(create(77), id); /* the id is another sync now */
    hsp_vtest_syncs_retire(&syncs, 1, fence_id);
    HSP_CHECK(is_readable(fd));
    HSP_CHECK_EQ(read_value(id), 77);
    close(fd);
    hsp_vtest_syncs_finish(&syncs);
}

HSP_TEST(submissions_signal_in_the_order_of_their_timeline)
{
    hsp_vtest_syncs_init(&syncs);
    const uint32_t a = create(0), b = create(0);
    const struct hsp_vtest_sync_point first = point(a, 1), second = point(a, 2),
                                      other = point(b, 9);
    uint64_t fences[3];

    HSP_CHECK_EQ(hsp_vtest_syncs_submit(&syncs, 1, &first, 1, &fences[0]), 0);
    HSP_CHECK_EQ(hsp_vtest_syncs_submit(&syncs, 2, &other, 1, &fences[1]), 0);
    HSP_CHECK_EQ(hsp_vtest_syncs_submit(&syncs, 1, &second, 1, &fences[2]), 0);
    hsp_vtest_syncs_retire(&syncs, 1, fences[0]);
    HSP_CHECK_EQ(read_value(a), 1);
    hsp_vtest_syncs_retire(&syncs, 1, fences[2]);
    HSP_CHECK_EQ(read_value(a), 2);
    HSP_CHECK_EQ(read_value(b), 0); /* another timeline */
    hsp_vtest_syncs_retire(&syncs, 2, fences[1]);
    HSP_CHECK_EQ(read_value(b), 9);
    HSP_CHECK_EQ(syncs.submission_count, 0);
    hsp_vtest_syncs_finish(&syncs);
}

HSP_TEST(submission_never_lowers_a_value)
{
    hsp_vtest_syncs_init(&syncs);
    const uint32_t id = create(10);
    const struct hsp_vtest_sync_point lower = point(id, 4);
    uint64_t fence_id;

    HSP_CHECK_EQ(hsp_vtest_syncs_submit(&syncs, 0, &lower, 1, &fence_id), 0);
    hsp_vtest_syncs_retire(&syncs, 0, fence_id);
    HSP_CHECK_EQ(read_value(id), 10);
    HSP_CHECK_EQ(hsp_vtest_sync_write(&syncs, id, 0), 0); /* a reset does */
    HSP_CHECK_EQ(read_value(id), 0);
    hsp_vtest_syncs_finish(&syncs);
}

HSP_TEST(submission_count_is_limited)
{
    uint64_t fence_id = 0;

    hsp_vtest_syncs_init(&syncs);
    for (uint32_t i = 0; i < HSP_LIMIT_VTEST_FENCE_COUNT; i++)
        HSP_CHECK_EQ(hsp_vtest_syncs_submit(&syncs, 3, NULL, 0, &fence_id), 0);
    HSP_CHECK_EQ(hsp_vtest_syncs_submit(&syncs, 3, NULL, 0, &fence_id), -ENOSPC);
    hsp_vtest_syncs_retire(&syncs, 3, fence_id);
    HSP_CHECK_EQ(hsp_vtest_syncs_submit(&syncs, 3, NULL, 0, &fence_id), 0);
    hsp_vtest_syncs_finish(&syncs);
}

HSP_TEST_MAIN()
