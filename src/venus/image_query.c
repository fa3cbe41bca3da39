/* SPDX-License-Identifier: MIT */
/*
 * What the guest is told of images: the memory that they want, and how they lie in it.
 */
#include "venus/external.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/image_plan.h"

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
    struct hsp_vn_image copy;
    const struct hsp_vn_image *image = hsp_vn_image_get(device, args->image_object, &copy);

    if (!image) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, 0, "image");
        return;
    }
    if (image->is_staged) {
        VkMemoryRequirements2 requirements = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
        hsp_vn_staging_get_requirements(device, &image->staging, &requirements);
        *args->pMemoryRequirements = requirements.memoryRequirements;
    } else {
        device->driver.vkGetImageMemoryRequirements(device->handle, args->image,
                                                    args->pMemoryRequirements);
    }
    translate_requirements(device, args->pMemoryRequirements, image);
}

void hsp_vn_handle_vkGetImageMemoryRequirements2(struct hsp_vn_call *call,
                                                 struct hsp_vn_vkGetImageMemoryRequirements2 *args)
{
    struct hsp_vn_device *device = call->self->device;
    struct hsp_vn_image copy;
    const struct hsp_vn_image *image = hsp_vn_image_get(
        device, (const struct hsp_vn_object *)(uintptr_t)args->pInfo->image, &copy);

    if (!image) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, 0, "image");
        return;
    }
    hsp_vn_unwrap_vkGetImageMemoryRequirements2(args);
    translate_plane_info(args->pInfo->pNext, image);
    if (image->is_staged)
        hsp_vn_staging_get_requirements(device, &image->staging, args->pMemoryRequirements);
    else
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
    struct hsp_vn_image_plan plan;

    if (!device->driver.vkGetDeviceImageMemoryRequirements) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, 0, "not enabled");
        return;
    }
    /* There is no error to return: an image that cannot be created fits no memory. */
    if (hsp_vn_image_plan(device, args->pInfo->pCreateInfo, &plan) != VK_SUCCESS) {
        memset(requirements, 0, sizeof(*requirements));
        return;
    }
    query.pCreateInfo = &plan.info;
    query.planeAspect = (VkImageAspectFlagBits)hsp_vn_image_translate_plane(
        &plan.image, (VkImageAspectFlags)query.planeAspect);
    if (plan.image.is_staged)
        hsp_vn_staging_get_planned_requirements(device, &plan.staging, args->pMemoryRequirements);
    else
        device->driver.vkGetDeviceImageMemoryRequirements(device->handle, &query,
                                                          args->pMemoryRequirements);
    translate_requirements(device, requirements, &plan.image);
}

void hsp_vn_handle_vkGetDeviceImageSparseMemoryRequirements(
    struct hsp_vn_call *call, struct hsp_vn_vkGetDeviceImageSparseMemoryRequirements *args)
{
    struct hsp_vn_device *device = call->self->device;
    VkDeviceImageMemoryRequirements query = *args->pInfo;
    struct hsp_vn_image_plan plan;

    if (!device->driver.vkGetDeviceImageSparseMemoryRequirements) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, 0, "not enabled");
        return;
    }
    if (hsp_vn_image_plan(device, args->pInfo->pCreateInfo, &plan) != VK_SUCCESS) {
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
    struct hsp_vn_image copy;
    const struct hsp_vn_image *image = hsp_vn_image_get(device, args->image_object, &copy);
    VkImageSubresource subresource = *args->pSubresource;

    if (!image) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, 0, "image");
        return;
    }
    if (image->is_staged) {
        hsp_vn_staging_get_subresource_layout(&image->staging.layout, args->pLayout);
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
    struct hsp_vn_image copy;
    const struct hsp_vn_image *image = hsp_vn_image_get(device, args->image_object, &copy);
    VkImageSubresource2 subresource = *args->pSubresource;

    if (!image || !device->driver.vkGetImageSubresourceLayout2) {
        hsp_vn_call_fault(call, image ? HSP_VN_FAULT_COMMAND : HSP_VN_FAULT_NULL, 0, "image");
        return;
    }
    subresource.imageSubresource.aspectMask =
        hsp_vn_image_translate_plane(image, subresource.imageSubresource.aspectMask);
    device->driver.vkGetImageSubresourceLayout2(device->handle, args->image, &subresource,
                                                args->pLayout);
    if (image->is_staged)
        hsp_vn_staging_get_subresource_layout(&image->staging.layout,
                                              &args->pLayout->subresourceLayout);
    else
        args->pLayout->subresourceLayout.offset += image->offset;
}

void hsp_vn_handle_vkGetDeviceImageSubresourceLayout(
    struct hsp_vn_call *call, struct hsp_vn_vkGetDeviceImageSubresourceLayout *args)
{
    struct hsp_vn_device *device = call->self->device;
    VkDeviceImageSubresourceInfo query = *args->pInfo;
    struct hsp_vn_image_plan plan;

    if (!device->driver.vkGetDeviceImageSubresourceLayout) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, 0, "not enabled");
        return;
    }
    if (hsp_vn_image_plan(device, query.pCreateInfo, &plan) != VK_SUCCESS) {
        memset(&args->pLayout->subresourceLayout, 0, sizeof(args->pLayout->subresourceLayout));
        return;
    }
    query.pCreateInfo = &plan.info;
    device->driver.vkGetDeviceImageSubresourceLayout(device->handle, &query, args->pLayout);
    if (plan.image.is_staged)
        hsp_vn_staging_get_subresource_layout(&plan.staging, &args->pLayout->subresourceLayout);
}

void hsp_vn_handle_vkGetImageDrmFormatModifierPropertiesEXT(
    struct hsp_vn_call *call, struct hsp_vn_vkGetImageDrmFormatModifierPropertiesEXT *args)
{
    (void)call;
    args->pProperties->drmFormatModifier = HSP_VN_DRM_FORMAT_MOD_LINEAR;
    args->ret = VK_SUCCESS;
}
