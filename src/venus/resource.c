/* SPDX-License-Identifier: MIT */
#include "venus/resource.h"

#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>

void hsp_vn_resource_table_init(struct hsp_vn_resource_table *table)
{
    pthread_mutex_init(&table->lock, NULL);
    table->count = 0;
    for (size_t i = 0; i < HSP_VN_RESOURCE_BUCKET_COUNT; i++)
        hsp_list_init(&table->buckets[i]);
}

void hsp_vn_resource_table_finish(struct hsp_vn_resource_table *table)
{
    for (size_t i = 0; i < HSP_VN_RESOURCE_BUCKET_COUNT; i++) {
        hsp_list_for_each_safe (resource, &table->buckets[i], struct hsp_vn_resource, link) {
            hsp_list_remove(&resource->link);
            hsp_vn_resource_unref(resource);
        }
    }
    pthread_mutex_destroy(&table->lock);
}

static struct hsp_vn_resource *find_locked(struct hsp_vn_resource_table *table, uint32_t id)
{
    struct hsp_list *bucket = &table->buckets[id % HSP_VN_RESOURCE_BUCKET_COUNT];

    hsp_list_for_each (resource, bucket, struct hsp_vn_resource, link) {
        if (resource->id == id)
            return resource;
    }
    return NULL;
}

static int create(uint32_t id, enum hsp_vn_resource_kind kind, const struct hsp_span *span,
                  struct hsp_vn_resource **out_resource)
{
    struct hsp_vn_resource *resource = calloc(1, sizeof(*resource));
    int ret = 0;

    if (!resource)
        return -ENOMEM;
    resource->ref_count = 1;
    resource->id = id;
    resource->kind = kind;
    hsp_list_init(&resource->link);
    if (kind != HSP_VN_RESOURCE_WITHHELD)
        ret = hsp_span_init_copy(&resource->span, span);
    if (ret == 0 && kind == HSP_VN_RESOURCE_SHM)
        ret = hsp_span_map(&resource->span, true, &resource->mapping);
    if (ret < 0) {
        hsp_vn_resource_unref(resource);
        return ret;
    }
    *out_resource = resource;
    return 0;
}

int hsp_vn_resource_attach(struct hsp_vn_resource_table *table, uint32_t id,
                           enum hsp_vn_resource_kind kind, const struct hsp_span *span)
{
    struct hsp_vn_resource *resource;
    int ret = create(id, kind, span, &resource);

    if (ret < 0)
        return ret;
    pthread_mutex_lock(&table->lock);
    if (find_locked(table, id)) {
        ret = -EEXIST;
    } else if (table->count >= HSP_LIMIT_RESOURCE_COUNT) {
        ret = -ENOSPC;
    } else {
        hsp_list_append(&table->buckets[id % HSP_VN_RESOURCE_BUCKET_COUNT], &resource->link);
        table->count++;
    }
    pthread_mutex_unlock(&table->lock);
    if (ret < 0)
        hsp_vn_resource_unref(resource);
    return ret;
}

void hsp_vn_resource_detach(struct hsp_vn_resource_table *table, uint32_t id)
{
    struct hsp_vn_resource *resource;

    pthread_mutex_lock(&table->lock);
    resource = find_locked(table, id);
    if (resource) {
        hsp_list_remove(&resource->link);
        table->count--;
        resource->is_detached = true;
    }
    pthread_mutex_unlock(&table->lock);
    hsp_vn_resource_unref(resource);
}

struct hsp_vn_resource *hsp_vn_resource_find_ref(struct hsp_vn_resource_table *table, uint32_t id)
{
    struct hsp_vn_resource *resource;

    pthread_mutex_lock(&table->lock);
    resource = find_locked(table, id);
    if (resource)
        atomic_fetch_add_explicit(&resource->ref_count, 1, memory_order_relaxed);
    pthread_mutex_unlock(&table->lock);
    return resource;
}

void hsp_vn_resource_unref(struct hsp_vn_resource *resource)
{
    if (!resource)
        return;
    if (atomic_fetch_sub_explicit(&resource->ref_count, 1, memory_order_acq_rel) > 1)
        return;
    hsp_mapping_finish(&resource->mapping);
    hsp_span_finish(&resource->span);
    free(resource);
}
