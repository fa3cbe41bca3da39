/* SPDX-License-Identifier: MIT */
/*
 * The parts of the discrete layer, see discrete_layer.c. All of it may be called by many threads.
 */
#ifndef DISCRETE_LAYER_H
#define DISCRETE_LAYER_H

#include <stdbool.h>
#include <vulkan/vulkan.h>

/* The command below this layer; the handle is an instance, a device or what belongs to one. */
#define NEXT(handle, name)      ((PFN_##name)hsp_discrete_find_next(handle, #name))
#define COMMAND(name, function) {#name, (PFN_vkVoidFunction)(function)}

/* A command that this layer changes. */
struct hsp_discrete_command {
    const char *name;
    PFN_vkVoidFunction function;
};

/* Those of each part; the last has no name. */
extern const struct hsp_discrete_command hsp_discrete_image_commands[];
extern const struct hsp_discrete_command hsp_discrete_memory_commands[];
extern const struct hsp_discrete_command hsp_discrete_queue_commands[];

/* A program that asks for an older Vulkan has only the extension's name of a command. */
PFN_vkVoidFunction hsp_discrete_find_next(const void *handle, const char *name);

/* Whether an image that is there has optimal tiling. */
bool hsp_discrete_image_is_optimal(VkImage image);

/* Whether a device can have the queues that it is to have. */
bool hsp_discrete_queues_can_be_made(const VkDeviceCreateInfo *info);

#endif
