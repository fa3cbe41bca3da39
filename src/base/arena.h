/* SPDX-License-Identifier: MIT */
/*
 * Memory for the temporaries of one decoded command: allocation is a pointer bump, nothing is
 * freed alone, hsp_arena_reset gives everything back at once and keeps one block for the next
 * command. The sum of what is allocated between resets is capped.
 *
 * Ownership: the arena owns all memory it returns; pointers die at the next reset or finish.
 * Threads: an arena belongs to one thread at a time.
 */
#ifndef HSP_BASE_ARENA_H
#define HSP_BASE_ARENA_H

#include "base/util.h"

struct hsp_arena_block;

struct hsp_arena {
    char *begin; /* of the block that reset keeps; NULL while there is none */
    char *cursor;
    char *end;
    struct hsp_arena_block *blocks; /* newest first; the last one is kept by reset */
    uint64_t used_size;             /* bytes in blocks that are full */
    uint64_t max_size;
};

/* `max_size`: bytes between two resets. Allocates nothing. */
void hsp_arena_init(struct hsp_arena *arena, uint64_t max_size);
void hsp_arena_finish(struct hsp_arena *arena);

/* Slow path of hsp_arena_reset; use that. */
void hsp_arena_reset_used(struct hsp_arena *arena);

static inline void hsp_arena_reset(struct hsp_arena *arena)
{
    if (arena->cursor != arena->begin)
        hsp_arena_reset_used(arena);
}

/* Slow path of hsp_arena_alloc; use that. */
void *hsp_arena_alloc_block(struct hsp_arena *arena, size_t size);

/* `size` bytes, aligned to 16, not cleared; NULL when the cap or the host's memory is reached. A
 * size of 0 gives a valid pointer. */
static inline void *hsp_arena_alloc(struct hsp_arena *arena, size_t size)
{
    size_t rounded = (size + 15) & ~(size_t)15;

    if (rounded < size || rounded > (size_t)(arena->end - arena->cursor))
        return hsp_arena_alloc_block(arena, size);
    char *p = arena->cursor;
    arena->cursor += rounded;
    return p;
}

/* As hsp_arena_alloc for `count` elements, cleared; NULL also when the product overflows. */
void *hsp_arena_calloc(struct hsp_arena *arena, uint64_t count, size_t element_size);

#endif
