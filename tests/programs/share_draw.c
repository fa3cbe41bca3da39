/* SPDX-License-Identifier: MIT */
/*
 * Two images change hands with the same commands, and the barrier of a depth image stands between
 * theirs. Each frame is drawn on the CPU as well, in `expected`.
 */
#include "share_draw.h"

#include "check.h"
#include "pipeline.h"
#include "shared_image.h"

#include "rect.frag.h"
#include "rect.vert.h"

#include <drm_fourcc.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_COUNT   2
#define BARRIER_COUNT (IMAGE_COUNT + 1)
#define DEPTH_USAGE   VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT

/* Layouts of the depth image, in a frame and between frames, so that validation sees when its
 * barrier gets lost among those of the others. */
#define DEPTH_DRAWN   VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL
#define DEPTH_WAITING VK_IMAGE_LAYOUT_GENERAL

struct drawing {
    const struct demo_device *device;
    const struct share_way *way;
    PFN_vkCmdPipelineBarrier2 barrier2; /* if the way is that */
    uint32_t width, height;
    struct demo_shared_image images[IMAGE_COUNT];
    uint32_t *expected[IMAGE_COUNT]; /* width * height pixels */
    struct demo_image depth;
    VkRenderPass clearing_pass, loading_pass; /* compatible */
    VkFramebuffer framebuffers[IMAGE_COUNT];
    VkPipelineLayout layout;
    VkPipeline pipeline;
    uint32_t random;
};

struct rect {
    uint32_t x, y, width, height, color; /* as in memory */
};

/* As in rect.vert. */
struct constants {
    float corners[4];
    float color[4];
    float depth;
};

/* What happens to an image that was handed over to the CPU. */
static const struct frame {
    const char *name;
    bool cpu_writes_all, cpu_writes_rows;
    bool is_kept; /* taken back with its content, which is cleared otherwise */
    bool is_drawn;
} frames[] = {
    {"the first", .is_drawn = true},
    {"another", .is_drawn = true},
    {"over the CPU's picture", .cpu_writes_all = true, .is_kept = true, .is_drawn = true},
    {"over the frame before", .is_kept = true, .is_drawn = true},
    {"over the CPU's rows", .cpu_writes_rows = true, .is_kept = true, .is_drawn = true},
    {"returned as it is", .is_kept = true},
    {"the last", .is_drawn = true},
};

#define FRAME_COUNT (sizeof(frames) / sizeof(frames[0]))

/* ------------------------------------------------------------------ resources */

static void create_pipeline(struct drawing *drawing)
{
    const struct demo_device *device = drawing->device;
    const VkPushConstantRange range = {VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof(struct constants)};
    const VkPipelineLayoutCreateInfo layout_info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .pushConstantRangeCount = 1,
        .pPushConstantRanges = &range,
    };

    DEMO_VK(vkCreatePipelineLayout(device->device, &layout_info, NULL, &drawing->layout));
    const struct demo_pipeline_options options = {
        .vertex_shader = DEMO_SHADER(device, rect_vert),
        .fragment_shader = DEMO_SHADER(device, rect_frag),
        .layout = drawing->layout,
        .render_pass = drawing->clearing_pass,
        .width = drawing->width,
        .height = drawing->height,
        .tests_depth = true,
    };
    drawing->pipeline = demo_pipeline_create(device, &options);
}

static void create_images(struct drawing *drawing)
{
    const uint64_t linear = DRM_FORMAT_MOD_LINEAR;
    const uint32_t width = drawing->width, height = drawing->height;

    VkCommandBuffer commands = demo_commands_begin(drawing->device);

    demo_image_create(drawing->device, &drawing->depth, DEMO_DEPTH_FORMAT, width, height,
                      DEPTH_USAGE);
    demo_image_barrier(commands, drawing->depth.image, VK_IMAGE_ASPECT_DEPTH_BIT,
                       VK_IMAGE_LAYOUT_UNDEFINED, DEPTH_WAITING);
    demo_commands_run(drawing->device, commands);
    for (uint32_t i = 0; i < IMAGE_COUNT; i++) {
        struct demo_shared_image *image = &drawing->images[i];
        demo_shared_image_create(drawing->device, image, SHARE_FORMAT, width, height, SHARE_USAGE,
                                 &linear, 1);
        drawing->framebuffers[i] = demo_framebuffer_create(
            drawing->device, drawing->clearing_pass,
            (const VkImageView[]){image->view, drawing->depth.view}, 2, width, height);
        drawing->expected[i] = calloc((size_t)width * height, sizeof(uint32_t));
        if (!drawing->expected[i])
            demo_die("no memory");
    }
}

static void create(struct drawing *drawing)
{
    const struct demo_device *device = drawing->device;

    if (drawing->way->uses_sync2)
        drawing->barrier2 = (PFN_vkCmdPipelineBarrier2)(void *)vkGetDeviceProcAddr(
            device->device, "vkCmdPipelineBarrier2");
    drawing->clearing_pass =
        demo_render_pass_create(device, SHARE_FORMAT, VK_ATTACHMENT_LOAD_OP_CLEAR, true);
    drawing->loading_pass =
        demo_render_pass_create(device, SHARE_FORMAT, VK_ATTACHMENT_LOAD_OP_LOAD, true);
    create_pipeline(drawing);
    create_images(drawing);
}

static void destroy(struct drawing *drawing)
{
    VkDevice device = drawing->device->device;

    for (uint32_t i = 0; i < IMAGE_COUNT; i++) {
        free(drawing->expected[i]);
        vkDestroyFramebuffer(device, drawing->framebuffers[i], NULL);
        demo_shared_image_destroy(drawing->device, &drawing->images[i]);
    }
    demo_image_destroy(drawing->device, &drawing->depth);
    vkDestroyPipeline(device, drawing->pipeline, NULL);
    vkDestroyPipelineLayout(device, drawing->layout, NULL);
    vkDestroyRenderPass(device, drawing->clearing_pass, NULL);
    vkDestroyRenderPass(device, drawing->loading_pass, NULL);
}

/* ------------------------------------------------------------------ changing hands */

static VkImageMemoryBarrier2 shared_barrier(const struct drawing *drawing, uint32_t i,
                                            bool is_release)
{
    const uint32_t own = drawing->device->queue_family, outside = drawing->way->outside_family;
    VkImageMemoryBarrier2 barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2,
        .srcStageMask = VK_PIPELINE_STAGE_2_TOP_OF_PIPE_BIT,
        .dstStageMask = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT,
        .dstAccessMask =
            VK_ACCESS_2_COLOR_ATTACHMENT_READ_BIT | VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT,
        .oldLayout = VK_IMAGE_LAYOUT_GENERAL,
        .newLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
        .srcQueueFamilyIndex = outside,
        .dstQueueFamilyIndex = own,
        .image = drawing->images[i].image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };

    if (!is_release)
        return barrier;
    barrier.srcStageMask = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT;
    barrier.dstStageMask = VK_PIPELINE_STAGE_2_BOTTOM_OF_PIPE_BIT;
    barrier.srcAccessMask = VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT;
    barrier.dstAccessMask = 0;
    barrier.oldLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
    barrier.newLayout = VK_IMAGE_LAYOUT_GENERAL;
    barrier.srcQueueFamilyIndex = own;
    barrier.dstQueueFamilyIndex = outside;
    return barrier;
}

/* The depth image stays ours. */
static VkImageMemoryBarrier2 depth_barrier(const struct drawing *drawing, bool is_release)
{
    const VkPipelineStageFlags2 stages =
        VK_PIPELINE_STAGE_2_EARLY_FRAGMENT_TESTS_BIT | VK_PIPELINE_STAGE_2_LATE_FRAGMENT_TESTS_BIT;

    return (VkImageMemoryBarrier2){
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2,
        .srcStageMask = stages,
        .srcAccessMask = VK_ACCESS_2_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT,
        .dstStageMask = stages,
        .dstAccessMask = VK_ACCESS_2_DEPTH_STENCIL_ATTACHMENT_READ_BIT |
                         VK_ACCESS_2_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT,
        .oldLayout = is_release ? DEPTH_DRAWN : DEPTH_WAITING,
        .newLayout = is_release ? DEPTH_WAITING : DEPTH_DRAWN,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = drawing->depth.image,
        .subresourceRange = {VK_IMAGE_ASPECT_DEPTH_BIT, 0, 1, 0, 1},
    };
}

/* The same barriers with vkCmdPipelineBarrier, which has one pair of stages for all. */
static void record_old(VkCommandBuffer commands, const VkImageMemoryBarrier2 *barriers)
{
    VkImageMemoryBarrier old[BARRIER_COUNT];
    VkPipelineStageFlags src_stages = 0, dst_stages = 0;

    for (uint32_t i = 0; i < BARRIER_COUNT; i++) {
        src_stages |= (VkPipelineStageFlags)barriers[i].srcStageMask;
        dst_stages |= (VkPipelineStageFlags)barriers[i].dstStageMask;
        old[i] = (VkImageMemoryBarrier){
            .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
            .srcAccessMask = (VkAccessFlags)barriers[i].srcAccessMask,
            .dstAccessMask = (VkAccessFlags)barriers[i].dstAccessMask,
            .oldLayout = barriers[i].oldLayout,
            .newLayout = barriers[i].newLayout,
            .srcQueueFamilyIndex = barriers[i].srcQueueFamilyIndex,
            .dstQueueFamilyIndex = barriers[i].dstQueueFamilyIndex,
            .image = barriers[i].image,
            .subresourceRange = barriers[i].subresourceRange,
        };
    }
    vkCmdPipelineBarrier(commands, src_stages, dst_stages, 0, 0, NULL, 0, NULL, BARRIER_COUNT, old);
}

static void record_barriers(const struct drawing *drawing, VkCommandBuffer commands,
                            bool is_release)
{
    const VkImageMemoryBarrier2 barriers[BARRIER_COUNT] = {
        shared_barrier(drawing, 0, is_release),
        depth_barrier(drawing, is_release),
        shared_barrier(drawing, 1, is_release),
    };
    const VkDependencyInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO,
        .imageMemoryBarrierCount = BARRIER_COUNT,
        .pImageMemoryBarriers = barriers,
    };

    if (drawing->barrier2)
        drawing->barrier2(commands, &info);
    else
        record_old(commands, barriers);
}

/* ------------------------------------------------------------------ drawing, twice */

static uint32_t next_color(struct drawing *drawing)
{
    drawing->random = drawing->random * 1664525 + 1013904223;
    return 0xff000000 | drawing->random >> 8;
}

static void unpack_color(uint32_t color, float *out_rgba)
{
    for (int i = 0; i < 3; i++)
        out_rgba[i] = (float)(color >> (16 - 8 * i) & 0xff) / 255;
    out_rgba[3] = 1;
}

static void fill(const struct drawing *drawing, uint32_t *pixels, const struct rect *rect)
{
    for (uint32_t y = rect->y; y < rect->y + rect->height; y++)
        for (uint32_t x = rect->x; x < rect->x + rect->width; x++)
            pixels[y * drawing->width + x] = rect->color;
}

static void record_rect(const struct drawing *drawing, VkCommandBuffer commands,
                        const struct rect *rect, float depth)
{
    const float width = (float)drawing->width, height = (float)drawing->height;
    struct constants constants = {
        .corners = {(float)rect->x / width * 2 - 1, (float)rect->y / height * 2 - 1,
                    (float)(rect->x + rect->width) / width * 2 - 1,
                    (float)(rect->y + rect->height) / height * 2 - 1},
        .depth = depth,
    };

    unpack_color(rect->color, constants.color);
    vkCmdPushConstants(commands, drawing->layout, VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof(constants),
                       &constants);
    vkCmdDraw(commands, 6, 1, 0, 0);
}

/* Two rectangles that overlap; the one that is drawn first is the nearer one. */
static void draw(struct drawing *drawing, VkCommandBuffer commands, uint32_t i, uint32_t number,
                 bool is_kept)
{
    const uint32_t width = drawing->width, height = drawing->height;
    const struct rect whole = {0, 0, width, height, next_color(drawing)};
    const struct rect near = {width / 8 + number, height / 8 + number, width / 2, height / 2,
                              next_color(drawing)};
    const struct rect far = {width / 3, height / 3 + number, width / 2, height / 2,
                             next_color(drawing)};
    VkClearValue clear_values[2] = {[1].depthStencil.depth = 1};
    const VkRenderPassBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = is_kept ? drawing->loading_pass : drawing->clearing_pass,
        .framebuffer = drawing->framebuffers[i],
        .renderArea = {{0, 0}, {width, height}},
        .clearValueCount = 2,
        .pClearValues = clear_values,
    };

    unpack_color(whole.color, clear_values[0].color.float32);
    vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, drawing->pipeline);
    record_rect(drawing, commands, &near, 0.3f);
    record_rect(drawing, commands, &far, 0.6f);
    vkCmdEndRenderPass(commands);

    if (!is_kept)
        fill(drawing, drawing->expected[i], &whole);
    fill(drawing, drawing->expected[i], &far);
    fill(drawing, drawing->expected[i], &near);
}

/* ------------------------------------------------------------------ the CPU's part */

static void write_rows(struct drawing *drawing, uint32_t i, uint32_t begin, uint32_t end)
{
    uint8_t *bytes = demo_shared_image_map(&drawing->images[i]);

    for (uint32_t y = begin; y < end; y++) {
        uint32_t *row = drawing->expected[i] + y * drawing->width;
        for (uint32_t x = 0; x < drawing->width; x++)
            row[x] = next_color(drawing);
        memcpy(bytes + y * drawing->images[i].layout.rowPitch, row, drawing->width * 4);
    }
}

static void compare(struct drawing *drawing, uint32_t i, const char *name)
{
    const uint8_t *bytes = demo_shared_image_map(&drawing->images[i]);

    for (uint32_t y = 0; y < drawing->height; y++)
        for (uint32_t x = 0; x < drawing->width; x++) {
            uint32_t expected = drawing->expected[i][y * drawing->width + x], pixel;
            memcpy(&pixel, bytes + y * drawing->images[i].layout.rowPitch + x * 4, sizeof(pixel));
            if (pixel != expected)
                demo_die("frame %s, image %u of %ux%u, pixel (%u, %u) is 0x%08x, not 0x%08x; "
                         "family 0x%x%s",
                         name, i, drawing->width, drawing->height, x, y, pixel, expected,
                         drawing->way->outside_family, drawing->barrier2 ? ", barrier 2" : "");
        }
}

static void check_frame(struct drawing *drawing, uint32_t number)
{
    const struct frame *frame = &frames[number];
    VkCommandBuffer commands;

    for (uint32_t i = 0; i < IMAGE_COUNT; i++) {
        if (frame->cpu_writes_all)
            write_rows(drawing, i, 0, drawing->height);
        if (frame->cpu_writes_rows)
            write_rows(drawing, i, drawing->height / 3, drawing->height / 2);
    }
    commands = demo_commands_begin(drawing->device);
    if (frame->is_kept)
        record_barriers(drawing, commands, false);
    else
        demo_image_barrier(commands, drawing->depth.image, VK_IMAGE_ASPECT_DEPTH_BIT, DEPTH_WAITING,
                           DEPTH_DRAWN);
    for (uint32_t i = 0; i < IMAGE_COUNT && frame->is_drawn; i++)
        draw(drawing, commands, i, number, frame->is_kept);
    record_barriers(drawing, commands, true);
    demo_commands_run(drawing->device, commands);
    for (uint32_t i = 0; i < IMAGE_COUNT; i++)
        compare(drawing, i, frame->name);
}

void share_draw_check(const struct demo_device *device, const struct share_way *way, uint32_t width,
                      uint32_t height, uint32_t seed)
{
    struct drawing drawing = {
        .device = device, .way = way, .width = width, .height = height, .random = seed};

    create(&drawing);
    for (uint32_t i = 0; i < FRAME_COUNT; i++)
        check_frame(&drawing, i);
    destroy(&drawing);
}
