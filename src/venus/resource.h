/* SPDX-License-Identifier: MIT */
/*
 * The resources of a context: spans that the front end attached under the guest's resource ids.
 *
 * Ownership: counted references. A ring or reply stream that uses a resource keeps its pages mapped
 * after the guest detached the id.
 * Threads: all functions are safe from any thread.
 */
#ifndef HSP_VENUS_RESOURCE_H
#define HSP_VENUS_RESOURCE_H

#include "base/list.h"
#include "venus/context.h"

#include <pthread.h>
#include <stdatomic.h>

struct hsp_vn_resource {
    _Atomic uint32_t ref_count;
    _Atomic bool is_detached; /* the id may name another resource by now */
    uint32_t id;
    enum hsp_vn_resource_kind kind;
    struct hsp_span span;
    struct hsp_mapping mapping; /* SHM only: mapped when it is attached */
    struct hsp_list link;       /* in its hash bucket */
};

#define HSP_VN_RESOURCE_BUCKET_COUNT 256

struct hsp_vn_resource_table {
    pthread_mutex_t lock;
    uint32_t count;
    struct hsp_list buckets[HSP_VN_RESOURCE_BUCKET_COUNT];
};

void hsp_vn_resource_table_init(struct hsp_vn_resource_table *table);
/* Detaches everything. */
void hsp_vn_resource_table_finish(struct hsp_vn_resource_table *table);

/* Copies the span, which a withheld resource has not. -EEXIST, -ENOSPC, or why an SHM resource
 * could not be mapped. */
int hsp_vn_resource_attach(struct hsp_vn_resource_table *table, uint32_t id,
                           enum hsp_vn_resource_kind kind, const struct hsp_span *span);
void hsp_vn_resource_detach(struct hsp_vn_resource_table *table, uint32_t id);

/* A reference of the caller's own, or NULL. */
struct hsp_vn_resource *hsp_vn_resource_find_ref(struct hsp_vn_resource_table *table, uint32_t id);

/* Takes NULL. */
void hsp_vn_resource_unref(struct hsp_vn_resource *resource);

#endif
