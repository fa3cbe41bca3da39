/* SPDX-License-Identifier: MIT */
#include "vtest/fake_context.h"

#include "base/shm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct fake_context fake;

int hsp_vn_context_create(const struct hsp_vn_context_params *params,
                          struct hsp_vn_context **out_context)
{
    fake.created++;
    fake.params = *params;
    snprintf(fake.name, sizeof(fake.name), "%s", params->name);
    *out_context = (struct hsp_vn_context *)&fake;
    return 0;
}

void hsp_vn_context_destroy(struct hsp_vn_context *context)
{
    if (context)
        fake.destroyed++;
}

int hsp_vn_context_submit(struct hsp_vn_context *context, const void *commands, size_t size)
{
    fake.submit_count++;
    fake.last_submit_size = (uint32_t)size;
    memcpy(fake.last_commands, commands, HSP_MIN(size, sizeof(fake.last_commands)));
    return fake.submit_result;
}

int hsp_vn_context_submit_fence(struct hsp_vn_context *context, uint32_t ring_idx,
                                uint64_t fence_id)
{
    fake.fence_count++;
    fake.last_ring_idx = ring_idx;
    fake.last_fence_id = fence_id;
    if (fake.fence_immediate)
        fake.params.on_fence(fake.params.user_data, ring_idx, fence_id);
    return fake.fence_result;
}

int hsp_vn_context_create_blob(struct hsp_vn_context *context, uint32_t resource_id,
                               uint64_t blob_id, uint64_t size, uint32_t blob_flags,
                               struct hsp_span *out_span, uint32_t *out_map_info)
{
    uint64_t file_size;
    int fd;

    fake.blob_count++;
    fake.last_blob_resource = resource_id;
    fake.last_blob_id = blob_id;
    fake.last_blob_size = size;
    fake.last_blob_flags = blob_flags;
    if (fake.create_blob_result < 0)
        return fake.create_blob_result;
    file_size = hsp_align_up(fake.blob_offset + size, hsp_page_size());
    fd = hsp_shm_create("fake-blob", file_size);
    if (fd < 0)
        return fd;
    if (pwrite(fd, "blob", 4, (off_t)fake.blob_offset) != 4)
        return -EIO;
    *out_map_info = HSP_VN_MAP_CACHED;
    return hsp_span_init_single(out_span, fd, fake.blob_offset, size);
}

int hsp_vn_context_attach_resource(struct hsp_vn_context *context, uint32_t resource_id,
                                   enum hsp_vn_resource_kind kind, const struct hsp_span *span)
{
    fake.attach_count++;
    fake.last_attach_resource = resource_id;
    fake.last_attach_kind = kind;
    fake.last_attach_size = span ? span->size : 0;
    return 0;
}

void hsp_vn_context_detach_resource(struct hsp_vn_context *context, uint32_t resource_id)
{
    fake.detach_count++;
    fake.last_detach_resource = resource_id;
}

void hsp_vn_capset_get(void *out_capset)
{
    for (uint32_t i = 0; i < HSP_VN_CAPSET_SIZE; i++)
        ((uint8_t *)out_capset)[i] = (uint8_t)(i + 1);
}

void fake_context_retire(uint32_t ring_idx, uint64_t fence_id)
{
    fake.params.on_fence(fake.params.user_data, ring_idx, fence_id);
}

void fake_context_fatal(const char *reason)
{
    fake.params.on_fatal(fake.params.user_data, reason);
}
