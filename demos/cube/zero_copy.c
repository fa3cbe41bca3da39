/* SPDX-License-Identifier: MIT */
/*
 * Zero-copy: each image is exported as a dma-buf, which becomes a framebuffer. The image's layout
 * in memory is a modifier that both the GPU and the screen know.
 */
#include "target.h"

#include <drm_fourcc.h>
#include <stdlib.h>
#include <unistd.h>

#define FORMAT             VK_FORMAT_B8G8R8A8_UNORM
#define DRM_FORMAT         DRM_FORMAT_XRGB8888 /* the same bytes; alpha is not shown */
#define USAGE              VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT
#define HANDLE_TYPE        VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT
#define MAX_MODIFIER_COUNT 64

struct zero_copy {
    struct cube_target base;
    struct shown_image {
        VkImage image;
        VkDeviceMemory memory;
        struct demo_kms_buffer framebuffer;
    } images[CUBE_MAX_IMAGE_COUNT];
    uint64_t modifiers[MAX_MODIFIER_COUNT]; /* that the screen and the GPU have in common */
    uint32_t modifier_count;
};

/* Whether the GPU renders into exportable images with this modifier. */
static bool device_takes_modifier(const struct demo_device *device, uint64_t modifier)
{
    VkPhysicalDeviceImageDrmFormatModifierInfoEXT modifier_info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT,
        .drmFormatModifier = modifier,
    };
    VkPhysicalDeviceExternalImageFormatInfo external_info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
        .pNext = &modifier_info,
        .handleType = HANDLE_TYPE,
    };
    VkPhysicalDeviceImageFormatInfo2 info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
        .pNext = &external_info,
        .format = FORMAT,
        .type = VK_IMAGE_TYPE_2D,
        .tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
        .usage = USAGE,
    };
    VkExternalImageFormatProperties external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES,
    };
    VkImageFormatProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2,
        .pNext = &external,
    };

    return vkGetPhysicalDeviceImageFormatProperties2(device->physical, &info, &properties) ==
               VK_SUCCESS &&
           (external.externalMemoryProperties.externalMemoryFeatures &
            VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT);
}

/* The GPU's modifiers of one memory plane that can be rendered into; their number. */
static uint32_t get_device_modifiers(const struct demo_device *device,
                                     VkDrmFormatModifierPropertiesEXT *out, uint32_t capacity)
{
    VkDrmFormatModifierPropertiesListEXT list = {
        .sType = VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_EXT,
        .drmFormatModifierCount = capacity,
        .pDrmFormatModifierProperties = out,
    };
    VkFormatProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2,
        .pNext = &list,
    };
    uint32_t count = 0;

    vkGetPhysicalDeviceFormatProperties2(device->physical, FORMAT, &properties);
    for (uint32_t i = 0; i < list.drmFormatModifierCount; i++) {
        if (out[i].drmFormatModifierPlaneCount == 1 &&
            (out[i].drmFormatModifierTilingFeatures & VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT) &&
            device_takes_modifier(device, out[i].drmFormatModifier))
            out[count++] = out[i];
    }
    return count;
}

static void choose_modifiers(struct zero_copy *target)
{
    VkDrmFormatModifierPropertiesEXT ours[MAX_MODIFIER_COUNT];
    uint64_t screen[MAX_MODIFIER_COUNT];
    uint32_t our_count = get_device_modifiers(target->base.device, ours, MAX_MODIFIER_COUNT);
    size_t screen_count =
        demo_kms_get_modifiers(target->base.kms, DRM_FORMAT, screen, MAX_MODIFIER_COUNT);

    for (size_t i = 0; i < screen_count; i++)
        for (uint32_t j = 0; j < our_count; j++)
            if (screen[i] == ours[j].drmFormatModifier)
                target->modifiers[target->modifier_count++] = screen[i];
    if (target->modifier_count == 0)
        demo_die("%s and %s have no image layout in common; try --present=copy",
                 target->base.device->properties.deviceName, target->base.kms->driver);
}

static void create_image(struct zero_copy *target, struct shown_image *shown)
{
    const struct demo_device *device = target->base.device;
    VkImageDrmFormatModifierListCreateInfoEXT modifier_info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT,
        .drmFormatModifierCount = target->modifier_count,
        .pDrmFormatModifiers = target->modifiers,
    };
    VkExternalMemoryImageCreateInfo external_info = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .pNext = &modifier_info,
        .handleTypes = HANDLE_TYPE,
    };
    VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .pNext = &external_info,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = FORMAT,
        .extent = {target->base.width, target->base.height, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
        .usage = USAGE,
    };

    DEMO_VK(vkCreateImage(device->device, &info, NULL, &shown->image));
}

static void allocate_memory(struct zero_copy *target, struct shown_image *shown)
{
    const struct demo_device *device = target->base.device;
    VkMemoryRequirements requirements;

    vkGetImageMemoryRequirements(device->device, shown->image, &requirements);
    VkMemoryDedicatedAllocateInfo dedicated_info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
        .image = shown->image,
    };
    VkExportMemoryAllocateInfo export_info = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
        .pNext = &dedicated_info,
        .handleTypes = HANDLE_TYPE,
    };
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = &export_info,
        .allocationSize = requirements.size,
        .memoryTypeIndex = demo_memory_type(device, requirements.memoryTypeBits, 0,
                                            VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT),
    };
    DEMO_VK(vkAllocateMemory(device->device, &info, NULL, &shown->memory));
    DEMO_VK(vkBindImageMemory(device->device, shown->image, shown->memory, 0));
}

static int export_memory(const struct demo_device *device, VkDeviceMemory memory)
{
    PFN_vkGetMemoryFdKHR get_memory_fd =
        (PFN_vkGetMemoryFdKHR)(void *)vkGetDeviceProcAddr(device->device, "vkGetMemoryFdKHR");
    VkMemoryGetFdInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
        .memory = memory,
        .handleType = HANDLE_TYPE,
    };
    int fd;

    DEMO_VK(get_memory_fd(device->device, &info, &fd));
    return fd;
}

static uint64_t get_modifier(const struct demo_device *device, VkImage image)
{
    PFN_vkGetImageDrmFormatModifierPropertiesEXT get_properties =
        (PFN_vkGetImageDrmFormatModifierPropertiesEXT)(void *)vkGetDeviceProcAddr(
            device->device, "vkGetImageDrmFormatModifierPropertiesEXT");
    VkImageDrmFormatModifierPropertiesEXT properties = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_PROPERTIES_EXT,
    };

    DEMO_VK(get_properties(device->device, image, &properties));
    return properties.drmFormatModifier;
}

static void create_framebuffer(struct zero_copy *target, struct shown_image *shown)
{
    const struct demo_device *device = target->base.device;
    VkImageSubresource plane = {.aspectMask = VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT};
    VkSubresourceLayout layout;
    int fd = export_memory(device, shown->memory);

    vkGetImageSubresourceLayout(device->device, shown->image, &plane, &layout);
    demo_kms_buffer_import(target->base.kms, &shown->framebuffer, fd, DRM_FORMAT,
                           get_modifier(device, shown->image), (uint32_t)layout.offset,
                           (uint32_t)layout.rowPitch);
    close(fd);
}

static struct cube_target *create(const struct demo_device *device, struct demo_kms *kms,
                                  uint32_t width, uint32_t height)
{
    struct zero_copy *target = calloc(1, sizeof(*target));

    target->base = (struct cube_target){
        .ops = &cube_zero_copy_ops,
        .device = device,
        .kms = kms,
        .format = FORMAT,
        .width = width,
        .height = height,
    };
    choose_modifiers(target);
    for (int i = 0; i < CUBE_MAX_IMAGE_COUNT; i++) {
        create_image(target, &target->images[i]);
        allocate_memory(target, &target->images[i]);
        create_framebuffer(target, &target->images[i]);
        target->base.views[i] = demo_image_view_create(device, target->images[i].image, FORMAT);
    }
    return &target->base;
}

static void destroy(struct cube_target *base)
{
    struct zero_copy *target = (struct zero_copy *)base;
    VkDevice device = base->device->device;

    for (int i = 0; i < CUBE_MAX_IMAGE_COUNT; i++) {
        demo_kms_buffer_destroy(base->kms, &target->images[i].framebuffer);
        vkDestroyImageView(device, base->views[i], NULL);
        vkDestroyImage(device, target->images[i].image, NULL);
        vkFreeMemory(device, target->images[i].memory, NULL);
    }
    free(target);
}

/* Hands the image to the screen, which is no Vulkan device: FOREIGN. It comes back with nothing
 * worth keeping, so there is no counterpart before the drawing. */
static void record_end(struct cube_target *base, VkCommandBuffer commands, uint32_t index)
{
    struct zero_copy *target = (struct zero_copy *)base;
    VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
        .oldLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = base->device->queue_family,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_FOREIGN_EXT,
        .image = target->images[index].image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };

    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
                         VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}

static void show(struct cube_target *base, uint32_t index)
{
    struct zero_copy *target = (struct zero_copy *)base;

    demo_kms_show(base->kms, &target->images[index].framebuffer);
}

static const char *const extensions[] = {
    VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,   VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
    VK_KHR_IMAGE_FORMAT_LIST_EXTENSION_NAME,    VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
    VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME,
};

const struct cube_target_ops cube_zero_copy_ops = {
    .name = "zero-copy",
    .needs_screen = true,
    .extensions = extensions,
    .extension_count = sizeof(extensions) / sizeof(extensions[0]),
    .create = create,
    .destroy = destroy,
    .record_end = record_end,
    .show = show,
};
