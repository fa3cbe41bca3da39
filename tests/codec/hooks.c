/* SPDX-License-Identifier: MIT */
/* The renderer's filters, doing nothing: these tests are about bytes. */
#include "venus/gen/handlers.h"

void hsp_vn_fix_VkImageMemoryBarrier(struct hsp_vn_reader *reader, VkImageMemoryBarrier *val)
{
}

void hsp_vn_fix_VkImageMemoryBarrier2(struct hsp_vn_reader *reader, VkImageMemoryBarrier2 *val)
{
}

void hsp_vn_fix_VkBufferMemoryBarrier(struct hsp_vn_reader *reader, VkBufferMemoryBarrier *val)
{
}

void hsp_vn_fix_VkBufferMemoryBarrier2(struct hsp_vn_reader *reader, VkBufferMemoryBarrier2 *val)
{
}

VkImageLayout hsp_vn_filter_VkImageLayout(VkImageLayout value)
{
    return value;
}
