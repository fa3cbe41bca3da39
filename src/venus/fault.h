/* SPDX-License-Identifier: MIT */
/*
 * Guest faults. A fault is sticky: the first one is kept with the command, the byte offset and the
 * value that caused it; after it all reads give zero and nothing more is executed. It ends the one
 * context that it belongs to (protocol: a wrong byte leaves no way to find the next command).
 *
 * Threads: each stream has its own fault; whoever runs the stream reports it to the context.
 */
#ifndef HSP_VENUS_FAULT_H
#define HSP_VENUS_FAULT_H

#include "base/util.h"

enum hsp_vn_fault_kind {
    HSP_VN_FAULT_NONE,
    HSP_VN_FAULT_TRUNCATED,     /* the stream ended inside an item */
    HSP_VN_FAULT_COMMAND,       /* unknown, refused or unavailable command number; value: number */
    HSP_VN_FAULT_FLAGS,         /* command flags; value: flags */
    HSP_VN_FAULT_STYPE,         /* sType not expected here; value: sType */
    HSP_VN_FAULT_CHAIN,         /* too long a pNext chain, or the same sType twice; value: sType */
    HSP_VN_FAULT_ARRAY_SIZE,    /* array_size differs from its count; value: array_size */
    HSP_VN_FAULT_NULL,          /* a pointer or handle that must not be null */
    HSP_VN_FAULT_POINTER,       /* simple_pointer or tag out of range, or not allowed; value: it */
    HSP_VN_FAULT_OBJECT_ID,     /* no object of that id; value: id */
    HSP_VN_FAULT_OBJECT_TYPE,   /* the object has another type; value: id */
    HSP_VN_FAULT_OBJECT_IN_USE, /* a new object's id is 0, too large or taken; value: id */
    HSP_VN_FAULT_RESOURCE,      /* unknown resource, or not of the kind needed; value: id */
    HSP_VN_FAULT_RANGE,         /* a range outside its resource or buffer; value: offset */
    HSP_VN_FAULT_REPLY,         /* no reply stream, or the reply does not fit; value: bytes */
    HSP_VN_FAULT_STREAM,        /* a command that this kind of stream must not carry */
    HSP_VN_FAULT_RING,          /* ring layout, id or seqno; value: the wrong number */
    HSP_VN_FAULT_LIMIT,         /* a limit of base/limits.h; value: what was asked for */
    HSP_VN_FAULT_MEMORY,        /* the host is out of memory for the command; value: bytes */
    HSP_VN_FAULT_VALUE,         /* any other value that is never valid; value: it */
    HSP_VN_FAULT_DRIVER,        /* a driver call that may not fail did; value: VkResult */
};

struct hsp_vn_fault {
    enum hsp_vn_fault_kind kind;
    int32_t command;  /* VkCommandTypeEXT, -1 before one was read */
    uint64_t offset;  /* bytes from the start of the decoded block */
    uint64_t value;   /* see the kinds */
    const char *what; /* static text naming the parameter or rule; may be NULL */
};

const char *hsp_vn_fault_kind_name(enum hsp_vn_fault_kind kind);

#endif
