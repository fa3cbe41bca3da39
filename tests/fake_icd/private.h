/* SPDX-License-Identifier: MIT */
/* Shared by the fake driver's files. */
#ifndef FAKE_ICD_PRIVATE_H
#define FAKE_ICD_PRIVATE_H

#include "fake_commands.h"
#include "fake_icd.h"

#include <stddef.h>
#include <stdint.h>
#include <vulkan/vk_icd.h>

extern struct fake_icd_control fake_control;

struct fake_entry {
    const char *name;
    enum fake_command command;
    PFN_vkVoidFunction function;
};

struct fake_struct {
    VkStructureType type;
    size_t size;
};

extern const struct fake_entry fake_entries[]; /* sorted by name */
extern const uint32_t fake_entries_count;
extern const VkExtensionProperties fake_device_extensions[];
extern const uint32_t fake_device_extensions_count;
extern const struct fake_struct fake_features[];
extern const uint32_t fake_features_count;
extern const struct fake_struct fake_properties[];
extern const uint32_t fake_properties_count;

/* Counts the call. VK_SUCCESS, or the failure that the test wants. */
VkResult fake_call(enum fake_command command);

/* A handle that is only a number, or one that the loader can dispatch. Dispatchable ones are freed
 * by fake_free_dispatchable. */
uint64_t fake_new_handle(void);
void *fake_new_dispatchable(void);
void fake_free_dispatchable(void *handle);
VkDeviceAddress fake_new_address(void);

/* The struct of this type in a chain, or NULL. */
void *fake_find(const void *chain, VkStructureType type);

#endif
