/* SPDX-License-Identifier: MIT */
/*
 * Descriptor chains: the buffers of one request that a driver put into a virtqueue (virtio 1.3,
 * 2.7.5). The table, and everything it points to, is memory that the guest may change at any time:
 * each descriptor is read once into private memory and then checked.
 *
 * Ownership: a chain keeps the memory table that its buffers lie in.
 * Threads: a chain belongs to one thread at a time.
 */
#ifndef HSP_VHOST_CHAIN_H
#define HSP_VHOST_CHAIN_H

#include "base/list.h"
#include "vhost/memory.h"

struct hsp_vhost_buffer {
    char *data;
    size_t size;
};

struct hsp_vhost_chain {
    struct hsp_list link; /* in the queue's list of held answers */
    struct hsp_vhost_memory *memory;
    uint32_t queue_index;
    uint64_t generation; /* of the driver that sent it */
    uint16_t head;
    uint32_t readable_count;
    uint32_t buffer_count; /* readable ones first, then writable ones */
    uint64_t readable_size, writable_size;
    char *answer; /* held while the queue is stopped; owned */
    size_t answer_size;
    struct hsp_vhost_buffer buffers[];
};

/* Memory for walking chains, kept from one to the next. */
struct hsp_vhost_walk {
    struct hsp_vhost_buffer *buffers;
    uint32_t count, capacity;
};

void hsp_vhost_walk_finish(struct hsp_vhost_walk *walk);

/* Follows the chain from descriptor `head` of the queue's table of `num`. 0; -EPROTO with a line of
 * text in *out_reason for a chain that is malformed (a loop, an index or address out of range,
 * an indirect table in an indirect table, readable after writable buffers, more than `max_count`
 * buffers); -ENOMEM. */
int hsp_vhost_chain_create(struct hsp_vhost_walk *walk, struct hsp_vhost_memory *memory,
                           const struct hsp_vring_desc *table, uint32_t num, uint16_t head,
                           uint32_t max_count, struct hsp_vhost_chain **out_chain,
                           const char **out_reason);

/* Takes NULL. */
void hsp_vhost_chain_destroy(struct hsp_vhost_chain *chain);

/* Copies up to `size` bytes of the readable buffers from `offset` on; returns how many there
 * were. */
size_t hsp_vhost_chain_read(const struct hsp_vhost_chain *chain, uint64_t offset, void *out,
                            size_t size);

/* Copies as much of `data` as fits into the writable buffers; returns how much that was. */
size_t hsp_vhost_chain_write(const struct hsp_vhost_chain *chain, const void *data, size_t size);

#endif
