/* SPDX-License-Identifier: MIT */
/*
 * What generated pass-through commands share. For generated code only.
 */
#ifndef HSP_VENUS_PASSTHROUGH_H
#define HSP_VENUS_PASSTHROUGH_H

#include "venus/device.h"
#include "venus/gen/protocol.h"
#include "venus/lifetime.h"

/* The driver does not have the command: its extension was not enabled. */
static inline void hsp_vn_call_fail_unavailable(struct hsp_vn_call *call, uint32_t number)
{
    hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, number, "the driver does not have it");
}

/* Whether the object was made from the device that the command names; a fault if not: the driver of
 * one device must not destroy what belongs to another. */
static inline bool hsp_vn_call_check_device(struct hsp_vn_call *call,
                                            const struct hsp_vn_object *object)
{
    if (object->device == call->self->device)
        return true;
    hsp_vn_call_fault(call, HSP_VN_FAULT_OBJECT_TYPE, object->id, "object of another device");
    return false;
}

/* Cleared memory for an output blob, which must fit into what is left of the reply stream: a size
 * that a guest made up is a fault before anything is allocated. NULL for a size of 0. */
void *hsp_vn_call_output_blob(struct hsp_vn_call *call, uint64_t size);

/* Adds the objects that a create command made under the ids that the client chose for them. The id
 * of an object that was not made becomes 0. */
void hsp_vn_call_add_created(struct hsp_vn_call *call, VkObjectType type, uint64_t *ids,
                             const uint64_t *handles, uint32_t count);

/* Whether to write a reply now. A fault if one is wanted and there is no reply stream. */
static inline bool hsp_vn_call_wants_reply(struct hsp_vn_call *call)
{
    if (!(call->flags & HSP_VN_COMMAND_GENERATE_REPLY) || hsp_vn_reader_has_fault(call->reader))
        return false;
    if (!call->writer->begin) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_REPLY, 0, "no reply stream");
        return false;
    }
    return true;
}

static inline void hsp_vn_call_end_reply(struct hsp_vn_call *call)
{
    if (call->writer->overflow)
        hsp_vn_call_fault(call, HSP_VN_FAULT_REPLY,
                          (uint64_t)(call->writer->end - call->writer->begin),
                          "the reply is larger than its stream");
}

#endif
