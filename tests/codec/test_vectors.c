/* SPDX-License-Identifier: MIT */
/* What other implementations write decodes, and is written the same way again. */
#include "fixture.h"

#include "base/test.h"
#include "venus/gen/client.h"
#include "venus/gen/codec.h"

static struct fixtures load_all(void)
{
    struct fixtures fixtures = {0};

    fixtures_load(&fixtures, CODEC_VECTORS);
    fixtures_load(&fixtures, CODEC_SAMPLES);
    HSP_CHECK(fixtures.count > 1000);
    return fixtures;
}

static void check_consumed(const struct hsp_vn_reader *reader, const struct fixture *fixture)
{
    const struct hsp_vn_fault *fault = &reader->fault;

    if (fault->kind != HSP_VN_FAULT_NONE)
        hsp_test_fail(__FILE__, __LINE__, "%s (%s): %s (%s) at byte %llu, value 0x%llx",
                      fixture->name, fixture->note, hsp_vn_fault_kind_name(fault->kind),
                      fault->what ? fault->what : "-", (unsigned long long)fault->offset,
                      (unsigned long long)fault->value);
    if (hsp_vn_reader_left(reader) != 0)
        hsp_test_fail(__FILE__, __LINE__, "%s (%s): %zu bytes are left", fixture->name,
                      fixture->note, hsp_vn_reader_left(reader));
}

HSP_TEST(every_request_is_encoded_as_it_was_decoded)
{
    struct fixtures fixtures = load_all();

    for (size_t i = 0; i < fixtures.count; i++) {
        const struct fixture *fixture = &fixtures.items[i];
        struct codec codec;

        if (fixture->is_reply)
            continue;
        codec_init(&codec, fixture->data, fixture->size, fixture->size);
        hsp_vn_client_recode(&codec.reader, &codec.writer, NULL, NULL);
        check_consumed(&codec.reader, fixture);
        check_written(&codec.writer, fixture);
        codec_finish(&codec);
    }
    fixtures_finish(&fixtures);
}

HSP_TEST(every_reply_is_encoded_as_it_was_decoded)
{
    struct fixtures fixtures = load_all();

    for (size_t i = 0; i < fixtures.count; i++) {
        const struct fixture *reply = &fixtures.items[i];
        const struct fixture *request = fixtures_find(&fixtures, false, reply->name,
                                                      strstr(reply->note, "small") ? "small" : "");
        struct codec codec;
        struct hsp_vn_reader answer;
        struct hsp_vn_writer unused = {0};

        if (!reply->is_reply || !strstr(reply->note, "sample"))
            continue;
        if (strstr(reply->note, "full"))
            request = fixtures_find(&fixtures, false, reply->name, "full sample");
        HSP_CHECK(request);
        codec_init(&codec, request->data, request->size, reply->size);
        hsp_vn_reader_init(&answer, &codec.arena, NULL);
        hsp_vn_reader_set_block(&answer, reply->data, reply->size);
        hsp_vn_client_recode(&codec.reader, &unused, &answer, &codec.writer);
        check_consumed(&codec.reader, request);
        check_consumed(&answer, reply);
        check_written(&codec.writer, reply);
        codec_finish(&codec);
    }
    fixtures_finish(&fixtures);
}

HSP_TEST(every_command_has_a_sample)
{
    struct fixtures fixtures = load_all();

    HSP_CHECK(hsp_vn_client_command_count > 300);
    for (uint32_t i = 0; i < hsp_vn_client_command_count; i++) {
        const char *name = hsp_vn_command_name(hsp_vn_client_commands[i]);

        HSP_CHECK(name);
        HSP_CHECK(fixtures_find(&fixtures, false, name, "full"));
        HSP_CHECK(fixtures_find(&fixtures, true, name, "full"));
    }
    fixtures_finish(&fixtures);
}

/* ------------------------------------------------------------------ replies by hand */

/* Encodes with CALL and compares with the vector of the command. */
#define CHECK_REPLY(command, part_of_note, args)                           \
    do {                                                                   \
        struct fixtures fixtures = {0};                                    \
        const struct fixture *expected;                                    \
        struct codec codec;                                                \
        fixtures_load(&fixtures, CODEC_VECTORS);                           \
        expected = fixtures_find(&fixtures, true, #command, part_of_note); \
        HSP_CHECK(expected);                                               \
        codec_init(&codec, NULL, 0, expected->size);                       \
        hsp_vn_reply_##command(&codec.writer, args);                       \
        check_written(&codec.writer, expected);                            \
        codec_finish(&codec);                                              \
        fixtures_finish(&fixtures);                                        \
    } while (0)

HSP_TEST(reply_of_scalar_output)
{
    uint32_t version = VK_API_VERSION_1_3;
    struct hsp_vn_vkEnumerateInstanceVersion args = {.pApiVersion = &version, .ret = VK_SUCCESS};

    CHECK_REPLY(vkEnumerateInstanceVersion, NULL, &args);
}

HSP_TEST(reply_of_created_object_is_its_id)
{
    VkInstance id = (VkInstance)(uintptr_t)0x10;
    struct hsp_vn_vkCreateInstance args = {.pInstance = &id, .ret = VK_SUCCESS};

    CHECK_REPLY(vkCreateInstance, NULL, &args);
}

HSP_TEST(reply_of_count_query_has_no_array)
{
    uint32_t count = 2;
    struct hsp_vn_vkEnumeratePhysicalDevices args = {.pPhysicalDeviceCount = &count};

    CHECK_REPLY(vkEnumeratePhysicalDevices, "count query", &args);
}

HSP_TEST(reply_of_handle_array)
{
    uint32_t count = 2;
    VkPhysicalDevice ids[] = {(VkPhysicalDevice)(uintptr_t)0x20, (VkPhysicalDevice)(uintptr_t)0x21};
    struct hsp_vn_vkEnumeratePhysicalDevices args = {
        .pPhysicalDeviceCount = &count,
        .pPhysicalDevices = ids,
    };

    CHECK_REPLY(vkEnumeratePhysicalDevices, "ids", &args);
}

HSP_TEST(reply_of_struct_with_chain)
{
    VkPhysicalDevice16BitStorageFeatures storage = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
        .storageBuffer16BitAccess = VK_TRUE,
    };
    VkPhysicalDeviceFeatures2 features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .pNext = &storage,
        .features.robustBufferAccess = VK_TRUE,
    };
    struct hsp_vn_vkGetPhysicalDeviceFeatures2 args = {.pFeatures = &features};

    CHECK_REPLY(vkGetPhysicalDeviceFeatures2, NULL, &args);
}

HSP_TEST(reply_of_struct_chained_to_a_protocol_struct)
{
    VkMemoryResourceAllocationSizePropertiesMESA size = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_RESOURCE_ALLOCATION_SIZE_PROPERTIES_MESA,
        .allocationSize = 65536,
    };
    VkMemoryResourcePropertiesMESA properties = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_RESOURCE_PROPERTIES_MESA,
        .pNext = &size,
        .memoryTypeBits = 3,
    };
    struct hsp_vn_vkGetMemoryResourcePropertiesMESA args = {
        .pMemoryResourceProperties = &properties,
    };

    CHECK_REPLY(vkGetMemoryResourcePropertiesMESA, NULL, &args);
}

HSP_TEST(reply_of_output_blob)
{
    uint8_t data[16];
    struct hsp_vn_vkGetQueryPoolResults args = {
        .dataSize = sizeof(data),
        .pData = data,
        .pData_size = sizeof(data),
    };

    for (uint8_t i = 0; i < sizeof(data); i++)
        data[i] = i + 1;
    CHECK_REPLY(vkGetQueryPoolResults, NULL, &args);
}

HSP_TEST(reply_of_object_array)
{
    VkPipeline id = (VkPipeline)(uintptr_t)0x64;
    struct hsp_vn_vkCreateComputePipelines args = {.createInfoCount = 1, .pPipelines = &id};

    CHECK_REPLY(vkCreateComputePipelines, NULL, &args);
}

HSP_TEST(reply_leaves_out_structs_that_the_chain_cannot_carry)
{
    VkImportMemoryFdInfoKHR stranger = {.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR};
    VkPhysicalDevice16BitStorageFeatures storage = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
        .pNext = &stranger,
        .storageBuffer16BitAccess = VK_TRUE,
    };
    VkPhysicalDeviceFeatures2 features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .pNext = &storage,
        .features.robustBufferAccess = VK_TRUE,
    };
    struct hsp_vn_vkGetPhysicalDeviceFeatures2 args = {.pFeatures = &features};

    CHECK_REPLY(vkGetPhysicalDeviceFeatures2, NULL, &args);
}

HSP_TEST_MAIN()
