/* SPDX-License-Identifier: MIT */
/*
 * A fault moves the cursor to the end: from then on every read finds too few bytes, and the first
 * fault is kept.
 */
#include "venus/cs.h"

#include "base/limits.h"
#include "venus/object.h"

void hsp_vn_reader_init(struct hsp_vn_reader *reader, struct hsp_arena *arena,
                        struct hsp_vn_object_table *objects)
{
    memset(reader, 0, sizeof(*reader));
    reader->arena = arena;
    reader->objects = objects;
    reader->fault.command = -1;
}

void hsp_vn_reader_set_block(struct hsp_vn_reader *reader, const void *data, size_t size)
{
    reader->begin = data;
    reader->end = size ? reader->begin + size : reader->begin;
    reader->cursor = hsp_vn_reader_has_fault(reader) ? reader->end : reader->begin;
}

void hsp_vn_reader_set_fault(struct hsp_vn_reader *reader, enum hsp_vn_fault_kind kind,
                             uint64_t value, const char *what)
{
    if (hsp_vn_reader_has_fault(reader))
        return;
    reader->fault.kind = kind;
    reader->fault.offset = (uint64_t)(reader->cursor - reader->begin);
    reader->fault.value = value;
    reader->fault.what = what;
    reader->cursor = reader->end;
}

void hsp_vn_reader_fail_truncated(struct hsp_vn_reader *reader)
{
    hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_TRUNCATED, hsp_vn_reader_left(reader), NULL);
}

const void *hsp_vn_reader_bytes(struct hsp_vn_reader *reader, uint64_t size)
{
    const uint8_t *data = reader->cursor;
    uint64_t padded;

    if (hsp_vn_reader_has_fault(reader))
        return NULL;
    if (!hsp_align_up_checked(size, 4, &padded) || padded > hsp_vn_reader_left(reader)) {
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_TRUNCATED, size, NULL);
        return NULL;
    }
    reader->cursor += padded;
    return data;
}

void *hsp_vn_reader_alloc(struct hsp_vn_reader *reader, uint64_t count, size_t element_size,
                          size_t wire_size)
{
    void *data;

    if (hsp_vn_reader_has_fault(reader))
        return NULL;
    if (wire_size != 0 && count > hsp_vn_reader_left(reader) / wire_size) {
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_ARRAY_SIZE, count, NULL);
        return NULL;
    }
    data = hsp_arena_calloc(reader->arena, count, element_size);
    if (!data)
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_MEMORY, count, "decoded command");
    return data;
}

static struct hsp_vn_object *find_object(struct hsp_vn_reader *reader, uint64_t id)
{
    struct hsp_vn_object **recent = &reader->recent[id % HSP_VN_READER_RECENT_COUNT];

    if (!*recent || atomic_load_explicit(&(*recent)->id, memory_order_acquire) != id)
        *recent = hsp_vn_object_find(reader->objects, id);
    return *recent;
}

struct hsp_vn_object *hsp_vn_reader_object(struct hsp_vn_reader *reader, VkObjectType type)
{
    uint64_t id = hsp_vn_reader_u64(reader);
    struct hsp_vn_object *object;

    if (id == 0 || !reader->objects)
        return NULL;
    object = find_object(reader, id);
    if (!object) {
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_OBJECT_ID, id, NULL);
        return NULL;
    }
    if (object->type != type) {
        hsp_vn_reader_set_fault(reader, HSP_VN_FAULT_OBJECT_TYPE, id, NULL);
        return NULL;
    }
    return object;
}

uint64_t hsp_vn_reader_handle(struct hsp_vn_reader *reader, VkObjectType type)
{
    struct hsp_vn_object *object;

    if (!reader->objects)
        return hsp_vn_reader_u64(reader);
    object = hsp_vn_reader_object(reader, type);
    if (!object)
        return 0;
    return reader->keep_objects ? (uint64_t)(uintptr_t)object : object->handle;
}

void *hsp_vn_writer_reserve(struct hsp_vn_writer *writer, uint64_t size)
{
    uint64_t padded;
    uint8_t *data = writer->cursor;

    if (!hsp_align_up_checked(size, 4, &padded) ||
        padded > (uint64_t)(writer->end - writer->cursor)) {
        writer->overflow = true;
        return NULL;
    }
    if (padded)
        writer->cursor += padded;
    return data;
}

void hsp_vn_writer_bytes(struct hsp_vn_writer *writer, const void *data, uint64_t size)
{
    uint8_t *out = hsp_vn_writer_reserve(writer, size);

    if (!out || size == 0)
        return;
    memcpy(out, data, size);
    if (size % 4)
        memset(out + size, 0, 4 - size % 4);
}
