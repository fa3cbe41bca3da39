/* SPDX-License-Identifier: MIT */
#include "vhost/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where the walk is: the queue's table, or an indirect one. */
struct cursor {
    const char *table; /* an indirect one may lie at any address */
    uint32_t table_count;
    uint32_t index;
    uint32_t left; /* descriptors that a chain without a loop may still have in this table */
    bool indirect;
    bool writable; /* a writable buffer was seen */
};

void hsp_vhost_walk_finish(struct hsp_vhost_walk *walk)
{
    free(walk->buffers);
    memset(walk, 0, sizeof(*walk));
}

/* A private copy that the compiler cannot replace by another look at the guest's memory. */
static struct hsp_vring_desc load_descriptor(const char *table, uint32_t index)
{
    struct hsp_vring_desc desc;

    memcpy(&desc, table + index * sizeof(desc), sizeof(desc));
    __asm__ volatile("" ::: "memory");
    return desc;
}

static int append_buffer(struct hsp_vhost_walk *walk, uint32_t max_count,
                         const struct hsp_vhost_range *range, const char **out_reason)
{
    if (walk->count >= max_count) {
        *out_reason = "too many buffers";
        return -EPROTO;
    }
    if (walk->count == walk->capacity) {
        uint32_t capacity = HSP_MAX(64, walk->capacity * 2);
        void *buffers = realloc(walk->buffers, capacity * sizeof(*walk->buffers));
        if (!buffers)
            return -ENOMEM;
        walk->buffers = buffers;
        walk->capacity = capacity;
    }
    walk->buffers[walk->count++] =
        (struct hsp_vhost_buffer){.data = range->data, .size = (size_t)range->size};
    return 0;
}

/* A descriptor's bytes may lie in several neighbouring regions. */
static int add_bytes(struct hsp_vhost_walk *walk, const struct hsp_vhost_memory *memory,
                     const struct hsp_vring_desc *desc, uint32_t max_count, const char **out_reason)
{
    uint64_t address = desc->address;
    uint64_t left = desc->size;

    while (left > 0) {
        struct hsp_vhost_range range;
        if (!hsp_vhost_memory_translate(memory, address, left, &range)) {
            *out_reason = "buffer outside of guest memory";
            return -EPROTO;
        }
        int ret = append_buffer(walk, max_count, &range, out_reason);
        if (ret < 0)
            return ret;
        address += range.size;
        left -= range.size;
    }
    return 0;
}

static int enter_indirect(struct cursor *cursor, const struct hsp_vhost_memory *memory,
                          const struct hsp_vring_desc *desc, const char **out_reason)
{
    struct hsp_vhost_range range;

    if (cursor->indirect)
        *out_reason = "indirect table in an indirect table";
    else if (desc->flags & HSP_VRING_DESC_NEXT)
        *out_reason = "descriptor behind an indirect table";
    else if (desc->size == 0 || desc->size % sizeof(*desc) != 0)
        *out_reason = "size of an indirect table";
    else if (!hsp_vhost_memory_translate(memory, desc->address, desc->size, &range) ||
             range.size != desc->size)
        *out_reason = "indirect table outside of guest memory";
    else {
        cursor->table = range.data;
        cursor->table_count = (uint32_t)(desc->size / sizeof(*desc));
        cursor->left = cursor->table_count;
        cursor->index = 0;
        cursor->indirect = true;
        return 0;
    }
    return -EPROTO;
}

/* One descriptor. 1 to go on at cursor->index, 0 at the end of the chain. */
static int walk_descriptor(struct hsp_vhost_walk *walk, struct cursor *cursor,
                           const struct hsp_vhost_memory *memory, uint32_t max_count,
                           uint32_t *readable_count, const char **out_reason)
{
    struct hsp_vring_desc desc;
    int ret;

    if (cursor->index >= cursor->table_count || cursor->left == 0) {
        *out_reason = cursor->left == 0 ? "loop" : "descriptor index";
        return -EPROTO;
    }
    cursor->left--;
    desc = load_descriptor(cursor->table, cursor->index);
    if (desc.flags & HSP_VRING_DESC_INDIRECT) {
        ret = enter_indirect(cursor, memory, &desc, out_reason);
        return ret < 0 ? ret : 1;
    }
    if (!(desc.flags & HSP_VRING_DESC_WRITE) && cursor->writable) {
        *out_reason = "readable behind writable buffer";
        return -EPROTO;
    }
    cursor->writable = (desc.flags & HSP_VRING_DESC_WRITE) != 0;
    ret = add_bytes(walk, memory, &desc, max_count, out_reason);
    if (ret < 0)
        return ret;
    if (!cursor->writable)
        *readable_count = walk->count;
    cursor->index = desc.next;
    return (desc.flags & HSP_VRING_DESC_NEXT) != 0;
}

static struct hsp_vhost_chain *create_chain(const struct hsp_vhost_walk *walk,
                                            struct hsp_vhost_memory *memory,
                                            uint32_t readable_count)
{
    size_t buffers_size = walk->count * sizeof(*walk->buffers);
    struct hsp_vhost_chain *chain = malloc(sizeof(*chain) + buffers_size);

    if (!chain)
        return NULL;
    memset(chain, 0, sizeof(*chain));
    hsp_list_init(&chain->link);
    chain->memory = hsp_vhost_memory_ref(memory);
    chain->readable_count = readable_count;
    chain->buffer_count = walk->count;
    if (walk->count > 0)
        memcpy(chain->buffers, walk->buffers, buffers_size);
    for (uint32_t i = 0; i < walk->count; i++) {
        if (i < readable_count)
            chain->readable_size += walk->buffers[i].size;
        else
            chain->writable_size += walk->buffers[i].size;
    }
    return chain;
}

int hsp_vhost_chain_create(struct hsp_vhost_walk *walk, struct hsp_vhost_memory *memory,
                           const struct hsp_vring_desc *table, uint32_t num, uint16_t head,
                           uint32_t max_count, struct hsp_vhost_chain **out_chain,
                           const char **out_reason)
{
    struct cursor cursor = {
        .table = (const char *)table, .table_count = num, .index = head, .left = num};
    struct hsp_vhost_chain *chain;
    uint32_t readable_count = 0;
    int ret;

    walk->count = 0;
    do {
        ret = walk_descriptor(walk, &cursor, memory, max_count, &readable_count, out_reason);
    } while (ret > 0);
    if (ret < 0)
        return ret;
    chain = create_chain(walk, memory, readable_count);
    if (!chain)
        return -ENOMEM;
    chain->head = head;
    *out_chain = chain;
    return 0;
}

void hsp_vhost_chain_destroy(struct hsp_vhost_chain *chain)
{
    if (!chain)
        return;
    hsp_list_remove(&chain->link);
    hsp_vhost_memory_unref(chain->memory);
    free(chain->answer);
    free(chain);
}

size_t hsp_vhost_chain_read(const struct hsp_vhost_chain *chain, uint64_t offset, void *out,
                            size_t size)
{
    size_t done = 0;

    for (uint32_t i = 0; i < chain->readable_count && done < size; i++) {
        const struct hsp_vhost_buffer *buffer = &chain->buffers[i];
        if (offset >= buffer->size) {
            offset -= buffer->size;
            continue;
        }
        size_t part = HSP_MIN(size - done, buffer->size - (size_t)offset);
        memcpy((char *)out + done, buffer->data + offset, part);
        done += part;
        offset = 0;
    }
    return done;
}

size_t hsp_vhost_chain_write(const struct hsp_vhost_chain *chain, const void *data, size_t size)
{
    size_t done = 0;

    for (uint32_t i = chain->readable_count; i < chain->buffer_count && done < size; i++) {
        const struct hsp_vhost_buffer *buffer = &chain->buffers[i];
        size_t part = HSP_MIN(size - done, buffer->size);
        memcpy(buffer->data, (const char *)data + done, part);
        done += part;
    }
    return done;
}
