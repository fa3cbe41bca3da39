/* SPDX-License-Identifier: MIT */
#include "base/test.h"
#include "gpu/id_map.h"

#include <stdlib.h>

static void *value_of(uint32_t id)
{
    return (void *)(uintptr_t)(id * 8ull + 8);
}

/* Against a plain list, with ids that collide a lot. */
HSP_TEST(map_agrees_with_a_list)
{
    enum { COUNT = 3000 };
    struct hsp_gpu_id_map map = {0};
    bool there[COUNT + 1] = {false};
    uint32_t count = 0;

    srand(1);
    for (int i = 0; i < 200000; i++) {
        uint32_t n = (uint32_t)rand() % COUNT + 1, id = n << 20 | n >> 12 | n;
        HSP_CHECK(hsp_gpu_id_map_find(&map, id) == (there[n] ? value_of(id) : NULL));
        if (there[n])
            hsp_gpu_id_map_remove(&map, id);
        else
            HSP_CHECK_EQ(hsp_gpu_id_map_add(&map, id, value_of(id)), 0);
        count += there[n] ? -1 : 1;
        there[n] = !there[n];
        HSP_CHECK_EQ(map.count, count);
    }
    hsp_gpu_id_map_finish(&map);
}

HSP_TEST(zero_and_strangers_are_not_found)
{
    struct hsp_gpu_id_map map = {0};

    HSP_CHECK(hsp_gpu_id_map_find(&map, 1) == NULL);
    hsp_gpu_id_map_remove(&map, 1);
    HSP_CHECK_EQ(hsp_gpu_id_map_add(&map, UINT32_MAX, &map), 0);
    HSP_CHECK(hsp_gpu_id_map_find(&map, 0) == NULL);
    hsp_gpu_id_map_remove(&map, 0);
    hsp_gpu_id_map_remove(&map, 7);
    HSP_CHECK(hsp_gpu_id_map_find(&map, UINT32_MAX) == &map);
    hsp_gpu_id_map_finish(&map);
}

HSP_TEST(all_values_are_walked_and_taken_out)
{
    struct hsp_gpu_id_map map = {0};
    uint32_t cursor = 0, walked = 0, taken = 0;
    uintptr_t *value;

    for (uint32_t id = 1; id <= 1000; id++) {
        value = malloc(sizeof(*value));
        *value = id * 977;
        HSP_CHECK_EQ(hsp_gpu_id_map_add(&map, id * 977, value), 0);
    }
    while (hsp_gpu_id_map_next(&map, &cursor))
        walked++;
    HSP_CHECK_EQ(walked, 1000);
    cursor = 0;
    while ((value = hsp_gpu_id_map_front(&map, &cursor))) {
        hsp_gpu_id_map_remove(&map, (uint32_t)*value);
        free(value);
        taken++;
    }
    HSP_CHECK_EQ(taken, 1000);
    HSP_CHECK_EQ(map.count, 0);
    hsp_gpu_id_map_finish(&map);
}

HSP_TEST_MAIN()
