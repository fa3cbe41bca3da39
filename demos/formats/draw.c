/* SPDX-License-Identifier: MIT */
#include "draw.h"

#include "pipeline.h"

#include "bars.frag.h"
#include "bars.vert.h"

#include <drm_fourcc.h>

#define USAGE VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT

struct push {
    int32_t order[CHANNEL_COUNT];
    int32_t size[2];
    float alpha;
};

static const uint64_t linear = DRM_FORMAT_MOD_LINEAR;

bool draw_is_possible(const struct demo_device *device, VkFormat format)
{
    uint64_t modifier;

    return demo_shared_image_modifiers(device, format, USAGE, &linear, 1, &modifier) == 1;
}

static VkPipelineLayout create_layout(const struct demo_device *device)
{
    const VkPushConstantRange range = {VK_SHADER_STAGE_FRAGMENT_BIT, 0, sizeof(struct push)};
    const VkPipelineLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .pushConstantRangeCount = 1,
        .pPushConstantRanges = &range,
    };
    VkPipelineLayout layout;

    DEMO_VK(vkCreatePipelineLayout(device->device, &info, NULL, &layout));
    return layout;
}

static void run(const struct demo_device *device, const struct demo_pipeline_options *options,
                const struct push *push, const struct demo_shared_image *image)
{
    VkFramebuffer framebuffer = demo_framebuffer_create(device, options->render_pass, &image->view,
                                                        1, options->width, options->height);
    VkPipeline pipeline = demo_pipeline_create(device, options);
    VkCommandBuffer commands = demo_commands_begin(device);
    const VkRenderPassBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = options->render_pass,
        .framebuffer = framebuffer,
        .renderArea = {{0, 0}, {options->width, options->height}},
    };

    vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline);
    vkCmdPushConstants(commands, options->layout, VK_SHADER_STAGE_FRAGMENT_BIT, 0, sizeof(*push),
                       push);
    vkCmdDraw(commands, 3, 1, 0, 0);
    vkCmdEndRenderPass(commands);
    demo_shared_image_release(device, image, commands, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
    demo_commands_run(device, commands);
    vkDestroyPipeline(device->device, pipeline, NULL);
    vkDestroyFramebuffer(device->device, framebuffer, NULL);
}

void draw_image(const struct demo_device *device, const struct pixel_format *format, uint32_t width,
                uint32_t height, float alpha, struct demo_shared_image *out_image)
{
    struct push push = {.size = {(int32_t)width, (int32_t)height}, .alpha = alpha};

    for (int i = 0; i < CHANNEL_COUNT; i++)
        push.order[i] = format->order[i];
    demo_shared_image_create(device, out_image, format->format, width, height, USAGE, &linear, 1);
    const struct demo_pipeline_options options = {
        .vertex_shader = DEMO_SHADER(device, bars_vert),
        .fragment_shader = DEMO_SHADER(device, bars_frag),
        .layout = create_layout(device),
        .render_pass =
            demo_render_pass_create(device, format->format, VK_ATTACHMENT_LOAD_OP_DONT_CARE, false),
        .width = width,
        .height = height,
    };
    run(device, &options, &push, out_image);
    vkDestroyRenderPass(device->device, options.render_pass, NULL);
    vkDestroyPipelineLayout(device->device, options.layout, NULL);
}
