/* SPDX-License-Identifier: MIT */
#include "base/format.h"
#include "base/limits.h"
#include "base/test.h"

static const struct hsp_format_info *find(uint32_t format)
{
    const struct hsp_format_info *info = hsp_format_find(format);

    HSP_CHECK(info != NULL);
    return info;
}

/* The name says the byte order, so it must agree with the channel positions. */
HSP_TEST(names_agree_with_channels)
{
    static const uint32_t numbers[] = {1, 2, 3, 4, 67, 68, 121, 134};

    for (size_t i = 0; i < HSP_ARRAY_COUNT(numbers); i++) {
        const struct hsp_format_info *info = find(numbers[i]);
        HSP_CHECK_EQ(info->format, numbers[i]);
        HSP_CHECK_EQ(info->bytes_per_pixel, 4);
        HSP_CHECK_EQ(info->name[2 * info->red], 'R');
        HSP_CHECK_EQ(info->name[2 * info->green], 'G');
        HSP_CHECK_EQ(info->name[2 * info->blue], 'B');
        HSP_CHECK_EQ(info->name[2 * info->alpha], info->has_alpha ? 'A' : 'X');
    }
}

HSP_TEST(unknown_numbers_are_not_found)
{
    static const uint32_t numbers[] = {0, 5, 66, 69, 120, 122, 133, 135, UINT32_MAX};

    for (size_t i = 0; i < HSP_ARRAY_COUNT(numbers); i++)
        HSP_CHECK(hsp_format_find(numbers[i]) == NULL);
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

HSP_TEST(last_row_needs_no_padding)
{
    const struct hsp_format_info *info = find(HSP_FORMAT_R8G8B8A8);

    HSP_CHECK(hsp_format_layout_fits(info, 10, 3, 64, 8, 8 + 64 + 64 + 40));
    HSP_CHECK(!hsp_format_layout_fits(info, 10, 3, 64, 8, 8 + 64 + 64 + 39));
}

HSP_TEST_MAIN()
