/* SPDX-License-Identifier: MIT */
/*
 * A Venus context: one client's Vulkan, as a front end (vtest/, render/) serves it. It has the vq
 * stream that the front end feeds, the rings that the client makes in shared memory, resources,
 * the object table, and at most one VkInstance of the host.
 *
 * Threads: one thread (the front end's vq thread) calls everything except where noted; a call may
 * block as long as the client's own commands make it (a wait on a ring, a driver call). Rings and
 * queue timelines have threads of their own.
 *
 * A guest fault is logged once, sets FATAL in the status of all rings, and is reported through
 * on_fatal; after it submits give -EIO and fences retire at once.
 */
#ifndef HSP_VENUS_CONTEXT_H
#define HSP_VENUS_CONTEXT_H

#include "base/span.h"
#include "base/stats.h"

struct hsp_vn_context;

enum hsp_vn_resource_kind {
    HSP_VN_RESOURCE_SHM,      /* plain shared memory: rings, command streams, replies */
    HSP_VN_RESOURCE_MEMORY,   /* a VkDeviceMemory, of this or another context */
    HSP_VN_RESOURCE_GUEST,    /* pages of guest RAM */
    HSP_VN_RESOURCE_WITHHELD, /* it exists, but cannot be imported; has no span */
};

/* VIRTIO_GPU_BLOB_FLAG_*; the same bits in vtest. */
#define HSP_VN_BLOB_MAPPABLE     (1u << 0)
#define HSP_VN_BLOB_SHAREABLE    (1u << 1)
#define HSP_VN_BLOB_CROSS_DEVICE (1u << 2)

/* VIRTIO_GPU_MAP_CACHE_*: how the guest is to map a blob. */
#define HSP_VN_MAP_CACHED   1u
#define HSP_VN_MAP_UNCACHED 2u
#define HSP_VN_MAP_WC       3u

struct hsp_vn_context_params {
    const char *name;                /* the client's, for log lines; copied; may hold anything */
    struct hsp_stats_context *stats; /* borrowed until destroy; may be NULL */
    void *user_data;
    /* A fence of hsp_vn_context_submit_fence is done. From any thread, also from inside that call;
     * must not call back into the context. Fences of one ring_idx retire in order. */
    void (*on_fence)(void *user_data, uint32_t ring_idx, uint64_t fence_id);
    /* The context is dead; `reason` is one line. Once, from any thread. */
    void (*on_fatal)(void *user_data, const char *reason);
    /* A ring was made in a resource, or is gone. Its status word lies `status_offset` bytes into
     * the resource: a supervisor that knows it can set FATAL there when this process dies. From the
     * vq thread, or inside destroy; must not call back into the context. May be NULL. */
    void (*on_ring)(void *user_data, uint32_t resource_id, uint64_t status_offset, bool created);
};

/* 0 or negative errno. Touches no Vulkan yet: the client's vkCreateInstance does. */
int hsp_vn_context_create(const struct hsp_vn_context_params *params,
                          struct hsp_vn_context **out_context);

/* Stops rings and timelines, waits for the host's GPU work, destroys everything that the client
 * left behind, retires all fences. Takes NULL. */
void hsp_vn_context_destroy(struct hsp_vn_context *context);

/* Runs a block of commands of the vq stream; `size` is a multiple of 4, at most
 * HSP_LIMIT_SUBMIT_SIZE. `commands` is private memory. 0, or -EIO once the context is dead. */
int hsp_vn_context_submit(struct hsp_vn_context *context, const void *commands, size_t size);

/* A fence behind what was submitted so far: on ring_idx 0 it retires at once, on another when the
 * work submitted to the VkQueue bound to that timeline is done. -EINVAL for a timeline that no
 * queue is bound to (then the fence does not retire), -EIO once the context is dead (it does). */
int hsp_vn_context_submit_fence(struct hsp_vn_context *context, uint32_t ring_idx,
                                uint64_t fence_id);

/* Makes a blob and attaches it as `resource_id`: blob_id 0 is fresh zeroed shared memory of `size`
 * bytes; another is the VkDeviceMemory of that object id, whose pages the blob shares and keeps
 * alive. *out_span gets descriptors of its own, owned by the caller. -EINVAL for an unknown or
 * unsuitable memory, a size beyond it, or a resource id in use; -ENOMEM. None of these is fatal. */
int hsp_vn_context_create_blob(struct hsp_vn_context *context, uint32_t resource_id,
                               uint64_t blob_id, uint64_t size, uint32_t blob_flags,
                               struct hsp_span *out_span, uint32_t *out_map_info);

/* Makes a span known as `resource_id`; the context maps it when needed and keeps copies of its
 * descriptors. `span` is NULL for a withheld one. -EEXIST for an id in use. */
int hsp_vn_context_attach_resource(struct hsp_vn_context *context, uint32_t resource_id,
                                   enum hsp_vn_resource_kind kind, const struct hsp_span *span);

/* Forgets the id. Rings and streams that still use the pages keep them. Unknown ids are ignored. */
void hsp_vn_context_detach_resource(struct hsp_vn_context *context, uint32_t resource_id);

/* The capset "venus" version 0 of this build. */
#define HSP_VN_CAPSET_ID   4u
#define HSP_VN_CAPSET_SIZE 160u
void hsp_vn_capset_get(void *out_capset);

#endif
