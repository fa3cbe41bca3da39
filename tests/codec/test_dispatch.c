/* SPDX-License-Identifier: MIT */
/*
 * Commands from bytes to a driver and back. The driver is a table of functions here: what it was
 * called with is looked at, nothing is rendered.
 */
#include "base/limits.h"
#include "base/test.h"
#include "venus/context_private.h"
#include "venus/device.h"
#include "venus/gen/client.h"
#include "venus/gen/codec.h"
#include "venus/gen/handlers.h"

#define DEVICE_ID  0x30
#define COMMAND_ID 0x50
#define BUFFER_ID  0x40
#define REPLY      HSP_VN_COMMAND_GENERATE_REPLY

#define DRIVER_DEVICE  ((VkDevice)(uintptr_t)0xd000)
#define DRIVER_COMMAND ((VkCommandBuffer)(uintptr_t)0xc000)

struct fixture {
    struct hsp_vn_context context;
    struct hsp_vn_device device;
    struct hsp_arena arena;
    struct hsp_vn_reader reader;
    struct hsp_vn_writer reply;
    struct hsp_vn_writer request;
    struct hsp_vn_call call;
    uint8_t reply_bytes[1024];
    uint8_t request_bytes[1024];
};

static void add_object(struct fixture *f, uint64_t id, VkObjectType type, uint64_t handle,
                       struct hsp_vn_device *device)
{
    const struct hsp_vn_object init = {.type = type, .handle = handle, .device = device};
    struct hsp_vn_object *object;

    HSP_CHECK_EQ(hsp_vn_object_add(&f->context.objects, id, &init, &object), 0);
    hsp_list_append(&f->device.objects, &object->link);
}

static void start(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    HSP_CHECK_EQ(hsp_vn_object_table_init(&f->context.objects), 0);
    f->device.handle = DRIVER_DEVICE;
    pthread_mutex_init(&f->device.lock, NULL);
    hsp_list_init(&f->device.objects);
    add_object(f, DEVICE_ID, VK_OBJECT_TYPE_DEVICE, (uint64_t)(uintptr_t)DRIVER_DEVICE, &f->device);
    add_object(f, COMMAND_ID, VK_OBJECT_TYPE_COMMAND_BUFFER, (uint64_t)(uintptr_t)DRIVER_COMMAND,
               &f->device);
    hsp_arena_init(&f->arena, HSP_LIMIT_ARENA_SIZE);
    hsp_vn_reader_init(&f->reader, &f->arena, &f->context.objects);
    f->reply.begin = f->reply.cursor = f->reply_bytes;
    f->reply.end = f->reply_bytes + sizeof(f->reply_bytes);
    f->request.begin = f->request.cursor = f->request_bytes;
    f->request.end = f->request_bytes + sizeof(f->request_bytes);
    f->call = (struct hsp_vn_call){
        .context = &f->context,
        .reader = &f->reader,
        .writer = &f->reply,
    };
}

/* Runs what was encoded into the request. */
static bool run(struct fixture *f)
{
    size_t size = (size_t)(f->request.cursor - f->request.begin);

    HSP_CHECK(!f->request.overflow);
    hsp_vn_reader_set_block(&f->reader, f->request_bytes, size);
    return hsp_vn_dispatch(&f->call);
}

static void check_refused(struct fixture *f, enum hsp_vn_fault_kind kind)
{
    HSP_CHECK(!run(f));
    HSP_CHECK_STREQ(hsp_vn_fault_kind_name(f->reader.fault.kind), hsp_vn_fault_kind_name(kind));
    HSP_CHECK(f->reply.cursor == f->reply.begin);
}

static void finish(struct fixture *f)
{
    hsp_vn_object_table_finish(&f->context.objects);
    hsp_arena_finish(&f->arena);
    pthread_mutex_destroy(&f->device.lock);
}

/* ------------------------------------------------------------------ which commands there are */

/* Fault of a request that ends behind number and flags. */
static struct hsp_vn_fault fault_of_header(uint32_t number)
{
    struct hsp_vn_fault fault;
    struct fixture f;

    start(&f);
    hsp_vn_writer_u32(&f.request, number);
    hsp_vn_writer_u32(&f.request, 0);
    HSP_CHECK(!run(&f));
    fault = f.reader.fault;
    finish(&f);
    return fault;
}

static const uint32_t refused[] = {
    HSP_VN_COMMAND_vkGetDeviceQueue,
    HSP_VN_COMMAND_vkQueueWaitIdle,
    HSP_VN_COMMAND_vkDeviceWaitIdle,
    HSP_VN_COMMAND_vkEnumerateInstanceLayerProperties,
    HSP_VN_COMMAND_vkEnumerateDeviceLayerProperties,
    HSP_VN_COMMAND_vkUnmapMemory,
    HSP_VN_COMMAND_vkUnmapMemory2,
    HSP_VN_COMMAND_vkFlushMappedMemoryRanges,
    HSP_VN_COMMAND_vkInvalidateMappedMemoryRanges,
    HSP_VN_COMMAND_vkCreatePrivateDataSlot,
    HSP_VN_COMMAND_vkDestroyPrivateDataSlot,
    HSP_VN_COMMAND_vkSetPrivateData,
    HSP_VN_COMMAND_vkGetPrivateData,
    HSP_VN_COMMAND_vkCreateDeferredOperationKHR,
    HSP_VN_COMMAND_vkDestroyDeferredOperationKHR,
    HSP_VN_COMMAND_vkGetDeferredOperationMaxConcurrencyKHR,
    HSP_VN_COMMAND_vkGetDeferredOperationResultKHR,
    HSP_VN_COMMAND_vkDeferredOperationJoinKHR,
    HSP_VN_COMMAND_vkCopyAccelerationStructureKHR,
    HSP_VN_COMMAND_vkWriteAccelerationStructuresPropertiesKHR,
};

static bool is_refused(uint32_t number)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(refused); i++) {
        if (refused[i] == number)
            return true;
    }
    return false;
}

HSP_TEST(every_command_that_can_be_sent_is_served_or_refused)
{
    for (uint32_t i = 0; i < hsp_vn_client_command_count; i++) {
        uint32_t number = (uint32_t)hsp_vn_client_commands[i];
        struct hsp_vn_fault fault = fault_of_header(number);

        if (fault.kind != (is_refused(number) ? HSP_VN_FAULT_COMMAND : HSP_VN_FAULT_TRUNCATED))
            hsp_test_fail(__FILE__, __LINE__, "%s: %s", hsp_vn_command_name((int32_t)number),
                          hsp_vn_fault_kind_name(fault.kind));
        HSP_CHECK_EQ(fault.command, number);
    }
}

HSP_TEST(refusals_say_why)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(refused); i++)
        HSP_CHECK(fault_of_header(refused[i]).what);
}

HSP_TEST(commands_that_cannot_be_sent_are_refused)
{
    static const uint32_t numbers[] = {
        HSP_VN_COMMAND_vkGetInstanceProcAddr,
        HSP_VN_COMMAND_vkGetDeviceProcAddr,
        HSP_VN_COMMAND_vkMapMemory,
        HSP_VN_COMMAND_vkMapMemory2,
        HSP_VN_COMMAND_vkUpdateDescriptorSetWithTemplate,
        HSP_VN_COMMAND_vkGetMemoryFdKHR,
        HSP_VN_COMMAND_vkImportSemaphoreFdKHR,
        HSP_VN_COMMAND_vkCopyMemoryToImage,
        HSP_VN_COMMAND_vkBuildAccelerationStructuresKHR,
        195,
        346,
        100000,
        0x7fffffff,
        0xffffffff,
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(numbers); i++) {
        struct hsp_vn_fault fault = fault_of_header(numbers[i]);

        HSP_CHECK_EQ(fault.kind, HSP_VN_FAULT_COMMAND);
        HSP_CHECK_EQ(fault.value, numbers[i]);
    }
}

HSP_TEST(header_cut_off_names_no_command)
{
    struct fixture f;

    start(&f);
    f.reader.fault.command = HSP_VN_COMMAND_vkCmdDraw; /* of the command before */
    HSP_CHECK(!run(&f));
    HSP_CHECK_EQ(f.reader.fault.kind, HSP_VN_FAULT_TRUNCATED);
    HSP_CHECK_EQ(f.reader.fault.command, -1);
    finish(&f);
}

/* ------------------------------------------------------------------ pass-through */

static struct {
    unsigned calls;
    VkCommandBuffer commands;
    VkDevice device;
    uint32_t numbers[4];
    uint64_t handle;
} seen;

static VKAPI_ATTR void VKAPI_CALL fake_draw(VkCommandBuffer commands, uint32_t vertices,
                                            uint32_t instances, uint32_t first, uint32_t base)
{
    seen.calls++;
    seen.commands = commands;
    seen.numbers[0] = vertices;
    seen.numbers[1] = instances;
    seen.numbers[2] = first;
    seen.numbers[3] = base;
}

static void encode_draw(struct fixture *f, uint64_t id, uint32_t flags)
{
    struct hsp_vn_vkCmdDraw args = {
        .commandBuffer = (VkCommandBuffer)(uintptr_t)id,
        .vertexCount = 3,
        .instanceCount = 4,
        .firstVertex = 5,
        .firstInstance = 6,
    };

    hsp_vn_encode_vkCmdDraw(&f->request, &args, flags);
}

HSP_TEST(command_reaches_the_driver_with_its_handles)
{
    struct fixture f;

    start(&f);
    f.device.driver.vkCmdDraw = fake_draw;
    encode_draw(&f, COMMAND_ID, 0);
    HSP_CHECK(run(&f));
    HSP_CHECK_EQ(seen.calls, 1);
    HSP_CHECK(seen.commands == DRIVER_COMMAND);
    for (uint32_t i = 0; i < 4; i++)
        HSP_CHECK_EQ(seen.numbers[i], 3 + i);
    HSP_CHECK(f.reply.cursor == f.reply.begin);
    finish(&f);
}

HSP_TEST(command_that_the_driver_does_not_have_is_a_fault)
{
    struct fixture f;

    start(&f);
    encode_draw(&f, COMMAND_ID, 0);
    check_refused(&f, HSP_VN_FAULT_COMMAND);
    finish(&f);
}

HSP_TEST(null_unknown_and_wrong_handles_do_not_reach_the_driver)
{
    static const struct {
        uint64_t id;
        enum hsp_vn_fault_kind kind;
    } cases[] = {
        {0, HSP_VN_FAULT_NULL},
        {99, HSP_VN_FAULT_OBJECT_ID},
        {UINT64_MAX, HSP_VN_FAULT_OBJECT_ID},
        {DEVICE_ID, HSP_VN_FAULT_OBJECT_TYPE},
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(cases); i++) {
        struct fixture f;

        start(&f);
        f.device.driver.vkCmdDraw = fake_draw;
        encode_draw(&f, cases[i].id, REPLY);
        check_refused(&f, cases[i].kind);
        HSP_CHECK_EQ(seen.calls, 0);
        finish(&f);
    }
}

HSP_TEST(nothing_runs_after_a_fault)
{
    struct fixture f;

    start(&f);
    f.device.driver.vkCmdDraw = fake_draw;
    hsp_vn_reader_set_fault(&f.reader, HSP_VN_FAULT_VALUE, 1, "earlier");
    encode_draw(&f, COMMAND_ID, 0);
    check_refused(&f, HSP_VN_FAULT_VALUE);
    HSP_CHECK_EQ(seen.calls, 0);
    finish(&f);
}

HSP_TEST(reply_without_a_reply_stream_is_a_fault)
{
    struct fixture f;

    start(&f);
    f.device.driver.vkCmdDraw = fake_draw;
    f.reply.begin = f.reply.cursor = f.reply.end = NULL;
    encode_draw(&f, COMMAND_ID, REPLY);
    check_refused(&f, HSP_VN_FAULT_REPLY);
    finish(&f);
}

HSP_TEST(reply_larger_than_its_stream_is_a_fault)
{
    struct fixture f;

    start(&f);
    f.device.driver.vkCmdDraw = fake_draw;
    f.reply.end = f.reply.begin + 2;
    encode_draw(&f, COMMAND_ID, REPLY);
    check_refused(&f, HSP_VN_FAULT_REPLY);
    finish(&f);
}

/* ------------------------------------------------------------------ create and destroy */

static VkResult create_result;

static VKAPI_ATTR VkResult VKAPI_CALL fake_create_event(VkDevice device,
                                                        const VkEventCreateInfo *info,
                                                        const VkAllocationCallbacks *callbacks,
                                                        VkEvent *event)
{
    seen.calls++;
    seen.device = device;
    HSP_CHECK(info->sType == VK_STRUCTURE_TYPE_EVENT_CREATE_INFO && !callbacks);
    if (create_result == VK_SUCCESS)
        *event = (VkEvent)(uintptr_t)0xe000;
    return create_result;
}

static VKAPI_ATTR void VKAPI_CALL fake_destroy_event(VkDevice device, VkEvent event,
                                                     const VkAllocationCallbacks *callbacks)
{
    seen.calls++;
    seen.handle = (uint64_t)(uintptr_t)event;
}

static void encode_create_event(struct fixture *f, uint64_t id)
{
    VkEventCreateInfo info = {.sType = VK_STRUCTURE_TYPE_EVENT_CREATE_INFO};
    VkEvent event = (VkEvent)(uintptr_t)id;
    struct hsp_vn_vkCreateEvent args = {
        .device = (VkDevice)(uintptr_t)DEVICE_ID,
        .pCreateInfo = &info,
        .pEvent = &event,
    };

    f->device.driver.vkCreateEvent = fake_create_event;
    f->device.driver.vkDestroyEvent = fake_destroy_event;
    hsp_vn_encode_vkCreateEvent(&f->request, &args, REPLY);
}

static void encode_destroy_event(struct fixture *f, uint64_t id)
{
    struct hsp_vn_vkDestroyEvent args = {
        .device = (VkDevice)(uintptr_t)DEVICE_ID,
        .event = (VkEvent)(uintptr_t)id,
    };

    f->device.driver.vkDestroyEvent = fake_destroy_event;
    f->request.cursor = f->request.begin;
    hsp_vn_encode_vkDestroyEvent(&f->request, &args, 0);
}

/* Decodes the reply and returns the id in it. */
static uint64_t replied_event(struct fixture *f, VkResult *out_result)
{
    struct hsp_vn_vkCreateEvent reply;
    struct hsp_vn_reader reader;

    hsp_vn_reader_init(&reader, &f->arena, NULL);
    hsp_vn_reader_set_block(&reader, f->reply.begin, (size_t)(f->reply.cursor - f->reply.begin));
    hsp_vn_decode_reply_vkCreateEvent(&reader, &reply);
    HSP_CHECK(!hsp_vn_reader_has_fault(&reader) && hsp_vn_reader_left(&reader) == 0);
    *out_result = reply.ret;
    return (uint64_t)(uintptr_t)*reply.pEvent;
}

HSP_TEST(created_object_is_known_by_the_clients_id)
{
    struct hsp_vn_object *object;
    VkResult result;
    struct fixture f;

    start(&f);
    encode_create_event(&f, 0x77);
    HSP_CHECK(run(&f));
    HSP_CHECK(seen.device == DRIVER_DEVICE);
    HSP_CHECK_EQ(replied_event(&f, &result), 0x77);
    HSP_CHECK_EQ(result, VK_SUCCESS);
    object = hsp_vn_object_find(&f.context.objects, 0x77);
    HSP_CHECK(object && object->type == VK_OBJECT_TYPE_EVENT && object->handle == 0xe000);
    encode_destroy_event(&f, 0x77);
    HSP_CHECK(run(&f));
    HSP_CHECK_EQ(seen.handle, 0xe000);
    HSP_CHECK(!hsp_vn_object_find(&f.context.objects, 0x77));
    finish(&f);
}

HSP_TEST(failed_creation_leaves_no_object)
{
    VkResult result;
    struct fixture f;

    start(&f);
    create_result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
    encode_create_event(&f, 0x77);
    HSP_CHECK(run(&f));
    HSP_CHECK_EQ(replied_event(&f, &result), 0);
    HSP_CHECK_EQ(result, VK_ERROR_OUT_OF_DEVICE_MEMORY);
    HSP_CHECK(!hsp_vn_object_find(&f.context.objects, 0x77));
    finish(&f);
}

HSP_TEST(new_object_under_an_id_in_use_is_a_fault)
{
    static const uint64_t ids[] = {0, DEVICE_ID, UINT64_MAX};

    for (size_t i = 0; i < HSP_ARRAY_COUNT(ids); i++) {
        struct fixture f;

        start(&f);
        encode_create_event(&f, ids[i]);
        check_refused(&f, HSP_VN_FAULT_OBJECT_IN_USE);
        HSP_CHECK_EQ(seen.calls, 0);
        finish(&f);
    }
}

HSP_TEST(destroying_id_0_does_nothing)
{
    struct fixture f;

    start(&f);
    encode_destroy_event(&f, 0);
    HSP_CHECK(run(&f));
    HSP_CHECK_EQ(seen.calls, 0);
    finish(&f);
}

HSP_TEST(destroying_an_object_of_another_device_is_a_fault)
{
    struct hsp_vn_device other = {.handle = (VkDevice)(uintptr_t)0xd001};
    struct fixture f;

    start(&f);
    add_object(&f, 0x77, VK_OBJECT_TYPE_EVENT, 0xe000, &other);
    encode_destroy_event(&f, 0x77);
    check_refused(&f, HSP_VN_FAULT_OBJECT_TYPE);
    HSP_CHECK_EQ(seen.calls, 0);
    finish(&f);
}

static VKAPI_ATTR VkResult VKAPI_CALL
fake_create_pipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                      const VkComputePipelineCreateInfo *infos,
                      const VkAllocationCallbacks *callbacks, VkPipeline *pipelines)
{
    HSP_CHECK_EQ(count, 3);
    pipelines[0] = (VkPipeline)(uintptr_t)0xa0;
    pipelines[1] = VK_NULL_HANDLE;
    pipelines[2] = (VkPipeline)(uintptr_t)0xa2;
    return VK_PIPELINE_COMPILE_REQUIRED;
}

static void encode_create_pipelines(struct fixture *f, const uint64_t ids[3])
{
    VkComputePipelineCreateInfo infos[3];
    struct hsp_vn_vkCreateComputePipelines args = {
        .device = (VkDevice)(uintptr_t)DEVICE_ID,
        .createInfoCount = 3,
        .pCreateInfos = infos,
        .pPipelines = (VkPipeline *)(void *)(uintptr_t)ids,
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(infos); i++) {
        infos[i] = (VkComputePipelineCreateInfo){
            .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
            .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO, .pName = "m"},
        };
    }
    f->device.driver.vkCreateComputePipelines = fake_create_pipelines;
    hsp_vn_encode_vkCreateComputePipelines(&f->request, &args, REPLY);
}

HSP_TEST(each_pipeline_fails_or_exists_by_itself)
{
    static const uint64_t ids[] = {0x70, 0x71, 0x72};
    struct hsp_vn_vkCreateComputePipelines reply = {.createInfoCount = 3};
    struct hsp_vn_reader reader;
    struct fixture f;

    start(&f);
    encode_create_pipelines(&f, ids);
    HSP_CHECK(run(&f));
    HSP_CHECK(hsp_vn_object_find(&f.context.objects, 0x70));
    HSP_CHECK(!hsp_vn_object_find(&f.context.objects, 0x71));
    HSP_CHECK_EQ(hsp_vn_object_find(&f.context.objects, 0x72)->handle, 0xa2);
    hsp_vn_reader_init(&reader, &f.arena, NULL);
    hsp_vn_reader_set_block(&reader, f.reply.begin, (size_t)(f.reply.cursor - f.reply.begin));
    hsp_vn_decode_reply_vkCreateComputePipelines(&reader, &reply);
    HSP_CHECK(!hsp_vn_reader_has_fault(&reader));
    HSP_CHECK_EQ(reply.ret, VK_PIPELINE_COMPILE_REQUIRED);
    HSP_CHECK_EQ((uintptr_t)reply.pPipelines[0], 0x70);
    HSP_CHECK_EQ((uintptr_t)reply.pPipelines[1], 0);
    HSP_CHECK_EQ((uintptr_t)reply.pPipelines[2], 0x72);
    finish(&f);
}

HSP_TEST(same_new_id_twice_in_one_command_is_a_fault)
{
    static const uint64_t ids[] = {0x70, 0x71, 0x70};
    struct fixture f;

    start(&f);
    encode_create_pipelines(&f, ids);
    check_refused(&f, HSP_VN_FAULT_OBJECT_IN_USE);
    finish(&f);
}

/* ------------------------------------------------------------------ output blobs */

static VKAPI_ATTR VkResult VKAPI_CALL fake_get_results(VkDevice device, VkQueryPool pool,
                                                       uint32_t first, uint32_t count, size_t size,
                                                       void *data, VkDeviceSize stride,
                                                       VkQueryResultFlags flags)
{
    seen.calls++;
    memset(data, 0x5a, size / 2);
    return VK_NOT_READY;
}

static void encode_get_results(struct fixture *f, uint64_t size)
{
    struct hsp_vn_vkGetQueryPoolResults args = {
        .device = (VkDevice)(uintptr_t)DEVICE_ID,
        .queryPool = (VkQueryPool)(uintptr_t)0x66,
        .queryCount = 1,
        .dataSize = size,
        .pData_size = size,
    };

    add_object(f, 0x66, VK_OBJECT_TYPE_QUERY_POOL, 0x6600, &f->device);
    f->device.driver.vkGetQueryPoolResults = fake_get_results;
    hsp_vn_encode_vkGetQueryPoolResults(&f->request, &args, REPLY);
}

HSP_TEST(output_blob_holds_what_the_driver_wrote_and_zeros)
{
    static const uint32_t expected[] = {
        HSP_VN_COMMAND_vkGetQueryPoolResults, VK_NOT_READY, 8, 0, 0x5a5a5a5a, 0,
    };
    struct fixture f;

    start(&f);
    encode_get_results(&f, 8);
    HSP_CHECK(run(&f));
    HSP_CHECK_EQ(f.reply.cursor - f.reply.begin, sizeof(expected));
    HSP_CHECK(memcmp(f.reply.begin, expected, sizeof(expected)) == 0);
    finish(&f);
}

HSP_TEST(output_blob_larger_than_the_reply_does_not_reach_the_driver)
{
    static const uint64_t sizes[] = {1025, 1ull << 40, UINT64_MAX - 3, UINT64_MAX};

    for (size_t i = 0; i < HSP_ARRAY_COUNT(sizes); i++) {
        struct fixture f;

        start(&f);
        encode_get_results(&f, sizes[i]);
        check_refused(&f, HSP_VN_FAULT_REPLY);
        HSP_CHECK_EQ(seen.calls, 0);
        finish(&f);
    }
}

/* ------------------------------------------------------------------ objects in handlers */

HSP_TEST(objects_stand_in_for_handles_until_they_are_unwrapped)
{
    VkBindImageMemoryInfo infos[2] = {
        {.sType = VK_STRUCTURE_TYPE_BIND_IMAGE_MEMORY_INFO, .image = (VkImage)(uintptr_t)0x41},
        {.sType = VK_STRUCTURE_TYPE_BIND_IMAGE_MEMORY_INFO,
         .image = (VkImage)(uintptr_t)0x41,
         .memory = (VkDeviceMemory)(uintptr_t)0x42},
    };
    struct hsp_vn_vkBindImageMemory2 args = {
        .device = (VkDevice)(uintptr_t)DEVICE_ID,
        .bindInfoCount = 2,
        .pBindInfos = infos,
    };
    struct fixture f;

    start(&f);
    add_object(&f, 0x41, VK_OBJECT_TYPE_IMAGE, 0x4100, &f.device);
    add_object(&f, 0x42, VK_OBJECT_TYPE_DEVICE_MEMORY, 0x4200, &f.device);
    hsp_vn_encode_vkBindImageMemory2(&f.request, &args, 0);
    hsp_vn_reader_set_block(&f.reader, f.request_bytes + 8,
                            (size_t)(f.request.cursor - f.request.begin) - 8);
    f.reader.keep_objects = true;
    hsp_vn_decode_vkBindImageMemory2(&f.reader, &args);
    HSP_CHECK(!hsp_vn_reader_has_fault(&f.reader));
    HSP_CHECK(args.device == DRIVER_DEVICE);
    HSP_CHECK((void *)args.pBindInfos[0].image == hsp_vn_object_find(&f.context.objects, 0x41));
    HSP_CHECK((void *)args.pBindInfos[1].memory == hsp_vn_object_find(&f.context.objects, 0x42));
    hsp_vn_unwrap_vkBindImageMemory2(&args);
    HSP_CHECK_EQ((uintptr_t)args.pBindInfos[0].image, 0x4100);
    HSP_CHECK_EQ((uintptr_t)args.pBindInfos[0].memory, 0);
    HSP_CHECK_EQ((uintptr_t)args.pBindInfos[1].memory, 0x4200);
    finish(&f);
}

/* ------------------------------------------------------------------ driver tables */

static VKAPI_ATTR void VKAPI_CALL any_function(void)
{
}

/* A driver that has what it calls by the older name only. */
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_old_names(VkDevice device, const char *name)
{
    if (strcmp(name, "vkCmdBeginRenderingKHR") == 0 || strcmp(name, "vkCmdDraw") == 0)
        return any_function;
    return NULL;
}

HSP_TEST(driver_functions_are_found_under_their_aliases)
{
    struct hsp_vn_device_driver driver;

    hsp_vn_device_driver_load(&driver, DRIVER_DEVICE, get_old_names);
    HSP_CHECK(driver.vkCmdDraw && driver.vkCmdBeginRendering);
    HSP_CHECK(!driver.vkCmdEndRendering && !driver.vkMapMemory);
}

HSP_TEST(driver_objects_are_destroyed_by_type)
{
    struct hsp_vn_device_driver driver = {.vkDestroyEvent = fake_destroy_event};

    hsp_vn_driver_destroy(&driver, DRIVER_DEVICE, VK_OBJECT_TYPE_EVENT, 0xe000);
    HSP_CHECK_EQ(seen.handle, 0xe000);
    hsp_vn_driver_destroy(&driver, DRIVER_DEVICE, VK_OBJECT_TYPE_COMMAND_BUFFER, 1);
    hsp_vn_driver_destroy(&driver, DRIVER_DEVICE, VK_OBJECT_TYPE_FENCE, 1); /* has no function */
    HSP_CHECK_EQ(seen.calls, 1);
}

HSP_TEST_MAIN()
