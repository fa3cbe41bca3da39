/* SPDX-License-Identifier: MIT */
/*
 * share-check: copies and draws into images that are exported as dma-bufs, and reads the pixels
 * through the dma-buf: what a screen would show of an image that nobody copies. What the CPU writes
 * there is what the GPU draws over.
 *
 * Exit status 77 when the device has no such images.
 */
#include "check.h"
#include "share_draw.h"
#include "shared_image.h"

#include <drm_fourcc.h>
#include <stdio.h>
#include <string.h>

#define COPY_USAGE (VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT)

/* The other has rows that are not aligned to anything. */
static const uint32_t sizes[][2] = {{320, 200}, {321, 203}};

static const struct {
    VkFormat format;
    uint32_t texel_size;
} formats[] = {
    {SHARE_FORMAT, 4},
    {VK_FORMAT_R8_UNORM, 1},
    {VK_FORMAT_R5G6B5_UNORM_PACK16, 2},
    {VK_FORMAT_R16G16B16A16_SFLOAT, 8},
};

static const struct share_way ways[] = {
    {VK_QUEUE_FAMILY_FOREIGN_EXT, false},
    {VK_QUEUE_FAMILY_EXTERNAL, false},
    {VK_QUEUE_FAMILY_FOREIGN_EXT, true},
    {VK_QUEUE_FAMILY_EXTERNAL, true},
};

#define COUNT(a)      (sizeof(a) / sizeof((a)[0]))
#define MAX_BYTES     (321 * 203 * 8)
#define MIN_SYNC2_API VK_API_VERSION_1_3 /* which has the feature for sure */

static bool has_extensions(const struct demo_device *device)
{
    for (uint32_t i = 0; i < DEMO_SHARED_IMAGE_EXTENSION_COUNT; i++) {
        if (!demo_device_has_extension(device->physical, demo_shared_image_extensions[i])) {
            printf("share-check: skipped, %s has no %s\n", device->properties.deviceName,
                   demo_shared_image_extensions[i]);
            return false;
        }
    }
    return true;
}

static bool exports_linear(const struct demo_device *device, VkFormat format,
                           VkImageUsageFlags usage)
{
    const uint64_t linear = DRM_FORMAT_MOD_LINEAR;
    uint64_t modifier;

    return demo_shared_image_modifiers(device, format, usage, &linear, 1, &modifier) > 0;
}

static void create_device(struct demo_device *device)
{
    const VkPhysicalDeviceVulkan13Features features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
        .synchronization2 = VK_TRUE,
    };
    const struct demo_device_options options = {
        .extensions = demo_shared_image_extensions,
        .extension_count = DEMO_SHARED_IMAGE_EXTENSION_COUNT,
        .features = device->api_version >= MIN_SYNC2_API ? &features : NULL,
    };

    demo_device_create(device, &options);
}

/* A picture that comes from a buffer, whose rows have no padding, so that each byte is known. */
static void record_copy(const struct demo_shared_image *shared, VkCommandBuffer commands,
                        const struct demo_buffer *source, uint32_t width, uint32_t height)
{
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {width, height, 1},
    };

    demo_image_barrier(commands, shared->image, VK_IMAGE_ASPECT_COLOR_BIT,
                       VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    vkCmdCopyBufferToImage(commands, source->buffer, shared->image,
                           VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
}

static void check_copy(const struct demo_device *device, const struct demo_buffer *source,
                       uint32_t format_index, VkImageUsageFlags usage, const uint32_t *size)
{
    const VkFormat format = formats[format_index].format;
    const size_t row_size = (size_t)size[0] * formats[format_index].texel_size;
    const uint64_t linear = DRM_FORMAT_MOD_LINEAR;
    struct demo_shared_image shared;

    demo_shared_image_create(device, &shared, format, size[0], size[1], usage, &linear, 1);
    CHECK_EQUAL(shared.modifier, linear, "modifier");
    VkCommandBuffer commands = demo_commands_begin(device);
    record_copy(&shared, commands, source, size[0], size[1]);
    demo_shared_image_release(device, &shared, commands, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    demo_commands_run(device, commands);

    const uint8_t *bytes = demo_shared_image_map(&shared);
    for (uint32_t y = 0; y < size[1]; y++)
        CHECK_EQUAL(memcmp(bytes + y * shared.layout.rowPitch,
                           (const uint8_t *)source->map + y * row_size, row_size),
                    0, "difference in row %u of a copy of format %d, usage 0x%x, %ux%u", y, format,
                    usage, size[0], size[1]);
    demo_shared_image_destroy(device, &shared);
}

static void check_copies(const struct demo_device *device, const struct demo_buffer *source,
                         const uint32_t *size, uint32_t seed)
{
    const VkImageUsageFlags usages[] = {SHARE_USAGE, COPY_USAGE};
    uint8_t *bytes = source->map;

    for (uint32_t i = 0; i < MAX_BYTES; i++)
        bytes[i] = (uint8_t)((i + seed) * 2654435761u >> 24);
    for (uint32_t i = 0; i < COUNT(formats); i++)
        for (uint32_t j = 0; j < COUNT(usages); j++)
            if (exports_linear(device, formats[i].format, usages[j]))
                check_copy(device, source, i, usages[j], size);
}

static void check_loop(const struct demo_device *device, const struct demo_buffer *source,
                       uint32_t loop)
{
    for (uint32_t i = 0; i < COUNT(sizes); i++) {
        check_copies(device, source, sizes[i], loop);
        for (uint32_t j = 0; j < COUNT(ways); j++)
            if (!ways[j].uses_sync2 || device->api_version >= MIN_SYNC2_API)
                share_draw_check(device, &ways[j], sizes[i][0], sizes[i][1], loop);
    }
}

int main(int argc, char **argv)
{
    const uint32_t loops = check_option_number(argc, argv, "loops", 3);
    struct demo_device device;
    struct demo_buffer source;

    check_options_known(argc, argv, (const char *const[]){"loops", NULL});
    demo_device_choose(&device, -1);
    if (!has_extensions(&device))
        return 77;
    create_device(&device);
    if (!exports_linear(&device, SHARE_FORMAT, SHARE_USAGE)) {
        printf("share-check: skipped, %s exports no linear images\n", device.properties.deviceName);
        return 77;
    }
    demo_buffer_create(&device, &source, MAX_BYTES, VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                       VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);
    for (uint32_t loop = 0; loop < loops; loop++)
        check_loop(&device, &source, loop);
    demo_buffer_destroy(&device, &source);
    printf("share-check: ok, %u loops on %s\n", loops, device.properties.deviceName);
    demo_device_destroy(&device);
    return 0;
}
