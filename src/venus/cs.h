/* SPDX-License-Identifier: MIT */
/*
 * Command streams: the bounded reader that generated decoders read a guest's bytes with, and the
 * bounded writer that replies go through (Venus wire encoding: little-endian units of 4 bytes).
 *
 * The reader reads private memory: whoever runs a stream copies a block of guest bytes out first,
 * so that a value cannot change between check and use. It owns nothing; what decoders allocate
 * comes from its arena and lives until the command is done.
 *
 * Threads: a reader or writer belongs to one thread.
 * Errors: faults are sticky (fault.h). After one every read returns zero or NULL, so decoders need
 * no error path; whoever runs the command checks hsp_vn_reader_has_fault once before acting.
 */
#ifndef HSP_VENUS_CS_H
#define HSP_VENUS_CS_H

#include "base/arena.h"
#include "venus/fault.h"

#include <string.h>
#include <vulkan/vulkan_core.h>

struct hsp_vn_object;
struct hsp_vn_object_table;

/* Neighbouring commands name the same few objects again and again. */
#define HSP_VN_READER_RECENT_COUNT 8

struct hsp_vn_reader {
    const uint8_t *begin;
    const uint8_t *cursor;
    const uint8_t *end;
    struct hsp_arena *arena;
    struct hsp_vn_object_table *objects; /* NULL in codec tests: handles then decode to their ids */
    struct hsp_vn_fault fault;
    /* While set, handles decode to struct hsp_vn_object pointers instead of driver handles; the
     * generated hsp_vn_unwrap_* put the driver's handles in place (policy `objects = true`). */
    bool keep_objects;
    /* Objects found lately, by the low bits of their ids. Objects are type-stable (object.h), so an
     * entry is good as long as the object still has the id that is looked for. */
    struct hsp_vn_object *recent[HSP_VN_READER_RECENT_COUNT];
};

void hsp_vn_reader_init(struct hsp_vn_reader *reader, struct hsp_arena *arena,
                        struct hsp_vn_object_table *objects);

/* Starts a new block of private bytes. The fault, if any, stays. */
void hsp_vn_reader_set_block(struct hsp_vn_reader *reader, const void *data, size_t size);

/* Records the first fault; later ones are ignored. `what` is static text or NULL. */
void hsp_vn_reader_set_fault(struct hsp_vn_reader *reader, enum hsp_vn_fault_kind kind,
                             uint64_t value, const char *what);

static inline bool hsp_vn_reader_has_fault(const struct hsp_vn_reader *reader)
{
    return reader->fault.kind != HSP_VN_FAULT_NONE;
}

static inline size_t hsp_vn_reader_left(const struct hsp_vn_reader *reader)
{
    return (size_t)(reader->end - reader->cursor);
}

/* `size` bytes of the stream, padded to 4 on the wire; NULL after a fault. The pointer is into the
 * block. */
const void *hsp_vn_reader_bytes(struct hsp_vn_reader *reader, uint64_t size);

/* Cold path of the fixed-size reads. */
void hsp_vn_reader_fail_truncated(struct hsp_vn_reader *reader);

static inline uint32_t hsp_vn_reader_u32(struct hsp_vn_reader *reader)
{
    uint32_t value;

    if (hsp_vn_reader_left(reader) < sizeof(value)) {
        hsp_vn_reader_fail_truncated(reader);
        return 0;
    }
    memcpy(&value, reader->cursor, sizeof(value));
    reader->cursor += sizeof(value);
    return value;
}

static inline uint64_t hsp_vn_reader_u64(struct hsp_vn_reader *reader)
{
    uint64_t value;

    if (hsp_vn_reader_left(reader) < sizeof(value)) {
        hsp_vn_reader_fail_truncated(reader);
        return 0;
    }
    memcpy(&value, reader->cursor, sizeof(value));
    reader->cursor += sizeof(value);
    return value;
}

/* Arena memory for `count` elements of the host's `element_size` bytes, cleared. `wire_size` is the
 * least number of bytes that an element takes on the wire (0 for partial elements): counts that the
 * rest of the stream cannot hold are a fault before anything is allocated. NULL after a fault. */
void *hsp_vn_reader_alloc(struct hsp_vn_reader *reader, uint64_t count, size_t element_size,
                          size_t wire_size);

/* A handle in input position: the driver's handle (or the object, see keep_objects) of the object
 * that the wire names; 0 for id 0. Unknown id or another type is a fault. */
uint64_t hsp_vn_reader_handle(struct hsp_vn_reader *reader, VkObjectType type);

/* The same, as the object; NULL for id 0 or after a fault. */
struct hsp_vn_object *hsp_vn_reader_object(struct hsp_vn_reader *reader, VkObjectType type);

/* ------------------------------------------------------------------ writer */

/* Writes into memory that a guest can see and change at any time: it is never read back. */
struct hsp_vn_writer {
    uint8_t *begin; /* NULL: no reply stream was set */
    uint8_t *cursor;
    uint8_t *end;
    bool overflow; /* sticky: a write did not fit */
};

/* `size` bytes and the padding to 4, in one piece; NULL when it does not fit. */
void *hsp_vn_writer_reserve(struct hsp_vn_writer *writer, uint64_t size);

void hsp_vn_writer_bytes(struct hsp_vn_writer *writer, const void *data, uint64_t size);

static inline void hsp_vn_writer_u32(struct hsp_vn_writer *writer, uint32_t value)
{
    if ((size_t)(writer->end - writer->cursor) < sizeof(value)) {
        writer->overflow = true;
        return;
    }
    memcpy(writer->cursor, &value, sizeof(value));
    writer->cursor += sizeof(value);
}

static inline void hsp_vn_writer_u64(struct hsp_vn_writer *writer, uint64_t value)
{
    if ((size_t)(writer->end - writer->cursor) < sizeof(value)) {
        writer->overflow = true;
        return;
    }
    memcpy(writer->cursor, &value, sizeof(value));
    writer->cursor += sizeof(value);
}

#endif
