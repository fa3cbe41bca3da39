/* SPDX-License-Identifier: MIT */
/*
 * A round, in step with the others:
 *
 * 1. fill own memory, of the device and mapped, with a mark that no other program writes
 * 2. (all have) the marks are still there; what the GPU reads behind the end is no other's
 * 3. (all have) free the memory and allocate other memory, never written to: no other's mark in it
 */
#include "program.h"

#include "compute.h"

#include "reach.comp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SIZE       (4u << 20)
#define WORD_COUNT (SIZE / sizeof(uint32_t))
#define MARK       0x5ec7e700u /* the low byte is the program's number */
#define MARK_MASK  0xffffff00u
#define USAGE                                                              \
    (VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT | \
     VK_BUFFER_USAGE_STORAGE_BUFFER_BIT)

struct program {
    uint32_t number;
    int socket_fd;
    struct demo_device device;
    struct demo_compute reach;
    struct demo_buffer mapped, private, readback;
};

struct findings {
    uint64_t lost;    /* own words that are something else now */
    uint64_t foreign; /* words of another program */
};

/* Waits until all programs are here. */
static void meet(const struct program *program)
{
    char byte = 0;

    if (write(program->socket_fd, &byte, 1) != 1 || read(program->socket_fd, &byte, 1) != 1)
        demo_die("program %u: another program or the parent has ended early", program->number);
}

static void create_memory(struct program *program)
{
    demo_buffer_create(&program->device, &program->mapped, SIZE, USAGE,
                       VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);
    demo_buffer_create(&program->device, &program->private, SIZE, USAGE, 0,
                       VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
}

static void destroy_memory(struct program *program)
{
    demo_buffer_destroy(&program->device, &program->mapped);
    demo_buffer_destroy(&program->device, &program->private);
}

static void fill(struct program *program)
{
    VkCommandBuffer commands = demo_commands_begin(&program->device);
    const uint32_t mark = MARK | program->number;

    vkCmdFillBuffer(commands, program->mapped.buffer, 0, VK_WHOLE_SIZE, mark);
    vkCmdFillBuffer(commands, program->private.buffer, 0, VK_WHOLE_SIZE, mark);
    demo_record_barrier(commands);
    demo_commands_run(&program->device, commands);
}

static void count_words(const struct program *program, const uint32_t *words, bool is_own,
                        struct findings *findings)
{
    const uint32_t mark = MARK | program->number;

    for (uint32_t i = 0; i < WORD_COUNT; i++) {
        if (words[i] == mark)
            continue;
        findings->lost += is_own;
        findings->foreign += (words[i] & MARK_MASK) == MARK;
    }
}

/* Looks at both pieces of memory; `is_own` when they hold own marks. */
static void look(struct program *program, bool is_own, struct findings *findings)
{
    VkCommandBuffer commands = demo_commands_begin(&program->device);
    const VkBufferCopy region = {.size = SIZE};

    vkCmdCopyBuffer(commands, program->private.buffer, program->readback.buffer, 1, &region);
    demo_record_barrier(commands);
    demo_commands_run(&program->device, commands);
    count_words(program, program->mapped.map, is_own, findings);
    count_words(program, program->readback.map, is_own, findings);
}

/* The GPU reads at places up to 4 GiB behind the end of own memory, as a hostile shader would. */
static void reach_out(struct program *program, struct findings *findings)
{
    const struct demo_device *device = &program->device;
    const struct {
        uint32_t mark, mask, own, first, stride;
    } push = {MARK, MARK_MASK, MARK | program->number, WORD_COUNT, 4099};
    VkCommandBuffer commands = demo_commands_begin(device);
    uint32_t *count = program->readback.map;

    *count = 0;
    demo_compute_set_buffers(device, &program->reach,
                             (const VkBuffer[]){program->mapped.buffer, program->readback.buffer});
    demo_compute_record(&program->reach, commands, &push, sizeof(push), 4096);
    demo_record_barrier(commands);
    demo_commands_run(device, commands);
    findings->foreign += *count;
}

static void create(struct program *program)
{
    const VkPhysicalDeviceFeatures2 features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .features.robustBufferAccess = VK_TRUE,
    };
    const struct demo_device_options options = {.features = &features};
    struct demo_device *device = &program->device;

    demo_device_choose(device, -1);
    demo_device_create(device, &options);
    demo_compute_create(device, &program->reach, DEMO_SHADER(device, reach_comp), 0, 2, 20);
    demo_buffer_create(device, &program->readback, SIZE, USAGE, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT,
                       VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
}

int program_run(uint32_t number, uint32_t rounds, int socket_fd)
{
    struct program program = {.number = number, .socket_fd = socket_fd};
    struct findings findings = {0};

    create(&program);
    for (uint32_t round = 0; round < rounds; round++) {
        create_memory(&program);
        fill(&program);
        meet(&program);
        look(&program, true, &findings);
        reach_out(&program, &findings);
        meet(&program);
        destroy_memory(&program);
        meet(&program);
        create_memory(&program);
        look(&program, false, &findings);
        meet(&program);
        destroy_memory(&program);
    }
    printf("multi-context: program %u: %u rounds, %llu own words lost, %llu words of others seen\n",
           number, rounds, (unsigned long long)findings.lost, (unsigned long long)findings.foreign);
    demo_buffer_destroy(&program.device, &program.readback);
    demo_compute_destroy(&program.device, &program.reach);
    demo_device_destroy(&program.device);
    return findings.lost == 0 && findings.foreign == 0 ? 0 : 1;
}
