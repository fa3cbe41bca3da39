/* SPDX-License-Identifier: MIT */
/* Render passes and graphics pipelines, as much of them as small programs vary. Fails as vk.h. */
#ifndef DEMO_PIPELINE_H
#define DEMO_PIPELINE_H

#include "vk.h"

#define DEMO_DEPTH_FORMAT VK_FORMAT_D16_UNORM /* every driver has it */

/* One subpass with a colour attachment and, if `has_depth`, a depth attachment of
 * DEMO_DEPTH_FORMAT, which is cleared. `color_load_op` says what becomes of the colour that is
 * there before; to be loaded it must be in COLOR_ATTACHMENT_OPTIMAL. It is stored and in
 * COLOR_ATTACHMENT_OPTIMAL afterwards. Passes one after the other may use the same images. */
VkRenderPass demo_render_pass_create(const struct demo_device *device, VkFormat color_format,
                                     VkAttachmentLoadOp color_load_op, bool has_depth);

struct demo_pipeline_options {
    VkShaderModule vertex_shader, fragment_shader; /* destroyed by demo_pipeline_create */
    const VkPipelineVertexInputStateCreateInfo *vertex_input; /* NULL: no vertex buffers */
    VkPipelineLayout layout;
    VkRenderPass render_pass;
    uint32_t width, height; /* of viewport and scissor */
    bool tests_depth;       /* and writes it; LESS */
    bool culls_back;        /* front is counter-clockwise */
    bool blends;            /* source alpha */
};

VkPipeline demo_pipeline_create(const struct demo_device *device,
                                const struct demo_pipeline_options *options);

VkFramebuffer demo_framebuffer_create(const struct demo_device *device, VkRenderPass render_pass,
                                      const VkImageView *views, uint32_t view_count, uint32_t width,
                                      uint32_t height);

#endif
