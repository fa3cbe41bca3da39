/* SPDX-License-Identifier: MIT */
/*
 * A chain travels as all its sTypes first and then the bodies from the last struct to the first
 * (the recursion of the protocol, unrolled so that a long chain costs no stack frames).
 */
#include "venus/wire.h"

#include "base/limits.h"
#include "venus/object.h"

void hsp_vn_reader_fail_array(struct hsp_vn_reader *reader, uint64_t array_size, bool required)
{
    if (array_size == 0 && required)
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_NULL, 0, "array");
    else
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_ARRAY_SIZE, array_size, NULL);
}

void hsp_vn_reader_fail_pointer(struct hsp_vn_reader *reader, uint64_t value)
{
    if (value == 0)
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_NULL, 0, "pointer");
    else
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_POINTER, value, NULL);
}

void hsp_vn_reader_fixed(struct hsp_vn_reader *reader, void *out, uint64_t count,
                         size_t element_size)
{
    size_t size = (size_t)count * element_size;
    uint64_t array_size = hsp_vn_reader_u64(reader);
    const void *data;

    if (array_size != count)
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_ARRAY_SIZE, array_size, NULL);
    data = hsp_vn_reader_bytes(reader, size);
    if (data)
        memcpy(out, data, size);
    else
        memset(out, 0, size);
}

const void *hsp_vn_reader_elements(struct hsp_vn_reader *reader, uint64_t count,
                                   size_t element_size, size_t alignment)
{
    uint64_t size;
    const void *data;
    void *copy;

    if (__builtin_mul_overflow(count, element_size, &size)) {
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_ARRAY_SIZE, count, NULL);
        return NULL;
    }
    data = hsp_vn_reader_bytes(reader, size);
    if (!data || alignment <= 4)
        return data;
    copy = hsp_arena_alloc(reader->arena, size);
    if (!copy) {
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_MEMORY, size, NULL);
        return NULL;
    }
    memcpy(copy, data, size);
    return copy;
}

const char *hsp_vn_reader_string(struct hsp_vn_reader *reader, bool required)
{
    uint64_t size = hsp_vn_reader_u64(reader);
    const char *data;
    char *copy;

    if (size == 0) {
        if (required)
            hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_NULL, 0, "string");
        return NULL;
    }
    data = hsp_vn_reader_bytes(reader, size);
    if (!data || data[size - 1] == '\0')
        return data;
    copy = hsp_arena_alloc(reader->arena, size);
    if (!copy) {
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_MEMORY, size, NULL);
        return NULL;
    }
    memcpy(copy, data, size - 1);
    copy[size - 1] = '\0';
    return copy;
}

void *hsp_vn_reader_output(struct hsp_vn_reader *reader, uint64_t count, size_t element_size)
{
    uint64_t size;

    if (__builtin_mul_overflow(count, element_size, &size) || size > HSP_LIMIT_OUTPUT_SIZE) {
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_LIMIT, count, "output array");
        return NULL;
    }
    return hsp_vn_reader_alloc(reader, count, element_size, 0);
}

uint64_t hsp_vn_reader_parameter(struct hsp_vn_reader *reader, VkObjectType type, bool required,
                                 struct hsp_vn_object **out_object)
{
    struct hsp_vn_object *object;

    if (!reader->objects) {
        *out_object = NULL;
        return hsp_vn_reader_u64(reader);
    }
    object = hsp_vn_reader_object(reader, type);
    *out_object = object;
    if (object)
        return object->handle;
    if (required)
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_NULL, 0, "handle");
    return 0;
}

/* ------------------------------------------------------------------ chains */

static int find_link(const struct hsp_vn_chain *chain, VkStructureType type)
{
    uint32_t low = 0, high = chain->count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const struct hsp_vn_link *link = &chain->links[chain->indices[middle]];

        if (link->type == type)
            return chain->indices[middle];
        if (link->type < type)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* The structs of a chain in order, while one direction of it is walked. */
struct chain_walk {
    uint32_t count;
    uint16_t links[HSP_LIMIT_CHAIN_COUNT];
    void *structs[HSP_LIMIT_CHAIN_COUNT];
};

static bool chain_has(const struct chain_walk *walk, int index)
{
    for (uint32_t i = 0; i < walk->count; i++) {
        if (walk->links[i] == index)
            return true;
    }
    return false;
}

/* Reads the next sType of a chain and makes its struct. NULL after a fault. */
static VkBaseOutStructure *decode_link(struct hsp_vn_reader *reader,
                                       const struct hsp_vn_chain *chain, struct chain_walk *walk)
{
    VkStructureType type = (VkStructureType)hsp_vn_reader_u32(reader);
    int index = find_link(chain, type);
    VkBaseOutStructure *link;

    if (index < 0) {
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_STYPE, (uint32_t)type, "pNext");
        return NULL;
    }
    if (walk->count == HSP_LIMIT_CHAIN_COUNT ||
        (!chain->links[index].allow_duplicate && chain_has(walk, index))) {
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_CHAIN, (uint32_t)type, "pNext");
        return NULL;
    }
    link = hsp_vn_reader_alloc(reader, 1, chain->links[index].size, 0);
    if (!link)
        return NULL;
    link->sType = type;
    walk->links[walk->count] = (uint16_t)index;
    walk->structs[walk->count++] = link;
    return link;
}

static void *decode_chain(struct hsp_vn_reader *reader, const struct hsp_vn_chain *chain,
                          bool partial)
{
    struct chain_walk walk;
    VkBaseOutStructure first = {.pNext = NULL};
    VkBaseOutStructure *last = &first;

    walk.count = 0;
    do {
        last->pNext = decode_link(reader, chain, &walk);
        last = last->pNext;
        if (!last)
            return NULL;
    } while (hsp_vn_reader_pointer(reader, false));
    while (walk.count--) {
        const struct hsp_vn_link *link = &chain->links[walk.links[walk.count]];

        void (*body)(struct hsp_vn_reader *, void *) =
            partial ? link->decode_partial : link->decode;

        /* Structs with nothing to send have no function. */
        if (body)
            body(reader, walk.structs[walk.count]);
    }
    return first.pNext;
}

void *hsp_vn_reader_head(struct hsp_vn_reader *reader, VkStructureType type,
                         const struct hsp_vn_chain *chain, bool partial)
{
    VkStructureType actual = (VkStructureType)hsp_vn_reader_u32(reader);

    if (actual != type) {
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_STYPE, (uint32_t)actual, NULL);
        return NULL;
    }
    if (!hsp_vn_reader_pointer(reader, false))
        return NULL;
    return decode_chain(reader, chain, partial);
}

/* ------------------------------------------------------------------ writing */

void hsp_vn_writer_array(struct hsp_vn_writer *writer, const void *elements, uint64_t count,
                         size_t element_size)
{
    uint64_t size;

    if (!elements)
        count = 0;
    if (__builtin_mul_overflow(count, element_size, &size)) {
        writer->overflow = true;
        return;
    }
    hsp_vn_writer_u64(writer, count);
    hsp_vn_writer_bytes(writer, elements, size);
}

void hsp_vn_writer_string(struct hsp_vn_writer *writer, const char *string)
{
    hsp_vn_writer_array(writer, string, string ? strlen(string) + 1 : 0, 1);
}

void hsp_vn_writer_head(struct hsp_vn_writer *writer, const void *val, VkStructureType type,
                        const struct hsp_vn_chain *chain, bool partial)
{
    const VkBaseInStructure *next = ((const VkBaseInStructure *)val)->pNext;
    struct chain_walk walk;

    hsp_vn_writer_u32(writer, (uint32_t)type);
    walk.count = 0;
    for (; next; next = next->pNext) {
        int index = find_link(chain, next->sType);

        if (index < 0 || walk.count == HSP_LIMIT_CHAIN_COUNT)
            continue;
        walk.links[walk.count] = (uint16_t)index;
        walk.structs[walk.count++] = (void *)(uintptr_t)next;
        hsp_vn_writer_u64(writer, 1);
        hsp_vn_writer_u32(writer, (uint32_t)next->sType);
    }
    hsp_vn_writer_u64(writer, 0);
    while (walk.count--) {
        const struct hsp_vn_link *link = &chain->links[walk.links[walk.count]];

        void (*body)(struct hsp_vn_writer *, const void *) =
            partial ? link->encode_partial : link->encode;

        /* Structs with nothing to send have no function. */
        if (body)
            body(writer, walk.structs[walk.count]);
    }
}
