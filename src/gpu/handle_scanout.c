/* SPDX-License-Identifier: MIT */
/* Commands about what is shown. */
#include "gpu/command.h"
#include "gpu/device.h"

#include "base/log.h"

#include <errno.h>

static struct hsp_ipc_rect ipc_rect(const struct hsp_gpu_rect *rect)
{
    return (struct hsp_ipc_rect){rect->x, rect->y, rect->width, rect->height};
}

static uint32_t switch_off(struct hsp_gpu_device *device, uint32_t scanout_id)
{
    hsp_gpu_scanout_set(&device->scanouts, scanout_id, NULL, NULL);
    return HSP_GPU_RESP_OK_NODATA;
}

uint32_t hsp_gpu_handle_set_scanout(struct hsp_gpu_device *device, struct hsp_gpu_command *command)
{
    const struct hsp_gpu_set_scanout *request = &command->request.body.set_scanout;
    struct hsp_ipc_display_scanout picture = {0};
    struct hsp_gpu_resource *resource;

    if (request->scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return HSP_GPU_RESP_ERR_INVALID_SCANOUT_ID;
    if (request->resource_id == 0)
        return switch_off(device, request->scanout_id);
    resource = hsp_gpu_resource_find(&device->resources, request->resource_id);
    if (!resource)
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    /* A blob has neither size nor format. */
    if (resource->kind != HSP_GPU_RESOURCE_2D ||
        !hsp_gpu_rect_is_inside(&request->rect, resource->width, resource->height))
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    picture.width = resource->width;
    picture.height = resource->height;
    picture.stride = resource->stride;
    picture.format = resource->format->format;
    picture.rect = ipc_rect(&request->rect);
    hsp_gpu_scanout_set(&device->scanouts, request->scanout_id, resource, &picture);
    return HSP_GPU_RESP_OK_NODATA;
}

/* Where a blob's picture lies is the guest's word alone. False if it cannot be shown. */
static bool check_blob_picture(const struct hsp_gpu_set_scanout_blob *request,
                               const struct hsp_gpu_resource *resource)
{
    const struct hsp_format_info *format = hsp_format_find(request->format);

    if (!format) {
        hsp_log_guest("scanout %u: format %u of resource %u is not supported", request->scanout_id,
                      request->format, request->resource_id);
        return false;
    }
    return resource->kind != HSP_GPU_RESOURCE_2D && resource->span.piece_count > 0 &&
           hsp_format_layout_fits(format, request->width, request->height, request->strides[0],
                                  request->offsets[0], resource->size) &&
           hsp_gpu_rect_is_inside(&request->rect, request->width, request->height);
}

uint32_t hsp_gpu_handle_set_scanout_blob(struct hsp_gpu_device *device,
                                         struct hsp_gpu_command *command)
{
    const struct hsp_gpu_set_scanout_blob *request = &command->request.body.set_scanout_blob;
    struct hsp_ipc_display_scanout picture = {0};
    struct hsp_gpu_resource *resource;

    if (request->scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return HSP_GPU_RESP_ERR_INVALID_SCANOUT_ID;
    if (request->resource_id == 0)
        return switch_off(device, request->scanout_id);
    resource = hsp_gpu_resource_find(&device->resources, request->resource_id);
    if (!resource)
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    if (!check_blob_picture(request, resource))
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    picture.width = request->width;
    picture.height = request->height;
    picture.stride = request->strides[0];
    picture.offset = request->offsets[0];
    picture.format = request->format;
    picture.rect = ipc_rect(&request->rect);
    hsp_gpu_scanout_set(&device->scanouts, request->scanout_id, resource, &picture);
    return HSP_GPU_RESP_OK_NODATA;
}

uint32_t hsp_gpu_handle_resource_flush(struct hsp_gpu_device *device,
                                       struct hsp_gpu_command *command)
{
    const struct hsp_gpu_resource_flush *request = &command->request.body.flush;
    struct hsp_gpu_resource *resource =
        hsp_gpu_resource_find(&device->resources, request->resource_id);
    bool is_2d;

    if (!resource)
        return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    is_2d = resource->kind == HSP_GPU_RESOURCE_2D;
    if (!hsp_gpu_rect_is_inside(&request->rect, is_2d ? resource->width : HSP_LIMIT_SCANOUT_EXTENT,
                                is_2d ? resource->height : HSP_LIMIT_SCANOUT_EXTENT))
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    if (hsp_gpu_scanouts_flush(&device->scanouts, resource, &request->rect, command))
        return HSP_GPU_DEFERRED;
    return HSP_GPU_RESP_OK_NODATA;
}

/* ------------------------------------------------------------------ cursor */

/* Linux makes every dumb buffer B8G8R8X8, whatever a program puts in it; in a cursor's the fourth
 * byte is alpha all the same. */
static bool is_cursor_format(enum hsp_format format)
{
    return format == HSP_FORMAT_B8G8R8A8 || format == HSP_FORMAT_B8G8R8X8;
}

/* A copy of the pages of the cursor's picture. */
static int make_cursor_span(const struct hsp_gpu_resource *resource, struct hsp_span *out_span)
{
    const uint64_t size = (uint64_t)HSP_CURSOR_EXTENT * HSP_CURSOR_EXTENT * 4;

    if (resource->span.piece_count == 0 || resource->span.size < size)
        return -EINVAL;
    if (resource->kind == HSP_GPU_RESOURCE_2D &&
        (resource->width != HSP_CURSOR_EXTENT || resource->height != HSP_CURSOR_EXTENT ||
         !is_cursor_format(resource->format->format)))
        return -EINVAL;
    return hsp_span_init_copy(out_span, &resource->span);
}

uint32_t hsp_gpu_handle_update_cursor(struct hsp_gpu_device *device,
                                      struct hsp_gpu_command *command)
{
    const struct hsp_gpu_cursor *request = &command->request.body.cursor;
    struct hsp_ipc_display_cursor message = {
        .scanout_id = request->scanout_id,
        .resource_id = request->resource_id,
        .x = (int32_t)request->x,
        .y = (int32_t)request->y,
        .hot_x = request->hot_x,
        .hot_y = request->hot_y,
    };
    struct hsp_span span = HSP_SPAN_EMPTY;

    if (request->scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return HSP_GPU_RESP_ERR_INVALID_SCANOUT_ID;
    if (request->resource_id != 0) {
        struct hsp_gpu_resource *resource =
            hsp_gpu_resource_find(&device->resources, request->resource_id);
        if (!resource)
            return HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID;
        int ret = make_cursor_span(resource, &span);
        if (ret < 0)
            return hsp_gpu_response_of_error(ret);
        message.kind = resource->ipc_kind;
    }
    hsp_gpu_scanout_set_cursor(&device->scanouts, &message, &span);
    return HSP_GPU_RESP_OK_NODATA;
}

uint32_t hsp_gpu_handle_move_cursor(struct hsp_gpu_device *device, struct hsp_gpu_command *command)
{
    const struct hsp_gpu_cursor *request = &command->request.body.cursor;

    if (request->scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return HSP_GPU_RESP_ERR_INVALID_SCANOUT_ID;
    hsp_gpu_scanout_move_cursor(&device->scanouts, request->scanout_id, (int32_t)request->x,
                                (int32_t)request->y);
    return HSP_GPU_RESP_OK_NODATA;
}
