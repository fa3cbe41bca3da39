/* SPDX-License-Identifier: MIT */
#include "shared_image.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HANDLE_TYPE        VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT
#define MAX_MODIFIER_COUNT 64

const char *const demo_shared_image_extensions[DEMO_SHARED_IMAGE_EXTENSION_COUNT] = {
    VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,   VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
    VK_KHR_IMAGE_FORMAT_LIST_EXTENSION_NAME,    VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
    VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME,
};

/* What can be done with the memory of images with this modifier that are used so; 0 when there are
 * no such images. */
static VkExternalMemoryFeatureFlags get_features(const struct demo_device *device, VkFormat format,
                                                 VkImageUsageFlags usage, uint64_t modifier)
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
        .format = format,
        .type = VK_IMAGE_TYPE_2D,
        .tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
        .usage = usage,
    };
    VkExternalImageFormatProperties external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES,
    };
    VkImageFormatProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2,
        .pNext = &external,
    };

    if (vkGetPhysicalDeviceImageFormatProperties2(device->physical, &info, &properties) !=
        VK_SUCCESS)
        return 0;
    return external.externalMemoryProperties.externalMemoryFeatures;
}

bool demo_shared_image_is_importable(const struct demo_device *device, VkFormat format,
                                     VkImageUsageFlags usage, uint64_t modifier)
{
    return get_features(device, format, usage, modifier) &
           VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
}

uint32_t demo_shared_image_modifiers(const struct demo_device *device, VkFormat format,
                                     VkImageUsageFlags usage, const uint64_t *wanted,
                                     uint32_t count, uint64_t *out)
{
    VkDrmFormatModifierPropertiesEXT known[MAX_MODIFIER_COUNT];
    VkDrmFormatModifierPropertiesListEXT list = {
        .sType = VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_EXT,
        .drmFormatModifierCount = MAX_MODIFIER_COUNT,
        .pDrmFormatModifierProperties = known,
    };
    VkFormatProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2,
        .pNext = &list,
    };
    uint32_t out_count = 0;

    vkGetPhysicalDeviceFormatProperties2(device->physical, format, &properties);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < list.drmFormatModifierCount; j++)
            if (wanted[i] == known[j].drmFormatModifier &&
                known[j].drmFormatModifierPlaneCount == 1 &&
                (get_features(device, format, usage, wanted[i]) &
                 VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT))
                out[out_count++] = wanted[i];
    return out_count;
}

/* `modifier_info` is one of the two structures that say what the modifier is. */
static void create_image(const struct demo_device *device, struct demo_shared_image *shared,
                         VkFormat format, uint32_t width, uint32_t height, VkImageUsageFlags usage,
                         const void *modifier_info)
{
    VkExternalMemoryImageCreateInfo external_info = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .pNext = modifier_info,
        .handleTypes = HANDLE_TYPE,
    };
    VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .pNext = &external_info,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = format,
        .extent = {width, height, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
        .usage = usage,
    };

    DEMO_VK(vkCreateImage(device->device, &info, NULL, &shared->image));
}

static void allocate_memory(const struct demo_device *device, struct demo_shared_image *shared)
{
    VkMemoryRequirements requirements;

    vkGetImageMemoryRequirements(device->device, shared->image, &requirements);
    VkMemoryDedicatedAllocateInfo dedicated_info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
        .image = shared->image,
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
    DEMO_VK(vkAllocateMemory(device->device, &info, NULL, &shared->memory));
    DEMO_VK(vkBindImageMemory(device->device, shared->image, shared->memory, 0));
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

void demo_shared_image_create(const struct demo_device *device, struct demo_shared_image *shared,
                              VkFormat format, uint32_t width, uint32_t height,
                              VkImageUsageFlags usage, const uint64_t *modifiers,
                              uint32_t modifier_count)
{
    const VkImageSubresource plane = {.aspectMask = VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT};
    const VkImageDrmFormatModifierListCreateInfoEXT modifier_info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT,
        .drmFormatModifierCount = modifier_count,
        .pDrmFormatModifiers = modifiers,
    };

    *shared = (struct demo_shared_image){.fd = -1};
    create_image(device, shared, format, width, height, usage, &modifier_info);
    allocate_memory(device, shared);
    shared->view = demo_image_view_create(device, shared->image, format);
    shared->fd = export_memory(device, shared->memory);
    shared->modifier = get_modifier(device, shared->image);
    vkGetImageSubresourceLayout(device->device, shared->image, &plane, &shared->layout);
}

/* ------------------------------------------------------------------ importing */

static void import_memory(const struct demo_device *device, struct demo_shared_image *shared)
{
    PFN_vkGetMemoryFdPropertiesKHR get_properties =
        (PFN_vkGetMemoryFdPropertiesKHR)(void *)vkGetDeviceProcAddr(device->device,
                                                                    "vkGetMemoryFdPropertiesKHR");
    VkMemoryFdPropertiesKHR properties = {.sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR};
    VkMemoryRequirements requirements;

    vkGetImageMemoryRequirements(device->device, shared->image, &requirements);
    DEMO_VK(get_properties(device->device, HANDLE_TYPE, shared->fd, &properties));
    const VkMemoryDedicatedAllocateInfo dedicated_info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
        .image = shared->image,
    };
    const VkImportMemoryFdInfoKHR import_info = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
        .pNext = &dedicated_info,
        .handleType = HANDLE_TYPE,
        .fd = dup(shared->fd), /* Vulkan's from now on */
    };
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = &import_info,
        .allocationSize = requirements.size,
        .memoryTypeIndex =
            demo_memory_type(device, requirements.memoryTypeBits & properties.memoryTypeBits, 0, 0),
    };
    DEMO_VK(vkAllocateMemory(device->device, &info, NULL, &shared->memory));
    DEMO_VK(vkBindImageMemory(device->device, shared->image, shared->memory, 0));
}

void demo_shared_image_import(const struct demo_device *device, struct demo_shared_image *shared,
                              VkFormat format, uint32_t width, uint32_t height,
                              VkImageUsageFlags usage, int fd, uint64_t modifier,
                              const VkSubresourceLayout *layout)
{
    const VkSubresourceLayout plane = {.offset = layout->offset, .rowPitch = layout->rowPitch};
    const VkImageDrmFormatModifierExplicitCreateInfoEXT modifier_info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT,
        .drmFormatModifier = modifier,
        .drmFormatModifierPlaneCount = 1,
        .pPlaneLayouts = &plane,
    };

    *shared = (struct demo_shared_image){
        .fd = dup(fd),
        .modifier = modifier,
        .layout = plane,
    };
    if (shared->fd < 0)
        demo_die("no descriptor for the dma-buf: %s", strerror(errno));
    create_image(device, shared, format, width, height, usage, &modifier_info);
    import_memory(device, shared);
    shared->view = demo_image_view_create(device, shared->image, format);
}

/* ------------------------------------------------------------------ using */

void demo_shared_image_destroy(const struct demo_device *device, struct demo_shared_image *shared)
{
    vkDestroyImageView(device->device, shared->view, NULL);
    vkDestroyImage(device->device, shared->image, NULL);
    vkFreeMemory(device->device, shared->memory, NULL);
    if (shared->map)
        munmap(shared->map, shared->map_size);
    close(shared->fd);
    *shared = (struct demo_shared_image){.fd = -1};
}

uint8_t *demo_shared_image_map(struct demo_shared_image *shared)
{
    off_t size;

    if (shared->modifier != DRM_FORMAT_MOD_LINEAR)
        return NULL;
    if (!shared->map) {
        /* Linux maps memory of the host's as a whole only. */
        size = lseek(shared->fd, 0, SEEK_END);
        if (size < 0)
            demo_die("the size of the dma-buf: %s", strerror(errno));
        shared->map_size = (size_t)size;
        shared->map =
            mmap(NULL, shared->map_size, PROT_READ | PROT_WRITE, MAP_SHARED, shared->fd, 0);
        if (shared->map == MAP_FAILED)
            demo_die("mmap of the dma-buf: %s", strerror(errno));
    }
    return shared->map + shared->layout.offset;
}

void demo_shared_image_release(const struct demo_device *device,
                               const struct demo_shared_image *shared, VkCommandBuffer commands,
                               VkImageLayout layout)
{
    VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
        .oldLayout = layout,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = device->queue_family,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_FOREIGN_EXT,
        .image = shared->image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };

    vkCmdPipelineBarrier(
        commands, VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
        VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}

void demo_shared_image_acquire(const struct demo_device *device,
                               const struct demo_shared_image *shared, VkCommandBuffer commands,
                               VkImageLayout layout)
{
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
        .oldLayout = VK_IMAGE_LAYOUT_GENERAL,
        .newLayout = layout,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_FOREIGN_EXT,
        .dstQueueFamilyIndex = device->queue_family,
        .image = shared->image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };

    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
                         VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}
