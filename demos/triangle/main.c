/* SPDX-License-Identifier: MIT */
/*
 * triangle: one pipeline, one draw, three colours. The last picture is read back and checked at
 * places where its colour is known, through the very memory that the screen shows.
 */
#include "options.h"
#include "pipeline.h"

#include "triangle.frag.h"
#include "triangle.vert.h"

#include <stdio.h>
#include <stdlib.h>

struct triangle {
    const struct demo_target *target;
    VkRenderPass render_pass;
    VkFramebuffer framebuffers[DEMO_TARGET_IMAGE_COUNT];
    VkPipelineLayout layout;
    VkPipeline pipeline;
};

static void create(struct triangle *triangle, const struct demo_target *target)
{
    const struct demo_device *device = target->device;
    const VkPipelineLayoutCreateInfo layout_info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
    };

    triangle->target = target;
    triangle->render_pass =
        demo_render_pass_create(device, target->format, VK_ATTACHMENT_LOAD_OP_CLEAR, false);
    DEMO_VK(vkCreatePipelineLayout(device->device, &layout_info, NULL, &triangle->layout));
    const struct demo_pipeline_options options = {
        .vertex_shader = DEMO_SHADER(device, triangle_vert),
        .fragment_shader = DEMO_SHADER(device, triangle_frag),
        .layout = triangle->layout,
        .render_pass = triangle->render_pass,
        .width = target->width,
        .height = target->height,
    };
    triangle->pipeline = demo_pipeline_create(device, &options);
    for (int i = 0; i < DEMO_TARGET_IMAGE_COUNT; i++)
        triangle->framebuffers[i] = demo_framebuffer_create(
            device, triangle->render_pass, &target->views[i], 1, target->width, target->height);
}

static void destroy(struct triangle *triangle)
{
    VkDevice device = triangle->target->device->device;

    for (int i = 0; i < DEMO_TARGET_IMAGE_COUNT; i++)
        vkDestroyFramebuffer(device, triangle->framebuffers[i], NULL);
    vkDestroyPipeline(device, triangle->pipeline, NULL);
    vkDestroyPipelineLayout(device, triangle->layout, NULL);
    vkDestroyRenderPass(device, triangle->render_pass, NULL);
}

static void record(void *data, VkCommandBuffer commands, uint32_t index, uint64_t frame,
                   double seconds)
{
    const struct triangle *triangle = data;
    const VkClearValue background = {.color.float32 = {0.2f, 0.2f, 0.2f, 1}};
    const VkRenderPassBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = triangle->render_pass,
        .framebuffer = triangle->framebuffers[index],
        .renderArea = {{0, 0}, {triangle->target->width, triangle->target->height}},
        .clearValueCount = 1,
        .pClearValues = &background,
    };

    (void)frame, (void)seconds;
    vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, triangle->pipeline);
    vkCmdDraw(commands, 3, 1, 0, 0);
    vkCmdEndRenderPass(commands);
}

/* Places are in clip space; the colour between the corners is a weighted mean of theirs. */
static bool has_color(const struct demo_target *target, const uint8_t *rgba, double x, double y,
                      const int *expected)
{
    const uint32_t column = (uint32_t)((x + 1) / 2 * target->width);
    const uint32_t row = (uint32_t)((y + 1) / 2 * target->height);
    const uint8_t *pixel = rgba + ((size_t)row * target->width + column) * 4;

    for (int i = 0; i < 3; i++) {
        if (abs(pixel[i] - expected[i]) > 6) {
            fprintf(stderr, "triangle: pixel (%u, %u) is %d %d %d, not %d %d %d\n", column, row,
                    pixel[0], pixel[1], pixel[2], expected[0], expected[1], expected[2]);
            return false;
        }
    }
    return true;
}

static bool check_picture(struct demo_target *target, uint32_t index)
{
    static const struct {
        double x, y;
        int color[3];
    } places[] = {
        {-0.95, -0.95, {51, 51, 51}}, {0.95, 0.95, {51, 51, 51}}, {0.6, -0.6, {51, 51, 51}},
        {0, 0, {128, 64, 64}},        {0, 0.7, {9, 123, 123}},    {0.375, 0.5, {42, 170, 43}},
    };
    uint8_t *rgba = malloc((size_t)target->width * target->height * 4);
    bool good = true;

    if (!rgba)
        demo_die("out of memory");
    if (!demo_target_read(target, index, rgba))
        demo_skip("the picture cannot be checked: its memory is not linear");
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        good = has_color(target, rgba, places[i].x, places[i].y, places[i].color) && good;
    free(rgba);
    return good;
}

int main(int argc, char **argv)
{
    struct demo_draw_options draw = {.present = &demo_target_zero_copy_ops};
    const struct demo_option options[] = {DEMO_DRAW_OPTIONS(draw), {0}};
    struct triangle triangle;
    struct demo_stage stage;

    demo_options_parse(argc, argv, "A triangle for 3 seconds; the picture is checked.", options);
    demo_stage_open(&stage, draw.present, draw.size.width, draw.size.height);
    create(&triangle, stage.target);
    const struct demo_loop loop = {
        .frames = draw.frames,
        .seconds = draw.frames == 0 && draw.seconds <= 0 ? 3 : draw.seconds,
        .data = &triangle,
        .record = record,
    };
    struct demo_result result = demo_target_run(stage.target, &loop);
    demo_result_print(stage.target, &result, draw.json);
    bool good = check_picture(stage.target, result.last_index);
    if (draw.output)
        demo_target_write(stage.target, result.last_index, draw.output);

    demo_stage_restore(&stage);
    destroy(&triangle);
    demo_stage_close(&stage);
    return good ? 0 : 1;
}
