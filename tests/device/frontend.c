/* SPDX-License-Identifier: MIT */
#include "frontend.h"

#include "base/event.h"
#include "base/fd.h"
#include "base/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define RAM_SIZE (FE_LOW_SIZE + FE_HIGH_SIZE)

/* ------------------------------------------------------------------ guest memory */

void *fe_ram(struct fe *fe, uint64_t address)
{
    if (address >= FE_HIGH_AT) {
        HSP_CHECK(address < FE_HIGH_AT + FE_HIGH_SIZE);
        return fe->ram + FE_LOW_SIZE + (address - FE_HIGH_AT);
    }
    HSP_CHECK(address < FE_LOW_SIZE);
    return fe->ram + address;
}

uint64_t fe_alloc(struct fe *fe, uint64_t size)
{
    uint64_t address = fe->heap;

    fe->heap += hsp_align_up(size, 4096);
    HSP_CHECK(fe->heap <= FE_LOW_SIZE);
    return address;
}

/* ------------------------------------------------------------------ main channel */

static void receive_exactly(int fd, void *data, size_t size)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};
    size_t done = 0;

    while (done < size) {
        HSP_CHECK_EQ(poll(&pollfd, 1, FE_TIMEOUT_MS), 1);
        ssize_t n = read(fd, (char *)data + done, size - done);
        HSP_CHECK(n > 0);
        done += (size_t)n;
    }
}

void fe_send(struct fe *fe, uint32_t request, uint32_t flags, const void *payload, size_t size,
             const int *fds, size_t fd_count)
{
    struct hsp_vhost_header header = {request, flags | HSP_VHOST_FLAG_VERSION, (uint32_t)size};
    char data[sizeof(header) + 4096];

    HSP_CHECK(size <= 4096);
    memcpy(data, &header, sizeof(header));
    if (size > 0)
        memcpy(data + sizeof(header), payload, size);
    HSP_CHECK_EQ(hsp_fd_sendmsg(fe->main_fd, data, sizeof(header) + size, fds, fd_count),
                 sizeof(header) + size);
}

static size_t receive_reply(struct fe *fe, uint32_t request, void *reply, size_t reply_size)
{
    struct hsp_vhost_header header;

    receive_exactly(fe->main_fd, &header, sizeof(header));
    HSP_CHECK_EQ(header.request, request);
    HSP_CHECK_EQ(header.flags, HSP_VHOST_FLAG_VERSION | HSP_VHOST_FLAG_REPLY);
    HSP_CHECK(header.size <= reply_size);
    receive_exactly(fe->main_fd, reply, header.size);
    return header.size;
}

size_t fe_call(struct fe *fe, uint32_t request, const void *payload, size_t size, void *reply,
               size_t reply_size)
{
    size_t n;

    pthread_mutex_lock(&fe->main_lock);
    fe_send(fe, request, 0, payload, size, NULL, 0);
    n = receive_reply(fe, request, reply, reply_size);
    pthread_mutex_unlock(&fe->main_lock);
    return n;
}

uint64_t fe_call_acked(struct fe *fe, uint32_t request, const void *payload, size_t size,
                       const int *fds, size_t fd_count)
{
    uint64_t status = 99;

    pthread_mutex_lock(&fe->main_lock);
    fe_send(fe, request, HSP_VHOST_FLAG_NEED_REPLY, payload, size, fds, fd_count);
    HSP_CHECK_EQ(receive_reply(fe, request, &status, sizeof(status)), sizeof(status));
    pthread_mutex_unlock(&fe->main_lock);
    return status;
}

void fe_set_vring_state(struct fe *fe, uint32_t request, uint32_t index, uint32_t num)
{
    struct hsp_vhost_vring_state state = {index, num};

    HSP_CHECK_EQ(fe_call_acked(fe, request, &state, sizeof(state), NULL, 0), 0);
}

void fe_send_memory_table(struct fe *fe)
{
    struct {
        uint32_t count, pad;
        struct hsp_vhost_memory_region regions[2];
    } table = {
        .count = 2,
        .regions = {{0, FE_LOW_SIZE, FE_USER_AT, 0},
                    {FE_HIGH_AT, FE_HIGH_SIZE, FE_USER_AT + FE_LOW_SIZE, FE_LOW_SIZE}},
    };
    int fds[2] = {fe->ram_fd, fe->ram_fd};

    HSP_CHECK_EQ(fe_call_acked(fe, HSP_VHOST_SET_MEM_TABLE, &table, sizeof(table), fds, 2), 0);
}

static void call_with_fd(struct fe *fe, uint32_t request, uint64_t value, int fd)
{
    HSP_CHECK_EQ(fe_call_acked(fe, request, &value, sizeof(value), &fd, 1), 0);
}

uint32_t fe_stop_queues(struct fe *fe)
{
    struct hsp_vhost_vring_state state[2] = {{0, 0}, {1, 0}};

    for (uint32_t i = 0; i < 2; i++)
        fe_set_vring_state(fe, HSP_VHOST_SET_VRING_ENABLE, i, 0);
    for (uint32_t i = 0; i < 2; i++)
        HSP_CHECK_EQ(fe_call(fe, HSP_VHOST_GET_VRING_BASE, &state[i], sizeof(state[i]), &state[i],
                             sizeof(state[i])),
                     sizeof(state[i]));
    for (uint32_t i = 0; i < 2; i++)
        fe->queues[i].base = state[i].num;
    return state[0].num;
}

static void clear_rings(struct fe *fe, struct fe_queue *queue)
{
    memset(fe_ram(fe, queue->ring_address), 0, 0x6000);
    queue->available_index = queue->seen_used = 0;
    queue->free_count = FE_QUEUE_SIZE;
    for (uint16_t i = 0; i < FE_QUEUE_SIZE; i++)
        queue->free_heads[i] = (uint16_t)(FE_QUEUE_SIZE - 1 - i);
}

void fe_start_queues(struct fe *fe, bool new_driver)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct fe_queue *queue = &fe->queues[i];
        struct hsp_vhost_vring_address address = {
            .index = i,
            .descriptors = FE_USER_AT + queue->ring_address,
            .available = FE_USER_AT + queue->ring_address + 0x2000,
            .used = FE_USER_AT + queue->ring_address + 0x4000,
        };
        if (new_driver)
            clear_rings(fe, queue);
        fe_set_vring_state(fe, HSP_VHOST_SET_VRING_NUM, i, FE_QUEUE_SIZE);
        fe_set_vring_state(fe, HSP_VHOST_SET_VRING_BASE, i, new_driver ? 0 : queue->base);
        HSP_CHECK_EQ(
            fe_call_acked(fe, HSP_VHOST_SET_VRING_ADDR, &address, sizeof(address), NULL, 0), 0);
        call_with_fd(fe, HSP_VHOST_SET_VRING_KICK, i, queue->kick_fd);
        call_with_fd(fe, HSP_VHOST_SET_VRING_CALL, i, queue->call_fd);
    }
    for (uint32_t i = 0; i < 2; i++)
        fe_set_vring_state(fe, HSP_VHOST_SET_VRING_ENABLE, i, 1);
}

/* ------------------------------------------------------------------ backend channel */

static bool is_page_aligned(uint64_t value)
{
    return (value & 4095) == 0;
}

static uint64_t map_window(struct fe *fe, const struct hsp_vhost_shmem_map *map, int fd)
{
    struct stat st;

    if (fe->refuse_maps || map->shmid != 1 || fd < 0 || map->size == 0 ||
        !hsp_range_fits(map->window_offset, map->size, FE_WINDOW_SIZE) ||
        !is_page_aligned(map->window_offset) || !is_page_aligned(map->size) ||
        !is_page_aligned(map->file_offset) || fstat(fd, &st) < 0 ||
        !hsp_range_fits(map->file_offset, map->size, (uint64_t)st.st_size))
        return 1;
    for (unsigned i = 0; i < fe->map_count; i++) {
        if (map->window_offset < fe->maps[i].offset + fe->maps[i].size &&
            fe->maps[i].offset < map->window_offset + map->size)
            return 1;
    }
    HSP_CHECK(fe->map_count < HSP_ARRAY_COUNT(fe->maps));
    if (mmap(fe->window + map->window_offset, map->size, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED, fd, (off_t)map->file_offset) == MAP_FAILED)
        return 1;
    fe->maps[fe->map_count++] = (struct fe_map){map->window_offset, map->size};
    return 0;
}

static uint64_t unmap_window(struct fe *fe, const struct hsp_vhost_shmem_map *map)
{
    for (unsigned i = 0; i < fe->map_count; i++) {
        if (fe->maps[i].offset == map->window_offset && fe->maps[i].size == map->size) {
            fe->maps[i] = fe->maps[--fe->map_count];
            mmap(fe->window + map->window_offset, map->size, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
            return 0;
        }
    }
    return 1;
}

static uint64_t handle_backend(struct fe *fe, const struct hsp_vhost_header *header,
                               const struct hsp_vhost_shmem_map *map, int fd)
{
    uint64_t status = 1;

    pthread_mutex_lock(&fe->lock);
    if (header->request == HSP_VHOST_BACKEND_SHMEM_MAP) {
        fe->map_requests++;
        fe->map_waits = true;
        pthread_cond_broadcast(&fe->changed);
        while (fe->hold_maps)
            pthread_cond_wait(&fe->changed, &fe->lock);
        fe->map_waits = false;
        status = map_window(fe, map, fd);
    } else if (header->request == HSP_VHOST_BACKEND_SHMEM_UNMAP) {
        status = unmap_window(fe, map);
    } else if (header->request == HSP_VHOST_BACKEND_SHARED_OBJECT_REMOVE) {
        fe->sync_requests++;
    } else if (header->request == HSP_VHOST_BACKEND_CONFIG_CHANGE) {
        fe->config_changes++;
    }
    pthread_cond_broadcast(&fe->changed);
    pthread_mutex_unlock(&fe->lock);
    return status;
}

static void *serve_backend(void *data)
{
    struct fe *fe = data;

    for (;;) {
        struct hsp_vhost_header header;
        struct hsp_vhost_shmem_map map = {0};
        int fd = -1;
        size_t fd_count = 0;
        ssize_t n = hsp_fd_recvmsg(fe->backend_fd, &header, sizeof(header), &fd, &fd_count, 1);
        if (n <= 0)
            break;
        HSP_CHECK_EQ(n, sizeof(header));
        HSP_CHECK(header.size <= sizeof(map));
        HSP_CHECK_EQ(hsp_fd_read_all(fe->backend_fd, &map, header.size), 0);
        uint64_t status = handle_backend(fe, &header, &map, fd);
        hsp_fd_close(&fd);
        if (status == 0)
            fe_send_memory_table(fe);
        if (header.flags & HSP_VHOST_FLAG_NEED_REPLY) {
            struct {
                struct hsp_vhost_header header;
                uint64_t status;
            } __attribute__((packed)) reply = {
                {header.request, HSP_VHOST_FLAG_VERSION | HSP_VHOST_FLAG_REPLY, sizeof(status)},
                status,
            };
            hsp_fd_write_all(fe->backend_fd, &reply, sizeof(reply));
        }
    }
    return NULL;
}

unsigned fe_map_count(struct fe *fe)
{
    unsigned count;

    pthread_mutex_lock(&fe->lock);
    count = fe->map_count;
    pthread_mutex_unlock(&fe->lock);
    return count;
}

/* ------------------------------------------------------------------ start */

static void make_folder(struct fe *fe)
{
    char path[128];

    strcpy(fe->folder, "/tmp/hesper-test-XXXXXX");
    HSP_CHECK(mkdtemp(fe->folder) != NULL);
    snprintf(path, sizeof(path), "%s/log", fe->folder);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    HSP_CHECK(fd >= 0);
    close(fd);
    setenv("XDG_RUNTIME_DIR", fe->folder, 1);
    setenv("HESPER_TEST_FOLDER", fe->folder, 1);
}

static void spawn_device(struct fe *fe, const struct fe_options *options, int socket_fd)
{
    const char *argv[24] = {HESPER_GPU_PATH,  "--fd=3",      "--hostmem=256M",
                            "--size=640x480", "--name=test", "--guest-ram=file"};
    posix_spawn_file_actions_t actions;
    int argc = 6;

    argv[argc++] = options->no_programs ? "--render=/bin/false" : "--render=" FAKE_RENDER_PATH;
    argv[argc++] = options->no_programs ? "--display-program=/bin/false"
                                        : "--display-program=" FAKE_DISPLAY_PATH;
    for (const char *const *extra = options->arguments; extra && *extra; extra++)
        argv[argc++] = *extra;
    HSP_CHECK(argc < (int)HSP_ARRAY_COUNT(argv));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, socket_fd, 3);
    for (size_t i = 0; i < options->fd_count; i++) {
        /* None of them may be in the way of another. */
        HSP_CHECK(options->fds[i] >= 4 + (int)HSP_ARRAY_COUNT(options->fds));
        posix_spawn_file_actions_adddup2(&actions, options->fds[i], 4 + (int)i);
    }
    HSP_CHECK_EQ(posix_spawn(&fe->pid, HESPER_GPU_PATH, &actions, NULL,
                             (char *const *)(uintptr_t)argv, environ),
                 0);
    posix_spawn_file_actions_destroy(&actions);
}

static void negotiate(struct fe *fe, const struct fe_options *options)
{
    struct hsp_vhost_shmem_config *shmem = calloc(1, sizeof(*shmem));
    uint64_t features, protocol_features;
    int fds[2];

    HSP_CHECK_EQ(fe_call(fe, HSP_VHOST_GET_FEATURES, NULL, 0, &features, 8), 8);
    HSP_CHECK_EQ(fe_call(fe, HSP_VHOST_GET_PROTOCOL_FEATURES, NULL, 0, &protocol_features, 8), 8);
    fe_send(fe, HSP_VHOST_SET_PROTOCOL_FEATURES, 0, &protocol_features, 8, NULL, 0);
    HSP_CHECK_EQ(fe_call_acked(fe, HSP_VHOST_SET_OWNER, NULL, 0, NULL, 0), 0);
    HSP_CHECK_EQ(fe_call(fe, HSP_VHOST_GET_SHMEM_CONFIG, NULL, 0, shmem, sizeof(*shmem)), 2056);
    HSP_CHECK_EQ(shmem->sizes[1], FE_WINDOW_SIZE);
    free(shmem);
    HSP_CHECK_EQ(hsp_fd_socketpair(fds), 0);
    fe->backend_fd = fds[0];
    HSP_CHECK_EQ(pthread_create(&fe->backend_thread, NULL, serve_backend, fe), 0);
    if (!options->no_shmem)
        HSP_CHECK_EQ(fe_call_acked(fe, HSP_VHOST_SET_BACKEND_REQ_FD, NULL, 0, &fds[1], 1), 0);
    close(fds[1]);
    HSP_CHECK_EQ(fe_call_acked(fe, HSP_VHOST_SET_FEATURES, &features, 8, NULL, 0), 0);
    fe_send_memory_table(fe);
}

static void make_queue(struct fe *fe, uint32_t index)
{
    struct fe_queue *queue = &fe->queues[index];
    int kick_copy, call_copy;

    queue->index = index;
    queue->ring_address = 0x10000 * (index + 1);
    /* One file each, so that both ends are the same descriptor here. */
    HSP_CHECK_EQ(hsp_event_create(&queue->kick_fd, &kick_copy), 0);
    HSP_CHECK_EQ(hsp_event_create(&queue->call_fd, &call_copy), 0);
    close(kick_copy);
    close(call_copy);
}

static void init(struct fe *fe)
{
    memset(fe, 0, sizeof(*fe));
    pthread_mutex_init(&fe->main_lock, NULL);
    pthread_mutex_init(&fe->lock, NULL);
    pthread_cond_init(&fe->changed, NULL);
    fe->main_fd = fe->backend_fd = -1;
    fe->ram_fd = hsp_shm_create("guest-ram", RAM_SIZE);
    HSP_CHECK(fe->ram_fd >= 0);
    fe->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fe->ram_fd, 0);
    HSP_CHECK(fe->ram != MAP_FAILED);
    fe->heap = FE_HEAP_AT;
    make_queue(fe, 0);
    make_queue(fe, 1);
}

void fe_connect(struct fe *fe, int socket_fd_steal)
{
    uint64_t features, protocol_features;

    init(fe);
    fe->main_fd = socket_fd_steal;
    HSP_CHECK_EQ(fe_call(fe, HSP_VHOST_GET_FEATURES, NULL, 0, &features, 8), 8);
    HSP_CHECK_EQ(fe_call(fe, HSP_VHOST_GET_PROTOCOL_FEATURES, NULL, 0, &protocol_features, 8), 8);
    HSP_CHECK(protocol_features & 1u << HSP_VHOST_PROTOCOL_CONFIG);
    fe_send(fe, HSP_VHOST_SET_PROTOCOL_FEATURES, 0, &protocol_features, 8, NULL, 0);
    HSP_CHECK_EQ(fe_call_acked(fe, HSP_VHOST_SET_OWNER, NULL, 0, NULL, 0), 0);
    HSP_CHECK_EQ(fe_call_acked(fe, HSP_VHOST_SET_FEATURES, &features, 8, NULL, 0), 0);
    fe_send_memory_table(fe);
    fe_start_queues(fe, true);
}

void fe_start(struct fe *fe, const struct fe_options *options)
{
    static const struct fe_options defaults;
    int fds[2];

    init(fe);
    options = options ? options : &defaults;
    /* What hesper-gpu leaves behind becomes ours, and is seen at the end. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    make_folder(fe);
    fe->window = mmap(NULL, FE_WINDOW_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    HSP_CHECK(fe->window != MAP_FAILED);
    HSP_CHECK_EQ(hsp_fd_socketpair(fds), 0);
    fe->main_fd = fds[0];
    spawn_device(fe, options, fds[1]);
    close(fds[1]);
    negotiate(fe, options);
    fe_start_queues(fe, true);
}

/* ------------------------------------------------------------------ end */

static void remove_folder(const char *path)
{
    char command[160];

    snprintf(command, sizeof(command), "rm -rf '%s'", path);
    HSP_CHECK_EQ(system(command), 0);
}

static int wait_for_exit(pid_t pid)
{
    for (int i = 0; i < FE_TIMEOUT_MS; i++) {
        int status;
        pid_t got = waitpid(pid, &status, WNOHANG);
        HSP_CHECK(got >= 0);
        if (got == pid)
            return status;
        usleep(1000);
    }
    hsp_test_fail(__FILE__, __LINE__, "process %d does not end", (int)pid);
}

static void finish(struct fe *fe)
{
    hsp_fd_close(&fe->main_fd);
    for (int i = 0; i < 2; i++) {
        hsp_fd_close(&fe->queues[i].kick_fd);
        hsp_fd_close(&fe->queues[i].call_fd);
        for (int k = 0; k < FE_QUEUE_SIZE; k++)
            free(fe->queues[i].requests[k]);
    }
    munmap(fe->ram, RAM_SIZE);
    hsp_fd_close(&fe->ram_fd);
}

void fe_disconnect(struct fe *fe)
{
    finish(fe);
}

void fe_stop_expecting(struct fe *fe, int status)
{
    pthread_mutex_lock(&fe->main_lock);
    hsp_fd_close(&fe->main_fd);
    pthread_mutex_unlock(&fe->main_lock);
    int got = wait_for_exit(fe->pid);
    HSP_CHECK(WIFEXITED(got));
    HSP_CHECK_EQ(WEXITSTATUS(got), status);
    /* No child of its is left. */
    pid_t left = waitpid(-1, NULL, WNOHANG);
    if (left >= 0)
        hsp_test_fail(__FILE__, __LINE__, "process %d is left behind", (int)left);
    shutdown(fe->backend_fd, SHUT_RDWR);
    pthread_join(fe->backend_thread, NULL);
    hsp_fd_close(&fe->backend_fd);
    munmap(fe->window, FE_WINDOW_SIZE);
    finish(fe);
    remove_folder(fe->folder);
}

void fe_stop(struct fe *fe)
{
    fe_stop_expecting(fe, 0);
}

/* ------------------------------------------------------------------ requests */

static struct hsp_vring_desc *descriptor(struct fe *fe, struct fe_queue *queue, uint16_t index)
{
    return (struct hsp_vring_desc *)fe_ram(fe, queue->ring_address) + index;
}

void fe_raw_descriptor(struct fe *fe, uint32_t queue, uint16_t index, uint64_t address,
                       uint32_t size, uint16_t flags, uint16_t next)
{
    *descriptor(fe, &fe->queues[queue], index) =
        (struct hsp_vring_desc){address, size, flags, next};
}

static void kick(const struct fe_queue *queue)
{
    hsp_event_set(queue->kick_fd);
}

static void make_available(struct fe *fe, struct fe_queue *queue, uint16_t head)
{
    uint16_t *available = fe_ram(fe, queue->ring_address + 0x2000);

    available[2 + queue->available_index % FE_QUEUE_SIZE] = head;
    queue->available_index++;
    atomic_store((_Atomic uint16_t *)(void *)&available[1], queue->available_index);
    kick(queue);
}

struct fe_request *fe_submit_raw(struct fe *fe, uint32_t queue_index, uint16_t head)
{
    struct fe_queue *queue = &fe->queues[queue_index];
    struct fe_request *request = calloc(1, sizeof(*request));

    HSP_CHECK(request != NULL && queue->requests[head] == NULL);
    queue->requests[head] = request;
    make_available(fe, queue, head);
    return request;
}

/* Small requests are split over two descriptors, so that the device has to put them together;
 * large ones are in an indirect table of single pages, as Linux sends them. */
struct fe_request *fe_submit(struct fe *fe, uint32_t queue_index, const void *data, size_t size,
                             uint32_t response_size)
{
    struct fe_queue *queue = &fe->queues[queue_index];
    uint64_t request_at = fe_alloc(fe, size + 1), response_at = fe_alloc(fe, response_size + 1);
    uint64_t table_at = 0;
    uint32_t count = 0;
    uint16_t head;

    HSP_CHECK(queue->free_count > 4);
    head = queue->free_heads[--queue->free_count];
    if (size > 0)
        memcpy(fe_ram(fe, request_at), data, size);
    memset(fe_ram(fe, response_at), 0xee, response_size);
    table_at = fe_alloc(fe, (size / 4096 + 4) * sizeof(struct hsp_vring_desc));
    struct hsp_vring_desc *table = fe_ram(fe, table_at);
    for (size_t done = 0; done < size; count++) {
        size_t part = done == 0 && size > 20 ? 20 : HSP_MIN(size - done, 4096);
        table[count] = (struct hsp_vring_desc){request_at + done, (uint32_t)part,
                                               HSP_VRING_DESC_NEXT, (uint16_t)(count + 1)};
        done += part;
    }
    if (response_size > 0)
        table[count++] =
            (struct hsp_vring_desc){response_at, response_size, HSP_VRING_DESC_WRITE, 0};
    else if (count > 0)
        table[count - 1].flags = 0;
    fe_raw_descriptor(fe, queue_index, head, table_at, count * (uint32_t)sizeof(*table),
                      HSP_VRING_DESC_INDIRECT, 0);

    struct fe_request *request = calloc(1, sizeof(*request));
    request->heads[0] = head;
    request->head_count = 1;
    request->response_address = response_at;
    request->response_size = response_size;
    queue->requests[head] = request;
    make_available(fe, queue, head);
    return request;
}

/* Takes answers out of the used ring, and asks for an interrupt at the next one. */
static void collect(struct fe *fe, struct fe_queue *queue)
{
    char *used = fe_ram(fe, queue->ring_address + 0x4000);
    uint16_t *used_event =
        fe_ram(fe, queue->ring_address + 0x2000 + 4 + FE_QUEUE_SIZE * sizeof(uint16_t));

    for (;;) {
        uint16_t index = atomic_load((_Atomic uint16_t *)(void *)(used + 2));
        if (index == queue->seen_used) {
            atomic_store((_Atomic uint16_t *)(void *)used_event, index);
            if (atomic_load((_Atomic uint16_t *)(void *)(used + 2)) == index)
                return;
            continue;
        }
        struct hsp_vring_used_element element;
        memcpy(&element, used + 4 + queue->seen_used % FE_QUEUE_SIZE * sizeof(element),
               sizeof(element));
        queue->seen_used++;
        HSP_CHECK(element.id < FE_QUEUE_SIZE);
        struct fe_request *request = queue->requests[element.id];
        HSP_CHECK(request != NULL);
        queue->requests[element.id] = NULL;
        request->done = true;
        request->written = element.size;
        request->order = ++fe->completed;
        for (uint32_t i = 0; i < request->head_count; i++)
            queue->free_heads[queue->free_count++] = request->heads[i];
    }
}

static struct fe_queue *queue_of(struct fe *fe, const struct fe_request *request)
{
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < FE_QUEUE_SIZE; k++) {
            if (fe->queues[i].requests[k] == request)
                return &fe->queues[i];
        }
    }
    return NULL;
}

bool fe_is_done(struct fe *fe, struct fe_request *request)
{
    struct fe_queue *queue = request->done ? NULL : queue_of(fe, request);

    if (queue)
        collect(fe, queue);
    return request->done;
}

void fe_wait(struct fe *fe, struct fe_request *request)
{
    struct fe_queue *queue = request->done ? NULL : queue_of(fe, request);
    uint64_t ignored;

    while (!request->done) {
        struct pollfd pollfd = {.fd = queue->call_fd, .events = POLLIN};
        collect(fe, queue);
        if (request->done)
            break;
        if (poll(&pollfd, 1, FE_TIMEOUT_MS) != 1)
            hsp_test_fail(__FILE__, __LINE__, "no interrupt");
        HSP_CHECK(read(queue->call_fd, &ignored, sizeof(ignored)) == sizeof(ignored));
    }
}

void fe_check_not_done(struct fe *fe, struct fe_request *request)
{
    usleep(50000);
    HSP_CHECK(!fe_is_done(fe, request));
}

const void *fe_response(struct fe *fe, const struct fe_request *request)
{
    return fe_ram(fe, request->response_address);
}

uint32_t fe_command(struct fe *fe, const void *data, size_t size, void *response,
                    size_t response_size)
{
    size_t room = HSP_MAX(response_size, sizeof(struct hsp_gpu_header));
    struct fe_request *request = fe_submit(fe, HSP_GPU_QUEUE_CONTROL, data, size, (uint32_t)room);
    struct hsp_gpu_header header;

    fe_wait(fe, request);
    HSP_CHECK(request->written >= sizeof(header));
    memcpy(&header, fe_response(fe, request), sizeof(header));
    if (response)
        memcpy(response, fe_response(fe, request), response_size);
    free(request);
    return header.type;
}

static size_t build(char *out, uint32_t type, uint32_t ctx_id, uint32_t flags, uint64_t fence_id,
                    uint8_t ring_idx, const void *body, size_t size)
{
    struct hsp_gpu_header header = {
        .type = type,
        .flags = flags,
        .fence_id = fence_id,
        .ctx_id = ctx_id,
        .ring_idx = ring_idx,
    };

    memcpy(out, &header, sizeof(header));
    if (size > 0)
        memcpy(out + sizeof(header), body, size);
    return sizeof(header) + size;
}

uint32_t fe_simple(struct fe *fe, uint32_t type, uint32_t ctx_id, const void *body, size_t size)
{
    char *data = malloc(sizeof(struct hsp_gpu_header) + size);
    size_t total = build(data, type, ctx_id, 0, 0, 0, body, size);
    uint32_t response = fe_command(fe, data, total, NULL, 0);

    free(data);
    return response;
}

struct fe_request *fe_submit_simple(struct fe *fe, uint32_t type, uint32_t ctx_id, uint32_t flags,
                                    uint64_t fence_id, uint8_t ring_idx, const void *body,
                                    size_t size)
{
    char *data = malloc(sizeof(struct hsp_gpu_header) + size);
    size_t total = build(data, type, ctx_id, flags, fence_id, ring_idx, body, size);
    struct fe_request *request =
        fe_submit(fe, HSP_GPU_QUEUE_CONTROL, data, total, sizeof(struct hsp_gpu_header));

    free(data);
    return request;
}

/* ------------------------------------------------------------------ log of the fake programs */

static const char *find_in_log(struct fe *fe, const char *text, long *position)
{
    static char line[512];
    char path[128];

    snprintf(path, sizeof(path), "%s/log", fe->folder);
    FILE *file = fopen(path, "re");
    HSP_CHECK(file != NULL);
    fseek(file, *position, SEEK_SET);
    while (fgets(line, sizeof(line), file)) {
        if (strchr(line, '\n') && strstr(line, text)) {
            *position = ftell(file);
            fclose(file);
            return line;
        }
    }
    fclose(file);
    return NULL;
}

const char *fe_wait_log(struct fe *fe, const char *text)
{
    for (int i = 0; i < FE_TIMEOUT_MS / 2; i++) {
        const char *line = find_in_log(fe, text, &fe->log_position);
        if (line)
            return line;
        usleep(2000);
    }
    hsp_test_fail(__FILE__, __LINE__, "the log never had \"%s\"", text);
}

bool fe_log_has(struct fe *fe, const char *text)
{
    long position = 0;

    return find_in_log(fe, text, &position) != NULL;
}

void fe_set_flag(struct fe *fe, const char *name, bool on)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", fe->folder, name);
    if (on)
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    else
        unlink(path);
}

pid_t fe_log_pid(const char *line)
{
    const char *at = strstr(line, "pid=");

    HSP_CHECK(at != NULL);
    return (pid_t)atoi(at + 4);
}
