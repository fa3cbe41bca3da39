/* SPDX-License-Identifier: MIT */
/*
 * compute-check: a compute shader writes a pattern, once into mapped memory and once into memory of
 * the GPU's own that is copied back; every element is compared, and what atomics and shared memory
 * counted.
 */
#include "check.h"
#include "fill.h"

#include "fill.comp.h"

#include <stdio.h>
#include <string.h>

#define CONSTANT 1234567

static void verify(const uint32_t *values, const struct fill_counters *counters, uint32_t count,
                   uint32_t seed)
{
    for (uint32_t i = 0; i < count; i++)
        CHECK_EQUAL(values[i], fill_value(i, seed, CONSTANT), "element %u of %u", i, count);
    CHECK_EQUAL(counters->invocations, count, "number of invocations");
    CHECK_EQUAL(counters->largest_id, count - 1, "largest id");
    CHECK_EQUAL(counters->id_sum, (uint32_t)((uint64_t)count * (count - 1) / 2), "sum of the ids");
}

static void run(const struct demo_device *device, struct demo_compute *compute, uint32_t count,
                uint32_t seed, bool in_mapped_memory)
{
    const VkDeviceSize size = (VkDeviceSize)count * 4;
    struct demo_buffer values, counters, readback;

    demo_buffer_create(device, &values, size,
                       VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                       in_mapped_memory ? VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT : 0,
                       in_mapped_memory ? VK_MEMORY_PROPERTY_HOST_CACHED_BIT
                                        : VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    demo_buffer_create(device, &counters, sizeof(struct fill_counters),
                       VK_BUFFER_USAGE_STORAGE_BUFFER_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);
    demo_buffer_create(device, &readback, size, VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                       VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    memset(counters.map, 0, sizeof(struct fill_counters));
    memset(readback.map, 0xcd, size);
    demo_compute_set_buffers(device, compute, (VkBuffer[]){values.buffer, counters.buffer});

    VkCommandBuffer commands = demo_commands_begin(device);
    demo_compute_record(compute, commands, &seed, sizeof(seed), count / FILL_GROUP_SIZE);
    demo_record_barrier(commands);
    vkCmdCopyBuffer(commands, values.buffer, readback.buffer, 1, &(VkBufferCopy){.size = size});
    demo_record_barrier(commands);
    demo_commands_run(device, commands);

    verify(in_mapped_memory ? values.map : readback.map, counters.map, count, seed);
    demo_buffer_destroy(device, &values);
    demo_buffer_destroy(device, &counters);
    demo_buffer_destroy(device, &readback);
}

int main(int argc, char **argv)
{
    const uint32_t count = check_option_number(argc, argv, "groups", 4096) * FILL_GROUP_SIZE;
    struct demo_device device;
    struct demo_compute compute;

    check_options_known(argc, argv, (const char *const[]){"groups", NULL});
    demo_device_choose(&device, -1);
    demo_device_create(&device, NULL);
    if (count / FILL_GROUP_SIZE > device.properties.limits.maxComputeWorkGroupCount[0])
        demo_die("--groups: this device takes at most %u",
                 device.properties.limits.maxComputeWorkGroupCount[0]);
    demo_compute_create(&device, &compute, DEMO_SHADER(&device, fill_comp), CONSTANT, 2, 4);
    run(&device, &compute, count, 0x55aa, true);
    run(&device, &compute, count, 0x1234, false);
    demo_compute_destroy(&device, &compute);
    printf("compute-check: ok, %u elements twice on %s\n", count, device.properties.deviceName);
    demo_device_destroy(&device);
    return 0;
}
