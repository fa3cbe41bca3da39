/* SPDX-License-Identifier: MIT */
/* Wrong bytes end in a fault or in a clean decode, and never in anything else. */
#include "fixture.h"

#include "base/limits.h"
#include "base/test.h"
#include "venus/gen/client.h"
#include "venus/gen/codec.h"
#include "venus/wire.h"

#include <stdlib.h>

#define REPLY_SIZE (64u << 10)

/* Decodes a copy of exactly `size` bytes and encodes what comes out. True without a fault. */
static bool decode_copy(const uint8_t *data, size_t size, struct hsp_arena *arena)
{
    static uint8_t request[1u << 20], reply[REPLY_SIZE];
    struct hsp_vn_writer request_writer = {request, request, request + sizeof(request), false};
    struct hsp_vn_writer reply_writer = {reply, reply, reply + sizeof(reply), false};
    uint8_t *copy = malloc(size ? size : 1);
    struct hsp_vn_reader reader;
    bool is_clean;

    HSP_CHECK(copy);
    memcpy(copy, data, size);
    hsp_arena_reset(arena);
    hsp_vn_reader_init(&reader, arena, NULL);
    hsp_vn_reader_set_block(&reader, copy, size);
    hsp_vn_client_recode(&reader, &request_writer, NULL, &reply_writer);
    is_clean = !hsp_vn_reader_has_fault(&reader);
    HSP_CHECK(reader.cursor <= reader.end);
    HSP_CHECK(is_clean || reader.fault.offset <= size);
    free(copy);
    return is_clean;
}

static void load_requests(struct fixtures *fixtures)
{
    fixtures_load(fixtures, CODEC_VECTORS);
    fixtures_load(fixtures, CODEC_SAMPLES);
}

HSP_TEST(every_request_cut_off_at_any_word_is_a_fault)
{
    struct fixtures fixtures = {0};
    struct hsp_arena arena;

    load_requests(&fixtures);
    hsp_arena_init(&arena, HSP_LIMIT_ARENA_SIZE);
    for (size_t i = 0; i < fixtures.count; i++) {
        const struct fixture *fixture = &fixtures.items[i];

        for (size_t size = 0; size < fixture->size && !fixture->is_reply; size += 4) {
            if (decode_copy(fixture->data, size, &arena))
                hsp_test_fail(__FILE__, __LINE__, "%s (%s): %zu bytes of %zu decode", fixture->name,
                              fixture->note, size, fixture->size);
        }
    }
    hsp_arena_finish(&arena);
    fixtures_finish(&fixtures);
}

HSP_TEST(every_request_with_any_word_corrupted_is_survived)
{
    static const uint32_t values[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff};
    struct fixtures fixtures = {0};
    struct hsp_arena arena;
    size_t faults = 0;

    load_requests(&fixtures);
    hsp_arena_init(&arena, HSP_LIMIT_ARENA_SIZE);
    for (size_t i = 0; i < fixtures.count; i++) {
        const struct fixture *fixture = &fixtures.items[i];

        for (size_t at = 0; at < fixture->size && !fixture->is_reply; at += 4) {
            uint32_t original;

            memcpy(&original, fixture->data + at, sizeof(original));
            for (size_t v = 0; v < HSP_ARRAY_COUNT(values) + 3; v++) {
                uint32_t value = v < HSP_ARRAY_COUNT(values)
                                     ? values[v]
                                     : original ^ (v == HSP_ARRAY_COUNT(values)       ? ~0u
                                                   : v == HSP_ARRAY_COUNT(values) + 1 ? 1u
                                                                                      : 1u << 20);
                memcpy(fixture->data + at, &value, sizeof(value));
                faults += !decode_copy(fixture->data, fixture->size, &arena);
            }
            memcpy(fixture->data + at, &original, sizeof(original));
        }
    }
    HSP_CHECK(faults > 10000);
    hsp_arena_finish(&arena);
    fixtures_finish(&fixtures);
}

/* ------------------------------------------------------------------ named faults */

/* Changes words of a vector and checks the kind of fault. */
struct change {
    size_t offset;
    uint32_t value;
};

static void check_fault(const char *name, const char *note, const struct change *changes,
                        size_t change_count, enum hsp_vn_fault_kind kind)
{
    struct fixtures fixtures = {0};
    const struct fixture *fixture;
    struct codec codec;

    fixtures_load(&fixtures, CODEC_VECTORS);
    fixture = fixtures_find(&fixtures, false, name, note);
    HSP_CHECK(fixture);
    for (size_t i = 0; i < change_count; i++)
        memcpy(fixture->data + changes[i].offset, &changes[i].value, 4);
    codec_init(&codec, fixture->data, fixture->size, fixture->size);
    hsp_vn_client_recode(&codec.reader, &codec.writer, NULL, NULL);
    HSP_CHECK_STREQ(hsp_vn_fault_kind_name(codec.reader.fault.kind), hsp_vn_fault_kind_name(kind));
    codec_finish(&codec);
    fixtures_finish(&fixtures);
}

#define CHECK_FAULT(name, note, kind, ...)                        \
    check_fault(name, note, (const struct change[]){__VA_ARGS__}, \
                sizeof((const struct change[]){__VA_ARGS__}) / sizeof(struct change), kind)

HSP_TEST(wrong_stype_is_a_fault)
{
    CHECK_FAULT("vkCreateBuffer", "EXCLUSIVE", HSP_VN_FAULT_STYPE, {0x18, 0x0d});
}

HSP_TEST(struct_not_allowed_in_the_chain_is_a_fault)
{
    CHECK_FAULT("vkAllocateMemory", "DMA_BUF", HSP_VN_FAULT_STYPE, {0x24, 0x3ba0a605});
}

HSP_TEST(same_stype_twice_in_a_chain_is_a_fault)
{
    CHECK_FAULT("vkGetPhysicalDeviceFeatures2", NULL, HSP_VN_FAULT_CHAIN, {0x30, 0x31});
}

HSP_TEST(pointer_that_is_neither_0_nor_1_is_a_fault)
{
    CHECK_FAULT("vkCreateBuffer", "EXCLUSIVE", HSP_VN_FAULT_POINTER, {0x10, 2});
}

HSP_TEST(null_for_a_required_pointer_is_a_fault)
{
    CHECK_FAULT("vkCreateBuffer", "EXCLUSIVE", HSP_VN_FAULT_NULL, {0x10, 0});
}

HSP_TEST(allocation_callbacks_are_a_fault)
{
    CHECK_FAULT("vkCreateBuffer", "EXCLUSIVE", HSP_VN_FAULT_POINTER, {0x44, 1});
}

HSP_TEST(array_size_other_than_its_count_is_a_fault)
{
    CHECK_FAULT("vkCreateBuffer", "CONCURRENT", HSP_VN_FAULT_ARRAY_SIZE, {0x3c, 3});
}

HSP_TEST(missing_array_that_is_required_is_a_fault)
{
    CHECK_FAULT("vkExecuteCommandStreamsMESA", NULL, HSP_VN_FAULT_NULL, {0x0c, 0}, {0x10, 0});
}

HSP_TEST(count_larger_than_the_stream_is_a_fault_before_memory_is_taken)
{
    CHECK_FAULT("vkQueueSubmit", NULL, HSP_VN_FAULT_ARRAY_SIZE, {0x10, 0x0fffffff},
                {0x14, 0x0fffffff});
}

HSP_TEST(announced_output_larger_than_any_reply_is_a_fault)
{
    static const uint32_t request[] = {
        HSP_VN_COMMAND_vkEnumerateDeviceExtensionProperties,
        1,
        0x20,
        0,
        0,
        0,
        1,
        0,
        0x100000,
        0x100000,
        0,
    };
    struct codec codec;

    codec_init(&codec, request, sizeof(request), 0);
    hsp_vn_client_recode(&codec.reader, &codec.writer, NULL, NULL);
    HSP_CHECK_EQ(codec.reader.fault.kind, HSP_VN_FAULT_LIMIT);
    codec_finish(&codec);
}

HSP_TEST(shader_code_that_is_not_whole_words_is_a_fault)
{
    CHECK_FAULT("vkCreateShaderModule", NULL, HSP_VN_FAULT_VALUE, {0x28, 13});
}

HSP_TEST(unknown_union_tag_is_a_fault)
{
    CHECK_FAULT("vkCmdBeginRenderPass", NULL, HSP_VN_FAULT_POINTER, {0x54, 3});
}

HSP_TEST(union_selector_that_differs_from_its_struct_is_a_fault)
{
    struct fixtures fixtures = {0};
    const struct fixture *fixture;
    struct codec codec;
    bool is_found = false;

    fixtures_load(&fixtures, CODEC_SAMPLES);
    fixture = fixtures_find(&fixtures, false, "vkGetAccelerationStructureBuildSizesKHR", "full");
    HSP_CHECK(fixture);
    /* geometryType and the selector are neighbours: 0 0 for triangles. */
    for (size_t at = 0; at + 8 <= fixture->size && !is_found; at += 4) {
        uint32_t one = 1, original;

        memcpy(&original, fixture->data + at, 4);
        memcpy(fixture->data + at, &one, 4);
        codec_init(&codec, fixture->data, fixture->size, 4096);
        hsp_vn_client_recode(&codec.reader, &codec.writer, NULL, NULL);
        memcpy(fixture->data + at, &original, 4);
        is_found = hsp_test_streq(codec.reader.fault.what, "union selector");
        codec_finish(&codec);
    }
    HSP_CHECK(is_found);
    fixtures_finish(&fixtures);
}

HSP_TEST(depth_clear_values_may_travel_under_any_tag)
{
    static const uint32_t words[] = {1, 0x3f000000, 7};
    struct hsp_vn_vkCmdBeginRenderPass args;
    struct fixtures fixtures = {0};
    const struct fixture *fixture;
    struct codec codec;
    uint8_t request[0x54 + sizeof(words)];

    fixtures_load(&fixtures, CODEC_VECTORS);
    fixture = fixtures_find(&fixtures, false, "vkCmdBeginRenderPass", NULL);
    memcpy(request, fixture->data, 0x50);
    memcpy(request + 0x50, words, sizeof(words));
    memcpy(request + 0x50 + sizeof(words), fixture->data + fixture->size - 4, 4);
    codec_init(&codec, request + 8, 0x50 + sizeof(words) + 4 - 8, 0);
    hsp_vn_decode_vkCmdBeginRenderPass(&codec.reader, &args);
    HSP_CHECK_EQ(codec.reader.fault.kind, HSP_VN_FAULT_NONE);
    HSP_CHECK_EQ(hsp_vn_reader_left(&codec.reader), 0);
    HSP_CHECK_EQ(args.pRenderPassBegin->pClearValues[0].depthStencil.stencil, 7);
    codec_finish(&codec);
    fixtures_finish(&fixtures);
}

HSP_TEST(string_without_its_nul_gets_one)
{
    struct hsp_vn_vkCreateInstance args;
    struct fixtures fixtures = {0};
    const struct fixture *fixture;
    struct codec codec;

    fixtures_load(&fixtures, CODEC_VECTORS);
    fixture = fixtures_find(&fixtures, false, "vkCreateInstance", NULL);
    fixture->data[0x40] = 's';
    codec_init(&codec, fixture->data + 8, fixture->size - 8, 0);
    hsp_vn_decode_vkCreateInstance(&codec.reader, &args);
    HSP_CHECK_EQ(codec.reader.fault.kind, HSP_VN_FAULT_NONE);
    HSP_CHECK_STREQ(args.pCreateInfo->pApplicationInfo->pApplicationName, "cube");
    codec_finish(&codec);
    fixtures_finish(&fixtures);
}

HSP_TEST(faults_are_sticky_and_keep_the_first)
{
    static const uint32_t words[] = {5, 6, 7};
    struct codec codec;

    codec_init(&codec, words, sizeof(words), 0);
    HSP_CHECK_EQ(hsp_vn_reader_u32(&codec.reader), 5);
    hsp_vn_reader_set_fault(&codec.reader, HSP_VN_FAULT_VALUE, 99, "first");
    hsp_vn_reader_set_fault(&codec.reader, HSP_VN_FAULT_RING, 1, "second");
    HSP_CHECK_EQ(hsp_vn_reader_u32(&codec.reader), 0);
    HSP_CHECK(!hsp_vn_reader_bytes(&codec.reader, 0));
    HSP_CHECK(!hsp_vn_reader_alloc(&codec.reader, 1, 1, 0));
    hsp_vn_reader_set_block(&codec.reader, words, sizeof(words));
    HSP_CHECK_EQ(hsp_vn_reader_u32(&codec.reader), 0);
    HSP_CHECK_EQ(codec.reader.fault.kind, HSP_VN_FAULT_VALUE);
    HSP_CHECK_EQ(codec.reader.fault.offset, 4);
    HSP_CHECK_EQ(codec.reader.fault.value, 99);
    codec_finish(&codec);
}

HSP_TEST(writer_never_writes_past_its_end)
{
    uint8_t memory[12];
    struct hsp_vn_writer writer = {memory, memory, memory + 8, false};

    memset(memory, 0xaa, sizeof(memory));
    hsp_vn_writer_u32(&writer, 1);
    hsp_vn_writer_u64(&writer, 2);
    HSP_CHECK(writer.overflow);
    hsp_vn_writer_bytes(&writer, memory, 5);
    HSP_CHECK(!hsp_vn_writer_reserve(&writer, UINT64_MAX));
    hsp_vn_writer_array(&writer, memory, UINT64_MAX, 8);
    HSP_CHECK_EQ(memory[8], 0xaa);
    HSP_CHECK_EQ(writer.cursor - memory, 4);
}

HSP_TEST_MAIN()
