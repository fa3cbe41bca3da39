/* SPDX-License-Identifier: MIT */
#include "readback.h"

void demo_readback_create(struct demo_readback *readback, struct demo_target *target)
{
    for (int i = 0; i < DEMO_TARGET_IMAGE_COUNT; i++) {
        demo_image_create(target->device, &readback->images[i], target->format, target->width,
                          target->height,
                          VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
        demo_buffer_create(target->device, &readback->buffers[i],
                           (VkDeviceSize)target->width * target->height * 4,
                           VK_BUFFER_USAGE_TRANSFER_DST_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT,
                           VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
        target->views[i] = readback->images[i].view;
    }
}

void demo_readback_destroy(struct demo_readback *readback, const struct demo_device *device)
{
    for (int i = 0; i < DEMO_TARGET_IMAGE_COUNT; i++) {
        demo_image_destroy(device, &readback->images[i]);
        demo_buffer_destroy(device, &readback->buffers[i]);
    }
}

void demo_readback_record(const struct demo_readback *readback, VkCommandBuffer commands,
                          uint32_t index)
{
    const struct demo_image *image = &readback->images[index];
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {image->width, image->height, 1},
    };
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_HOST_READ_BIT,
    };

    demo_image_barrier(commands, image->image, VK_IMAGE_ASPECT_COLOR_BIT,
                       VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                       VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    vkCmdCopyImageToBuffer(commands, image->image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                           readback->buffers[index].buffer, 1, &region);
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
                         &barrier, 0, NULL, 0, NULL);
}
