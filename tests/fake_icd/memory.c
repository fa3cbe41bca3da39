/* SPDX-License-Identifier: MIT */
/* Memory, buffers and images, and what they require. */
#include "private.h"

#include <stdlib.h>

struct memory {
    VkDeviceSize size;
    void *data; /* NULL before the first map, unless imported */
    bool imported;
};

struct buffer {
    VkDeviceSize size;
};

struct image {
    VkExtent3D extent;
    uint32_t layers;
};

#define BYTES_PER_TEXEL 4

/* A caller may ask about nothing. */
static VkDeviceSize size_of_buffer(VkBuffer buffer)
{
    return buffer ? ((const struct buffer *)buffer)->size : 0;
}

static struct image image_of(VkImage image)
{
    return image ? *(const struct image *)image : (struct image){{1, 1, 1}, 1};
}

/* ------------------------------------------------------------------ memory */

VKAPI_ATTR VkResult VKAPI_CALL fake_vkAllocateMemory(VkDevice device,
                                                     const VkMemoryAllocateInfo *pAllocateInfo,
                                                     const VkAllocationCallbacks *pAllocator,
                                                     VkDeviceMemory *pMemory)
{
    const VkImportMemoryHostPointerInfoEXT *host =
        fake_find(pAllocateInfo->pNext, VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT);
    VkResult result = fake_call(FAKE_vkAllocateMemory);
    struct memory *memory;

    if (result < 0)
        return result;
    memory = calloc(1, sizeof(*memory));
    memory->size = pAllocateInfo->allocationSize;
    memory->imported = host != NULL;
    memory->data = host ? host->pHostPointer : NULL;
    *pMemory = (VkDeviceMemory)memory;
    return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL fake_vkFreeMemory(VkDevice device, VkDeviceMemory handle,
                                             const VkAllocationCallbacks *pAllocator)
{
    struct memory *memory = (struct memory *)handle;

    fake_call(FAKE_vkFreeMemory);
    if (memory && !memory->imported)
        free(memory->data);
    free(memory);
}

static VkResult map_memory(VkDeviceMemory handle, VkDeviceSize offset, void **out_data)
{
    struct memory *memory = (struct memory *)handle;

    if (!memory)
        return VK_ERROR_MEMORY_MAP_FAILED;
    if (!memory->data)
        memory->data = calloc(1, memory->size);
    if (!memory->data)
        return VK_ERROR_MEMORY_MAP_FAILED;
    *out_data = (char *)memory->data + offset;
    return VK_SUCCESS;
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkMapMemory(VkDevice device, VkDeviceMemory memory,
                                                VkDeviceSize offset, VkDeviceSize size,
                                                VkMemoryMapFlags flags, void **ppData)
{
    VkResult result = fake_call(FAKE_vkMapMemory);

    return result < 0 ? result : map_memory(memory, offset, ppData);
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkMapMemory2(VkDevice device,
                                                 const VkMemoryMapInfo *pMemoryMapInfo,
                                                 void **ppData)
{
    VkResult result = fake_call(FAKE_vkMapMemory2);

    return result < 0 ? result : map_memory(pMemoryMapInfo->memory, pMemoryMapInfo->offset, ppData);
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetDeviceMemoryCommitment(VkDevice device, VkDeviceMemory memory,
                                                            VkDeviceSize *pCommittedMemoryInBytes)
{
    fake_call(FAKE_vkGetDeviceMemoryCommitment);
    *pCommittedMemoryInBytes = memory ? ((struct memory *)memory)->size : 0;
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkGetMemoryHostPointerPropertiesEXT(
    VkDevice device, VkExternalMemoryHandleTypeFlagBits handleType, const void *pHostPointer,
    VkMemoryHostPointerPropertiesEXT *pProperties)
{
    pProperties->memoryTypeBits = fake_control.host_pointer_types;
    return fake_call(FAKE_vkGetMemoryHostPointerPropertiesEXT);
}

/* ------------------------------------------------------------------ requirements */

static VkMemoryRequirements requirements(VkDeviceSize size, VkDeviceSize alignment, uint32_t types)
{
    const uint32_t existing = (uint32_t)((1ull << fake_control.memory.memoryTypeCount) - 1);

    return (VkMemoryRequirements){
        .size = (size + alignment - 1) / alignment * alignment,
        .alignment = alignment,
        .memoryTypeBits = types & existing,
    };
}

static VkMemoryRequirements buffer_requirements(VkDeviceSize size)
{
    return requirements(size, fake_control.buffer_alignment, fake_control.buffer_types);
}

static VkMemoryRequirements image_requirements(VkExtent3D extent, uint32_t layers)
{
    return requirements((VkDeviceSize)extent.width * extent.height * extent.depth * layers *
                            BYTES_PER_TEXEL,
                        fake_control.image_alignment, fake_control.image_types);
}

static void fill_dedicated(void *chain)
{
    VkMemoryDedicatedRequirements *dedicated =
        fake_find(chain, VK_STRUCTURE_TYPE_MEMORY_DEDICATED_REQUIREMENTS);

    if (dedicated)
        dedicated->prefersDedicatedAllocation = dedicated->requiresDedicatedAllocation = VK_FALSE;
}

/* ------------------------------------------------------------------ buffers */

VKAPI_ATTR VkResult VKAPI_CALL fake_vkCreateBuffer(VkDevice device,
                                                   const VkBufferCreateInfo *pCreateInfo,
                                                   const VkAllocationCallbacks *pAllocator,
                                                   VkBuffer *pBuffer)
{
    VkResult result = fake_call(FAKE_vkCreateBuffer);
    struct buffer *buffer;

    if (result < 0)
        return result;
    buffer = calloc(1, sizeof(*buffer));
    buffer->size = pCreateInfo->size;
    *pBuffer = (VkBuffer)buffer;
    return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL fake_vkDestroyBuffer(VkDevice device, VkBuffer buffer,
                                                const VkAllocationCallbacks *pAllocator)
{
    fake_call(FAKE_vkDestroyBuffer);
    free((struct buffer *)buffer);
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetBufferMemoryRequirements(VkDevice device, VkBuffer buffer,
                                                              VkMemoryRequirements *pRequirements)
{
    fake_call(FAKE_vkGetBufferMemoryRequirements);
    *pRequirements = buffer_requirements(size_of_buffer(buffer));
}

VKAPI_ATTR void VKAPI_CALL
fake_vkGetBufferMemoryRequirements2(VkDevice device, const VkBufferMemoryRequirementsInfo2 *pInfo,
                                    VkMemoryRequirements2 *pRequirements)
{
    fake_call(FAKE_vkGetBufferMemoryRequirements2);
    pRequirements->memoryRequirements = buffer_requirements(size_of_buffer(pInfo->buffer));
    fill_dedicated(pRequirements->pNext);
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetDeviceBufferMemoryRequirements(
    VkDevice device, const VkDeviceBufferMemoryRequirements *pInfo,
    VkMemoryRequirements2 *pRequirements)
{
    fake_call(FAKE_vkGetDeviceBufferMemoryRequirements);
    pRequirements->memoryRequirements = buffer_requirements(pInfo->pCreateInfo->size);
    fill_dedicated(pRequirements->pNext);
}

/* ------------------------------------------------------------------ images */

VKAPI_ATTR VkResult VKAPI_CALL fake_vkCreateImage(VkDevice device,
                                                  const VkImageCreateInfo *pCreateInfo,
                                                  const VkAllocationCallbacks *pAllocator,
                                                  VkImage *pImage)
{
    VkResult result = fake_call(FAKE_vkCreateImage);
    struct image *image;

    if (result < 0)
        return result;
    image = calloc(1, sizeof(*image));
    image->extent = pCreateInfo->extent;
    image->layers = pCreateInfo->arrayLayers;
    *pImage = (VkImage)image;
    return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL fake_vkDestroyImage(VkDevice device, VkImage image,
                                               const VkAllocationCallbacks *pAllocator)
{
    fake_call(FAKE_vkDestroyImage);
    free((struct image *)image);
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetImageMemoryRequirements(VkDevice device, VkImage handle,
                                                             VkMemoryRequirements *pRequirements)
{
    const struct image image = image_of(handle);

    fake_call(FAKE_vkGetImageMemoryRequirements);
    *pRequirements = image_requirements(image.extent, image.layers);
}

VKAPI_ATTR void VKAPI_CALL
fake_vkGetImageMemoryRequirements2(VkDevice device, const VkImageMemoryRequirementsInfo2 *pInfo,
                                   VkMemoryRequirements2 *pRequirements)
{
    const struct image image = image_of(pInfo->image);

    fake_call(FAKE_vkGetImageMemoryRequirements2);
    pRequirements->memoryRequirements = image_requirements(image.extent, image.layers);
    fill_dedicated(pRequirements->pNext);
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetDeviceImageMemoryRequirements(
    VkDevice device, const VkDeviceImageMemoryRequirements *pInfo,
    VkMemoryRequirements2 *pRequirements)
{
    const VkImageCreateInfo *info = pInfo->pCreateInfo;

    fake_call(FAKE_vkGetDeviceImageMemoryRequirements);
    pRequirements->memoryRequirements = image_requirements(info->extent, info->arrayLayers);
    fill_dedicated(pRequirements->pNext);
}

static VkSubresourceLayout subresource_layout(VkExtent3D extent)
{
    const VkDeviceSize row = (VkDeviceSize)extent.width * BYTES_PER_TEXEL;

    return (VkSubresourceLayout){
        .size = row * extent.height * extent.depth,
        .rowPitch = row,
        .arrayPitch = row * extent.height,
        .depthPitch = row * extent.height,
    };
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetImageSubresourceLayout(VkDevice device, VkImage image,
                                                            const VkImageSubresource *pSubresource,
                                                            VkSubresourceLayout *pLayout)
{
    fake_call(FAKE_vkGetImageSubresourceLayout);
    *pLayout = subresource_layout(image_of(image).extent);
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetImageSubresourceLayout2(
    VkDevice device, VkImage image, const VkImageSubresource2 *pSubresource,
    VkSubresourceLayout2 *pLayout)
{
    fake_call(FAKE_vkGetImageSubresourceLayout2);
    pLayout->subresourceLayout = subresource_layout(image_of(image).extent);
}
