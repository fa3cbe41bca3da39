/* SPDX-License-Identifier: MIT */
/* Commands on resources that are not blobs, or any. */
#include "gpu/command.h"
#include "gpu/context.h"
#include "gpu/device.h"

#include "base/log.h"

#include <string.h>

uint32_t hsp_gpu_handle_resource_create_2d(struct hsp_gpu_device *device,
                                           struct hsp_gpu_command *command)
{
    const struct hsp_gpu_resource_create_2d *request = &command->request.body.create_2d;
    struct hsp_gpu_resource *resource;
    int ret;

    if (!hsp_gpu_resource_id_is_free(&device->resources, request->resource_id))
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    if (!hsp_format_find(request->format)) {
        hsp_log_guest("format %u of resource %u is not supported", request->format,
                      request->resource_id);
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    ret = hsp_gpu_resource_create_2d(&device->resources, request->resource_id, request->format,
                                     request->width, request->height, &resource);
    return ret < 0 ? hsp_gpu_response_of_error(ret) : HSP_GPU_RESP_OK_NODATA;
}

uint32_t hsp_gpu_handle_resource_unref(struct hsp_gpu_device *device,
                                       struct hsp_gpu_command *command)
{
    struct hsp_gpu_resource *resource =
        hsp_gpu_resource_find(&device->resources, command->request.body.ref.resource_id);

    if (!resource)
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    hsp_gpu_scanouts_forget_resource(&device->scanouts, resource);
    hsp_gpu_attachments_destroy(resource);
    hsp_gpu_window_unmap(&device->window, &resource->map);
    device->offscreen_copied_bytes += resource->copied_bytes;
    hsp_gpu_resource_destroy(&device->resources, resource);
    return HSP_GPU_RESP_OK_NODATA;
}

uint32_t hsp_gpu_handle_resource_attach_backing(struct hsp_gpu_device *device,
                                                struct hsp_gpu_command *command)
{
    const struct hsp_gpu_request *request = &command->request;
    struct hsp_gpu_resource *resource =
        hsp_gpu_resource_find(&device->resources, request->body.attach_backing.resource_id);
    struct hsp_gpu_backing backing = {0};
    int ret;

    if (!resource)
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    ret =
        hsp_gpu_backing_init(&backing, &device->transport, request->entries, request->entry_count);
    if (ret == 0)
        ret = hsp_gpu_resource_set_backing(&device->resources, resource, &backing);
    hsp_gpu_backing_finish(&backing);
    if (ret < 0)
        return hsp_gpu_response_of_error(ret);
    hsp_gpu_scanouts_update_resource(&device->scanouts, resource);
    hsp_gpu_attachments_update(resource);
    return HSP_GPU_RESP_OK_NODATA;
}

uint32_t hsp_gpu_handle_resource_detach_backing(struct hsp_gpu_device *device,
                                                struct hsp_gpu_command *command)
{
    struct hsp_gpu_resource *resource =
        hsp_gpu_resource_find(&device->resources, command->request.body.ref.resource_id);
    uint64_t copied;
    int ret;

    if (!resource)
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    if (resource->kind == HSP_GPU_RESOURCE_GUEST)
        hsp_gpu_scanouts_forget_resource(&device->scanouts, resource);
    ret = hsp_gpu_resource_drop_backing(&device->resources, resource, &copied);
    if (ret < 0)
        return hsp_gpu_response_of_error(ret);
    resource->copied_bytes += copied;
    hsp_gpu_scanouts_update_resource(&device->scanouts, resource);
    hsp_gpu_attachments_update(resource);
    return HSP_GPU_RESP_OK_NODATA;
}

uint32_t hsp_gpu_handle_resource_assign_uuid(struct hsp_gpu_device *device,
                                             struct hsp_gpu_command *command)
{
    struct hsp_gpu_resource *resource =
        hsp_gpu_resource_find(&device->resources, command->request.body.ref.resource_id);
    struct hsp_gpu_resource_uuid body;
    int ret;

    if (!resource)
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    ret = hsp_gpu_resource_get_uuid(resource, body.uuid);
    if (ret < 0)
        return hsp_gpu_response_of_error(ret);
    hsp_gpu_command_finish_with(command, HSP_GPU_RESP_OK_RESOURCE_UUID, &body, sizeof(body));
    return HSP_GPU_DEFERRED;
}

uint32_t hsp_gpu_handle_transfer_to_host_2d(struct hsp_gpu_device *device,
                                            struct hsp_gpu_command *command)
{
    const struct hsp_gpu_transfer_to_host_2d *request = &command->request.body.transfer_2d;
    struct hsp_gpu_resource *resource =
        hsp_gpu_resource_find(&device->resources, request->resource_id);
    enum hsp_ipc_resource_kind kind_before;
    uint64_t copied;
    int ret;

    if (!resource)
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    /* The host sees a blob's pages as they are; a driver that asks anyway has what it wants. */
    if (resource->kind != HSP_GPU_RESOURCE_2D)
        return HSP_GPU_RESP_OK_NODATA;
    kind_before = resource->ipc_kind;
    ret = hsp_gpu_resource_transfer(&device->resources, resource, &request->rect, request->offset,
                                    &copied);
    if (ret < 0)
        return hsp_gpu_response_of_error(ret);
    if (resource->ipc_kind != kind_before)
        hsp_gpu_scanouts_update_resource(&device->scanouts, resource);
    resource->copied_bytes += copied;
    return HSP_GPU_RESP_OK_NODATA;
}
