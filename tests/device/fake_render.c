/* SPDX-License-Identifier: MIT */
/* A hesper-render without Vulkan, which does what the test tells it (fake.h). */
#include "fake.h"

#include "base/fd.h"
#include "base/shm.h"
#include "base/span.h"
#include "base/stats.h"
#include "ipc/messages.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_RESOURCE 256
#define MAX_HELD     512

static struct hsp_ipc_channel channel;
static struct hsp_span resources[MAX_RESOURCE];
static struct hsp_ipc_render_fence held_fences[MAX_HELD];
static size_t held_fence_count;
static struct hsp_ipc_render_create_blob held_blobs[MAX_HELD];
static size_t held_blob_count;
static bool holds_fences, holds_blobs, stays;
static struct hsp_stats_context *stats;

static void send_message(uint32_t type, const void *body, size_t size)
{
    hsp_ipc_channel_send(&channel, type, body, size, NULL, 0);
}

/* ------------------------------------------------------------------ blobs */

static int make_file(uint64_t size, bool sealed)
{
    int fd = sealed ? hsp_shm_create("fake", size) : memfd_create("fake", MFD_CLOEXEC);

    if (!sealed && ftruncate(fd, (off_t)size) < 0)
        abort();
    return fd;
}

static void make_blob(const struct hsp_ipc_render_create_blob *blob, struct hsp_span *span)
{
    uint64_t size = blob->blob_id == FAKE_BLOB_SMALL ? blob->size - 4096 : blob->size;
    int fds[2] = {make_file(size, blob->blob_id != FAKE_BLOB_UNSEALED), make_file(size, true)};
    uint32_t word = (uint32_t)blob->blob_id;

    if (pwrite(fds[0], &word, sizeof(word), 0) != sizeof(word) ||
        pwrite(fds[1], &word, sizeof(word), 0) != sizeof(word))
        abort();
    if (blob->blob_id == FAKE_BLOB_PIECES) {
        struct hsp_span_piece pieces[2] = {{0, 0, 4096}, {1, 0, size - 4096}};
        hsp_span_init_pieces(span, fds, 2, pieces, 2);
    } else {
        struct hsp_span_piece piece = {0, 0, size};
        hsp_span_init_pieces(span, fds, 1, &piece, 1);
    }
    close(fds[0]);
    close(fds[1]);
}

static void give_blob(const struct hsp_ipc_render_create_blob *blob)
{
    struct hsp_ipc_render_blob_created body = {
        .resource_id = blob->resource_id,
        .status = blob->blob_id == FAKE_BLOB_FAILS ? -ENOMEM : 0,
        .map_info = blob->blob_id == FAKE_BLOB_MAP_INFO ? 77 : 1,
    };
    struct hsp_span span = HSP_SPAN_EMPTY;

    if (body.status < 0) {
        send_message(HSP_IPC_RENDER_BLOB_CREATED, &body, sizeof(body));
        return;
    }
    make_blob(blob, &span);
    hsp_stats_add(stats, blobs, 1);
    hsp_ipc_send_with_span(&channel, HSP_IPC_RENDER_BLOB_CREATED, &body, sizeof(body), &span);
    hsp_span_finish(&resources[blob->resource_id % MAX_RESOURCE]);
    resources[blob->resource_id % MAX_RESOURCE] = span;
}

static void handle_create_blob(const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_create_blob blob;

    if (!hsp_ipc_decode(message, &blob, sizeof(blob), 0))
        abort();
    fake_log("blob id=%u blob_id=%llu size=%llu flags=%u", blob.resource_id,
             (unsigned long long)blob.blob_id, (unsigned long long)blob.size, blob.blob_flags);
    if (holds_blobs)
        held_blobs[held_blob_count++] = blob;
    else
        give_blob(&blob);
}

static void give_blobs(void)
{
    holds_blobs = false;
    for (size_t i = 0; i < held_blob_count; i++)
        give_blob(&held_blobs[i]);
    held_blob_count = 0;
}

/* ------------------------------------------------------------------ fences */

static void handle_create_fence(const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_fence fence;

    if (!hsp_ipc_decode(message, &fence, sizeof(fence), 0))
        abort();
    fake_log("fence ring=%u", fence.ring_idx);
    if (holds_fences)
        held_fences[held_fence_count++] = fence;
    else
        send_message(HSP_IPC_RENDER_FENCE_RETIRED, &fence, sizeof(fence));
}

static void retire(uint32_t ring_idx)
{
    size_t kept = 0;

    if (ring_idx == UINT32_MAX)
        holds_fences = false;
    for (size_t i = 0; i < held_fence_count; i++) {
        if (ring_idx == UINT32_MAX || held_fences[i].ring_idx == ring_idx)
            send_message(HSP_IPC_RENDER_FENCE_RETIRED, &held_fences[i], sizeof(held_fences[i]));
        else
            held_fences[kept++] = held_fences[i];
    }
    held_fence_count = kept;
}

/* ------------------------------------------------------------------ commands */

static void write_word(uint32_t resource, uint32_t offset, uint32_t value)
{
    struct hsp_mapping mapping;

    if (hsp_span_map(&resources[resource % MAX_RESOURCE], true, &mapping) < 0) {
        fake_log("write failed id=%u", resource);
        return;
    }
    memcpy((char *)mapping.data + offset, &value, sizeof(value));
    hsp_mapping_finish(&mapping);
    fake_log("written id=%u", resource);
}

static void run(const uint32_t *words, size_t count)
{
    struct hsp_ipc_render_fence fence = {.fence_id = 1u << 30};
    struct hsp_ipc_render_blob_created blob = {.resource_id = 12345, .status = -EINVAL};

    switch (count > 0 ? words[0] : FAKE_RENDER_NOP) {
    case FAKE_RENDER_HOLD_FENCES:
        holds_fences = true;
        break;
    case FAKE_RENDER_RETIRE:
        retire(words[1]);
        break;
    case FAKE_RENDER_HOLD_BLOBS:
        holds_blobs = true;
        break;
    case FAKE_RENDER_GIVE_BLOBS:
        give_blobs();
        break;
    case FAKE_RENDER_WRITE:
        write_word(words[1], words[2], words[3]);
        break;
    case FAKE_RENDER_RING: {
        struct hsp_ipc_render_ring ring = {
            .resource_id = words[1], .status_offset = words[2], .created = words[3]};
        send_message(HSP_IPC_RENDER_RING, &ring, sizeof(ring));
        break;
    }
    case FAKE_RENDER_EXIT:
        exit(0);
    case FAKE_RENDER_KILL:
        raise(SIGKILL);
        break;
    case FAKE_RENDER_FATAL:
        send_message(HSP_IPC_RENDER_FATAL, "the test says so", 16);
        exit(0);
    case FAKE_RENDER_GARBAGE:
        send_message(0x1234, "??", 2);
        break;
    case FAKE_RENDER_STRANGE_FENCE:
        send_message(HSP_IPC_RENDER_FENCE_RETIRED, &fence, sizeof(fence));
        break;
    case FAKE_RENDER_STRANGE_BLOB:
        send_message(HSP_IPC_RENDER_BLOB_CREATED, &blob, sizeof(blob));
        break;
    case FAKE_RENDER_SLEEP:
        fake_log("sleeps");
        fake_wait_while_flag("sleep");
        break;
    case FAKE_RENDER_STAY:
        stays = true;
        break;
    default:
        break;
    }
}

static void handle_submit(const uint32_t *words, size_t size)
{
    hsp_stats_add(stats, vq_commands, 1);
    fake_log("submit size=%zu first=%u last=%u", size, size ? words[0] : 0,
             size ? words[size / 4 - 1] : 0);
    run(words, size / 4);
}

static void handle_submit_fd(const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_submit_fd body;
    void *words;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 1))
        abort();
    words = mmap(NULL, body.size, PROT_READ, MAP_SHARED, message->fds[0], 0);
    if (words == MAP_FAILED)
        abort();
    handle_submit(words, body.size);
    munmap(words, body.size);
}

/* ------------------------------------------------------------------ resources */

static void handle_attach(const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_attach_resource body;
    struct hsp_span span = HSP_SPAN_EMPTY;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 0) &&
        hsp_ipc_decode_with_span(message, &body, sizeof(body), &span) < 0)
        abort();
    off_t file_size = span.fd_count > 0 ? lseek(span.fds[0], 0, SEEK_END) : 0;
    fake_log("attach id=%u kind=%u size=%llu pieces=%u file=%lld", body.resource_id, body.kind,
             (unsigned long long)span.size, span.piece_count, (long long)file_size);
    hsp_span_finish(&resources[body.resource_id % MAX_RESOURCE]);
    resources[body.resource_id % MAX_RESOURCE] = span;
}

static void handle_detach(const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_detach_resource body;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 0))
        abort();
    fake_log("detach id=%u", body.resource_id);
    hsp_span_finish(&resources[body.resource_id % MAX_RESOURCE]);
}

static void handle(const struct hsp_ipc_message *message)
{
    switch (message->type) {
    case HSP_IPC_RENDER_SUBMIT:
        handle_submit(message->payload, message->payload_size);
        break;
    case HSP_IPC_RENDER_SUBMIT_FD:
        handle_submit_fd(message);
        break;
    case HSP_IPC_RENDER_CREATE_FENCE:
        handle_create_fence(message);
        break;
    case HSP_IPC_RENDER_CREATE_BLOB:
        handle_create_blob(message);
        break;
    case HSP_IPC_RENDER_ATTACH_RESOURCE:
        handle_attach(message);
        break;
    case HSP_IPC_RENDER_DETACH_RESOURCE:
        handle_detach(message);
        break;
    default:
        abort();
    }
}

int main(int argc, char **argv)
{
    const char *ipc_fd = fake_argument(argc, argv, "ipc-fd");
    const char *stats_fd = fake_argument(argc, argv, "stats-fd");
    const char *name = fake_argument(argc, argv, "name");

    if (fake_argument(argc, argv, "check-import-fd"))
        return getenv("FAKE_RENDER_CANNOT_IMPORT") != NULL;
    if (!ipc_fd || !stats_fd || !name)
        return 2;
    stats = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(stats_fd), 0);
    if (stats == MAP_FAILED)
        return 2;
    hsp_ipc_channel_init(&channel, atoi(ipc_fd));
    fake_log("render begin name=%s pid=%d", name, (int)getpid());
    for (;;) {
        struct hsp_ipc_message message;
        if (hsp_ipc_channel_receive(&channel, &message) <= 0)
            break;
        handle(&message);
        hsp_ipc_message_finish(&message);
    }
    while (stays)
        pause();
    fake_log("render end name=%s pid=%d", name, (int)getpid());
    return 0;
}
