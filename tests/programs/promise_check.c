/* SPDX-License-Identifier: MIT */
/*
 * promise-check: what the device says is possible for linear images that are shared is possible.
 * Images of every type, usage and creation flag that it promises are made and get memory, and what
 * an image asks for to be exported suffices for those that import it. --promises=N: the device must
 * promise so much.
 */
#include "check.h"
#include "shared_image.h"

#include <drm_fourcc.h>
#include <stdio.h>

#define HANDLE_TYPE     VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const uint64_t linear = DRM_FORMAT_MOD_LINEAR;

static const VkFormat formats[] = {
    VK_FORMAT_R8_UNORM,       VK_FORMAT_R5G6B5_UNORM_PACK16,  VK_FORMAT_R8G8B8_UNORM,
    VK_FORMAT_R8G8B8A8_UNORM, VK_FORMAT_B8G8R8A8_SRGB,        VK_FORMAT_R16G16B16A16_SFLOAT,
    VK_FORMAT_D16_UNORM,      VK_FORMAT_BC1_RGBA_UNORM_BLOCK,
};

static const VkImageUsageFlags usages[] = {
    VK_IMAGE_USAGE_SAMPLED_BIT,
    VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT,
    VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT,
    VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_SAMPLED_BIT,
    VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_STORAGE_BIT,
    VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSIENT_ATTACHMENT_BIT,
};

/* The last needs a feature. */
static const VkImageCreateFlags flags[] = {
    0,
    VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT,
    VK_IMAGE_CREATE_ALIAS_BIT,
    VK_IMAGE_CREATE_SPARSE_BINDING_BIT,
};

/* Where a driver may round up, and where it need not. */
static const VkExtent2D sizes[] = {{1, 1}, {33, 7}, {64, 64}, {1024, 9}, {1366, 767}};

static void print_kind(const VkImageCreateInfo *info)
{
    printf("format %d, %uD, usage 0x%x, flags 0x%x, %ux%ux%u\n", info->format, info->imageType + 1,
           info->usage, info->flags, info->extent.width, info->extent.height, info->extent.depth);
}

/* Whether images of this kind, but for their size, can be exported; then *out_limit is the largest
 * size. */
static bool is_promised(const struct demo_device *device, const VkImageCreateInfo *kind,
                        VkExtent3D *out_limit)
{
    const VkPhysicalDeviceImageDrmFormatModifierInfoEXT modifier = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT,
        .drmFormatModifier = linear,
    };
    const VkPhysicalDeviceExternalImageFormatInfo external = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
        .pNext = &modifier,
        .handleType = HANDLE_TYPE,
    };
    const VkPhysicalDeviceImageFormatInfo2 info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
        .pNext = &external,
        .format = kind->format,
        .type = kind->imageType,
        .tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
        .usage = kind->usage,
        .flags = kind->flags,
    };
    VkExternalImageFormatProperties shared = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES,
    };
    VkImageFormatProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2,
        .pNext = &shared,
    };

    if (vkGetPhysicalDeviceImageFormatProperties2(device->physical, &info, &properties))
        return false;
    *out_limit = properties.imageFormatProperties.maxExtent;
    return shared.externalMemoryProperties.externalMemoryFeatures &
           VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT;
}

/* `layout`: of the exporter, or NULL. */
static VkImage create(const struct demo_device *device, const VkImageCreateInfo *kind,
                      const VkSubresourceLayout *layout)
{
    const VkImageDrmFormatModifierExplicitCreateInfoEXT explicit_layout = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT,
        .drmFormatModifier = linear,
        .drmFormatModifierPlaneCount = 1,
        .pPlaneLayouts = layout,
    };
    const VkImageDrmFormatModifierListCreateInfoEXT modifiers = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT,
        .drmFormatModifierCount = 1,
        .pDrmFormatModifiers = &linear,
    };
    const VkExternalMemoryImageCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .pNext = layout ? (const void *)&explicit_layout : (const void *)&modifiers,
        .handleTypes = HANDLE_TYPE,
    };
    VkImageCreateInfo info = *kind;
    VkImage image;

    info.pNext = &external;
    DEMO_VK(vkCreateImage(device->device, &info, NULL, &image));
    return image;
}

static VkDeviceMemory bind(const struct demo_device *device, VkImage image)
{
    const VkMemoryDedicatedAllocateInfo dedicated = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
        .image = image,
    };
    const VkExportMemoryAllocateInfo export = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
        .pNext = &dedicated,
        .handleTypes = HANDLE_TYPE,
    };
    VkMemoryRequirements requirements;
    VkDeviceMemory memory;

    vkGetImageMemoryRequirements(device->device, image, &requirements);
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = &export,
        .allocationSize = requirements.size,
        .memoryTypeIndex = demo_memory_type(device, requirements.memoryTypeBits, 0, 0),
    };
    DEMO_VK(vkAllocateMemory(device->device, &info, NULL, &memory));
    DEMO_VK(vkBindImageMemory(device->device, image, memory, 0));
    return memory;
}

/* An image of the exporter's kind and layout that is only sampled needs no more memory. It gets
 * none, so that a device that imports nothing can be asked as well. */
static void check_importer(const struct demo_device *device, const VkImageCreateInfo *kind,
                           VkImage exporter)
{
    const VkImageSubresource plane = {.aspectMask = VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT};
    VkImageCreateInfo info = *kind;
    VkMemoryRequirements exported, imported;
    VkSubresourceLayout host, layout;
    VkExtent3D limit;
    VkImage importer;

    info.usage = VK_IMAGE_USAGE_SAMPLED_BIT;
    if (!is_promised(device, &info, &limit))
        return;
    vkGetImageSubresourceLayout(device->device, exporter, &plane, &host);
    layout = (VkSubresourceLayout){.offset = host.offset, .rowPitch = host.rowPitch};
    importer = create(device, &info, &layout);
    vkGetImageMemoryRequirements(device->device, exporter, &exported);
    vkGetImageMemoryRequirements(device->device, importer, &imported);
    vkDestroyImage(device->device, importer, NULL);
    if (imported.size > exported.size) {
        print_kind(kind);
        demo_die("it is exported with %llu bytes and imported with %llu",
                 (unsigned long long)exported.size, (unsigned long long)imported.size);
    }
}

/* Memory of sparse images is bound by a queue. */
static void check_size(const struct demo_device *device, const VkImageCreateInfo *kind)
{
    VkImage image = create(device, kind, NULL);
    VkDeviceMemory memory = VK_NULL_HANDLE;

    if (!(kind->flags & VK_IMAGE_CREATE_SPARSE_BINDING_BIT))
        memory = bind(device, image);
    if (kind->imageType == VK_IMAGE_TYPE_2D)
        check_importer(device, kind, image);
    vkDestroyImage(device->device, image, NULL);
    vkFreeMemory(device->device, memory, NULL);
}

/* In each size, and in the largest width. Returns whether it is promised. */
static bool check_kind(const struct demo_device *device, VkImageCreateInfo *kind)
{
    const bool is_valid = !(kind->flags & VK_IMAGE_CREATE_SPARSE_BINDING_BIT) ||
                          !(kind->usage & VK_IMAGE_USAGE_TRANSIENT_ATTACHMENT_BIT);
    VkExtent3D limit;

    if (!is_valid || !is_promised(device, kind, &limit))
        return false;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        kind->extent.width = sizes[i].width < limit.width ? sizes[i].width : limit.width;
        kind->extent.height = sizes[i].height < limit.height ? sizes[i].height : limit.height;
        kind->extent.depth = limit.depth < 2 ? limit.depth : 2;
        check_size(device, kind);
    }
    kind->extent = (VkExtent3D){limit.width, 1, 1};
    check_size(device, kind);
    print_kind(kind);
    return true;
}

/* With the first so many creation flags. Returns how many kinds are promised. */
static uint32_t check_format(const struct demo_device *device, VkFormat format, size_t flag_count)
{
    uint32_t count = 0;

    for (VkImageType type = VK_IMAGE_TYPE_1D; type <= VK_IMAGE_TYPE_3D; type++) {
        for (size_t i = 0; i < COUNT_OF(usages) * flag_count; i++) {
            VkImageCreateInfo kind = {
                .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                .flags = flags[i % flag_count],
                .imageType = type,
                .format = format,
                .mipLevels = 1,
                .arrayLayers = 1,
                .samples = VK_SAMPLE_COUNT_1_BIT,
                .tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
                .usage = usages[i / flag_count],
            };
            count += check_kind(device, &kind);
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    VkPhysicalDeviceFeatures2 features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
    };
    const struct demo_device_options options = {
        .extensions = demo_shared_image_extensions,
        .extension_count = DEMO_SHARED_IMAGE_EXTENSION_COUNT,
        .features = &features,
    };
    const uint32_t wanted = check_option_number(argc, argv, "promises", 1);
    struct demo_device device;
    uint32_t count = 0;
    size_t flag_count;

    check_options_known(argc, argv, (const char *const[]){"promises", NULL});
    demo_device_choose(&device, -1);
    vkGetPhysicalDeviceFeatures2(device.physical, &features);
    demo_device_create(&device, &options);
    flag_count = COUNT_OF(flags) - !features.features.sparseBinding;
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        count += check_format(&device, formats[i], flag_count);
    if (count < wanted)
        demo_die("%u promises, not %u", count, wanted);
    printf("promise-check: ok, %u promises on %s\n", count, device.properties.deviceName);
    demo_device_destroy(&device);
    return 0;
}
