/* SPDX-License-Identifier: MIT */
#include "render/ipc.h"

#include "base/fd.h"
#include "base/shm.h"
#include "base/test.h"
#include "ipc/messages.h"
#include "vtest/fake_context.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct gpu {
    struct hsp_ipc_channel channel;
    struct hsp_ipc_message message;
    int server_fd;
    int result;
    pthread_t thread;
} gpu;

static void *serve(void *data)
{
    gpu.result = hsp_render_serve_ipc(gpu.server_fd, "test", NULL);
    return NULL;
}

static void start(void)
{
    int fds[2];

    HSP_CHECK_EQ(hsp_fd_socketpair(fds), 0);
    hsp_ipc_channel_init(&gpu.channel, fds[0]);
    gpu.server_fd = fds[1];
    HSP_CHECK_EQ(pthread_create(&gpu.thread, NULL, serve, NULL), 0);
}

static void stop(int result)
{
    hsp_ipc_channel_finish(&gpu.channel);
    HSP_CHECK_EQ(pthread_join(gpu.thread, NULL), 0);
    HSP_CHECK_EQ(gpu.result, result);
    HSP_CHECK_EQ(fake.destroyed, 1);
}

#define SEND(type, ...) \
    HSP_CHECK_EQ(       \
        hsp_ipc_channel_send(&gpu.channel, type, &(__VA_ARGS__), sizeof(__VA_ARGS__), NULL, 0), 0)

static void receive(uint32_t type, void *out_body, size_t size)
{
    HSP_CHECK_EQ(hsp_ipc_channel_receive(&gpu.channel, &gpu.message), 1);
    HSP_CHECK_EQ(gpu.message.type, type);
    HSP_CHECK(gpu.message.payload_size >= size);
    memcpy(out_body, gpu.message.payload, size);
}

/* A fence that retires in its call is a roundtrip. */
static void send_fence(uint32_t ring_idx, uint64_t fence_id)
{
    SEND(HSP_IPC_RENDER_CREATE_FENCE,
         (struct hsp_ipc_render_fence){.ring_idx = ring_idx, .fence_id = fence_id});
}

static void expect_fence(uint32_t ring_idx, uint64_t fence_id)
{
    struct hsp_ipc_render_fence body;

    receive(HSP_IPC_RENDER_FENCE_RETIRED, &body, sizeof(body));
    HSP_CHECK_EQ(body.ring_idx, ring_idx);
    HSP_CHECK_EQ(body.fence_id, fence_id);
}

static void roundtrip(void)
{
    fake.fence_immediate = true;
    send_fence(0, 999);
    expect_fence(0, 999);
}

/* The channel is closed by the renderer. */
static void expect_end(int result)
{
    HSP_CHECK(hsp_ipc_channel_receive(&gpu.channel, &gpu.message) < 0);
    stop(result);
}

HSP_TEST(ipc_ends_in_order_when_the_channel_closes)
{
    start();
    roundtrip();
    HSP_CHECK_STREQ(fake.name, "test");
    stop(0);
}

HSP_TEST(ipc_submit)
{
    const uint32_t commands[3] = {1, 2, 0xdeadbeef};

    start();
    SEND(HSP_IPC_RENDER_SUBMIT, commands);
    roundtrip();
    HSP_CHECK_EQ(fake.submit_count, 1);
    HSP_CHECK_EQ(fake.last_submit_size, sizeof(commands));
    HSP_CHECK_EQ(fake.last_commands[2], 0xdeadbeef);
    stop(0);
}

static void send_submit_fd(uint64_t file_size, uint64_t size)
{
    const struct hsp_ipc_render_submit_fd body = {.size = size};
    int fd = hsp_shm_create("test", file_size);

    HSP_CHECK(fd >= 0);
    HSP_CHECK_EQ(pwrite(fd, "abcdefgh", 8, 0), 8);
    HSP_CHECK_EQ(
        hsp_ipc_channel_send(&gpu.channel, HSP_IPC_RENDER_SUBMIT_FD, &body, sizeof(body), &fd, 1),
        0);
    close(fd);
}

HSP_TEST(ipc_submit_fd)
{
    start();
    send_submit_fd(1 << 20, 1 << 20);
    roundtrip();
    HSP_CHECK_EQ(fake.submit_count, 1);
    HSP_CHECK_EQ(fake.last_submit_size, 1 << 20);
    HSP_CHECK_EQ(memcmp(fake.last_commands, "abcdefgh", 8), 0);
    stop(0);
}

HSP_TEST(ipc_submit_fd_of_a_short_file_is_refused)
{
    start();
    send_submit_fd(4096, 8192);
    expect_end(-EPROTO);
}

HSP_TEST(ipc_submit_fd_above_the_limit_is_refused)
{
    start();
    send_submit_fd(4096, HSP_LIMIT_SUBMIT_SIZE + 4);
    expect_end(-EPROTO);
}

HSP_TEST(ipc_fence_retires_when_the_context_says_so)
{
    start();
    send_fence(3, 77);
    fake.fence_immediate = false;
    while (fake.fence_count == 0)
        usleep(1000);
    fake_context_retire(3, 77);
    expect_fence(3, 77);
    stop(0);
}

HSP_TEST(ipc_fence_of_an_unbound_timeline_retires_at_once)
{
    fake.fence_result = -EINVAL;
    start();
    send_fence(9, 5);
    expect_fence(9, 5);
    fake.fence_result = 0;
    roundtrip();
    stop(0);
}

HSP_TEST(ipc_blob_comes_with_its_span)
{
    struct hsp_ipc_render_blob_created answer;
    struct hsp_span span;
    struct hsp_mapping mapping;

    start();
    SEND(HSP_IPC_RENDER_CREATE_BLOB, (struct hsp_ipc_render_create_blob){
                                         .blob_id = 7,
                                         .size = 8192,
                                         .resource_id = 12,
                                         .blob_flags = HSP_VN_BLOB_MAPPABLE,
                                     });
    HSP_CHECK_EQ(hsp_ipc_channel_receive(&gpu.channel, &gpu.message), 1);
    HSP_CHECK_EQ(gpu.message.type, HSP_IPC_RENDER_BLOB_CREATED);
    HSP_CHECK_EQ(hsp_ipc_decode_with_span(&gpu.message, &answer, sizeof(answer), &span), 0);
    hsp_ipc_message_finish(&gpu.message);
    HSP_CHECK_EQ(answer.resource_id, 12);
    HSP_CHECK_EQ(answer.status, 0);
    HSP_CHECK_EQ(answer.map_info, HSP_VN_MAP_CACHED);
    HSP_CHECK_EQ(fake.last_blob_id, 7);
    HSP_CHECK_EQ(hsp_span_map(&span, false, &mapping), 0);
    HSP_CHECK_EQ(memcmp(mapping.data, "blob", 4), 0);
    hsp_mapping_finish(&mapping);
    hsp_span_finish(&span);
    stop(0);
}

HSP_TEST(ipc_blob_failure_is_answered)
{
    struct hsp_ipc_render_blob_created answer;

    fake.create_blob_result = -ENOMEM;
    start();
    SEND(HSP_IPC_RENDER_CREATE_BLOB,
         (struct hsp_ipc_render_create_blob){.blob_id = 7, .size = 8192, .resource_id = 12});
    receive(HSP_IPC_RENDER_BLOB_CREATED, &answer, sizeof(answer));
    HSP_CHECK_EQ(answer.status, -ENOMEM);
    HSP_CHECK_EQ(gpu.message.fd_count, 0);
    roundtrip();
    stop(0);
}

static void send_attach(uint32_t kind)
{
    const struct hsp_ipc_render_attach_resource body = {.resource_id = 5, .kind = kind};
    struct hsp_span span;

    HSP_CHECK_EQ(hsp_span_init_single(&span, hsp_shm_create("test", 4096), 0, 4096), 0);
    HSP_CHECK_EQ(hsp_ipc_send_with_span(&gpu.channel, HSP_IPC_RENDER_ATTACH_RESOURCE, &body,
                                        sizeof(body), &span),
                 0);
    hsp_span_finish(&span);
}

HSP_TEST(ipc_attach_and_detach_resource)
{
    start();
    send_attach(HSP_IPC_RESOURCE_GUEST);
    SEND(HSP_IPC_RENDER_DETACH_RESOURCE, (struct hsp_ipc_render_detach_resource){.resource_id = 5});
    roundtrip();
    HSP_CHECK_EQ(fake.attach_count, 1);
    HSP_CHECK_EQ(fake.last_attach_resource, 5);
    HSP_CHECK_EQ(fake.last_attach_kind, HSP_VN_RESOURCE_GUEST);
    HSP_CHECK_EQ(fake.last_attach_size, 4096);
    HSP_CHECK_EQ(fake.detach_count, 1);
    HSP_CHECK_EQ(fake.last_detach_resource, 5);
    stop(0);
}

HSP_TEST(ipc_withheld_resource_has_no_span)
{
    start();
    SEND(HSP_IPC_RENDER_ATTACH_RESOURCE, (struct hsp_ipc_render_attach_resource){
                                             .resource_id = 6,
                                             .kind = HSP_IPC_RESOURCE_WITHHELD,
                                         });
    roundtrip();
    HSP_CHECK_EQ(fake.attach_count, 1);
    HSP_CHECK_EQ(fake.last_attach_resource, 6);
    HSP_CHECK_EQ(fake.last_attach_kind, HSP_VN_RESOURCE_WITHHELD);
    SEND(HSP_IPC_RENDER_ATTACH_RESOURCE,
         (struct hsp_ipc_render_attach_resource){.resource_id = 7, .kind = HSP_IPC_RESOURCE_GUEST});
    expect_end(-EPROTO);
}

HSP_TEST(ipc_attach_of_an_unknown_kind_is_refused)
{
    start();
    send_attach(HSP_IPC_RESOURCE_WITHHELD);
    expect_end(-EPROTO);
}

HSP_TEST(ipc_unknown_and_short_messages_are_refused)
{
    const uint32_t types[] = {0,
                              HSP_IPC_RENDER_FENCE_RETIRED,
                              HSP_IPC_DISPLAY_FLUSH,
                              HSP_IPC_RENDER_SUBMIT_FD,
                              HSP_IPC_RENDER_CREATE_FENCE,
                              HSP_IPC_RENDER_CREATE_BLOB,
                              HSP_IPC_RENDER_ATTACH_RESOURCE,
                              HSP_IPC_RENDER_DETACH_RESOURCE};

    for (size_t i = 0; i < HSP_ARRAY_COUNT(types); i++) {
        memset(&fake, 0, sizeof(fake));
        start();
        SEND(types[i], (uint32_t){0});
        expect_end(-EPROTO);
    }
}

HSP_TEST(ipc_rings_are_reported)
{
    struct hsp_ipc_render_ring body;

    start();
    roundtrip();
    fake.params.on_ring(fake.params.user_data, 9, 4096 + 8, true);
    receive(HSP_IPC_RENDER_RING, &body, sizeof(body));
    HSP_CHECK_EQ(body.resource_id, 9);
    HSP_CHECK_EQ(body.status_offset, 4096 + 8);
    HSP_CHECK_EQ(body.created, 1);
    stop(0);
}

HSP_TEST(ipc_dead_context_says_why_and_ends)
{
    start();
    roundtrip();
    fake_context_fatal("vkCreateBuffer at 12: bad sType");
    HSP_CHECK_EQ(hsp_ipc_channel_receive(&gpu.channel, &gpu.message), 1);
    HSP_CHECK_EQ(gpu.message.type, HSP_IPC_RENDER_FATAL);
    HSP_CHECK_EQ(gpu.message.payload_size, strlen("vkCreateBuffer at 12: bad sType"));
    expect_end(-EIO);
}

HSP_TEST_MAIN()
