/* SPDX-License-Identifier: MIT */
/* The commands that stand for a transfer of a staged image's ownership. */
#include "venus/staging.h"

static VkImageMemoryBarrier2 image_barrier(const struct hsp_vn_staging_transfer *transfer)
{
    return (VkImageMemoryBarrier2){
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = transfer->image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
}

/* Between these stages; of the barriers only accesses and layouts count. */
static void record_barrier2(const struct hsp_vn_device *device, VkCommandBuffer commands,
                            VkPipelineStageFlags2 src_stages, VkPipelineStageFlags2 dst_stages,
                            const VkImageMemoryBarrier2 *image, const VkMemoryBarrier2 *memory)
{
    VkImageMemoryBarrier2 image_copy = *image;
    VkMemoryBarrier2 memory_copy = *memory;
    const VkDependencyInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO,
        .memoryBarrierCount = 1,
        .pMemoryBarriers = &memory_copy,
        .imageMemoryBarrierCount = 1,
        .pImageMemoryBarriers = &image_copy,
    };

    image_copy.srcStageMask = memory_copy.srcStageMask = src_stages;
    image_copy.dstStageMask = memory_copy.dstStageMask = dst_stages;
    device->driver.vkCmdPipelineBarrier2(commands, &info);
}

static void record_barrier(const struct hsp_vn_device *device, VkCommandBuffer commands,
                           VkPipelineStageFlags2 src_stages, VkPipelineStageFlags2 dst_stages,
                           const VkImageMemoryBarrier2 *image, const VkMemoryBarrier2 *memory)
{
    const VkMemoryBarrier memory1 = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = (VkAccessFlags)memory->srcAccessMask,
        .dstAccessMask = (VkAccessFlags)memory->dstAccessMask,
    };
    const VkImageMemoryBarrier image1 = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = (VkAccessFlags)image->srcAccessMask,
        .dstAccessMask = (VkAccessFlags)image->dstAccessMask,
        .oldLayout = image->oldLayout,
        .newLayout = image->newLayout,
        .srcQueueFamilyIndex = image->srcQueueFamilyIndex,
        .dstQueueFamilyIndex = image->dstQueueFamilyIndex,
        .image = image->image,
        .subresourceRange = image->subresourceRange,
    };

    device->driver.vkCmdPipelineBarrier(commands, (VkPipelineStageFlags)src_stages,
                                        (VkPipelineStageFlags)dst_stages, 0, 1, &memory1, 0, NULL,
                                        1, &image1);
}

static void record_copy(const struct hsp_vn_device *device, VkCommandBuffer commands,
                        const struct hsp_vn_staging_transfer *transfer)
{
    const struct hsp_vn_staging *staging = &transfer->staging;
    const VkBufferImageCopy region = {
        .bufferOffset = staging->layout.offset,
        .bufferRowLength = (uint32_t)(staging->layout.row_pitch / staging->layout.texel_size),
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {staging->layout.width, staging->layout.height, 1},
    };

    if (transfer->is_release)
        device->driver.vkCmdCopyImageToBuffer(commands, transfer->image,
                                              VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, staging->buffer,
                                              1, &region);
    else
        device->driver.vkCmdCopyBufferToImage(commands, staging->buffer, transfer->image,
                                              VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
}

/* An image that the guest only reads has nothing for others; one without content neither. Who
 * imports an image says that it has none the first time (wlroots), and means what others wrote. */
static bool has_copy(const struct hsp_vn_staging_transfer *transfer)
{
    const struct hsp_vn_staging_layout *layout = &transfer->staging.layout;
    bool is_undefined = transfer->old_layout == VK_IMAGE_LAYOUT_UNDEFINED;

    return transfer->is_release ? layout->is_written && !is_undefined
                                : layout->is_import || !is_undefined;
}

/* The image may have been copied a moment ago for the frame before, hence the stage of transfers on
 * both ends. The other side may be the CPU. */
void hsp_vn_staging_record(const struct hsp_vn_device *device, VkCommandBuffer commands,
                           const struct hsp_vn_staging_transfer *transfer)
{
    static const VkPipelineStageFlags2 copy = VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT;
    static const VkPipelineStageFlags2 host = VK_PIPELINE_STAGE_2_HOST_BIT;
    const bool is_release = transfer->is_release;
    VkImageMemoryBarrier2 before = image_barrier(transfer), after = before;
    const VkMemoryBarrier2 memory_before = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2,
        .srcAccessMask = VK_ACCESS_2_TRANSFER_WRITE_BIT | VK_ACCESS_2_HOST_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_2_TRANSFER_READ_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT,
    };
    const VkMemoryBarrier2 memory_after = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2,
        .srcAccessMask = VK_ACCESS_2_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_2_HOST_READ_BIT | VK_ACCESS_2_HOST_WRITE_BIT,
    };
    void (*record)(const struct hsp_vn_device *, VkCommandBuffer, VkPipelineStageFlags2,
                   VkPipelineStageFlags2, const VkImageMemoryBarrier2 *, const VkMemoryBarrier2 *) =
        transfer->uses_sync2 ? record_barrier2 : record_barrier;

    before.oldLayout = is_release ? transfer->old_layout : VK_IMAGE_LAYOUT_UNDEFINED;
    before.newLayout =
        is_release ? VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL : VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
    before.srcAccessMask = is_release ? transfer->src_access : 0;
    before.dstAccessMask =
        is_release ? VK_ACCESS_2_TRANSFER_READ_BIT : VK_ACCESS_2_TRANSFER_WRITE_BIT;
    after.oldLayout = before.newLayout;
    after.newLayout = transfer->new_layout;
    after.srcAccessMask = is_release ? 0 : VK_ACCESS_2_TRANSFER_WRITE_BIT;
    after.dstAccessMask = is_release ? 0 : transfer->dst_access;
    if (!has_copy(transfer)) {
        after.oldLayout = transfer->old_layout;
        after.srcAccessMask = transfer->src_access | VK_ACCESS_2_TRANSFER_WRITE_BIT;
        record(device, commands, transfer->src_stages | copy | host, transfer->dst_stages | copy,
               &after, &memory_before);
        return;
    }
    record(device, commands, transfer->src_stages | copy | host, copy, &before, &memory_before);
    record_copy(device, commands, transfer);
    record(device, commands, copy, transfer->dst_stages | copy | host, &after, &memory_after);
}
