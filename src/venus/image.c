/* SPDX-License-Identifier: MIT */
/*
 * Images. The guest's create info becomes one that the host knows:
 *   - DRM_FORMAT_MODIFIER tiling (LINEAR is the only modifier) is linear tiling;
 *   - dma-buf and opaque fd handle types are host pointers, and so are linear images, which the
 *     guest may want to map; optimal images stay plain, so that the driver may compress them;
 *   - an image created for external memory must begin as UNDEFINED, so PREINITIALIZED does not
 *     exist on the host: such an image is moved to GENERAL when memory is bound, and GENERAL is
 *     what PREINITIALIZED means everywhere else (hsp_vn_filter_VkImageLayout).
 */
#include "venus/image.h"

#include "venus/external.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/lifetime.h"

#include <stdlib.h>

/* The host's create info for a guest's, and what is to be kept of it. */
struct image_plan {
    VkImageCreateInfo info;
    VkExternalMemoryImageCreateInfo external;
    const VkImageDrmFormatModifierExplicitCreateInfoEXT *explicit_layout;
    struct hsp_vn_image image;
};

static bool
has_linear_modifier(const VkImageDrmFormatModifierListCreateInfoEXT *list,
                    const VkImageDrmFormatModifierExplicitCreateInfoEXT *explicit_layout)
{
    if (explicit_layout)
        return explicit_layout->drmFormatModifier == HSP_VN_DRM_FORMAT_MOD_LINEAR;
    for (uint32_t i = 0; list && i < list->drmFormatModifierCount; i++) {
        if (list->pDrmFormatModifiers[i] == HSP_VN_DRM_FORMAT_MOD_LINEAR)
            return true;
    }
    return false;
}

static VkResult translate_tiling(struct image_plan *plan)
{
    const VkImageDrmFormatModifierListCreateInfoEXT *list = hsp_vn_chain_remove(
        &plan->info, VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT);

    plan->explicit_layout = hsp_vn_chain_remove(
        &plan->info, VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT);
    if (plan->info.tiling != VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT) {
        plan->explicit_layout = NULL;
        return VK_SUCCESS;
    }
    if (!has_linear_modifier(list, plan->explicit_layout))
        return VK_ERROR_INITIALIZATION_FAILED;
    plan->info.tiling = VK_IMAGE_TILING_LINEAR;
    return VK_SUCCESS;
}

/* Makes the host's create info out of the guest's. The plan must not move afterwards. */
static VkResult plan_image(const struct hsp_vn_physical_device *physical_device,
                           const VkImageCreateInfo *guest, struct image_plan *plan)
{
    const VkExternalMemoryImageCreateInfo *external;
    VkResult result;

    memset(plan, 0, sizeof(*plan));
    plan->info = *guest;
    result = translate_tiling(plan);
    if (result != VK_SUCCESS)
        return result;
    external =
        hsp_vn_chain_remove(&plan->info, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO);
    plan->image.format = guest->format;
    plan->image.plane_count = hsp_vn_format_plane_count(guest->format);
    plan->image.layer_count = guest->arrayLayers;
    plan->image.is_external = external && external->handleTypes;
    if (plan->info.initialLayout == VK_IMAGE_LAYOUT_PREINITIALIZED) {
        plan->info.initialLayout = VK_IMAGE_LAYOUT_UNDEFINED;
        plan->image.is_preinitialized = true;
    }
    if (plan->info.tiling != VK_IMAGE_TILING_LINEAR && !plan->image.is_external)
        return VK_SUCCESS;
    if (!hsp_vn_external_image_takes_host_pointer(physical_device, &plan->info))
        return plan->image.is_external ? VK_ERROR_FEATURE_NOT_PRESENT : VK_SUCCESS;
    plan->image.takes_host_pointer = true;
    plan->external = (VkExternalMemoryImageCreateInfo){
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .pNext = plan->info.pNext,
        .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
    };
    plan->info.pNext = &plan->external;
    return VK_SUCCESS;
}

/* ------------------------------------------------------------------ create */

/* Whether the host lays the image out as the guest demands, up to where it begins. On success
 * *out_offset is that beginning. */
static bool layout_matches(struct hsp_vn_device *device, VkImage image,
                           const struct image_plan *plan, uint64_t *out_offset)
{
    const VkImageDrmFormatModifierExplicitCreateInfoEXT *wanted = plan->explicit_layout;
    uint32_t plane_count = plan->image.plane_count;
    uint64_t begin = 0;

    if (wanted->drmFormatModifierPlaneCount != plane_count || plane_count == 0)
        return false;
    for (uint32_t i = 0; i < plane_count; i++) {
        const VkImageSubresource plane = {
            .aspectMask = plane_count == 1 ? VK_IMAGE_ASPECT_COLOR_BIT
                                           : (VkImageAspectFlags)VK_IMAGE_ASPECT_PLANE_0_BIT << i,
        };
        VkSubresourceLayout host;
        device->driver.vkGetImageSubresourceLayout(device->handle, image, &plane, &host);
        uint64_t offset = wanted->pPlaneLayouts[i].offset - host.offset;
        if (i == 0)
            begin = offset;
        if (offset != begin || wanted->pPlaneLayouts[i].rowPitch != host.rowPitch)
            return false;
    }
    *out_offset = begin;
    return true;
}

static VkResult create_image(struct hsp_vn_device *device, struct image_plan *plan,
                             VkImage *out_image)
{
    VkImage image;
    VkResult result = device->driver.vkCreateImage(device->handle, &plan->info, NULL, &image);

    if (result != VK_SUCCESS)
        return result;
    if (plan->explicit_layout && !layout_matches(device, image, plan, &plan->image.offset)) {
        device->driver.vkDestroyImage(device->handle, image, NULL);
        return VK_ERROR_INVALID_DRM_FORMAT_MODIFIER_PLANE_LAYOUT_EXT;
    }
    *out_image = image;
    return VK_SUCCESS;
}

void hsp_vn_handle_vkCreateImage(struct hsp_vn_call *call, struct hsp_vn_vkCreateImage *args)
{
    struct hsp_vn_device *device = call->self->device;
    uint64_t id = (uint64_t)*args->pImage;
    struct image_plan plan;
    struct hsp_vn_image *state;
    VkImage image;

    if (!hsp_vn_call_check_new_ids(call, &id, 1))
        return;
    args->ret = plan_image(device->physical_device, args->pCreateInfo, &plan);
    if (args->ret == VK_SUCCESS)
        args->ret = create_image(device, &plan, &image);
    if (args->ret != VK_SUCCESS)
        return;
    state = malloc(sizeof(*state));
    if (!state) {
        device->driver.vkDestroyImage(device->handle, image, NULL);
        args->ret = VK_ERROR_OUT_OF_HOST_MEMORY;
        return;
    }
    *state = plan.image;
    if (!hsp_vn_call_add_child(call, id, VK_OBJECT_TYPE_IMAGE, (uint64_t)image, NULL, state,
                               NULL)) {
        device->driver.vkDestroyImage(device->handle, image, NULL);
        free(state);
    }
}

/* ------------------------------------------------------------------ requirements */

static void translate_requirements(const struct hsp_vn_device *device,
                                   VkMemoryRequirements *requirements,
                                   const struct hsp_vn_image *image)
{
    requirements->memoryTypeBits =
        hsp_vn_memtypes_guest_bits(device->memtypes, requirements->memoryTypeBits,
                                   image->takes_host_pointer, image->is_external);
    requirements->size += image->offset;
}

VkImageAspectFlags hsp_vn_image_translate_plane(const struct hsp_vn_image *image,
                                                VkImageAspectFlags aspect)
{
    static const VkImageAspectFlags memory_planes[] = {
        VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT,
        VK_IMAGE_ASPECT_MEMORY_PLANE_1_BIT_EXT,
        VK_IMAGE_ASPECT_MEMORY_PLANE_2_BIT_EXT,
    };

    for (uint32_t i = 0; i < HSP_ARRAY_COUNT(memory_planes); i++) {
        if (aspect == memory_planes[i])
            return image->plane_count == 1 ? VK_IMAGE_ASPECT_COLOR_BIT
                                           : (VkImageAspectFlags)VK_IMAGE_ASPECT_PLANE_0_BIT << i;
    }
    return aspect;
}

static void translate_plane_info(const void *chain, const struct hsp_vn_image *image)
{
    VkImagePlaneMemoryRequirementsInfo *plane =
        hsp_vn_chain_find(chain, VK_STRUCTURE_TYPE_IMAGE_PLANE_MEMORY_REQUIREMENTS_INFO);

    if (plane)
        plane->planeAspect = (VkImageAspectFlagBits)hsp_vn_image_translate_plane(
            image, (VkImageAspectFlags)plane->planeAspect);
}

void hsp_vn_handle_vkGetImageMemoryRequirements(struct hsp_vn_call *call,
                                                struct hsp_vn_vkGetImageMemoryRequirements *args)
{
    struct hsp_vn_device *device = call->self->device;
    const struct hsp_vn_image *image = hsp_vn_image_get(args->image_object);

    if (!image) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, 0, "image");
        return;
    }
    device->driver.vkGetImageMemoryRequirements(device->handle, args->image,
                                                args->pMemoryRequirements);
    translate_requirements(device, args->pMemoryRequirements, image);
}

void hsp_vn_handle_vkGetImageMemoryRequirements2(struct hsp_vn_call *call,
                                                 struct hsp_vn_vkGetImageMemoryRequirements2 *args)
{
    struct hsp_vn_device *device = call->self->device;
    const struct hsp_vn_image *image =
        hsp_vn_image_get((const struct hsp_vn_object *)(uintptr_t)args->pInfo->image);

    if (!image) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, 0, "image");
        return;
    }
    hsp_vn_unwrap_vkGetImageMemoryRequirements2(args);
    translate_plane_info(args->pInfo->pNext, image);
    device->driver.vkGetImageMemoryRequirements2(device->handle, args->pInfo,
                                                 args->pMemoryRequirements);
    translate_requirements(device, &args->pMemoryRequirements->memoryRequirements, image);
}

void hsp_vn_handle_vkGetDeviceImageMemoryRequirements(
    struct hsp_vn_call *call, struct hsp_vn_vkGetDeviceImageMemoryRequirements *args)
{
    struct hsp_vn_device *device = call->self->device;
    VkDeviceImageMemoryRequirements query = *args->pInfo;
    VkMemoryRequirements *requirements = &args->pMemoryRequirements->memoryRequirements;
    struct image_plan plan;

    if (!device->driver.vkGetDeviceImageMemoryRequirements) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, 0, "not enabled");
        return;
    }
    /* There is no error to return: an image that cannot be created fits no memory. */
    if (plan_image(device->physical_device, args->pInfo->pCreateInfo, &plan) != VK_SUCCESS) {
        memset(requirements, 0, sizeof(*requirements));
        return;
    }
    query.pCreateInfo = &plan.info;
    query.planeAspect = (VkImageAspectFlagBits)hsp_vn_image_translate_plane(
        &plan.image, (VkImageAspectFlags)query.planeAspect);
    device->driver.vkGetDeviceImageMemoryRequirements(device->handle, &query,
                                                      args->pMemoryRequirements);
    translate_requirements(device, requirements, &plan.image);
}

void hsp_vn_handle_vkGetDeviceImageSparseMemoryRequirements(
    struct hsp_vn_call *call, struct hsp_vn_vkGetDeviceImageSparseMemoryRequirements *args)
{
    struct hsp_vn_device *device = call->self->device;
    VkDeviceImageMemoryRequirements query = *args->pInfo;
    struct image_plan plan;

    if (!device->driver.vkGetDeviceImageSparseMemoryRequirements) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, 0, "not enabled");
        return;
    }
    if (plan_image(device->physical_device, args->pInfo->pCreateInfo, &plan) != VK_SUCCESS) {
        *args->pSparseMemoryRequirementCount = 0;
        return;
    }
    query.pCreateInfo = &plan.info;
    device->driver.vkGetDeviceImageSparseMemoryRequirements(device->handle, &query,
                                                            args->pSparseMemoryRequirementCount,
                                                            args->pSparseMemoryRequirements);
}

/* ------------------------------------------------------------------ layout */

void hsp_vn_handle_vkGetImageSubresourceLayout(struct hsp_vn_call *call,
                                               struct hsp_vn_vkGetImageSubresourceLayout *args)
{
    struct hsp_vn_device *device = call->self->device;
    const struct hsp_vn_image *image = hsp_vn_image_get(args->image_object);
    VkImageSubresource subresource = *args->pSubresource;

    if (!image) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, 0, "image");
        return;
    }
    subresource.aspectMask = hsp_vn_image_translate_plane(image, subresource.aspectMask);
    device->driver.vkGetImageSubresourceLayout(device->handle, args->image, &subresource,
                                               args->pLayout);
    args->pLayout->offset += image->offset;
}

void hsp_vn_handle_vkGetImageSubresourceLayout2(struct hsp_vn_call *call,
                                                struct hsp_vn_vkGetImageSubresourceLayout2 *args)
{
    struct hsp_vn_device *device = call->self->device;
    const struct hsp_vn_image *image = hsp_vn_image_get(args->image_object);
    VkImageSubresource2 subresource = *args->pSubresource;

    if (!image || !device->driver.vkGetImageSubresourceLayout2) {
        hsp_vn_call_fault(call, image ? HSP_VN_FAULT_COMMAND : HSP_VN_FAULT_NULL, 0, "image");
        return;
    }
    subresource.imageSubresource.aspectMask =
        hsp_vn_image_translate_plane(image, subresource.imageSubresource.aspectMask);
    device->driver.vkGetImageSubresourceLayout2(device->handle, args->image, &subresource,
                                                args->pLayout);
    args->pLayout->subresourceLayout.offset += image->offset;
}

void hsp_vn_handle_vkGetDeviceImageSubresourceLayout(
    struct hsp_vn_call *call, struct hsp_vn_vkGetDeviceImageSubresourceLayout *args)
{
    struct hsp_vn_device *device = call->self->device;
    VkDeviceImageSubresourceInfo query = *args->pInfo;
    struct image_plan plan;

    if (!device->driver.vkGetDeviceImageSubresourceLayout) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, 0, "not enabled");
        return;
    }
    if (plan_image(device->physical_device, query.pCreateInfo, &plan) != VK_SUCCESS) {
        memset(&args->pLayout->subresourceLayout, 0, sizeof(args->pLayout->subresourceLayout));
        return;
    }
    query.pCreateInfo = &plan.info;
    device->driver.vkGetDeviceImageSubresourceLayout(device->handle, &query, args->pLayout);
}

void hsp_vn_handle_vkGetImageDrmFormatModifierPropertiesEXT(
    struct hsp_vn_call *call, struct hsp_vn_vkGetImageDrmFormatModifierPropertiesEXT *args)
{
    (void)call;
    args->pProperties->drmFormatModifier = HSP_VN_DRM_FORMAT_MOD_LINEAR;
    args->ret = VK_SUCCESS;
}

/* ------------------------------------------------------------------ hooks of the decoder */

VkImageLayout hsp_vn_filter_VkImageLayout(VkImageLayout layout)
{
    return layout == VK_IMAGE_LAYOUT_PREINITIALIZED ? VK_IMAGE_LAYOUT_GENERAL : layout;
}

/* Hosts need not know FOREIGN; for shared memory EXTERNAL means the same and is core. */
static uint32_t translate_family(uint32_t family)
{
    return family == VK_QUEUE_FAMILY_FOREIGN_EXT ? VK_QUEUE_FAMILY_EXTERNAL : family;
}

#define DEFINE_FIX_BARRIER(type)                                                       \
    void hsp_vn_fix_##type(struct hsp_vn_reader *reader, type *barrier)                \
    {                                                                                  \
        (void)reader;                                                                  \
        barrier->srcQueueFamilyIndex = translate_family(barrier->srcQueueFamilyIndex); \
        barrier->dstQueueFamilyIndex = translate_family(barrier->dstQueueFamilyIndex); \
    }

DEFINE_FIX_BARRIER(VkBufferMemoryBarrier)
DEFINE_FIX_BARRIER(VkBufferMemoryBarrier2)
DEFINE_FIX_BARRIER(VkImageMemoryBarrier)
DEFINE_FIX_BARRIER(VkImageMemoryBarrier2)
