/* SPDX-License-Identifier: MIT */
#include "base/format.h"

#include "base/limits.h"

#define FORMAT(name_, r, g, b, a, has_alpha_) \
    {.format = HSP_FORMAT_##name_,            \
     .name = #name_,                          \
     .bytes_per_pixel = 4,                    \
     .red = r,                                \
     .green = g,                              \
     .blue = b,                               \
     .alpha = a,                              \
     .has_alpha = has_alpha_}

static const struct hsp_format_info formats[] = {
    FORMAT(B8G8R8A8, 2, 1, 0, 3, true), FORMAT(B8G8R8X8, 2, 1, 0, 3, false),
    FORMAT(A8R8G8B8, 1, 2, 3, 0, true), FORMAT(X8R8G8B8, 1, 2, 3, 0, false),
    FORMAT(R8G8B8A8, 0, 1, 2, 3, true), FORMAT(X8B8G8R8, 3, 2, 1, 0, false),
    FORMAT(A8B8G8R8, 3, 2, 1, 0, true), FORMAT(R8G8B8X8, 0, 1, 2, 3, false),
};

const struct hsp_format_info *hsp_format_find(uint32_t format)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(formats); i++) {
        if (formats[i].format == format)
            return &formats[i];
    }
    return NULL;
}

bool hsp_format_layout_fits(const struct hsp_format_info *info, uint32_t width, uint32_t height,
                            uint32_t stride, uint64_t offset, uint64_t size)
{
    if (width == 0 || height == 0 || width > HSP_LIMIT_SCANOUT_EXTENT ||
        height > HSP_LIMIT_SCANOUT_EXTENT)
        return false;
    uint64_t row_size = (uint64_t)width * info->bytes_per_pixel;
    if (stride < row_size)
        return false;
    /* At most 2^14 rows of 2^32 bytes: no overflow. */
    return hsp_range_fits(offset, (uint64_t)stride * (height - 1) + row_size, size);
}
