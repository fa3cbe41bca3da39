/* SPDX-License-Identifier: MIT */
/*
 * Images. The guest's create info becomes one that the host knows:
 *   - DRM_FORMAT_MODIFIER tiling (LINEAR is the only modifier) is linear tiling;
 *   - dma-buf and opaque fd handle types are host pointers, and so are linear images, which the
 *     guest may want to map; optimal images stay plain, so that the driver may compress them;
 *   - a linear image that others see is staged (staging.h) where the host has none like it;
 *   - an image created for external memory must begin as UNDEFINED, so PREINITIALIZED does not
 *     exist on the host: such an image is moved to GENERAL when memory is bound, and GENERAL is
 *     what PREINITIALIZED means everywhere else (hsp_vn_filter_VkImageLayout).
 */
#include "venus/image_plan.h"

#include "venus/external.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/lifetime.h"

#include <stdlib.h>

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

static VkResult translate_tiling(struct hsp_vn_image_plan *plan)
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

/* Of an image that others see. */
static VkResult plan_staging(const struct hsp_vn_device *device, struct hsp_vn_image_plan *plan)
{
    VkResult result;

    if (!hsp_vn_staging_is_possible(device->physical_device, plan->info.format,
                                    plan->info.imageType, plan->info.flags, plan->info.usage))
        return VK_ERROR_FEATURE_NOT_PRESENT;
    result = hsp_vn_staging_plan(device, &plan->info, plan->explicit_layout, &plan->staging);
    if (result != VK_SUCCESS)
        return result;
    hsp_vn_staging_translate(&plan->info.tiling, &plan->info.usage);
    plan->image.is_staged = true;
    plan->explicit_layout = NULL;
    plan->image.takes_host_pointer = true;
    /* What it binds is the buffer's memory, whatever the guest shares of it. */
    plan->image.is_external = true;
    return VK_SUCCESS;
}

VkResult hsp_vn_image_plan(const struct hsp_vn_device *device, const VkImageCreateInfo *guest,
                           struct hsp_vn_image_plan *plan)
{
    const struct hsp_vn_physical_device *physical_device = device->physical_device;
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
    if (plan->info.tiling == VK_IMAGE_TILING_LINEAR &&
        (plan->image.is_external || guest->tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT) &&
        hsp_vn_staging_is_needed(physical_device, guest->format, guest->usage))
        return plan_staging(device, plan);
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
                           const struct hsp_vn_image_plan *plan, uint64_t *out_offset)
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

static VkResult create_staged(struct hsp_vn_device *device, struct hsp_vn_image_plan *plan,
                              VkImage *out_image)
{
    VkResult result = device->driver.vkCreateImage(device->handle, &plan->info, NULL, out_image);

    if (result != VK_SUCCESS)
        return result;
    result = hsp_vn_staging_init(device, *out_image, &plan->staging, &plan->image.staging);
    if (result != VK_SUCCESS)
        device->driver.vkDestroyImage(device->handle, *out_image, NULL);
    return result;
}

static VkResult create_image(struct hsp_vn_device *device, struct hsp_vn_image_plan *plan,
                             VkImage *out_image)
{
    VkResult result;

    if (plan->image.is_staged)
        return create_staged(device, plan, out_image);
    result = device->driver.vkCreateImage(device->handle, &plan->info, NULL, out_image);
    if (result != VK_SUCCESS || !plan->explicit_layout ||
        layout_matches(device, *out_image, plan, &plan->image.offset))
        return result;
    device->driver.vkDestroyImage(device->handle, *out_image, NULL);
    if (plan_staging(device, plan) != VK_SUCCESS)
        return VK_ERROR_INVALID_DRM_FORMAT_MODIFIER_PLANE_LAYOUT_EXT;
    hsp_vn_chain_remove(&plan->info, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO);
    return create_staged(device, plan, out_image);
}

void hsp_vn_handle_vkCreateImage(struct hsp_vn_call *call, struct hsp_vn_vkCreateImage *args)
{
    struct hsp_vn_device *device = call->self->device;
    uint64_t id = (uint64_t)*args->pImage;
    struct hsp_vn_image_plan plan;
    struct hsp_vn_image *state;
    VkImage image;

    if (!hsp_vn_call_check_new_ids(call, &id, 1))
        return;
    args->ret = hsp_vn_image_plan(device, args->pCreateInfo, &plan);
    if (args->ret == VK_SUCCESS)
        args->ret = create_image(device, &plan, &image);
    if (args->ret != VK_SUCCESS)
        return;
    state = malloc(sizeof(*state));
    if (!state) {
        device->driver.vkDestroyImage(device->handle, image, NULL);
        hsp_vn_staging_finish(device, &plan.image.staging);
        args->ret = VK_ERROR_OUT_OF_HOST_MEMORY;
        return;
    }
    *state = plan.image;
    if (!hsp_vn_call_add_child(call, id, VK_OBJECT_TYPE_IMAGE, (uint64_t)image, NULL, state,
                               NULL)) {
        device->driver.vkDestroyImage(device->handle, image, NULL);
        hsp_vn_image_free(device, state);
    }
}

void hsp_vn_image_free(struct hsp_vn_device *device, struct hsp_vn_image *image)
{
    if (!image)
        return;
    hsp_vn_staging_finish(device, &image->staging);
    free(image);
}

const struct hsp_vn_image *hsp_vn_image_get(struct hsp_vn_device *device,
                                            const struct hsp_vn_object *object,
                                            struct hsp_vn_image *out)
{
    bool is_there;

    if (!object)
        return NULL;
    pthread_mutex_lock(&device->lock);
    is_there = object->id != 0 && object->type == VK_OBJECT_TYPE_IMAGE &&
               object->device == device && object->data;
    if (is_there)
        *out = *(const struct hsp_vn_image *)object->data;
    pthread_mutex_unlock(&device->lock);
    return is_there ? out : NULL;
}

void hsp_vn_handle_vkDestroyImage(struct hsp_vn_call *call, struct hsp_vn_vkDestroyImage *args)
{
    struct hsp_vn_device *device = call->self->device;
    void *image;

    if (!args->image_object ||
        !hsp_vn_call_take_object(call, args->image_object, (uint64_t)args->image, &image))
        return;
    device->driver.vkDestroyImage(device->handle, args->image, NULL);
    hsp_vn_image_free(device, image);
}

/* ------------------------------------------------------------------ hooks of the decoder */

VkImageLayout hsp_vn_filter_VkImageLayout(VkImageLayout layout)
{
    return layout == VK_IMAGE_LAYOUT_PREINITIALIZED ? VK_IMAGE_LAYOUT_GENERAL : layout;
}
