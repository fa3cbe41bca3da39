/* SPDX-License-Identifier: MIT */
/*
 * The vtest wire protocol, versions 3 and 4, as Venus clients speak it (venus/protocol.md §6).
 *
 * A message is struct hsp_vtest_header and a payload, both ways, in host order. Lengths count
 * dwords of the payload, but bytes in CREATE_RENDERER. A file descriptor travels with one dummy
 * byte behind its reply. Commands answer in order; those marked -> have a reply.
 */
#ifndef HSP_VTEST_PROTOCOL_H
#define HSP_VTEST_PROTOCOL_H

#include "base/util.h"

struct hsp_vtest_header {
    uint32_t length;
    uint32_t command; /* enum hsp_vtest_command */
};

#define HSP_VTEST_VERSION_MIN 3u
#define HSP_VTEST_VERSION_MAX 4u

/* Payloads in dwords; 64-bit values are two dwords, low first. */
enum hsp_vtest_command {
    HSP_VTEST_RESOURCE_UNREF = 3,         /* resource */
    HSP_VTEST_RESOURCE_BUSY_WAIT = 7,     /* resource, flags -> busy */
    HSP_VTEST_CREATE_RENDERER = 8,        /* the client's name, with its NUL */
    HSP_VTEST_PING_PROTOCOL_VERSION = 10, /* -> (empty) */
    HSP_VTEST_PROTOCOL_VERSION = 11,      /* version -> the lower of both */
    HSP_VTEST_GET_PARAM = 15,             /* enum hsp_vtest_param -> valid, value */
    HSP_VTEST_GET_CAPSET = 16,            /* id, version -> valid [, capset] */
    HSP_VTEST_CONTEXT_INIT = 17,          /* capset id */
    HSP_VTEST_RESOURCE_CREATE_BLOB = 18,  /* type, flags, size, blob id -> resource, fd */
    HSP_VTEST_SYNC_CREATE = 19,           /* value -> sync */
    HSP_VTEST_SYNC_UNREF = 20,            /* sync */
    HSP_VTEST_SYNC_READ = 21,             /* sync -> value */
    HSP_VTEST_SYNC_WRITE = 22,            /* sync, value */
    HSP_VTEST_SYNC_WAIT = 23,   /* flags, timeout in ms, {sync, value}... -> (empty), fd */
    HSP_VTEST_SUBMIT_CMD2 = 24, /* batch count, batches, command bytes, {sync, value}... */
};

enum hsp_vtest_param {
    HSP_VTEST_PARAM_MAX_TIMELINE_COUNT = 1,
};

#define HSP_VTEST_BLOB_TYPE_HOST3D 2u

#define HSP_VTEST_SYNC_WAIT_ANY    (1u << 0)
#define HSP_VTEST_TIMEOUT_INFINITE UINT32_MAX

#define HSP_VTEST_SUBMIT_RING_IDX (1u << 0)

/* Offsets and sizes in dwords, from the start of the payload. Version 3 ends behind ring_idx. */
struct hsp_vtest_batch {
    uint32_t flags;
    uint32_t command_offset;
    uint32_t command_size;
    uint32_t sync_offset;
    uint32_t sync_count; /* of struct hsp_vtest_sync_point */
    uint32_t ring_idx;   /* 0 unless flags has RING_IDX */
    uint32_t in_syncobj_count;
    uint32_t out_syncobj_count;
};

#define HSP_VTEST_BATCH_DWORDS_V3 6u
#define HSP_VTEST_BATCH_DWORDS_V4 8u

/* A value of a sync's timeline: to wait for, or to signal. */
struct hsp_vtest_sync_point {
    uint32_t sync_id;
    uint32_t value_low;
    uint32_t value_high;
};

#define HSP_VTEST_SYNC_POINT_DWORDS 3u

static inline uint64_t hsp_vtest_u64(uint32_t low, uint32_t high)
{
    return (uint64_t)high << 32 | low;
}

static inline uint64_t hsp_vtest_sync_point_value(const struct hsp_vtest_sync_point *point)
{
    return hsp_vtest_u64(point->value_low, point->value_high);
}

#endif
