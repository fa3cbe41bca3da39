/* SPDX-License-Identifier: MIT */
/*
 * linear-check: linear images that the host writes before the GPU sees them, in the two ways there
 * are: PREINITIALIZED images whose first layout keeps what was written, and images in GENERAL that
 * are written after their first transition. Every texel is compared after a copy to a buffer.
 */
#include "check.h"

#include <stdio.h>

#define WIDTH  67
#define HEIGHT 41
#define FORMAT VK_FORMAT_R8G8B8A8_UNORM

struct linear_image {
    VkImage image;
    VkDeviceMemory memory;
    VkSubresourceLayout layout;
    void *map;
};

static void create_linear(const struct demo_device *device, struct linear_image *linear,
                          VkImageLayout initial_layout)
{
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = FORMAT,
        .extent = {WIDTH, HEIGHT, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_LINEAR,
        .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT,
        .initialLayout = initial_layout,
    };
    const VkImageSubresource subresource = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT};
    VkMemoryRequirements requirements;

    DEMO_VK(vkCreateImage(device->device, &info, NULL, &linear->image));
    vkGetImageMemoryRequirements(device->device, linear->image, &requirements);
    const VkMemoryAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = requirements.size,
        .memoryTypeIndex = demo_memory_type(
            device, requirements.memoryTypeBits,
            VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, 0),
    };
    DEMO_VK(vkAllocateMemory(device->device, &allocate, NULL, &linear->memory));
    DEMO_VK(vkBindImageMemory(device->device, linear->image, linear->memory, 0));
    vkGetImageSubresourceLayout(device->device, linear->image, &subresource, &linear->layout);
    DEMO_VK(vkMapMemory(device->device, linear->memory, 0, VK_WHOLE_SIZE, 0, &linear->map));
}

static uint32_t texel(uint32_t x, uint32_t y, uint32_t seed)
{
    return (x * 2654435761u) ^ (y * 40503u) ^ seed;
}

static void write_texels(const struct linear_image *linear, uint32_t seed)
{
    for (uint32_t y = 0; y < HEIGHT; y++) {
        uint32_t *row = (uint32_t *)(void *)((char *)linear->map + linear->layout.offset +
                                             y * linear->layout.rowPitch);
        for (uint32_t x = 0; x < WIDTH; x++)
            row[x] = texel(x, y, seed);
    }
}

static void copy_and_verify(const struct demo_device *device, const struct linear_image *linear,
                            VkImageLayout old_layout, uint32_t seed)
{
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {WIDTH, HEIGHT, 1},
    };
    VkCommandBuffer commands = demo_commands_begin(device);
    struct demo_buffer buffer;

    demo_buffer_create(device, &buffer, WIDTH * HEIGHT * 4, VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                       VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    demo_image_barrier(commands, linear->image, VK_IMAGE_ASPECT_COLOR_BIT, old_layout,
                       VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    vkCmdCopyImageToBuffer(commands, linear->image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                           buffer.buffer, 1, &region);
    demo_record_barrier(commands);
    demo_commands_run(device, commands);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < WIDTH; x++)
            CHECK_EQUAL(((uint32_t *)buffer.map)[y * WIDTH + x], texel(x, y, seed), "texel %u, %u",
                        x, y);
    }
    demo_buffer_destroy(device, &buffer);
}

static void destroy_linear(const struct demo_device *device, struct linear_image *linear)
{
    vkDestroyImage(device->device, linear->image, NULL);
    vkFreeMemory(device->device, linear->memory, NULL);
}

int main(int argc, char **argv)
{
    struct demo_device device;
    struct linear_image linear;
    VkCommandBuffer commands;

    check_options_known(argc, argv, (const char *const[]){NULL});
    demo_device_choose(&device, -1);
    demo_device_create(&device, NULL);

    create_linear(&device, &linear, VK_IMAGE_LAYOUT_PREINITIALIZED);
    write_texels(&linear, 1);
    copy_and_verify(&device, &linear, VK_IMAGE_LAYOUT_PREINITIALIZED, 1);
    destroy_linear(&device, &linear);

    create_linear(&device, &linear, VK_IMAGE_LAYOUT_UNDEFINED);
    commands = demo_commands_begin(&device);
    demo_image_barrier(commands, linear.image, VK_IMAGE_ASPECT_COLOR_BIT, VK_IMAGE_LAYOUT_UNDEFINED,
                       VK_IMAGE_LAYOUT_GENERAL);
    demo_commands_run(&device, commands);
    write_texels(&linear, 2);
    copy_and_verify(&device, &linear, VK_IMAGE_LAYOUT_GENERAL, 2);
    destroy_linear(&device, &linear);

    printf("linear-check: ok on %s\n", device.properties.deviceName);
    demo_device_destroy(&device);
    return 0;
}
