/* SPDX-License-Identifier: MIT */
#include "vtest/resource.h"

#include "base/event.h"
#include "base/fd.h"
#include "base/log.h"
#include "vtest/connection.h"

#include <errno.h>
#include <string.h>

uint32_t hsp_vtest_resource_id_take(struct hsp_vtest_resources *resources)
{
    uint32_t word = resources->first_free_word;

    while (word < HSP_ARRAY_COUNT(resources->used) && resources->used[word] == UINT64_MAX)
        word++;
    resources->first_free_word = word;
    if (word == HSP_ARRAY_COUNT(resources->used))
        return 0;
    uint32_t bit = (uint32_t)__builtin_ctzll(~resources->used[word]);
    resources->used[word] |= 1ull << bit;
    return word * 64 + bit + 1;
}

bool hsp_vtest_resource_id_release(struct hsp_vtest_resources *resources, uint32_t id)
{
    uint32_t word = (id - 1) / 64;
    uint64_t mask = 1ull << ((id - 1) % 64);

    if (id == 0 || id > HSP_LIMIT_RESOURCE_COUNT || !(resources->used[word] & mask))
        return false;
    resources->used[word] &= ~mask;
    resources->first_free_word = HSP_MIN(resources->first_free_word, word);
    return true;
}

/* Clients map the descriptor from offset 0, so only such a span can be given to them. */
static int create_blob_fd(struct hsp_vtest_connection *connection, uint32_t resource_id,
                          uint64_t blob_id, uint64_t size, uint32_t flags, int *out_fd)
{
    struct hsp_span span = HSP_SPAN_EMPTY;
    uint32_t map_info;
    int ret;

    ret = hsp_vn_context_create_blob(connection->context, resource_id, blob_id, size, flags, &span,
                                     &map_info);
    if (ret < 0)
        return ret;
    if (span.piece_count != 1 || span.pieces[0].offset != 0) {
        hsp_vn_context_detach_resource(connection->context, resource_id);
        ret = -EINVAL;
    } else {
        ret = hsp_fd_dup(span.fds[span.pieces[0].fd_index]);
        if (ret >= 0)
            *out_fd = ret;
    }
    hsp_span_finish(&span);
    return ret < 0 ? ret : 0;
}

/* The protocol has no error reply for a blob. What the client can digest is a descriptor that
 * cannot be mapped: the program's vkMapMemory or vkAllocateMemory fails then, and it lives on. */
static int create_unmappable_fd(int *out_fd)
{
    int write_fd, ret;

    ret = hsp_event_create(out_fd, &write_fd);
    if (ret == 0)
        hsp_fd_close(&write_fd);
    return ret;
}

int hsp_vtest_handle_resource_create_blob(struct hsp_vtest_connection *connection,
                                          const uint32_t *payload, uint32_t count)
{
    const uint32_t type = payload[0], flags = payload[1];
    const uint64_t size = hsp_vtest_u64(payload[2], payload[3]);
    const uint64_t blob_id = hsp_vtest_u64(payload[4], payload[5]);
    uint32_t resource_id;
    int fd = -1, ret;

    if (type != HSP_VTEST_BLOB_TYPE_HOST3D)
        return hsp_vtest_refuse(connection, "blob of type %u, only HOST3D is known", type);
    resource_id = hsp_vtest_resource_id_take(&connection->resources);
    if (resource_id == 0)
        return hsp_vtest_refuse(connection, "more than %u resources", HSP_LIMIT_RESOURCE_COUNT);

    ret = create_blob_fd(connection, resource_id, blob_id, size, flags, &fd);
    if (ret == -EIO)
        return ret;
    if (ret < 0) {
        hsp_log_guest("vtest: %s: no blob of %llu bytes for memory %llu: %s", connection->name,
                      (unsigned long long)size, (unsigned long long)blob_id, strerror(-ret));
        ret = create_unmappable_fd(&fd);
    }
    if (ret == 0)
        ret = hsp_vtest_stream_reply(&connection->stream, HSP_VTEST_RESOURCE_CREATE_BLOB,
                                     &resource_id, 1, fd);
    hsp_fd_close(&fd);
    return ret;
}

int hsp_vtest_handle_resource_unref(struct hsp_vtest_connection *connection,
                                    const uint32_t *payload, uint32_t count)
{
    if (!hsp_vtest_resource_id_release(&connection->resources, payload[0]))
        return hsp_vtest_refuse(connection, "unref of unknown resource %u", payload[0]);
    hsp_vn_context_detach_resource(connection->context, payload[0]);
    return 0;
}
