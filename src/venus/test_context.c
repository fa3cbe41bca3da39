/* SPDX-License-Identifier: MIT */
/*
 * Streams, rings and faults, fed with raw words as a client would send them. No Vulkan device is
 * needed: vkEnumerateInstanceVersion is the one command with a reply that works without.
 */
#include "base/limits.h"
#include "base/test.h"
#include "venus/context.h"
#include "venus/ring.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RING_RESOURCE  7
#define REPLY_RESOURCE 9
#define RING_ID        0x1122334455667788ull
#define HEAD           0
#define TAIL           64
#define STATUS         128
#define BUFFER         192
#define BUFFER_SIZE    4096
#define EXTRA          (BUFFER + BUFFER_SIZE)

struct client {
    struct hsp_vn_context *context;
    struct hsp_mapping ring, reply;
    _Atomic int fatal_count;
    _Atomic int fence_count;
    char reason[256];
};

static void on_fence(void *data, uint32_t ring_idx, uint64_t fence_id)
{
    struct client *client = data;

    HSP_CHECK(fence_id > 0);
    client->fence_count++;
}

static void on_fatal(void *data, const char *reason)
{
    struct client *client = data;

    snprintf(client->reason, sizeof(client->reason), "%s", reason);
    client->fatal_count++;
}

static void make_blob(struct client *client, uint32_t id, uint64_t size, struct hsp_mapping *out)
{
    struct hsp_span span;
    uint32_t map_info;

    HSP_CHECK_EQ(hsp_vn_context_create_blob(client->context, id, 0, size, HSP_VN_BLOB_MAPPABLE,
                                            &span, &map_info),
                 0);
    HSP_CHECK_EQ(map_info, HSP_VN_MAP_CACHED);
    HSP_CHECK_EQ(hsp_span_map(&span, true, out), 0);
    hsp_span_finish(&span);
}

static void start(struct client *client)
{
    const struct hsp_vn_context_params params = {
        .name = "test",
        .user_data = client,
        .on_fence = on_fence,
        .on_fatal = on_fatal,
    };

    memset(client, 0, sizeof(*client));
    HSP_CHECK_EQ(hsp_vn_context_create(&params, &client->context), 0);
    make_blob(client, RING_RESOURCE, EXTRA + 4, &client->ring);
    make_blob(client, REPLY_RESOURCE, 4096, &client->reply);
}

static void stop(struct client *client)
{
    hsp_vn_context_destroy(client->context);
    hsp_mapping_finish(&client->ring);
    hsp_mapping_finish(&client->reply);
}

static _Atomic uint32_t *word(const struct hsp_mapping *mapping, uint64_t offset)
{
    return (_Atomic uint32_t *)(void *)((char *)mapping->data + offset);
}

static int submit(struct client *client, const uint32_t *words, size_t count)
{
    return hsp_vn_context_submit(client->context, words, count * sizeof(*words));
}

#define SUBMIT(client, ...) \
    submit(client, (const uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / 4)

#define WORDS64(value) (uint32_t)(value), (uint32_t)((uint64_t)(value) >> 32)
#define RING_WORDS     WORDS64(RING_ID)

struct layout {
    uint64_t head, tail, status, buffer, buffer_size, extra, extra_size;
};

static const struct layout good_layout = {HEAD, TAIL, STATUS, BUFFER, BUFFER_SIZE, EXTRA, 4};

/* vkCreateRingMESA without a chain. */
static int create_ring(struct client *client, const struct layout *l)
{
    return SUBMIT(client, 188, 0, RING_WORDS, 1, 0, 1000384000, 0, 0, 0, RING_RESOURCE, WORDS64(0),
                  WORDS64(EXTRA + 4), WORDS64(1000000), WORDS64(l->head), WORDS64(l->tail),
                  WORDS64(l->status), WORDS64(l->buffer), WORDS64(l->buffer_size),
                  WORDS64(l->extra), WORDS64(l->extra_size));
}

static void write_ring(struct client *client, const uint32_t *words, size_t count)
{
    uint32_t tail = *word(&client->ring, TAIL);

    for (size_t i = 0; i < count; i++) {
        *word(&client->ring, BUFFER + (tail & (BUFFER_SIZE - 1))) = words[i];
        tail += 4;
    }
    *word(&client->ring, TAIL) = tail;
    if (*word(&client->ring, STATUS) & HSP_VN_RING_STATUS_IDLE)
        SUBMIT(client, 190, 0, RING_WORDS, tail, 0);
}

static void wait_for_head(struct client *client, uint32_t seqno)
{
    for (int i = 0; i < 5000; i++) {
        if (*word(&client->ring, HEAD) == seqno)
            return;
        usleep(1000);
    }
    HSP_CHECK_EQ(*word(&client->ring, HEAD), seqno);
}

static const uint32_t get_version[] = {
    178, 0, 1, 0, REPLY_RESOURCE, 0, 0, 20, 0, /* vkSetReplyCommandStreamMESA */
    137, 1, 1, 0,                              /* vkEnumerateInstanceVersion, with reply */
};

HSP_TEST(reply_of_the_vq_stream)
{
    struct client client;

    start(&client);
    HSP_CHECK_EQ(submit(&client, get_version, HSP_ARRAY_COUNT(get_version)), 0);
    HSP_CHECK_EQ(*word(&client.reply, 0), 137);
    HSP_CHECK_EQ(*word(&client.reply, 4), 0);
    HSP_CHECK_EQ(*word(&client.reply, 8), 1);
    HSP_CHECK(*word(&client.reply, 16) >= VK_API_VERSION_1_1);
    stop(&client);
}

HSP_TEST(reply_of_a_ring_and_wrap_around)
{
    struct client client;
    uint32_t tail = 0;

    start(&client);
    HSP_CHECK_EQ(create_ring(&client, &good_layout), 0);
    /* 52 bytes do not divide 4096: commands lie across the end of the buffer. */
    for (int i = 0; i < 400; i++) {
        *word(&client.reply, 0) = 0;
        write_ring(&client, get_version, HSP_ARRAY_COUNT(get_version));
        tail += sizeof(get_version);
        wait_for_head(&client, tail);
        HSP_CHECK_EQ(*word(&client.reply, 0), 137);
    }
    HSP_CHECK_EQ(client.fatal_count, 0);
    stop(&client);
}

HSP_TEST(idle_ring_wakes_up_when_notified)
{
    struct client client;

    start(&client);
    HSP_CHECK_EQ(create_ring(&client, &good_layout), 0);
    for (int i = 0; i < 5000 && !(*word(&client.ring, STATUS) & HSP_VN_RING_STATUS_IDLE); i++)
        usleep(1000);
    HSP_CHECK(*word(&client.ring, STATUS) & HSP_VN_RING_STATUS_IDLE);
    write_ring(&client, get_version, HSP_ARRAY_COUNT(get_version));
    wait_for_head(&client, sizeof(get_version));
    stop(&client);
}

HSP_TEST(wait_ring_seqno_waits_for_the_ring)
{
    struct client client;

    start(&client);
    HSP_CHECK_EQ(create_ring(&client, &good_layout), 0);
    write_ring(&client, get_version, HSP_ARRAY_COUNT(get_version));
    HSP_CHECK_EQ(SUBMIT(&client, 253, 0, RING_WORDS, sizeof(get_version), 0), 0);
    HSP_CHECK_EQ(*word(&client.ring, HEAD), sizeof(get_version));
    stop(&client);
}

HSP_TEST(wait_beyond_the_tail_is_fatal_and_does_not_hang)
{
    struct client client;

    start(&client);
    HSP_CHECK_EQ(create_ring(&client, &good_layout), 0);
    HSP_CHECK_EQ(SUBMIT(&client, 253, 0, RING_WORDS, 4, 0), -EIO);
    HSP_CHECK_EQ(client.fatal_count, 1);
    stop(&client);
}

/* The ring waits for the vq stream, as after an import. */
HSP_TEST(roundtrip_between_ring_and_vq)
{
    struct client client;
    const uint32_t wait_vq[] = {252, 0, 5, 0};

    start(&client);
    HSP_CHECK_EQ(create_ring(&client, &good_layout), 0);
    write_ring(&client, wait_vq, HSP_ARRAY_COUNT(wait_vq));
    usleep(20000);
    HSP_CHECK_EQ(*word(&client.ring, HEAD), 0);
    HSP_CHECK_EQ(SUBMIT(&client, 251, 0, RING_WORDS, 4, 0), 0);
    usleep(20000);
    HSP_CHECK_EQ(*word(&client.ring, HEAD), 0);
    HSP_CHECK_EQ(SUBMIT(&client, 251, 0, RING_WORDS, 5, 0), 0);
    wait_for_head(&client, sizeof(wait_vq));
    stop(&client);
}

HSP_TEST(destroying_a_context_ends_a_ring_that_waits)
{
    struct client client;
    const uint32_t wait_vq[] = {252, 0, 5, 0};

    start(&client);
    HSP_CHECK_EQ(create_ring(&client, &good_layout), 0);
    write_ring(&client, wait_vq, HSP_ARRAY_COUNT(wait_vq));
    usleep(20000);
    stop(&client);
}

HSP_TEST(ring_layouts_that_are_refused)
{
    const struct layout bad[] = {
        {HEAD, HEAD, STATUS, BUFFER, BUFFER_SIZE, EXTRA, 4},          /* head is tail */
        {HEAD, TAIL, STATUS, STATUS, BUFFER_SIZE, EXTRA, 4},          /* status in the buffer */
        {HEAD, TAIL, STATUS, BUFFER, BUFFER_SIZE, EXTRA - 4, 4},      /* extra in the buffer */
        {HEAD, TAIL, STATUS, BUFFER, 4095, EXTRA, 4},                 /* no power of two */
        {HEAD, TAIL, STATUS, BUFFER, 0, EXTRA, 4},                    /* empty */
        {HEAD, TAIL, STATUS, BUFFER, 2 * BUFFER_SIZE, EXTRA, 4},      /* past the end */
        {HEAD, TAIL, STATUS, BUFFER, 1ull << 40, EXTRA, 4},           /* huge */
        {HEAD, TAIL, STATUS, UINT64_MAX - 63, BUFFER_SIZE, EXTRA, 4}, /* wraps */
        {HEAD + 2, TAIL, STATUS, BUFFER, BUFFER_SIZE, EXTRA, 4},      /* unaligned */
        {HEAD, TAIL, EXTRA + 4, BUFFER, BUFFER_SIZE, EXTRA, 4},       /* status outside */
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(bad); i++) {
        struct client client;

        start(&client);
        HSP_CHECK_EQ(create_ring(&client, &bad[i]), -EIO);
        HSP_CHECK_EQ(client.fatal_count, 1);
        stop(&client);
    }
}

HSP_TEST(ring_on_unknown_resource_is_fatal)
{
    struct client client;

    start(&client);
    hsp_vn_context_detach_resource(client.context, RING_RESOURCE);
    HSP_CHECK_EQ(create_ring(&client, &good_layout), -EIO);
    stop(&client);
}

HSP_TEST(ring_id_in_use_is_fatal)
{
    struct client client;

    start(&client);
    HSP_CHECK_EQ(create_ring(&client, &good_layout), 0);
    *word(&client.ring, STATUS) = 0;
    HSP_CHECK_EQ(create_ring(&client, &good_layout), -EIO);
    stop(&client);
}

/* The pages belong to the ring as long as it lives. */
HSP_TEST(ring_survives_detach_of_its_resource)
{
    struct client client;

    start(&client);
    HSP_CHECK_EQ(create_ring(&client, &good_layout), 0);
    hsp_vn_context_detach_resource(client.context, RING_RESOURCE);
    write_ring(&client, get_version, HSP_ARRAY_COUNT(get_version));
    wait_for_head(&client, sizeof(get_version));
    stop(&client);
}

HSP_TEST(tail_beyond_the_buffer_marks_the_ring_fatal)
{
    struct client client;

    start(&client);
    HSP_CHECK_EQ(create_ring(&client, &good_layout), 0);
    *word(&client.ring, TAIL) = BUFFER_SIZE + 4;
    SUBMIT(&client, 190, 0, RING_WORDS, 0, 0);
    for (int i = 0; i < 5000 && client.fatal_count == 0; i++)
        usleep(1000);
    HSP_CHECK_EQ(client.fatal_count, 1);
    HSP_CHECK(*word(&client.ring, STATUS) & HSP_VN_RING_STATUS_FATAL);
    HSP_CHECK_EQ(submit(&client, get_version, HSP_ARRAY_COUNT(get_version)), -EIO);
    stop(&client);
}

HSP_TEST(fault_names_command_offset_and_value)
{
    struct client client;

    start(&client);
    /* vkDestroyRingMESA of a ring that is not there, behind a command of 52 bytes. */
    uint32_t words[HSP_ARRAY_COUNT(get_version) + 4];
    memcpy(words, get_version, sizeof(get_version));
    memcpy(words + HSP_ARRAY_COUNT(get_version), (uint32_t[]){189, 0, 77, 0}, 16);
    HSP_CHECK_EQ(submit(&client, words, HSP_ARRAY_COUNT(words)), -EIO);
    HSP_CHECK(strstr(client.reason, "vkDestroyRingMESA"));
    HSP_CHECK(strstr(client.reason, "value 77"));
    HSP_CHECK(strstr(client.reason, "at byte 68"));
    stop(&client);
}

HSP_TEST(commands_that_always_fault)
{
    const uint32_t bad[][4] = {
        {195, 0, 0, 0},        /* a number that nothing has */
        {9, 0, 0, 0},          /* vkGetInstanceProcAddr */
        {23, 0, 0, 0},         /* vkMapMemory */
        {0xffffffff, 0, 0, 0}, /* far outside */
        {252, 0, 0, 0},        /* vkWaitVirtqueueSeqnoMESA on the vq stream */
        {179, 0, 0, 0},        /* seek without a reply stream */
        {137, 1, 1, 0},        /* reply without a reply stream */
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(bad); i++) {
        struct client client;

        start(&client);
        HSP_CHECK_EQ(submit(&client, bad[i], 4), -EIO);
        HSP_CHECK_EQ(client.fatal_count, 1);
        stop(&client);
    }
}

HSP_TEST(reply_that_does_not_fit_is_fatal)
{
    struct client client;

    start(&client);
    HSP_CHECK_EQ(SUBMIT(&client, 178, 0, 1, 0, REPLY_RESOURCE, 0, 0, 16, 0, 137, 1, 1, 0), -EIO);
    stop(&client);
}

HSP_TEST(reply_range_outside_its_resource_is_fatal)
{
    struct client client;

    start(&client);
    HSP_CHECK_EQ(SUBMIT(&client, 178, 0, 1, 0, REPLY_RESOURCE, WORDS64(4096), WORDS64(4)), -EIO);
    stop(&client);
    start(&client);
    HSP_CHECK_EQ(SUBMIT(&client, 178, 0, 1, 0, REPLY_RESOURCE, WORDS64(UINT64_MAX), WORDS64(2)),
                 -EIO);
    stop(&client);
}

/* vkExecuteCommandStreamsMESA: two streams with a reply position each. */
HSP_TEST(indirect_streams_run_in_order)
{
    struct client client;
    struct hsp_mapping pool;

    start(&client);
    make_blob(&client, 11, 4096, &pool);
    memcpy(pool.data, (uint32_t[]){137, 1, 1, 0}, 16);
    HSP_CHECK_EQ(SUBMIT(&client, 178, 0, 1, 0, REPLY_RESOURCE, 0, 0, 64, 0, 180, 0, 2, 2, 0, 11, 0,
                        0, 16, 0, 11, 0, 0, 16, 0, 2, 0, WORDS64(0), WORDS64(32), 0, 0, 0, 0),
                 0);
    HSP_CHECK_EQ(*word(&client.reply, 0), 137);
    HSP_CHECK_EQ(*word(&client.reply, 32), 137);
    hsp_mapping_finish(&pool);
    stop(&client);
}

HSP_TEST(nested_indirect_streams_are_fatal)
{
    struct client client;
    struct hsp_mapping pool;
    const uint32_t execute[] = {180, 0, 1, 1, 0, 11, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0};

    start(&client);
    make_blob(&client, 11, 4096, &pool);
    memcpy(pool.data, execute, sizeof(execute));
    HSP_CHECK_EQ(submit(&client, execute, HSP_ARRAY_COUNT(execute)), -EIO);
    HSP_CHECK_EQ(client.fatal_count, 1);
    hsp_mapping_finish(&pool);
    stop(&client);
}

HSP_TEST(fences_of_the_cpu_timeline_retire_at_once)
{
    struct client client;

    start(&client);
    HSP_CHECK_EQ(hsp_vn_context_submit_fence(client.context, 0, 1), 0);
    HSP_CHECK_EQ(client.fence_count, 1);
    HSP_CHECK_EQ(hsp_vn_context_submit_fence(client.context, 5, 2), -EINVAL);
    HSP_CHECK_EQ(hsp_vn_context_submit_fence(client.context, 64, 3), -EINVAL);
    HSP_CHECK_EQ(client.fence_count, 1);
    HSP_CHECK_EQ(SUBMIT(&client, 195, 0), -EIO);
    HSP_CHECK_EQ(hsp_vn_context_submit_fence(client.context, 5, 4), -EIO);
    stop(&client);
}

HSP_TEST(blobs_with_bad_arguments_are_refused)
{
    struct client client;
    struct hsp_span span;
    uint32_t map_info;

    start(&client);
    HSP_CHECK_EQ(hsp_vn_context_create_blob(client.context, 20, 0, 0, 0, &span, &map_info),
                 -EINVAL);
    HSP_CHECK_EQ(hsp_vn_context_create_blob(client.context, 20, 0, UINT64_MAX, 0, &span, &map_info),
                 -EINVAL);
    HSP_CHECK_EQ(hsp_vn_context_create_blob(client.context, 20, 1234, 4096, 0, &span, &map_info),
                 -EINVAL);
    HSP_CHECK_EQ(
        hsp_vn_context_create_blob(client.context, RING_RESOURCE, 0, 4096, 0, &span, &map_info),
        -EINVAL);
    HSP_CHECK_EQ(client.fatal_count, 0);
    stop(&client);
}

HSP_TEST_MAIN()
