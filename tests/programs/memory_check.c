/* SPDX-License-Identifier: MIT */
/*
 * memory-check: allocate, map, write, copy on the GPU, read back, free; again and again, with sizes
 * from bytes to a megabyte. Watch the memory of the other processes meanwhile.
 */
#include "check.h"

#include <stdio.h>

static const VkDeviceSize sizes[] = {256, 4096, 20000, 65536, 4, 300000, 4096, 1 << 20};

static void fill(uint32_t *words, VkDeviceSize size, uint32_t seed)
{
    for (VkDeviceSize i = 0; i < size / 4; i++)
        words[i] = seed + (uint32_t)i * 2654435761u;
}

static void verify(const uint32_t *words, VkDeviceSize size, uint32_t seed, uint32_t loop)
{
    for (VkDeviceSize i = 0; i < size / 4; i++)
        CHECK_EQUAL(words[i], seed + (uint32_t)i * 2654435761u, "loop %u, word %u of %u bytes",
                    loop, (uint32_t)i, (uint32_t)size);
}

static void run_loop(const struct demo_device *device, VkCommandBuffer commands, VkFence fence,
                     uint32_t loop)
{
    const VkDeviceSize size = sizes[loop % (sizeof(sizes) / sizeof(sizes[0]))];
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
    };
    struct demo_buffer from, to;

    demo_buffer_create(device, &from, size, VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                       VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);
    demo_buffer_create(device, &to, size, VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                       VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    fill(from.map, size, loop);

    DEMO_VK(vkBeginCommandBuffer(commands, &begin));
    vkCmdCopyBuffer(commands, from.buffer, to.buffer, 1, &(VkBufferCopy){.size = size});
    demo_record_barrier(commands);
    DEMO_VK(vkEndCommandBuffer(commands));
    DEMO_VK(vkQueueSubmit(device->queue, 1, &submit, fence));
    DEMO_VK(vkWaitForFences(device->device, 1, &fence, VK_TRUE, UINT64_MAX));
    DEMO_VK(vkResetFences(device->device, 1, &fence));

    verify(to.map, size, loop, loop);
    vkUnmapMemory(device->device, from.memory); /* the other one is freed while it is mapped */
    demo_buffer_destroy(device, &from);
    demo_buffer_destroy(device, &to);
}

int main(int argc, char **argv)
{
    const uint32_t loops = check_option_number(argc, argv, "loops", 200);
    struct demo_device device;
    VkCommandBuffer commands;
    VkFence fence;

    check_options_known(argc, argv, (const char *const[]){"loops", NULL});
    demo_device_choose(&device, -1);
    demo_device_create(&device, NULL);
    VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = device.pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    VkFenceCreateInfo fence_info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    DEMO_VK(vkAllocateCommandBuffers(device.device, &info, &commands));
    DEMO_VK(vkCreateFence(device.device, &fence_info, NULL, &fence));

    for (uint32_t loop = 0; loop < loops; loop++)
        run_loop(&device, commands, fence, loop);

    vkDestroyFence(device.device, fence, NULL);
    printf("memory-check: ok, %u loops on %s\n", loops, device.properties.deviceName);
    demo_device_destroy(&device);
    return 0;
}
