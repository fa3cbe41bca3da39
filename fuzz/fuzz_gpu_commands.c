/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the virtio-gpu control plane: what a guest puts into its queues, and what renderers and
 * the display, which a guest may have taken over, say to the device. No process is started; the
 * other ends of their channels are here. The input is a list of records; each begins with
 *
 *   u8 op        below OP_FIRST a command of the table, else one of the OP_ below
 *   u8 selector  what it is about
 *   u16 size     of the payload that follows
 */
#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/shm.h"
#include "gpu/device.h"
#include "ipc/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <uv.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM_SIZE        (1u << 20)
#define WINDOW_SIZE     (1ull << 28)
#define MAX_PEER_COUNT  32
#define MAX_INPUT_COUNT 200 /* records of one input */

enum op {
    OP_FIRST = 200,
    OP_RAW = OP_FIRST, /* payload: the whole command, of queue `selector` */
    OP_CHILD, /* u32 type, bytes: a message of child `selector`, with selector >> 6 files */
    OP_CHILD_CLOSES,
    OP_RESET,
    OP_PAUSE,
    OP_GO_ON,
    OP_REFUSE_MAPS,
    OP_CONFIG,
};

static const uint32_t commands[] = {
    HSP_GPU_CMD_GET_DISPLAY_INFO,
    HSP_GPU_CMD_RESOURCE_CREATE_2D,
    HSP_GPU_CMD_RESOURCE_UNREF,
    HSP_GPU_CMD_SET_SCANOUT,
    HSP_GPU_CMD_RESOURCE_FLUSH,
    HSP_GPU_CMD_TRANSFER_TO_HOST_2D,
    HSP_GPU_CMD_RESOURCE_ATTACH_BACKING,
    HSP_GPU_CMD_RESOURCE_DETACH_BACKING,
    HSP_GPU_CMD_GET_CAPSET_INFO,
    HSP_GPU_CMD_GET_CAPSET,
    HSP_GPU_CMD_GET_EDID,
    HSP_GPU_CMD_RESOURCE_ASSIGN_UUID,
    HSP_GPU_CMD_RESOURCE_CREATE_BLOB,
    HSP_GPU_CMD_SET_SCANOUT_BLOB,
    HSP_GPU_CMD_CTX_CREATE,
    HSP_GPU_CMD_CTX_DESTROY,
    HSP_GPU_CMD_CTX_ATTACH_RESOURCE,
    HSP_GPU_CMD_CTX_DETACH_RESOURCE,
    HSP_GPU_CMD_SUBMIT_3D,
    HSP_GPU_CMD_RESOURCE_MAP_BLOB,
    HSP_GPU_CMD_RESOURCE_UNMAP_BLOB,
    HSP_GPU_CMD_UPDATE_CURSOR,
    HSP_GPU_CMD_MOVE_CURSOR,
};

/* A request of the driver. */
struct hsp_gpu_chain {
    size_t size;
    uint8_t data[];
};

struct map {
    uint64_t offset, size;
};

struct state {
    struct hsp_gpu_device *device;
    uv_loop_t loop;
    struct hsp_gpu_chain *offered;
    uint32_t offered_queue;
    uint32_t in_flight;
    bool paused, refuse_maps;
    int peers[MAX_PEER_COUNT]; /* our ends of the children's channels, in order of their start */
    uint32_t peer_count;
    struct map maps[256];
    uint32_t map_count;
};

static int ram_fd = -1, shm_fd = -1;
static uint8_t *ram;

/* ------------------------------------------------------------------ transport */

static struct hsp_gpu_chain *take(void *user_data, uint32_t queue)
{
    struct state *state = user_data;
    struct hsp_gpu_chain *chain = state->offered;

    if (state->paused || queue != state->offered_queue)
        return NULL;
    state->offered = NULL;
    state->in_flight += chain != NULL;
    return chain;
}

static uint64_t chain_size(const struct hsp_gpu_chain *chain)
{
    return chain->size;
}

static size_t chain_read(const struct hsp_gpu_chain *chain, uint64_t offset, void *out, size_t size)
{
    if (offset >= chain->size)
        return 0;
    size = HSP_MIN(size, chain->size - (size_t)offset);
    memcpy(out, chain->data + offset, size);
    return size;
}

static void answer(void *user_data, struct hsp_gpu_chain *chain, const void *data, size_t size)
{
    struct state *state = user_data;
    uint32_t type;

    if (size > 0) {
        if (size < sizeof(struct hsp_gpu_header))
            abort();
        memcpy(&type, data, sizeof(type));
        if ((type < HSP_GPU_RESP_OK_NODATA || type > HSP_GPU_RESP_OK_MAP_INFO) &&
            (type < HSP_GPU_RESP_ERR_UNSPEC || type > HSP_GPU_RESP_ERR_INVALID_PARAMETER))
            abort();
    }
    state->in_flight--;
    free(chain);
}

static bool is_running(void *user_data)
{
    return !((struct state *)user_data)->paused;
}

static struct hsp_gpu_memory *get_memory(void *user_data)
{
    return (struct hsp_gpu_memory *)ram;
}

static void release_memory(struct hsp_gpu_memory *memory)
{
}

static bool translate(const struct hsp_gpu_memory *memory, uint64_t address, uint64_t size,
                      struct hsp_gpu_range *out_range)
{
    if (size == 0 || address >= RAM_SIZE)
        return false;
    *out_range = (struct hsp_gpu_range){
        .data = ram + address,
        .size = HSP_MIN(size, RAM_SIZE - address),
        .fd = ram_fd,
        .file_offset = address,
    };
    return true;
}

/* What QEMU refuses silently or does not check must not get here. */
static int map(void *user_data, uint64_t offset, int fd, uint64_t file_offset, uint64_t size)
{
    struct state *state = user_data;

    if (fd < 0 || size == 0 || (offset | file_offset | size) & 4095 ||
        !hsp_range_fits(offset, size, WINDOW_SIZE))
        abort();
    for (uint32_t i = 0; i < state->map_count; i++) {
        if (offset < state->maps[i].offset + state->maps[i].size &&
            state->maps[i].offset < offset + size)
            abort();
    }
    if (state->refuse_maps || state->map_count == HSP_ARRAY_COUNT(state->maps))
        return -1;
    state->maps[state->map_count++] = (struct map){offset, size};
    return 0;
}

static int unmap(void *user_data, uint64_t offset, uint64_t size)
{
    struct state *state = user_data;

    for (uint32_t i = 0; i < state->map_count; i++) {
        if (state->maps[i].offset == offset && state->maps[i].size == size) {
            state->maps[i] = state->maps[--state->map_count];
            return 0;
        }
    }
    abort();
}

static int config_changed(void *user_data)
{
    return 0;
}

/* ------------------------------------------------------------------ children */

static int spawn(void *user_data, const struct hsp_gpu_program *program, pid_t *out_pid)
{
    struct state *state = user_data;
    int fd;

    if (state->peer_count == MAX_PEER_COUNT)
        return -1;
    fd = hsp_fd_dup(program->ipc_fd);
    hsp_fd_set_nonblocking(fd, true);
    state->peers[state->peer_count++] = fd;
    *out_pid = 0;
    return 0;
}

/* The message's header is right, so that the fuzzer need not find it; the rest is the input's. */
static void send_as_child(struct state *state, uint8_t selector, const uint8_t *payload,
                          size_t size)
{
    uint8_t bytes[sizeof(struct hsp_ipc_header) + 65536];
    struct hsp_ipc_header header = {.fd_count = selector >> 6};
    int fds[3] = {shm_fd, shm_fd, ram_fd};

    if (state->peer_count == 0 || size < sizeof(header.type))
        return;
    memcpy(&header.type, payload, sizeof(header.type));
    header.payload_size = (uint32_t)(size - sizeof(header.type));
    memcpy(bytes, &header, sizeof(header));
    memcpy(bytes + sizeof(header), payload + sizeof(header.type), header.payload_size);
    hsp_fd_sendmsg(state->peers[(selector & 63) % state->peer_count], bytes,
                   sizeof(header) + header.payload_size, fds, header.fd_count);
}

/* Nobody looks at what the device says to its children, but their sockets must not fill up. */
static void drain_children(struct state *state)
{
    static char bytes[1u << 16];

    for (uint32_t i = 0; i < state->peer_count; i++) {
        int fds[HSP_LIMIT_MESSAGE_FD_COUNT];
        size_t fd_count = 0;
        while (state->peers[i] >= 0 && hsp_fd_recvmsg(state->peers[i], bytes, sizeof(bytes), fds,
                                                      &fd_count, HSP_ARRAY_COUNT(fds)) > 0) {
            while (fd_count > 0)
                close(fds[--fd_count]);
        }
        while (fd_count > 0)
            close(fds[--fd_count]);
    }
}

/* ------------------------------------------------------------------ records */

static void run_loop(struct state *state)
{
    for (int i = 0; i < 4; i++)
        uv_run(&state->loop, UV_RUN_NOWAIT);
}

static void offer(struct state *state, uint32_t queue, const uint8_t *data, size_t size)
{
    struct hsp_gpu_chain *chain = malloc(sizeof(*chain) + size);

    if (!chain)
        abort();
    chain->size = size;
    memcpy(chain->data, data, size);
    state->offered = chain;
    state->offered_queue = queue;
    if (hsp_gpu_device_on_queue(state->device, queue))
        abort();          /* one request was there, and is taken */
    free(state->offered); /* paused: not taken */
    state->offered = NULL;
}

/* A command with a right number and small ids; header and body are the payload. */
static void offer_command(struct state *state, uint8_t op, uint8_t selector, const uint8_t *payload,
                          size_t size)
{
    uint8_t bytes[sizeof(struct hsp_gpu_header) + 65536];
    struct hsp_gpu_header header = {
        .type = commands[op % HSP_ARRAY_COUNT(commands)],
        .flags = selector & 3,
        .fence_id = selector,
        .ctx_id = (selector >> 2) & 7,
        .ring_idx = selector >> 5,
    };
    uint32_t queue =
        header.type >= HSP_GPU_CMD_UPDATE_CURSOR ? HSP_GPU_QUEUE_CURSOR : HSP_GPU_QUEUE_CONTROL;

    memcpy(bytes, &header, sizeof(header));
    memcpy(bytes + sizeof(header), payload, size);
    offer(state, queue, bytes, sizeof(header) + size);
}

static void run_record(struct state *state, uint8_t op, uint8_t selector, const uint8_t *payload,
                       size_t size)
{
    uint8_t config[32];

    switch (op) {
    case OP_RAW:
        offer(state, selector % 2, payload, size);
        break;
    case OP_CHILD:
        send_as_child(state, selector, payload, size);
        break;
    case OP_CHILD_CLOSES:
        if (state->peer_count > 0)
            hsp_fd_close(&state->peers[selector % state->peer_count]);
        break;
    case OP_RESET:
        hsp_gpu_device_on_reset(state->device);
        if (state->in_flight > 0 || state->map_count > 0)
            abort();
        break;
    case OP_PAUSE:
        state->paused = true;
        break;
    case OP_GO_ON:
        state->paused = false;
        hsp_gpu_device_on_queue(state->device, HSP_GPU_QUEUE_CONTROL);
        break;
    case OP_REFUSE_MAPS:
        state->refuse_maps = selector & 1;
        break;
    case OP_CONFIG:
        hsp_gpu_config_write(&state->device->config, selector, payload, (uint32_t)size);
        hsp_gpu_config_read(&state->device->config, selector, config, sizeof(config));
        break;
    default:
        offer_command(state, op, selector, payload, size);
        break;
    }
    drain_children(state);
    run_loop(state);
}

/* ------------------------------------------------------------------ target */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    setenv("HESPER_LOG", "error", 0);
    hsp_log_init("fuzz_gpu_commands");
    ram_fd = hsp_shm_create("fuzz-ram", RAM_SIZE);
    shm_fd = hsp_shm_create("fuzz-blob", 1u << 16);
    if (ram_fd < 0 || shm_fd < 0)
        abort();
    ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0);
    return ram == MAP_FAILED;
}

static void create(struct state *state)
{
    const struct hsp_gpu_transport transport = {
        .user_data = state,
        .window_size = WINDOW_SIZE,
        .take = take,
        .chain_size = chain_size,
        .chain_read = chain_read,
        .answer = answer,
        .is_running = is_running,
        .get_memory = get_memory,
        .release_memory = release_memory,
        .translate = translate,
        .map = map,
        .unmap = unmap,
        .config_changed = config_changed,
    };
    const struct hsp_gpu_device_params params = {
        .name = "fuzz",
        .width = 64,
        .height = 64,
        .output_count = 2,
        .render_path = "render",
        .display_path = "display",
        .display_backend = "fuzz",
        .max_fd_count = 200,
        .spawn = spawn,
        .spawn_data = state,
    };

    if (uv_loop_init(&state->loop) < 0 ||
        hsp_gpu_device_create(&params, &state->loop, &transport, &state->device) < 0)
        abort();
}

static void destroy(struct state *state)
{
    hsp_gpu_device_shut_down(state->device);
    for (uint32_t i = 0; i < state->peer_count; i++)
        hsp_fd_close(&state->peers[i]);
    while (uv_run(&state->loop, UV_RUN_DEFAULT) != 0)
        ;
    if (uv_loop_close(&state->loop) < 0 || state->in_flight > 0 || state->map_count > 0)
        abort();
    hsp_gpu_device_free(state->device);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct state state = {0};

    create(&state);
    for (int i = 0; i < MAX_INPUT_COUNT && size >= 4; i++) {
        size_t payload_size = HSP_MIN(data[2] | (size_t)data[3] << 8, size - 4);
        run_record(&state, data[0], data[1], data + 4, payload_size);
        data += 4 + payload_size;
        size -= 4 + payload_size;
    }
    destroy(&state);
    return 0;
}
