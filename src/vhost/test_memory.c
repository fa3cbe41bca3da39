/* SPDX-License-Identifier: MIT */
#include "base/shm.h"
#include "base/test.h"
#include "vhost/memory.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PAGE 4096u

static struct hsp_vhost_memory_region region(uint64_t guest, uint64_t size, uint64_t offset)
{
    return (struct hsp_vhost_memory_region){
        .guest_address = guest,
        .size = size,
        .user_address = guest + 0x10000000,
        .file_offset = offset,
    };
}

static int create(const struct hsp_vhost_memory_region *regions, uint32_t count, int fd,
                  struct hsp_vhost_memory *old, struct hsp_vhost_memory **out)
{
    int fds[HSP_VHOST_MAX_REGION_COUNT];

    for (uint32_t i = 0; i < HSP_VHOST_MAX_REGION_COUNT; i++)
        fds[i] = fd;
    return hsp_vhost_memory_create(regions, count, fds, old, out);
}

HSP_TEST(addresses_translate)
{
    struct hsp_vhost_memory_region regions[] = {
        region(0x10000, 4 * PAGE, 0),
        region(0x10000 + 4 * PAGE, 2 * PAGE, 8 * PAGE), /* a neighbour, elsewhere in the file */
        region(0x100000, PAGE, 4 * PAGE),
    };
    int fd = hsp_shm_create("ram", 16 * PAGE);
    struct hsp_vhost_memory *memory;
    struct hsp_vhost_range range;

    HSP_CHECK_EQ(create(regions, 3, fd, NULL, &memory), 0);
    HSP_CHECK(pwrite(fd, "hello", 5, 8 * PAGE + 100) == 5);

    HSP_CHECK(hsp_vhost_memory_translate(memory, 0x10000 + 4 * PAGE + 100, 5, &range));
    HSP_CHECK_EQ(range.size, 5);
    HSP_CHECK_EQ(range.file_offset, 8 * PAGE + 100);
    HSP_CHECK(memcmp(range.data, "hello", 5) == 0);
    /* Across the border, in two steps. */
    HSP_CHECK(hsp_vhost_memory_translate(memory, 0x10000 + 4 * PAGE - 8, 16, &range));
    HSP_CHECK_EQ(range.size, 8);
    HSP_CHECK(!hsp_vhost_memory_translate(memory, 0xffff, 2, &range));
    HSP_CHECK(!hsp_vhost_memory_translate(memory, 0x10000 + 6 * PAGE, 1, &range));
    HSP_CHECK(!hsp_vhost_memory_translate(memory, 0x10000, 0, &range));
    HSP_CHECK(!hsp_vhost_memory_translate(memory, UINT64_MAX, UINT64_MAX, &range));
    HSP_CHECK(hsp_vhost_memory_translate(memory, 0x10000, UINT64_MAX, &range));
    HSP_CHECK_EQ(range.size, 4 * PAGE);

    uint64_t user = 0x10010000;
    HSP_CHECK(hsp_vhost_memory_translate_user(memory, user, 4 * PAGE, 16) != NULL);
    HSP_CHECK(hsp_vhost_memory_translate_user(memory, user + 8, 4 * PAGE - 8, 16) == NULL);
    HSP_CHECK(hsp_vhost_memory_translate_user(memory, user, 4 * PAGE + 1, 16) == NULL);
    HSP_CHECK(hsp_vhost_memory_translate_user(memory, 0, 1, 1) == NULL);
    HSP_CHECK(hsp_vhost_memory_translate_user(memory, user, UINT64_MAX, 1) == NULL);
    /* Far behind a region: not even a pointer is made of it (found by fuzzing). */
    HSP_CHECK(hsp_vhost_memory_translate_user(memory, UINT64_MAX - 15, 1, 1) == NULL);
    hsp_vhost_memory_unref(memory);
    close(fd);
}

/* QEMU sends the table again for each map: the guest's RAM must stay where it is. */
HSP_TEST(new_table_shares_mappings_with_the_old)
{
    struct hsp_vhost_memory_region regions[] = {
        region(0x10000, 4 * PAGE, 0),
        region(0x100000, PAGE, 4 * PAGE),
    };
    int fd = hsp_shm_create("ram", 16 * PAGE);
    struct hsp_vhost_memory *first, *second;
    struct hsp_vhost_range a, b;

    HSP_CHECK_EQ(create(regions, 1, fd, NULL, &first), 0);
    HSP_CHECK_EQ(create(regions, 2, fd, first, &second), 0);
    HSP_CHECK(hsp_vhost_memory_translate(first, 0x10000, 1, &a));
    HSP_CHECK(hsp_vhost_memory_translate(second, 0x10000, 1, &b));
    HSP_CHECK(a.data == b.data);
    hsp_vhost_memory_unref(first);
    memset(b.data, 1, PAGE); /* still there */
    hsp_vhost_memory_unref(second);
    close(fd);
}

HSP_TEST(bad_regions_are_refused)
{
    struct hsp_vhost_memory_region bad[] = {
        region(0x10000, 0, 0),
        region(0x10000, 17 * PAGE, 0),
        region(0x10000, PAGE, 16 * PAGE),
        region(0x10000, UINT64_MAX, PAGE),
        region(UINT64_MAX - PAGE, 2 * PAGE, 0),
        region(0x10000, PAGE, UINT64_MAX - 1),
    };
    struct hsp_vhost_memory_region overlapping[] = {
        region(0x10000, 2 * PAGE, 0),
        region(0x10000 + PAGE, PAGE, 0),
    };
    int fd = hsp_shm_create("ram", 16 * PAGE);
    struct hsp_vhost_memory *memory;

    for (size_t i = 0; i < HSP_ARRAY_COUNT(bad); i++)
        HSP_CHECK_EQ(create(&bad[i], 1, fd, NULL, &memory), -EINVAL);
    HSP_CHECK_EQ(create(overlapping, 2, fd, NULL, &memory), -EINVAL);
    HSP_CHECK_EQ(create(overlapping, HSP_VHOST_MAX_REGION_COUNT + 1, fd, NULL, &memory), -EINVAL);
    close(fd);
}

HSP_TEST_MAIN()
