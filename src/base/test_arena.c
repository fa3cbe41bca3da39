/* SPDX-License-Identifier: MIT */
#include "base/arena.h"
#include "base/test.h"

#include <string.h>

HSP_TEST(allocations_are_aligned_and_apart)
{
    struct hsp_arena arena;

    hsp_arena_init(&arena, 1 << 20);
    char *a = hsp_arena_alloc(&arena, 3);
    char *b = hsp_arena_alloc(&arena, 5);
    HSP_CHECK(a && b);
    HSP_CHECK_EQ((uintptr_t)a % 16, 0);
    HSP_CHECK_EQ((uintptr_t)b % 16, 0);
    HSP_CHECK(b - a >= 3);
    hsp_arena_finish(&arena);
}

HSP_TEST(cap_is_kept_over_many_blocks)
{
    struct hsp_arena arena;
    uint64_t total = 0;

    hsp_arena_init(&arena, 1 << 20);
    while (hsp_arena_alloc(&arena, 100000))
        total += 100000;
    HSP_CHECK(total <= 1 << 20);
    HSP_CHECK(total > 1 << 19);
    hsp_arena_finish(&arena);
}

HSP_TEST(request_above_the_cap_fails_without_harm)
{
    struct hsp_arena arena;

    hsp_arena_init(&arena, 1 << 20);
    HSP_CHECK(!hsp_arena_alloc(&arena, SIZE_MAX));
    HSP_CHECK(!hsp_arena_alloc(&arena, SIZE_MAX - 8));
    HSP_CHECK(!hsp_arena_alloc(&arena, (1 << 20) + 1));
    HSP_CHECK(!hsp_arena_calloc(&arena, UINT64_MAX / 4, 8));
    HSP_CHECK(hsp_arena_alloc(&arena, 16) != NULL);
    hsp_arena_finish(&arena);
}

HSP_TEST(reset_gives_the_cap_back)
{
    struct hsp_arena arena;

    hsp_arena_init(&arena, 1 << 20);
    for (int i = 0; i < 100; i++) {
        HSP_CHECK(hsp_arena_alloc(&arena, 1 << 19) != NULL);
        HSP_CHECK(hsp_arena_alloc(&arena, 1000) != NULL);
        hsp_arena_reset(&arena);
    }
    hsp_arena_finish(&arena);
}

HSP_TEST(calloc_clears_reused_memory)
{
    struct hsp_arena arena;

    hsp_arena_init(&arena, 1 << 20);
    memset(hsp_arena_alloc(&arena, 256), 0xff, 256);
    hsp_arena_reset(&arena);
    const char *again = hsp_arena_calloc(&arena, 64, 4);
    for (int i = 0; i < 256; i++)
        HSP_CHECK_EQ(again[i], 0);
    hsp_arena_finish(&arena);
}

HSP_TEST_MAIN()
