/* SPDX-License-Identifier: MIT */
/*
 * Layout (little-endian; UEFI PI specification volume 3, and EDK II's variable format):
 *   firmware volume   "_FVH" at 40, length of this header at 48 (16 bits)
 *   variable store    type (16 bytes), size (32 bits), format 0x5a, state 0xfe, 6 bytes more
 *   variables         60 bytes each, then the name (UTF-16) and the data; in steps of 4 bytes
 *   free space        0xff
 */
#include "cli/uefi_variables.h"

#include <string.h>

#define VOLUME_SIGNATURE   40
#define VOLUME_HEADER_SIZE 48
#define STORE_HEADER_SIZE  28
#define VARIABLE_SIZE      60

/* Offsets in a variable. */
enum {
    VARIABLE_START = 0,
    VARIABLE_STATE = 2,
    VARIABLE_ATTRIBUTES = 4,
    VARIABLE_NAME_SIZE = 36,
    VARIABLE_DATA_SIZE = 40,
    VARIABLE_VENDOR = 44,
};

#define START_ID    0x55aa
#define STATE_ADDED 0x3f
#define ATTRIBUTES  7 /* kept, and there at boot and at run time */

static const uint8_t store_type[16] = {0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43,
                                       0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92};
static const uint8_t global_vendor[16] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                          0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};
static const uint8_t name[] = {'C', 0, 'o', 0, 'n', 0, 'O', 0, 'u', 0, 't', 0, 0, 0};

/* The first PCI bus, a device on it, the first display of that, the end; UEFI specification,
 * chapter 10. */
#define DEVICE_OFFSET 17
static const uint8_t console[] = {
    0x02, 0x01, 12, 0, 0xd0, 0x41, 0x03, 0x0a, 0, 0, 0, 0, /* ACPI PNP0A03, 0 */
    0x01, 0x01, 6,  0, 0,    0,                            /* PCI function, device */
    0x02, 0x03, 8,  0, 0x00, 0x01, 0x01, 0x80,             /* ACPI display address */
    0x7f, 0xff, 4,  0,
};

static uint32_t read_u16(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t read_u32(const uint8_t *bytes)
{
    return read_u16(bytes) | read_u16(bytes + 2) << 16;
}

static void write_u32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

/* The variables of a store: false when this is none. */
static bool find_variables(const uint8_t *store, size_t size, size_t *out_offset, size_t *out_end)
{
    size_t header;

    if (size < VOLUME_HEADER_SIZE + 2 || memcmp(store + VOLUME_SIGNATURE, "_FVH", 4) != 0)
        return false;
    header = read_u16(store + VOLUME_HEADER_SIZE);
    if (!hsp_range_fits(header, STORE_HEADER_SIZE, size) ||
        memcmp(store + header, store_type, sizeof(store_type)) != 0)
        return false;
    if (!hsp_range_fits(header, read_u32(store + header + 16), size))
        return false;
    *out_offset = header + STORE_HEADER_SIZE;
    *out_end = header + read_u32(store + header + 16);
    return *out_offset <= *out_end;
}

static bool is_console(const uint8_t *variable, size_t name_size)
{
    return variable[VARIABLE_STATE] == STATE_ADDED && name_size == sizeof(name) &&
           memcmp(variable + VARIABLE_VENDOR, global_vendor, sizeof(global_vendor)) == 0 &&
           memcmp(variable + VARIABLE_SIZE, name, sizeof(name)) == 0;
}

/* Where the next variable can be put; `end` when there is no place, or the store is broken. */
static size_t find_free(const uint8_t *store, size_t offset, size_t end, bool *out_has_console)
{
    *out_has_console = false;
    while (offset < end && hsp_range_fits(offset, VARIABLE_SIZE, end)) {
        const uint8_t *variable = store + offset;
        uint64_t name_size, data_size, whole;

        if (read_u16(variable + VARIABLE_START) != START_ID)
            return offset;
        name_size = read_u32(variable + VARIABLE_NAME_SIZE);
        data_size = read_u32(variable + VARIABLE_DATA_SIZE);
        whole = VARIABLE_SIZE + name_size + data_size; /* fits: each is 32 bits */
        if (!hsp_range_fits(offset, whole, end))
            return end;
        *out_has_console |= is_console(variable, name_size);
        offset = (size_t)hsp_align_up(offset + whole, 4);
    }
    return end;
}

bool hsp_cli_uefi_add_console(void *store, size_t size, unsigned slot)
{
    size_t offset, end;
    bool has_console;
    uint8_t *variable;

    if (!find_variables(store, size, &offset, &end))
        return false;
    offset = find_free(store, offset, end, &has_console);
    if (has_console)
        return true;
    if (!hsp_range_fits(offset, VARIABLE_SIZE + sizeof(name) + sizeof(console), end))
        return false;
    variable = (uint8_t *)store + offset;
    memset(variable, 0, VARIABLE_SIZE);
    write_u32(variable + VARIABLE_START, STATE_ADDED << 16 | START_ID);
    write_u32(variable + VARIABLE_ATTRIBUTES, ATTRIBUTES);
    write_u32(variable + VARIABLE_NAME_SIZE, sizeof(name));
    write_u32(variable + VARIABLE_DATA_SIZE, sizeof(console));
    memcpy(variable + VARIABLE_VENDOR, global_vendor, sizeof(global_vendor));
    memcpy(variable + VARIABLE_SIZE, name, sizeof(name));
    memcpy(variable + VARIABLE_SIZE + sizeof(name), console, sizeof(console));
    variable[VARIABLE_SIZE + sizeof(name) + DEVICE_OFFSET] = (uint8_t)slot;
    return true;
}
