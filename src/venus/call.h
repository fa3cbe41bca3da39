/* SPDX-License-Identifier: MIT */
/*
 * One command being executed: what generated code hands to a hand-written handler.
 *
 * For each command `vkX` that the protocol carries, codegen makes
 *   struct hsp_vn_vkX            its decoded parameters and return value (`ret`), Vulkan names;
 *   hsp_vn_decode_vkX(reader, args)
 *   hsp_vn_reply_vkX(writer, args)
 * and for pass-through commands the code that calls the driver. Commands that the policy file
 * (codegen/policy.toml) calls `handler` are implemented by hand as
 *   void hsp_vn_handle_vkX(struct hsp_vn_call *call, struct hsp_vn_vkX *args);
 * which sets args->ret and outputs, or a fault on call->reader. The reply is written by the
 * generated code when the handler returns.
 */
#ifndef HSP_VENUS_CALL_H
#define HSP_VENUS_CALL_H

#include "venus/cs.h"
#include "venus/object.h"

struct hsp_vn_stream;
struct hsp_vn_context;

struct hsp_vn_call {
    struct hsp_vn_context *context;
    struct hsp_vn_stream *stream; /* the vq stream or the ring that carries the command */
    struct hsp_vn_reader *reader; /* for faults and arena memory */
    struct hsp_vn_writer *writer; /* the reply; out blobs may be reserved in it */
    struct hsp_vn_object *self;   /* the first parameter's object; NULL if it is no handle */
    uint32_t flags;               /* VkCommandFlagsEXT */
};

/* Records a guest fault of this command. */
static inline void hsp_vn_call_fault(struct hsp_vn_call *call, enum hsp_vn_fault_kind kind,
                                     uint64_t value, const char *what)
{
    hsp_vn_reader_set_fault(call->reader, kind, value, what);
}

/* Decodes, executes and answers the next command of the stream. False at a fault. Generated. */
bool hsp_vn_dispatch(struct hsp_vn_call *call);

#endif
