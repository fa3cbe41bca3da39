/* SPDX-License-Identifier: MIT */
/* Commands on contexts. */
#include "gpu/command.h"
#include "gpu/context.h"
#include "gpu/device.h"

uint32_t hsp_gpu_handle_ctx_create(struct hsp_gpu_device *device, struct hsp_gpu_command *command)
{
    const struct hsp_gpu_ctx_create *request = &command->request.body.ctx_create;
    uint32_t capset_id = request->context_init & HSP_GPU_CONTEXT_INIT_MASK;
    uint32_t id = command->request.header.ctx_id;
    int ret;

    if (id == 0 || hsp_gpu_context_find(device, id))
        return HSP_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    if (capset_id != HSP_GPU_CAPSET_VENUS && capset_id != HSP_GPU_CAPSET_NONE)
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    ret = hsp_gpu_context_create(device, id, capset_id != HSP_GPU_CAPSET_NONE, request->name,
                                 request->name_size);
    return ret < 0 ? hsp_gpu_response_of_error(ret) : HSP_GPU_RESP_OK_NODATA;
}

uint32_t hsp_gpu_handle_ctx_destroy(struct hsp_gpu_device *device, struct hsp_gpu_command *command)
{
    struct hsp_gpu_context *context = hsp_gpu_context_find(device, command->request.header.ctx_id);

    if (!context)
        return HSP_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    hsp_gpu_context_destroy(context, false);
    return HSP_GPU_RESP_OK_NODATA;
}

uint32_t hsp_gpu_handle_ctx_attach_resource(struct hsp_gpu_device *device,
                                            struct hsp_gpu_command *command)
{
    struct hsp_gpu_context *context = hsp_gpu_context_find(device, command->request.header.ctx_id);
    struct hsp_gpu_resource *resource =
        hsp_gpu_resource_find(&device->resources, command->request.body.ref.resource_id);
    int ret;

    if (!context)
        return HSP_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    if (!resource)
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    ret = hsp_gpu_context_attach(context, resource);
    return ret < 0 ? hsp_gpu_response_of_error(ret) : HSP_GPU_RESP_OK_NODATA;
}

uint32_t hsp_gpu_handle_ctx_detach_resource(struct hsp_gpu_device *device,
                                            struct hsp_gpu_command *command)
{
    struct hsp_gpu_context *context = hsp_gpu_context_find(device, command->request.header.ctx_id);
    struct hsp_gpu_resource *resource =
        hsp_gpu_resource_find(&device->resources, command->request.body.ref.resource_id);

    if (!context)
        return HSP_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    if (!resource)
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    hsp_gpu_context_detach(context, resource);
    return HSP_GPU_RESP_OK_NODATA;
}

uint32_t hsp_gpu_handle_submit_3d(struct hsp_gpu_device *device, struct hsp_gpu_command *command)
{
    const struct hsp_gpu_header *header = &command->request.header;
    uint32_t size = command->request.body.submit_3d.size;
    struct hsp_gpu_context *context = hsp_gpu_context_find(device, header->ctx_id);
    int ret;

    if (!context)
        return HSP_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    if (size > HSP_LIMIT_SUBMIT_SIZE || size % sizeof(uint32_t) != 0 ||
        device->transport.chain_size(command->chain) < HSP_GPU_SUBMIT_3D_SIZE + size)
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    if ((header->flags & HSP_GPU_FLAG_RING_IDX) && header->ring_idx >= HSP_LIMIT_TIMELINE_COUNT)
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    ret = hsp_gpu_context_submit(context, command, size);
    if (ret > 0)
        return HSP_GPU_DEFERRED;
    return ret < 0 ? hsp_gpu_response_of_error(ret) : HSP_GPU_RESP_OK_NODATA;
}
