/* SPDX-License-Identifier: MIT */
#include "venus/external.h"

#include "venus/gen/formats.h"
#include "venus/staging.h"

#define HOST_POINTER VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT
#define GUEST_HANDLES \
    (VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT | VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT)

void *hsp_vn_chain_find(const void *chain, VkStructureType type)
{
    for (const VkBaseInStructure *s = chain; s; s = s->pNext) {
        if (s->sType == type)
            return (void *)(uintptr_t)s;
    }
    return NULL;
}

void *hsp_vn_chain_remove(void *owner, VkStructureType type)
{
    VkBaseOutStructure *previous = owner;

    while (previous->pNext && previous->pNext->sType != type)
        previous = previous->pNext;
    VkBaseOutStructure *found = previous->pNext;
    if (found)
        previous->pNext = found->pNext;
    return found;
}

uint32_t hsp_vn_format_plane_count(VkFormat format)
{
    const struct hsp_vn_format *known = hsp_vn_format_find(format);

    return known ? known->plane_count : 1;
}

/* ------------------------------------------------------------------ buffers */

static VkExternalMemoryFeatureFlags
query_buffer(const struct hsp_vn_physical_device *physical_device,
             const VkPhysicalDeviceExternalBufferInfo *guest)
{
    VkPhysicalDeviceExternalBufferInfo info = *guest;
    VkExternalBufferProperties properties = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES,
    };

    info.handleType = HOST_POINTER;
    physical_device->instance->driver.vkGetPhysicalDeviceExternalBufferProperties(
        physical_device->handle, &info, &properties);
    return properties.externalMemoryProperties.externalMemoryFeatures;
}

bool hsp_vn_external_buffer_takes_host_pointer(const struct hsp_vn_physical_device *physical_device,
                                               const VkBufferCreateInfo *info)
{
    VkPhysicalDeviceExternalBufferInfo query = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
        .flags = info->flags,
        .usage = info->usage,
    };
    const VkBufferUsageFlags2CreateInfo *usage2 =
        hsp_vn_chain_find(info->pNext, VK_STRUCTURE_TYPE_BUFFER_USAGE_FLAGS_2_CREATE_INFO);
    VkBufferUsageFlags2CreateInfo usage2_copy;

    if (physical_device->memtypes.shared_bits == 0)
        return false;
    if (usage2) {
        usage2_copy = *usage2;
        usage2_copy.pNext = NULL;
        query.pNext = &usage2_copy;
    }
    return query_buffer(physical_device, &query) & VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
}

static void set_guest_properties(VkExternalMemoryProperties *out,
                                 VkExternalMemoryHandleTypeFlagBits type)
{
    out->externalMemoryFeatures =
        VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
    out->exportFromImportedHandleTypes = (VkExternalMemoryHandleTypeFlags)type;
    out->compatibleHandleTypes = (VkExternalMemoryHandleTypeFlags)type;
}

void hsp_vn_external_get_buffer_properties(const struct hsp_vn_physical_device *physical_device,
                                           const VkPhysicalDeviceExternalBufferInfo *info,
                                           VkExternalBufferProperties *out)
{
    memset(&out->externalMemoryProperties, 0, sizeof(out->externalMemoryProperties));
    if (!(info->handleType & GUEST_HANDLES) || physical_device->memtypes.shared_bits == 0)
        return;
    if (query_buffer(physical_device, info) & VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT)
        set_guest_properties(&out->externalMemoryProperties, info->handleType);
}

/* ------------------------------------------------------------------ images */

/* The host's answer for an image whose memory is imported from a host pointer. */
static VkResult query_image(const struct hsp_vn_physical_device *physical_device,
                            VkPhysicalDeviceImageFormatInfo2 *info, VkImageFormatProperties2 *out,
                            bool *out_importable)
{
    VkPhysicalDeviceExternalImageFormatInfo external = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
        .pNext = info->pNext,
        .handleType = HOST_POINTER,
    };
    VkExternalImageFormatProperties external_out = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES,
        .pNext = out->pNext,
    };
    VkPhysicalDeviceImageFormatInfo2 query = *info;
    VkResult result;

    query.pNext = &external;
    out->pNext = &external_out;
    result = physical_device->instance->driver.vkGetPhysicalDeviceImageFormatProperties2(
        physical_device->handle, &query, out);
    out->pNext = external_out.pNext;
    *out_importable =
        result == VK_SUCCESS && (external_out.externalMemoryProperties.externalMemoryFeatures &
                                 VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT);
    return result;
}

bool hsp_vn_external_image_takes_host_pointer(const struct hsp_vn_physical_device *physical_device,
                                              const VkImageCreateInfo *info)
{
    VkPhysicalDeviceImageFormatInfo2 query = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
        .format = info->format,
        .type = info->imageType,
        .tiling = info->tiling,
        .usage = info->usage,
        .flags = info->flags,
    };
    VkImageFormatProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2,
    };
    const VkImageFormatListCreateInfo *formats =
        hsp_vn_chain_find(info->pNext, VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO);
    VkImageFormatListCreateInfo formats_copy;
    bool importable;

    if (physical_device->memtypes.shared_bits == 0)
        return false;
    if (formats) {
        formats_copy = *formats;
        formats_copy.pNext = NULL;
        query.pNext = &formats_copy;
    }
    query_image(physical_device, &query, &properties, &importable);
    return importable;
}

/* Turns a modifier query into one of linear tiling. False if there is no such modifier. */
static bool translate_modifier(VkPhysicalDeviceImageFormatInfo2 *info)
{
    const VkPhysicalDeviceImageDrmFormatModifierInfoEXT *modifier = hsp_vn_chain_remove(
        info, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT);

    if (info->tiling != VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT)
        return true;
    info->tiling = VK_IMAGE_TILING_LINEAR;
    return modifier && modifier->drmFormatModifier == HSP_VN_DRM_FORMAT_MOD_LINEAR;
}

/* The answer for an image that is staged. */
static VkResult query_staged_image(const struct hsp_vn_physical_device *physical_device,
                                   VkPhysicalDeviceImageFormatInfo2 *info,
                                   VkImageFormatProperties2 *out, bool *out_importable)
{
    VkResult result;

    *out_importable = hsp_vn_staging_is_possible(physical_device, info->format, info->type,
                                                 info->flags, info->usage);
    hsp_vn_staging_translate(&info->tiling, &info->usage);
    result = physical_device->instance->driver.vkGetPhysicalDeviceImageFormatProperties2(
        physical_device->handle, info, out);
    if (result == VK_SUCCESS)
        hsp_vn_staging_limit(physical_device, info->format, &out->imageFormatProperties);
    return result;
}

VkResult
hsp_vn_external_get_image_format_properties(const struct hsp_vn_physical_device *physical_device,
                                            VkPhysicalDeviceImageFormatInfo2 *info,
                                            VkImageFormatProperties2 *out)
{
    VkPhysicalDeviceExternalImageFormatInfo *external;
    VkExternalImageFormatProperties *external_out =
        hsp_vn_chain_find(out->pNext, VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES);
    bool is_modifier = info->tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT;
    bool importable;
    VkResult result;

    if (!translate_modifier(info))
        return VK_ERROR_FORMAT_NOT_SUPPORTED;
    external =
        hsp_vn_chain_remove(info, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO);
    if (external_out)
        memset(&external_out->externalMemoryProperties, 0,
               sizeof(external_out->externalMemoryProperties));
    if ((!external || external->handleType == 0) && !is_modifier)
        return physical_device->instance->driver.vkGetPhysicalDeviceImageFormatProperties2(
            physical_device->handle, info, out);
    if (external && external->handleType && !(external->handleType & GUEST_HANDLES))
        return VK_ERROR_FORMAT_NOT_SUPPORTED;

    /* The answer has a struct of the guest's for what our query asks with one of its own. */
    void *own = hsp_vn_chain_remove(out, VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES);
    if (info->tiling == VK_IMAGE_TILING_LINEAR &&
        hsp_vn_staging_is_needed(physical_device, info->format, info->usage))
        result = query_staged_image(physical_device, info, out, &importable);
    else
        result = query_image(physical_device, info, out, &importable);
    if (own) {
        ((VkBaseOutStructure *)own)->pNext = out->pNext;
        out->pNext = own;
    }
    if (result != VK_SUCCESS)
        return result;
    if (!importable)
        return VK_ERROR_FORMAT_NOT_SUPPORTED;
    if (external_out && external && external->handleType)
        set_guest_properties(&external_out->externalMemoryProperties, external->handleType);
    return VK_SUCCESS;
}

/* ------------------------------------------------------------------ modifier lists */

/* Whether linear images of a format can have exported memory at all: asked with the first usage
 * that its features allow. What usage really works is the answer to ImageFormatProperties2. */
static bool linear_is_exportable(const struct hsp_vn_physical_device *physical_device,
                                 VkFormat format, VkFormatFeatureFlags features)
{
    static const struct {
        VkFormatFeatureFlags feature;
        VkImageUsageFlags usage;
    } pairs[] = {
        {VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT, VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT},
        {VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT, VK_IMAGE_USAGE_SAMPLED_BIT},
        {VK_FORMAT_FEATURE_TRANSFER_SRC_BIT, VK_IMAGE_USAGE_TRANSFER_SRC_BIT},
    };
    VkImageCreateInfo info = {
        .format = format,
        .imageType = VK_IMAGE_TYPE_2D,
        .tiling = VK_IMAGE_TILING_LINEAR,
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(pairs); i++) {
        info.usage = pairs[i].usage;
        if (features & pairs[i].feature)
            return hsp_vn_external_image_takes_host_pointer(physical_device, &info);
    }
    return false;
}

static void fill_modifier_list(VkDrmFormatModifierPropertiesListEXT *list, bool has_linear,
                               VkFormatFeatureFlags features, uint32_t plane_count)
{
    uint32_t count = has_linear ? 1 : 0;

    if (list->pDrmFormatModifierProperties) {
        count = HSP_MIN(count, list->drmFormatModifierCount);
        if (count > 0)
            list->pDrmFormatModifierProperties[0] = (VkDrmFormatModifierPropertiesEXT){
                HSP_VN_DRM_FORMAT_MOD_LINEAR, plane_count, features};
    }
    list->drmFormatModifierCount = count;
}

static void fill_modifier_list2(VkDrmFormatModifierPropertiesList2EXT *list, bool has_linear,
                                VkFormatFeatureFlags2 features, uint32_t plane_count)
{
    uint32_t count = has_linear ? 1 : 0;

    if (list->pDrmFormatModifierProperties) {
        count = HSP_MIN(count, list->drmFormatModifierCount);
        if (count > 0)
            list->pDrmFormatModifierProperties[0] = (VkDrmFormatModifierProperties2EXT){
                HSP_VN_DRM_FORMAT_MOD_LINEAR, plane_count, features};
    }
    list->drmFormatModifierCount = count;
}

static VkFormatFeatureFlags2
query_linear_features2(const struct hsp_vn_physical_device *physical_device, VkFormat format,
                       VkFormatFeatureFlags features)
{
    VkFormatProperties3 properties3 = {.sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_3};
    VkFormatProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2,
        .pNext = &properties3,
    };

    physical_device->instance->driver.vkGetPhysicalDeviceFormatProperties2(physical_device->handle,
                                                                           format, &properties);
    return properties3.linearTilingFeatures ? properties3.linearTilingFeatures : features;
}

/* Takes our two structs out of the chain for the host's call, and puts the chain back as it was:
 * the reply must have it in the client's order. */
static void query_without_modifiers(const struct hsp_vn_physical_device *physical_device,
                                    VkFormat format, VkFormatProperties2 *out)
{
    VkBaseOutStructure *removed[2] = {NULL, NULL}, *before[2] = {NULL, NULL};
    size_t count = 0;

    for (VkBaseOutStructure *s = (void *)out; s->pNext && count < 2;) {
        VkStructureType type = s->pNext->sType;
        if (type == VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_EXT ||
            type == VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_2_EXT) {
            before[count] = s;
            removed[count++] = s->pNext;
            s->pNext = s->pNext->pNext;
        } else {
            s = s->pNext;
        }
    }
    physical_device->instance->driver.vkGetPhysicalDeviceFormatProperties2(physical_device->handle,
                                                                           format, out);
    while (count-- > 0) {
        removed[count]->pNext = before[count]->pNext;
        before[count]->pNext = removed[count];
    }
}

void hsp_vn_external_get_format_properties(const struct hsp_vn_physical_device *physical_device,
                                           VkFormat format, VkFormatProperties2 *out)
{
    VkDrmFormatModifierPropertiesListEXT *list =
        hsp_vn_chain_find(out->pNext, VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_EXT);
    VkDrmFormatModifierPropertiesList2EXT *list2 =
        hsp_vn_chain_find(out->pNext, VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_2_EXT);
    VkFormatFeatureFlags features, staged;
    bool has_linear;

    query_without_modifiers(physical_device, format, out);
    if (!list && !list2)
        return;
    /* All planes of a format lie in one allocation here. */
    features = out->formatProperties.linearTilingFeatures &
               ~(VkFormatFeatureFlags)VK_FORMAT_FEATURE_DISJOINT_BIT;
    has_linear = linear_is_exportable(physical_device, format, features);
    staged = hsp_vn_staging_features(physical_device, format);
    if (list)
        fill_modifier_list(list, has_linear, features | staged, hsp_vn_format_plane_count(format));
    if (list2)
        fill_modifier_list2(list2, has_linear,
                            staged | (query_linear_features2(physical_device, format, features) &
                                      ~VK_FORMAT_FEATURE_2_DISJOINT_BIT),
                            hsp_vn_format_plane_count(format));
}
