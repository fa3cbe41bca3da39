/* SPDX-License-Identifier: MIT */
#include "venus/policy.h"

#include "venus/gen/protocol.h"

#include <string.h>

static const struct hsp_vn_extension_rule rules[] = {
    /* External memory: every mappable or exportable allocation is shared memory that the host
     * imports by pointer; dma-buf is only its name in the guest (memory.c, image.c). */
    {"VK_KHR_external_memory_fd", HSP_VN_EXTENSION_EMULATE, 1, "fds are made by the guest kernel"},
    {"VK_EXT_external_memory_dma_buf", HSP_VN_EXTENSION_EMULATE, 1, "a blob resource in the guest"},
    {"VK_EXT_image_drm_format_modifier", HSP_VN_EXTENSION_EMULATE, 2,
     "LINEAR only, as linear tiling of the host"},
    {"VK_EXT_queue_family_foreign", HSP_VN_EXTENSION_EMULATE, 1,
     "shared memory is coherent: the transfer is a plain barrier"},
    /* SYNC_FD payloads live in the guest kernel; the host side is stand-ins (sync.c). */
    {"VK_KHR_external_semaphore_fd", HSP_VN_EXTENSION_EMULATE, 1, "SYNC_FD stand-ins"},
    {"VK_KHR_external_fence_fd", HSP_VN_EXTENSION_EMULATE, 1, "SYNC_FD stand-ins"},

    {"VK_EXT_external_memory_acquire_unmodified", HSP_VN_EXTENSION_HIDE, 0,
     "belongs to ownership transfers, which are emulated"},
    {"VK_EXT_external_memory_host", HSP_VN_EXTENSION_HIDE, 0,
     "a guest's pointers mean nothing to the host"},
    {"VK_EXT_pci_bus_info", HSP_VN_EXTENSION_HIDE, 0,
     "the host's address means nothing in a guest; Mesa reports the virtual device's"},
    {"VK_EXT_physical_device_drm", HSP_VN_EXTENSION_HIDE, 0,
     "host device nodes; Mesa reports the guest's"},
    {"VK_EXT_tooling_info", HSP_VN_EXTENSION_HIDE, 0, "answered by the client"},

    {"VK_KHR_robustness2", HSP_VN_EXTENSION_PASS, 0, "VK_EXT_robustness2 under a new name",
     .older_name = "VK_EXT_robustness2"},
};

/* For extensions that the protocol knows and no rule names. */
static const struct hsp_vn_extension_rule pass_rule = {
    .action = HSP_VN_EXTENSION_PASS,
    .reason = "carried by the protocol, done by the host driver",
};

const char *const hsp_vn_policy_own_extensions[HSP_VN_POLICY_OWN_EXTENSION_COUNT] = {
    VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME,
    VK_KHR_EXTERNAL_MEMORY_EXTENSION_NAME,
    "VK_KHR_portability_subset",
};

const struct hsp_vn_extension_rule *hsp_vn_policy_find(const char *name)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(rules); i++) {
        if (strcmp(rules[i].name, name) == 0)
            return &rules[i];
    }
    return hsp_vn_extension_find(name) ? &pass_rule : NULL;
}

uint32_t hsp_vn_policy_list(const VkExtensionProperties *host, uint32_t host_count,
                            const struct hsp_vn_policy_host *condition, VkExtensionProperties *out,
                            uint32_t capacity)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < host_count; i++) {
        const struct hsp_vn_extension_rule *rule = hsp_vn_policy_find(host[i].extensionName);
        if (!rule || rule->action != HSP_VN_EXTENSION_PASS)
            continue;
        if (count < capacity) {
            const struct hsp_vn_extension *known = hsp_vn_extension_find(host[i].extensionName);
            out[count] = host[i];
            out[count].specVersion = HSP_MIN(host[i].specVersion, known->spec_version);
        }
        count++;
    }
    for (size_t i = 0; i < HSP_ARRAY_COUNT(rules) && condition->has_shared_memory; i++) {
        if (rules[i].action != HSP_VN_EXTENSION_EMULATE)
            continue;
        if (count < capacity) {
            memset(&out[count], 0, sizeof(out[count]));
            strcpy(out[count].extensionName, rules[i].name);
            out[count].specVersion = rules[i].spec_version;
        }
        count++;
    }
    return count;
}

/* Mesa's Venus driver presents by copies of the CPU when the host's driver is NVIDIA's, which does
 * not draw into linear images. Here it can be asked to (staging.h). The client has no other use for
 * this id. */
VkDriverId hsp_vn_policy_driver_id(VkDriverId host)
{
    return host == VK_DRIVER_ID_NVIDIA_PROPRIETARY ? VK_DRIVER_ID_MESA_VENUS : host;
}
