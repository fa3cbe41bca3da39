/* SPDX-License-Identifier: MIT */
/*
 * thread-check: threads that each build pipelines of their own and submit to one of several queues,
 * all at once; every result is compared.
 */
#include "check.h"
#include "fill.h"

#include "fill.comp.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define ELEMENT_COUNT    (16 * FILL_GROUP_SIZE)
#define MAX_THREAD_COUNT 64

struct worker {
    pthread_t thread;
    struct demo_device device; /* shared but for its command pool and queue */
    pthread_mutex_t *queue_lock;
    uint32_t number, pipeline_count;
};

static pthread_mutex_t queue_locks[DEMO_MAX_QUEUE_COUNT];

static void submit_and_wait(struct worker *worker, VkCommandBuffer commands)
{
    VkDevice device = worker->device.device;
    VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
    };
    VkFence fence;

    DEMO_VK(vkEndCommandBuffer(commands));
    DEMO_VK(vkCreateFence(device, &info, NULL, &fence));
    pthread_mutex_lock(worker->queue_lock); /* a queue is used by one thread at a time */
    DEMO_VK(vkQueueSubmit(worker->device.queue, 1, &submit, fence));
    pthread_mutex_unlock(worker->queue_lock);
    DEMO_VK(vkWaitForFences(device, 1, &fence, VK_TRUE, UINT64_MAX));
    vkDestroyFence(device, fence, NULL);
    vkFreeCommandBuffers(device, worker->device.pool, 1, &commands);
}

static void run_pipeline(struct worker *worker, const struct demo_buffer *values,
                         const struct demo_buffer *counters, uint32_t constant)
{
    const struct demo_device *device = &worker->device;
    const uint32_t seed = constant * 7;
    struct fill_counters *counted = counters->map;
    struct demo_compute compute;

    memset(counted, 0, sizeof(*counted));
    memset(values->map, 0, values->size);
    demo_compute_create(device, &compute, DEMO_SHADER(device, fill_comp), constant, 2, 4);
    demo_compute_set_buffers(device, &compute, (VkBuffer[]){values->buffer, counters->buffer});
    VkCommandBuffer commands = demo_commands_begin(device);
    demo_compute_record(&compute, commands, &seed, sizeof(seed), ELEMENT_COUNT / FILL_GROUP_SIZE);
    demo_record_barrier(commands);
    submit_and_wait(worker, commands);

    for (uint32_t i = 0; i < ELEMENT_COUNT; i++)
        CHECK_EQUAL(((const uint32_t *)values->map)[i], fill_value(i, seed, constant),
                    "thread %u, element %u", worker->number, i);
    CHECK_EQUAL(counted->invocations, ELEMENT_COUNT, "thread %u, invocations", worker->number);
    demo_compute_destroy(device, &compute);
}

static void *run_worker(void *data)
{
    struct worker *worker = data;
    struct demo_device *device = &worker->device;
    struct demo_buffer values, counters;
    VkCommandPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .queueFamilyIndex = device->queue_family,
    };

    DEMO_VK(vkCreateCommandPool(device->device, &pool_info, NULL, &device->pool));
    demo_buffer_create(device, &values, ELEMENT_COUNT * 4, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
                       VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);
    demo_buffer_create(device, &counters, sizeof(struct fill_counters),
                       VK_BUFFER_USAGE_STORAGE_BUFFER_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);
    for (uint32_t i = 0; i < worker->pipeline_count; i++)
        run_pipeline(worker, &values, &counters, worker->number * 1000 + i);
    demo_buffer_destroy(device, &values);
    demo_buffer_destroy(device, &counters);
    vkDestroyCommandPool(device->device, device->pool, NULL);
    return NULL;
}

int main(int argc, char **argv)
{
    const uint32_t thread_count = check_option_number(argc, argv, "threads", 8);
    const uint32_t pipeline_count = check_option_number(argc, argv, "pipelines", 8);
    const struct demo_device_options options = {.queue_count = DEMO_MAX_QUEUE_COUNT};
    struct worker workers[MAX_THREAD_COUNT];
    struct demo_device device;

    check_options_known(argc, argv, (const char *const[]){"threads", "pipelines", NULL});
    if (thread_count > MAX_THREAD_COUNT)
        demo_die("--threads: at most %d", MAX_THREAD_COUNT);
    demo_device_choose(&device, -1);
    demo_device_create(&device, &options);
    for (uint32_t i = 0; i < device.queue_count; i++)
        pthread_mutex_init(&queue_locks[i], NULL);
    for (uint32_t i = 0; i < thread_count; i++) {
        uint32_t queue = i % device.queue_count;

        workers[i] = (struct worker){
            .device = device,
            .queue_lock = &queue_locks[queue],
            .number = i,
            .pipeline_count = pipeline_count,
        };
        workers[i].device.queue = device.queues[queue];
        if (pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]) != 0)
            demo_die("cannot start thread %u", i);
    }
    for (uint32_t i = 0; i < thread_count; i++)
        pthread_join(workers[i].thread, NULL);
    printf("thread-check: ok, %u threads, %u pipelines each, %u queues on %s\n", thread_count,
           pipeline_count, device.queue_count, device.properties.deviceName);
    demo_device_destroy(&device);
    return 0;
}
