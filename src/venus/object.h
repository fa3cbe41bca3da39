/* SPDX-License-Identifier: MIT */
/*
 * Vulkan objects of a context and the table that finds them by the id the client chose.
 *
 * The table is a radix tree made for lookups by many threads without a lock: ids are small and
 * mostly sequential. Its leaves, and with them the objects, are type-stable: an object that is
 * destroyed while another thread of the same (wrong) client still uses it is seen dead or reused,
 * never as other memory.
 *
 * Ownership: the table owns the objects; a device owns the driver objects made from it and
 * destroys those that the client left behind.
 * Threads: find is lock-free and safe from any thread; add and remove lock inside.
 */
#ifndef HSP_VENUS_OBJECT_H
#define HSP_VENUS_OBJECT_H

#include "base/list.h"

#include <pthread.h>
#include <stdatomic.h>
#include <vulkan/vulkan_core.h>

struct hsp_vn_device;

struct hsp_vn_object {
    _Atomic uint64_t id; /* 0 while the slot is free */
    VkObjectType type;
    uint32_t flags;               /* of the object's family, as HSP_VN_POOL_* */
    uint64_t handle;              /* the driver's */
    struct hsp_vn_device *device; /* NULL for instances and physical devices */
    struct hsp_vn_object *pool;   /* of command buffers and descriptor sets, else NULL */
    struct hsp_list children;     /* of pools: their objects */
    struct hsp_list link;         /* in pool->children, or in the device's list */
    void *data; /* state of the object's family (memory, queue, fence…), or NULL */
};

struct hsp_vn_object_leaf;
struct hsp_vn_object_root;

struct hsp_vn_object_table {
    pthread_mutex_t lock;
    struct hsp_vn_object_root *root; /* set once */
    struct hsp_vn_object_leaf *free_leaves;
    struct hsp_vn_object_leaf *all_leaves;
    uint32_t count;
};

int hsp_vn_object_table_init(struct hsp_vn_object_table *table);
void hsp_vn_object_table_finish(struct hsp_vn_object_table *table);

/* NULL when no object has that id. */
struct hsp_vn_object *hsp_vn_object_find(struct hsp_vn_object_table *table, uint64_t id);

/* Whether `id` may be given to a new object: not 0, below HSP_LIMIT_OBJECT_ID, not taken. */
bool hsp_vn_object_id_is_free(struct hsp_vn_object_table *table, uint64_t id);

/* Adds an object. The fields of *init (type, handle, device, pool, data) are copied, lists are
 * initialised; the object becomes visible to find last. -EINVAL for an id that may not be used,
 * -ENOSPC above HSP_LIMIT_OBJECT_COUNT, -ENOMEM. The caller links it into its device or pool. */
int hsp_vn_object_add(struct hsp_vn_object_table *table, uint64_t id,
                      const struct hsp_vn_object *init, struct hsp_vn_object **out_object);

/* Takes the object out of the table. The caller has unlinked it and freed `data`. */
void hsp_vn_object_remove(struct hsp_vn_object_table *table, struct hsp_vn_object *object);

#endif
