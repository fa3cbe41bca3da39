/* SPDX-License-Identifier: MIT */
#include "gpu/command.h"

#include "base/limits.h"
#include "gpu/context.h"
#include "gpu/device.h"

static const struct {
    uint32_t number;
    hsp_gpu_handler *handler;
} handlers[] = {
    {HSP_GPU_CMD_GET_DISPLAY_INFO, hsp_gpu_handle_get_display_info},
    {HSP_GPU_CMD_RESOURCE_CREATE_2D, hsp_gpu_handle_resource_create_2d},
    {HSP_GPU_CMD_RESOURCE_UNREF, hsp_gpu_handle_resource_unref},
    {HSP_GPU_CMD_SET_SCANOUT, hsp_gpu_handle_set_scanout},
    {HSP_GPU_CMD_RESOURCE_FLUSH, hsp_gpu_handle_resource_flush},
    {HSP_GPU_CMD_TRANSFER_TO_HOST_2D, hsp_gpu_handle_transfer_to_host_2d},
    {HSP_GPU_CMD_RESOURCE_ATTACH_BACKING, hsp_gpu_handle_resource_attach_backing},
    {HSP_GPU_CMD_RESOURCE_DETACH_BACKING, hsp_gpu_handle_resource_detach_backing},
    {HSP_GPU_CMD_GET_CAPSET_INFO, hsp_gpu_handle_get_capset_info},
    {HSP_GPU_CMD_GET_CAPSET, hsp_gpu_handle_get_capset},
    {HSP_GPU_CMD_GET_EDID, hsp_gpu_handle_get_edid},
    {HSP_GPU_CMD_RESOURCE_ASSIGN_UUID, hsp_gpu_handle_resource_assign_uuid},
    {HSP_GPU_CMD_RESOURCE_CREATE_BLOB, hsp_gpu_handle_resource_create_blob},
    {HSP_GPU_CMD_SET_SCANOUT_BLOB, hsp_gpu_handle_set_scanout_blob},
    {HSP_GPU_CMD_CTX_CREATE, hsp_gpu_handle_ctx_create},
    {HSP_GPU_CMD_CTX_DESTROY, hsp_gpu_handle_ctx_destroy},
    {HSP_GPU_CMD_CTX_ATTACH_RESOURCE, hsp_gpu_handle_ctx_attach_resource},
    {HSP_GPU_CMD_CTX_DETACH_RESOURCE, hsp_gpu_handle_ctx_detach_resource},
    {HSP_GPU_CMD_SUBMIT_3D, hsp_gpu_handle_submit_3d},
    {HSP_GPU_CMD_RESOURCE_MAP_BLOB, hsp_gpu_handle_resource_map_blob},
    {HSP_GPU_CMD_RESOURCE_UNMAP_BLOB, hsp_gpu_handle_resource_unmap_blob},
    {HSP_GPU_CMD_UPDATE_CURSOR, hsp_gpu_handle_update_cursor},
    {HSP_GPU_CMD_MOVE_CURSOR, hsp_gpu_handle_move_cursor},
};

static hsp_gpu_handler *find_handler(uint32_t number)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(handlers); i++) {
        if (handlers[i].number == number)
            return handlers[i].handler;
    }
    return NULL;
}

/* A fence with a ring_idx is on its context's timeline; the others are on the device's since they
 * came. */
static void enter_context_timeline(struct hsp_gpu_command *command)
{
    const struct hsp_gpu_header *header = &command->request.header;
    struct hsp_gpu_context *context = hsp_gpu_context_find(command->device, header->ctx_id);

    if ((header->flags & HSP_GPU_FLAG_FENCE) && (header->flags & HSP_GPU_FLAG_RING_IDX) &&
        context && header->ring_idx < HSP_LIMIT_TIMELINE_COUNT)
        hsp_gpu_timeline_append(&context->timelines[header->ring_idx], command);
}

static void execute(struct hsp_gpu_command *command)
{
    hsp_gpu_handler *handler = find_handler(command->request.header.type);
    uint32_t response = HSP_GPU_RESP_ERR_UNSPEC;

    enter_context_timeline(command);
    if (handler)
        response = handler(command->device, command);
    if (response != HSP_GPU_DEFERRED)
        hsp_gpu_command_finish(command, response);
}

/* ------------------------------------------------------------------ waiting */

static bool has_key(const struct hsp_gpu_command *command, const struct hsp_gpu_key *key)
{
    for (uint32_t i = 0; i < command->key_count; i++) {
        if (command->keys[i].kind == key->kind && command->keys[i].id == key->id)
            return true;
    }
    return false;
}

/* A part of the window must be free before something else can be mapped there. */
static bool frees_place_for(const struct hsp_gpu_command *earlier,
                            const struct hsp_gpu_command *command)
{
    const struct hsp_gpu_device *device = command->device;
    const struct hsp_gpu_map_blob *map = &command->request.body.map_blob;
    const struct hsp_gpu_resource *freed, *mapped;

    if (command->request.header.type != HSP_GPU_CMD_RESOURCE_MAP_BLOB ||
        (earlier->request.header.type != HSP_GPU_CMD_RESOURCE_UNMAP_BLOB &&
         earlier->request.header.type != HSP_GPU_CMD_RESOURCE_UNREF))
        return false;
    freed = hsp_gpu_resource_find(&device->resources, earlier->request.body.ref.resource_id);
    mapped = hsp_gpu_resource_find(&device->resources, map->resource_id);
    return freed && mapped && freed->map.mapped &&
           map->offset < freed->map.offset + freed->map.size &&
           freed->map.offset - HSP_MIN(freed->map.offset, map->offset) < mapped->size;
}

static bool conflicts(const struct hsp_gpu_command *earlier, const struct hsp_gpu_command *command)
{
    for (uint32_t i = 0; i < earlier->key_count; i++) {
        if (has_key(command, &earlier->keys[i]))
            return true;
    }
    return frees_place_for(earlier, command);
}

/* A renderer that does not read its channel gets no more, until it does or its context goes. */
static bool waits_for_renderer(const struct hsp_gpu_command *command)
{
    if (command->request.header.type == HSP_GPU_CMD_CTX_DESTROY)
        return false;
    for (uint32_t i = 0; i < command->key_count; i++) {
        const struct hsp_gpu_context *context =
            command->keys[i].kind == HSP_GPU_KEY_CONTEXT
                ? hsp_gpu_context_find(command->device, command->keys[i].id)
                : NULL;
        if (context && hsp_gpu_context_is_congested(context))
            return true;
    }
    return false;
}

/* Whether the command has to wait for one that holds something, for a renderer, or for a waiting
 * command in front of `end`. */
static bool is_blocked(const struct hsp_gpu_command *command, const struct hsp_list *end)
{
    struct hsp_gpu_device *device = command->device;

    hsp_list_for_each (holder, &device->holding, struct hsp_gpu_command, schedule_link) {
        if (has_key(command, &holder->held))
            return true;
    }
    if (waits_for_renderer(command))
        return true;
    for (const struct hsp_list *link = device->waiting.next; link != end; link = link->next) {
        if (conflicts(HSP_CONTAINER_OF(link, struct hsp_gpu_command, schedule_link), command))
            return true;
    }
    return false;
}

/* Executes the first waiting command that can be. False if there is none. */
static bool execute_one(struct hsp_gpu_device *device)
{
    hsp_list_for_each (command, &device->waiting, struct hsp_gpu_command, schedule_link) {
        if (is_blocked(command, &command->schedule_link))
            continue;
        hsp_list_remove(&command->schedule_link);
        execute(command);
        return true;
    }
    return false;
}

void hsp_gpu_schedule_begin(struct hsp_gpu_device *device)
{
    device->schedule_depth++;
}

void hsp_gpu_schedule_end(struct hsp_gpu_device *device)
{
    /* Still inside: handlers release things, and that ends up here again. */
    while (device->schedule_depth == 1 && device->schedule_again &&
           device->transport.is_running(device->transport.user_data))
        device->schedule_again = execute_one(device);
    device->schedule_depth--;
}

void hsp_gpu_schedule_waiting(struct hsp_gpu_device *device)
{
    hsp_gpu_schedule_begin(device);
    device->schedule_again = !hsp_list_is_empty(&device->waiting);
    hsp_gpu_schedule_end(device);
}

void hsp_gpu_schedule(struct hsp_gpu_command *command)
{
    struct hsp_gpu_device *device = command->device;

    hsp_gpu_schedule_begin(device);
    if (!is_blocked(command, &device->waiting)) {
        execute(command);
    } else {
        hsp_list_append(&device->waiting, &command->schedule_link);
        /* Its renderer may be what all wait for. */
        if (command->request.header.type == HSP_GPU_CMD_CTX_DESTROY)
            hsp_gpu_context_expect_end(
                hsp_gpu_context_find(device, command->request.header.ctx_id));
    }
    hsp_gpu_schedule_end(device);
}

void hsp_gpu_schedule_hold(struct hsp_gpu_command *command, struct hsp_gpu_key key)
{
    command->held = key;
    hsp_list_append(&command->device->holding, &command->schedule_link);
}
