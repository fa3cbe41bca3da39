/* SPDX-License-Identifier: MIT */
#include "base/test.h"
#include "gpu/edid.h"

#include <string.h>

static uint8_t sum(const uint8_t *bytes, size_t size)
{
    uint8_t total = 0;

    for (size_t i = 0; i < size; i++)
        total = (uint8_t)(total + bytes[i]);
    return total;
}

HSP_TEST(usual_mode_is_in_the_base_block)
{
    struct hsp_gpu_edid_params params = {.width = 1280, .height = 800, .serial = 1};
    uint8_t edid[HSP_GPU_EDID_MAX_SIZE];
    static const uint8_t magic[8] = {0, 255, 255, 255, 255, 255, 255, 0};

    HSP_CHECK_EQ(hsp_gpu_edid_encode(&params, edid), 128);
    HSP_CHECK_EQ(sum(edid, 128), 0);
    HSP_CHECK(memcmp(edid, magic, 8) == 0);
    HSP_CHECK_EQ(edid[8] << 8 | edid[9], ('H' - '@') << 10 | ('S' - '@') << 5 | ('P' - '@'));
    HSP_CHECK_EQ(edid[126], 0);

    const uint8_t *timing = edid + 54;
    uint32_t clock = (uint32_t)(timing[0] | timing[1] << 8);
    uint32_t h_total = 1280u + (timing[3] | (timing[4] & 15u) << 8);
    uint32_t v_total = 800u + (timing[6] | (timing[7] & 15u) << 8);
    HSP_CHECK_EQ(timing[2] | (timing[4] & 0xf0) << 4, 1280);
    HSP_CHECK_EQ(timing[5] | (timing[7] & 0xf0) << 4, 800);
    uint64_t refresh_100 = (uint64_t)clock * 10000 * 100 / (h_total * v_total);
    HSP_CHECK(refresh_100 >= 5990 && refresh_100 <= 6010);
    HSP_CHECK(timing[8] + timing[9] < (int)(h_total - 1280));
    HSP_CHECK_EQ(edid[72 + 3], 0xfc);
    HSP_CHECK(memcmp(edid + 72 + 5, "hesper\n      ", 13) == 0);
}

/* A mode that 12 bits or the clock cannot hold is a DisplayID timing. */
HSP_TEST(large_mode_is_in_an_extension)
{
    struct hsp_gpu_edid_params params = {.width = 7680, .height = 4320, .serial = 16};
    uint8_t edid[HSP_GPU_EDID_MAX_SIZE];

    HSP_CHECK_EQ(hsp_gpu_edid_encode(&params, edid), 256);
    HSP_CHECK_EQ(edid[126], 1);
    HSP_CHECK_EQ(sum(edid, 128), 0);
    HSP_CHECK_EQ(edid[128], 0x70);
    HSP_CHECK_EQ(sum(edid + 128, 128), 0);
    const uint8_t *section = edid + 129;
    HSP_CHECK_EQ(sum(section, 5u + section[1]), 0);
    const uint8_t *data = section + 4;
    HSP_CHECK_EQ(data[0], 3);
    HSP_CHECK_EQ(data[2], 20);
    HSP_CHECK_EQ((data[7] | data[8] << 8) + 1, 7680);
    HSP_CHECK_EQ((data[15] | data[16] << 8) + 1, 4320);
    uint64_t clock = (uint64_t)(data[3] | data[4] << 8 | data[5] << 16) + 1;
    uint64_t h_total = 7680u + (data[9] | data[10] << 8) + 1u;
    uint64_t v_total = 4320u + (data[17] | data[18] << 8) + 1u;
    uint64_t refresh_100 = clock * 10000 * 100 / (h_total * v_total);
    HSP_CHECK(refresh_100 >= 5990 && refresh_100 <= 6010);
}

HSP_TEST(extreme_modes_are_encoded)
{
    static const uint32_t extents[] = {1, 64, 4095, 4096, 16384};
    uint8_t edid[HSP_GPU_EDID_MAX_SIZE];

    for (size_t w = 0; w < HSP_ARRAY_COUNT(extents); w++) {
        for (size_t h = 0; h < HSP_ARRAY_COUNT(extents); h++) {
            struct hsp_gpu_edid_params params = {extents[w], extents[h], UINT32_MAX};
            size_t size = hsp_gpu_edid_encode(&params, edid);
            for (size_t i = 0; i < size; i += 128)
                HSP_CHECK_EQ(sum(edid + i, 128), 0);
        }
    }
}

HSP_TEST_MAIN()
