/* SPDX-License-Identifier: MIT */
#include "gpu/decode.h"

#include "base/limits.h"

#include <string.h>

struct layout {
    uint32_t number;
    const char *name;
    uint32_t queue;
    size_t body_size;
};

#define CONTROL(name, body) {HSP_GPU_CMD_##name, #name, HSP_GPU_QUEUE_CONTROL, body}
#define CURSOR(name, body)  {HSP_GPU_CMD_##name, #name, HSP_GPU_QUEUE_CURSOR, body}

static const struct layout layouts[] = {
    CONTROL(GET_DISPLAY_INFO, 0),
    CONTROL(RESOURCE_CREATE_2D, sizeof(struct hsp_gpu_resource_create_2d)),
    CONTROL(RESOURCE_UNREF, sizeof(struct hsp_gpu_resource_ref)),
    CONTROL(SET_SCANOUT, sizeof(struct hsp_gpu_set_scanout)),
    CONTROL(RESOURCE_FLUSH, sizeof(struct hsp_gpu_resource_flush)),
    CONTROL(TRANSFER_TO_HOST_2D, sizeof(struct hsp_gpu_transfer_to_host_2d)),
    CONTROL(RESOURCE_ATTACH_BACKING, sizeof(struct hsp_gpu_attach_backing)),
    CONTROL(RESOURCE_DETACH_BACKING, sizeof(struct hsp_gpu_resource_ref)),
    CONTROL(GET_CAPSET_INFO, sizeof(struct hsp_gpu_get_capset_info)),
    CONTROL(GET_CAPSET, sizeof(struct hsp_gpu_get_capset)),
    CONTROL(GET_EDID, sizeof(struct hsp_gpu_get_edid)),
    CONTROL(RESOURCE_ASSIGN_UUID, sizeof(struct hsp_gpu_resource_ref)),
    CONTROL(RESOURCE_CREATE_BLOB, sizeof(struct hsp_gpu_create_blob)),
    CONTROL(SET_SCANOUT_BLOB, sizeof(struct hsp_gpu_set_scanout_blob)),
    CONTROL(CTX_CREATE, sizeof(struct hsp_gpu_ctx_create)),
    CONTROL(CTX_DESTROY, 0),
    CONTROL(CTX_ATTACH_RESOURCE, sizeof(struct hsp_gpu_resource_ref)),
    CONTROL(CTX_DETACH_RESOURCE, sizeof(struct hsp_gpu_resource_ref)),
    CONTROL(SUBMIT_3D, sizeof(struct hsp_gpu_submit_3d)),
    CONTROL(RESOURCE_MAP_BLOB, sizeof(struct hsp_gpu_map_blob)),
    CONTROL(RESOURCE_UNMAP_BLOB, sizeof(struct hsp_gpu_resource_ref)),
    CURSOR(UPDATE_CURSOR, sizeof(struct hsp_gpu_cursor)),
    CURSOR(MOVE_CURSOR, sizeof(struct hsp_gpu_cursor)),
};

static const struct layout *find_layout(uint32_t number)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(layouts); i++) {
        if (layouts[i].number == number)
            return &layouts[i];
    }
    return NULL;
}

/* A page list behind a command's body. */
static uint32_t decode_entries(const char *rest, size_t rest_size, uint32_t count,
                               struct hsp_gpu_request *request)
{
    if (count > HSP_LIMIT_BACKING_ENTRY_COUNT ||
        rest_size < (size_t)count * sizeof(struct hsp_gpu_backing_entry))
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    request->entries = count > 0 ? (const void *)rest : NULL;
    request->entry_count = count;
    return HSP_GPU_RESP_OK_NODATA;
}

bool hsp_gpu_decode_header(const void *bytes, size_t size, struct hsp_gpu_header *out_header)
{
    if (size < sizeof(*out_header))
        return false;
    memcpy(out_header, bytes, sizeof(*out_header));
    return true;
}

uint32_t hsp_gpu_decode(uint32_t queue, const void *bytes, size_t size,
                        struct hsp_gpu_request *out_request)
{
    struct hsp_gpu_request request = {.name = "?"};
    const struct layout *layout = NULL;
    uint32_t response = HSP_GPU_RESP_OK_NODATA;
    const char *body = (const char *)bytes + sizeof(request.header);

    if (!hsp_gpu_decode_header(bytes, size, &request.header)) {
        *out_request = request;
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    size -= sizeof(request.header);
    layout = find_layout(request.header.type);
    if (layout)
        request.name = layout->name;
    if (!layout || layout->queue != queue)
        response = HSP_GPU_RESP_ERR_UNSPEC;
    else if (size < layout->body_size)
        response = HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    if (response == HSP_GPU_RESP_OK_NODATA) {
        memcpy(&request.body, body, layout->body_size);
        size -= layout->body_size;
        body += layout->body_size;
        if (layout->number == HSP_GPU_CMD_RESOURCE_ATTACH_BACKING)
            response =
                decode_entries(body, size, request.body.attach_backing.entry_count, &request);
        else if (layout->number == HSP_GPU_CMD_RESOURCE_CREATE_BLOB)
            response = decode_entries(body, size, request.body.create_blob.entry_count, &request);
    }
    *out_request = request;
    return response;
}
