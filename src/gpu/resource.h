/* SPDX-License-Identifier: MIT */
/*
 * Resources: whatever the guest gives a resource id. Every one is a span of shared memory; only who
 * made the pages differs.
 *
 *   2D      the guest's own pages, when they lie as the picture does: then TRANSFER_TO_HOST_2D has
 *           nothing to do; else pages of ours, which it copies the guest's into
 *   guest   the guest's own pages (a guest blob)
 *   host    pages that this process or a renderer made (a host blob)
 *
 * Ownership: the device's resource table owns them. A resource can be destroyed at any time;
 * whoever still needs its pages (the window's maps excepted) has a copy of the span.
 * Threads: the device thread.
 */
#ifndef HSP_GPU_RESOURCE_H
#define HSP_GPU_RESOURCE_H

#include "base/format.h"
#include "base/span.h"
#include "gpu/backing.h"
#include "gpu/id_map.h"
#include "gpu/window.h"
#include "ipc/messages.h"

enum hsp_gpu_resource_kind {
    HSP_GPU_RESOURCE_2D,
    HSP_GPU_RESOURCE_GUEST,
    HSP_GPU_RESOURCE_HOST,
};

struct hsp_gpu_resource {
    uint32_t id;
    enum hsp_gpu_resource_kind kind;
    uint64_t size;
    struct hsp_span span; /* empty for a guest blob without backing */
    enum hsp_ipc_resource_kind ipc_kind;
    uint32_t fd_count; /* descriptors that it counts for in the table */

    /* 2D */
    const struct hsp_format_info *format;
    uint32_t width, height, stride;
    bool must_copy;                 /* the guest's pages do not lie as the picture does */
    struct hsp_mapping mapping;     /* of span, if that is pages of ours that were written */
    struct hsp_gpu_backing backing; /* also of a guest blob */
    uint64_t copied_bytes;          /* since the last flush that showed it */

    /* blobs */
    uint32_t blob_flags;
    uint32_t map_info;
    struct hsp_gpu_window_map map;

    bool has_uuid;
    uint8_t uuid[16];
    struct hsp_list attachments; /* struct hsp_gpu_attachment.resource_link */
};

struct hsp_gpu_resource_table {
    struct hsp_gpu_id_map map;
    uint32_t count_2d;
    uint64_t size_2d;
    uint64_t shm_size;    /* of host blobs that this process made */
    uint32_t range_count; /* of all backings */
    uint32_t fd_count, max_fd_count;
};

/* `max_fd_count`: descriptors that all resources together may hold. A guest must not use up this
 * process's, or the next message of the VMM could not be received. */
void hsp_gpu_resource_table_init(struct hsp_gpu_resource_table *table, uint32_t max_fd_count);

/* The table is empty. */
void hsp_gpu_resource_table_finish(struct hsp_gpu_resource_table *table);

struct hsp_gpu_resource *hsp_gpu_resource_find(const struct hsp_gpu_resource_table *table,
                                               uint32_t id);

/* Counts descriptors that belong to resources against max_fd_count. False if there are no more. */
bool hsp_gpu_resource_table_reserve_fds(struct hsp_gpu_resource_table *table, uint32_t count);
void hsp_gpu_resource_table_release_fds(struct hsp_gpu_resource_table *table, uint32_t count);

/* Whether a new resource may have this id: not 0, not taken, and there is room. */
bool hsp_gpu_resource_id_is_free(const struct hsp_gpu_resource_table *table, uint32_t id);

/* The functions below put a new resource into the table, under an id that is free. What they move
 * is empty afterwards; if they fail it may or may not be, and the caller finishes it in any case.
 */

/* 0; -EINVAL for an unknown format or a bad extent; -ENOSPC, -ENOMEM and others. */
int hsp_gpu_resource_create_2d(struct hsp_gpu_resource_table *table, uint32_t id, uint32_t format,
                               uint32_t width, uint32_t height,
                               struct hsp_gpu_resource **out_resource);

/* A guest blob; *backing is moved into it. -EINVAL when it has less than `size` bytes. */
int hsp_gpu_resource_create_guest(struct hsp_gpu_resource_table *table, uint32_t id, uint64_t size,
                                  struct hsp_gpu_backing *backing,
                                  struct hsp_gpu_resource **out_resource);

/* A host blob of fresh shared memory; all such together are at most `max_size` bytes. */
int hsp_gpu_resource_create_shm(struct hsp_gpu_resource_table *table, uint32_t id, uint64_t size,
                                uint64_t max_size, struct hsp_gpu_resource **out_resource);

/* A host blob that a renderer made; *span is moved into it. -EINVAL unless the span has at least
 * `size` bytes in files that cannot shrink. */
int hsp_gpu_resource_create_memory(struct hsp_gpu_resource_table *table, uint32_t id, uint64_t size,
                                   struct hsp_span *span, uint32_t map_info,
                                   struct hsp_gpu_resource **out_resource);

/* It is not attached, not mapped, not shown any more. */
void hsp_gpu_resource_destroy(struct hsp_gpu_resource_table *table,
                              struct hsp_gpu_resource *resource);

/* Gives a 2D resource or a guest blob pages of the guest; *backing is moved on success. -EEXIST if
 * it has some, -EINVAL for other kinds or too few bytes, -ENOSPC when all have too many. Like
 * drop_backing and transfer it may give the resource another span: who shows it must be told. */
int hsp_gpu_resource_set_backing(struct hsp_gpu_resource_table *table,
                                 struct hsp_gpu_resource *resource,
                                 struct hsp_gpu_backing *backing);

/* -EINVAL if it has none. The picture of a 2D resource stays: it is copied, *out_copied bytes. */
int hsp_gpu_resource_drop_backing(struct hsp_gpu_resource_table *table,
                                  struct hsp_gpu_resource *resource, uint64_t *out_copied);

/* Brings a rectangle of a 2D resource up to date with the guest's pages, where its first pixel lies
 * at `offset`. 0 and the *out_copied bytes that it took, none where the resource is those pages;
 * -EINVAL for a rectangle or a source out of range. */
int hsp_gpu_resource_transfer(struct hsp_gpu_resource_table *table,
                              struct hsp_gpu_resource *resource, const struct hsp_gpu_rect *rect,
                              uint64_t offset, uint64_t *out_copied);

/* The span that a renderer gets: a 2D resource's is the guest's pages, for that is what programs in
 * the guest draw into. 0, or -ENODATA when it has none now. */
int hsp_gpu_resource_make_attach_span(const struct hsp_gpu_resource *resource,
                                      struct hsp_span *out_span);

/* Random, the same each time. 0 or negative errno. */
int hsp_gpu_resource_get_uuid(struct hsp_gpu_resource *resource, uint8_t out_uuid[16]);

/* Whether `rect` is not empty and lies inside width x height. */
bool hsp_gpu_rect_is_inside(const struct hsp_gpu_rect *rect, uint32_t width, uint32_t height);

#endif
