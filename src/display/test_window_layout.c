/* SPDX-License-Identifier: MIT */
#include "display/window_layout.h"

#include "base/test.h"

static void check(enum hsp_display_scale scale, uint32_t picture_width, uint32_t picture_height,
                  uint32_t window_width, uint32_t window_height, struct hsp_window_layout expected)
{
    struct hsp_window_layout layout =
        hsp_window_layout_get(scale, picture_width, picture_height, window_width, window_height);

    HSP_CHECK_EQ(layout.x, expected.x);
    HSP_CHECK_EQ(layout.y, expected.y);
    HSP_CHECK_EQ(layout.width, expected.width);
    HSP_CHECK_EQ(layout.height, expected.height);
}

static void check_letterbox(uint32_t picture_width, uint32_t picture_height, uint32_t window_width,
                            uint32_t window_height, struct hsp_window_layout expected)
{
    check(HSP_DISPLAY_SCALE_LETTERBOX, picture_width, picture_height, window_width, window_height,
          expected);
}

HSP_TEST(same_size_fills_the_window)
{
    check_letterbox(640, 480, 640, 480, (struct hsp_window_layout){0, 0, 640, 480});
}

HSP_TEST(wide_window_has_bars_left_and_right)
{
    check_letterbox(640, 480, 1000, 480, (struct hsp_window_layout){180, 0, 640, 480});
}

HSP_TEST(tall_window_has_bars_above_and_below)
{
    check_letterbox(640, 480, 640, 500, (struct hsp_window_layout){0, 10, 640, 480});
    check_letterbox(640, 480, 320, 480, (struct hsp_window_layout){0, 120, 320, 240});
}

HSP_TEST(stretch_fills_any_window)
{
    check(HSP_DISPLAY_SCALE_STRETCH, 640, 480, 77, 900, (struct hsp_window_layout){0, 0, 77, 900});
}

HSP_TEST(extreme_proportions_keep_a_pixel)
{
    check_letterbox(16384, 1, 100, 100, (struct hsp_window_layout){0, 49, 100, 1});
    check_letterbox(1, 16384, 100, 100, (struct hsp_window_layout){49, 0, 1, 100});
    check_letterbox(16384, 16384, 1, 1, (struct hsp_window_layout){0, 0, 1, 1});
}

HSP_TEST_MAIN()
