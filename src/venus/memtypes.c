/* SPDX-License-Identifier: MIT */
#include "venus/memtypes.h"

#include <string.h>

#define HOST_FLAGS                                                                \
    (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | \
     VK_MEMORY_PROPERTY_HOST_CACHED_BIT)
#define MAPPABLE_FLAGS (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)

static void add_type(struct hsp_vn_memtypes *table, uint32_t host_index, bool is_shared,
                     VkMemoryPropertyFlags flags, uint32_t heap_index)
{
    uint32_t index = table->guest.memoryTypeCount;

    if (index == VK_MAX_MEMORY_TYPES)
        return;
    table->types[index] = (struct hsp_vn_memtype){host_index, is_shared};
    table->guest.memoryTypes[index] = (VkMemoryType){flags, heap_index};
    table->guest.memoryTypeCount++;
    if (is_shared)
        table->shared_bits |= 1u << index;
}

/* Memory that a guest can map anyway needs no private twin, unless it is the GPU's own. */
static bool wants_private(VkMemoryPropertyFlags flags, bool is_shared)
{
    return !is_shared || (flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
}

void hsp_vn_memtypes_init(struct hsp_vn_memtypes *table,
                          const VkPhysicalDeviceMemoryProperties *host, uint32_t importable_bits,
                          uint64_t alignment)
{
    uint32_t shared_host_bits = 0;

    memset(table, 0, sizeof(*table));
    table->import_alignment = HSP_MAX(alignment, (uint64_t)hsp_page_size());
    table->guest.memoryHeapCount = host->memoryHeapCount;
    memcpy(table->guest.memoryHeaps, host->memoryHeaps, sizeof(host->memoryHeaps));

    for (uint32_t i = 0; i < host->memoryTypeCount; i++) {
        VkMemoryPropertyFlags flags = host->memoryTypes[i].propertyFlags;
        if ((importable_bits & (1u << i)) && (flags & MAPPABLE_FLAGS) == MAPPABLE_FLAGS &&
            !(flags & VK_MEMORY_PROPERTY_PROTECTED_BIT))
            shared_host_bits |= 1u << i;
    }
    for (uint32_t i = 0; i < host->memoryTypeCount; i++) {
        const VkMemoryType *type = &host->memoryTypes[i];
        if (wants_private(type->propertyFlags, shared_host_bits & (1u << i)))
            add_type(table, i, false, type->propertyFlags & ~(VkMemoryPropertyFlags)HOST_FLAGS,
                     type->heapIndex);
    }
    for (uint32_t i = 0; i < host->memoryTypeCount; i++) {
        const VkMemoryType *type = &host->memoryTypes[i];
        if (shared_host_bits & (1u << i))
            add_type(table, i, true, type->propertyFlags, type->heapIndex);
    }
}

uint32_t hsp_vn_memtypes_guest_bits(const struct hsp_vn_memtypes *table, uint32_t host_bits,
                                    bool takes_host_pointer)
{
    uint32_t bits = 0;

    for (uint32_t i = 0; i < table->guest.memoryTypeCount; i++) {
        const struct hsp_vn_memtype *type = &table->types[i];
        if ((host_bits & (1u << type->host_index)) && (takes_host_pointer || !type->is_shared))
            bits |= 1u << i;
    }
    return bits;
}

const struct hsp_vn_memtype *hsp_vn_memtypes_find(const struct hsp_vn_memtypes *table,
                                                  uint32_t guest_index)
{
    return guest_index < table->guest.memoryTypeCount ? &table->types[guest_index] : NULL;
}
