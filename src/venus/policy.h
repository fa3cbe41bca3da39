/* SPDX-License-Identifier: MIT */
/*
 * Which device extensions a guest sees, and who carries them out.
 *
 * A guest's extension is the host driver's own unless this table says otherwise: hidden, because it
 * cannot work over the wire; or emulated, because the renderer does it itself with nothing but
 * VK_EXT_external_memory_host of the host.
 *
 * Pure functions over a constant table; any thread.
 */
#ifndef HSP_VENUS_POLICY_H
#define HSP_VENUS_POLICY_H

#include "base/util.h"

#include <vulkan/vulkan_core.h>

enum hsp_vn_extension_action {
    HSP_VN_EXTENSION_PASS,    /* shown if the host has it, enabled on the host */
    HSP_VN_EXTENSION_HIDE,    /* never shown */
    HSP_VN_EXTENSION_EMULATE, /* shown if its condition holds, never enabled on the host */
};

/* What the emulated extensions need. */
struct hsp_vn_policy_host {
    bool has_shared_memory; /* at least one shared memory type */
};

struct hsp_vn_extension_rule {
    const char *name;
    enum hsp_vn_extension_action action;
    uint32_t spec_version; /* of emulated ones */
    const char *reason;
    /* The same extension before it was promoted: a device is created with this one if the host has
     * both, for what stands between (layers) may be too old to know the other. Or NULL. */
    const char *older_name;
};

/* The rule of an extension that the protocol knows; a PASS rule for those without an own line. NULL
 * for one that the protocol does not carry. */
const struct hsp_vn_extension_rule *hsp_vn_policy_find(const char *name);

/* The list to show: `host` filtered, emulated ones added. Writes at most `capacity`, returns the
 * number there are. */
uint32_t hsp_vn_policy_list(const VkExtensionProperties *host, uint32_t host_count,
                            const struct hsp_vn_policy_host *condition, VkExtensionProperties *out,
                            uint32_t capacity);

/* The driver that the client is told of, for its workarounds; programs are told of Venus. */
VkDriverId hsp_vn_policy_driver_id(VkDriverId host);

/* Enabled on every device if the host has it: what emulation stands on, and what drivers demand. */
#define HSP_VN_POLICY_OWN_EXTENSION_COUNT 3
extern const char *const hsp_vn_policy_own_extensions[HSP_VN_POLICY_OWN_EXTENSION_COUNT];

#endif
