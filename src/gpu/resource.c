/* SPDX-License-Identifier: MIT */
#include "gpu/resource.h"

#include "base/limits.h"
#include "base/shm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------ table */

void hsp_gpu_resource_table_init(struct hsp_gpu_resource_table *table, uint32_t max_fd_count)
{
    memset(table, 0, sizeof(*table));
    table->max_fd_count = max_fd_count;
}

void hsp_gpu_resource_table_finish(struct hsp_gpu_resource_table *table)
{
    hsp_gpu_id_map_finish(&table->map);
}

struct hsp_gpu_resource *hsp_gpu_resource_find(const struct hsp_gpu_resource_table *table,
                                               uint32_t id)
{
    return hsp_gpu_id_map_find(&table->map, id);
}

bool hsp_gpu_resource_id_is_free(const struct hsp_gpu_resource_table *table, uint32_t id)
{
    return id != 0 && table->map.count < HSP_LIMIT_RESOURCE_COUNT &&
           !hsp_gpu_resource_find(table, id);
}

bool hsp_gpu_resource_table_reserve_fds(struct hsp_gpu_resource_table *table, uint32_t count)
{
    if (!hsp_range_fits(table->fd_count, count, table->max_fd_count))
        return false;
    table->fd_count += count;
    return true;
}

void hsp_gpu_resource_table_release_fds(struct hsp_gpu_resource_table *table, uint32_t count)
{
    table->fd_count -= count;
}

/* Takes the resource apart, but not out of the table. */
static void free_resource(struct hsp_gpu_resource *resource)
{
    hsp_mapping_finish(&resource->mapping);
    hsp_gpu_backing_finish(&resource->backing);
    hsp_span_finish(&resource->span);
    free(resource);
}

static struct hsp_gpu_resource *alloc_resource(uint32_t id, enum hsp_gpu_resource_kind kind,
                                               uint64_t size)
{
    struct hsp_gpu_resource *resource = calloc(1, sizeof(*resource));

    if (!resource)
        return NULL;
    resource->id = id;
    resource->kind = kind;
    resource->size = size;
    hsp_list_init(&resource->attachments);
    return resource;
}

/* Consumes the resource in any case. */
static int add_resource(struct hsp_gpu_resource_table *table, struct hsp_gpu_resource *resource,
                        struct hsp_gpu_resource **out_resource)
{
    int ret = -EMFILE;

    resource->fd_count = resource->span.fd_count;
    if (hsp_gpu_resource_table_reserve_fds(table, resource->fd_count)) {
        ret = hsp_gpu_id_map_add(&table->map, resource->id, resource);
        if (ret < 0)
            hsp_gpu_resource_table_release_fds(table, resource->fd_count);
    }
    if (ret < 0) {
        free_resource(resource);
        return ret;
    }
    *out_resource = resource;
    return 0;
}

/* ------------------------------------------------------------------ creation */

int hsp_gpu_resource_create_2d(struct hsp_gpu_resource_table *table, uint32_t id, uint32_t format,
                               uint32_t width, uint32_t height,
                               struct hsp_gpu_resource **out_resource)
{
    const struct hsp_format_info *info = hsp_format_find(format);
    struct hsp_gpu_resource *resource;
    uint64_t size;
    int ret;

    if (!info || width == 0 || height == 0 || width > HSP_LIMIT_SCANOUT_EXTENT ||
        height > HSP_LIMIT_SCANOUT_EXTENT)
        return -EINVAL;
    size = (uint64_t)width * info->bytes_per_pixel * height;
    if (table->count_2d >= HSP_LIMIT_2D_RESOURCE_COUNT ||
        !hsp_range_fits(table->size_2d, size, HSP_LIMIT_2D_RESOURCE_SIZE))
        return -ENOSPC;
    resource = alloc_resource(id, HSP_GPU_RESOURCE_2D, size);
    if (!resource)
        return -ENOMEM;
    resource->format = info;
    resource->width = width;
    resource->height = height;
    resource->stride = width * info->bytes_per_pixel;
    resource->ipc_kind = HSP_IPC_RESOURCE_SHM;
    ret = hsp_span_init_shm(&resource->span, "hesper-2d", size);
    if (ret < 0) {
        free_resource(resource);
        return ret;
    }
    ret = add_resource(table, resource, out_resource);
    if (ret < 0)
        return ret;
    table->count_2d++;
    table->size_2d += size;
    return 0;
}

int hsp_gpu_resource_create_guest(struct hsp_gpu_resource_table *table, uint32_t id, uint64_t size,
                                  struct hsp_gpu_backing *backing,
                                  struct hsp_gpu_resource **out_resource)
{
    struct hsp_gpu_resource *resource = alloc_resource(id, HSP_GPU_RESOURCE_GUEST, size);
    int ret;

    if (!resource)
        return -ENOMEM;
    resource->ipc_kind = HSP_IPC_RESOURCE_GUEST;
    resource->map_info = HSP_GPU_MAP_CACHE_CACHED;
    ret = add_resource(table, resource, out_resource);
    if (ret < 0)
        return ret;
    ret = hsp_gpu_resource_set_backing(table, resource, backing);
    if (ret < 0)
        hsp_gpu_resource_destroy(table, resource);
    return ret;
}

int hsp_gpu_resource_create_shm(struct hsp_gpu_resource_table *table, uint32_t id, uint64_t size,
                                uint64_t max_size, struct hsp_gpu_resource **out_resource)
{
    struct hsp_gpu_resource *resource;
    int ret;

    if (!hsp_range_fits(table->shm_size, size, max_size))
        return -ENOSPC;
    resource = alloc_resource(id, HSP_GPU_RESOURCE_HOST, size);
    if (!resource)
        return -ENOMEM;
    resource->ipc_kind = HSP_IPC_RESOURCE_SHM;
    resource->map_info = HSP_GPU_MAP_CACHE_CACHED;
    ret = hsp_span_init_shm(&resource->span, "hesper-shm", size);
    if (ret < 0) {
        free_resource(resource);
        return ret;
    }
    ret = add_resource(table, resource, out_resource);
    if (ret == 0)
        table->shm_size += size;
    return ret;
}

/* Mapping a file that its maker can shrink would let the maker kill whoever touches it. */
static int check_sealed(const struct hsp_span *span)
{
    for (uint32_t i = 0; i < span->piece_count; i++) {
        const struct hsp_span_piece *piece = &span->pieces[i];
        int ret = hsp_shm_check_sealed(span->fds[piece->fd_index], piece->offset + piece->size);
        if (ret < 0)
            return ret;
    }
    return 0;
}

int hsp_gpu_resource_create_memory(struct hsp_gpu_resource_table *table, uint32_t id, uint64_t size,
                                   struct hsp_span *span, uint32_t map_info,
                                   struct hsp_gpu_resource **out_resource)
{
    struct hsp_gpu_resource *resource;
    int ret;

    if (span->size < size || map_info < HSP_GPU_MAP_CACHE_CACHED || map_info > HSP_GPU_MAP_CACHE_WC)
        return -EINVAL;
    ret = check_sealed(span);
    if (ret < 0)
        return ret;
    resource = alloc_resource(id, HSP_GPU_RESOURCE_HOST, size);
    if (!resource)
        return -ENOMEM;
    resource->ipc_kind = HSP_IPC_RESOURCE_MEMORY;
    resource->map_info = map_info;
    resource->span = *span;
    *span = HSP_SPAN_EMPTY;
    return add_resource(table, resource, out_resource);
}

void hsp_gpu_resource_destroy(struct hsp_gpu_resource_table *table,
                              struct hsp_gpu_resource *resource)
{
    hsp_gpu_id_map_remove(&table->map, resource->id);
    hsp_gpu_resource_table_release_fds(table, resource->fd_count);
    table->range_count -= resource->backing.range_count;
    if (resource->kind == HSP_GPU_RESOURCE_2D) {
        table->count_2d--;
        table->size_2d -= resource->size;
    } else if (resource->kind == HSP_GPU_RESOURCE_HOST &&
               resource->ipc_kind == HSP_IPC_RESOURCE_SHM) {
        table->shm_size -= resource->size;
    }
    free_resource(resource);
}

/* ------------------------------------------------------------------ backing */

/* Moves *span into the resource, with its descriptors counted. */
static int replace_span(struct hsp_gpu_resource_table *table, struct hsp_gpu_resource *resource,
                        struct hsp_span *span)
{
    if (!hsp_gpu_resource_table_reserve_fds(table, span->fd_count))
        return -EMFILE;
    hsp_gpu_resource_table_release_fds(table, resource->fd_count);
    resource->fd_count = span->fd_count;
    hsp_mapping_finish(&resource->mapping);
    hsp_span_finish(&resource->span);
    resource->span = *span;
    *span = HSP_SPAN_EMPTY;
    return 0;
}

/* Whether the backing can be mapped as the picture. */
static bool is_picture(const struct hsp_gpu_backing *backing, uint64_t size)
{
    uint64_t page_size = hsp_page_size();

    if (backing->size < size)
        return false;
    for (uint32_t i = 0; i < backing->range_count; i++) {
        const struct hsp_gpu_backing_range *range = &backing->ranges[i];
        bool is_last = range->start + range->range.size >= size;
        if (range->range.file_offset % page_size != 0 ||
            (!is_last && range->range.size % page_size != 0))
            return false;
        if (is_last)
            break;
    }
    return true;
}

/* Makes the guest's pages the resource's, or leaves it its own. */
static void share_pages(struct hsp_gpu_resource_table *table, struct hsp_gpu_resource *resource,
                        const struct hsp_gpu_backing *backing)
{
    struct hsp_span span;

    if (resource->must_copy || !is_picture(backing, resource->size) ||
        hsp_gpu_backing_make_span(backing, resource->size, &span) < 0)
        return;
    if (replace_span(table, resource, &span) == 0)
        resource->ipc_kind = HSP_IPC_RESOURCE_GUEST;
    hsp_span_finish(&span);
}

/* Gives a 2D resource that is the guest's pages some of its own, with the same picture. */
static int unshare_pages(struct hsp_gpu_resource_table *table, struct hsp_gpu_resource *resource,
                         uint64_t *out_copied)
{
    struct hsp_mapping mapping = {0};
    struct hsp_span span;
    int ret = hsp_span_init_shm(&span, "hesper-2d", resource->size);

    if (ret < 0)
        return ret;
    ret = hsp_span_map(&span, true, &mapping);
    if (ret == 0)
        ret = replace_span(table, resource, &span);
    if (ret < 0) {
        hsp_mapping_finish(&mapping);
        hsp_span_finish(&span);
        return ret;
    }
    hsp_gpu_backing_read(&resource->backing, 0, mapping.data, resource->size);
    resource->mapping = mapping;
    resource->ipc_kind = HSP_IPC_RESOURCE_SHM;
    *out_copied += resource->size;
    return 0;
}

static bool is_shared(const struct hsp_gpu_resource *resource)
{
    return resource->ipc_kind == HSP_IPC_RESOURCE_GUEST;
}

int hsp_gpu_resource_set_backing(struct hsp_gpu_resource_table *table,
                                 struct hsp_gpu_resource *resource, struct hsp_gpu_backing *backing)
{
    int ret = 0;

    if (resource->kind == HSP_GPU_RESOURCE_HOST)
        return -EINVAL;
    if (resource->backing.range_count > 0)
        return -EEXIST;
    if (!hsp_range_fits(table->range_count, backing->range_count, HSP_LIMIT_BACKING_RANGE_COUNT))
        return -ENOSPC;
    if (resource->kind == HSP_GPU_RESOURCE_GUEST) {
        struct hsp_span span = HSP_SPAN_EMPTY;
        ret = hsp_gpu_backing_make_span(backing, resource->size, &span);
        if (ret == 0)
            ret = replace_span(table, resource, &span);
        if (ret < 0)
            hsp_span_finish(&span);
    } else {
        share_pages(table, resource, backing);
    }
    if (ret < 0)
        return ret;
    table->range_count += backing->range_count;
    resource->backing = *backing;
    memset(backing, 0, sizeof(*backing));
    return 0;
}

int hsp_gpu_resource_drop_backing(struct hsp_gpu_resource_table *table,
                                  struct hsp_gpu_resource *resource, uint64_t *out_copied)
{
    struct hsp_span none = HSP_SPAN_EMPTY;
    int ret = 0;

    *out_copied = 0;
    if (resource->backing.range_count == 0)
        return -EINVAL;
    if (resource->kind == HSP_GPU_RESOURCE_GUEST)
        ret = replace_span(table, resource, &none);
    else if (is_shared(resource))
        ret = unshare_pages(table, resource, out_copied);
    if (ret < 0)
        return ret;
    table->range_count -= resource->backing.range_count;
    hsp_gpu_backing_finish(&resource->backing);
    return 0;
}

bool hsp_gpu_rect_is_inside(const struct hsp_gpu_rect *rect, uint32_t width, uint32_t height)
{
    return rect->width > 0 && rect->height > 0 && hsp_range_fits(rect->x, rect->width, width) &&
           hsp_range_fits(rect->y, rect->height, height);
}

static int copy_rect(struct hsp_gpu_resource *resource, const struct hsp_gpu_rect *rect,
                     uint64_t offset, uint64_t *out_copied)
{
    uint32_t bytes = resource->format->bytes_per_pixel;
    uint64_t row_size = (uint64_t)rect->width * bytes;
    uint64_t stride = resource->stride;
    char *to;
    int ret = resource->mapping.data ? 0 : hsp_span_map(&resource->span, true, &resource->mapping);

    if (ret < 0)
        return ret;
    to = (char *)resource->mapping.data + rect->y * stride + (uint64_t)rect->x * bytes;
    *out_copied += row_size * rect->height;
    if (row_size == stride) {
        hsp_gpu_backing_read(&resource->backing, offset, to, row_size * rect->height);
        return 0;
    }
    for (uint32_t row = 0; row < rect->height; row++)
        hsp_gpu_backing_read(&resource->backing, offset + row * stride, to + row * stride,
                             row_size);
    return 0;
}

int hsp_gpu_resource_transfer(struct hsp_gpu_resource_table *table,
                              struct hsp_gpu_resource *resource, const struct hsp_gpu_rect *rect,
                              uint64_t offset, uint64_t *out_copied)
{
    uint32_t bytes = resource->format->bytes_per_pixel;
    uint64_t row_size = (uint64_t)rect->width * bytes;
    uint64_t stride = resource->stride;
    int ret = 0;

    *out_copied = 0;
    if (!hsp_gpu_rect_is_inside(rect, resource->width, resource->height) ||
        !hsp_range_fits(offset, stride * (rect->height - 1) + row_size, resource->backing.size))
        return -EINVAL;
    if (is_shared(resource)) {
        if (offset == rect->y * stride + (uint64_t)rect->x * bytes)
            return 0;
        ret = unshare_pages(table, resource, out_copied);
        resource->must_copy = ret == 0;
    }
    return ret < 0 ? ret : copy_rect(resource, rect, offset, out_copied);
}

int hsp_gpu_resource_make_attach_span(const struct hsp_gpu_resource *resource,
                                      struct hsp_span *out_span)
{
    if (resource->kind == HSP_GPU_RESOURCE_2D) {
        if (resource->backing.range_count == 0)
            return -ENODATA;
        return hsp_gpu_backing_make_span(&resource->backing, resource->backing.size, out_span);
    }
    if (resource->span.piece_count == 0)
        return -ENODATA;
    return hsp_span_init_copy(out_span, &resource->span);
}

int hsp_gpu_resource_get_uuid(struct hsp_gpu_resource *resource, uint8_t out_uuid[16])
{
    if (!resource->has_uuid) {
        if (getentropy(resource->uuid, sizeof(resource->uuid)) < 0)
            return -errno;
        resource->uuid[6] = (resource->uuid[6] & 0x0f) | 0x40; /* version 4: random */
        resource->uuid[8] = (resource->uuid[8] & 0x3f) | 0x80;
        resource->has_uuid = true;
    }
    memcpy(out_uuid, resource->uuid, 16);
    return 0;
}
