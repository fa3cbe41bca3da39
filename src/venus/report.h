/* SPDX-License-Identifier: MIT */
/*
 * What guests would be offered of this host's Vulkan, and what keeps a device from serving them:
 * the renderer's own enumeration with the answers written down, for people (hesper doctor).
 *
 * Loads drivers into this process, which they may bring down. One thread.
 */
#ifndef HSP_VENUS_REPORT_H
#define HSP_VENUS_REPORT_H

#include "base/util.h"

#include <vulkan/vulkan_core.h>

enum hsp_vn_report_verdict {
    HSP_VN_REPORT_SERVES,
    HSP_VN_REPORT_OLD_VULKAN,       /* the device does not have the Vulkan that is needed */
    HSP_VN_REPORT_BROKEN,           /* its extensions cannot be listed */
    HSP_VN_REPORT_NO_HOST_POINTERS, /* no VK_EXT_external_memory_host */
    HSP_VN_REPORT_NO_DEVICE,        /* no VkDevice can be made, see `result` */
    HSP_VN_REPORT_IMPORTS_NOTHING,  /* no memory type takes a host pointer */
    HSP_VN_REPORT_NOT_MAPPABLE,     /* those that do are not host-visible and coherent */
};

struct hsp_vn_report_device {
    char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
    char driver_name[VK_MAX_DRIVER_NAME_SIZE]; /* "" when the device does not tell */
    char driver_info[VK_MAX_DRIVER_INFO_SIZE];
    VkPhysicalDeviceType type;
    uint32_t api_version;
    enum hsp_vn_report_verdict verdict;
    VkResult result;
    uint32_t shared_type_count; /* memory types that a guest can map */
    uint64_t import_alignment;  /* of their allocations, bytes */
};

struct hsp_vn_report {
    VkResult result; /* of making an instance and listing its devices */
    struct hsp_vn_report_device *devices;
    uint32_t device_count;
};

/* Fills the report; the caller finishes it. 0, also when there is no device, or -ENOMEM. */
int hsp_vn_report_init(struct hsp_vn_report *out);
void hsp_vn_report_finish(struct hsp_vn_report *report);

/* Whether all devices that serve can import the memory at `pages`; true when there are none. */
bool hsp_vn_report_check_import(void *pages, uint64_t size);

/* "serves", "old-vulkan", "no-host-pointers", ... as in the enum. */
const char *hsp_vn_report_verdict_name(enum hsp_vn_report_verdict verdict);

#endif
