/* SPDX-License-Identifier: MIT */
/*
 * types-check: makes buffers and images of several kinds in each memory type that a kind may be
 * bound to, fills them on the GPU and reads them back. --kinds=N: the device must have so many.
 */
#include "check.h"
#include "shared_image.h"

#include <drm_fourcc.h>
#include <stdio.h>

#define WIDTH       64
#define HEIGHT      32
#define SIZE        (4 * WIDTH * HEIGHT)
#define FORMAT      VK_FORMAT_R8G8B8A8_UNORM
#define USAGE       (VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT)
#define HANDLE_TYPE VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT
/* Of each texel or word: red 51, green 102, blue 153, alpha 204. */
#define CONTENT 0xcc996633u

struct kind {
    const char *name;
    bool is_image, is_exported;
    VkImageTiling tiling;
};

static const struct kind kinds[] = {
    {"buffers", false, false, 0},
    {"exported buffers", false, true, 0},
    {"optimal images", true, false, VK_IMAGE_TILING_OPTIMAL},
    {"linear images", true, false, VK_IMAGE_TILING_LINEAR},
    {"exported linear images", true, true, VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT},
};

/* A buffer or an image, with memory. */
struct resource {
    VkBuffer buffer;
    VkImage image;
    VkDeviceMemory memory;
};

static bool can_export_buffers(const struct demo_device *device)
{
    const VkPhysicalDeviceExternalBufferInfo info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
        .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
        .handleType = HANDLE_TYPE,
    };
    VkExternalBufferProperties properties = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES,
    };

    vkGetPhysicalDeviceExternalBufferProperties(device->physical, &info, &properties);
    return properties.externalMemoryProperties.externalMemoryFeatures &
           VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT;
}

static bool has_extensions(const struct demo_device *device)
{
    for (uint32_t i = 0; i < DEMO_SHARED_IMAGE_EXTENSION_COUNT; i++) {
        if (!demo_device_has_extension(device->physical, demo_shared_image_extensions[i]))
            return false;
    }
    return true;
}

static bool has_kind(const struct demo_device *device, const struct kind *kind)
{
    const uint64_t linear = DRM_FORMAT_MOD_LINEAR;
    uint64_t found;

    if (!kind->is_exported)
        return true;
    if (!has_extensions(device))
        return false;
    if (!kind->is_image)
        return can_export_buffers(device);
    return demo_shared_image_modifiers(device, FORMAT, USAGE, &linear, 1, &found) == 1;
}

static VkMemoryRequirements create_buffer(const struct demo_device *device, const struct kind *kind,
                                          VkBuffer *out_buffer)
{
    const VkExternalMemoryBufferCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
        .handleTypes = HANDLE_TYPE,
    };
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .pNext = kind->is_exported ? &external : NULL,
        .size = SIZE,
        .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
    };
    VkMemoryRequirements requirements;

    DEMO_VK(vkCreateBuffer(device->device, &info, NULL, out_buffer));
    vkGetBufferMemoryRequirements(device->device, *out_buffer, &requirements);
    return requirements;
}

static VkMemoryRequirements create_image(const struct demo_device *device, const struct kind *kind,
                                         VkImage *out_image)
{
    const uint64_t linear = DRM_FORMAT_MOD_LINEAR;
    const VkImageDrmFormatModifierListCreateInfoEXT modifiers = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT,
        .drmFormatModifierCount = 1,
        .pDrmFormatModifiers = &linear,
    };
    const VkExternalMemoryImageCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .pNext = &modifiers,
        .handleTypes = HANDLE_TYPE,
    };
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .pNext = kind->is_exported ? &external : NULL,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = FORMAT,
        .extent = {WIDTH, HEIGHT, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = kind->tiling,
        .usage = USAGE,
    };
    VkMemoryRequirements requirements;

    DEMO_VK(vkCreateImage(device->device, &info, NULL, out_image));
    vkGetImageMemoryRequirements(device->device, *out_image, &requirements);
    return requirements;
}

/* The memory types that it may be bound to. */
static VkMemoryRequirements create(const struct demo_device *device, const struct kind *kind,
                                   struct resource *resource)
{
    *resource = (struct resource){.buffer = VK_NULL_HANDLE};
    return kind->is_image ? create_image(device, kind, &resource->image)
                          : create_buffer(device, kind, &resource->buffer);
}

static void destroy(const struct demo_device *device, const struct resource *resource)
{
    vkDestroyBuffer(device->device, resource->buffer, NULL);
    vkDestroyImage(device->device, resource->image, NULL);
    vkFreeMemory(device->device, resource->memory, NULL);
}

static void bind(const struct demo_device *device, const struct kind *kind,
                 struct resource *resource, VkDeviceSize size, uint32_t type_index)
{
    const VkMemoryDedicatedAllocateInfo dedicated = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
        .image = resource->image,
        .buffer = resource->buffer,
    };
    const VkExportMemoryAllocateInfo export = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
        .pNext = &dedicated,
        .handleTypes = HANDLE_TYPE,
    };
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = kind->is_exported ? &export : NULL,
        .allocationSize = size,
        .memoryTypeIndex = type_index,
    };

    DEMO_VK(vkAllocateMemory(device->device, &info, NULL, &resource->memory));
    if (kind->is_image)
        DEMO_VK(vkBindImageMemory(device->device, resource->image, resource->memory, 0));
    else
        DEMO_VK(vkBindBufferMemory(device->device, resource->buffer, resource->memory, 0));
}

static void record_image(VkCommandBuffer commands, VkImage image, VkBuffer target)
{
    const VkClearColorValue color = {.float32 = {0.2f, 0.4f, 0.6f, 0.8f}};
    const VkImageSubresourceRange range = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {WIDTH, HEIGHT, 1},
    };

    demo_image_barrier(commands, image, VK_IMAGE_ASPECT_COLOR_BIT, VK_IMAGE_LAYOUT_UNDEFINED,
                       VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    vkCmdClearColorImage(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &color, 1, &range);
    demo_image_barrier(commands, image, VK_IMAGE_ASPECT_COLOR_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    vkCmdCopyImageToBuffer(commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, target, 1,
                           &region);
}

static void fill_and_verify(const struct demo_device *device, const struct kind *kind,
                            const struct resource *resource, uint32_t type_index)
{
    VkCommandBuffer commands = demo_commands_begin(device);
    struct demo_buffer target;

    demo_buffer_create(device, &target, SIZE, VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                       VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    if (kind->is_image) {
        record_image(commands, resource->image, target.buffer);
    } else {
        vkCmdFillBuffer(commands, resource->buffer, 0, SIZE, CONTENT);
        demo_record_barrier(commands);
        vkCmdCopyBuffer(commands, resource->buffer, target.buffer, 1,
                        &(VkBufferCopy){.size = SIZE});
    }
    demo_record_barrier(commands);
    demo_commands_run(device, commands);
    for (uint32_t i = 0; i < SIZE / 4; i++)
        CHECK_EQUAL(((const uint32_t *)target.map)[i], CONTENT, "%s, memory type %u: word %u",
                    kind->name, type_index, i);
    demo_buffer_destroy(device, &target);
}

static void check_kind(const struct demo_device *device, const struct kind *kind)
{
    struct resource resource;
    uint32_t bits = create(device, kind, &resource).memoryTypeBits;

    destroy(device, &resource);
    printf("%s: memory types 0x%x\n", kind->name, bits);
    if (bits == 0)
        demo_die("no memory for %s", kind->name);
    for (uint32_t i = 0; i < device->memory.memoryTypeCount; i++) {
        if (!(bits & (1u << i)))
            continue;
        VkMemoryRequirements requirements = create(device, kind, &resource);
        CHECK_EQUAL(requirements.memoryTypeBits, bits, "types of %s", kind->name);
        bind(device, kind, &resource, requirements.size, i);
        fill_and_verify(device, kind, &resource, i);
        destroy(device, &resource);
    }
}

int main(int argc, char **argv)
{
    struct demo_device_options options = {.extensions = demo_shared_image_extensions};
    const uint32_t wanted = check_option_number(argc, argv, "kinds", 1);
    struct demo_device device;
    uint32_t count = 0;

    check_options_known(argc, argv, (const char *const[]){"kinds", NULL});
    demo_device_choose(&device, -1);
    if (has_extensions(&device))
        options.extension_count = DEMO_SHARED_IMAGE_EXTENSION_COUNT;
    demo_device_create(&device, &options);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (has_kind(&device, &kinds[i])) {
            check_kind(&device, &kinds[i]);
            count++;
        }
    }
    if (count < wanted)
        demo_die("%u kinds, not %u", count, wanted);
    printf("types-check: ok, %u kinds on %s\n", count, device.properties.deviceName);
    demo_device_destroy(&device);
    return 0;
}
