/* SPDX-License-Identifier: MIT */
/*
 * The host's GPU as a presenter uses it: a device with one queue that renders and presents, and can
 * read memory by host pointer (VK_EXT_external_memory_host).
 *
 * Each window has a device of its own: a queue may be used by one thread at a time, and presenting
 * to a window that is covered can block for long on some systems, which must not hold up others.
 *
 * Threads: an instance may be used from any thread; a gpu belongs to one presenter.
 */
#ifndef HSP_DISPLAY_PRESENT_GPU_H
#define HSP_DISPLAY_PRESENT_GPU_H

#include "base/util.h"

#include <vulkan/vulkan.h>

/* Commands that are submitted and waited for one after the other. */
struct hsp_present_commands {
    VkCommandBuffer buffer;
    VkFence fence;
    bool is_pending;
};

struct hsp_present_gpu {
    VkPhysicalDevice physical_device;
    VkPhysicalDeviceMemoryProperties memory;
    uint32_t max_extent;       /* width or height of an image, pixels */
    uint64_t import_alignment; /* of host pointers and sizes, bytes */
    VkDevice device;
    VkQueue queue;
    VkCommandPool pool;
    PFN_vkGetMemoryHostPointerPropertiesEXT get_host_pointer_properties;
    uint64_t driver_ns; /* sum of the time spent in calls that wait for the GPU or the screen */
};

/* The instance, with the extensions for surfaces that the window system needs. */
VkResult hsp_present_instance_create(const char *const *extensions, uint32_t extension_count,
                                     VkInstance *out_instance);

/* Opens the first GPU, a real one before a CPU, that can present to `surface`.
 * VK_ERROR_FEATURE_NOT_PRESENT when there is none; the log says what each lacks. */
VkResult hsp_present_gpu_init(struct hsp_present_gpu *gpu, VkInstance instance,
                              VkSurfaceKHR surface);

/* Safe on a zeroed gpu. Nothing may be in flight. */
void hsp_present_gpu_finish(struct hsp_present_gpu *gpu);

/* VK_ERROR_OUT_OF_DEVICE_MEMORY when no memory type of `type_bits` has all `properties`. The memory
 * is the caller's. `next` goes into the allocation. */
VkResult hsp_present_gpu_allocate(const struct hsp_present_gpu *gpu, VkDeviceSize size,
                                  uint32_t type_bits, VkMemoryPropertyFlags properties,
                                  const void *next, VkDeviceMemory *out_memory);

/* Safe on zeroed commands. They must not be pending at finish. */
VkResult hsp_present_commands_init(struct hsp_present_commands *commands,
                                   const struct hsp_present_gpu *gpu);
void hsp_present_commands_finish(struct hsp_present_commands *commands,
                                 const struct hsp_present_gpu *gpu);

/* Waits for the last submission and begins to record anew. */
VkResult hsp_present_commands_begin(struct hsp_present_commands *commands,
                                    struct hsp_present_gpu *gpu);

/* Ends recording and submits. Semaphores may be VK_NULL_HANDLE; the GPU waits for `wait` before it
 * writes to attachments. */
VkResult hsp_present_commands_submit(struct hsp_present_commands *commands,
                                     struct hsp_present_gpu *gpu, VkSemaphore wait,
                                     VkSemaphore signal);
VkResult hsp_present_commands_wait(struct hsp_present_commands *commands,
                                   struct hsp_present_gpu *gpu);

#endif
