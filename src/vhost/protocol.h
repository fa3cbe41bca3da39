/* SPDX-License-Identifier: MIT */
/*
 * Numbers and layouts of the vhost-user protocol that hesper speaks (QEMU's document
 * interop/vhost-user) and of split virtqueues (virtio 1.3, 2.7). All fields are little-endian, as
 * the host is.
 */
#ifndef HSP_VHOST_PROTOCOL_H
#define HSP_VHOST_PROTOCOL_H

#include "base/util.h"

/* ------------------------------------------------------------------ messages */

struct hsp_vhost_header {
    uint32_t request;
    uint32_t flags;
    uint32_t size; /* bytes of payload */
};

#define HSP_VHOST_FLAG_VERSION      1u
#define HSP_VHOST_FLAG_VERSION_MASK 3u
#define HSP_VHOST_FLAG_REPLY        (1u << 2)
#define HSP_VHOST_FLAG_NEED_REPLY   (1u << 3)

enum hsp_vhost_request {
    HSP_VHOST_GET_FEATURES = 1,
    HSP_VHOST_SET_FEATURES = 2,
    HSP_VHOST_SET_OWNER = 3,
    HSP_VHOST_RESET_OWNER = 4,
    HSP_VHOST_SET_MEM_TABLE = 5,
    HSP_VHOST_SET_VRING_NUM = 8,
    HSP_VHOST_SET_VRING_ADDR = 9,
    HSP_VHOST_SET_VRING_BASE = 10,
    HSP_VHOST_GET_VRING_BASE = 11,
    HSP_VHOST_SET_VRING_KICK = 12,
    HSP_VHOST_SET_VRING_CALL = 13,
    HSP_VHOST_SET_VRING_ERR = 14,
    HSP_VHOST_GET_PROTOCOL_FEATURES = 15,
    HSP_VHOST_SET_PROTOCOL_FEATURES = 16,
    HSP_VHOST_GET_QUEUE_NUM = 17,
    HSP_VHOST_SET_VRING_ENABLE = 18,
    HSP_VHOST_SET_BACKEND_REQ_FD = 21,
    HSP_VHOST_GET_CONFIG = 24,
    HSP_VHOST_SET_CONFIG = 25,
    HSP_VHOST_GET_SHMEM_CONFIG = 44,
};

/* Requests of the device, on the backend channel. */
enum hsp_vhost_backend_request {
    HSP_VHOST_BACKEND_CONFIG_CHANGE = 2,
    HSP_VHOST_BACKEND_SHARED_OBJECT_REMOVE = 7,
    HSP_VHOST_BACKEND_SHMEM_MAP = 9,
    HSP_VHOST_BACKEND_SHMEM_UNMAP = 10,
};

enum hsp_vhost_protocol_feature {
    HSP_VHOST_PROTOCOL_MQ = 0,
    HSP_VHOST_PROTOCOL_REPLY_ACK = 3,
    HSP_VHOST_PROTOCOL_BACKEND_REQ = 5,
    HSP_VHOST_PROTOCOL_CONFIG = 9,
    HSP_VHOST_PROTOCOL_BACKEND_SEND_FD = 10,
    HSP_VHOST_PROTOCOL_SHMEM = 22,
};

/* Feature bits of GET_FEATURES that belong to the transport. */
#define HSP_VIRTIO_F_INDIRECT_DESC    28
#define HSP_VIRTIO_F_EVENT_IDX        29
#define HSP_VHOST_F_PROTOCOL_FEATURES 30
#define HSP_VIRTIO_F_VERSION_1        32

struct hsp_vhost_vring_state {
    uint32_t index;
    uint32_t num;
};

/* Addresses are the front end's own (see hsp_vhost_memory_region.user_address). */
struct hsp_vhost_vring_address {
    uint32_t index;
    uint32_t flags;
    uint64_t descriptors;
    uint64_t used;
    uint64_t available;
    uint64_t log;
};

/* SET_VRING_KICK, _CALL, _ERR: u64. */
#define HSP_VHOST_VRING_INDEX_MASK 0xffu
#define HSP_VHOST_VRING_NO_FD      (1u << 8)

#define HSP_VHOST_MAX_REGION_COUNT 8

struct hsp_vhost_memory_region {
    uint64_t guest_address;
    uint64_t size;
    uint64_t user_address; /* the same memory in the front end */
    uint64_t file_offset;
};

struct hsp_vhost_memory_table {
    uint32_t region_count;
    uint32_t pad;
    struct hsp_vhost_memory_region regions[HSP_VHOST_MAX_REGION_COUNT];
};

#define HSP_VHOST_MAX_CONFIG_SIZE 256

struct hsp_vhost_config {
    uint32_t offset;
    uint32_t size;
    uint32_t flags;
    uint8_t data[HSP_VHOST_MAX_CONFIG_SIZE];
};

struct hsp_vhost_shmem_config {
    uint32_t region_count;
    uint32_t pad;
    uint64_t sizes[256]; /* indexed by shmid */
};

/* The shmid of the host-visible memory of a virtio-gpu. */
#define HSP_VHOST_SHMID_WINDOW 1

struct hsp_vhost_shmem_map {
    uint8_t shmid;
    uint8_t pad[7];
    uint64_t file_offset;
    uint64_t window_offset;
    uint64_t size;
    uint64_t flags; /* bit 0: writable */
};

struct hsp_vhost_shared_object {
    uint8_t uuid[16];
};

/* ------------------------------------------------------------------ split virtqueues */

#define HSP_VRING_DESC_NEXT     1u
#define HSP_VRING_DESC_WRITE    2u
#define HSP_VRING_DESC_INDIRECT 4u

struct hsp_vring_desc {
    uint64_t address;
    uint32_t size;
    uint16_t flags;
    uint16_t next;
};

/* The available ring: u16 flags, u16 index, u16 ring[num], u16 used_event.
 * The used ring: u16 flags, u16 index, used element ring[num], u16 avail_event. */
#define HSP_VRING_AVAIL_NO_INTERRUPT 1u
#define HSP_VRING_RING_OFFSET        4u

struct hsp_vring_used_element {
    uint32_t id;
    uint32_t size; /* bytes written into the chain's buffers */
};

#endif
