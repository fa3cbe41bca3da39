/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the vhost-user transport: what a VMM sends on the main channel, and what a guest writes
 * into its rings. The input is a list of records; each begins with
 *
 *   u8 request     a request of the main channel, or one of the OP_ below
 *   u8 fd_count    low nibble: descriptors that come with it; high nibble: which
 *   u16 size       of the payload that follows
 *
 * Guest memory is one file, mapped by whatever tables the input sets.
 */
#include "base/event.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/shm.h"
#include "vhost/device_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM_SIZE (1u << 20)

enum op {
    OP_WRITE = 200, /* u32 offset, bytes: into guest memory */
    OP_TAKE,        /* u8 queue: takes requests, and keeps them */
    OP_ANSWER,      /* u8 which, bytes: answers one that was taken */
};

static int ram_fd = -1, event_fd = -1;
static uint8_t *ram;

struct state {
    struct hsp_vhost_device *device;
    struct hsp_vhost_chain *taken[64];
    uint32_t taken_count;
};

static void read_config(void *user_data, uint32_t offset, void *out, uint32_t size)
{
    memset(out, 0, size);
}

static void write_config(void *user_data, uint32_t offset, const void *data, uint32_t size)
{
    if (offset > HSP_VHOST_MAX_CONFIG_SIZE || size > HSP_VHOST_MAX_CONFIG_SIZE - offset)
        abort();
}

static bool on_queue(void *user_data, uint32_t queue_index)
{
    return false;
}

static void on_reset(void *user_data)
{
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    int write_fd;

    setenv("HESPER_LOG", "error", 0);
    hsp_log_init("fuzz_vhost");
    ram_fd = hsp_shm_create("fuzz-ram", RAM_SIZE);
    if (ram_fd < 0 || hsp_event_create(&event_fd, &write_fd) < 0)
        abort();
    close(write_fd);
    ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0);
    return ram == MAP_FAILED;
}

static void handle_request(struct state *state, uint8_t request, uint8_t fds,
                           const uint8_t *payload, size_t size)
{
    static struct hsp_vhost_message message;
    struct hsp_vhost_reply reply;

    message.header = (struct hsp_vhost_header){request, HSP_VHOST_FLAG_VERSION, (uint32_t)size};
    memcpy(message.payload, payload, size);
    message.fd_count = HSP_MIN(fds & 15u, HSP_VHOST_MAX_REGION_COUNT);
    for (size_t i = 0; i < message.fd_count; i++)
        message.fds[i] = hsp_fd_dup(fds & 16 ? event_fd : ram_fd);
    if (hsp_vhost_session_handle(state->device, &message, &reply) == 1 &&
        reply.size > sizeof(reply) - offsetof(struct hsp_vhost_reply, value))
        abort();
    hsp_vhost_message_finish(&message);
}

static void take(struct state *state, uint32_t queue)
{
    struct hsp_vhost_chain *chain;

    /* The device thread learns of a new driver before it takes anything. */
    state->device->reset_pending = false;
    while (state->taken_count < HSP_ARRAY_COUNT(state->taken) &&
           (chain = hsp_vhost_device_take(state->device, queue))) {
        uint8_t bytes[64];
        uint64_t total = 0;
        for (uint32_t i = 0; i < chain->buffer_count; i++)
            total += chain->buffers[i].size;
        if (total != chain->readable_size + chain->writable_size)
            abort();
        hsp_vhost_chain_read(chain, chain->readable_size / 2, bytes, sizeof(bytes));
        state->taken[state->taken_count++] = chain;
    }
}

static void answer(struct state *state, uint32_t which, const uint8_t *bytes, size_t size)
{
    if (state->taken_count == 0)
        return;
    which %= state->taken_count;
    hsp_vhost_device_answer(state->device, state->taken[which], bytes, size);
    state->taken[which] = state->taken[--state->taken_count];
}

static void write_ram(const uint8_t *payload, size_t size)
{
    uint32_t offset;

    if (size < sizeof(offset))
        return;
    memcpy(&offset, payload, sizeof(offset));
    offset %= RAM_SIZE;
    size = HSP_MIN(size - sizeof(offset), RAM_SIZE - offset);
    memcpy(ram + offset, payload + sizeof(offset), size);
}

static void run_record(struct state *state, uint8_t request, uint8_t fds, const uint8_t *payload,
                       size_t size)
{
    switch (request) {
    case OP_WRITE:
        write_ram(payload, size);
        break;
    case OP_TAKE:
        take(state, fds % 2);
        break;
    case OP_ANSWER:
        answer(state, fds, payload, size);
        break;
    default:
        handle_request(state, request, fds, payload, size);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hsp_vhost_device_params params = {
        .features = 0x1f,
        .queue_count = 2,
        .window_size = 1u << 28,
        .read_config = read_config,
        .write_config = write_config,
        .on_queue = on_queue,
        .on_reset = on_reset,
    };
    struct state state = {0};

    memset(ram, 0, 0x8000);
    if (hsp_vhost_device_create(&params, &state.device) < 0)
        abort();
    while (size >= 4) {
        size_t payload_size = HSP_MIN(data[2] | (size_t)data[3] << 8, size - 4);
        payload_size = HSP_MIN(payload_size, HSP_VHOST_MAX_PAYLOAD_SIZE);
        run_record(&state, data[0], data[1], data + 4, payload_size);
        data += 4 + payload_size;
        size -= 4 + payload_size;
    }
    while (state.taken_count > 0)
        answer(&state, 0, NULL, 0);
    hsp_vhost_device_destroy(state.device);
    return 0;
}
