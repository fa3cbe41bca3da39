/* SPDX-License-Identifier: MIT */
/*
 * The capset "venus", version 0 (Venus §4): 160 bytes that tell a client which protocol the
 * renderer speaks. It depends on the build only, not on the host's driver.
 */
#include "venus/context.h"
#include "venus/gen/protocol.h"

#include <string.h>

#define MASK_COUNT 32

struct capset {
    uint32_t wire_format_version;
    uint32_t vk_xml_version;
    uint32_t vk_ext_command_serialization_spec_version;
    uint32_t vk_mesa_venus_protocol_spec_version;
    uint32_t supports_blob_id_0;
    uint32_t vk_extension_mask[MASK_COUNT]; /* bit 0: the mask is valid; else extension numbers */
    uint32_t allow_vk_wait_syncs;
    uint32_t supports_multiple_timelines;
    uint32_t use_guest_vram; /* 1 deadlocks Mesa's client */
};

_Static_assert(sizeof(struct capset) == HSP_VN_CAPSET_SIZE, "the wire layout");

void hsp_vn_capset_get(void *out_capset)
{
    struct capset capset = {
        .wire_format_version = 1,
        .vk_xml_version = HSP_VN_XML_VERSION,
        .vk_ext_command_serialization_spec_version = HSP_VN_COMMAND_SERIALIZATION_SPEC_VERSION,
        .vk_mesa_venus_protocol_spec_version = HSP_VN_VENUS_PROTOCOL_SPEC_VERSION,
        .supports_blob_id_0 = 1,
        .vk_extension_mask = {1},
        .allow_vk_wait_syncs = 1,
        .supports_multiple_timelines = 1,
    };

    for (uint32_t i = 0; i < hsp_vn_extension_count; i++) {
        uint32_t number = hsp_vn_extensions[i].number;
        if (number / 32 < MASK_COUNT)
            capset.vk_extension_mask[number / 32] |= 1u << number % 32;
    }
    memcpy(out_capset, &capset, sizeof(capset));
}
