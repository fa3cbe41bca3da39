/* SPDX-License-Identifier: MIT */
#include "vk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void demo_die(const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

void demo_skip(const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "%s: skipped: ", program_invocation_short_name);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(DEMO_SKIPPED);
}

const char *demo_vk_result_name(VkResult result)
{
    static const struct {
        VkResult result;
        const char *name;
    } names[] = {
#define NAME(result) {result, #result}
        NAME(VK_SUCCESS),
        NAME(VK_NOT_READY),
        NAME(VK_TIMEOUT),
        NAME(VK_EVENT_SET),
        NAME(VK_EVENT_RESET),
        NAME(VK_INCOMPLETE),
        NAME(VK_ERROR_OUT_OF_HOST_MEMORY),
        NAME(VK_ERROR_OUT_OF_DEVICE_MEMORY),
        NAME(VK_ERROR_INITIALIZATION_FAILED),
        NAME(VK_ERROR_DEVICE_LOST),
        NAME(VK_ERROR_MEMORY_MAP_FAILED),
        NAME(VK_ERROR_LAYER_NOT_PRESENT),
        NAME(VK_ERROR_EXTENSION_NOT_PRESENT),
        NAME(VK_ERROR_FEATURE_NOT_PRESENT),
        NAME(VK_ERROR_INCOMPATIBLE_DRIVER),
        NAME(VK_ERROR_TOO_MANY_OBJECTS),
        NAME(VK_ERROR_FORMAT_NOT_SUPPORTED),
        NAME(VK_ERROR_INVALID_EXTERNAL_HANDLE),
#undef NAME
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].result == result)
            return names[i].name;
    }
    return "an unusual VkResult";
}

void demo_vk_check(VkResult result, const char *call, const char *file, int line)
{
    if (result != VK_SUCCESS)
        demo_die("%s:%d: %s returned %s (%d)", file, line, call, demo_vk_result_name(result),
                 result);
}

double demo_seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* ------------------------------------------------------------------ memory */

static bool find_memory_type(const struct demo_device *device, uint32_t type_bits,
                             VkMemoryPropertyFlags flags, uint32_t *out_type)
{
    for (uint32_t i = 0; i < device->memory.memoryTypeCount; i++) {
        VkMemoryPropertyFlags has = device->memory.memoryTypes[i].propertyFlags;
        if ((type_bits & (1u << i)) && (has & flags) == flags) {
            *out_type = i;
            return true;
        }
    }
    return false;
}

uint32_t demo_memory_type(const struct demo_device *device, uint32_t type_bits,
                          VkMemoryPropertyFlags required, VkMemoryPropertyFlags preferred)
{
    uint32_t type;

    if (!find_memory_type(device, type_bits, required | preferred, &type) &&
        !find_memory_type(device, type_bits, required, &type))
        demo_die("no memory type with flags 0x%x among 0x%x", required, type_bits);
    return type;
}

static VkDeviceMemory allocate(const struct demo_device *device,
                               const VkMemoryRequirements *requirements,
                               VkMemoryPropertyFlags required, VkMemoryPropertyFlags preferred)
{
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = requirements->size,
        .memoryTypeIndex =
            demo_memory_type(device, requirements->memoryTypeBits, required, preferred),
    };
    VkDeviceMemory memory;

    DEMO_VK(vkAllocateMemory(device->device, &info, NULL, &memory));
    return memory;
}

void demo_buffer_create(const struct demo_device *device, struct demo_buffer *buffer,
                        VkDeviceSize size, VkBufferUsageFlags usage, VkMemoryPropertyFlags required,
                        VkMemoryPropertyFlags preferred)
{
    VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = size,
        .usage = usage,
    };
    VkMemoryRequirements requirements;
    bool mapped = required & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;

    if (mapped)
        required |= VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    *buffer = (struct demo_buffer){.size = size};
    DEMO_VK(vkCreateBuffer(device->device, &info, NULL, &buffer->buffer));
    vkGetBufferMemoryRequirements(device->device, buffer->buffer, &requirements);
    buffer->memory = allocate(device, &requirements, required, preferred);
    DEMO_VK(vkBindBufferMemory(device->device, buffer->buffer, buffer->memory, 0));
    if (mapped)
        DEMO_VK(vkMapMemory(device->device, buffer->memory, 0, VK_WHOLE_SIZE, 0, &buffer->map));
}

void demo_buffer_destroy(const struct demo_device *device, struct demo_buffer *buffer)
{
    vkDestroyBuffer(device->device, buffer->buffer, NULL);
    vkFreeMemory(device->device, buffer->memory, NULL);
    *buffer = (struct demo_buffer){0};
}

/* ------------------------------------------------------------------ images */

static VkImageAspectFlags format_aspect(VkFormat format)
{
    return format == VK_FORMAT_D16_UNORM || format == VK_FORMAT_D32_SFLOAT
               ? VK_IMAGE_ASPECT_DEPTH_BIT
               : VK_IMAGE_ASPECT_COLOR_BIT;
}

VkImageView demo_image_view_create(const struct demo_device *device, VkImage image, VkFormat format)
{
    VkImageViewCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = image,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = format,
        .subresourceRange = {format_aspect(format), 0, 1, 0, 1},
    };
    VkImageView view;

    DEMO_VK(vkCreateImageView(device->device, &info, NULL, &view));
    return view;
}

void demo_image_create(const struct demo_device *device, struct demo_image *image, VkFormat format,
                       uint32_t width, uint32_t height, VkImageUsageFlags usage)
{
    VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = format,
        .extent = {width, height, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_OPTIMAL,
        .usage = usage,
    };
    VkMemoryRequirements requirements;

    *image = (struct demo_image){.format = format, .width = width, .height = height};
    DEMO_VK(vkCreateImage(device->device, &info, NULL, &image->image));
    vkGetImageMemoryRequirements(device->device, image->image, &requirements);
    image->memory = allocate(device, &requirements, 0, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    DEMO_VK(vkBindImageMemory(device->device, image->image, image->memory, 0));
    image->view = demo_image_view_create(device, image->image, format);
}

void demo_image_destroy(const struct demo_device *device, struct demo_image *image)
{
    vkDestroyImageView(device->device, image->view, NULL);
    vkDestroyImage(device->device, image->image, NULL);
    vkFreeMemory(device->device, image->memory, NULL);
    *image = (struct demo_image){0};
}

VkShaderModule demo_shader_create(const struct demo_device *device, const uint32_t *words,
                                  size_t size)
{
    VkShaderModuleCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = size,
        .pCode = words,
    };
    VkShaderModule module;

    DEMO_VK(vkCreateShaderModule(device->device, &info, NULL, &module));
    return module;
}

/* ------------------------------------------------------------------ commands */

VkCommandBuffer demo_commands_begin(const struct demo_device *device)
{
    VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = device->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    VkCommandBuffer commands;

    DEMO_VK(vkAllocateCommandBuffers(device->device, &info, &commands));
    DEMO_VK(vkBeginCommandBuffer(commands, &begin));
    return commands;
}

void demo_commands_run(const struct demo_device *device, VkCommandBuffer commands)
{
    VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
    };
    VkFence fence;

    DEMO_VK(vkEndCommandBuffer(commands));
    DEMO_VK(vkCreateFence(device->device, &info, NULL, &fence));
    DEMO_VK(vkQueueSubmit(device->queue, 1, &submit, fence));
    DEMO_VK(vkWaitForFences(device->device, 1, &fence, VK_TRUE, UINT64_MAX));
    vkDestroyFence(device->device, fence, NULL);
    vkFreeCommandBuffers(device->device, device->pool, 1, &commands);
}

void demo_image_barrier(VkCommandBuffer commands, VkImage image, VkImageAspectFlags aspect,
                        VkImageLayout old_layout, VkImageLayout new_layout)
{
    VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
        .oldLayout = old_layout,
        .newLayout = new_layout,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {aspect, 0, 1, 0, 1},
    };

    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                         VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}
