/* SPDX-License-Identifier: MIT */
#include "venus/passthrough.h"

void *hsp_vn_call_output_blob(struct hsp_vn_call *call, uint64_t size)
{
    uint64_t room = (uint64_t)(call->writer->end - call->writer->cursor);

    if (size == 0)
        return NULL;
    if (size > room) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_REPLY, size, "output blob");
        return NULL;
    }
    return hsp_vn_reader_alloc(call->reader, size, 1, 0);
}

void hsp_vn_call_add_created(struct hsp_vn_call *call, VkObjectType type, uint64_t *ids,
                             const uint64_t *handles, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (handles[i] == 0)
            ids[i] = 0;
        else
            hsp_vn_call_add_object(call, ids[i], type, handles[i]);
    }
}
