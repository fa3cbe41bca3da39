/* SPDX-License-Identifier: MIT */
/*
 * Binding memory to images: where an image with an explicit layout begins, and the one transition
 * that stands for VK_IMAGE_LAYOUT_PREINITIALIZED (image.c).
 */
#include "venus/external.h"
#include "venus/gen/formats.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/image.h"
#include "venus/queue.h"

static VkImageAspectFlags format_aspects(VkFormat format)
{
    const struct hsp_vn_format *known = hsp_vn_format_find(format);
    VkImageAspectFlags aspects = 0;

    if (known && known->depth_size)
        aspects |= VK_IMAGE_ASPECT_DEPTH_BIT;
    if (known && known->stencil_size)
        aspects |= VK_IMAGE_ASPECT_STENCIL_BIT;
    return aspects ? aspects : VK_IMAGE_ASPECT_COLOR_BIT;
}

static VkResult begin_own_commands(struct hsp_vn_device *device, uint32_t family,
                                   VkCommandBuffer *out_commands)
{
    const VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT,
        .queueFamilyIndex = family,
    };
    static const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    VkResult result = VK_SUCCESS;

    if (!device->own_pool)
        result = device->driver.vkCreateCommandPool(device->handle, &pool, NULL, &device->own_pool);
    if (result != VK_SUCCESS)
        return result;
    const VkCommandBufferAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = device->own_pool,
        .commandBufferCount = 1,
    };
    result = device->driver.vkAllocateCommandBuffers(device->handle, &allocate, out_commands);
    if (result == VK_SUCCESS)
        result = device->driver.vkBeginCommandBuffer(*out_commands, &begin);
    return result;
}

/* Moves a PREINITIALIZED image to GENERAL, once, when it gets its memory. */
static VkResult leave_undefined_locked(struct hsp_vn_device *device, VkImage image,
                                       VkImageAspectFlags aspects)
{
    struct hsp_vn_queue *queue = hsp_vn_device_get_queue(device);
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_HOST_WRITE_BIT,
        .oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {aspects, 0, VK_REMAINING_MIP_LEVELS, 0, VK_REMAINING_ARRAY_LAYERS},
    };
    VkCommandBuffer commands = VK_NULL_HANDLE;
    VkResult result = begin_own_commands(device, queue->family, &commands);

    if (result != VK_SUCCESS)
        goto out;
    device->driver.vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_HOST_BIT,
                                        VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL, 0, NULL, 1,
                                        &barrier);
    result = device->driver.vkEndCommandBuffer(commands);
    if (result != VK_SUCCESS)
        goto out;
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
    };
    pthread_mutex_lock(&queue->lock);
    result = device->driver.vkQueueSubmit(queue->handle, 1, &submit, VK_NULL_HANDLE);
    if (result == VK_SUCCESS)
        result = device->driver.vkQueueWaitIdle(queue->handle);
    pthread_mutex_unlock(&queue->lock);

out:
    if (commands)
        device->driver.vkFreeCommandBuffers(device->handle, device->own_pool, 1, &commands);
    return result;
}

/* An image that is being bound: its state, and the driver's handle. */
struct bound_image {
    struct hsp_vn_image image;
    VkImage handle;
};

/* From its object. False after a fault. */
static bool get_bound_image(struct hsp_vn_call *call, const struct hsp_vn_object *object,
                            struct bound_image *out)
{
    if (hsp_vn_image_get(call->self->device, object, &out->image)) {
        out->handle = (VkImage)object->handle;
        return true;
    }
    hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, 0, "image");
    return false;
}

static VkResult after_bind(struct hsp_vn_device *device, const struct bound_image *bound)
{
    VkResult result;

    if (!bound->image.is_preinitialized)
        return VK_SUCCESS;
    pthread_mutex_lock(&device->lock);
    result = leave_undefined_locked(device, bound->handle, format_aspects(bound->image.format));
    pthread_mutex_unlock(&device->lock);
    return result;
}

void hsp_vn_handle_vkBindImageMemory(struct hsp_vn_call *call,
                                     struct hsp_vn_vkBindImageMemory *args)
{
    struct hsp_vn_device *device = call->self->device;
    struct bound_image bound;

    if (!get_bound_image(call, args->image_object, &bound))
        return;
    if (bound.image.is_staged)
        args->ret = device->driver.vkBindBufferMemory(device->handle, bound.image.staging.buffer,
                                                      args->memory, args->memoryOffset);
    else
        args->ret = device->driver.vkBindImageMemory(device->handle, args->image, args->memory,
                                                     args->memoryOffset + bound.image.offset);
    if (args->ret == VK_SUCCESS)
        args->ret = after_bind(device, &bound);
}

/* Of staged images it is the buffer that is bound. The planes of the others must stay together. */
static VkResult bind_images(struct hsp_vn_device *device, uint32_t count,
                            VkBindImageMemoryInfo *infos, const struct bound_image *bound)
{
    VkResult result = VK_SUCCESS;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count && result == VK_SUCCESS; i++) {
        if (bound[i].image.is_staged)
            result =
                device->driver.vkBindBufferMemory(device->handle, bound[i].image.staging.buffer,
                                                  infos[i].memory, infos[i].memoryOffset);
        else
            infos[kept++] = infos[i];
    }
    if (result == VK_SUCCESS && kept > 0)
        result = device->driver.vkBindImageMemory2(device->handle, kept, infos);
    return result;
}

void hsp_vn_handle_vkBindImageMemory2(struct hsp_vn_call *call,
                                      struct hsp_vn_vkBindImageMemory2 *args)
{
    struct hsp_vn_device *device = call->self->device;
    VkBindImageMemoryInfo *infos = (VkBindImageMemoryInfo *)(uintptr_t)args->pBindInfos;
    struct bound_image *bound =
        hsp_arena_calloc(call->reader->arena, args->bindInfoCount, sizeof(*bound));

    if (!bound) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, args->bindInfoCount, "images");
        return;
    }
    for (uint32_t i = 0; i < args->bindInfoCount; i++) {
        if (!get_bound_image(call, (const struct hsp_vn_object *)(uintptr_t)infos[i].image,
                             &bound[i]))
            return;
        infos[i].memoryOffset += bound[i].image.offset;
        VkBindImagePlaneMemoryInfo *plane =
            hsp_vn_chain_find(infos[i].pNext, VK_STRUCTURE_TYPE_BIND_IMAGE_PLANE_MEMORY_INFO);
        if (plane)
            plane->planeAspect = (VkImageAspectFlagBits)hsp_vn_image_translate_plane(
                &bound[i].image, (VkImageAspectFlags)plane->planeAspect);
    }
    hsp_vn_unwrap_vkBindImageMemory2(args);
    args->ret = bind_images(device, args->bindInfoCount, infos, bound);
    for (uint32_t i = 0; i < args->bindInfoCount && args->ret == VK_SUCCESS; i++)
        args->ret = after_bind(device, &bound[i]);
}
