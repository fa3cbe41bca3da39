/* SPDX-License-Identifier: MIT */
/*
 * The memory types that a guest is shown, and their translation to the host's. This is the one
 * place where a memoryTypeIndex or memoryTypeBits crosses the wire.
 *
 * Each host type may appear as two guest types:
 *   private  a plain allocation of the host driver, never mappable: the host's flags without
 *            HOST_*;
 *   shared   made of shared memory that the host driver imports by host pointer, so that a guest
 *            can map it: only types that are HOST_VISIBLE and HOST_COHERENT and that the driver
 *            imports host pointers as.
 * Private types come first, so the order that Vulkan asks for (a subset of flags before its
 * superset) is kept.
 *
 * Discrete GPUs import host pointers as system memory only. Clients look for a DEVICE_LOCAL type
 * for the images that they present (Mesa's window-system code searches for ever when there is
 * none), so where no shared type is DEVICE_LOCAL, one more is shown last: the first shared type
 * once more, as DEVICE_LOCAL, for external memory only.
 *
 * Threads: the table is immutable after init.
 */
#ifndef HSP_VENUS_MEMTYPES_H
#define HSP_VENUS_MEMTYPES_H

#include "base/util.h"

#include <vulkan/vulkan_core.h>

struct hsp_vn_memtype {
    uint32_t host_index;
    bool is_shared;
    bool is_external_only; /* no resource but an exported or imported one may be bound to it */
};

struct hsp_vn_memtypes {
    VkPhysicalDeviceMemoryProperties guest; /* what the guest is shown */
    struct hsp_vn_memtype types[VK_MAX_MEMORY_TYPES];
    uint32_t shared_bits;      /* guest types that are shared */
    uint64_t import_alignment; /* of host pointers and sizes of shared memory, bytes */
};

/* `importable_bits`: host types that can be imported from a host pointer (0: none, then nothing is
 * mappable). `alignment`: minImportedHostPointerAlignment; the host page size counts as well. */
void hsp_vn_memtypes_init(struct hsp_vn_memtypes *table,
                          const VkPhysicalDeviceMemoryProperties *host, uint32_t importable_bits,
                          uint64_t alignment);

/* memoryTypeBits of a resource for the guest. `takes_host_pointer`: the resource was created for
 * memory imported from a host pointer, so shared types may be bound to it. `is_external`: the guest
 * exports or imports its memory, which therefore is shared if it can be. */
uint32_t hsp_vn_memtypes_guest_bits(const struct hsp_vn_memtypes *table, uint32_t host_bits,
                                    bool takes_host_pointer, bool is_external);

/* NULL when the guest's index is out of range. */
const struct hsp_vn_memtype *hsp_vn_memtypes_find(const struct hsp_vn_memtypes *table,
                                                  uint32_t guest_index);

#endif
