/* SPDX-License-Identifier: MIT */
#include "base/fd.h"
#include "base/shm.h"
#include "base/test.h"
#include "vhost/device_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void read_config(void *user_data, uint32_t offset, void *out, uint32_t size)
{
    memset(out, (int)offset, size);
}

static void write_config(void *user_data, uint32_t offset, const void *data, uint32_t size)
{
    *(uint32_t *)user_data = offset * 1000 + size;
}

static bool on_queue(void *user_data, uint32_t queue_index)
{
    return false;
}

static void on_reset(void *user_data)
{
}

static struct hsp_vhost_device *create_device(uint32_t *written)
{
    struct hsp_vhost_device_params params = {
        .features = 0x1f,
        .queue_count = 2,
        .window_size = 1u << 30,
        .user_data = written,
        .read_config = read_config,
        .write_config = write_config,
        .on_queue = on_queue,
        .on_reset = on_reset,
    };
    struct hsp_vhost_device *device;

    HSP_CHECK_EQ(hsp_vhost_device_create(&params, &device), 0);
    return device;
}

/* Handles a request with a payload of `size` bytes; fd is duplicated. */
static int handle(struct hsp_vhost_device *device, uint32_t type, const void *payload,
                  uint32_t size, int fd, struct hsp_vhost_reply *reply)
{
    static struct hsp_vhost_reply ignored;
    struct hsp_vhost_message message = {.header = {type, HSP_VHOST_FLAG_VERSION, size}};

    if (size > 0)
        memcpy(message.payload, payload, size);
    if (fd >= 0)
        message.fds[message.fd_count++] = hsp_fd_dup(fd);
    int ret = hsp_vhost_session_handle(device, &message, reply ? reply : &ignored);
    hsp_vhost_message_finish(&message);
    return ret;
}

static int handle_u64(struct hsp_vhost_device *device, uint32_t type, uint64_t value, int fd)
{
    return handle(device, type, &value, sizeof(value), fd, NULL);
}

static int handle_state(struct hsp_vhost_device *device, uint32_t type, uint32_t index,
                        uint32_t num)
{
    struct hsp_vhost_vring_state state = {index, num};

    return handle(device, type, &state, sizeof(state), -1, NULL);
}

HSP_TEST(features_are_offered_as_qemu_needs_them)
{
    struct hsp_vhost_device *device = create_device(NULL);
    struct hsp_vhost_reply reply;

    HSP_CHECK_EQ(handle(device, HSP_VHOST_GET_FEATURES, NULL, 0, -1, &reply), 1);
    HSP_CHECK_EQ(reply.value, 0x17000001full);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_GET_PROTOCOL_FEATURES, NULL, 0, -1, &reply), 1);
    HSP_CHECK_EQ(reply.value, 1u << 0 | 1u << 3 | 1u << 5 | 1u << 9 | 1u << 10 | 1u << 22);
    HSP_CHECK_EQ(handle_u64(device, HSP_VHOST_SET_FEATURES, 0x17000001full, -1), 0);
    HSP_CHECK_EQ(handle_u64(device, HSP_VHOST_SET_FEATURES, 1u << 5, -1), -EINVAL);
    HSP_CHECK_EQ(handle_u64(device, HSP_VHOST_SET_PROTOCOL_FEATURES, 1u << 15, -1), -EINVAL);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_GET_QUEUE_NUM, NULL, 0, -1, &reply), 1);
    HSP_CHECK_EQ(reply.value, 2);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_GET_SHMEM_CONFIG, NULL, 0, -1, &reply), 1);
    HSP_CHECK_EQ(reply.size, 2056);
    HSP_CHECK_EQ(reply.shmem_config.region_count, 1);
    HSP_CHECK_EQ(reply.shmem_config.sizes[0], 0);
    HSP_CHECK_EQ(reply.shmem_config.sizes[1], 1u << 30);
    hsp_vhost_device_destroy(device);
}

HSP_TEST(config_space)
{
    struct hsp_vhost_config config = {.offset = 4, .size = 20};
    struct hsp_vhost_reply reply;
    uint32_t written = 0;
    struct hsp_vhost_device *device = create_device(&written);

    HSP_CHECK_EQ(handle(device, HSP_VHOST_GET_CONFIG, &config, 12 + 20, -1, &reply), 1);
    HSP_CHECK_EQ(reply.size, 32);
    HSP_CHECK_EQ(reply.config.data[0], 4);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_SET_CONFIG, &config, 12 + 20, -1, NULL), 0);
    HSP_CHECK_EQ(written, 4020);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_GET_CONFIG, &config, 12 + 19, -1, &reply), -EPROTO);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_GET_CONFIG, &config, 11, -1, &reply), -EPROTO);
    config.offset = 250;
    HSP_CHECK_EQ(handle(device, HSP_VHOST_GET_CONFIG, &config, 12 + 20, -1, &reply), 1);
    HSP_CHECK_EQ(reply.size, 0);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_SET_CONFIG, &config, 12 + 20, -1, NULL), -EINVAL);
    hsp_vhost_device_destroy(device);
}

HSP_TEST(wrong_numbers_are_refused)
{
    struct hsp_vhost_vring_address address = {.index = 2};
    struct hsp_vhost_device *device = create_device(NULL);
    int fd = hsp_shm_create("fd", hsp_page_size());

    HSP_CHECK_EQ(handle_state(device, HSP_VHOST_SET_VRING_NUM, 2, 8), -EINVAL);
    HSP_CHECK_EQ(handle_state(device, HSP_VHOST_SET_VRING_NUM, 0, 7), -EINVAL);
    HSP_CHECK_EQ(handle_state(device, HSP_VHOST_SET_VRING_BASE, 9, 0), -EINVAL);
    HSP_CHECK_EQ(handle_state(device, HSP_VHOST_SET_VRING_BASE, 0, 0x10000), -EINVAL);
    HSP_CHECK_EQ(handle_state(device, HSP_VHOST_SET_VRING_ENABLE, 2, 1), -EINVAL);
    HSP_CHECK_EQ(handle_state(device, HSP_VHOST_GET_VRING_BASE, 2, 0), -EPROTO);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_SET_VRING_ADDR, &address, sizeof(address), -1, NULL),
                 -EINVAL);
    HSP_CHECK_EQ(handle_u64(device, HSP_VHOST_SET_VRING_KICK, 2, fd), -EINVAL);
    HSP_CHECK_EQ(handle_u64(device, HSP_VHOST_SET_VRING_KICK, 0, -1), -EINVAL);
    HSP_CHECK_EQ(handle_u64(device, HSP_VHOST_SET_VRING_KICK, 0x100, fd), -EINVAL);
    HSP_CHECK_EQ(handle_u64(device, HSP_VHOST_SET_VRING_KICK, 0x100, -1), -ENOTSUP);
    HSP_CHECK_EQ(handle_u64(device, HSP_VHOST_SET_VRING_CALL, 0x100, -1), 0);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_SET_BACKEND_REQ_FD, NULL, 0, -1, NULL), -EINVAL);
    HSP_CHECK_EQ(handle(device, 1000, NULL, 0, -1, NULL), -ENOSYS);
    HSP_CHECK_EQ(handle(device, 0, NULL, 0, fd, NULL), -ENOSYS);
    HSP_CHECK_EQ(handle(device, 6, NULL, 0, fd, NULL), -ENOSYS); /* SET_LOG_BASE */
    hsp_fd_close(&fd);
    hsp_vhost_device_destroy(device);
}

HSP_TEST(malformed_requests_end_the_session)
{
    struct {
        uint32_t region_count, pad;
        struct hsp_vhost_memory_region regions[HSP_VHOST_MAX_REGION_COUNT + 1];
    } table = {.region_count = 1};
    struct hsp_vhost_device *device = create_device(NULL);
    int fd = hsp_shm_create("fd", hsp_page_size());

    HSP_CHECK_EQ(handle(device, HSP_VHOST_GET_FEATURES, &table, 8, -1, NULL), -EPROTO);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_GET_FEATURES, NULL, 0, fd, NULL), -EPROTO);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_SET_FEATURES, &table, 4, -1, NULL), -EPROTO);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_SET_MEM_TABLE, &table, 8, fd, NULL), -EPROTO);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_SET_MEM_TABLE, &table, 4, fd, NULL), -EPROTO);
    table.region_count = 9;
    HSP_CHECK_EQ(handle(device, HSP_VHOST_SET_MEM_TABLE, &table, 8 + 9 * 32, fd, NULL), -EPROTO);
    table.region_count = 1;
    table.regions[0].size = 2 * hsp_page_size();
    HSP_CHECK_EQ(handle(device, HSP_VHOST_SET_MEM_TABLE, &table, 8 + 32, fd, NULL), -EINVAL);
    HSP_CHECK_EQ(handle(device, HSP_VHOST_SET_MEM_TABLE, &table, 8 + 32, -1, NULL), -EINVAL);
    hsp_fd_close(&fd);
    hsp_vhost_device_destroy(device);
}

/* The wire below the handlers: what a front end may send that is no message at all. */
static int serve_bytes(const void *bytes, size_t size)
{
    struct hsp_vhost_device *device = create_device(NULL);
    int fds[2], ret;

    HSP_CHECK_EQ(hsp_fd_socketpair(fds), 0);
    HSP_CHECK_EQ(hsp_fd_write_all(fds[0], bytes, size), 0);
    hsp_fd_close(&fds[0]);
    ret = hsp_vhost_device_serve(device, fds[1]);
    hsp_fd_close(&fds[1]);
    hsp_vhost_device_destroy(device);
    return ret;
}

HSP_TEST(broken_streams_end_the_session)
{
    struct hsp_vhost_header version = {HSP_VHOST_SET_OWNER, 2, 0};
    struct hsp_vhost_header truncated = {HSP_VHOST_SET_FEATURES, 1, 8};
    struct hsp_vhost_header huge = {HSP_VHOST_SET_FEATURES, 1, UINT32_MAX};
    struct hsp_vhost_header good = {HSP_VHOST_SET_OWNER, 1, 0};

    HSP_CHECK_EQ(serve_bytes(&version, sizeof(version)), -EPROTO);
    HSP_CHECK_EQ(serve_bytes(&truncated, sizeof(truncated)), -EPROTO);
    HSP_CHECK_EQ(serve_bytes(&huge, sizeof(huge)), -EPROTO);
    HSP_CHECK_EQ(serve_bytes(&good, sizeof(good) - 1), -EPROTO);
    HSP_CHECK_EQ(serve_bytes(&good, sizeof(good)), 0);
    HSP_CHECK_EQ(serve_bytes(&good, 0), 0);
}

HSP_TEST_MAIN()
