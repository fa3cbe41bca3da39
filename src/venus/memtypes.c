/* SPDX-License-Identifier: MIT */
#include "venus/memtypes.h"

#include <string.h>

#define HOST_FLAGS                                                                \
    (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | \
     VK_MEMORY_PROPERTY_HOST_CACHED_BIT)
#define MAPPABLE_FLAGS (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)

static void add_type(struct hsp_vn_memtypes *table, struct hsp_vn_memtype type,
                     VkMemoryPropertyFlags flags, uint32_t heap_index)
{
    uint32_t index = table->guest.memoryTypeCount;

    if (index == VK_MAX_MEMORY_TYPES)
        return;
    table->types[index] = type;
    table->guest.memoryTypes[index] = (VkMemoryType){flags, heap_index};
    table->guest.memoryTypeCount++;
    if (type.is_shared)
        table->shared_bits |= 1u << index;
}

/* Memory that a guest can map anyway needs no private twin, unless it is the GPU's own. */
static bool wants_private(VkMemoryPropertyFlags flags, bool is_shared)
{
    return !is_shared || (flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
}

static bool has_local_shared_type(const struct hsp_vn_memtypes *table)
{
    for (uint32_t i = 0; i < table->guest.memoryTypeCount; i++) {
        if (table->types[i].is_shared &&
            (table->guest.memoryTypes[i].propertyFlags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT))
            return true;
    }
    return false;
}

static bool find_local_heap(const VkPhysicalDeviceMemoryProperties *properties, uint32_t *out_index)
{
    for (uint32_t i = 0; i < properties->memoryHeapCount; i++) {
        if (properties->memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) {
            *out_index = i;
            return true;
        }
    }
    return false;
}

/* The header says why. */
static void add_external_type(struct hsp_vn_memtypes *table)
{
    struct hsp_vn_memtype type;
    uint32_t heap;

    if (table->shared_bits == 0 || has_local_shared_type(table) ||
        !find_local_heap(&table->guest, &heap))
        return;
    type = table->types[__builtin_ctz(table->shared_bits)];
    type.is_external_only = true;
    add_type(table, type,
             table->guest.memoryTypes[__builtin_ctz(table->shared_bits)].propertyFlags |
                 VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
             heap);
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
            add_type(table, (struct hsp_vn_memtype){.host_index = i},
                     type->propertyFlags & ~(VkMemoryPropertyFlags)HOST_FLAGS, type->heapIndex);
    }
    for (uint32_t i = 0; i < host->memoryTypeCount; i++) {
        const VkMemoryType *type = &host->memoryTypes[i];
        if (shared_host_bits & (1u << i))
            add_type(table, (struct hsp_vn_memtype){.host_index = i, .is_shared = true},
                     type->propertyFlags, type->heapIndex);
    }
    add_external_type(table);
}

uint32_t hsp_vn_memtypes_guest_bits(const struct hsp_vn_memtypes *table, uint32_t host_bits,
                                    bool takes_host_pointer, bool is_external)
{
    uint32_t bits = 0;

    for (uint32_t i = 0; i < table->guest.memoryTypeCount; i++) {
        const struct hsp_vn_memtype *type = &table->types[i];
        if ((host_bits & (1u << type->host_index)) && (takes_host_pointer || !type->is_shared) &&
            (is_external || !type->is_external_only))
            bits |= 1u << i;
    }
    return is_external && (bits & table->shared_bits) ? bits & table->shared_bits : bits;
}

const struct hsp_vn_memtype *hsp_vn_memtypes_find(const struct hsp_vn_memtypes *table,
                                                  uint32_t guest_index)
{
    return guest_index < table->guest.memoryTypeCount ? &table->types[guest_index] : NULL;
}
