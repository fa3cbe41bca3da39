/* SPDX-License-Identifier: MIT */
/*
 * host-copy-check: copies between host memory and an image with two layers, without a GPU command
 * (VK_EXT_host_image_copy). Rows are longer than the image and nothing follows the last texel, the
 * memory is exactly as large as it must be; layers are counted or VK_REMAINING_ARRAY_LAYERS; and
 * an image of one layer is copied as the driver keeps it (VK_HOST_IMAGE_COPY_MEMCPY; with more
 * layers the validation layer complains of what is right).
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH      37
#define HEIGHT     23
#define LAYERS     2
#define ROW_LENGTH 50 /* texels */
#define ROWS       29 /* of a layer */
#define FORMAT     VK_FORMAT_R8G8B8A8_UNORM
#define USAGE      VK_IMAGE_USAGE_HOST_TRANSFER_BIT_EXT

struct host_copy {
    struct demo_device device;
    PFN_vkCopyMemoryToImageEXT write;
    PFN_vkCopyImageToMemoryEXT read;
    PFN_vkTransitionImageLayoutEXT transition;
    PFN_vkGetImageSubresourceLayout2EXT get_layout;
};

static uint32_t texel(uint32_t x, uint32_t y, uint32_t layer)
{
    return 0x01000193u * (x + 1) ^ 0x9e3779b9u * (y + 1) ^ layer << 30;
}

/* Bytes from the first to the last texel. */
static size_t padded_size(void)
{
    return (((size_t)(LAYERS - 1) * ROWS + HEIGHT - 1) * ROW_LENGTH + WIDTH) * 4;
}

static uint32_t *at(uint32_t *texels, uint32_t x, uint32_t y, uint32_t layer)
{
    return texels + ((size_t)layer * ROWS + y) * ROW_LENGTH + x;
}

static VkImage create_image(const struct host_copy *copy, uint32_t layers,
                            VkDeviceMemory *out_memory)
{
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = FORMAT,
        .extent = {WIDTH, HEIGHT, 1},
        .mipLevels = 1,
        .arrayLayers = layers,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_OPTIMAL,
        .usage = USAGE,
    };
    VkHostImageLayoutTransitionInfoEXT transition = {
        .sType = VK_STRUCTURE_TYPE_HOST_IMAGE_LAYOUT_TRANSITION_INFO_EXT,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, VK_REMAINING_ARRAY_LAYERS},
    };
    VkMemoryRequirements requirements;

    DEMO_VK(vkCreateImage(copy->device.device, &info, NULL, &transition.image));
    vkGetImageMemoryRequirements(copy->device.device, transition.image, &requirements);
    const VkMemoryAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = requirements.size,
        .memoryTypeIndex = demo_memory_type(&copy->device, requirements.memoryTypeBits, 0, 0),
    };
    DEMO_VK(vkAllocateMemory(copy->device.device, &allocate, NULL, out_memory));
    DEMO_VK(vkBindImageMemory(copy->device.device, transition.image, *out_memory, 0));
    DEMO_VK(copy->transition(copy->device.device, 1, &transition));
    return transition.image;
}

static void write_image(const struct host_copy *copy, VkImage image, void *texels,
                        VkHostImageCopyFlagsEXT flags, uint32_t layer_count)
{
    const bool is_padded = !flags;
    const VkMemoryToImageCopyEXT region = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_TO_IMAGE_COPY_EXT,
        .pHostPointer = texels,
        .memoryRowLength = is_padded ? ROW_LENGTH : 0,
        .memoryImageHeight = is_padded ? ROWS : 0,
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, layer_count},
        .imageExtent = {WIDTH, HEIGHT, 1},
    };
    const VkCopyMemoryToImageInfoEXT info = {
        .sType = VK_STRUCTURE_TYPE_COPY_MEMORY_TO_IMAGE_INFO_EXT,
        .flags = flags,
        .dstImage = image,
        .dstImageLayout = VK_IMAGE_LAYOUT_GENERAL,
        .regionCount = 1,
        .pRegions = &region,
    };

    DEMO_VK(copy->write(copy->device.device, &info));
}

static void read_image(const struct host_copy *copy, VkImage image, void *texels,
                       VkHostImageCopyFlagsEXT flags, uint32_t layer_count)
{
    const bool is_padded = !flags;
    const VkImageToMemoryCopyEXT region = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_TO_MEMORY_COPY_EXT,
        .pHostPointer = texels,
        .memoryRowLength = is_padded ? ROW_LENGTH : 0,
        .memoryImageHeight = is_padded ? ROWS : 0,
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, layer_count},
        .imageExtent = {WIDTH, HEIGHT, 1},
    };
    const VkCopyImageToMemoryInfoEXT info = {
        .sType = VK_STRUCTURE_TYPE_COPY_IMAGE_TO_MEMORY_INFO_EXT,
        .flags = flags,
        .srcImage = image,
        .srcImageLayout = VK_IMAGE_LAYOUT_GENERAL,
        .regionCount = 1,
        .pRegions = &region,
    };

    DEMO_VK(copy->read(copy->device.device, &info));
}

/* The image holds what write_image() was given. */
static void verify(const struct host_copy *copy, VkImage image, uint32_t layers,
                   uint32_t layer_count)
{
    uint32_t *texels = malloc(padded_size());

    memset(texels, 0, padded_size());
    read_image(copy, image, texels, 0, layer_count);
    for (uint32_t layer = 0; layer < layers; layer++) {
        for (uint32_t y = 0; y < HEIGHT; y++) {
            for (uint32_t x = 0; x < WIDTH; x++)
                CHECK_EQUAL(*at(texels, x, y, layer), texel(x, y, layer),
                            "texel %u, %u of layer %u", x, y, layer);
        }
    }
    free(texels);
}

/* Bytes of the first layer as the driver keeps it. */
static size_t get_own_size(const struct host_copy *copy, VkImage image)
{
    const VkImageSubresource2EXT subresource = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_SUBRESOURCE_2_EXT,
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0},
    };
    VkSubresourceHostMemcpySizeEXT size = {
        .sType = VK_STRUCTURE_TYPE_SUBRESOURCE_HOST_MEMCPY_SIZE_EXT,
    };
    VkSubresourceLayout2EXT layout = {
        .sType = VK_STRUCTURE_TYPE_SUBRESOURCE_LAYOUT_2_EXT,
        .pNext = &size,
    };

    copy->get_layout(copy->device.device, image, &subresource, &layout);
    return size.size;
}

static void copy_as_kept(const struct host_copy *copy, VkImage from, VkImage to)
{
    void *texels = malloc(get_own_size(copy, from));

    read_image(copy, from, texels, VK_HOST_IMAGE_COPY_MEMCPY_EXT, 1);
    write_image(copy, to, texels, VK_HOST_IMAGE_COPY_MEMCPY_EXT, 1);
    free(texels);
}

static void create_device(struct host_copy *copy)
{
    static const char *const extensions[] = {"VK_EXT_host_image_copy", "VK_KHR_maintenance5"};
    VkPhysicalDeviceMaintenance5FeaturesKHR maintenance5 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_5_FEATURES_KHR,
        .maintenance5 = VK_TRUE,
    };
    VkPhysicalDeviceHostImageCopyFeaturesEXT features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_HOST_IMAGE_COPY_FEATURES_EXT,
        .pNext = &maintenance5,
        .hostImageCopy = VK_TRUE,
    };
    const struct demo_device_options options = {
        .extensions = extensions,
        .extension_count = 2,
        .features = &features,
    };
    VkDevice device;

    demo_device_choose(&copy->device, -1);
    demo_device_create(&copy->device, &options);
    device = copy->device.device;
    copy->write = (PFN_vkCopyMemoryToImageEXT)vkGetDeviceProcAddr(device, "vkCopyMemoryToImageEXT");
    copy->read = (PFN_vkCopyImageToMemoryEXT)vkGetDeviceProcAddr(device, "vkCopyImageToMemoryEXT");
    copy->transition =
        (PFN_vkTransitionImageLayoutEXT)vkGetDeviceProcAddr(device, "vkTransitionImageLayoutEXT");
    copy->get_layout = (PFN_vkGetImageSubresourceLayout2EXT)vkGetDeviceProcAddr(
        device, "vkGetImageSubresourceLayout2EXT");
}

int main(int argc, char **argv)
{
    static const char *const options[] = {NULL};
    struct host_copy copy;
    VkDeviceMemory memory[3];
    VkImage images[3];
    uint32_t *texels = calloc(1, padded_size());

    check_options_known(argc, argv, options);
    create_device(&copy);
    for (uint32_t layer = 0; layer < LAYERS; layer++) {
        for (uint32_t y = 0; y < HEIGHT; y++) {
            for (uint32_t x = 0; x < WIDTH; x++)
                *at(texels, x, y, layer) = texel(x, y, layer);
        }
    }
    for (int i = 0; i < 3; i++)
        images[i] = create_image(&copy, i == 0 ? LAYERS : 1, &memory[i]);
    write_image(&copy, images[0], texels, 0, LAYERS);
    verify(&copy, images[0], LAYERS, VK_REMAINING_ARRAY_LAYERS);
    write_image(&copy, images[1], texels, 0, VK_REMAINING_ARRAY_LAYERS);
    copy_as_kept(&copy, images[1], images[2]);
    verify(&copy, images[2], 1, 1);

    for (int i = 0; i < 3; i++) {
        vkDestroyImage(copy.device.device, images[i], NULL);
        vkFreeMemory(copy.device.device, memory[i], NULL);
    }
    demo_device_destroy(&copy.device);
    free(texels);
    printf("host-copy-check: ok\n");
    return 0;
}
