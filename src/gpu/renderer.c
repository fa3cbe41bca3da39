/* SPDX-License-Identifier: MIT */
#include "gpu/renderer.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/shm.h"
#include "gpu/device.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* The status bit of a ring that says that nobody will read it any more (VkRingStatusFlagBitsMESA).
 */
#define RING_STATUS_FATAL 2u

/* ------------------------------------------------------------------ rings */

static void set_fatal(const struct hsp_gpu_ring *ring)
{
    struct hsp_mapping mapping;
    int ret = hsp_span_map(&ring->span, true, &mapping);

    if (ret < 0) {
        hsp_warning("a ring of a dead renderer cannot be mapped: %s", strerror(-ret));
        return;
    }
    atomic_fetch_or((_Atomic uint32_t *)(void *)((char *)mapping.data + ring->status_offset),
                    RING_STATUS_FATAL);
    hsp_mapping_finish(&mapping);
}

static int add_ring(struct hsp_gpu_context *context, const struct hsp_ipc_render_ring *message)
{
    struct hsp_gpu_resource *resource =
        hsp_gpu_resource_find(&context->device->resources, message->resource_id);
    struct hsp_gpu_ring *ring = &context->rings[context->ring_count];
    bool attached = false;
    int ret;

    /* The guest may have destroyed the resource meanwhile; then nobody waits for the ring. */
    if (!resource)
        return 0;
    hsp_list_for_each (attachment, &resource->attachments, struct hsp_gpu_attachment, resource_link)
        attached |= attachment->context == context;
    if (!attached)
        return 0;
    if (resource->kind != HSP_GPU_RESOURCE_HOST || resource->ipc_kind != HSP_IPC_RESOURCE_SHM ||
        message->status_offset % sizeof(uint32_t) != 0 ||
        !hsp_range_fits(message->status_offset, sizeof(uint32_t), resource->size) ||
        context->ring_count >= HSP_LIMIT_RING_COUNT)
        return -EPROTO;
    /* Without a descriptor to spare only a courtesy is lost. */
    if (!hsp_gpu_resource_table_reserve_fds(&context->device->resources, resource->span.fd_count))
        return 0;
    ret = hsp_span_init_copy(&ring->span, &resource->span);
    if (ret < 0) {
        hsp_gpu_resource_table_release_fds(&context->device->resources, resource->span.fd_count);
        return 0;
    }
    ring->resource_id = message->resource_id;
    ring->status_offset = message->status_offset;
    context->ring_count++;
    return 0;
}

static void finish_ring(struct hsp_gpu_context *context, struct hsp_gpu_ring *ring)
{
    hsp_gpu_resource_table_release_fds(&context->device->resources, ring->span.fd_count);
    hsp_span_finish(&ring->span);
}

static void remove_ring(struct hsp_gpu_context *context, const struct hsp_ipc_render_ring *message)
{
    for (uint32_t i = 0; i < context->ring_count; i++) {
        struct hsp_gpu_ring *ring = &context->rings[i];
        if (ring->resource_id == message->resource_id &&
            ring->status_offset == message->status_offset) {
            finish_ring(context, ring);
            *ring = context->rings[--context->ring_count];
            return;
        }
    }
}

static int handle_ring(struct hsp_gpu_context *context, const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_ring ring;

    if (!hsp_ipc_decode(message, &ring, sizeof(ring), 0))
        return -EPROTO;
    if (ring.created)
        return add_ring(context, &ring);
    remove_ring(context, &ring);
    return 0;
}

/* ------------------------------------------------------------------ answers */

/* Fences of one ring_idx retire in order, so this one stands for those before it, too. */
static int handle_fence_retired(struct hsp_gpu_context *context,
                                const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_fence fence;

    if (!hsp_ipc_decode(message, &fence, sizeof(fence), 0))
        return -EPROTO;
    hsp_list_for_each_safe (command, &context->commands, struct hsp_gpu_command, context_link) {
        if (command->wait == HSP_GPU_WAIT_FENCE && command->renderer_ring == fence.ring_idx &&
            command->renderer_fence <= fence.fence_id)
            hsp_gpu_command_finish(command, HSP_GPU_RESP_OK_NODATA);
    }
    if (fence.ring_idx == 0 && context->big_submit_fence != 0 &&
        context->big_submit_fence <= fence.fence_id) {
        context->big_submit_fence = 0;
        hsp_gpu_schedule_waiting(context->device);
    }
    return 0;
}

static struct hsp_gpu_command *find_blob_command(struct hsp_gpu_context *context,
                                                 uint32_t resource_id)
{
    hsp_list_for_each (command, &context->commands, struct hsp_gpu_command, context_link) {
        if (command->wait == HSP_GPU_WAIT_BLOB &&
            command->request.body.create_blob.resource_id == resource_id)
            return command;
    }
    return NULL;
}

static void forget_blob(struct hsp_gpu_context *context, uint32_t resource_id)
{
    struct hsp_ipc_render_detach_resource body = {.resource_id = resource_id};

    hsp_gpu_link_send(context->link, HSP_IPC_RENDER_DETACH_RESOURCE, &body, sizeof(body), NULL, 0);
}

/* Makes the resource of what the renderer made. */
static int accept_blob(struct hsp_gpu_context *context, const struct hsp_gpu_create_blob *blob,
                       struct hsp_span *span, uint32_t map_info)
{
    struct hsp_gpu_resource *resource;
    int ret = hsp_gpu_resource_create_memory(&context->device->resources, blob->resource_id,
                                             blob->size, span, map_info, &resource);

    if (ret < 0) {
        hsp_log_guest("context %u (%s): blob %u of its renderer refused: %s", context->id,
                      context->name, blob->resource_id, strerror(-ret));
        return ret;
    }
    resource->blob_flags = blob->blob_flags;
    ret = hsp_gpu_context_attach_known(context, resource);
    if (ret < 0)
        hsp_gpu_resource_destroy(&context->device->resources, resource);
    return ret;
}

static int handle_blob_created(struct hsp_gpu_context *context,
                               const struct hsp_ipc_message *message)
{
    struct hsp_ipc_render_blob_created created;
    struct hsp_gpu_command *command;
    struct hsp_span span = HSP_SPAN_EMPTY;
    int ret;

    if (!hsp_ipc_decode(message, &created, sizeof(created), 0)) {
        ret = hsp_ipc_decode_with_span(message, &created, sizeof(created), &span);
        if (ret < 0)
            return ret;
    }
    command = find_blob_command(context, created.resource_id);
    if (!command || (created.status == 0) != (span.piece_count > 0) || created.status > 0) {
        hsp_span_finish(&span);
        return -EPROTO;
    }
    ret = created.status;
    if (ret == 0) {
        ret = accept_blob(context, &command->request.body.create_blob, &span, created.map_info);
        if (ret < 0)
            forget_blob(context, created.resource_id);
    }
    hsp_span_finish(&span);
    hsp_gpu_command_finish(command,
                           ret == 0 ? HSP_GPU_RESP_OK_NODATA : hsp_gpu_response_of_error(ret));
    return 0;
}

static int handle_fatal(struct hsp_gpu_context *context, const struct hsp_ipc_message *message)
{
    hsp_log_guest("context %u (%s) failed: %.*s", context->id, context->name,
                  (int)HSP_MIN(message->payload_size, 512u), (const char *)message->payload);
    return 0;
}

static int handle_message(struct hsp_gpu_context *context, const struct hsp_ipc_message *message)
{
    switch (message->type) {
    case HSP_IPC_RENDER_FENCE_RETIRED:
        return handle_fence_retired(context, message);
    case HSP_IPC_RENDER_BLOB_CREATED:
        return handle_blob_created(context, message);
    case HSP_IPC_RENDER_FATAL:
        return handle_fatal(context, message);
    case HSP_IPC_RENDER_RING:
        return handle_ring(context, message);
    default:
        return -EPROTO;
    }
}

static int on_message(void *user_data, struct hsp_ipc_message *message)
{
    struct hsp_gpu_context *context = user_data;
    struct hsp_gpu_device *device = context->device;
    int ret;

    hsp_gpu_schedule_begin(device);
    ret = handle_message(context, message);
    hsp_gpu_schedule_end(device); /* perhaps the end of the context */
    return ret;
}

/* ------------------------------------------------------------------ death */

/* All that waits for the renderer is done: fences, for their work will not go on; blobs, with an
 * error. */
static void finish_commands(struct hsp_gpu_context *context)
{
    while (!hsp_list_is_empty(&context->commands)) {
        struct hsp_gpu_command *command =
            HSP_CONTAINER_OF(context->commands.next, struct hsp_gpu_command, context_link);
        hsp_gpu_command_finish(command, command->wait == HSP_GPU_WAIT_FENCE
                                            ? HSP_GPU_RESP_OK_NODATA
                                            : HSP_GPU_RESP_ERR_UNSPEC);
    }
}

void hsp_gpu_renderer_stop(struct hsp_gpu_context *context, bool kill)
{
    if (context->child && kill)
        hsp_gpu_child_kill(context->child);
    hsp_gpu_link_destroy(context->link);
    hsp_gpu_child_release(context->child);
    context->link = NULL;
    context->child = NULL;
    context->big_submit_fence = 0;
    for (uint32_t i = 0; i < context->ring_count; i++) {
        set_fatal(&context->rings[i]);
        finish_ring(context, &context->rings[i]);
    }
    context->ring_count = 0;
    finish_commands(context);
    hsp_gpu_schedule_waiting(context->device);
}

static void on_closed(void *user_data, int error)
{
    struct hsp_gpu_context *context = user_data;
    struct hsp_gpu_device *device = context->device;

    if (error != -EPIPE && error != -ECONNRESET)
        hsp_log_guest("context %u (%s): channel to its renderer failed: %s", context->id,
                      context->name, strerror(-error));
    hsp_log_guest("context %u (%s): renderer %d is gone", context->id, context->name,
                  (int)context->pid);
    hsp_gpu_schedule_begin(device);
    /* One that only closed its channel is of no use either. */
    hsp_gpu_renderer_stop(context, true);
    hsp_gpu_schedule_end(device);
}

static void on_drained(void *user_data)
{
    struct hsp_gpu_context *context = user_data;

    hsp_gpu_schedule_waiting(context->device);
}

static void on_process_exit(void *user_data, int status)
{
    struct hsp_gpu_context *context = user_data;

    context->child = NULL;
    if (WIFSIGNALED(status))
        hsp_log_guest("context %u (%s): renderer %d was killed by signal %d", context->id,
                      context->name, (int)context->pid, WTERMSIG(status));
    /* What it said last comes before the end. */
    if (context->link)
        hsp_gpu_link_receive_rest(context->link);
}

/* ------------------------------------------------------------------ start */

static const struct hsp_gpu_link_handlers link_handlers = {
    .on_message = on_message,
    .on_closed = on_closed,
    .on_drained = on_drained,
};

static int create_stats(struct hsp_gpu_context *context, int *out_fd)
{
    int fd = hsp_shm_create("hesper-stats", hsp_page_size());
    void *page;

    _Static_assert(sizeof(struct hsp_stats_context) <= 4096, "one page");
    if (fd < 0)
        return fd;
    page = mmap(NULL, hsp_page_size(), PROT_READ, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        int ret = -errno;
        hsp_fd_close(&fd);
        return ret;
    }
    context->stats = page;
    *out_fd = fd;
    return 0;
}

static int start_process(struct hsp_gpu_context *context, int stats_fd)
{
    char name_argument[sizeof(context->name) + 16];
    const char *const extra_arguments[] = {name_argument, NULL};
    struct hsp_gpu_program program = {
        .path = context->device->params.render_path,
        .extra_arguments = extra_arguments,
        .stats_fd = stats_fd,
    };
    int fds[2];
    int ret = hsp_fd_socketpair(fds);

    if (ret < 0)
        return ret;
    snprintf(name_argument, sizeof(name_argument), "--name=%s", context->name);
    program.ipc_fd = fds[1];
    ret =
        hsp_gpu_link_create(context->device->loop, fds[0], &link_handlers, context, &context->link);
    if (ret < 0)
        hsp_fd_close(&fds[0]);
    else
        ret = hsp_gpu_child_start(&context->device->children, &program, on_process_exit, context,
                                  &context->child);
    hsp_fd_close(&fds[1]);
    return ret;
}

int hsp_gpu_renderer_start(struct hsp_gpu_context *context)
{
    int stats_fd = -1;
    int ret;

    if (!context->device->params.render_path)
        return -ENOENT;
    ret = create_stats(context, &stats_fd);
    if (ret == 0)
        ret = start_process(context, stats_fd);
    hsp_fd_close(&stats_fd);
    if (ret < 0) {
        hsp_log_guest("context %u (%s): %s cannot be started: %s", context->id, context->name,
                      context->device->params.render_path, strerror(-ret));
        return ret;
    }
    context->pid = hsp_gpu_child_get_pid(context->child);
    hsp_debug("context %u (%s): renderer %d", context->id, context->name, (int)context->pid);
    return 0;
}
