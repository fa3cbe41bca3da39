/* SPDX-License-Identifier: MIT */
/*
 * Five memory types in two heaps, which are those of NVIDIA's driver (see `types`). Images with
 * optimal tiling take only the types that nobody can map, host pointers only those of system
 * memory. In the driver all of it is type 0, which must be everything at once, as lavapipe's is;
 * other drivers end the process.
 */
#include "discrete_layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define LOCAL    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT
#define MAPPABLE (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)
#define CACHED   VK_MEMORY_PROPERTY_HOST_CACHED_BIT

static const VkMemoryType types[] = {
    {0, 1}, {LOCAL, 0}, {MAPPABLE, 1}, {MAPPABLE | CACHED, 1}, {LOCAL | MAPPABLE, 0},
};

#define ALL_TYPES     ((1u << ARRAY_COUNT(types)) - 1)
#define OPTIMAL_TYPES 0x3u /* of images that nobody can map */
#define POINTER_TYPES 0xcu /* of host pointers: system memory that can be mapped */

/* ------------------------------------------------------------------ properties */

static void change_memory(VkPhysicalDeviceMemoryProperties *memory)
{
    const VkMemoryPropertyFlags everything = LOCAL | MAPPABLE | CACHED;
    VkDeviceSize size = memory->memoryHeaps[memory->memoryTypes[0].heapIndex].size;

    if ((memory->memoryTypes[0].propertyFlags & everything) != everything ||
        memory->memoryTypes[0].heapIndex != 0) {
        fprintf(stderr, "discrete layer: not for this driver, whose memory has types already\n");
        abort();
    }
    memory->memoryTypeCount = ARRAY_COUNT(types);
    memcpy(memory->memoryTypes, types, sizeof(types));
    memory->memoryHeapCount = 2;
    memory->memoryHeaps[0] = (VkMemoryHeap){size, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT};
    memory->memoryHeaps[1] = (VkMemoryHeap){size, 0};
}

static VKAPI_ATTR void VKAPI_CALL get_memory(VkPhysicalDevice device,
                                             VkPhysicalDeviceMemoryProperties *out)
{
    NEXT(device, vkGetPhysicalDeviceMemoryProperties)(device, out);
    change_memory(out);
}

static VKAPI_ATTR void VKAPI_CALL get_memory2(VkPhysicalDevice device,
                                              VkPhysicalDeviceMemoryProperties2 *out)
{
    NEXT(device, vkGetPhysicalDeviceMemoryProperties2)(device, out);
    change_memory(&out->memoryProperties);
    for (VkBaseOutStructure *link = out->pNext; link; link = link->pNext) {
        VkPhysicalDeviceMemoryBudgetPropertiesEXT *budget = (void *)link;
        if (link->sType != VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT)
            continue;
        budget->heapBudget[1] = budget->heapBudget[0];
        budget->heapUsage[1] = budget->heapUsage[0];
    }
}

/* ------------------------------------------------------------------ buffers and images */

static void change_requirements(VkMemoryRequirements *requirements, bool of_optimal_image)
{
    requirements->memoryTypeBits = of_optimal_image ? OPTIMAL_TYPES : ALL_TYPES;
}

static VKAPI_ATTR void VKAPI_CALL get_buffer(VkDevice device, VkBuffer buffer,
                                             VkMemoryRequirements *out)
{
    NEXT(device, vkGetBufferMemoryRequirements)(device, buffer, out);
    change_requirements(out, false);
}

static VKAPI_ATTR void VKAPI_CALL get_buffer2(VkDevice device,
                                              const VkBufferMemoryRequirementsInfo2 *info,
                                              VkMemoryRequirements2 *out)
{
    NEXT(device, vkGetBufferMemoryRequirements2)(device, info, out);
    change_requirements(&out->memoryRequirements, false);
}

static VKAPI_ATTR void VKAPI_CALL get_future_buffer(VkDevice device,
                                                    const VkDeviceBufferMemoryRequirements *info,
                                                    VkMemoryRequirements2 *out)
{
    NEXT(device, vkGetDeviceBufferMemoryRequirements)(device, info, out);
    change_requirements(&out->memoryRequirements, false);
}

static VKAPI_ATTR void VKAPI_CALL get_image(VkDevice device, VkImage image,
                                            VkMemoryRequirements *out)
{
    NEXT(device, vkGetImageMemoryRequirements)(device, image, out);
    change_requirements(out, hsp_discrete_image_is_optimal(image));
}

static VKAPI_ATTR void VKAPI_CALL get_image2(VkDevice device,
                                             const VkImageMemoryRequirementsInfo2 *info,
                                             VkMemoryRequirements2 *out)
{
    NEXT(device, vkGetImageMemoryRequirements2)(device, info, out);
    change_requirements(&out->memoryRequirements, hsp_discrete_image_is_optimal(info->image));
}

static VKAPI_ATTR void VKAPI_CALL get_future_image(VkDevice device,
                                                   const VkDeviceImageMemoryRequirements *info,
                                                   VkMemoryRequirements2 *out)
{
    NEXT(device, vkGetDeviceImageMemoryRequirements)(device, info, out);
    change_requirements(&out->memoryRequirements,
                        info->pCreateInfo->tiling == VK_IMAGE_TILING_OPTIMAL);
}

/* ------------------------------------------------------------------ memory */

static bool imports_pointer(const void *chain)
{
    for (const VkBaseInStructure *link = chain; link; link = link->pNext) {
        if (link->sType == VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT)
            return true;
    }
    return false;
}

static VKAPI_ATTR VkResult VKAPI_CALL allocate_memory(VkDevice device,
                                                      const VkMemoryAllocateInfo *info,
                                                      const VkAllocationCallbacks *callbacks,
                                                      VkDeviceMemory *out_memory)
{
    VkMemoryAllocateInfo copy = *info;

    if (imports_pointer(info->pNext) && !(POINTER_TYPES & (1u << info->memoryTypeIndex)))
        return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    copy.memoryTypeIndex = 0;
    return NEXT(device, vkAllocateMemory)(device, &copy, callbacks, out_memory);
}

static VKAPI_ATTR VkResult VKAPI_CALL get_pointer(VkDevice device,
                                                  VkExternalMemoryHandleTypeFlagBits type,
                                                  const void *pointer,
                                                  VkMemoryHostPointerPropertiesEXT *out)
{
    VkResult result = NEXT(device, vkGetMemoryHostPointerPropertiesEXT)(device, type, pointer, out);

    out->memoryTypeBits = out->memoryTypeBits ? POINTER_TYPES : 0;
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL get_fd(VkDevice device,
                                             VkExternalMemoryHandleTypeFlagBits type, int fd,
                                             VkMemoryFdPropertiesKHR *out)
{
    VkResult result = NEXT(device, vkGetMemoryFdPropertiesKHR)(device, type, fd, out);

    out->memoryTypeBits = out->memoryTypeBits ? ALL_TYPES : 0;
    return result;
}

const struct hsp_discrete_command hsp_discrete_memory_commands[] = {
    COMMAND(vkAllocateMemory, allocate_memory),
    COMMAND(vkGetBufferMemoryRequirements, get_buffer),
    COMMAND(vkGetBufferMemoryRequirements2, get_buffer2),
    COMMAND(vkGetBufferMemoryRequirements2KHR, get_buffer2),
    COMMAND(vkGetDeviceBufferMemoryRequirements, get_future_buffer),
    COMMAND(vkGetDeviceBufferMemoryRequirementsKHR, get_future_buffer),
    COMMAND(vkGetDeviceImageMemoryRequirements, get_future_image),
    COMMAND(vkGetDeviceImageMemoryRequirementsKHR, get_future_image),
    COMMAND(vkGetImageMemoryRequirements, get_image),
    COMMAND(vkGetImageMemoryRequirements2, get_image2),
    COMMAND(vkGetImageMemoryRequirements2KHR, get_image2),
    COMMAND(vkGetMemoryFdPropertiesKHR, get_fd),
    COMMAND(vkGetMemoryHostPointerPropertiesEXT, get_pointer),
    COMMAND(vkGetPhysicalDeviceMemoryProperties, get_memory),
    COMMAND(vkGetPhysicalDeviceMemoryProperties2, get_memory2),
    COMMAND(vkGetPhysicalDeviceMemoryProperties2KHR, get_memory2),
    {NULL, NULL},
};
