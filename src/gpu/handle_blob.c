/* SPDX-License-Identifier: MIT */
/* Commands on blobs. */
#include "gpu/command.h"
#include "gpu/context.h"
#include "gpu/device.h"

#include <string.h>

#define KNOWN_BLOB_FLAGS \
    (HSP_GPU_BLOB_FLAG_MAPPABLE | HSP_GPU_BLOB_FLAG_SHAREABLE | HSP_GPU_BLOB_FLAG_CROSS_DEVICE)

/* Blobs are whole pages of the guest, and those that are mapped of the host, too. */
static bool blob_size_is_valid(const struct hsp_gpu_create_blob *request)
{
    uint64_t page = request->blob_mem == HSP_GPU_BLOB_MEM_GUEST
                        ? 4096
                        : HSP_MAX((uint64_t)4096, (uint64_t)hsp_page_size());

    return request->size > 0 && request->size <= HSP_LIMIT_BLOB_SIZE && request->size % page == 0;
}

static uint32_t create_guest_blob(struct hsp_gpu_device *device, struct hsp_gpu_command *command)
{
    const struct hsp_gpu_create_blob *request = &command->request.body.create_blob;
    struct hsp_gpu_backing backing = {0};
    struct hsp_gpu_resource *resource;
    int ret = hsp_gpu_backing_init(&backing, &device->transport, command->request.entries,
                                   command->request.entry_count);

    if (ret == 0)
        ret = hsp_gpu_resource_create_guest(&device->resources, request->resource_id, request->size,
                                            &backing, &resource);
    hsp_gpu_backing_finish(&backing);
    if (ret < 0)
        return hsp_gpu_response_of_error(ret);
    resource->blob_flags = request->blob_flags;
    return HSP_GPU_RESP_OK_NODATA;
}

/* Rings, command streams, replies: memory that only the guest and its renderer look at. */
static uint32_t create_shm_blob(struct hsp_gpu_device *device, struct hsp_gpu_command *command,
                                struct hsp_gpu_context *context)
{
    const struct hsp_gpu_create_blob *request = &command->request.body.create_blob;
    struct hsp_gpu_resource *resource;
    int ret = hsp_gpu_resource_create_shm(&device->resources, request->resource_id, request->size,
                                          device->transport.window_size, &resource);

    if (ret < 0)
        return hsp_gpu_response_of_error(ret);
    resource->blob_flags = request->blob_flags;
    ret = hsp_gpu_context_attach(context, resource);
    /* The guest names it in a ring as soon as it has mapped it, and a ring is faster than the
     * renderer's channel. */
    if (ret == 0)
        ret = hsp_gpu_context_sync(context, command);
    if (ret < 0) {
        hsp_gpu_attachments_destroy(resource);
        hsp_gpu_resource_destroy(&device->resources, resource);
        return hsp_gpu_response_of_error(ret);
    }
    return HSP_GPU_DEFERRED;
}

static uint32_t create_host_blob(struct hsp_gpu_device *device, struct hsp_gpu_command *command)
{
    const struct hsp_gpu_create_blob *request = &command->request.body.create_blob;
    struct hsp_gpu_context *context = hsp_gpu_context_find(device, command->request.header.ctx_id);
    int ret;

    if (!context)
        return HSP_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    if (command->request.entry_count > 0)
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    if (request->blob_id == 0)
        return create_shm_blob(device, command, context);
    ret = hsp_gpu_context_create_blob(context, command);
    return ret < 0 ? hsp_gpu_response_of_error(ret) : HSP_GPU_DEFERRED;
}

uint32_t hsp_gpu_handle_resource_create_blob(struct hsp_gpu_device *device,
                                             struct hsp_gpu_command *command)
{
    const struct hsp_gpu_create_blob *request = &command->request.body.create_blob;

    if (!hsp_gpu_resource_id_is_free(&device->resources, request->resource_id))
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    if (!blob_size_is_valid(request) || (request->blob_flags & ~KNOWN_BLOB_FLAGS))
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    switch (request->blob_mem) {
    case HSP_GPU_BLOB_MEM_GUEST:
        return create_guest_blob(device, command);
    case HSP_GPU_BLOB_MEM_HOST3D:
        return create_host_blob(device, command);
    default: /* HOST3D_GUEST is for hosts that cannot share their memory */
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    }
}

uint32_t hsp_gpu_handle_resource_map_blob(struct hsp_gpu_device *device,
                                          struct hsp_gpu_command *command)
{
    const struct hsp_gpu_map_blob *request = &command->request.body.map_blob;
    struct hsp_gpu_resource *resource =
        hsp_gpu_resource_find(&device->resources, request->resource_id);
    struct hsp_gpu_map_info info;
    int ret;

    if (!resource)
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    if (resource->kind != HSP_GPU_RESOURCE_HOST ||
        !(resource->blob_flags & HSP_GPU_BLOB_FLAG_MAPPABLE))
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    ret = hsp_gpu_window_map(&device->window, &resource->map, request->offset, resource->size,
                             &resource->span);
    if (ret < 0)
        return hsp_gpu_response_of_error(ret);
    info = (struct hsp_gpu_map_info){.map_info = resource->map_info};
    hsp_gpu_command_finish_with(command, HSP_GPU_RESP_OK_MAP_INFO, &info, sizeof(info));
    return HSP_GPU_DEFERRED;
}

uint32_t hsp_gpu_handle_resource_unmap_blob(struct hsp_gpu_device *device,
                                            struct hsp_gpu_command *command)
{
    struct hsp_gpu_resource *resource =
        hsp_gpu_resource_find(&device->resources, command->request.body.ref.resource_id);

    if (!resource)
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    if (!resource->map.mapped)
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    hsp_gpu_window_unmap(&device->window, &resource->map);
    return HSP_GPU_RESP_OK_NODATA;
}
