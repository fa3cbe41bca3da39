/* SPDX-License-Identifier: MIT */
/*
 * From bytes to a typed command. Pure: knows sizes and counts, not whether ids exist.
 */
#ifndef HSP_GPU_DECODE_H
#define HSP_GPU_DECODE_H

#include "gpu/protocol.h"

union hsp_gpu_body {
    struct hsp_gpu_get_edid get_edid;
    struct hsp_gpu_get_capset_info get_capset_info;
    struct hsp_gpu_get_capset get_capset;
    struct hsp_gpu_resource_create_2d create_2d;
    struct hsp_gpu_resource_ref ref;
    struct hsp_gpu_set_scanout set_scanout;
    struct hsp_gpu_resource_flush flush;
    struct hsp_gpu_transfer_to_host_2d transfer_2d;
    struct hsp_gpu_attach_backing attach_backing;
    struct hsp_gpu_create_blob create_blob;
    struct hsp_gpu_set_scanout_blob set_scanout_blob;
    struct hsp_gpu_map_blob map_blob;
    struct hsp_gpu_ctx_create ctx_create;
    struct hsp_gpu_submit_3d submit_3d;
    struct hsp_gpu_cursor cursor;
};

/* A decoded command. */
struct hsp_gpu_request {
    struct hsp_gpu_header header;
    const char *name; /* of the command, for people */
    union hsp_gpu_body body;
    /* Page list of ATTACH_BACKING and CREATE_BLOB, inside the decoded bytes. */
    const struct hsp_gpu_backing_entry *entries;
    uint32_t entry_count;
};

/* Bytes of header and body of SUBMIT_3D; its commands follow and are not decoded here. */
#define HSP_GPU_SUBMIT_3D_SIZE (sizeof(struct hsp_gpu_header) + sizeof(struct hsp_gpu_submit_3d))

/* The header, which is there whatever the command is. False if `size` is too small for one. */
bool hsp_gpu_decode_header(const void *bytes, size_t size, struct hsp_gpu_header *out_header);

/* Decodes private, 8-byte aligned bytes, which must outlive *out_request. `queue` is the one that
 * they came from. HSP_GPU_RESP_OK_NODATA, or the response that refuses them:
 * ERR_UNSPEC for a command that does not exist (on this queue), ERR_INVALID_PARAMETER for a
 * truncated one or a count that its bytes do not hold. *out_request has header and name either
 * way. */
uint32_t hsp_gpu_decode(uint32_t queue, const void *bytes, size_t size,
                        struct hsp_gpu_request *out_request);

#endif
