/* SPDX-License-Identifier: MIT */
#include "vtest/connection.h"

#include <errno.h>
#include <string.h>

static struct hsp_vtest_batch decode_batch(const struct hsp_vtest_connection *connection,
                                           const uint32_t *dwords)
{
    struct hsp_vtest_batch batch = {0};

    memcpy(&batch, dwords,
           sizeof(uint32_t) *
               (connection->version >= 4 ? HSP_VTEST_BATCH_DWORDS_V4 : HSP_VTEST_BATCH_DWORDS_V3));
    if (!(batch.flags & HSP_VTEST_SUBMIT_RING_IDX))
        batch.ring_idx = 0;
    return batch;
}

static int check_batch(const struct hsp_vtest_connection *connection,
                       const struct hsp_vtest_batch *batch, uint32_t count)
{
    if (batch->flags & ~HSP_VTEST_SUBMIT_RING_IDX)
        return hsp_vtest_refuse(connection, "submission with flags 0x%x", batch->flags);
    if (batch->in_syncobj_count != 0 || batch->out_syncobj_count != 0)
        return hsp_vtest_refuse(connection, "submission with DRM sync objects");
    if (batch->ring_idx >= HSP_LIMIT_TIMELINE_COUNT)
        return hsp_vtest_refuse(connection, "submission on ring_idx %u", batch->ring_idx);
    if (!hsp_range_fits(batch->command_offset, batch->command_size, count))
        return hsp_vtest_refuse(connection, "commands at %u+%u of a message of %u dwords",
                                batch->command_offset, batch->command_size, count);
    if (batch->sync_count > HSP_LIMIT_VTEST_POINT_COUNT ||
        !hsp_range_fits(batch->sync_offset,
                        (uint64_t)batch->sync_count * HSP_VTEST_SYNC_POINT_DWORDS, count))
        return hsp_vtest_refuse(connection, "%u syncs at %u of a message of %u dwords",
                                batch->sync_count, batch->sync_offset, count);
    return 0;
}

/* The points are noted before the fence exists: it may retire before its call returns. */
static int submit_fence(struct hsp_vtest_connection *connection,
                        const struct hsp_vtest_batch *batch,
                        const struct hsp_vtest_sync_point *points)
{
    uint64_t fence_id;
    int ret;

    ret = hsp_vtest_syncs_submit(&connection->syncs, batch->ring_idx, points, batch->sync_count,
                                 &fence_id);
    if (ret == -ENOENT)
        return hsp_vtest_refuse(connection, "submission with an unknown sync");
    if (ret == -ENOSPC)
        return hsp_vtest_refuse(connection, "more than %u unfinished submissions",
                                HSP_LIMIT_VTEST_FENCE_COUNT);
    if (ret < 0)
        return ret;
    ret = hsp_vn_context_submit_fence(connection->context, batch->ring_idx, fence_id);
    if (ret == -EINVAL)
        return hsp_vtest_refuse(connection, "ring_idx %u belongs to no queue", batch->ring_idx);
    return ret;
}

static int run_batch(struct hsp_vtest_connection *connection, const struct hsp_vtest_batch *batch,
                     const uint32_t *payload)
{
    int ret = 0;

    if (batch->command_size > 0)
        ret = hsp_vn_context_submit(connection->context, payload + batch->command_offset,
                                    batch->command_size * sizeof(uint32_t));
    if (ret == 0 && batch->sync_count > 0)
        ret = submit_fence(connection, batch,
                           (const struct hsp_vtest_sync_point *)(payload + batch->sync_offset));
    return ret;
}

int hsp_vtest_handle_submit_cmd2(struct hsp_vtest_connection *connection, const uint32_t *payload,
                                 uint32_t count)
{
    const uint32_t batch_count = payload[0];
    const uint32_t stride =
        connection->version >= 4 ? HSP_VTEST_BATCH_DWORDS_V4 : HSP_VTEST_BATCH_DWORDS_V3;

    if (batch_count > (count - 1) / stride)
        return hsp_vtest_refuse(connection, "%u batches in a message of %u dwords", batch_count,
                                count);
    for (uint32_t i = 0; i < batch_count; i++) {
        struct hsp_vtest_batch batch = decode_batch(connection, payload + 1 + i * stride);
        int ret = check_batch(connection, &batch, count);

        if (ret == 0)
            ret = run_batch(connection, &batch, payload);
        if (ret < 0)
            return ret;
    }
    return 0;
}
