/* SPDX-License-Identifier: MIT */
/*
 * sync-check: fences, binary and timeline semaphores, events and query pools; that things happen in
 * the order that was asked for, and that the values are right.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>

#define SIZE      65536
#define SECOND_NS 1000000000ull

struct sync_test {
    struct demo_device device;
    struct demo_buffer from, to; /* SIZE bytes each, mapped */
};

/* Records filling `from` with `value`, then copying it to `to`, if wanted. */
static VkCommandBuffer record_fill(const struct sync_test *test, uint32_t value)
{
    VkCommandBuffer commands = demo_commands_begin(&test->device);

    vkCmdFillBuffer(commands, test->from.buffer, 0, SIZE, value);
    demo_record_barrier(commands);
    DEMO_VK(vkEndCommandBuffer(commands));
    return commands;
}

static VkCommandBuffer record_copy(const struct sync_test *test)
{
    VkCommandBuffer commands = demo_commands_begin(&test->device);

    vkCmdCopyBuffer(commands, test->from.buffer, test->to.buffer, 1, &(VkBufferCopy){.size = SIZE});
    demo_record_barrier(commands);
    DEMO_VK(vkEndCommandBuffer(commands));
    return commands;
}

static void free_commands(const struct sync_test *test, VkCommandBuffer commands)
{
    vkFreeCommandBuffers(test->device.device, test->device.pool, 1, &commands);
}

static void verify_copy(const struct sync_test *test, uint32_t value)
{
    const uint32_t *words = test->to.map;

    for (uint32_t i = 0; i < SIZE / 4; i++)
        CHECK_EQUAL(words[i], value, "word %u", i);
}

static VkFence create_fence(const struct sync_test *test, VkFenceCreateFlags flags)
{
    VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, .flags = flags};
    VkFence fence;

    DEMO_VK(vkCreateFence(test->device.device, &info, NULL, &fence));
    return fence;
}

static VkSemaphore create_semaphore(const struct sync_test *test, const void *next)
{
    VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = next};
    VkSemaphore semaphore;

    DEMO_VK(vkCreateSemaphore(test->device.device, &info, NULL, &semaphore));
    return semaphore;
}

/* ------------------------------------------------------------------ fences */

static void check_fences(const struct sync_test *test)
{
    VkDevice device = test->device.device;
    VkFence fences[] = {create_fence(test, VK_FENCE_CREATE_SIGNALED_BIT), create_fence(test, 0)};
    VkSubmitInfo empty = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO};

    CHECK_EQUAL(vkGetFenceStatus(device, fences[0]), VK_SUCCESS, "signalled fence");
    CHECK_EQUAL(vkGetFenceStatus(device, fences[1]), (uint64_t)VK_NOT_READY, "unsignalled fence");
    CHECK_EQUAL(vkWaitForFences(device, 2, fences, VK_FALSE, 0), VK_SUCCESS, "wait for any");
    CHECK_EQUAL(vkWaitForFences(device, 2, fences, VK_TRUE, 1000000), VK_TIMEOUT, "wait for all");
    DEMO_VK(vkResetFences(device, 1, fences));
    CHECK_EQUAL(vkGetFenceStatus(device, fences[0]), (uint64_t)VK_NOT_READY, "reset fence");
    DEMO_VK(vkQueueSubmit(test->device.queue, 1, &empty, fences[0]));
    DEMO_VK(vkQueueSubmit(test->device.queue, 0, NULL, fences[1]));
    DEMO_VK(vkWaitForFences(device, 2, fences, VK_TRUE, 10 * SECOND_NS));
    for (int i = 0; i < 2; i++)
        vkDestroyFence(device, fences[i], NULL);
}

/* ------------------------------------------------------------------ semaphores */

static void check_binary_semaphores(const struct sync_test *test)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    VkSemaphore semaphore = create_semaphore(test, NULL);
    VkFence fence = create_fence(test, 0);
    VkQueue last_queue = test->device.queues[test->device.queue_count - 1];

    for (uint32_t round = 1; round <= 10; round++) {
        VkCommandBuffer fill = record_fill(test, round), copy = record_copy(test);
        VkSubmitInfo first = {
            .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
            .commandBufferCount = 1,
            .pCommandBuffers = &fill,
            .signalSemaphoreCount = 1,
            .pSignalSemaphores = &semaphore,
        };
        VkSubmitInfo second = {
            .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
            .waitSemaphoreCount = 1,
            .pWaitSemaphores = &semaphore,
            .pWaitDstStageMask = &stage,
            .commandBufferCount = 1,
            .pCommandBuffers = &copy,
        };
        DEMO_VK(vkQueueSubmit(test->device.queue, 1, &first, VK_NULL_HANDLE));
        DEMO_VK(vkQueueSubmit(last_queue, 1, &second, fence));
        DEMO_VK(vkWaitForFences(test->device.device, 1, &fence, VK_TRUE, UINT64_MAX));
        DEMO_VK(vkResetFences(test->device.device, 1, &fence));
        verify_copy(test, round);
        free_commands(test, fill);
        free_commands(test, copy);
    }
    DEMO_VK(vkQueueWaitIdle(test->device.queue));
    vkDestroySemaphore(test->device.device, semaphore, NULL);
    vkDestroyFence(test->device.device, fence, NULL);
}

static VkSemaphore create_timeline(const struct sync_test *test)
{
    VkSemaphoreTypeCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
    };

    return create_semaphore(test, &info);
}

static void submit_on_timeline(const struct sync_test *test, VkSemaphore timeline,
                               VkCommandBuffer commands, uint64_t wait_value, uint64_t value)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    VkTimelineSemaphoreSubmitInfo timeline_info = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .waitSemaphoreValueCount = 1,
        .pWaitSemaphoreValues = &wait_value,
        .signalSemaphoreValueCount = 1,
        .pSignalSemaphoreValues = &value,
    };
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = &timeline_info,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &timeline,
        .pWaitDstStageMask = &stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &timeline,
    };

    DEMO_VK(vkQueueSubmit(test->device.queue, 1, &submit, VK_NULL_HANDLE));
}

static VkResult wait_timeline(const struct sync_test *test, VkSemaphore timeline, uint64_t value,
                              uint64_t timeout_ns)
{
    VkSemaphoreWaitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = 1,
        .pSemaphores = &timeline,
        .pValues = &value,
    };

    return vkWaitSemaphores(test->device.device, &info, timeout_ns);
}

/* The GPU waits for the host, then two submissions follow each other. */
static void check_timeline(const struct sync_test *test)
{
    VkDevice device = test->device.device;
    VkSemaphore timeline = create_timeline(test);
    VkCommandBuffer fill = record_fill(test, 0x77777777), copy = record_copy(test);
    VkSemaphoreSignalInfo signal = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
        .semaphore = timeline,
        .value = 10,
    };
    uint64_t value;

    memset(test->from.map, 0, SIZE);
    memset(test->to.map, 0, SIZE);
    submit_on_timeline(test, timeline, fill, 10, 20);
    submit_on_timeline(test, timeline, copy, 20, 30);
    CHECK_EQUAL(wait_timeline(test, timeline, 20, 20000000), VK_TIMEOUT, "wait before the signal");
    DEMO_VK(vkGetSemaphoreCounterValue(device, timeline, &value));
    CHECK_EQUAL(value, 0, "value before the signal");
    CHECK_EQUAL(*(uint32_t *)test->from.map, 0, "memory before the signal");
    DEMO_VK(vkSignalSemaphore(device, &signal));
    DEMO_VK(wait_timeline(test, timeline, 30, 10 * SECOND_NS));
    DEMO_VK(vkGetSemaphoreCounterValue(device, timeline, &value));
    CHECK_EQUAL(value, 30, "value at the end");
    verify_copy(test, 0x77777777);
    DEMO_VK(vkQueueWaitIdle(test->device.queue));
    free_commands(test, fill);
    free_commands(test, copy);
    vkDestroySemaphore(device, timeline, NULL);
}

/* ------------------------------------------------------------------ events */

static void check_events(const struct sync_test *test)
{
    VkDevice device = test->device.device;
    VkEventCreateInfo info = {.sType = VK_STRUCTURE_TYPE_EVENT_CREATE_INFO};
    VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT,
    };
    const VkPipelineStageFlags transfer = VK_PIPELINE_STAGE_TRANSFER_BIT;
    VkEvent event;

    DEMO_VK(vkCreateEvent(device, &info, NULL, &event));
    CHECK_EQUAL(vkGetEventStatus(device, event), VK_EVENT_RESET, "new event");
    DEMO_VK(vkSetEvent(device, event));
    CHECK_EQUAL(vkGetEventStatus(device, event), VK_EVENT_SET, "event set by the host");
    DEMO_VK(vkResetEvent(device, event));
    CHECK_EQUAL(vkGetEventStatus(device, event), VK_EVENT_RESET, "event reset by the host");

    VkCommandBuffer commands = demo_commands_begin(&test->device);
    vkCmdFillBuffer(commands, test->from.buffer, 0, SIZE, 0xe0e0e0e0);
    vkCmdSetEvent(commands, event, transfer);
    vkCmdWaitEvents(commands, 1, &event, transfer, transfer, 1, &barrier, 0, NULL, 0, NULL);
    vkCmdCopyBuffer(commands, test->from.buffer, test->to.buffer, 1, &(VkBufferCopy){.size = SIZE});
    demo_record_barrier(commands);
    demo_commands_run(&test->device, commands);
    verify_copy(test, 0xe0e0e0e0);
    CHECK_EQUAL(vkGetEventStatus(device, event), VK_EVENT_SET, "event set by the device");

    commands = demo_commands_begin(&test->device);
    vkCmdResetEvent(commands, event, transfer);
    demo_commands_run(&test->device, commands);
    CHECK_EQUAL(vkGetEventStatus(device, event), VK_EVENT_RESET, "event reset by the device");
    vkDestroyEvent(device, event, NULL);
}

/* ------------------------------------------------------------------ queries */

struct query_result {
    uint64_t value, available;
};

static void verify_timestamps(const struct query_result *results, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        CHECK_EQUAL(results[i].available != 0, 1, "timestamp %u available", i);
    CHECK_EQUAL(results[0].value <= results[1].value, 1, "timestamps in order");
}

static void check_timestamps(const struct sync_test *test)
{
    const struct demo_device *device = &test->device;
    const VkQueryResultFlags flags = VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WITH_AVAILABILITY_BIT;
    VkQueryPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
        .queryType = VK_QUERY_TYPE_TIMESTAMP,
        .queryCount = 2,
    };
    struct query_result results[2] = {0};
    VkQueryPool pool;

    DEMO_VK(vkCreateQueryPool(device->device, &info, NULL, &pool));
    VkCommandBuffer commands = demo_commands_begin(device);
    vkCmdResetQueryPool(commands, pool, 0, 2);
    demo_commands_run(device, commands);
    CHECK_EQUAL(vkGetQueryPoolResults(device->device, pool, 0, 2, sizeof(results), results,
                                      sizeof(results[0]), flags),
                VK_NOT_READY, "results of a reset pool");
    CHECK_EQUAL(results[0].available, 0, "availability after a reset");

    commands = demo_commands_begin(device);
    vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, pool, 0);
    vkCmdFillBuffer(commands, test->from.buffer, 0, SIZE, 1);
    vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, pool, 1);
    demo_record_barrier(commands);
    vkCmdCopyQueryPoolResults(commands, pool, 0, 2, test->to.buffer, 0, sizeof(results[0]),
                              flags | VK_QUERY_RESULT_WAIT_BIT);
    demo_record_barrier(commands);
    demo_commands_run(device, commands);
    DEMO_VK(vkGetQueryPoolResults(device->device, pool, 0, 2, sizeof(results), results,
                                  sizeof(results[0]), flags | VK_QUERY_RESULT_WAIT_BIT));
    verify_timestamps(results, 2);
    verify_timestamps(test->to.map, 2);
    CHECK_EQUAL(memcmp(results, test->to.map, sizeof(results)), 0, "results read in two ways");
    vkDestroyQueryPool(device->device, pool, NULL);
}

static bool has_timestamps(const struct demo_device *device)
{
    VkQueueFamilyProperties families[16];
    uint32_t count = 16;

    vkGetPhysicalDeviceQueueFamilyProperties(device->physical, &count, families);
    return device->queue_family < count && families[device->queue_family].timestampValidBits > 0;
}

/* ------------------------------------------------------------------ main */

static bool has_timeline(const struct demo_device *device)
{
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
    };
    VkPhysicalDeviceFeatures2 features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .pNext = &timeline,
    };

    if (device->api_version < VK_API_VERSION_1_2)
        return false;
    vkGetPhysicalDeviceFeatures2(device->physical, &features);
    return timeline.timelineSemaphore;
}

int main(int argc, char **argv)
{
    const uint32_t loops = check_option_number(argc, argv, "loops", 3);
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
        .timelineSemaphore = VK_TRUE,
    };
    struct demo_device_options options = {.queue_count = 2};
    struct sync_test test;

    check_options_known(argc, argv, (const char *const[]){"loops", NULL});
    demo_device_choose(&test.device, -1);
    bool with_timeline = has_timeline(&test.device);
    options.features = with_timeline ? &timeline : NULL;
    demo_device_create(&test.device, &options);
    bool with_timestamps = has_timestamps(&test.device);
    const VkBufferUsageFlags usage =
        VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
    demo_buffer_create(&test.device, &test.from, SIZE, usage, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT,
                       0);
    demo_buffer_create(&test.device, &test.to, SIZE, usage, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);

    for (uint32_t loop = 0; loop < loops; loop++) {
        check_fences(&test);
        check_binary_semaphores(&test);
        check_events(&test);
        if (with_timeline)
            check_timeline(&test);
        if (with_timestamps)
            check_timestamps(&test);
    }
    printf("sync-check: ok, %u loops on %s%s%s\n", loops, test.device.properties.deviceName,
           with_timeline ? "" : ", no timeline semaphores",
           with_timestamps ? "" : ", no timestamps");
    demo_buffer_destroy(&test.device, &test.from);
    demo_buffer_destroy(&test.device, &test.to);
    demo_device_destroy(&test.device);
    return 0;
}
