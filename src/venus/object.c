/* SPDX-License-Identifier: MIT */
/*
 * The radix tree has four levels: 12, 10 and 10 bits of inner nodes and leaves of 2^8 objects.
 * Inner nodes live as long as the table; at 8 KiB for each 262144 ids that were ever used they do
 * not matter. A leaf whose last object goes is unlinked and kept for the next leaf needed; readers
 * that still hold it compare the id in the slot with the one they look for.
 */
#include "venus/object.h"

#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAF_BITS  8
#define NODE_BITS  10
#define ROOT_BITS  12
#define LEAF_COUNT (1u << LEAF_BITS)
#define NODE_COUNT (1u << NODE_BITS)
#define ROOT_COUNT (1u << ROOT_BITS)

_Static_assert(1ull << (LEAF_BITS + 2 * NODE_BITS + ROOT_BITS) == HSP_LIMIT_OBJECT_ID,
               "the tree covers exactly the allowed ids");

struct hsp_vn_object_leaf {
    struct hsp_vn_object objects[LEAF_COUNT];
    uint32_t used_count;
    struct hsp_vn_object_leaf *next_free; /* in the table's free list */
    struct hsp_vn_object_leaf *next;      /* all leaves, for finish */
};

struct node {
    void *_Atomic children[NODE_COUNT];
};

struct hsp_vn_object_root {
    void *_Atomic children[ROOT_COUNT];
};

int hsp_vn_object_table_init(struct hsp_vn_object_table *table)
{
    memset(table, 0, sizeof(*table));
    table->root = calloc(1, sizeof(struct hsp_vn_object_root));
    if (!table->root)
        return -ENOMEM;
    pthread_mutex_init(&table->lock, NULL);
    return 0;
}

void hsp_vn_object_table_finish(struct hsp_vn_object_table *table)
{
    struct hsp_vn_object_root *root = table->root;
    struct hsp_vn_object_leaf *leaf = table->all_leaves;

    while (leaf) {
        struct hsp_vn_object_leaf *next = leaf->next;
        free(leaf);
        leaf = next;
    }
    for (size_t i = 0; i < ROOT_COUNT; i++) {
        struct node *upper = root->children[i];
        for (size_t j = 0; upper && j < NODE_COUNT; j++)
            free(upper->children[j]);
        free(upper);
    }
    free(root);
    pthread_mutex_destroy(&table->lock);
    memset(table, 0, sizeof(*table));
}

static inline void *_Atomic *root_slot(struct hsp_vn_object_table *table, uint64_t id)
{
    return &table->root->children[id >> (LEAF_BITS + 2 * NODE_BITS)];
}

static inline void *_Atomic *upper_slot(struct node *node, uint64_t id)
{
    return &node->children[(id >> (LEAF_BITS + NODE_BITS)) & (NODE_COUNT - 1)];
}

static inline void *_Atomic *lower_slot(struct node *node, uint64_t id)
{
    return &node->children[(id >> LEAF_BITS) & (NODE_COUNT - 1)];
}

static inline void *load(void *_Atomic *slot)
{
    return atomic_load_explicit(slot, memory_order_acquire);
}

struct hsp_vn_object *hsp_vn_object_find(struct hsp_vn_object_table *table, uint64_t id)
{
    struct hsp_vn_object_leaf *leaf;
    struct hsp_vn_object *object;
    struct node *node;

    if (id == 0 || id >= HSP_LIMIT_OBJECT_ID)
        return NULL;
    node = load(root_slot(table, id));
    if (!node)
        return NULL;
    node = load(upper_slot(node, id));
    if (!node)
        return NULL;
    leaf = load(lower_slot(node, id));
    if (!leaf)
        return NULL;
    object = &leaf->objects[id & (LEAF_COUNT - 1)];
    return atomic_load_explicit(&object->id, memory_order_acquire) == id ? object : NULL;
}

bool hsp_vn_object_id_is_free(struct hsp_vn_object_table *table, uint64_t id)
{
    return id != 0 && id < HSP_LIMIT_OBJECT_ID && !hsp_vn_object_find(table, id);
}

static struct node *get_node_locked(void *_Atomic *slot)
{
    struct node *node = *slot;

    if (!node) {
        node = calloc(1, sizeof(*node));
        atomic_store_explicit(slot, node, memory_order_release);
    }
    return node;
}

static struct hsp_vn_object_leaf *take_leaf_locked(struct hsp_vn_object_table *table)
{
    struct hsp_vn_object_leaf *leaf = table->free_leaves;

    if (leaf) {
        table->free_leaves = leaf->next_free;
        return leaf;
    }
    leaf = calloc(1, sizeof(*leaf));
    if (leaf) {
        leaf->next = table->all_leaves;
        table->all_leaves = leaf;
    }
    return leaf;
}

static void *_Atomic *find_leaf_slot_locked(struct hsp_vn_object_table *table, uint64_t id)
{
    struct node *node = get_node_locked(root_slot(table, id));

    if (node)
        node = get_node_locked(upper_slot(node, id));
    return node ? lower_slot(node, id) : NULL;
}

static int add_locked(struct hsp_vn_object_table *table, uint64_t id,
                      const struct hsp_vn_object *init, struct hsp_vn_object **out_object)
{
    void *_Atomic *slot;
    struct hsp_vn_object_leaf *leaf;
    struct hsp_vn_object *object;

    if (!hsp_vn_object_id_is_free(table, id))
        return -EINVAL;
    if (table->count >= HSP_LIMIT_OBJECT_COUNT)
        return -ENOSPC;
    slot = find_leaf_slot_locked(table, id);
    if (!slot)
        return -ENOMEM;
    leaf = *slot;
    if (!leaf) {
        leaf = take_leaf_locked(table);
        if (!leaf)
            return -ENOMEM;
    }

    object = &leaf->objects[id & (LEAF_COUNT - 1)];
    object->type = init->type;
    object->flags = init->flags;
    object->handle = init->handle;
    object->device = init->device;
    object->pool = init->pool;
    object->data = init->data;
    hsp_list_init(&object->children);
    hsp_list_init(&object->link);
    leaf->used_count++;
    table->count++;
    atomic_store_explicit(&object->id, id, memory_order_release);
    atomic_store_explicit(slot, leaf, memory_order_release);
    *out_object = object;
    return 0;
}

int hsp_vn_object_add(struct hsp_vn_object_table *table, uint64_t id,
                      const struct hsp_vn_object *init, struct hsp_vn_object **out_object)
{
    pthread_mutex_lock(&table->lock);
    int ret = add_locked(table, id, init, out_object);
    pthread_mutex_unlock(&table->lock);
    return ret;
}

void hsp_vn_object_remove(struct hsp_vn_object_table *table, struct hsp_vn_object *object)
{
    uint64_t id = object->id;
    void *_Atomic *slot;
    struct hsp_vn_object_leaf *leaf;

    pthread_mutex_lock(&table->lock);
    /* Two racing destroys of one id by a wrong client: the second finds it gone. */
    if (hsp_vn_object_find(table, id) == object) {
        slot = find_leaf_slot_locked(table, id);
        leaf = *slot;
        atomic_store_explicit(&object->id, 0, memory_order_release);
        table->count--;
        if (--leaf->used_count == 0) {
            atomic_store_explicit(slot, NULL, memory_order_release);
            leaf->next_free = table->free_leaves;
            table->free_leaves = leaf;
        }
    }
    pthread_mutex_unlock(&table->lock);
}
