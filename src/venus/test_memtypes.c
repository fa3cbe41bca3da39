/* SPDX-License-Identifier: MIT */
#include "base/test.h"
#include "venus/memtypes.h"

#define LOCAL    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT
#define MAPPABLE (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)
#define CACHED   VK_MEMORY_PROPERTY_HOST_CACHED_BIT

/* One type that is everything, as lavapipe's. */
static const VkPhysicalDeviceMemoryProperties single = {
    .memoryTypeCount = 1,
    .memoryTypes = {{LOCAL | MAPPABLE | CACHED, 0}},
    .memoryHeapCount = 1,
    .memoryHeaps = {{1 << 20, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT}},
};

/* A discrete GPU: plain, local, two kinds of system memory, and a window into local memory. */
static const VkPhysicalDeviceMemoryProperties discrete = {
    .memoryTypeCount = 5,
    .memoryTypes =
        {{0, 1}, {LOCAL, 0}, {MAPPABLE, 1}, {MAPPABLE | CACHED, 1}, {LOCAL | MAPPABLE, 2}},
    .memoryHeapCount = 3,
    .memoryHeaps = {{8 << 20, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT},
                    {4 << 20, 0},
                    {1 << 20, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT}},
};

HSP_TEST(single_type_appears_twice)
{
    struct hsp_vn_memtypes table;

    hsp_vn_memtypes_init(&table, &single, 1, 4096);
    HSP_CHECK_EQ(table.guest.memoryTypeCount, 2);
    HSP_CHECK_EQ(table.guest.memoryTypes[0].propertyFlags, LOCAL);
    HSP_CHECK_EQ(table.guest.memoryTypes[1].propertyFlags, LOCAL | MAPPABLE | CACHED);
    HSP_CHECK_EQ(table.shared_bits, 2);
    HSP_CHECK(!hsp_vn_memtypes_find(&table, 0)->is_shared);
    HSP_CHECK(hsp_vn_memtypes_find(&table, 1)->is_shared);
    HSP_CHECK(!hsp_vn_memtypes_find(&table, 2));
}

HSP_TEST(host_visible_but_not_importable_is_not_mappable)
{
    struct hsp_vn_memtypes table;

    hsp_vn_memtypes_init(&table, &discrete, 0xc, 4096);
    /* private: 0, 1, 4 without HOST_*; shared: 2, 3, and 2 as the external type */
    HSP_CHECK_EQ(table.guest.memoryTypeCount, 6);
    HSP_CHECK_EQ(table.guest.memoryTypes[2].propertyFlags, LOCAL);
    HSP_CHECK_EQ(hsp_vn_memtypes_find(&table, 2)->host_index, 4);
    HSP_CHECK_EQ(table.guest.memoryTypes[3].propertyFlags, MAPPABLE);
    HSP_CHECK_EQ(hsp_vn_memtypes_find(&table, 4)->host_index, 3);
    HSP_CHECK_EQ(table.shared_bits, 0x38);
}

/* Exported images find a DEVICE_LOCAL type, nothing else sees it. */
HSP_TEST(discrete_gpu_has_a_local_type_for_external_memory)
{
    struct hsp_vn_memtypes table;

    hsp_vn_memtypes_init(&table, &discrete, 0xc, 4096);
    HSP_CHECK_EQ(table.guest.memoryTypes[5].propertyFlags, LOCAL | MAPPABLE);
    HSP_CHECK_EQ(table.guest.memoryTypes[5].heapIndex, 0);
    HSP_CHECK_EQ(hsp_vn_memtypes_find(&table, 5)->host_index, 2);
    HSP_CHECK(hsp_vn_memtypes_find(&table, 5)->is_shared);
    HSP_CHECK_EQ(hsp_vn_memtypes_guest_bits(&table, 0x1f, true, true), 0x38);
    HSP_CHECK_EQ(hsp_vn_memtypes_guest_bits(&table, 1u << 3, true, true), 0x10);
    HSP_CHECK_EQ(hsp_vn_memtypes_guest_bits(&table, 0x1f, false, true), 0x07);

    hsp_vn_memtypes_init(&table, &discrete, 0x8, 4096);
    HSP_CHECK_EQ(table.guest.memoryTypes[table.guest.memoryTypeCount - 1].propertyFlags,
                 LOCAL | MAPPABLE | CACHED);
}

HSP_TEST(external_type_only_where_it_is_needed)
{
    struct hsp_vn_memtypes table;

    hsp_vn_memtypes_init(&table, &single, 1, 4096);
    HSP_CHECK_EQ(hsp_vn_memtypes_guest_bits(&table, 1, true, true), 2);
    hsp_vn_memtypes_init(&table, &discrete, 0, 4096);
    HSP_CHECK_EQ(table.guest.memoryTypeCount, 5);
    hsp_vn_memtypes_init(&table, &discrete, 0x1c, 4096);
    HSP_CHECK_EQ(table.guest.memoryTypes[table.guest.memoryTypeCount - 1].heapIndex, 2);
    for (uint32_t i = 0; i < table.guest.memoryTypeCount; i++)
        HSP_CHECK(!hsp_vn_memtypes_find(&table, i)->is_external_only);
}

HSP_TEST(bits_are_translated_and_masked)
{
    struct hsp_vn_memtypes table;

    hsp_vn_memtypes_init(&table, &discrete, 0xc, 4096);
    HSP_CHECK_EQ(hsp_vn_memtypes_guest_bits(&table, 0x1f, true, false), 0x1f);
    HSP_CHECK_EQ(hsp_vn_memtypes_guest_bits(&table, 0x1f, false, false), 0x07);
    HSP_CHECK_EQ(hsp_vn_memtypes_guest_bits(&table, 1u << 3, true, false), 0x10);
    HSP_CHECK_EQ(hsp_vn_memtypes_guest_bits(&table, 1u << 3, false, false), 0);
}

/* Vulkan: a type whose flags are a strict subset of another's comes first. */
HSP_TEST(subsets_come_before_supersets)
{
    struct hsp_vn_memtypes table;

    hsp_vn_memtypes_init(&table, &discrete, 0xc, 4096);
    for (uint32_t i = 0; i < table.guest.memoryTypeCount; i++) {
        for (uint32_t j = i + 1; j < table.guest.memoryTypeCount; j++) {
            VkMemoryPropertyFlags a = table.guest.memoryTypes[i].propertyFlags;
            VkMemoryPropertyFlags b = table.guest.memoryTypes[j].propertyFlags;
            HSP_CHECK(!((b & a) == b && a != b));
        }
    }
}

HSP_TEST(alignment_is_at_least_a_page)
{
    struct hsp_vn_memtypes table;

    hsp_vn_memtypes_init(&table, &single, 1, 64);
    HSP_CHECK_EQ(table.import_alignment, hsp_page_size());
    hsp_vn_memtypes_init(&table, &single, 1, 1 << 16);
    HSP_CHECK_EQ(table.import_alignment, 1 << 16);
}

HSP_TEST_MAIN()
