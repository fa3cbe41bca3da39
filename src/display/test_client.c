/* SPDX-License-Identifier: MIT */
#include "display/test_client.h"

#include "base/fd.h"
#include "base/shm.h"
#include "base/test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_MS         30000
#define MAX_ARGUMENT_COUNT 16

static _Noreturn void run(const char *path, const char *const *arguments, int ipc_fd, int stats_fd,
                          int log_fd)
{
    char ipc_arg[32], stats_arg[32];
    const char *argv[MAX_ARGUMENT_COUNT] = {"hesper-display", ipc_arg, stats_arg};
    size_t count = 3;

    hsp_fd_set_cloexec(ipc_fd, false);
    hsp_fd_set_cloexec(stats_fd, false);
    snprintf(ipc_arg, sizeof(ipc_arg), "--ipc-fd=%d", ipc_fd);
    snprintf(stats_arg, sizeof(stats_arg), "--stats-fd=%d", stats_fd);
    while (*arguments && count < MAX_ARGUMENT_COUNT - 1)
        argv[count++] = *arguments++;
    if (log_fd >= 0) {
        dup2(log_fd, STDOUT_FILENO);
        dup2(log_fd, STDERR_FILENO);
    }
    execv(path, (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void start(struct test_client *client, const char *path, const char *const *arguments,
                  int log_fd)
{
    int fds[2];

    client->log_fd = log_fd;
    HSP_CHECK_EQ(hsp_fd_socketpair(fds), 0);
    client->pid = fork();
    if (client->pid == 0)
        run(path, arguments, fds[1], client->stats_fd, log_fd);
    HSP_CHECK(client->pid > 0);
    hsp_fd_close(&fds[1]);
    hsp_ipc_channel_init(&client->channel, fds[0]);
}

void test_client_start(struct test_client *client, const char *path, const char *const *arguments,
                       int log_fd)
{
    memset(client, 0, sizeof(*client));
    client->stats_fd = hsp_shm_create("stats", hsp_page_size());
    HSP_CHECK(client->stats_fd >= 0);
    client->stats =
        mmap(NULL, sizeof(*client->stats), PROT_READ | PROT_WRITE, MAP_SHARED, client->stats_fd, 0);
    HSP_CHECK(client->stats != MAP_FAILED);
    start(client, path, arguments, log_fd);
}

static _Noreturn void fail_with_log(struct test_client *client, const char *what, int number)
{
    char log[65536];
    ssize_t n = pread(client->log_fd, log, sizeof(log) - 1, 0);

    log[HSP_MAX(n, 0)] = '\0';
    hsp_test_fail(__FILE__, __LINE__, "the display %s %d\n%s", what, number, log);
}

static int wait_for_end(struct test_client *client)
{
    int status;

    alarm(TIMEOUT_MS / 1000); /* a display that does not end fails the test */
    HSP_CHECK_EQ(waitpid(client->pid, &status, 0), client->pid);
    alarm(0);
    return status;
}

static int wait_status(struct test_client *client)
{
    int status = wait_for_end(client);

    munmap(client->stats, sizeof(*client->stats));
    hsp_fd_close(&client->stats_fd);
    return status;
}

int test_client_wait(struct test_client *client)
{
    int status = wait_status(client);

    if (!WIFEXITED(status))
        fail_with_log(client, "was killed by signal", WTERMSIG(status));
    return WEXITSTATUS(status);
}

void test_client_finish(struct test_client *client)
{
    int status;

    hsp_ipc_channel_finish(&client->channel);
    status = test_client_wait(client);
    if (status != 0)
        fail_with_log(client, "has exit status", status);
}

void test_client_kill(struct test_client *client)
{
    HSP_CHECK_EQ(kill(client->pid, SIGKILL), 0);
    wait_status(client);
    hsp_ipc_channel_finish(&client->channel);
}

void test_client_replace(struct test_client *client, const char *path, const char *const *arguments,
                         int log_fd)
{
    HSP_CHECK_EQ(kill(client->pid, SIGKILL), 0);
    wait_for_end(client);
    hsp_ipc_channel_finish(&client->channel);
    start(client, path, arguments, log_fd);
}

void test_client_send(struct test_client *client, uint32_t type, const void *body, size_t size,
                      int fd)
{
    HSP_CHECK_EQ(hsp_ipc_channel_send(&client->channel, type, body, size, &fd, fd >= 0), 0);
}

/* The next message that has come; false when none comes in time. */
static bool receive_any(struct test_client *client, struct hsp_ipc_message *message,
                        uint64_t deadline_ns)
{
    struct pollfd pollfd = {.fd = client->channel.socket_fd, .events = POLLIN};
    int ret = hsp_ipc_channel_receive_buffered(&client->channel, message);

    if (ret == 0) {
        uint64_t now = hsp_now_ns();
        int timeout_ms = now < deadline_ns ? (int)((deadline_ns - now) / 1000000) + 1 : 0;
        if (poll(&pollfd, 1, timeout_ms) != 1)
            return false;
        ret = hsp_ipc_channel_receive(&client->channel, message);
    }
    HSP_CHECK_EQ(ret, 1);
    return true;
}

/* Keeps a message of input; false for others. */
static bool keep_input(struct test_client *client, const struct hsp_ipc_message *message)
{
    if (message->type != HSP_IPC_DISPLAY_INPUT)
        return false;
    HSP_CHECK(client->input_count < HSP_ARRAY_COUNT(client->inputs));
    HSP_CHECK(hsp_ipc_decode(message, &client->inputs[client->input_count++],
                             sizeof(client->inputs[0]), 0));
    return true;
}

static uint64_t get_deadline(int timeout_ms)
{
    return hsp_now_ns() + (uint64_t)timeout_ms * 1000000;
}

bool test_client_has_message(struct test_client *client, int timeout_ms)
{
    uint64_t deadline_ns = get_deadline(timeout_ms);
    struct hsp_ipc_message message;

    while (receive_any(client, &message, deadline_ns)) {
        if (!keep_input(client, &message))
            return true;
    }
    return false;
}

void test_client_receive(struct test_client *client, uint32_t type, void *body, size_t size)
{
    uint64_t deadline_ns = get_deadline(TIMEOUT_MS);
    struct hsp_ipc_message message;

    do {
        HSP_CHECK(receive_any(client, &message, deadline_ns));
    } while (keep_input(client, &message));
    HSP_CHECK_EQ(message.type, type);
    HSP_CHECK(hsp_ipc_decode(&message, body, size, 0));
}

struct hsp_ipc_display_input test_client_receive_input(struct test_client *client,
                                                       enum hsp_ipc_input_kind kind)
{
    uint64_t deadline_ns = get_deadline(TIMEOUT_MS);
    struct hsp_ipc_display_input input;
    struct hsp_ipc_message message;

    do {
        while (client->input_next == client->input_count) {
            client->input_next = client->input_count = 0;
            HSP_CHECK(receive_any(client, &message, deadline_ns));
            HSP_CHECK(keep_input(client, &message));
        }
        input = client->inputs[client->input_next++];
    } while (input.kind != kind);
    return input;
}

void test_client_set_scanout(struct test_client *client,
                             const struct hsp_ipc_display_scanout *scanout,
                             const struct hsp_span *span)
{
    HSP_CHECK_EQ(hsp_ipc_send_with_span(&client->channel, HSP_IPC_DISPLAY_SET_SCANOUT, scanout,
                                        sizeof(*scanout), span),
                 0);
}

uint64_t test_client_send_flush(struct test_client *client, uint32_t scanout_id,
                                struct hsp_ipc_rect rect)
{
    struct hsp_ipc_display_flush flush = {
        .sequence = ++client->last_sequence,
        .start_ns = hsp_now_ns(),
        .scanout_id = scanout_id,
        .rect = rect,
    };

    test_client_send(client, HSP_IPC_DISPLAY_FLUSH, &flush, sizeof(flush), -1);
    return flush.sequence;
}

void test_client_flush(struct test_client *client, uint32_t scanout_id, struct hsp_ipc_rect rect)
{
    uint64_t sequence = test_client_send_flush(client, scanout_id, rect);
    struct hsp_ipc_display_flushed flushed;

    test_client_receive(client, HSP_IPC_DISPLAY_FLUSHED, &flushed, sizeof(flushed));
    HSP_CHECK_EQ(flushed.sequence, sequence);
    HSP_CHECK_EQ(flushed.scanout_id, scanout_id);
}

/* ------------------------------------------------------------------ pictures */

void test_picture_init(struct test_picture *picture, uint32_t scanout_id, enum hsp_format format,
                       uint32_t width, uint32_t height, uint32_t stride, uint32_t offset)
{
    const struct hsp_format_info *info = hsp_format_find(format);

    if (stride == 0)
        stride = width * info->bytes_per_pixel;
    picture->scanout = (struct hsp_ipc_display_scanout){
        .scanout_id = scanout_id,
        .width = width,
        .height = height,
        .stride = stride,
        .offset = offset,
        .format = format,
        .kind = HSP_IPC_RESOURCE_MEMORY,
        .rect = {.width = width, .height = height},
    };
    picture->span = test_span_create(offset + (uint64_t)stride * height, &picture->mapping);
}

void test_picture_finish(struct test_picture *picture)
{
    hsp_mapping_finish(&picture->mapping);
    hsp_span_finish(&picture->span);
}

/* Any bytes are pixels, but for halves: random ones are hardly ever between 0 and 1. */
void test_picture_fill(struct test_picture *picture, uint32_t seed)
{
    const struct hsp_format_info *info = hsp_format_find(picture->scanout.format);
    uint8_t *data = picture->mapping.data;

    for (uint64_t i = 0; i < picture->mapping.size; i++) {
        seed = seed * 1664525 + 1013904223;
        data[i] = (uint8_t)(seed >> 24);
        if (info->layout == HSP_FORMAT_LAYOUT_FP16 && (i - picture->scanout.offset) % 2 == 1)
            data[i] = 0x30 + data[i] % 12; /* 0.125 to 0.999 */
    }
}

void test_picture_get(const struct test_picture *picture, uint32_t x, uint32_t y,
                      uint8_t out_rgb[3])
{
    const struct hsp_ipc_display_scanout *scanout = &picture->scanout;
    const struct hsp_format_info *info = hsp_format_find(scanout->format);

    HSP_CHECK(x < scanout->rect.width && y < scanout->rect.height);
    hsp_format_to_rgb(info,
                      (const uint8_t *)picture->mapping.data + scanout->offset +
                          (uint64_t)scanout->stride * (scanout->rect.y + y) +
                          (uint64_t)info->bytes_per_pixel * (scanout->rect.x + x),
                      1, out_rgb);
}

void test_picture_show(struct test_picture *picture, struct test_client *client)
{
    test_client_set_scanout(client, &picture->scanout, &picture->span);
    test_client_flush(client, picture->scanout.scanout_id, picture->scanout.rect);
}
