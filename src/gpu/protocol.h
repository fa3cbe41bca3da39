/* SPDX-License-Identifier: MIT */
/*
 * Numbers and layouts of the virtio GPU device (virtio 1.3, 5.7). All fields are little-endian, as
 * the host is.
 */
#ifndef HSP_GPU_PROTOCOL_H
#define HSP_GPU_PROTOCOL_H

#include "base/util.h"

#define HSP_GPU_QUEUE_CONTROL 0
#define HSP_GPU_QUEUE_CURSOR  1
#define HSP_GPU_QUEUE_COUNT   2

enum hsp_gpu_feature {
    HSP_GPU_F_VIRGL = 0,
    HSP_GPU_F_EDID = 1,
    HSP_GPU_F_RESOURCE_UUID = 2,
    HSP_GPU_F_RESOURCE_BLOB = 3,
    HSP_GPU_F_CONTEXT_INIT = 4,
};

/* The config space. */
struct hsp_gpu_config {
    uint32_t events_read;
    uint32_t events_clear;
    uint32_t scanout_count;
    uint32_t capset_count;
};

#define HSP_GPU_EVENT_DISPLAY 1u

enum hsp_gpu_command_number {
    HSP_GPU_CMD_GET_DISPLAY_INFO = 0x0100,
    HSP_GPU_CMD_RESOURCE_CREATE_2D,
    HSP_GPU_CMD_RESOURCE_UNREF,
    HSP_GPU_CMD_SET_SCANOUT,
    HSP_GPU_CMD_RESOURCE_FLUSH,
    HSP_GPU_CMD_TRANSFER_TO_HOST_2D,
    HSP_GPU_CMD_RESOURCE_ATTACH_BACKING,
    HSP_GPU_CMD_RESOURCE_DETACH_BACKING,
    HSP_GPU_CMD_GET_CAPSET_INFO,
    HSP_GPU_CMD_GET_CAPSET,
    HSP_GPU_CMD_GET_EDID,
    HSP_GPU_CMD_RESOURCE_ASSIGN_UUID,
    HSP_GPU_CMD_RESOURCE_CREATE_BLOB,
    HSP_GPU_CMD_SET_SCANOUT_BLOB,

    HSP_GPU_CMD_CTX_CREATE = 0x0200,
    HSP_GPU_CMD_CTX_DESTROY,
    HSP_GPU_CMD_CTX_ATTACH_RESOURCE,
    HSP_GPU_CMD_CTX_DETACH_RESOURCE,
    HSP_GPU_CMD_RESOURCE_CREATE_3D,
    HSP_GPU_CMD_TRANSFER_TO_HOST_3D,
    HSP_GPU_CMD_TRANSFER_FROM_HOST_3D,
    HSP_GPU_CMD_SUBMIT_3D,
    HSP_GPU_CMD_RESOURCE_MAP_BLOB,
    HSP_GPU_CMD_RESOURCE_UNMAP_BLOB,

    HSP_GPU_CMD_UPDATE_CURSOR = 0x0300,
    HSP_GPU_CMD_MOVE_CURSOR,
};

enum hsp_gpu_response_number {
    HSP_GPU_RESP_OK_NODATA = 0x1100,
    HSP_GPU_RESP_OK_DISPLAY_INFO,
    HSP_GPU_RESP_OK_CAPSET_INFO,
    HSP_GPU_RESP_OK_CAPSET,
    HSP_GPU_RESP_OK_EDID,
    HSP_GPU_RESP_OK_RESOURCE_UUID,
    HSP_GPU_RESP_OK_MAP_INFO,

    HSP_GPU_RESP_ERR_UNSPEC = 0x1200,
    HSP_GPU_RESP_ERR_OUT_OF_MEMORY,
    HSP_GPU_RESP_ERR_INVALID_SCANOUT_ID,
    HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID,
    HSP_GPU_RESP_ERR_INVALID_CONTEXT_ID,
    HSP_GPU_RESP_ERR_INVALID_PARAMETER,
};

#define HSP_GPU_FLAG_FENCE    (1u << 0)
#define HSP_GPU_FLAG_RING_IDX (1u << 1)

struct hsp_gpu_header {
    uint32_t type;
    uint32_t flags;
    uint64_t fence_id;
    uint32_t ctx_id;
    uint8_t ring_idx;
    uint8_t pad[3];
};

struct hsp_gpu_rect {
    uint32_t x, y, width, height;
};

/* ------------------------------------------------------------------ queries */

#define HSP_GPU_MAX_SCANOUTS 16

struct hsp_gpu_display_info {
    struct {
        struct hsp_gpu_rect rect;
        uint32_t enabled;
        uint32_t flags;
    } modes[HSP_GPU_MAX_SCANOUTS];
};

struct hsp_gpu_get_edid {
    uint32_t scanout_id;
    uint32_t pad;
};

struct hsp_gpu_edid_info {
    uint32_t size;
    uint32_t pad;
    uint8_t edid[1024];
};

struct hsp_gpu_get_capset_info {
    uint32_t index;
    uint32_t pad;
};

struct hsp_gpu_capset_info {
    uint32_t id;
    uint32_t max_version;
    uint32_t max_size;
    uint32_t pad;
};

struct hsp_gpu_get_capset {
    uint32_t id;
    uint32_t version;
};

/* ------------------------------------------------------------------ resources */

struct hsp_gpu_resource_create_2d {
    uint32_t resource_id;
    uint32_t format;
    uint32_t width;
    uint32_t height;
};

/* UNREF, DETACH_BACKING, UNMAP_BLOB, ASSIGN_UUID, CTX_ATTACH_RESOURCE, CTX_DETACH_RESOURCE. */
struct hsp_gpu_resource_ref {
    uint32_t resource_id;
    uint32_t pad;
};

struct hsp_gpu_set_scanout {
    struct hsp_gpu_rect rect;
    uint32_t scanout_id;
    uint32_t resource_id;
};

struct hsp_gpu_resource_flush {
    struct hsp_gpu_rect rect;
    uint32_t resource_id;
    uint32_t pad;
};

struct hsp_gpu_transfer_to_host_2d {
    struct hsp_gpu_rect rect;
    uint64_t offset;
    uint32_t resource_id;
    uint32_t pad;
};

struct hsp_gpu_attach_backing {
    uint32_t resource_id;
    uint32_t entry_count; /* struct hsp_gpu_backing_entry that follow */
};

struct hsp_gpu_backing_entry {
    uint64_t address;
    uint32_t size;
    uint32_t pad;
};

struct hsp_gpu_resource_uuid {
    uint8_t uuid[16];
};

enum hsp_gpu_blob_mem {
    HSP_GPU_BLOB_MEM_GUEST = 1,
    HSP_GPU_BLOB_MEM_HOST3D = 2,
    HSP_GPU_BLOB_MEM_HOST3D_GUEST = 3,
};

#define HSP_GPU_BLOB_FLAG_MAPPABLE     (1u << 0)
#define HSP_GPU_BLOB_FLAG_SHAREABLE    (1u << 1)
#define HSP_GPU_BLOB_FLAG_CROSS_DEVICE (1u << 2)

struct hsp_gpu_create_blob {
    uint32_t resource_id;
    uint32_t blob_mem;
    uint32_t blob_flags;
    uint32_t entry_count; /* struct hsp_gpu_backing_entry that follow */
    uint64_t blob_id;
    uint64_t size;
};

struct hsp_gpu_set_scanout_blob {
    struct hsp_gpu_rect rect;
    uint32_t scanout_id;
    uint32_t resource_id;
    uint32_t width;
    uint32_t height;
    uint32_t format;
    uint32_t pad;
    uint32_t strides[4];
    uint32_t offsets[4];
};

struct hsp_gpu_map_blob {
    uint32_t resource_id;
    uint32_t pad;
    uint64_t offset; /* in the window */
};

struct hsp_gpu_map_info {
    uint32_t map_info; /* enum hsp_gpu_map_cache */
    uint32_t pad;
};

enum hsp_gpu_map_cache {
    HSP_GPU_MAP_CACHE_CACHED = 1,
    HSP_GPU_MAP_CACHE_UNCACHED = 2,
    HSP_GPU_MAP_CACHE_WC = 3,
};

/* ------------------------------------------------------------------ contexts */

#define HSP_GPU_CAPSET_NONE       0u
#define HSP_GPU_CAPSET_VENUS      4u
#define HSP_GPU_CONTEXT_INIT_MASK 0xffu /* the capset id */
#define HSP_GPU_CONTEXT_NAME_SIZE 64

struct hsp_gpu_ctx_create {
    uint32_t name_size;
    uint32_t context_init;
    char name[HSP_GPU_CONTEXT_NAME_SIZE];
};

struct hsp_gpu_submit_3d {
    uint32_t size; /* bytes of commands that follow */
    uint32_t pad;
};

/* ------------------------------------------------------------------ cursor */

struct hsp_gpu_cursor {
    uint32_t scanout_id;
    uint32_t x;
    uint32_t y;
    uint32_t pad;
    uint32_t resource_id;
    uint32_t hot_x;
    uint32_t hot_y;
    uint32_t pad2;
};

#endif
