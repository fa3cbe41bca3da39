/* SPDX-License-Identifier: MIT */
#include "vhost/memory.h"

#include "base/fd.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A mapped piece of a file; shared by tables. */
struct mapping {
    _Atomic uint32_t ref_count;
    int fd;
    dev_t device;
    ino_t inode;
    uint64_t file_offset;
    uint64_t size;
    void *base; /* what was mapped; page-aligned */
    size_t base_size;
    char *data; /* file_offset */
};

struct region {
    struct hsp_vhost_memory_region where;
    struct mapping *mapping;
};

struct hsp_vhost_memory {
    _Atomic uint32_t ref_count;
    uint32_t region_count;
    struct region regions[HSP_VHOST_MAX_REGION_COUNT];
};

static void mapping_unref(struct mapping *mapping)
{
    if (!mapping || atomic_fetch_sub(&mapping->ref_count, 1) != 1)
        return;
    if (mapping->base)
        munmap(mapping->base, mapping->base_size);
    hsp_fd_close(&mapping->fd);
    free(mapping);
}

static struct mapping *find_mapping(struct hsp_vhost_memory *memory, const struct stat *st,
                                    const struct hsp_vhost_memory_region *where)
{
    for (uint32_t i = 0; memory && i < memory->region_count; i++) {
        struct mapping *mapping = memory->regions[i].mapping;
        if (mapping->device == st->st_dev && mapping->inode == st->st_ino &&
            mapping->file_offset == where->file_offset && mapping->size == where->size) {
            atomic_fetch_add(&mapping->ref_count, 1);
            return mapping;
        }
    }
    return NULL;
}

static int create_mapping(const struct hsp_vhost_memory_region *where, int fd,
                          const struct stat *st, struct mapping **out_mapping)
{
    uint64_t lead = where->file_offset & (hsp_page_size() - 1);
    struct mapping *mapping = calloc(1, sizeof(*mapping));
    int ret;

    if (!mapping)
        return -ENOMEM;
    *mapping = (struct mapping){
        .ref_count = 1,
        .device = st->st_dev,
        .inode = st->st_ino,
        .file_offset = where->file_offset,
        .size = where->size,
        .base_size = (size_t)(where->size + lead),
    };
    mapping->fd = hsp_fd_dup(fd);
    if (mapping->fd < 0) {
        ret = mapping->fd;
        goto out;
    }
    void *base = mmap(NULL, mapping->base_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                      fd, (off_t)(where->file_offset - lead));
    if (base == MAP_FAILED) {
        ret = -errno;
        goto out;
    }
    mapping->base = base;
    mapping->data = (char *)base + lead;
    *out_mapping = mapping;
    return 0;

out:
    mapping_unref(mapping);
    return ret;
}

static bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

static bool region_is_valid(const struct hsp_vhost_memory *memory,
                            const struct hsp_vhost_memory_region *where)
{
    if (where->size == 0 || !hsp_range_fits(where->guest_address, where->size, INT64_MAX) ||
        !hsp_range_fits(where->user_address, where->size, INT64_MAX) ||
        !hsp_range_fits(where->file_offset, where->size, INT64_MAX))
        return false;
    for (uint32_t i = 0; i < memory->region_count; i++) {
        const struct hsp_vhost_memory_region *other = &memory->regions[i].where;
        if (ranges_overlap(where->guest_address, where->size, other->guest_address, other->size))
            return false;
    }
    return true;
}

static int add_region(struct hsp_vhost_memory *memory, const struct hsp_vhost_memory_region *where,
                      int fd, struct hsp_vhost_memory *old)
{
    struct region *region = &memory->regions[memory->region_count];
    struct stat st;
    int ret = 0;

    if (!region_is_valid(memory, where))
        return -EINVAL;
    if (fstat(fd, &st) < 0)
        return -errno;
    /* Touching a mapping beyond the end of its file would kill this process. */
    if (S_ISREG(st.st_mode) &&
        !hsp_range_fits(where->file_offset, where->size, (uint64_t)st.st_size))
        return -EINVAL;
    region->where = *where;
    region->mapping = find_mapping(old, &st, where);
    if (!region->mapping)
        ret = create_mapping(where, fd, &st, &region->mapping);
    if (ret == 0)
        memory->region_count++;
    return ret;
}

int hsp_vhost_memory_create(const struct hsp_vhost_memory_region *regions, uint32_t region_count,
                            const int *fds, struct hsp_vhost_memory *old,
                            struct hsp_vhost_memory **out_memory)
{
    struct hsp_vhost_memory *memory;

    if (region_count > HSP_VHOST_MAX_REGION_COUNT)
        return -EINVAL;
    memory = calloc(1, sizeof(*memory));
    if (!memory)
        return -ENOMEM;
    memory->ref_count = 1;
    for (uint32_t i = 0; i < region_count; i++) {
        int ret = add_region(memory, &regions[i], fds[i], old);
        if (ret < 0) {
            hsp_vhost_memory_unref(memory);
            return ret;
        }
    }
    *out_memory = memory;
    return 0;
}

struct hsp_vhost_memory *hsp_vhost_memory_ref(struct hsp_vhost_memory *memory)
{
    atomic_fetch_add(&memory->ref_count, 1);
    return memory;
}

void hsp_vhost_memory_unref(struct hsp_vhost_memory *memory)
{
    if (!memory || atomic_fetch_sub(&memory->ref_count, 1) != 1)
        return;
    for (uint32_t i = 0; i < memory->region_count; i++)
        mapping_unref(memory->regions[i].mapping);
    free(memory);
}

bool hsp_vhost_memory_translate(const struct hsp_vhost_memory *memory, uint64_t address,
                                uint64_t size, struct hsp_vhost_range *out_range)
{
    for (uint32_t i = 0; size > 0 && i < memory->region_count; i++) {
        const struct region *region = &memory->regions[i];
        uint64_t offset = address - region->where.guest_address;
        if (address < region->where.guest_address || offset >= region->where.size)
            continue;
        *out_range = (struct hsp_vhost_range){
            .data = region->mapping->data + offset,
            .size = HSP_MIN(size, region->where.size - offset),
            .fd = region->mapping->fd,
            .file_offset = region->where.file_offset + offset,
        };
        return true;
    }
    return false;
}

void *hsp_vhost_memory_translate_user(const struct hsp_vhost_memory *memory, uint64_t address,
                                      uint64_t size, uint64_t alignment)
{
    if ((address & (alignment - 1)) != 0)
        return NULL;
    for (uint32_t i = 0; i < memory->region_count; i++) {
        const struct region *region = &memory->regions[i];
        if (address < region->where.user_address)
            continue;
        uint64_t offset = address - region->where.user_address;
        if (!hsp_range_fits(offset, size, region->where.size))
            continue;
        char *data = region->mapping->data + offset;
        if (((uintptr_t)data & (alignment - 1)) == 0)
            return data;
    }
    return NULL;
}
