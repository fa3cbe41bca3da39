/* SPDX-License-Identifier: MIT */
#include "base/limits.h"
#include "base/test.h"
#include "venus/object.h"

#include <errno.h>
#include <stdatomic.h>

static const struct hsp_vn_object buffer = {.type = VK_OBJECT_TYPE_BUFFER, .handle = 7};

static struct hsp_vn_object *add(struct hsp_vn_object_table *table, uint64_t id)
{
    struct hsp_vn_object *object = NULL;

    HSP_CHECK_EQ(hsp_vn_object_add(table, id, &buffer, &object), 0);
    return object;
}

HSP_TEST(found_by_id_until_removed)
{
    struct hsp_vn_object_table table;

    HSP_CHECK_EQ(hsp_vn_object_table_init(&table), 0);
    struct hsp_vn_object *object = add(&table, 42);
    HSP_CHECK(hsp_vn_object_find(&table, 42) == object);
    HSP_CHECK_EQ(object->handle, 7);
    HSP_CHECK(!hsp_vn_object_find(&table, 41));
    HSP_CHECK(!hsp_vn_object_find(&table, 43));
    HSP_CHECK(!hsp_vn_object_id_is_free(&table, 42));
    hsp_vn_object_remove(&table, object);
    HSP_CHECK(!hsp_vn_object_find(&table, 42));
    HSP_CHECK(hsp_vn_object_id_is_free(&table, 42));
    hsp_vn_object_table_finish(&table);
}

HSP_TEST(bad_ids_are_refused)
{
    struct hsp_vn_object_table table;
    struct hsp_vn_object *object;

    HSP_CHECK_EQ(hsp_vn_object_table_init(&table), 0);
    HSP_CHECK_EQ(hsp_vn_object_add(&table, 0, &buffer, &object), -EINVAL);
    HSP_CHECK_EQ(hsp_vn_object_add(&table, HSP_LIMIT_OBJECT_ID, &buffer, &object), -EINVAL);
    HSP_CHECK_EQ(hsp_vn_object_add(&table, UINT64_MAX, &buffer, &object), -EINVAL);
    add(&table, 1);
    HSP_CHECK_EQ(hsp_vn_object_add(&table, 1, &buffer, &object), -EINVAL);
    HSP_CHECK(!hsp_vn_object_find(&table, UINT64_MAX));
    hsp_vn_object_table_finish(&table);
}

HSP_TEST(far_apart_ids_do_not_meet)
{
    struct hsp_vn_object_table table;

    HSP_CHECK_EQ(hsp_vn_object_table_init(&table), 0);
    for (uint64_t id = 1; id < HSP_LIMIT_OBJECT_ID; id *= 2)
        add(&table, id)->handle = id;
    add(&table, HSP_LIMIT_OBJECT_ID - 1);
    for (uint64_t id = 1; id < HSP_LIMIT_OBJECT_ID; id *= 2)
        HSP_CHECK_EQ(hsp_vn_object_find(&table, id)->handle, id);
    hsp_vn_object_table_finish(&table);
}

/* A client that counts its ids up for days must not make the table grow. */
HSP_TEST(leaves_of_dead_objects_are_used_again)
{
    struct hsp_vn_object_table table;

    HSP_CHECK_EQ(hsp_vn_object_table_init(&table), 0);
    struct hsp_vn_object *first = add(&table, 256);
    hsp_vn_object_remove(&table, first);
    for (uint64_t id = 257; id < 1000000; id++) {
        struct hsp_vn_object *object = add(&table, id);
        HSP_CHECK(object - first < 256 && object - first >= 0);
        hsp_vn_object_remove(&table, object);
    }
    HSP_CHECK_EQ(table.count, 0);
    hsp_vn_object_table_finish(&table);
}

struct race {
    struct hsp_vn_object_table table;
    _Atomic bool stop;
};

static void *look_up(void *data)
{
    struct race *race = data;

    while (!race->stop) {
        for (uint64_t id = 1; id < 2000; id += 7) {
            struct hsp_vn_object *object = hsp_vn_object_find(&race->table, id);
            /* What was found may die at any time, but it is always an object. */
            if (object && object->type != VK_OBJECT_TYPE_BUFFER)
                return (void *)1;
        }
    }
    return NULL;
}

HSP_TEST(lookups_race_with_add_and_remove)
{
    static struct race race;
    pthread_t thread;
    void *result;

    HSP_CHECK_EQ(hsp_vn_object_table_init(&race.table), 0);
    HSP_CHECK_EQ(pthread_create(&thread, NULL, look_up, &race), 0);
    for (int round = 0; round < 300; round++) {
        for (uint64_t id = 1; id < 2000; id += 7)
            add(&race.table, id);
        for (uint64_t id = 1; id < 2000; id += 7)
            hsp_vn_object_remove(&race.table, hsp_vn_object_find(&race.table, id));
    }
    race.stop = true;
    pthread_join(thread, &result);
    HSP_CHECK(result == NULL);
    hsp_vn_object_table_finish(&race.table);
}

HSP_TEST_MAIN()
