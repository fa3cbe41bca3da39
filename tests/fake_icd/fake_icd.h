/* SPDX-License-Identifier: MIT */
/*
 * A Vulkan driver that does nothing, for tests of the renderer: every property is what the test
 * sets, every command succeeds unless the test says otherwise, nothing that it is given is checked.
 * Commands that have no meaning here only count and hand out handles; memory, requirements, fences,
 * semaphores and queues work so far that a caller gets consistent answers. No command is executed:
 * submissions are done at once, or when the test says.
 *
 * A test gets the control structure from the driver's library (fake_icd_load) and sets it before
 * vkCreateInstance. Not synchronised: counters are atomic, the rest belongs to the test's thread.
 */
#ifndef FAKE_ICD_H
#define FAKE_ICD_H

#include <stdbool.h>
#include <vulkan/vulkan_core.h>

#define FAKE_ICD_FAMILY_COUNT 4

struct fake_icd_control {
    /* Properties. fake_icd_reset gives defaults: Vulkan 1.4, one device with one memory type of all
     * flags and one queue family that can do everything, all extensions, all features. */
    uint32_t api_version;
    uint32_t physical_device_count; /* up to 4, all equal */
    VkPhysicalDeviceType device_type;
    VkPhysicalDeviceMemoryProperties memory;
    uint32_t queue_family_count;
    VkQueueFamilyProperties queue_families[FAKE_ICD_FAMILY_COUNT];
    VkBool32 feature; /* the value of every feature */
    uint32_t extension_count;
    const char *const *extensions; /* of devices; NULL: all that this build knows */

    /* VK_EXT_external_memory_host: alignment, and bits of the types that can be imported. */
    VkDeviceSize host_pointer_alignment;
    uint32_t host_pointer_types;

    /* What formats cannot do in linear images; they can do all else. */
    VkFormatFeatureFlags linear_lacks;

    /* Answers of vkGet*MemoryRequirements*; the size is rounded up to the alignment. */
    VkDeviceSize buffer_alignment, image_alignment;
    uint32_t buffer_types, image_types;

    /* VkExternal{Fence,Semaphore}FeatureFlags of every handle type. */
    VkFlags external_sync_features;

    /* From now on the command of this name returns fail_result, after `fail_after` calls that
     * succeed. NULL: none. */
    const char *fail_command;
    VkResult fail_result;
    uint32_t fail_after;

    /* Submissions stay unfinished until complete() is called. */
    bool hold_submissions;

    /* Waits for what was never submitted succeed: nothing that a caller does can hang it. */
    bool waits_succeed;

    /* Called inside vkCmdPipelineBarrier and vkCmdPipelineBarrier2, with the number of their image
     * barriers. NULL: nothing is. */
    void (*on_barrier)(uint32_t image_barrier_count);

    /* Of the latest vkCreateCommandPool. */
    uint32_t pool_family;

    /* Functions of the driver. */
    void (*reset)(void); /* defaults, and counters to 0 */
    void (*complete)(void);
    uint64_t (*call_count)(const char *command);
};

/* Of the driver that is linked into this program (dep_fake_icd_direct). */
struct fake_icd_control *fake_icd_get_control(void);

/* The driver's control structure: dlopens the library that the loader loads too, the one beside the
 * manifest `manifest_path`. NULL when it cannot. The library stays loaded. */
struct fake_icd_control *fake_icd_load(const char *manifest_path);

#endif
