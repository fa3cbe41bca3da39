/* SPDX-License-Identifier: MIT */
#include "gpu/command.h"

#include "base/limits.h"
#include "base/log.h"
#include "gpu/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ keys */

static void add_key(struct hsp_gpu_command *command, enum hsp_gpu_key_kind kind, uint32_t id)
{
    /* 0 is "no resource", and an error everywhere else. */
    if (id != 0 || kind == HSP_GPU_KEY_SCANOUT || kind == HSP_GPU_KEY_CURSOR)
        command->keys[command->key_count++] = (struct hsp_gpu_key){.kind = kind, .id = id};
}

/* What the command names, so that it waits for what others do with it. */
static void find_keys(struct hsp_gpu_command *command)
{
    const union hsp_gpu_body *body = &command->request.body;
    uint32_t ctx_id = command->request.header.ctx_id;

    switch (command->request.header.type) {
    case HSP_GPU_CMD_CTX_CREATE:
    case HSP_GPU_CMD_CTX_DESTROY:
    case HSP_GPU_CMD_SUBMIT_3D:
        add_key(command, HSP_GPU_KEY_CONTEXT, ctx_id);
        break;
    case HSP_GPU_CMD_CTX_ATTACH_RESOURCE:
    case HSP_GPU_CMD_CTX_DETACH_RESOURCE:
        add_key(command, HSP_GPU_KEY_CONTEXT, ctx_id);
        add_key(command, HSP_GPU_KEY_RESOURCE, body->ref.resource_id);
        break;
    case HSP_GPU_CMD_RESOURCE_CREATE_BLOB:
        add_key(command, HSP_GPU_KEY_CONTEXT, ctx_id);
        add_key(command, HSP_GPU_KEY_RESOURCE, body->create_blob.resource_id);
        break;
    case HSP_GPU_CMD_RESOURCE_CREATE_2D:
        add_key(command, HSP_GPU_KEY_RESOURCE, body->create_2d.resource_id);
        break;
    case HSP_GPU_CMD_RESOURCE_UNREF:
    case HSP_GPU_CMD_RESOURCE_DETACH_BACKING:
    case HSP_GPU_CMD_RESOURCE_ASSIGN_UUID:
    case HSP_GPU_CMD_RESOURCE_UNMAP_BLOB:
        add_key(command, HSP_GPU_KEY_RESOURCE, body->ref.resource_id);
        break;
    case HSP_GPU_CMD_RESOURCE_ATTACH_BACKING:
        add_key(command, HSP_GPU_KEY_RESOURCE, body->attach_backing.resource_id);
        break;
    case HSP_GPU_CMD_RESOURCE_MAP_BLOB:
        add_key(command, HSP_GPU_KEY_RESOURCE, body->map_blob.resource_id);
        break;
    case HSP_GPU_CMD_TRANSFER_TO_HOST_2D:
        add_key(command, HSP_GPU_KEY_RESOURCE, body->transfer_2d.resource_id);
        break;
    case HSP_GPU_CMD_RESOURCE_FLUSH:
        add_key(command, HSP_GPU_KEY_RESOURCE, body->flush.resource_id);
        break;
    case HSP_GPU_CMD_SET_SCANOUT:
        add_key(command, HSP_GPU_KEY_SCANOUT, body->set_scanout.scanout_id);
        add_key(command, HSP_GPU_KEY_RESOURCE, body->set_scanout.resource_id);
        break;
    case HSP_GPU_CMD_SET_SCANOUT_BLOB:
        add_key(command, HSP_GPU_KEY_SCANOUT, body->set_scanout_blob.scanout_id);
        add_key(command, HSP_GPU_KEY_RESOURCE, body->set_scanout_blob.resource_id);
        break;
    case HSP_GPU_CMD_UPDATE_CURSOR:
        add_key(command, HSP_GPU_KEY_RESOURCE, body->cursor.resource_id);
        add_key(command, HSP_GPU_KEY_CURSOR, body->cursor.scanout_id);
        break;
    case HSP_GPU_CMD_MOVE_CURSOR:
        add_key(command, HSP_GPU_KEY_CURSOR, body->cursor.scanout_id);
        break;
    default:
        break;
    }
}

/* ------------------------------------------------------------------ creation */

/* All that is decoded of the chain, each byte read once. NULL without memory. */
static void *read_bytes(const struct hsp_gpu_transport *transport,
                        const struct hsp_gpu_chain *chain, size_t *out_size)
{
    uint64_t size = HSP_MIN(transport->chain_size(chain), HSP_LIMIT_GPU_COMMAND_SIZE);
    uint64_t begin[HSP_GPU_SUBMIT_3D_SIZE / sizeof(uint64_t)];
    size_t begin_size = transport->chain_read(chain, 0, begin, sizeof(begin));
    struct hsp_gpu_header header;
    char *bytes;

    if (size < begin_size ||
        (hsp_gpu_decode_header(begin, begin_size, &header) && header.type == HSP_GPU_CMD_SUBMIT_3D))
        size = begin_size;
    bytes = malloc(size + 1);
    if (!bytes)
        return NULL;
    memcpy(bytes, begin, begin_size);
    *out_size = begin_size +
                transport->chain_read(chain, begin_size, bytes + begin_size, size - begin_size);
    return bytes;
}

struct hsp_gpu_command *hsp_gpu_command_create(struct hsp_gpu_device *device, uint32_t queue,
                                               struct hsp_gpu_chain *chain, uint32_t *out_response)
{
    struct hsp_gpu_header out_of_memory = {.type = HSP_GPU_RESP_ERR_OUT_OF_MEMORY};
    struct hsp_gpu_command *command = calloc(1, sizeof(*command));
    size_t size = 0;

    if (command)
        command->bytes = read_bytes(&device->transport, chain, &size);
    if (!command || !command->bytes) {
        free(command);
        device->transport.answer(device->transport.user_data, chain, &out_of_memory,
                                 sizeof(out_of_memory));
        return NULL;
    }
    command->device = device;
    command->chain = chain;
    command->start_ns = hsp_now_ns();
    hsp_list_append(&device->commands, &command->link);
    hsp_list_init(&command->schedule_link);
    hsp_list_init(&command->timeline_link);
    hsp_list_init(&command->context_link);
    *out_response = hsp_gpu_decode(queue, command->bytes, size, &command->request);
    if (*out_response == HSP_GPU_RESP_OK_NODATA)
        find_keys(command);
    return command;
}

void hsp_gpu_command_read_payload(const struct hsp_gpu_command *command, void *out, size_t size)
{
    size_t done =
        command->device->transport.chain_read(command->chain, HSP_GPU_SUBMIT_3D_SIZE, out, size);

    memset((char *)out + done, 0, size - done);
}

/* ------------------------------------------------------------------ answers */

uint32_t hsp_gpu_response_of_error(int error)
{
    switch (error) {
    case -ENOMEM:
    case -ENOSPC:
    case -EMFILE:
    case -ENFILE:
        return HSP_GPU_RESP_ERR_OUT_OF_MEMORY;
    case -EINVAL:
    case -EEXIST:
    case -EFAULT:
    case -E2BIG:
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    default:
        return HSP_GPU_RESP_ERR_UNSPEC;
    }
}

static const char *name_response(uint32_t response)
{
    switch (response) {
    case HSP_GPU_RESP_ERR_OUT_OF_MEMORY:
        return "out of memory";
    case HSP_GPU_RESP_ERR_INVALID_SCANOUT_ID:
        return "invalid scanout id";
    case HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID:
        return "invalid resource id";
    case HSP_GPU_RESP_ERR_INVALID_CONTEXT_ID:
        return "invalid context id";
    case HSP_GPU_RESP_ERR_INVALID_PARAMETER:
        return "invalid parameter";
    default:
        return "unspecified";
    }
}

static void log_error(const struct hsp_gpu_command *command, uint32_t response)
{
    static const char *const kinds[] = {"context", "resource", "scanout", "cursor of scanout"};
    char what[96] = "";
    size_t used = 0;

    for (uint32_t i = 0; i < command->key_count && used < sizeof(what); i++)
        used += (size_t)snprintf(what + used, sizeof(what) - used, " %s %u",
                                 kinds[command->keys[i].kind], command->keys[i].id);
    hsp_log_guest("command %s (0x%x)%s refused: %s", command->request.name,
                  command->request.header.type, what, name_response(response));
}

void hsp_gpu_command_finish_with(struct hsp_gpu_command *command, uint32_t response,
                                 const void *body, size_t body_size)
{
    const struct hsp_gpu_header *request = &command->request.header;
    struct hsp_gpu_header header = {.type = response};
    struct hsp_gpu_device *device = command->device;
    bool was_holding = !hsp_list_is_empty(&command->schedule_link);

    if (response >= HSP_GPU_RESP_ERR_UNSPEC)
        log_error(command, response);
    if (request->flags & HSP_GPU_FLAG_FENCE) {
        header.flags = request->flags & (HSP_GPU_FLAG_FENCE | HSP_GPU_FLAG_RING_IDX);
        header.fence_id = request->fence_id;
        header.ctx_id = request->ctx_id;
        header.ring_idx = request->ring_idx;
    }
    command->answer = malloc(sizeof(header) + body_size);
    if (command->answer) {
        command->answer_size = sizeof(header) + body_size;
        memcpy(command->answer, &header, sizeof(header));
        if (body_size > 0)
            memcpy((char *)command->answer + sizeof(header), body, body_size);
    }
    command->done = true;
    hsp_list_remove(&command->schedule_link);
    hsp_list_remove(&command->context_link);
    hsp_gpu_timeline_retire(command);
    if (was_holding)
        hsp_gpu_schedule_waiting(device);
}

void hsp_gpu_command_finish(struct hsp_gpu_command *command, uint32_t response)
{
    hsp_gpu_command_finish_with(command, response, NULL, 0);
}

static void destroy(struct hsp_gpu_command *command)
{
    hsp_list_remove(&command->link);
    hsp_list_remove(&command->schedule_link);
    hsp_list_remove(&command->timeline_link);
    hsp_list_remove(&command->context_link);
    free(command->bytes);
    free(command->answer);
    free(command);
}

void hsp_gpu_command_answer(struct hsp_gpu_command *command)
{
    const struct hsp_gpu_transport *transport = &command->device->transport;

    transport->answer(transport->user_data, command->chain, command->answer, command->answer_size);
    destroy(command);
}

void hsp_gpu_command_drop(struct hsp_gpu_command *command)
{
    const struct hsp_gpu_transport *transport = &command->device->transport;

    transport->answer(transport->user_data, command->chain, NULL, 0);
    destroy(command);
}
