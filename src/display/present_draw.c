/* SPDX-License-Identifier: MIT */
/*
 * Pictures are drawn as textured rectangles rather than blitted: drawing is the one use that every
 * swapchain image allows, it sets alpha, and the cursor needs blending anyway.
 */
#include "display/present_draw.h"

#include "display/window_layout.h"
#include "present_quad.frag.h"
#include "present_quad.vert.h"

#include <string.h>

struct quad {
    float x, y, width, height; /* in clip space */
};

/* ------------------------------------------------------------------ set-up */

static VkResult create_samplers(struct hsp_present_painter *painter,
                                const struct hsp_present_gpu *gpu)
{
    VkSamplerCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
        .addressModeU = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
        .addressModeV = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
        .addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
    };
    VkResult result = vkCreateSampler(gpu->device, &info, NULL, &painter->exact);

    if (result != VK_SUCCESS)
        return result;
    info.magFilter = info.minFilter = VK_FILTER_LINEAR;
    return vkCreateSampler(gpu->device, &info, NULL, &painter->smooth);
}

static VkResult create_sets(struct hsp_present_painter *painter, const struct hsp_present_gpu *gpu)
{
    VkDescriptorSetLayoutBinding binding = {
        .descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
        .descriptorCount = 1,
        .stageFlags = VK_SHADER_STAGE_FRAGMENT_BIT,
    };
    VkDescriptorSetLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = 1,
        .pBindings = &binding,
    };
    VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 2};
    VkDescriptorPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = 2,
        .poolSizeCount = 1,
        .pPoolSizes = &size,
    };
    VkResult result = vkCreateDescriptorSetLayout(gpu->device, &layout, NULL, &painter->set_layout);

    if (result == VK_SUCCESS)
        result = vkCreateDescriptorPool(gpu->device, &pool, NULL, &painter->set_pool);
    if (result != VK_SUCCESS)
        return result;

    VkDescriptorSetLayout layouts[] = {painter->set_layout, painter->set_layout};
    VkDescriptorSet sets[2];
    VkDescriptorSetAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = painter->set_pool,
        .descriptorSetCount = 2,
        .pSetLayouts = layouts,
    };
    result = vkAllocateDescriptorSets(gpu->device, &info, sets);
    if (result == VK_SUCCESS) {
        painter->picture_set = sets[0];
        painter->cursor_set = sets[1];
    }
    return result;
}

static VkResult create_layout(struct hsp_present_painter *painter,
                              const struct hsp_present_gpu *gpu)
{
    VkPushConstantRange range = {VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof(struct quad)};
    VkPipelineLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &painter->set_layout,
        .pushConstantRangeCount = 1,
        .pPushConstantRanges = &range,
    };

    return vkCreatePipelineLayout(gpu->device, &info, NULL, &painter->layout);
}

static VkResult create_shader(const struct hsp_present_gpu *gpu, const uint32_t *code, size_t size,
                              VkShaderModule *out_module)
{
    VkShaderModuleCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = size,
        .pCode = code,
    };

    return vkCreateShaderModule(gpu->device, &info, NULL, out_module);
}

static VkResult create_pipeline(const struct hsp_present_painter *painter,
                                const struct hsp_present_gpu *gpu,
                                const VkPipelineShaderStageCreateInfo *stages, VkFormat format,
                                bool blends, VkPipeline *out_pipeline)
{
    static const VkDynamicState dynamic_states[] = {VK_DYNAMIC_STATE_VIEWPORT,
                                                    VK_DYNAMIC_STATE_SCISSOR};
    VkPipelineRenderingCreateInfo rendering = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO,
        .colorAttachmentCount = 1,
        .pColorAttachmentFormats = &format,
    };
    VkPipelineVertexInputStateCreateInfo vertices = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
    };
    VkPipelineInputAssemblyStateCreateInfo assembly = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
        .topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_STRIP,
    };
    VkPipelineViewportStateCreateInfo viewport = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
        .viewportCount = 1,
        .scissorCount = 1,
    };
    VkPipelineRasterizationStateCreateInfo rasterization = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO,
        .lineWidth = 1.0f,
    };
    VkPipelineMultisampleStateCreateInfo samples = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
        .rasterizationSamples = VK_SAMPLE_COUNT_1_BIT,
    };
    VkPipelineColorBlendAttachmentState attachment = {
        .blendEnable = blends,
        /* The cursor's colours are multiplied by alpha already. */
        .srcColorBlendFactor = VK_BLEND_FACTOR_ONE,
        .dstColorBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA,
        .srcAlphaBlendFactor = VK_BLEND_FACTOR_ZERO,
        .dstAlphaBlendFactor = VK_BLEND_FACTOR_ONE,
        .colorWriteMask = VK_COLOR_COMPONENT_R_BIT | VK_COLOR_COMPONENT_G_BIT |
                          VK_COLOR_COMPONENT_B_BIT | VK_COLOR_COMPONENT_A_BIT,
    };
    VkPipelineColorBlendStateCreateInfo blending = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
        .attachmentCount = 1,
        .pAttachments = &attachment,
    };
    VkPipelineDynamicStateCreateInfo dynamic = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO,
        .dynamicStateCount = HSP_ARRAY_COUNT(dynamic_states),
        .pDynamicStates = dynamic_states,
    };
    VkGraphicsPipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
        .pNext = &rendering,
        .stageCount = 2,
        .pStages = stages,
        .pVertexInputState = &vertices,
        .pInputAssemblyState = &assembly,
        .pViewportState = &viewport,
        .pRasterizationState = &rasterization,
        .pMultisampleState = &samples,
        .pColorBlendState = &blending,
        .pDynamicState = &dynamic,
        .layout = painter->layout,
    };

    return vkCreateGraphicsPipelines(gpu->device, VK_NULL_HANDLE, 1, &info, NULL, out_pipeline);
}

static VkResult create_pipelines(struct hsp_present_painter *painter,
                                 const struct hsp_present_gpu *gpu, VkFormat format)
{
    VkPipelineShaderStageCreateInfo stages[] = {
        {
            .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
            .stage = VK_SHADER_STAGE_VERTEX_BIT,
            .pName = "main",
        },
        {
            .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
            .stage = VK_SHADER_STAGE_FRAGMENT_BIT,
            .pName = "main",
        },
    };
    VkResult result =
        create_shader(gpu, present_quad_vert, sizeof(present_quad_vert), &stages[0].module);

    if (result == VK_SUCCESS)
        result =
            create_shader(gpu, present_quad_frag, sizeof(present_quad_frag), &stages[1].module);
    if (result == VK_SUCCESS)
        result = create_pipeline(painter, gpu, stages, format, false, &painter->opaque);
    if (result == VK_SUCCESS)
        result = create_pipeline(painter, gpu, stages, format, true, &painter->blended);
    vkDestroyShaderModule(gpu->device, stages[0].module, NULL);
    vkDestroyShaderModule(gpu->device, stages[1].module, NULL);
    return result;
}

VkResult hsp_present_painter_init(struct hsp_present_painter *painter,
                                  const struct hsp_present_gpu *gpu, VkFormat target_format)
{
    VkResult result;

    memset(painter, 0, sizeof(*painter));
    result = hsp_present_commands_init(&painter->commands, gpu);
    if (result == VK_SUCCESS)
        result = create_samplers(painter, gpu);
    if (result == VK_SUCCESS)
        result = create_sets(painter, gpu);
    if (result == VK_SUCCESS)
        result = create_layout(painter, gpu);
    if (result == VK_SUCCESS)
        result = create_pipelines(painter, gpu, target_format);
    return result;
}

void hsp_present_painter_finish(struct hsp_present_painter *painter,
                                const struct hsp_present_gpu *gpu)
{
    if (!gpu->device)
        return;
    vkDestroyPipeline(gpu->device, painter->opaque, NULL);
    vkDestroyPipeline(gpu->device, painter->blended, NULL);
    vkDestroyPipelineLayout(gpu->device, painter->layout, NULL);
    vkDestroyDescriptorPool(gpu->device, painter->set_pool, NULL);
    vkDestroyDescriptorSetLayout(gpu->device, painter->set_layout, NULL);
    vkDestroySampler(gpu->device, painter->exact, NULL);
    vkDestroySampler(gpu->device, painter->smooth, NULL);
    hsp_present_commands_finish(&painter->commands, gpu);
    memset(painter, 0, sizeof(*painter));
}

/* ------------------------------------------------------------------ drawing */

static void write_set(const struct hsp_present_gpu *gpu, VkDescriptorSet set, VkSampler sampler,
                      VkImageView view)
{
    VkDescriptorImageInfo image = {
        .sampler = sampler,
        .imageView = view,
        .imageLayout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
    };
    VkWriteDescriptorSet write = {
        .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
        .dstSet = set,
        .descriptorCount = 1,
        .descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
        .pImageInfo = &image,
    };

    vkUpdateDescriptorSets(gpu->device, 1, &write, 0, NULL);
}

static void record_target_barrier(VkCommandBuffer commands, VkImage image, bool begins)
{
    VkImageMemoryBarrier2 barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2,
        .srcStageMask = VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT,
        .srcAccessMask = begins ? VK_ACCESS_2_NONE : VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT,
        .dstStageMask =
            begins ? VK_PIPELINE_STAGE_2_COLOR_ATTACHMENT_OUTPUT_BIT : VK_PIPELINE_STAGE_2_NONE,
        .dstAccessMask = begins ? VK_ACCESS_2_COLOR_ATTACHMENT_WRITE_BIT : VK_ACCESS_2_NONE,
        .oldLayout = begins ? VK_IMAGE_LAYOUT_UNDEFINED : VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
        .newLayout =
            begins ? VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL : VK_IMAGE_LAYOUT_PRESENT_SRC_KHR,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    VkDependencyInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO,
        .imageMemoryBarrierCount = 1,
        .pImageMemoryBarriers = &barrier,
    };

    vkCmdPipelineBarrier2(commands, &info);
}

static void record_quad(VkCommandBuffer commands, const struct hsp_present_painter *painter,
                        VkPipeline pipeline, VkDescriptorSet set, const struct quad *quad)
{
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, painter->layout, 0, 1, &set,
                            0, NULL);
    vkCmdPushConstants(commands, painter->layout, VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof(*quad),
                       quad);
    vkCmdDraw(commands, 4, 1, 0, 0);
}

/* The cursor in the clip space of the picture's rectangle. */
static struct quad place_cursor(const struct hsp_present_scene *scene)
{
    float width = (float)scene->picture->width, height = (float)scene->picture->height;

    return (struct quad){
        .x = -1.0f + 2.0f * (float)scene->cursor_x / width,
        .y = -1.0f + 2.0f * (float)scene->cursor_y / height,
        .width = 2.0f * (float)scene->cursor->width / width,
        .height = 2.0f * (float)scene->cursor->height / height,
    };
}

static void record_scene(const struct hsp_present_painter *painter,
                         const struct hsp_present_scene *scene,
                         const struct hsp_window_layout *layout)
{
    VkCommandBuffer commands = painter->commands.buffer;
    const struct quad whole = {-1.0f, -1.0f, 2.0f, 2.0f};
    VkViewport viewport = {
        .x = (float)layout->x,
        .y = (float)layout->y,
        .width = (float)layout->width,
        .height = (float)layout->height,
        .maxDepth = 1.0f,
    };
    VkRect2D scissor = {{(int32_t)layout->x, (int32_t)layout->y}, {layout->width, layout->height}};

    vkCmdSetViewport(commands, 0, 1, &viewport);
    vkCmdSetScissor(commands, 0, 1, &scissor);
    record_quad(commands, painter, painter->opaque, painter->picture_set, &whole);
    if (scene->cursor->width > 0) {
        struct quad cursor = place_cursor(scene);
        record_quad(commands, painter, painter->blended, painter->cursor_set, &cursor);
    }
}

static void update_sets(const struct hsp_present_painter *painter,
                        const struct hsp_present_gpu *gpu, const struct hsp_present_scene *scene,
                        const struct hsp_window_layout *layout)
{
    /* At its own size a picture keeps its pixels exactly. */
    bool is_exact =
        layout->width == scene->picture->width && layout->height == scene->picture->height;
    VkSampler sampler = is_exact ? painter->exact : painter->smooth;

    write_set(gpu, painter->picture_set, sampler, scene->picture->view);
    if (scene->cursor->width > 0)
        write_set(gpu, painter->cursor_set, sampler, scene->cursor->view);
}

VkResult hsp_present_paint(struct hsp_present_painter *painter, struct hsp_present_gpu *gpu,
                           const struct hsp_present_scene *scene,
                           const struct hsp_present_target *target, uint32_t width, uint32_t height,
                           VkSemaphore wait)
{
    VkRenderingAttachmentInfo attachment = {
        .sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
        .imageView = target->view,
        .imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
        .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
        .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
        .clearValue.color.float32 = {0.0f, 0.0f, 0.0f, 1.0f},
    };
    VkRenderingInfo rendering = {
        .sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
        .renderArea.extent = {width, height},
        .layerCount = 1,
        .colorAttachmentCount = 1,
        .pColorAttachments = &attachment,
    };
    VkCommandBuffer commands = painter->commands.buffer;
    VkResult result = hsp_present_commands_begin(&painter->commands, gpu);

    if (result != VK_SUCCESS)
        return result;
    record_target_barrier(commands, target->image, true);
    vkCmdBeginRendering(commands, &rendering);
    if (scene->picture->width > 0) {
        struct hsp_window_layout layout = hsp_window_layout_get(
            scene->scale, scene->picture->width, scene->picture->height, width, height);
        update_sets(painter, gpu, scene, &layout);
        record_scene(painter, scene, &layout);
    }
    vkCmdEndRendering(commands);
    record_target_barrier(commands, target->image, false);
    return hsp_present_commands_submit(&painter->commands, gpu, wait, target->drawn);
}
