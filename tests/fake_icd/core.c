/* SPDX-License-Identifier: MIT */
/* Control, handles, and how the loader finds commands. */
#include "private.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

static _Atomic uint64_t counts[FAKE_COMMAND_COUNT];
static _Atomic uint64_t last_handle = 0x1000;

struct dispatchable {
    VK_LOADER_DATA loader_data;
};

static int compare_entry(const void *name, const void *entry)
{
    return strcmp(name, ((const struct fake_entry *)entry)->name);
}

static const struct fake_entry *find_entry(const char *name)
{
    return bsearch(name, fake_entries, fake_entries_count, sizeof(fake_entries[0]), compare_entry);
}

VkResult fake_call(enum fake_command command)
{
    uint64_t count = atomic_fetch_add(&counts[command], 1);
    const struct fake_entry *failing;

    if (!fake_control.fail_command)
        return VK_SUCCESS;
    failing = find_entry(fake_control.fail_command);
    return failing && failing->command == command && count >= fake_control.fail_after
               ? fake_control.fail_result
               : VK_SUCCESS;
}

uint64_t fake_new_handle(void)
{
    return atomic_fetch_add(&last_handle, 16);
}

VkDeviceAddress fake_new_address(void)
{
    return fake_new_handle() << 16;
}

void *fake_new_dispatchable(void)
{
    struct dispatchable *handle = calloc(1, sizeof(*handle));

    set_loader_magic_value(handle);
    return handle;
}

void fake_free_dispatchable(void *handle)
{
    free(handle);
}

void *fake_find(const void *chain, VkStructureType type)
{
    for (const VkBaseInStructure *in = chain; in; in = in->pNext) {
        if (in->sType == type)
            return (void *)(uintptr_t)in;
    }
    return NULL;
}

/* ------------------------------------------------------------------ control */

static uint64_t call_count(const char *command)
{
    const struct fake_entry *entry = find_entry(command);

    return entry ? atomic_load(&counts[entry->command]) : 0;
}

void fake_complete_submissions(void);

static void reset(void)
{
    const VkMemoryPropertyFlags all_flags =
        VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
        VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;

    for (uint32_t i = 0; i < FAKE_COMMAND_COUNT; i++)
        atomic_store(&counts[i], 0);
    fake_control = (struct fake_icd_control){
        .api_version = VK_API_VERSION_1_4,
        .physical_device_count = 1,
        .device_type = VK_PHYSICAL_DEVICE_TYPE_CPU,
        .memory = {.memoryTypeCount = 1,
                   .memoryTypes = {{.propertyFlags = all_flags, .heapIndex = 0}},
                   .memoryHeapCount = 1,
                   .memoryHeaps = {{.size = 1ull << 32, .flags = VK_MEMORY_HEAP_DEVICE_LOCAL_BIT}}},
        .queue_family_count = 1,
        .queue_families = {{.queueFlags = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT |
                                          VK_QUEUE_TRANSFER_BIT | VK_QUEUE_SPARSE_BINDING_BIT,
                            .queueCount = 4,
                            .timestampValidBits = 64,
                            .minImageTransferGranularity = {1, 1, 1}}},
        .feature = VK_TRUE,
        .host_pointer_alignment = 4096,
        .host_pointer_types = 1,
        .buffer_alignment = 64,
        .image_alignment = 64,
        .buffer_types = UINT32_MAX,
        .image_types = UINT32_MAX,
        .external_sync_features = 3, /* exportable, importable */
        .reset = reset,
        .complete = fake_complete_submissions,
        .call_count = call_count,
    };
}

struct fake_icd_control fake_control;

__attribute__((constructor)) static void initialise(void)
{
    reset();
}

EXPORT struct fake_icd_control *fake_icd_get_control(void)
{
    return &fake_control;
}

/* ------------------------------------------------------------------ commands */

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL fake_vkGetInstanceProcAddr(VkInstance instance,
                                                                    const char *pName)
{
    const struct fake_entry *entry = find_entry(pName);

    return entry ? entry->function : NULL;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL fake_vkGetDeviceProcAddr(VkDevice device,
                                                                  const char *pName)
{
    return fake_vkGetInstanceProcAddr(NULL, pName);
}

EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vk_icdGetInstanceProcAddr(VkInstance instance,
                                                                          const char *pName)
{
    return fake_vkGetInstanceProcAddr(instance, pName);
}

EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vk_icdGetPhysicalDeviceProcAddr(VkInstance instance,
                                                                                const char *pName)
{
    return strncmp(pName, "vkGetPhysicalDevice", 19) == 0
               ? fake_vkGetInstanceProcAddr(instance, pName)
               : NULL;
}

EXPORT VKAPI_ATTR VkResult VKAPI_CALL vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *pVersion)
{
    if (*pVersion > 5)
        *pVersion = 5;
    return VK_SUCCESS;
}
