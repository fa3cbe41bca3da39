/* SPDX-License-Identifier: MIT */
/*
 * Host image copies (Venus §3.7). The client's pointers become bytes in the command or in its
 * reply; the driver reads or writes as many bytes as the region covers, so a region is measured
 * here and one that covers more than the bytes that came is a fault.
 */
#include "venus/device.h"
#include "venus/gen/formats.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/image.h"

/* Bytes of one texel block of an aspect, as buffers hold it. 0 for an aspect that the format does
 * not have. */
static uint32_t aspect_block_size(const struct hsp_vn_format *format, VkImageAspectFlags aspect)
{
    switch (aspect) {
    case VK_IMAGE_ASPECT_COLOR_BIT:
        return format->depth_size || format->stencil_size ? 0 : format->block_size;
    case VK_IMAGE_ASPECT_DEPTH_BIT:
        return format->depth_size;
    case VK_IMAGE_ASPECT_STENCIL_BIT:
        return format->stencil_size;
    case VK_IMAGE_ASPECT_PLANE_0_BIT:
        return format->plane_block_size[0];
    case VK_IMAGE_ASPECT_PLANE_1_BIT:
        return format->plane_block_size[1];
    case VK_IMAGE_ASPECT_PLANE_2_BIT:
        return format->plane_block_size[2];
    default:
        return 0;
    }
}

static uint64_t in_blocks(uint64_t texels, uint32_t block)
{
    return (texels + block - 1) / block;
}

/* The layers that a region names; 0 when the image has not so many. */
static uint32_t count_layers(const struct hsp_vn_image *image,
                             const VkImageSubresourceLayers *layers)
{
    uint32_t left = image->layer_count - HSP_MIN(layers->baseArrayLayer, image->layer_count);

    if (layers->layerCount == VK_REMAINING_ARRAY_LAYERS)
        return left;
    return layers->layerCount <= left ? layers->layerCount : 0;
}

/* The bytes that a region reaches over: rows and slices padded as it says, but for the last ones,
 * behind whose texels nothing need follow. UINT64_MAX when that does not fit or the region makes no
 * sense. */
static uint64_t region_size(const struct hsp_vn_image *image, uint32_t row_length,
                            uint32_t image_height, const VkImageSubresourceLayers *layers,
                            const VkExtent3D *extent)
{
    const struct hsp_vn_format *format = hsp_vn_format_find(image->format);
    uint64_t block_size = format ? aspect_block_size(format, layers->aspectMask) : 0;
    uint64_t slices = (uint64_t)extent->depth * count_layers(image, layers);
    uint64_t row, rows, slice_rows, size;

    if (block_size == 0 || slices == 0 || extent->width == 0 || extent->height == 0)
        return UINT64_MAX;
    row = in_blocks(HSP_MAX(row_length, extent->width), format->block_width) * block_size;
    rows = in_blocks(extent->height, format->block_height);
    slice_rows = in_blocks(HSP_MAX(image_height, extent->height), format->block_height);
    if (__builtin_mul_overflow(slices - 1, slice_rows, &size) ||
        __builtin_add_overflow(size, rows - 1, &size) || __builtin_mul_overflow(size, row, &size) ||
        __builtin_add_overflow(size, in_blocks(extent->width, format->block_width) * block_size,
                               &size))
        return UINT64_MAX;
    return size;
}

/* The bytes of a copy with VK_HOST_IMAGE_COPY_MEMCPY: as many as the driver keeps of each layer.
 * UINT64_MAX when that cannot be known. */
static uint64_t memcpy_size(const struct hsp_vn_device *device, const struct hsp_vn_image *image,
                            VkImage handle, const VkImageSubresourceLayers *layers)
{
    uint32_t count = count_layers(image, layers);
    uint64_t total = 0;

    if (count == 0 || !device->driver.vkGetImageSubresourceLayout2)
        return UINT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const VkImageSubresource2 subresource = {
            .sType = VK_STRUCTURE_TYPE_IMAGE_SUBRESOURCE_2,
            .imageSubresource = {layers->aspectMask, layers->mipLevel, layers->baseArrayLayer + i},
        };
        VkSubresourceHostMemcpySize size = {
            .sType = VK_STRUCTURE_TYPE_SUBRESOURCE_HOST_MEMCPY_SIZE,
        };
        VkSubresourceLayout2 layout = {
            .sType = VK_STRUCTURE_TYPE_SUBRESOURCE_LAYOUT_2,
            .pNext = &size,
        };
        device->driver.vkGetImageSubresourceLayout2(device->handle, handle, &subresource, &layout);
        if (__builtin_add_overflow(total, size.size, &total))
            return UINT64_MAX;
    }
    return total;
}

/* The image that a command names, with keep_objects, in `out`. NULL after a fault. */
static const struct hsp_vn_image *get_image(struct hsp_vn_call *call, VkImage slot,
                                            struct hsp_vn_image *out)
{
    const struct hsp_vn_image *image =
        hsp_vn_image_get(call->self->device, (const struct hsp_vn_object *)(uintptr_t)slot, out);

    if (!image)
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, 0, "image");
    return image;
}

static bool check_size(struct hsp_vn_call *call, uint64_t wanted, uint64_t size)
{
    if (wanted <= size)
        return true;
    hsp_vn_call_fault(call, HSP_VN_FAULT_RANGE, size, "bytes of a host image copy");
    return false;
}

void hsp_vn_handle_vkCopyImageToMemoryMESA(struct hsp_vn_call *call,
                                           struct hsp_vn_vkCopyImageToMemoryMESA *args)
{
    struct hsp_vn_device *device = call->self->device;
    const VkCopyImageToMemoryInfoMESA *info = args->pCopyImageToMemoryInfo;
    struct hsp_vn_image state;
    const struct hsp_vn_image *image = get_image(call, info->srcImage, &state);
    uint64_t wanted;

    if (!image)
        return;
    if (!device->driver.vkCopyImageToMemory) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, HSP_VN_COMMAND_vkCopyImageToMemoryMESA,
                          "not enabled");
        return;
    }
    if (!args->pData)
        return;
    hsp_vn_unwrap_vkCopyImageToMemoryMESA(args);
    wanted = info->flags & VK_HOST_IMAGE_COPY_MEMCPY
                 ? memcpy_size(device, image, info->srcImage, &info->imageSubresource)
                 : region_size(image, info->memoryRowLength, info->memoryImageHeight,
                               &info->imageSubresource, &info->imageExtent);
    if (!check_size(call, wanted, args->dataSize))
        return;
    const VkImageToMemoryCopy region = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_TO_MEMORY_COPY,
        .pHostPointer = args->pData,
        .memoryRowLength = info->memoryRowLength,
        .memoryImageHeight = info->memoryImageHeight,
        .imageSubresource = info->imageSubresource,
        .imageOffset = info->imageOffset,
        .imageExtent = info->imageExtent,
    };
    const VkCopyImageToMemoryInfo copy = {
        .sType = VK_STRUCTURE_TYPE_COPY_IMAGE_TO_MEMORY_INFO,
        .flags = info->flags,
        .srcImage = info->srcImage,
        .srcImageLayout = info->srcImageLayout,
        .regionCount = 1,
        .pRegions = &region,
    };
    args->ret = device->driver.vkCopyImageToMemory(device->handle, &copy);
}

/* The driver's regions for the client's, with the driver's handles. NULL after a fault. */
static VkMemoryToImageCopy *translate_regions(struct hsp_vn_call *call,
                                              const struct hsp_vn_image *image,
                                              const VkCopyMemoryToImageInfoMESA *info)
{
    const struct hsp_vn_device *device = call->self->device;
    VkMemoryToImageCopy *regions =
        hsp_arena_calloc(call->reader->arena, info->regionCount, sizeof(*regions));

    if (!regions) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, info->regionCount, "regions");
        return NULL;
    }
    for (uint32_t i = 0; i < info->regionCount; i++) {
        const VkMemoryToImageCopyMESA *region = &info->pRegions[i];
        uint64_t wanted =
            info->flags & VK_HOST_IMAGE_COPY_MEMCPY
                ? memcpy_size(device, image, info->dstImage, &region->imageSubresource)
                : region_size(image, region->memoryRowLength, region->memoryImageHeight,
                              &region->imageSubresource, &region->imageExtent);
        if (!check_size(call, wanted, region->dataSize))
            return NULL;
        regions[i] = (VkMemoryToImageCopy){
            .sType = VK_STRUCTURE_TYPE_MEMORY_TO_IMAGE_COPY,
            .pHostPointer = region->pData,
            .memoryRowLength = region->memoryRowLength,
            .memoryImageHeight = region->memoryImageHeight,
            .imageSubresource = region->imageSubresource,
            .imageOffset = region->imageOffset,
            .imageExtent = region->imageExtent,
        };
    }
    return regions;
}

void hsp_vn_handle_vkCopyMemoryToImageMESA(struct hsp_vn_call *call,
                                           struct hsp_vn_vkCopyMemoryToImageMESA *args)
{
    struct hsp_vn_device *device = call->self->device;
    const VkCopyMemoryToImageInfoMESA *info = args->pCopyMemoryToImageInfo;
    struct hsp_vn_image state;
    const struct hsp_vn_image *image = get_image(call, info->dstImage, &state);
    VkMemoryToImageCopy *regions;

    if (!image)
        return;
    if (!device->driver.vkCopyMemoryToImage) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, HSP_VN_COMMAND_vkCopyMemoryToImageMESA,
                          "not enabled");
        return;
    }
    hsp_vn_unwrap_vkCopyMemoryToImageMESA(args);
    regions = translate_regions(call, image, info);
    if (!regions)
        return;
    const VkCopyMemoryToImageInfo copy = {
        .sType = VK_STRUCTURE_TYPE_COPY_MEMORY_TO_IMAGE_INFO,
        .flags = info->flags,
        .dstImage = info->dstImage,
        .dstImageLayout = info->dstImageLayout,
        .regionCount = info->regionCount,
        .pRegions = regions,
    };
    args->ret = device->driver.vkCopyMemoryToImage(device->handle, &copy);
}
