/* SPDX-License-Identifier: MIT */
#include "client.h"

#include "base/test.h"

#include <stdlib.h>

struct fake_icd_control *fake_client_control;
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

static void encode_instance(struct hsp_vn_writer *writer)
{
    const VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .apiVersion = VK_API_VERSION_1_3,
    };
    uint32_t count = 1;

    ENCODE(vkCreateInstance,
           .pCreateInfo = INFO(VkInstanceCreateInfo, VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                               .pApplicationInfo = &application),
           .pInstance = NEW(VkInstance, INSTANCE));
    ENCODE(vkEnumeratePhysicalDevices, .instance = HANDLE(VkInstance, INSTANCE),
           .pPhysicalDeviceCount = &count,
           .pPhysicalDevices = NEW(VkPhysicalDevice, PHYSICAL_DEVICE));
}

static void encode_device(struct hsp_vn_writer *writer, const uint32_t *families,
                          uint32_t family_count)
{
    static const float priority = 1;
    VkDeviceQueueCreateInfo queues[FAKE_ICD_FAMILY_COUNT];

    for (uint32_t i = 0; i < family_count; i++)
        queues[i] = (VkDeviceQueueCreateInfo){
            .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
            .queueFamilyIndex = families[i],
            .queueCount = 1,
            .pQueuePriorities = &priority,
        };
    ENCODE(vkCreateDevice, .physicalDevice = HANDLE(VkPhysicalDevice, PHYSICAL_DEVICE),
           .pCreateInfo = INFO(VkDeviceCreateInfo, VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .queueCreateInfoCount = family_count, .pQueueCreateInfos = queues),
           .pDevice = NEW(VkDevice, DEVICE));
}

struct hsp_vn_writer fake_client_begin(void)
{
    return (struct hsp_vn_writer){.begin = bytes, .cursor = bytes, .end = bytes + sizeof(bytes)};
}

int fake_client_submit(struct hsp_vn_context *context, const struct hsp_vn_writer *writer)
{
    HSP_CHECK(!writer->overflow);
    return hsp_vn_context_submit(context, bytes, (size_t)(writer->cursor - bytes));
}

static void load_driver(void)
{
    struct fake_icd_control *control;

    setenv("VK_DRIVER_FILES", FAKE_ICD_MANIFEST, 1);
    setenv("VK_LOADER_LAYERS_DISABLE", "~implicit~", 1);
    unsetenv("XDG_CACHE_HOME");
    control = fake_icd_load(FAKE_ICD_MANIFEST);
    HSP_CHECK(control != NULL);
    control->reset();
    control->queue_family_count = FAKE_ICD_FAMILY_COUNT;
    for (uint32_t i = 1; i < FAKE_ICD_FAMILY_COUNT; i++)
        control->queue_families[i] = control->queue_families[0];
    fake_client_control = control;
}

struct hsp_vn_context *fake_client_start(const uint32_t *families, uint32_t family_count)
{
    static const struct hsp_vn_context_params params = {
        .name = "test",
        .on_fence = on_fence,
        .on_fatal = on_fatal,
    };
    struct hsp_vn_writer writer = fake_client_begin();
    struct hsp_vn_context *context;

    load_driver();
    HSP_CHECK_EQ(hsp_vn_context_create(&params, &context), 0);
    encode_instance(&writer);
    encode_device(&writer, families, family_count);
    HSP_CHECK_EQ(fake_client_submit(context, &writer), 0);
    return context;
}
