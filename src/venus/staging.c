/* SPDX-License-Identifier: MIT */
#include "venus/staging.h"

#include "venus/external.h"
#include "venus/gen/formats.h"
#include "venus/queue.h"

#define MAX_FAMILIES 16

#define BUFFER_USAGE (VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT)
#define ADDED_FEATURES \
    (VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT | VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BLEND_BIT)
#define NEEDED_FEATURES (VK_FORMAT_FEATURE_TRANSFER_SRC_BIT | VK_FORMAT_FEATURE_TRANSFER_DST_BIT)

/* Of images; the others need memory of another kind (sparse, protected) or have more layers. */
#define ALLOWED_FLAGS                                                          \
    (VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT | VK_IMAGE_CREATE_EXTENDED_USAGE_BIT | \
     VK_IMAGE_CREATE_ALIAS_BIT)

/* What never writes to an image. */
#define READING_USAGE (VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT)

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
           known->block_height == 1 && known->depth_size == 0 && known->stencil_size == 0 &&
           /* else rows need not be whole texels */
           hsp_is_power_of_two(known->block_size);
}

/* What a buffer is created from; must not move. */
struct buffer_plan {
    VkExternalMemoryBufferCreateInfo external;
    VkBufferCreateInfo info;
    uint32_t families[MAX_FAMILIES];
};

static void add_family(struct buffer_plan *plan, uint32_t family)
{
    uint32_t *count = &plan->info.queueFamilyIndexCount;

    for (uint32_t i = 0; i < *count; i++) {
        if (plan->families[i] == family)
            return;
    }
    if (*count < MAX_FAMILIES)
        plan->families[(*count)++] = family;
}

/* Ownership of the image passes between queue families by way of others: the buffer has no owner.
 */
static void plan_buffer(const struct hsp_vn_device *device, VkDeviceSize size,
                        struct buffer_plan *plan)
{
    *plan = (struct buffer_plan){
        .external =
            {
                .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
                .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
            },
        .info =
            {
                .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                .size = size,
                .usage = BUFFER_USAGE,
            },
    };
    plan->info.pNext = &plan->external;
    plan->info.pQueueFamilyIndices = plan->families;
    for (uint32_t i = 0; i < device->queue_count; i++)
        add_family(plan, device->queues[i].family);
    if (plan->info.queueFamilyIndexCount > 1)
        plan->info.sharingMode = VK_SHARING_MODE_CONCURRENT;
}

bool hsp_vn_staging_is_possible(const struct hsp_vn_physical_device *physical_device,
                                VkFormat format, VkImageType type, VkImageCreateFlags flags,
                                VkImageUsageFlags usage)
{
    const VkBufferCreateInfo buffer = {.usage = BUFFER_USAGE};
    VkFormatProperties properties;

    if (type != VK_IMAGE_TYPE_2D || (flags & ~(VkImageCreateFlags)ALLOWED_FLAGS) ||
        (usage & VK_IMAGE_USAGE_TRANSIENT_ATTACHMENT_BIT) || !is_plain_color(format))
        return false;
    properties = query_format(physical_device, format);
    return (properties.optimalTilingFeatures & NEEDED_FEATURES) == NEEDED_FEATURES &&
           /* for its layout */
           (properties.linearTilingFeatures & VK_FORMAT_FEATURE_TRANSFER_SRC_BIT) &&
           hsp_vn_external_buffer_takes_host_pointer(physical_device, &buffer);
}

VkFormatFeatureFlags hsp_vn_staging_features(const struct hsp_vn_physical_device *physical_device,
                                             VkFormat format)
{
    if (!hsp_vn_staging_is_needed(physical_device, format, VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT) ||
        !hsp_vn_staging_is_possible(physical_device, format, VK_IMAGE_TYPE_2D, 0, 0))
        return 0;
    return query_format(physical_device, format).optimalTilingFeatures & ADDED_FEATURES;
}

void hsp_vn_staging_translate(VkImageTiling *tiling, VkImageUsageFlags *usage)
{
    *tiling = VK_IMAGE_TILING_OPTIMAL;
    *usage |= VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
}

void hsp_vn_staging_limit(const struct hsp_vn_physical_device *physical_device, VkFormat format,
                          VkImageFormatProperties *properties)
{
    VkImageFormatProperties linear;

    properties->maxMipLevels = 1;
    properties->maxArrayLayers = 1;
    properties->sampleCounts = VK_SAMPLE_COUNT_1_BIT;
    properties->maxExtent.depth = 1;
    if (physical_device->instance->driver.vkGetPhysicalDeviceImageFormatProperties(
            physical_device->handle, format, VK_IMAGE_TYPE_2D, VK_IMAGE_TILING_LINEAR,
            VK_IMAGE_USAGE_TRANSFER_SRC_BIT, 0, &linear) != VK_SUCCESS)
        return;
    properties->maxExtent.width = HSP_MIN(properties->maxExtent.width, linear.maxExtent.width);
    properties->maxExtent.height = HSP_MIN(properties->maxExtent.height, linear.maxExtent.height);
    properties->maxResourceSize = HSP_MIN(properties->maxResourceSize, linear.maxResourceSize);
}

/* ------------------------------------------------------------------ layout */

static VkResult take_layout(const VkImageDrmFormatModifierExplicitCreateInfoEXT *wanted,
                            struct hsp_vn_staging_layout *layout)
{
    const VkSubresourceLayout *plane = wanted->pPlaneLayouts;

    if (wanted->drmFormatModifierPlaneCount != 1 ||
        plane->rowPitch < (uint64_t)layout->width * layout->texel_size ||
        plane->offset % HSP_MAX(layout->texel_size, 4) != 0)
        return VK_ERROR_INVALID_DRM_FORMAT_MODIFIER_PLANE_LAYOUT_EXT;
    layout->offset = plane->offset;
    layout->row_pitch = plane->rowPitch;
    layout->is_import = true;
    return VK_SUCCESS;
}

/* That of a linear image of the host, with all of its memory, which others may want of it. */
static VkResult ask_for_layout(const struct hsp_vn_device *device, const VkImageCreateInfo *guest,
                               struct hsp_vn_staging_layout *layout)
{
    static const VkImageSubresource color = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT};
    VkImageCreateInfo info = *guest;
    VkMemoryRequirements requirements;
    VkSubresourceLayout plane;
    VkImage image;
    VkResult result;

    info.pNext = NULL;
    info.flags = 0;
    info.usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
    result = device->driver.vkCreateImage(device->handle, &info, NULL, &image);
    if (result != VK_SUCCESS)
        return result;
    device->driver.vkGetImageSubresourceLayout(device->handle, image, &color, &plane);
    device->driver.vkGetImageMemoryRequirements(device->handle, image, &requirements);
    device->driver.vkDestroyImage(device->handle, image, NULL);
    layout->row_pitch = plane.rowPitch;
    layout->size = requirements.size;
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
    uint64_t size;
    VkResult result;

    if (!format || info->extent.width == 0 || info->extent.height == 0 || info->extent.depth != 1 ||
        info->mipLevels != 1 || info->arrayLayers != 1 || info->samples != VK_SAMPLE_COUNT_1_BIT ||
        info->initialLayout != VK_IMAGE_LAYOUT_UNDEFINED)
        return VK_ERROR_FEATURE_NOT_PRESENT;
    layout.texel_size = format->block_size;
    layout.is_written = info->usage & ~(VkImageUsageFlags)READING_USAGE;
    result = explicit_layout ? take_layout(explicit_layout, &layout)
                             : ask_for_layout(device, info, &layout);
    if (result != VK_SUCCESS)
        return result;
    /* Commands that copy know pitches up to 2^31; then the product of one and a height cannot
     * overflow. */
    if (layout.row_pitch > INT32_MAX || layout.row_pitch % layout.texel_size != 0 ||
        __builtin_add_overflow(layout.row_pitch * layout.height, layout.offset, &size))
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    layout.size = HSP_MAX(layout.size, size);
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
    return host_bits ? (uint32_t)__builtin_ctz(host_bits) : 0;
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

VkResult hsp_vn_staging_init(struct hsp_vn_device *device, VkImage image,
                             const struct hsp_vn_staging_layout *layout,
                             struct hsp_vn_staging *out_staging)
{
    struct buffer_plan plan;
    VkResult result;

    *out_staging = (struct hsp_vn_staging){.layout = *layout};
    plan_buffer(device, layout->size, &plan);
    result = device->driver.vkCreateBuffer(device->handle, &plan.info, NULL, &out_staging->buffer);
    if (result == VK_SUCCESS)
        result = allocate_memory(device, image, &out_staging->memory);
    if (result != VK_SUCCESS)
        hsp_vn_staging_finish(device, out_staging);
    return result;
}

void hsp_vn_staging_finish(struct hsp_vn_device *device, struct hsp_vn_staging *staging)
{
    device->driver.vkDestroyBuffer(device->handle, staging->buffer, NULL);
    device->driver.vkFreeMemory(device->handle, staging->memory, NULL);
    *staging = (struct hsp_vn_staging){0};
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
    struct buffer_plan plan;
    const VkDeviceBufferMemoryRequirements query = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_BUFFER_MEMORY_REQUIREMENTS,
        .pCreateInfo = &plan.info,
    };

    plan_buffer(device, layout->size, &plan);
    device->driver.vkGetDeviceBufferMemoryRequirements(device->handle, &query, out);
}
