/* SPDX-License-Identifier: MIT */
#include "venus/staging.h"

#include "venus/external.h"
#include "venus/gen/formats.h"

#include <stdlib.h>

#define BUFFER_USAGE (VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT)
#define ADDED_FEATURES \
    (VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT | VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BLEND_BIT)
#define NEEDED_FEATURES (VK_FORMAT_FEATURE_TRANSFER_SRC_BIT | VK_FORMAT_FEATURE_TRANSFER_DST_BIT)

/* ------------------------------------------------------------------ what is staged */

static VkFormatProperties query_format(const struct hsp_vn_physical_device *physical_device,
                                       VkFormat format)
{
    VkFormatProperties properties;

    physical_device->instance->driver.vkGetPhysicalDeviceFormatProperties(physical_device->handle,
                                                                          format, &properties);
    return properties;
}

bool hsp_vn_staging_is_needed(const struct hsp_vn_physical_device *physical_device, VkFormat format,
                              VkImageUsageFlags usage)
{
    return (usage & VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT) &&
           !(query_format(physical_device, format).linearTilingFeatures &
             VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT);
}

static bool is_plain_color(VkFormat format)
{
    const struct hsp_vn_format *known = hsp_vn_format_find(format);

    return known && known->plane_count == 1 && known->block_width == 1 &&
           known->block_height == 1 && known->depth_size == 0 && known->stencil_size == 0;
}

static void init_buffer_info(VkBufferCreateInfo *info, VkExternalMemoryBufferCreateInfo *external,
                             VkDeviceSize size)
{
    *external = (VkExternalMemoryBufferCreateInfo){
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
        .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
    };
    *info = (VkBufferCreateInfo){
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .pNext = external,
        .size = size,
        .usage = BUFFER_USAGE,
    };
}

bool hsp_vn_staging_is_possible(const struct hsp_vn_physical_device *physical_device,
                                VkFormat format)
{
    const VkBufferCreateInfo buffer = {.usage = BUFFER_USAGE};

    return is_plain_color(format) &&
           (query_format(physical_device, format).optimalTilingFeatures & NEEDED_FEATURES) ==
               NEEDED_FEATURES &&
           hsp_vn_external_buffer_takes_host_pointer(physical_device, &buffer);
}

VkFormatFeatureFlags hsp_vn_staging_features(const struct hsp_vn_physical_device *physical_device,
                                             VkFormat format)
{
    if (!hsp_vn_staging_is_needed(physical_device, format, VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT) ||
        !hsp_vn_staging_is_possible(physical_device, format))
        return 0;
    return query_format(physical_device, format).optimalTilingFeatures & ADDED_FEATURES;
}

void hsp_vn_staging_translate(VkImageTiling *tiling, VkImageUsageFlags *usage)
{
    *tiling = VK_IMAGE_TILING_OPTIMAL;
    *usage |= VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
}

/* ------------------------------------------------------------------ layout */

static VkResult take_layout(const VkImageDrmFormatModifierExplicitCreateInfoEXT *wanted,
                            struct hsp_vn_staging_layout *layout)
{
    const VkSubresourceLayout *plane = wanted->pPlaneLayouts;

    if (wanted->drmFormatModifierPlaneCount != 1 ||
        plane->rowPitch < (uint64_t)layout->width * layout->texel_size ||
        plane->rowPitch % layout->texel_size != 0 ||
        plane->offset % HSP_MAX(layout->texel_size, 4) != 0)
        return VK_ERROR_INVALID_DRM_FORMAT_MODIFIER_PLANE_LAYOUT_EXT;
    layout->offset = plane->offset;
    layout->row_pitch = plane->rowPitch;
    layout->is_import = true;
    return VK_SUCCESS;
}

/* The row pitch of a linear image of the host. */
static VkResult ask_for_layout(const struct hsp_vn_device *device, const VkImageCreateInfo *guest,
                               struct hsp_vn_staging_layout *layout)
{
    static const VkImageSubresource color = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT};
    VkImageCreateInfo info = *guest;
    VkSubresourceLayout plane;
    VkImage image;
    VkResult result;

    info.pNext = NULL;
    info.usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
    result = device->driver.vkCreateImage(device->handle, &info, NULL, &image);
    if (result != VK_SUCCESS)
        return result;
    device->driver.vkGetImageSubresourceLayout(device->handle, image, &color, &plane);
    device->driver.vkDestroyImage(device->handle, image, NULL);
    layout->row_pitch = plane.rowPitch;
    return VK_SUCCESS;
}

VkResult hsp_vn_staging_plan(const struct hsp_vn_device *device, const VkImageCreateInfo *info,
                             const VkImageDrmFormatModifierExplicitCreateInfoEXT *explicit_layout,
                             struct hsp_vn_staging_layout *out_layout)
{
    const struct hsp_vn_format *format = hsp_vn_format_find(info->format);
    struct hsp_vn_staging_layout layout = {
        .width = info->extent.width,
        .height = info->extent.height,
    };
    VkResult result;

    if (!format || info->imageType != VK_IMAGE_TYPE_2D || info->extent.depth != 1 ||
        info->mipLevels != 1 || info->arrayLayers != 1 || info->samples != VK_SAMPLE_COUNT_1_BIT ||
        info->initialLayout != VK_IMAGE_LAYOUT_UNDEFINED)
        return VK_ERROR_FEATURE_NOT_PRESENT;
    layout.texel_size = format->block_size;
    result = explicit_layout ? take_layout(explicit_layout, &layout)
                             : ask_for_layout(device, info, &layout);
    if (result != VK_SUCCESS)
        return result;
    /* Then the product of a pitch and a height cannot overflow, and a pitch in texels has 32 bits.
     */
    if (layout.row_pitch > UINT32_MAX ||
        __builtin_add_overflow(layout.row_pitch * layout.height, layout.offset, &layout.size))
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    *out_layout = layout;
    return VK_SUCCESS;
}

void hsp_vn_staging_get_subresource_layout(const struct hsp_vn_staging_layout *layout,
                                           VkSubresourceLayout *out)
{
    *out = (VkSubresourceLayout){
        .offset = layout->offset,
        .size = layout->size - layout->offset,
        .rowPitch = layout->row_pitch,
        .arrayPitch = layout->size - layout->offset,
        .depthPitch = layout->size - layout->offset,
    };
}

/* ------------------------------------------------------------------ creation */

/* Memory of the GPU's own, if the image takes it; in the host's types. */
static uint32_t choose_type(const struct hsp_vn_device *device, uint32_t host_bits)
{
    const struct hsp_vn_memtypes *table = device->memtypes;

    for (uint32_t i = 0; i < table->guest.memoryTypeCount; i++) {
        if ((table->guest.memoryTypes[i].propertyFlags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT) &&
            (host_bits & (1u << table->types[i].host_index)))
            return table->types[i].host_index;
    }
    return (uint32_t)__builtin_ctz(host_bits);
}

static VkResult allocate_memory(struct hsp_vn_device *device, VkImage image,
                                VkDeviceMemory *out_memory)
{
    const struct hsp_vn_device_driver *driver = &device->driver;
    VkMemoryRequirements requirements;
    VkResult result;

    driver->vkGetImageMemoryRequirements(device->handle, image, &requirements);
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = requirements.size,
        .memoryTypeIndex = choose_type(device, requirements.memoryTypeBits),
    };
    result = driver->vkAllocateMemory(device->handle, &info, NULL, out_memory);
    if (result != VK_SUCCESS)
        return result;
    return driver->vkBindImageMemory(device->handle, image, *out_memory, 0);
}

VkResult hsp_vn_staging_create(struct hsp_vn_device *device, VkImage image,
                               const struct hsp_vn_staging_layout *layout,
                               struct hsp_vn_staging **out_staging)
{
    struct hsp_vn_staging *staging = calloc(1, sizeof(*staging));
    VkExternalMemoryBufferCreateInfo external;
    VkBufferCreateInfo info;
    VkResult result;

    if (!staging)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    staging->layout = *layout;
    init_buffer_info(&info, &external, layout->size);
    result = device->driver.vkCreateBuffer(device->handle, &info, NULL, &staging->buffer);
    if (result == VK_SUCCESS)
        result = allocate_memory(device, image, &staging->memory);
    if (result != VK_SUCCESS) {
        hsp_vn_staging_destroy(device, staging);
        return result;
    }
    *out_staging = staging;
    return VK_SUCCESS;
}

void hsp_vn_staging_destroy(struct hsp_vn_device *device, struct hsp_vn_staging *staging)
{
    if (!staging)
        return;
    device->driver.vkDestroyBuffer(device->handle, staging->buffer, NULL);
    device->driver.vkFreeMemory(device->handle, staging->memory, NULL);
    free(staging);
}

void hsp_vn_staging_get_requirements(const struct hsp_vn_device *device,
                                     const struct hsp_vn_staging *staging,
                                     VkMemoryRequirements2 *out)
{
    const VkBufferMemoryRequirementsInfo2 query = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_REQUIREMENTS_INFO_2,
        .buffer = staging->buffer,
    };

    device->driver.vkGetBufferMemoryRequirements2(device->handle, &query, out);
}

void hsp_vn_staging_get_planned_requirements(const struct hsp_vn_device *device,
                                             const struct hsp_vn_staging_layout *layout,
                                             VkMemoryRequirements2 *out)
{
    VkExternalMemoryBufferCreateInfo external;
    VkBufferCreateInfo info;
    const VkDeviceBufferMemoryRequirements query = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_BUFFER_MEMORY_REQUIREMENTS,
        .pCreateInfo = &info,
    };

    init_buffer_info(&info, &external, layout->size);
    device->driver.vkGetDeviceBufferMemoryRequirements(device->handle, &query, out);
}
