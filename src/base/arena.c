/* SPDX-License-Identifier: MIT */
/*
 * Blocks are malloc'ed, the first of HSP_ARENA_BLOCK_SIZE; a request that does not fit the
 * current block gets a new one, at least as large as the default.
 */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define HSP_ARENA_BLOCK_SIZE (64u << 10)

struct hsp_arena_block {
    struct hsp_arena_block *next;
    size_t size; /* of the payload */
    _Alignas(16) char payload[];
};

void hsp_arena_init(struct hsp_arena *arena, uint64_t max_size)
{
    memset(arena, 0, sizeof(*arena));
    arena->max_size = max_size;
}

void hsp_arena_finish(struct hsp_arena *arena)
{
    struct hsp_arena_block *block = arena->blocks;

    while (block) {
        struct hsp_arena_block *next = block->next;
        free(block);
        block = next;
    }
    hsp_arena_init(arena, arena->max_size);
}

void hsp_arena_reset_used(struct hsp_arena *arena)
{
    struct hsp_arena_block *block = arena->blocks;

    while (block->next) {
        struct hsp_arena_block *next = block->next;
        free(block);
        block = next;
    }
    /* The oldest block has the default size unless a first request was larger. */
    if (block->size > HSP_ARENA_BLOCK_SIZE) {
        free(block);
        hsp_arena_init(arena, arena->max_size);
        return;
    }
    arena->blocks = block;
    arena->begin = arena->cursor = block->payload;
    arena->end = block->payload + block->size;
    arena->used_size = 0;
}

void *hsp_arena_alloc_block(struct hsp_arena *arena, size_t size)
{
    uint64_t rounded;
    uint64_t used = arena->used_size;
    struct hsp_arena_block *block;

    if (arena->blocks)
        used += arena->blocks->size;
    if (!hsp_align_up_checked(size, 16, &rounded) ||
        !hsp_range_fits(used, rounded, arena->max_size))
        return NULL;
    size_t block_size = HSP_MAX((size_t)rounded, (size_t)HSP_ARENA_BLOCK_SIZE);
    block = malloc(sizeof(*block) + block_size);
    if (!block)
        return NULL;
    block->size = block_size;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->used_size = used;
    arena->cursor = block->payload + rounded;
    arena->end = block->payload + block_size;
    return block->payload;
}

void *hsp_arena_calloc(struct hsp_arena *arena, uint64_t count, size_t element_size)
{
    size_t size;
    void *p;

    if (__builtin_mul_overflow(count, element_size, &size))
        return NULL;
    p = hsp_arena_alloc(arena, size);
    if (p)
        memset(p, 0, size);
    return p;
}
