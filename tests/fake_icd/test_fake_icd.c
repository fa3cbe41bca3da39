/* SPDX-License-Identifier: MIT */
/* The fake driver through the real loader, as tests of the renderer use it. */
#include "fake_icd.h"

#include "base/test.h"

#include <stdlib.h>
#include <string.h>

static struct fake_icd_control *control;
static VkInstance instance;
static VkPhysicalDevice physical_device;
static VkDevice device;

static void start(void)
{
    const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                           .apiVersion = VK_API_VERSION_1_4};
    const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                       .pApplicationInfo = &application};
    uint32_t count = 1;

    setenv("VK_DRIVER_FILES", FAKE_ICD_MANIFEST, 1);
    setenv("VK_LOADER_LAYERS_DISABLE", "~implicit~", 1);
    control = fake_icd_load(FAKE_ICD_MANIFEST);
    HSP_CHECK(control != NULL);
    control->reset();
    HSP_CHECK_EQ(vkCreateInstance(&info, NULL, &instance), VK_SUCCESS);
    HSP_CHECK_EQ(vkEnumeratePhysicalDevices(instance, &count, &physical_device), VK_SUCCESS);
}

static void start_device(void)
{
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                           .queueCount = 1,
                                           .pQueuePriorities = &priority};
    const VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                     .queueCreateInfoCount = 1,
                                     .pQueueCreateInfos = &queue};

    start();
    HSP_CHECK_EQ(vkCreateDevice(physical_device, &info, NULL, &device), VK_SUCCESS);
}

static void stop(void)
{
    if (device)
        vkDestroyDevice(device, NULL);
    vkDestroyInstance(instance, NULL);
}

HSP_TEST(fake_device_has_what_the_test_set)
{
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT host = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT};
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &host};
    VkPhysicalDeviceVulkan12Features features12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                          .pNext = &features12};
    VkPhysicalDeviceMemoryProperties memory;

    start();
    control->host_pointer_alignment = 65536;
    control->memory.memoryTypeCount = 3;
    vkGetPhysicalDeviceProperties2(physical_device, &properties);
    HSP_CHECK_EQ(host.minImportedHostPointerAlignment, 65536);
    HSP_CHECK_EQ(properties.properties.apiVersion, VK_API_VERSION_1_4);
    vkGetPhysicalDeviceFeatures2(physical_device, &features);
    HSP_CHECK_EQ(features.features.robustBufferAccess, VK_TRUE);
    HSP_CHECK_EQ(features12.subgroupBroadcastDynamicId, VK_TRUE);
    vkGetPhysicalDeviceMemoryProperties(physical_device, &memory);
    HSP_CHECK_EQ(memory.memoryTypeCount, 3);
    HSP_CHECK_EQ(control->call_count("vkGetPhysicalDeviceFeatures2"), 1);
    stop();
}

HSP_TEST(fake_extensions_can_be_chosen)
{
    const char *const chosen[] = {"VK_EXT_external_memory_host"};
    VkExtensionProperties extensions[2];
    uint32_t count = 0;

    start();
    HSP_CHECK_EQ(vkEnumerateDeviceExtensionProperties(physical_device, NULL, &count, NULL), 0);
    HSP_CHECK(count > 200);
    control->extensions = chosen;
    control->extension_count = 1;
    count = 2;
    HSP_CHECK_EQ(vkEnumerateDeviceExtensionProperties(physical_device, NULL, &count, extensions),
                 VK_SUCCESS);
    HSP_CHECK_EQ(count, 1);
    HSP_CHECK_STREQ(extensions[0].extensionName, chosen[0]);
    stop();
}

HSP_TEST(fake_command_fails_when_told)
{
    const VkSamplerCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO};
    VkSampler samplers[2] = {VK_NULL_HANDLE, VK_NULL_HANDLE};

    start_device();
    control->fail_command = "vkCreateSampler";
    control->fail_result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
    control->fail_after = 1;
    HSP_CHECK_EQ(vkCreateSampler(device, &info, NULL, &samplers[0]), VK_SUCCESS);
    HSP_CHECK(samplers[0] != VK_NULL_HANDLE);
    HSP_CHECK_EQ(vkCreateSampler(device, &info, NULL, &samplers[1]), VK_ERROR_OUT_OF_DEVICE_MEMORY);
    HSP_CHECK(samplers[1] == VK_NULL_HANDLE);
    stop();
}

HSP_TEST(fake_memory_is_mapped_and_imported)
{
    char pages[4096] = "here";
    const VkImportMemoryHostPointerInfoEXT import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT, .pHostPointer = pages};
    VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                 .allocationSize = 4096};
    VkDeviceMemory memory;
    void *data;

    start_device();
    HSP_CHECK_EQ(vkAllocateMemory(device, &info, NULL, &memory), VK_SUCCESS);
    HSP_CHECK_EQ(vkMapMemory(device, memory, 0, VK_WHOLE_SIZE, 0, &data), VK_SUCCESS);
    memset(data, 1, 4096);
    vkFreeMemory(device, memory, NULL);
    info.pNext = &import;
    HSP_CHECK_EQ(vkAllocateMemory(device, &info, NULL, &memory), VK_SUCCESS);
    HSP_CHECK_EQ(vkMapMemory(device, memory, 0, VK_WHOLE_SIZE, 0, &data), VK_SUCCESS);
    HSP_CHECK(data == pages);
    vkFreeMemory(device, memory, NULL);
    stop();
}

HSP_TEST(fake_submissions_are_done_when_told)
{
    const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkFence fence;
    VkQueue queue;

    start_device();
    vkGetDeviceQueue(device, 0, 0, &queue);
    HSP_CHECK_EQ(vkCreateFence(device, &info, NULL, &fence), VK_SUCCESS);
    HSP_CHECK_EQ(vkGetFenceStatus(device, fence), VK_NOT_READY);
    HSP_CHECK_EQ(vkQueueSubmit(queue, 0, NULL, fence), VK_SUCCESS);
    HSP_CHECK_EQ(vkGetFenceStatus(device, fence), VK_SUCCESS);
    HSP_CHECK_EQ(vkResetFences(device, 1, &fence), VK_SUCCESS);
    control->hold_submissions = true;
    HSP_CHECK_EQ(vkQueueSubmit(queue, 0, NULL, fence), VK_SUCCESS);
    HSP_CHECK_EQ(vkWaitForFences(device, 1, &fence, VK_TRUE, 0), VK_TIMEOUT);
    control->complete();
    HSP_CHECK_EQ(vkWaitForFences(device, 1, &fence, VK_TRUE, UINT64_MAX), VK_SUCCESS);
    vkDestroyFence(device, fence, NULL);
    stop();
}

HSP_TEST_MAIN()
