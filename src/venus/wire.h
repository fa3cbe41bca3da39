/* SPDX-License-Identifier: MIT */
/*
 * The items of the Venus wire encoding above plain words: arrays, strings, pNext chains. Generated
 * decoders and encoders are made of these; nobody else needs them.
 *
 * Errors: as cs.h. A decoder that gets NULL or 0 after a fault returns or goes on with zeros.
 */
#ifndef HSP_VENUS_WIRE_H
#define HSP_VENUS_WIRE_H

#include "venus/cs.h"

/* ------------------------------------------------------------------ reading */

/* Cold paths of the functions below. */
void hsp_vn_reader_fail_array(struct hsp_vn_reader *reader, uint64_t array_size, bool required);
void hsp_vn_reader_fail_pointer(struct hsp_vn_reader *reader, uint64_t value);

/* `size` bytes that look the same in C and on the wire; `size` is a multiple of 4. */
static inline void hsp_vn_reader_raw(struct hsp_vn_reader *reader, void *out, size_t size)
{
    if (hsp_vn_reader_left(reader) < size) {
        hsp_vn_reader_fail_truncated(reader);
        memset(out, 0, size);
        return;
    }
    memcpy(out, reader->cursor, size);
    reader->cursor += size;
}

/* The array_size of an array whose count is known from `expected`. Returns it, or 0 for an array
 * that is absent; anything else is a fault, absence too if the array is required. */
static inline uint64_t hsp_vn_reader_array(struct hsp_vn_reader *reader, uint64_t expected,
                                           bool required)
{
    uint64_t size = hsp_vn_reader_u64(reader);

    if (size == expected)
        return size;
    if (size != 0 || required) {
        hsp_vn_reader_fail_array(reader, size, required);
        return 0;
    }
    return 0;
}

/* A simple_pointer: whether its pointee follows. */
static inline bool hsp_vn_reader_pointer(struct hsp_vn_reader *reader, bool required)
{
    uint64_t value = hsp_vn_reader_u64(reader);

    if (value == 1)
        return true;
    if (value != 0 || required)
        hsp_vn_reader_fail_pointer(reader, value);
    return false;
}

/* A pointer that cannot travel (allocation callbacks, host addresses): it must be null. */
static inline void *hsp_vn_reader_null(struct hsp_vn_reader *reader)
{
    uint64_t value = hsp_vn_reader_u64(reader);

    if (value != 0)
        hsp_vn_reader_fail_pointer(reader, value);
    return NULL;
}

/* A fixed array of `count` scalars: its array_size, which must be `count`, and the elements. */
void hsp_vn_reader_fixed(struct hsp_vn_reader *reader, void *out, uint64_t count,
                         size_t element_size);

/* Packed elements, padded to 4 at the end: in place where they need no more than 4-byte alignment,
 * else a copy in the arena. NULL after a fault. */
const void *hsp_vn_reader_elements(struct hsp_vn_reader *reader, uint64_t count,
                                   size_t element_size, size_t alignment);

/* A string with its array_size, always NUL-terminated; NULL when absent. */
const char *hsp_vn_reader_string(struct hsp_vn_reader *reader, bool required);

/* Cleared memory for an output that the request only announces the size of. A single output may
 * not be larger than HSP_LIMIT_OUTPUT_SIZE. */
void *hsp_vn_reader_output(struct hsp_vn_reader *reader, uint64_t count, size_t element_size);

/* A required top-level handle: as hsp_vn_reader_handle without regard to keep_objects; the object
 * goes to *out_object (NULL for id 0, and in codec tests, which have no object table). */
uint64_t hsp_vn_reader_parameter(struct hsp_vn_reader *reader, VkObjectType type, bool required,
                                 struct hsp_vn_object **out_object);

/* ------------------------------------------------------------------ pNext chains */

/* A struct that can stand in a chain. Bodies are without sType and pNext. */
struct hsp_vn_link {
    VkStructureType type;
    uint32_t size;
    bool allow_duplicate;
    void (*decode)(struct hsp_vn_reader *reader, void *body_of);
    void (*decode_partial)(struct hsp_vn_reader *reader, void *body_of);
    void (*encode)(struct hsp_vn_writer *writer, const void *body_of);
    void (*encode_partial)(struct hsp_vn_writer *writer, const void *body_of);
};

/* What may stand in the chain of one owner: indices of links, sorted by sType. */
struct hsp_vn_chain {
    const struct hsp_vn_link *links;
    const uint16_t *indices;
    uint32_t count;
};

/* Decodes sType, which must be `type`, and the chain; returns the chain. */
void *hsp_vn_reader_head(struct hsp_vn_reader *reader, VkStructureType type,
                         const struct hsp_vn_chain *chain, bool partial);

/* ------------------------------------------------------------------ writing */

/* `count` packed elements behind their array_size. */
void hsp_vn_writer_array(struct hsp_vn_writer *writer, const void *elements, uint64_t count,
                         size_t element_size);

/* A string, or its absence. */
void hsp_vn_writer_string(struct hsp_vn_writer *writer, const char *string);

/* Encodes sType and the chain of the struct at `val`. Structs that the owner's chain cannot carry
 * are left out. */
void hsp_vn_writer_head(struct hsp_vn_writer *writer, const void *val, VkStructureType type,
                        const struct hsp_vn_chain *chain, bool partial);

#endif
