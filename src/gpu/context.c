/* SPDX-License-Identifier: MIT */
#include "gpu/context.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/shm.h"
#include "gpu/device.h"
#include "gpu/renderer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Submissions up to this size travel in the message; larger ones in a file. */
#define INLINE_SUBMIT_SIZE (64u << 10)

struct hsp_gpu_context *hsp_gpu_context_find(const struct hsp_gpu_device *device, uint32_t id)
{
    return hsp_gpu_id_map_find(&device->contexts, id);
}

bool hsp_gpu_context_is_dead(const struct hsp_gpu_context *context)
{
    return !context->link;
}

/* The name ends up in an argument list and in logs. */
static void copy_name(struct hsp_gpu_context *context, const char *name, size_t size)
{
    size = strnlen(name, HSP_MIN(size, HSP_GPU_CONTEXT_NAME_SIZE));
    for (size_t i = 0; i < size; i++)
        context->name[i] = name[i] >= 0x20 && name[i] < 0x7f ? name[i] : '?';
}

int hsp_gpu_context_create(struct hsp_gpu_device *device, uint32_t id, bool has_renderer,
                           const char *name, size_t name_size)
{
    struct hsp_gpu_context *context;
    int ret;

    if (device->contexts.count >= HSP_LIMIT_CONTEXT_COUNT)
        return -ENOSPC;
    context = calloc(1, sizeof(*context));
    if (!context)
        return -ENOMEM;
    context->id = id;
    context->device = device;
    context->has_renderer = has_renderer;
    copy_name(context, name, name_size);
    hsp_list_init(&context->commands);
    hsp_list_init(&context->attachments);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(context->timelines); i++)
        hsp_list_init(&context->timelines[i]);
    ret = hsp_gpu_id_map_add(&device->contexts, id, context);
    if (ret < 0) {
        free(context);
        return ret;
    }
    if (has_renderer)
        ret = hsp_gpu_renderer_start(context);
    if (ret < 0)
        hsp_gpu_context_destroy(context, true);
    return ret;
}

void hsp_gpu_context_destroy(struct hsp_gpu_context *context, bool kill)
{
    struct hsp_gpu_device *device = context->device;

    hsp_gpu_schedule_begin(device);
    hsp_gpu_renderer_stop(context, kill);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(context->timelines); i++)
        hsp_gpu_timeline_dissolve(&context->timelines[i]);
    while (!hsp_list_is_empty(&context->attachments))
        hsp_gpu_context_detach(context, HSP_CONTAINER_OF(context->attachments.next,
                                                         struct hsp_gpu_attachment, context_link)
                                            ->resource);
    if (context->stats)
        munmap(context->stats, hsp_page_size());
    hsp_gpu_id_map_remove(&device->contexts, context->id);
    free(context);
    hsp_gpu_schedule_end(device);
}

void hsp_gpu_context_expect_end(struct hsp_gpu_context *context)
{
    if (context && context->child)
        hsp_gpu_child_kill_later(context->child);
}

bool hsp_gpu_context_is_congested(const struct hsp_gpu_context *context)
{
    return context->link &&
           (context->big_submit_fence != 0 ||
            hsp_gpu_link_queued_size(context->link) > HSP_LIMIT_RENDERER_QUEUE_SIZE ||
            hsp_gpu_link_queued_fd_count(context->link) > HSP_LIMIT_RENDERER_QUEUE_FD_COUNT);
}

/* ------------------------------------------------------------------ attachments */

static struct hsp_gpu_attachment *find_attachment(const struct hsp_gpu_context *context,
                                                  const struct hsp_gpu_resource *resource)
{
    /* A resource has one or two, a context may have thousands. */
    hsp_list_for_each (attachment, &resource->attachments, struct hsp_gpu_attachment,
                       resource_link) {
        if (attachment->context == context)
            return attachment;
    }
    return NULL;
}

static int add_attachment(struct hsp_gpu_context *context, struct hsp_gpu_resource *resource,
                          struct hsp_gpu_attachment **out_attachment)
{
    struct hsp_gpu_attachment *attachment;

    if (context->device->attachment_count >= HSP_LIMIT_ATTACHMENT_COUNT)
        return -ENOSPC;
    attachment = calloc(1, sizeof(*attachment));
    if (!attachment)
        return -ENOMEM;
    attachment->context = context;
    attachment->resource = resource;
    hsp_list_append(&context->attachments, &attachment->context_link);
    hsp_list_append(&resource->attachments, &attachment->resource_link);
    context->device->attachment_count++;
    *out_attachment = attachment;
    return 0;
}

static void send_detach(struct hsp_gpu_attachment *attachment)
{
    struct hsp_ipc_render_detach_resource body = {.resource_id = attachment->resource->id};

    if (attachment->sent && attachment->context->link)
        hsp_gpu_link_send(attachment->context->link, HSP_IPC_RENDER_DETACH_RESOURCE, &body,
                          sizeof(body), NULL, 0);
    attachment->sent = false;
}

/* A resource without pages is sent when it gets some. */
static void send_attach(struct hsp_gpu_attachment *attachment)
{
    struct hsp_gpu_resource *resource = attachment->resource;
    struct hsp_ipc_render_attach_resource body = {.resource_id = resource->id};
    struct hsp_span span = HSP_SPAN_EMPTY;
    int ret;

    if (attachment->sent || !attachment->context->link)
        return;
    ret = hsp_gpu_resource_make_attach_span(resource, &span);
    if (ret == -ENODATA)
        return;
    body.kind =
        resource->kind == HSP_GPU_RESOURCE_HOST ? resource->ipc_kind : HSP_IPC_RESOURCE_GUEST;
    if (ret == 0 && body.kind == HSP_IPC_RESOURCE_GUEST)
        ret = hsp_gpu_guest_ram_narrow(&attachment->context->device->params.guest_ram, &span);
    if (ret < 0) {
        hsp_log_guest("resource %u cannot be given to context %u: %s", resource->id,
                      attachment->context->id, strerror(-ret));
        body.kind = HSP_IPC_RESOURCE_WITHHELD;
    }
    attachment->sent =
        hsp_gpu_link_send_with_span(attachment->context->link, HSP_IPC_RENDER_ATTACH_RESOURCE,
                                    &body, sizeof(body), ret == 0 ? &span : NULL) == 0;
    hsp_span_finish(&span);
}

int hsp_gpu_context_attach(struct hsp_gpu_context *context, struct hsp_gpu_resource *resource)
{
    struct hsp_gpu_attachment *attachment = find_attachment(context, resource);
    int ret;

    if (attachment)
        return 0;
    ret = add_attachment(context, resource, &attachment);
    if (ret == 0)
        send_attach(attachment);
    return ret;
}

int hsp_gpu_context_attach_known(struct hsp_gpu_context *context, struct hsp_gpu_resource *resource)
{
    struct hsp_gpu_attachment *attachment;
    int ret = add_attachment(context, resource, &attachment);

    if (ret == 0)
        attachment->sent = true;
    return ret;
}

static void destroy_attachment(struct hsp_gpu_attachment *attachment)
{
    send_detach(attachment);
    hsp_list_remove(&attachment->context_link);
    hsp_list_remove(&attachment->resource_link);
    attachment->context->device->attachment_count--;
    free(attachment);
}

void hsp_gpu_context_detach(struct hsp_gpu_context *context, struct hsp_gpu_resource *resource)
{
    struct hsp_gpu_attachment *attachment = find_attachment(context, resource);

    if (attachment)
        destroy_attachment(attachment);
}

void hsp_gpu_attachments_update(struct hsp_gpu_resource *resource)
{
    hsp_list_for_each (attachment, &resource->attachments, struct hsp_gpu_attachment,
                       resource_link) {
        send_detach(attachment);
        send_attach(attachment);
    }
}

void hsp_gpu_attachments_destroy(struct hsp_gpu_resource *resource)
{
    hsp_list_for_each_safe (attachment, &resource->attachments, struct hsp_gpu_attachment,
                            resource_link)
        destroy_attachment(attachment);
}

/* ------------------------------------------------------------------ work */

static int send_inline(struct hsp_gpu_context *context, const struct hsp_gpu_command *command,
                       uint32_t size)
{
    char *bytes = malloc(size);
    int ret;

    if (!bytes)
        return -ENOMEM;
    hsp_gpu_command_read_payload(command, bytes, size);
    ret = hsp_gpu_link_send(context->link, HSP_IPC_RENDER_SUBMIT, bytes, size, NULL, 0);
    free(bytes);
    return ret;
}

static int send_file(struct hsp_gpu_context *context, const struct hsp_gpu_command *command,
                     uint32_t size)
{
    struct hsp_ipc_render_submit_fd body = {.size = size};
    size_t file_size = hsp_align_up(size, hsp_page_size());
    int fd = hsp_shm_create("hesper-submit", file_size);
    void *bytes;
    int ret;

    if (fd < 0)
        return fd;
    bytes = mmap(NULL, file_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ret = bytes == MAP_FAILED ? -errno : 0;
    if (ret == 0) {
        hsp_gpu_command_read_payload(command, bytes, size);
        munmap(bytes, file_size);
        ret =
            hsp_gpu_link_send(context->link, HSP_IPC_RENDER_SUBMIT_FD, &body, sizeof(body), &fd, 1);
    }
    hsp_fd_close(&fd);
    return ret;
}

static int send_fence(struct hsp_gpu_context *context, uint32_t ring_idx, uint64_t *out_fence)
{
    struct hsp_ipc_render_fence body = {.fence_id = ++context->last_fence, .ring_idx = ring_idx};

    *out_fence = body.fence_id;
    return hsp_gpu_link_send(context->link, HSP_IPC_RENDER_CREATE_FENCE, &body, sizeof(body), NULL,
                             0);
}

/* The command waits for a fence behind all that was sent. */
static int wait_for_fence(struct hsp_gpu_context *context, struct hsp_gpu_command *command,
                          uint32_t ring_idx)
{
    int ret = send_fence(context, ring_idx, &command->renderer_fence);

    if (ret < 0)
        return ret;
    command->renderer_ring = ring_idx;
    command->wait = HSP_GPU_WAIT_FENCE;
    hsp_list_append(&context->commands, &command->context_link);
    return 0;
}

int hsp_gpu_context_submit(struct hsp_gpu_context *context, struct hsp_gpu_command *command,
                           uint32_t size)
{
    const struct hsp_gpu_header *header = &command->request.header;
    uint32_t ring_idx = header->flags & HSP_GPU_FLAG_RING_IDX ? header->ring_idx : 0;
    int ret = 0;

    if (hsp_gpu_context_is_dead(context))
        return -EIO;
    if (size > INLINE_SUBMIT_SIZE) {
        ret = send_file(context, command, size);
        /* One at a time: what waits in the renderer is memory of the host. */
        if (ret == 0)
            ret = send_fence(context, 0, &context->big_submit_fence);
    } else if (size > 0) {
        ret = send_inline(context, command, size);
    }
    if (ret < 0 || !(header->flags & HSP_GPU_FLAG_FENCE))
        return ret;
    ret = wait_for_fence(context, command, ring_idx);
    return ret < 0 ? ret : 1;
}

static void hold_new_resource(struct hsp_gpu_command *command)
{
    hsp_gpu_schedule_hold(command, (struct hsp_gpu_key){
                                       .kind = HSP_GPU_KEY_RESOURCE,
                                       .id = command->request.body.create_blob.resource_id,
                                   });
}

int hsp_gpu_context_sync(struct hsp_gpu_context *context, struct hsp_gpu_command *command)
{
    int ret = hsp_gpu_context_is_dead(context) ? -EIO : wait_for_fence(context, command, 0);

    if (ret == 0)
        hold_new_resource(command);
    return ret;
}

int hsp_gpu_context_create_blob(struct hsp_gpu_context *context, struct hsp_gpu_command *command)
{
    const struct hsp_gpu_create_blob *blob = &command->request.body.create_blob;
    struct hsp_ipc_render_create_blob body = {
        .blob_id = blob->blob_id,
        .size = blob->size,
        .resource_id = blob->resource_id,
        .blob_flags = blob->blob_flags,
    };
    int ret;

    if (hsp_gpu_context_is_dead(context))
        return -EIO;
    ret =
        hsp_gpu_link_send(context->link, HSP_IPC_RENDER_CREATE_BLOB, &body, sizeof(body), NULL, 0);
    if (ret < 0)
        return ret;
    command->wait = HSP_GPU_WAIT_BLOB;
    hsp_list_append(&context->commands, &command->context_link);
    hsp_gpu_schedule_hold(
        command, (struct hsp_gpu_key){.kind = HSP_GPU_KEY_RESOURCE, .id = blob->resource_id});
    return 0;
}
