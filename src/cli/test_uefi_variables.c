/* SPDX-License-Identifier: MIT */
#include "cli/uefi_variables.h"

#include "base/test.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE 72
#define FIRST       (HEADER_SIZE + 28)

static uint8_t store[4096];

static void write_u32(size_t offset, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        store[offset + (size_t)i] = (uint8_t)(value >> (8 * i));
}

/* An empty store, `size` bytes from its header on. */
static void make_store(uint32_t size)
{
    static const uint8_t type[16] = {0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43,
                                     0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92};

    memset(store, 0xff, sizeof(store));
    memcpy(store + 40, "_FVH", 4);
    store[48] = HEADER_SIZE;
    store[49] = 0;
    memcpy(store + HEADER_SIZE, type, sizeof(type));
    write_u32(HEADER_SIZE + 16, size);
}

/* A variable of another name, with `data_size` bytes. */
static void make_variable(size_t offset, uint32_t data_size)
{
    write_u32(offset, 0x3f55aa);
    write_u32(offset + 36, 2);
    write_u32(offset + 40, data_size);
}

HSP_TEST(uefi_console_is_added)
{
    make_store(2000);
    HSP_CHECK(hsp_cli_uefi_add_console(store, sizeof(store), 5));
    HSP_CHECK_EQ(store[FIRST], 0xaa);
    HSP_CHECK_EQ(store[FIRST + 2], 0x3f);
    HSP_CHECK_EQ(store[FIRST + 36], 14);
    HSP_CHECK_EQ(store[FIRST + 40], 30);
    HSP_CHECK(memcmp(store + FIRST + 60, "C\0o\0n\0O\0u\0t\0\0", 14) == 0);
    HSP_CHECK_EQ(store[FIRST + 60 + 14 + 17], 5); /* PCI device */
    HSP_CHECK_EQ(store[FIRST + 60 + 14 + 26], 0x7f);
    HSP_CHECK_EQ(store[FIRST + 60 + 14 + 30], 0xff); /* free space again */
}

HSP_TEST(uefi_console_comes_behind_what_is_there)
{
    make_store(2000);
    make_variable(FIRST, 3);
    make_variable(FIRST + 68, 100); /* 60 + 2 + 3, rounded up */
    HSP_CHECK(hsp_cli_uefi_add_console(store, sizeof(store), 1));
    HSP_CHECK_EQ(store[FIRST + 68 + 164], 0xaa);
    HSP_CHECK_EQ(store[FIRST + 68 + 164 + 36], 14);
}

HSP_TEST(uefi_console_of_the_user_stays)
{
    uint8_t before[sizeof(store)];

    make_store(2000);
    HSP_CHECK(hsp_cli_uefi_add_console(store, sizeof(store), 5));
    memcpy(before, store, sizeof(store));
    HSP_CHECK(hsp_cli_uefi_add_console(store, sizeof(store), 6));
    HSP_CHECK(memcmp(before, store, sizeof(store)) == 0);
}

/* The bytes in an allocation of their size, so that a step outside is seen by the sanitizer. */
static bool add_to_copy(size_t size)
{
    uint8_t *copy = malloc(size + 1);
    bool added;

    memcpy(copy, store, size);
    added = hsp_cli_uefi_add_console(copy, size, 1);
    free(copy);
    return added;
}

HSP_TEST(uefi_store_that_is_none_is_left_alone)
{
    memset(store, 0, sizeof(store));
    HSP_CHECK(!add_to_copy(sizeof(store)));
    for (size_t size = 0; size < FIRST + 60; size++) {
        make_store(2000);
        HSP_CHECK(!add_to_copy(size));
    }
    make_store(0xffffffff);
    HSP_CHECK(!add_to_copy(sizeof(store)));
    make_store(3);
    HSP_CHECK(!add_to_copy(sizeof(store)));
}

HSP_TEST(uefi_store_that_is_full_or_broken_is_left_alone)
{
    make_store(28 + 100); /* of the 104 that it takes */
    HSP_CHECK(!add_to_copy(sizeof(store)));
    make_store(28 + 104);
    HSP_CHECK(add_to_copy(sizeof(store)));
    make_store(2000);
    make_variable(FIRST, 0xffffffff);
    HSP_CHECK(!add_to_copy(sizeof(store)));
    make_variable(FIRST, 2000 - 28 - 62);
    HSP_CHECK(!add_to_copy(sizeof(store)));
}

HSP_TEST_MAIN()
