/* SPDX-License-Identifier: MIT */
/* Of which queue families the host's command pools are (venus/pool.c). */
#include "fake_icd.h"

#include "base/test.h"
#include "venus/context.h"
#include "venus/gen/client.h"
#include "venus/gen/protocol.h"

#include <stdlib.h>

/* The client's ids. */
enum { INSTANCE = 1, PHYSICAL_DEVICE, DEVICE, POOL };

/* The encoder's view of a handle on the client's side is its id. */
#define HANDLE(type, id) ((type)(uintptr_t)(id))
#define NEW(type, id)    (&(type){HANDLE(type, id)})
#define INFO(type, ...)  (&(const type){__VA_ARGS__})
#define ENCODE(name, ...) \
    hsp_vn_encode_##name(writer, &(const struct hsp_vn_##name){__VA_ARGS__}, 0)

static struct fake_icd_control *control;
static uint8_t bytes[4096];

static void on_fence(void *user_data, uint32_t ring_idx, uint64_t fence_id)
{
    (void)user_data;
    (void)ring_idx;
    (void)fence_id;
}

static void on_fatal(void *user_data, const char *reason)
{
    (void)user_data;
    (void)reason;
}

static void encode_device(struct hsp_vn_writer *writer, const uint32_t *families,
                          uint32_t family_count)
{
    static const float priority = 1;
    VkDeviceQueueCreateInfo queues[FAKE_ICD_FAMILY_COUNT];
    uint32_t count = 1;

    for (uint32_t i = 0; i < family_count; i++)
        queues[i] = (VkDeviceQueueCreateInfo){
            .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
            .queueFamilyIndex = families[i],
            .queueCount = 1,
            .pQueuePriorities = &priority,
        };
    ENCODE(vkCreateInstance,
           .pCreateInfo = INFO(VkInstanceCreateInfo, VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO),
           .pInstance = NEW(VkInstance, INSTANCE));
    ENCODE(vkEnumeratePhysicalDevices, .instance = HANDLE(VkInstance, INSTANCE),
           .pPhysicalDeviceCount = &count,
           .pPhysicalDevices = NEW(VkPhysicalDevice, PHYSICAL_DEVICE));
    ENCODE(vkCreateDevice, .physicalDevice = HANDLE(VkPhysicalDevice, PHYSICAL_DEVICE),
           .pCreateInfo = INFO(VkDeviceCreateInfo, VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .queueCreateInfoCount = family_count, .pQueueCreateInfos = queues),
           .pDevice = NEW(VkDevice, DEVICE));
}

static void encode_pool(struct hsp_vn_writer *writer, uint32_t family)
{
    ENCODE(vkCreateCommandPool, .device = HANDLE(VkDevice, DEVICE),
           .pCreateInfo = INFO(VkCommandPoolCreateInfo, VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                               .queueFamilyIndex = family),
           .pCommandPool = NEW(VkCommandPool, POOL));
    ENCODE(vkDestroyCommandPool, .device = HANDLE(VkDevice, DEVICE),
           .commandPool = HANDLE(VkCommandPool, POOL));
}

static struct hsp_vn_writer begin(void)
{
    return (struct hsp_vn_writer){.begin = bytes, .cursor = bytes, .end = bytes + sizeof(bytes)};
}

static void submit(struct hsp_vn_context *context, const struct hsp_vn_writer *writer)
{
    HSP_CHECK(!writer->overflow);
    HSP_CHECK_EQ(hsp_vn_context_submit(context, bytes, (size_t)(writer->cursor - bytes)), 0);
}

/* A device with a queue of each of these families. */
static struct hsp_vn_context *start(const uint32_t *families, uint32_t family_count)
{
    static const struct hsp_vn_context_params params = {
        .name = "test",
        .on_fence = on_fence,
        .on_fatal = on_fatal,
    };
    struct hsp_vn_writer writer = begin();
    struct hsp_vn_context *context;

    setenv("VK_DRIVER_FILES", FAKE_ICD_MANIFEST, 1);
    setenv("VK_LOADER_LAYERS_DISABLE", "~implicit~", 1);
    unsetenv("XDG_CACHE_HOME");
    control = fake_icd_load(FAKE_ICD_MANIFEST);
    HSP_CHECK(control != NULL);
    control->reset();
    control->queue_family_count = FAKE_ICD_FAMILY_COUNT;
    for (uint32_t i = 1; i < FAKE_ICD_FAMILY_COUNT; i++)
        control->queue_families[i] = control->queue_families[0];
    HSP_CHECK_EQ(hsp_vn_context_create(&params, &context), 0);
    encode_device(&writer, families, family_count);
    submit(context, &writer);
    return context;
}

/* The family of the host's pool for this family. */
static uint32_t ask(struct hsp_vn_context *context, uint32_t family)
{
    const uint64_t before = control->call_count("vkCreateCommandPool");
    struct hsp_vn_writer writer = begin();

    encode_pool(&writer, family);
    submit(context, &writer);
    HSP_CHECK_EQ(control->call_count("vkCreateCommandPool"), before + 1);
    return control->pool_family;
}

HSP_TEST(pools_of_families_with_queues_are_theirs)
{
    struct hsp_vn_context *context = start((const uint32_t[]){1, 3}, 2);

    HSP_CHECK_EQ(ask(context, 1), 1);
    HSP_CHECK_EQ(ask(context, 3), 3);
    hsp_vn_context_destroy(context);
}

HSP_TEST(pools_of_families_without_queues_are_of_one_with)
{
    struct hsp_vn_context *context = start((const uint32_t[]){2, 3}, 2);

    HSP_CHECK_EQ(ask(context, 0), 2);
    HSP_CHECK_EQ(ask(context, 1), 2);
    hsp_vn_context_destroy(context);
}

HSP_TEST(pools_of_families_that_do_not_exist_do_not_reach_the_driver)
{
    struct hsp_vn_context *context = start((const uint32_t[]){0}, 1);

    HSP_CHECK_EQ(ask(context, FAKE_ICD_FAMILY_COUNT), 0);
    HSP_CHECK_EQ(ask(context, VK_QUEUE_FAMILY_IGNORED), 0);
    hsp_vn_context_destroy(context);
}

HSP_TEST(devices_without_queues_are_refused)
{
    struct hsp_vn_context *context = start(NULL, 0);
    const uint64_t before = control->call_count("vkCreateCommandPool");
    struct hsp_vn_writer writer = begin();

    encode_pool(&writer, 0);
    /* There is no device to make it of. */
    HSP_CHECK(hsp_vn_context_submit(context, bytes, (size_t)(writer.cursor - bytes)) < 0);
    HSP_CHECK_EQ(control->call_count("vkCreateCommandPool"), before);
    hsp_vn_context_destroy(context);
}

HSP_TEST_MAIN()
