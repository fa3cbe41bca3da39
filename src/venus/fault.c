/* SPDX-License-Identifier: MIT */
#include "venus/fault.h"

const char *hsp_vn_fault_kind_name(enum hsp_vn_fault_kind kind)
{
    static const char *const names[] = {
        [HSP_VN_FAULT_NONE] = "no fault",
        [HSP_VN_FAULT_TRUNCATED] = "truncated stream",
        [HSP_VN_FAULT_COMMAND] = "command not available",
        [HSP_VN_FAULT_FLAGS] = "wrong command flags",
        [HSP_VN_FAULT_STYPE] = "unexpected sType",
        [HSP_VN_FAULT_CHAIN] = "wrong pNext chain",
        [HSP_VN_FAULT_ARRAY_SIZE] = "array size differs from its count",
        [HSP_VN_FAULT_NULL] = "null where a value is needed",
        [HSP_VN_FAULT_POINTER] = "wrong pointer or tag",
        [HSP_VN_FAULT_OBJECT_ID] = "unknown object",
        [HSP_VN_FAULT_OBJECT_TYPE] = "object of another type",
        [HSP_VN_FAULT_OBJECT_IN_USE] = "object id not free",
        [HSP_VN_FAULT_RESOURCE] = "unknown or unsuitable resource",
        [HSP_VN_FAULT_RANGE] = "range outside its buffer",
        [HSP_VN_FAULT_REPLY] = "no room for the reply",
        [HSP_VN_FAULT_STREAM] = "command not allowed in this stream",
        [HSP_VN_FAULT_RING] = "wrong ring, layout or seqno",
        [HSP_VN_FAULT_LIMIT] = "over a limit",
        [HSP_VN_FAULT_MEMORY] = "out of host memory",
        [HSP_VN_FAULT_VALUE] = "wrong value",
        [HSP_VN_FAULT_DRIVER] = "driver call failed",
    };

    if ((unsigned)kind >= HSP_ARRAY_COUNT(names) || !names[kind])
        return "unknown fault";
    return names[kind];
}
