/* SPDX-License-Identifier: MIT */
#include "base/format.h"
#include "base/limits.h"
#include "base/test.h"

#include <stdlib.h>
#include <string.h>

static const struct hsp_format_info *find(uint32_t format)
{
    const struct hsp_format_info *info = hsp_format_find(format);

    HSP_CHECK(info != NULL);
    return info;
}

/* Every format once more, as the headers of the others spell it: virtio-gpu and virgl the number,
 * DRM the fourcc. Where a channel is, is in the name: lowest bits first. */
static const struct {
    uint32_t number;
    char fourcc[5];
    const char *name;
} known[] = {
    {1, "AR24", "B8G8R8A8"},      {2, "XR24", "B8G8R8X8"},       {3, "BA24", "A8R8G8B8"},
    {4, "BX24", "X8R8G8B8"},      {67, "AB24", "R8G8B8A8"},      {68, "RX24", "X8B8G8R8"},
    {121, "RA24", "A8B8G8R8"},    {134, "XB24", "R8G8B8X8"},     {7, "RG16", "B5G6R5"},
    {8, "AB30", "R10G10B10A2"},   {308, "XB30", "R10G10B10X2"},  {131, "AR30", "B10G10R10A2"},
    {233, "XR30", "B10G10R10X2"}, {94, "AB4H", "R16G16B16A16F"}, {236, "XB4H", "R16G16B16X16F"},
};

HSP_TEST(numbers_fourccs_and_names)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(known); i++) {
        const struct hsp_format_info *info = find(known[i].number);
        HSP_CHECK_EQ(info->format, known[i].number);
        HSP_CHECK_STREQ(info->name, known[i].name);
        HSP_CHECK(memcmp(&info->fourcc, known[i].fourcc, 4) == 0);
        HSP_CHECK_EQ(info->has_alpha, strchr(known[i].name, 'A') != NULL);
    }
}

/* Where the name has a channel: its first bit, and how many there are. */
static bool find_channel(const char *name, char channel, uint32_t *out_shift, uint32_t *out_bits)
{
    uint32_t shift = 0;

    while (*name && *name != 'F') {
        char letter = *name++;
        uint32_t bits = (uint32_t)strtoul(name, (char **)&name, 10);
        if (letter == channel) {
            *out_shift = shift;
            *out_bits = bits;
            return true;
        }
        shift += bits;
    }
    *out_shift = shift; /* of the whole */
    return false;
}

HSP_TEST(sizes_agree_with_names)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(known); i++) {
        uint32_t bits, ignored;
        HSP_CHECK(!find_channel(known[i].name, '?', &bits, &ignored));
        HSP_CHECK_EQ(find(known[i].number)->bytes_per_pixel * 8, bits);
    }
}

/* Each channel alone at its brightest, all others dark, unused bits set. */
HSP_TEST(colours_are_where_the_names_say)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(known); i++) {
        const struct hsp_format_info *info = find(known[i].number);
        for (int channel = 0; channel < 3; channel++) {
            uint32_t shift, bits;
            uint64_t pixel = 0;
            uint8_t rgb[3];
            HSP_CHECK(find_channel(known[i].name, "RGB"[channel], &shift, &bits));
            pixel |= (bits == 16 ? UINT64_C(0x3c00) : (UINT64_C(1) << bits) - 1) << shift;
            if (find_channel(known[i].name, info->has_alpha ? 'A' : 'X', &shift, &bits))
                pixel |= ((UINT64_C(1) << bits) - 1) << shift;
            hsp_format_to_rgb(info, (const uint8_t *)&pixel, 1, rgb);
            for (int c = 0; c < 3; c++)
                HSP_CHECK_EQ(rgb[c], c == channel ? 255 : 0);
        }
    }
}

HSP_TEST(unknown_numbers_are_not_found)
{
    static const uint32_t numbers[] = {0,   5,   6,   9,   66,  69,  93,  95,  120,       122,
                                       130, 132, 133, 135, 232, 234, 235, 237, 307,       309,
                                       310, 320, 321, 512, 263, 264, 265, 225, UINT32_MAX};

    for (size_t i = 0; i < HSP_ARRAY_COUNT(numbers); i++)
        HSP_CHECK(hsp_format_find(numbers[i]) == NULL);
}

HSP_TEST(channels_are_rounded_to_the_nearest)
{
    uint8_t rgb[6];
    const uint16_t words[] = {1 << 11 | 1 << 5 | 1, 16 << 11 | 32 << 5 | 30};
    const uint32_t tens = 2u | 512u << 10 | 1022u << 20;

    hsp_format_to_rgb(find(HSP_FORMAT_B5G6R5), (const uint8_t *)words, 2, rgb);
    HSP_CHECK_EQ(rgb[0], 8); /* 8.2 */
    HSP_CHECK_EQ(rgb[1], 4); /* 4.05 */
    HSP_CHECK_EQ(rgb[2], 8);
    HSP_CHECK_EQ(rgb[3], 132); /* 131.6 */
    HSP_CHECK_EQ(rgb[4], 130); /* 129.5 */
    HSP_CHECK_EQ(rgb[5], 247); /* 246.8 */
    hsp_format_to_rgb(find(HSP_FORMAT_R10G10B10A2), (const uint8_t *)&tens, 1, rgb);
    HSP_CHECK_EQ(rgb[0], 0);   /* 0.499 */
    HSP_CHECK_EQ(rgb[1], 128); /* 127.6 */
    HSP_CHECK_EQ(rgb[2], 255); /* 254.8 */
}

HSP_TEST(halves_of_all_kinds)
{
    static const struct {
        uint16_t half;
        uint8_t value;
    } halves[] = {
        {0x0000, 0},   {0x8000, 0},   {0x0001, 0},  {0x03ff, 0},   {0x17ff, 0},   {0x1804, 0},
        {0x1805, 1},   {0x3800, 128}, {0x3555, 85}, {0x3bff, 255}, {0x3c00, 255}, {0x4000, 255},
        {0x7bff, 255}, {0x7c00, 255}, {0xfc00, 0},  {0x7e00, 0},   {0x7c01, 0},   {0xbc00, 0},
        {0x1c04, 1},   {0x1e06, 1},   {0x1e07, 2},  {0x3400, 64},  {0x3bf6, 254},
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(halves); i++) {
        uint16_t pixel[4] = {halves[i].half, 0x3c00, 0, 0};
        uint8_t rgb[3];
        hsp_format_to_rgb(find(HSP_FORMAT_R16G16B16X16F), (const uint8_t *)pixel, 1, rgb);
        HSP_CHECK_EQ(rgb[0], halves[i].value);
        HSP_CHECK_EQ(rgb[1], 255);
        HSP_CHECK_EQ(rgb[2], 0);
    }
}

HSP_TEST(layout_must_lie_inside)
{
    const struct hsp_format_info *info = find(HSP_FORMAT_B8G8R8X8);

    HSP_CHECK(hsp_format_layout_fits(info, 10, 10, 40, 0, 400));
    HSP_CHECK(!hsp_format_layout_fits(info, 10, 10, 40, 1, 400));
    HSP_CHECK(!hsp_format_layout_fits(info, 10, 10, 40, UINT64_MAX, 400));
    HSP_CHECK(!hsp_format_layout_fits(info, 10, 10, 39, 0, 400));
    HSP_CHECK(!hsp_format_layout_fits(info, 0, 10, 40, 0, 400));
    HSP_CHECK(!hsp_format_layout_fits(info, 10, 0, 40, 0, 400));
    HSP_CHECK(!hsp_format_layout_fits(info, 10, HSP_LIMIT_SCANOUT_EXTENT + 1, 40, 0, UINT64_MAX));
    HSP_CHECK(!hsp_format_layout_fits(info, UINT32_MAX, 1, UINT32_MAX, 0, UINT64_MAX));
    HSP_CHECK(!hsp_format_layout_fits(info, 0x40000001, 1, 4, 0, 400));
}

HSP_TEST(layout_of_small_and_large_pixels)
{
    const struct hsp_format_info *small = find(HSP_FORMAT_B5G6R5);
    const struct hsp_format_info *large = find(HSP_FORMAT_R16G16B16A16F);

    HSP_CHECK(hsp_format_layout_fits(small, 10, 10, 20, 0, 200));
    HSP_CHECK(!hsp_format_layout_fits(small, 10, 10, 19, 0, 200));
    HSP_CHECK(!hsp_format_layout_fits(small, 10, 10, 20, 0, 199));
    HSP_CHECK(hsp_format_layout_fits(large, 10, 10, 80, 0, 800));
    HSP_CHECK(!hsp_format_layout_fits(large, 10, 10, 79, 0, 800));
    HSP_CHECK(!hsp_format_layout_fits(large, 10, 10, 80, 0, 799));
}

HSP_TEST(last_row_needs_no_padding)
{
    const struct hsp_format_info *info = find(HSP_FORMAT_R8G8B8A8);

    HSP_CHECK(hsp_format_layout_fits(info, 10, 3, 64, 8, 8 + 64 + 64 + 40));
    HSP_CHECK(!hsp_format_layout_fits(info, 10, 3, 64, 8, 8 + 64 + 64 + 39));
}

HSP_TEST_MAIN()
