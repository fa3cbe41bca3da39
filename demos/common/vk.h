/* SPDX-License-Identifier: MIT */
/*
 * The part of Vulkan that every demo and check program needs: a device, memory, buffers, images,
 * commands. Small programs: whatever fails is said on stderr and ends the process with status 1, so
 * no function here returns an error.
 *
 * Valid usage everywhere, Vulkan 1.1 and newer, any driver.
 * Threads: as Vulkan's own rules for the objects that are passed.
 */
#ifndef DEMO_VK_H
#define DEMO_VK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vulkan/vulkan.h>

/* Prints `program: text` and exits with status 1. */
_Noreturn void demo_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints `program: skipped: text` and exits with DEMO_SKIPPED: this machine lacks what the program
 * needs, which is not a failure. */
#define DEMO_SKIPPED 77
_Noreturn void demo_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Ends the process unless the call returned VK_SUCCESS. */
#define DEMO_VK(call) demo_vk_check((call), #call, __FILE__, __LINE__)
void demo_vk_check(VkResult result, const char *call, const char *file, int line);

/* The name of a result, as VK_ERROR_DEVICE_LOST. */
const char *demo_vk_result_name(VkResult result);

double demo_seconds(void); /* monotonic clock */

#define DEMO_MAX_QUEUE_COUNT 16

struct demo_device {
    VkInstance instance;
    VkPhysicalDevice physical;
    VkPhysicalDeviceProperties properties;
    VkPhysicalDeviceMemoryProperties memory;
    VkDevice device;
    uint32_t api_version; /* that both the loader and the driver have */
    uint32_t queue_family;
    uint32_t queue_count;
    VkQueue queues[DEMO_MAX_QUEUE_COUNT];
    VkQueue queue;      /* queues[0] */
    VkCommandPool pool; /* for that family, command buffers can be reset */
};

/* Makes an instance and picks a device of Vulkan 1.1 or newer, in this order: the device of the DRM
 * card `drm_fd` (-1: none); Venus; a GPU; a software renderer. After it the members up to `memory`
 * and `api_version` are there, so that features can be asked for. */
void demo_device_choose(struct demo_device *device, int drm_fd);

/* The same with instance extensions. The program is skipped where one is missing. */
void demo_device_choose_with(struct demo_device *device, int drm_fd, const char *const *extensions,
                             uint32_t extension_count);

struct demo_device_options {
    const char *const *extensions; /* device extensions that must be there */
    uint32_t extension_count;
    const void *features; /* pNext chain of VkDeviceCreateInfo, may be NULL */
    uint32_t queue_count; /* at most so many queues; 0 means 1 */
};

/* Makes the device that was chosen, its queues (of a family with graphics and compute) and a
 * command pool. `options` may be NULL. The program is skipped where an extension is missing. */
void demo_device_create(struct demo_device *device, const struct demo_device_options *options);
void demo_device_destroy(struct demo_device *device);

bool demo_device_has_extension(VkPhysicalDevice physical, const char *name);

/* The first memory type among `type_bits` with all `required` and, if possible, `preferred` flags.
 */
uint32_t demo_memory_type(const struct demo_device *device, uint32_t type_bits,
                          VkMemoryPropertyFlags required, VkMemoryPropertyFlags preferred);

struct demo_buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    VkDeviceSize size;
    void *map; /* NULL unless the memory is HOST_VISIBLE */
};

/* HOST_VISIBLE implies HOST_COHERENT here, and stays mapped. */
void demo_buffer_create(const struct demo_device *device, struct demo_buffer *buffer,
                        VkDeviceSize size, VkBufferUsageFlags usage, VkMemoryPropertyFlags required,
                        VkMemoryPropertyFlags preferred);
void demo_buffer_destroy(const struct demo_device *device, struct demo_buffer *buffer);

struct demo_image {
    VkImage image;
    VkDeviceMemory memory;
    VkImageView view;
    VkFormat format;
    uint32_t width, height;
};

/* A 2D image of optimal tiling, one mip level, with a view of its colour or depth. */
void demo_image_create(const struct demo_device *device, struct demo_image *image, VkFormat format,
                       uint32_t width, uint32_t height, VkImageUsageFlags usage);
void demo_image_destroy(const struct demo_device *device, struct demo_image *image);

VkImageView demo_image_view_create(const struct demo_device *device, VkImage image,
                                   VkFormat format);

#define DEMO_SHADER(device, words) demo_shader_create(device, words, sizeof(words))
VkShaderModule demo_shader_create(const struct demo_device *device, const uint32_t *words,
                                  size_t size);

/* A primary command buffer from device->pool, begun for one submission. */
VkCommandBuffer demo_commands_begin(const struct demo_device *device);

/* Ends it, runs it on device->queue, waits for it and frees it. */
void demo_commands_run(const struct demo_device *device, VkCommandBuffer commands);

/* Records a barrier between everything before and everything after on one image. */
void demo_image_barrier(VkCommandBuffer commands, VkImage image, VkImageAspectFlags aspect,
                        VkImageLayout old_layout, VkImageLayout new_layout);

#endif
