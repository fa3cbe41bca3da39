/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "base/format.h"

#include <stdlib.h>
#include <string.h>

#define SIMPLE(fe, type, ctx_id, body) fe_simple(fe, type, ctx_id, &(body), sizeof(body))

uint32_t cmd_create_2d(struct fe *fe, uint32_t id, uint32_t width, uint32_t height)
{
    struct hsp_gpu_resource_create_2d body = {id, HSP_FORMAT_B8G8R8X8, width, height};

    return SIMPLE(fe, HSP_GPU_CMD_RESOURCE_CREATE_2D, 0, body);
}

uint32_t cmd_ref(struct fe *fe, uint32_t type, uint32_t ctx_id, uint32_t id)
{
    struct hsp_gpu_resource_ref body = {.resource_id = id};

    return SIMPLE(fe, type, ctx_id, body);
}

uint32_t cmd_attach_backing(struct fe *fe, uint32_t id, const struct hsp_gpu_backing_entry *entries,
                            uint32_t count)
{
    struct hsp_gpu_attach_backing body = {id, count};
    size_t entries_size = count * sizeof(*entries);
    char *data = malloc(sizeof(body) + entries_size);

    memcpy(data, &body, sizeof(body));
    memcpy(data + sizeof(body), entries, entries_size);
    uint32_t response =
        fe_simple(fe, HSP_GPU_CMD_RESOURCE_ATTACH_BACKING, 0, data, sizeof(body) + entries_size);
    free(data);
    return response;
}

uint32_t cmd_transfer(struct fe *fe, uint32_t id, uint32_t x, uint32_t y, uint32_t width,
                      uint32_t height, uint64_t offset)
{
    struct hsp_gpu_transfer_to_host_2d body = {{x, y, width, height}, offset, id, 0};

    return SIMPLE(fe, HSP_GPU_CMD_TRANSFER_TO_HOST_2D, 0, body);
}

uint32_t cmd_set_scanout(struct fe *fe, uint32_t scanout, uint32_t id, uint32_t width,
                         uint32_t height)
{
    struct hsp_gpu_set_scanout body = {{0, 0, width, height}, scanout, id};

    return SIMPLE(fe, HSP_GPU_CMD_SET_SCANOUT, 0, body);
}

uint32_t cmd_set_scanout_blob(struct fe *fe, uint32_t scanout, uint32_t id, uint32_t width,
                              uint32_t height, uint32_t stride, uint32_t offset, uint32_t format)
{
    struct hsp_gpu_set_scanout_blob body = {
        .rect = {0, 0, width, height},
        .scanout_id = scanout,
        .resource_id = id,
        .width = width,
        .height = height,
        .format = format,
        .strides = {stride},
        .offsets = {offset},
    };

    return SIMPLE(fe, HSP_GPU_CMD_SET_SCANOUT_BLOB, 0, body);
}

uint32_t cmd_flush(struct fe *fe, uint32_t id, uint32_t x, uint32_t y, uint32_t width,
                   uint32_t height)
{
    struct hsp_gpu_resource_flush body = {{x, y, width, height}, id, 0};

    return SIMPLE(fe, HSP_GPU_CMD_RESOURCE_FLUSH, 0, body);
}

uint32_t cmd_create_context(struct fe *fe, uint32_t ctx_id, uint32_t context_init, const char *name)
{
    struct hsp_gpu_ctx_create body = {.name_size = (uint32_t)strlen(name),
                                      .context_init = context_init};

    memcpy(body.name, name, HSP_MIN(strlen(name), sizeof(body.name)));
    return SIMPLE(fe, HSP_GPU_CMD_CTX_CREATE, ctx_id, body);
}

uint32_t cmd_destroy_context(struct fe *fe, uint32_t ctx_id)
{
    return fe_simple(fe, HSP_GPU_CMD_CTX_DESTROY, ctx_id, NULL, 0);
}

uint32_t cmd_create_blob(struct fe *fe, uint32_t ctx_id, uint32_t id, uint32_t mem, uint32_t flags,
                         uint64_t blob_id, uint64_t size,
                         const struct hsp_gpu_backing_entry *entries, uint32_t count)
{
    struct hsp_gpu_create_blob body = {id, mem, flags, count, blob_id, size};
    size_t entries_size = entries ? count * sizeof(*entries) : 0;
    char *data = malloc(sizeof(body) + entries_size);

    memcpy(data, &body, sizeof(body));
    if (entries_size > 0)
        memcpy(data + sizeof(body), entries, entries_size);
    uint32_t response =
        fe_simple(fe, HSP_GPU_CMD_RESOURCE_CREATE_BLOB, ctx_id, data, sizeof(body) + entries_size);
    free(data);
    return response;
}

struct fe_request *cmd_create_blob_async(struct fe *fe, uint32_t ctx_id, uint32_t id,
                                         uint64_t blob_id, uint64_t size)
{
    struct hsp_gpu_create_blob body = {id, HOST3D, MAPPABLE, 0, blob_id, size};

    return fe_submit_simple(fe, HSP_GPU_CMD_RESOURCE_CREATE_BLOB, ctx_id, 0, 0, 0, &body,
                            sizeof(body));
}

uint32_t cmd_map(struct fe *fe, uint32_t id, uint64_t offset)
{
    struct {
        struct hsp_gpu_header header;
        struct hsp_gpu_map_blob body;
    } request = {{.type = HSP_GPU_CMD_RESOURCE_MAP_BLOB}, {.resource_id = id, .offset = offset}};
    struct {
        struct hsp_gpu_header header;
        struct hsp_gpu_map_info body;
    } response;
    uint32_t type = fe_command(fe, &request, sizeof(request), &response, sizeof(response));

    if (type == HSP_GPU_RESP_OK_MAP_INFO)
        HSP_CHECK_EQ(response.body.map_info, HSP_GPU_MAP_CACHE_CACHED);
    return type;
}

struct fe_request *cmd_submit_fenced(struct fe *fe, uint32_t ctx_id, uint32_t flags,
                                     uint64_t fence_id, uint8_t ring_idx, const uint32_t *words,
                                     size_t count)
{
    struct hsp_gpu_submit_3d body = {.size = (uint32_t)(count * sizeof(*words))};
    char *data = malloc(sizeof(body) + body.size);

    memcpy(data, &body, sizeof(body));
    if (count > 0)
        memcpy(data + sizeof(body), words, body.size);
    struct fe_request *request =
        fe_submit_simple(fe, HSP_GPU_CMD_SUBMIT_3D, ctx_id, flags, fence_id, ring_idx, data,
                         sizeof(body) + body.size);
    free(data);
    return request;
}

uint32_t cmd_submit(struct fe *fe, uint32_t ctx_id, const uint32_t *words, size_t count)
{
    return cmd_take_response(fe, cmd_submit_fenced(fe, ctx_id, 0, 0, 0, words, count));
}

uint32_t cmd_take_response(struct fe *fe, struct fe_request *request)
{
    struct hsp_gpu_header header;

    fe_wait(fe, request);
    HSP_CHECK(request->written >= sizeof(header));
    memcpy(&header, fe_response(fe, request), sizeof(header));
    free(request);
    return header.type;
}
