/* SPDX-License-Identifier: MIT */
/*
 * vkbench ROW: measures one thing on whatever Vulkan device the environment gives and prints one
 * line of JSON. One row is one process, so that a row that a driver cannot do fails alone, with its
 * reason on stderr. bench/run makes the table.
 *
 * A batch is repeated for MEASURE_SECONDS after one that does not count; the result is the median
 * batch. Batches of asynchronous calls end with a synchronous one, so that work which the driver
 * only queued is counted, too.
 */
#include "pipeline.h"

#include "point.frag.h"
#include "point.vert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEASURE_SECONDS 0.4
#define MAX_BATCH_COUNT 100000

#define TARGET_SIZE 64 /* pixels, of what draws go to */
#define FORMAT      VK_FORMAT_R8G8B8A8_UNORM

struct bench {
    struct demo_device device;
    VkImage linear_image; /* for the synchronous call */
    VkFence fence;
    /* draws */
    struct demo_image target;
    VkRenderPass render_pass;
    VkFramebuffer framebuffer;
    VkPipelineLayout layout;
    VkPipeline pipeline;
    VkCommandBuffer commands;
    /* upload */
    struct demo_buffer upload;
    char *source;
};

/* ------------------------------------------------------------------ measuring */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median duration of a batch in seconds. */
static double measure(struct bench *bench, void (*batch)(struct bench *))
{
    static double durations[MAX_BATCH_COUNT];
    size_t count = 0;
    double begin, start, end;

    batch(bench);
    begin = demo_seconds();
    do {
        start = demo_seconds();
        batch(bench);
        end = demo_seconds();
        durations[count++] = end - start;
    } while (count < MAX_BATCH_COUNT && (count < 5 || end - begin < MEASURE_SECONDS));
    qsort(durations, count, sizeof(durations[0]), compare_doubles);
    return durations[count / 2];
}

/* Where a driver has no cached answer: the layout of a linear image. */
static void call_synchronously(struct bench *bench)
{
    const VkImageSubresource subresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0};
    VkSubresourceLayout layout;

    vkGetImageSubresourceLayout(bench->device.device, bench->linear_image, &subresource, &layout);
}

static void create_linear_image(struct bench *bench)
{
    VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = FORMAT,
        .extent = {TARGET_SIZE, TARGET_SIZE, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_LINEAR,
        .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT,
    };

    DEMO_VK(vkCreateImage(bench->device.device, &info, NULL, &bench->linear_image));
}

/* ------------------------------------------------------------------ calls and objects */

#define CALLS_PER_BATCH 1000

static void batch_calls(struct bench *bench)
{
    for (int i = 0; i < CALLS_PER_BATCH; i++)
        call_synchronously(bench);
}

static double measure_call(struct bench *bench)
{
    return measure(bench, batch_calls) / CALLS_PER_BATCH * 1e6;
}

static void batch_buffers(struct bench *bench)
{
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = 4096,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
    };
    VkBuffer buffer;

    for (int i = 0; i < CALLS_PER_BATCH; i++) {
        DEMO_VK(vkCreateBuffer(bench->device.device, &info, NULL, &buffer));
        vkDestroyBuffer(bench->device.device, buffer, NULL);
    }
    call_synchronously(bench);
}

static double measure_buffer(struct bench *bench)
{
    return measure(bench, batch_buffers) / CALLS_PER_BATCH * 1e6;
}

static void batch_submit(struct bench *bench)
{
    DEMO_VK(vkQueueSubmit(bench->device.queue, 0, NULL, bench->fence));
    DEMO_VK(vkWaitForFences(bench->device.device, 1, &bench->fence, VK_TRUE, UINT64_MAX));
    DEMO_VK(vkResetFences(bench->device.device, 1, &bench->fence));
}

static double measure_submit(struct bench *bench)
{
    return measure(bench, batch_submit) * 1e6;
}

/* ------------------------------------------------------------------ draws */

#define DRAWS_PER_BATCH 20000

static void create_pipeline(struct bench *bench)
{
    const struct demo_device *device = &bench->device;
    const VkPipelineLayoutCreateInfo layout_info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
    };
    const VkCommandBufferAllocateInfo commands_info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = device->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };

    demo_image_create(device, &bench->target, FORMAT, TARGET_SIZE, TARGET_SIZE,
                      VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT);
    bench->render_pass =
        demo_render_pass_create(device, FORMAT, VK_ATTACHMENT_LOAD_OP_CLEAR, false);
    bench->framebuffer = demo_framebuffer_create(device, bench->render_pass, &bench->target.view, 1,
                                                 TARGET_SIZE, TARGET_SIZE);
    DEMO_VK(vkCreatePipelineLayout(device->device, &layout_info, NULL, &bench->layout));
    const struct demo_pipeline_options options = {
        .vertex_shader = DEMO_SHADER(device, point_vert),
        .fragment_shader = DEMO_SHADER(device, point_frag),
        .layout = bench->layout,
        .render_pass = bench->render_pass,
        .width = TARGET_SIZE,
        .height = TARGET_SIZE,
    };
    bench->pipeline = demo_pipeline_create(device, &options);
    DEMO_VK(vkAllocateCommandBuffers(device->device, &commands_info, &bench->commands));
}

static void record_draws(struct bench *bench)
{
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    const VkClearValue clear_value = {0};
    const VkRenderPassBeginInfo pass_begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = bench->render_pass,
        .framebuffer = bench->framebuffer,
        .renderArea = {{0, 0}, {TARGET_SIZE, TARGET_SIZE}},
        .clearValueCount = 1,
        .pClearValues = &clear_value,
    };

    DEMO_VK(vkBeginCommandBuffer(bench->commands, &begin));
    vkCmdBeginRenderPass(bench->commands, &pass_begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindPipeline(bench->commands, VK_PIPELINE_BIND_POINT_GRAPHICS, bench->pipeline);
    for (uint32_t i = 0; i < DRAWS_PER_BATCH; i++)
        vkCmdDraw(bench->commands, 3, 1, 0, 0);
    vkCmdEndRenderPass(bench->commands);
    DEMO_VK(vkEndCommandBuffer(bench->commands));
}

static void batch_draws(struct bench *bench)
{
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &bench->commands,
    };

    record_draws(bench);
    DEMO_VK(vkQueueSubmit(bench->device.queue, 1, &submit, bench->fence));
    DEMO_VK(vkWaitForFences(bench->device.device, 1, &bench->fence, VK_TRUE, UINT64_MAX));
    DEMO_VK(vkResetFences(bench->device.device, 1, &bench->fence));
}

static double measure_draws(struct bench *bench)
{
    create_pipeline(bench);
    return DRAWS_PER_BATCH / measure(bench, batch_draws) / 1e3;
}

static void batch_records(struct bench *bench)
{
    record_draws(bench);
    call_synchronously(bench);
}

static double measure_records(struct bench *bench)
{
    create_pipeline(bench);
    return DRAWS_PER_BATCH / measure(bench, batch_records) / 1e6;
}

/* ------------------------------------------------------------------ memory */

#define ALLOCATION_SIZE (1u << 20)
#define UPLOAD_SIZE     (32u << 20)

static void batch_allocation(struct bench *bench)
{
    const VkMemoryPropertyFlags flags =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = ALLOCATION_SIZE,
        .memoryTypeIndex = demo_memory_type(&bench->device, UINT32_MAX, flags, 0),
    };
    VkDeviceMemory memory;
    void *map;

    DEMO_VK(vkAllocateMemory(bench->device.device, &info, NULL, &memory));
    DEMO_VK(vkMapMemory(bench->device.device, memory, 0, VK_WHOLE_SIZE, 0, &map));
    vkFreeMemory(bench->device.device, memory, NULL);
}

static double measure_allocation(struct bench *bench)
{
    return measure(bench, batch_allocation) * 1e6;
}

static void batch_upload(struct bench *bench)
{
    memcpy(bench->upload.map, bench->source, UPLOAD_SIZE);
}

static double measure_upload(struct bench *bench)
{
    demo_buffer_create(&bench->device, &bench->upload, UPLOAD_SIZE,
                       VK_BUFFER_USAGE_TRANSFER_SRC_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);
    bench->source = malloc(UPLOAD_SIZE);
    memset(bench->source, 0x5a, UPLOAD_SIZE);
    return UPLOAD_SIZE / measure(bench, batch_upload) / 1e9;
}

static double measure_version(struct bench *bench)
{
    return VK_API_VERSION_MAJOR(bench->device.api_version) +
           VK_API_VERSION_MINOR(bench->device.api_version) / 10.0;
}

/* ------------------------------------------------------------------ main */

static const struct row {
    const char *name, *title, *unit;
    bool more_is_better;
    double (*measure)(struct bench *bench);
} rows[] = {
    {"call", "synchronous call", "µs", false, measure_call},
    {"buffer", "buffer create+destroy", "µs", false, measure_buffer},
    {"submit", "empty submit + wait, p50", "µs", false, measure_submit},
    {"draws", "small draws", "k/s", true, measure_draws},
    {"records", "recorded commands (never submitted)", "M/s", true, measure_records},
    {"allocation", "allocate+map+free 1 MiB", "µs", false, measure_allocation},
    {"upload", "mapped upload", "GB/s", true, measure_upload},
    {"version", "Vulkan version in the client", "", true, measure_version},
};

static void list_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        printf("{\"row\": \"%s\", \"title\": \"%s\", \"unit\": \"%s\", \"more_is_better\": %s}\n",
               rows[i].name, rows[i].title, rows[i].unit,
               rows[i].more_is_better ? "true" : "false");
}

static const struct row *find_row(const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    demo_die("no row is called '%s'; see --list", name);
}

static void destroy(struct bench *bench)
{
    VkDevice device = bench->device.device;

    vkDestroyPipeline(device, bench->pipeline, NULL);
    vkDestroyPipelineLayout(device, bench->layout, NULL);
    vkDestroyFramebuffer(device, bench->framebuffer, NULL);
    vkDestroyRenderPass(device, bench->render_pass, NULL);
    demo_image_destroy(&bench->device, &bench->target);
    demo_buffer_destroy(&bench->device, &bench->upload);
    free(bench->source);
    vkDestroyFence(device, bench->fence, NULL);
    vkDestroyImage(device, bench->linear_image, NULL);
    demo_device_destroy(&bench->device);
}

int main(int argc, char **argv)
{
    const VkFenceCreateInfo fence_info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    struct bench bench = {0};

    if (argc != 2) {
        fprintf(stderr, "Usage: vkbench ROW | --list\n");
        return 2;
    }
    if (strcmp(argv[1], "--list") == 0) {
        list_rows();
        return 0;
    }
    const struct row *row = find_row(argv[1]);
    demo_device_choose(&bench.device, -1);
    demo_device_create(&bench.device, NULL);
    create_linear_image(&bench);
    DEMO_VK(vkCreateFence(bench.device.device, &fence_info, NULL, &bench.fence));
    printf("{\"row\": \"%s\", \"value\": %.6g, \"device\": \"%s\"}\n", row->name,
           row->measure(&bench), bench.device.properties.deviceName);
    destroy(&bench);
    return 0;
}
