/* SPDX-License-Identifier: MIT */
/*
 * memory-map: memory that the CPU and the GPU share. The CPU writes words through a mapping, a
 * shader reads them and writes others, the CPU reads those through another mapping.
 *
 * Once with each memory type that can be mapped, in rounds without mapping anew: what is written
 * later must arrive as well. Exit status: 0 when every word was right.
 */
#include "compute.h"
#include "options.h"

#include "transform.comp.h"

#include <stdio.h>

#define GROUP_SIZE 64
#define WORD_COUNT (1u << 18)
#define SIZE       (WORD_COUNT * sizeof(uint32_t))

struct mapped_buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    uint32_t *words;
};

static bool is_usable(const struct demo_device *device, uint32_t type)
{
    const VkMemoryType *memory_type = &device->memory.memoryTypes[type];

    return (memory_type->propertyFlags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) &&
           !(memory_type->propertyFlags &
             (VK_MEMORY_PROPERTY_PROTECTED_BIT | VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD));
}

/* False when buffers cannot be in this type of memory. */
static bool create_buffer(const struct demo_device *device, struct mapped_buffer *buffer,
                          uint32_t type)
{
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = SIZE,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
    };
    VkMemoryRequirements requirements;

    DEMO_VK(vkCreateBuffer(device->device, &info, NULL, &buffer->buffer));
    vkGetBufferMemoryRequirements(device->device, buffer->buffer, &requirements);
    if (!(requirements.memoryTypeBits & (1u << type))) {
        vkDestroyBuffer(device->device, buffer->buffer, NULL);
        return false;
    }
    const VkMemoryAllocateInfo memory_info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = requirements.size,
        .memoryTypeIndex = type,
    };
    void *map;
    DEMO_VK(vkAllocateMemory(device->device, &memory_info, NULL, &buffer->memory));
    DEMO_VK(vkBindBufferMemory(device->device, buffer->buffer, buffer->memory, 0));
    DEMO_VK(vkMapMemory(device->device, buffer->memory, 0, VK_WHOLE_SIZE, 0, &map));
    buffer->words = map;
    return true;
}

static void destroy_buffer(const struct demo_device *device, struct mapped_buffer *buffer)
{
    vkDestroyBuffer(device->device, buffer->buffer, NULL);
    vkFreeMemory(device->device, buffer->memory, NULL);
}

/* Memory that is not coherent: the CPU's caches have to be told. */
static VkMappedMemoryRange whole(const struct mapped_buffer *buffer)
{
    return (VkMappedMemoryRange){
        .sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE,
        .memory = buffer->memory,
        .size = VK_WHOLE_SIZE,
    };
}

static void run_shader(const struct demo_device *device, const struct demo_compute *compute)
{
    VkCommandBuffer commands = demo_commands_begin(device);

    demo_compute_record(compute, commands, NULL, 0, WORD_COUNT / GROUP_SIZE);
    demo_record_barrier(commands);
    demo_commands_run(device, commands);
}

static uint32_t word_of(uint32_t index, uint32_t round)
{
    return (index + round * 7919) * 2654435761u;
}

/* Returns the number of wrong words. */
static uint32_t run_round(const struct demo_device *device, const struct demo_compute *compute,
                          const struct mapped_buffer *in, const struct mapped_buffer *out,
                          uint32_t round, bool is_coherent)
{
    const VkMappedMemoryRange in_range = whole(in), out_range = whole(out);
    uint32_t wrong = 0;

    for (uint32_t i = 0; i < WORD_COUNT; i++)
        in->words[i] = word_of(i, round);
    if (!is_coherent)
        DEMO_VK(vkFlushMappedMemoryRanges(device->device, 1, &in_range));
    run_shader(device, compute);
    if (!is_coherent)
        DEMO_VK(vkInvalidateMappedMemoryRanges(device->device, 1, &out_range));
    for (uint32_t i = 0; i < WORD_COUNT; i++)
        wrong += out->words[i] != word_of(i, round) * 3 + i || in->words[i] != word_of(i, round);
    return wrong;
}

/* Returns whether every word was right. */
static bool check_type(const struct demo_device *device, struct demo_compute *compute,
                       uint32_t type, uint32_t rounds)
{
    const VkMemoryPropertyFlags flags = device->memory.memoryTypes[type].propertyFlags;
    const bool is_coherent = flags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    struct mapped_buffer in, out;
    uint32_t wrong = 0;

    if (!create_buffer(device, &in, type))
        return true;
    create_buffer(device, &out, type);
    demo_compute_set_buffers(device, compute, (const VkBuffer[]){in.buffer, out.buffer});
    double start = demo_seconds();
    for (uint32_t round = 0; round < rounds; round++)
        wrong += run_round(device, compute, &in, &out, round, is_coherent);
    double milliseconds = (demo_seconds() - start) * 1000 / rounds;

    printf("memory-map: type %u (%s%s%s): %u rounds, %.2f ms each, %u words wrong\n", type,
           is_coherent ? "coherent" : "to be flushed",
           flags & VK_MEMORY_PROPERTY_HOST_CACHED_BIT ? ", cached" : "",
           flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT ? ", the device's own" : "", rounds,
           milliseconds, wrong);
    destroy_buffer(device, &in);
    destroy_buffer(device, &out);
    return wrong == 0;
}

int main(int argc, char **argv)
{
    uint64_t rounds = 10;
    const struct demo_option options[] = {
        {"rounds", DEMO_OPTION_COUNT, &rounds, "with each memory type (default 10)"},
        {0},
    };
    struct demo_device device;
    struct demo_compute compute;
    uint32_t type_count = 0;
    bool good = true;

    demo_options_parse(argc, argv, "Memory that the CPU and the GPU share.", options);
    demo_device_choose(&device, -1);
    demo_device_create(&device, NULL);
    printf("memory-map: %s, %zu KiB each way\n", device.properties.deviceName, SIZE / 1024);
    demo_compute_create(&device, &compute, DEMO_SHADER(&device, transform_comp), 0, 2, 0);
    for (uint32_t type = 0; type < device.memory.memoryTypeCount; type++) {
        if (!is_usable(&device, type))
            continue;
        good = check_type(&device, &compute, type, (uint32_t)rounds) && good;
        type_count++;
    }
    demo_compute_destroy(&device, &compute);
    demo_device_destroy(&device);
    if (type_count == 0)
        demo_die("no memory of this device can be mapped");
    printf("memory-map: %s\n", good ? "ok" : "FAILED");
    return good ? 0 : 1;
}
