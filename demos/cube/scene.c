/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include "backdrop.frag.h"
#include "backdrop.vert.h"
#include "cube.frag.h"
#include "cube.vert.h"

#include <math.h>
#include <string.h>

#define DEPTH_FORMAT VK_FORMAT_D16_UNORM /* every driver has it */

struct vertex {
    float position[3];
    float normal[3];
    float color[3];
    float coordinate[2];
};

/* One face is four corners; the six are in the order +x -x +y -y +z -z. Linear colours. */
static const struct {
    float normal[3], right[3], up[3], color[3];
} faces[6] = {
    {{1, 0, 0}, {0, 0, -1}, {0, 1, 0}, {0.80f, 0.09f, 0.04f}},
    {{-1, 0, 0}, {0, 0, 1}, {0, 1, 0}, {0.85f, 0.30f, 0.02f}},
    {{0, 1, 0}, {1, 0, 0}, {0, 0, -1}, {0.85f, 0.80f, 0.70f}},
    {{0, -1, 0}, {1, 0, 0}, {0, 0, 1}, {0.80f, 0.62f, 0.03f}},
    {{0, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0.02f, 0.22f, 0.75f}},
    {{0, 0, -1}, {-1, 0, 0}, {0, 1, 0}, {0.03f, 0.48f, 0.14f}},
};

#define VERTEX_COUNT 24
#define INDEX_COUNT  36

static void fill_vertices(struct vertex *vertices)
{
    static const float corners[4][2] = {{-1, -1}, {1, -1}, {1, 1}, {-1, 1}};

    for (int i = 0; i < VERTEX_COUNT; i++) {
        const float *corner = corners[i % 4];
        struct vertex *vertex = &vertices[i];

        for (int axis = 0; axis < 3; axis++)
            vertex->position[axis] = faces[i / 4].normal[axis] +
                                     corner[0] * faces[i / 4].right[axis] +
                                     corner[1] * faces[i / 4].up[axis];
        memcpy(vertex->normal, faces[i / 4].normal, sizeof(vertex->normal));
        memcpy(vertex->color, faces[i / 4].color, sizeof(vertex->color));
        memcpy(vertex->coordinate, corner, sizeof(vertex->coordinate));
    }
}

static void fill_indices(uint16_t *indices)
{
    static const uint16_t quad[6] = {0, 1, 2, 2, 3, 0};

    for (int i = 0; i < INDEX_COUNT; i++)
        indices[i] = (uint16_t)(4 * (i / 6) + quad[i % 6]);
}

static void create_buffers(struct cube_scene *scene)
{
    const VkMemoryPropertyFlags visible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;

    demo_buffer_create(scene->device, &scene->vertices, VERTEX_COUNT * sizeof(struct vertex),
                       VK_BUFFER_USAGE_VERTEX_BUFFER_BIT, visible, 0);
    demo_buffer_create(scene->device, &scene->indices, INDEX_COUNT * sizeof(uint16_t),
                       VK_BUFFER_USAGE_INDEX_BUFFER_BIT, visible, 0);
    fill_vertices(scene->vertices.map);
    fill_indices(scene->indices.map);
}

/* ------------------------------------------------------------------ pipelines */

static void create_render_pass(struct cube_scene *scene, VkFormat format)
{
    const VkAttachmentDescription attachments[] = {
        {
            .format = format,
            .samples = VK_SAMPLE_COUNT_1_BIT,
            .loadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE, /* the backdrop covers all */
            .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
            .stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE,
            .stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE,
            .initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
            .finalLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
        },
        {
            .format = DEPTH_FORMAT,
            .samples = VK_SAMPLE_COUNT_1_BIT,
            .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
            .storeOp = VK_ATTACHMENT_STORE_OP_DONT_CARE,
            .stencilLoadOp = VK_ATTACHMENT_LOAD_OP_DONT_CARE,
            .stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE,
            .initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
            .finalLayout = VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL,
        },
    };
    const VkAttachmentReference color = {0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
    const VkAttachmentReference depth = {1, VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL};
    const VkSubpassDescription subpass = {
        .pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS,
        .colorAttachmentCount = 1,
        .pColorAttachments = &color,
        .pDepthStencilAttachment = &depth,
    };
    /* The depth image and, after some frames, the colour image were written by the frames before.
     */
    const VkPipelineStageFlags stages = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT |
                                        VK_PIPELINE_STAGE_EARLY_FRAGMENT_TESTS_BIT |
                                        VK_PIPELINE_STAGE_LATE_FRAGMENT_TESTS_BIT;
    const VkAccessFlags access =
        VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT | VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT;
    const VkSubpassDependency dependency = {
        .srcSubpass = VK_SUBPASS_EXTERNAL,
        .dstSubpass = 0,
        .srcStageMask = stages,
        .dstStageMask = stages,
        .srcAccessMask = access,
        .dstAccessMask = access | VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_READ_BIT,
    };
    const VkRenderPassCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO,
        .attachmentCount = 2,
        .pAttachments = attachments,
        .subpassCount = 1,
        .pSubpasses = &subpass,
        .dependencyCount = 1,
        .pDependencies = &dependency,
    };

    DEMO_VK(vkCreateRenderPass(scene->device->device, &info, NULL, &scene->render_pass));
}

static void create_layout(struct cube_scene *scene)
{
    const VkPushConstantRange range = {VK_SHADER_STAGE_VERTEX_BIT, 0, 2 * 16 * sizeof(float)};
    const VkPipelineLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .pushConstantRangeCount = 1,
        .pPushConstantRanges = &range,
    };

    DEMO_VK(vkCreatePipelineLayout(scene->device->device, &info, NULL, &scene->layout));
}

static VkPipeline create_pipeline(const struct cube_scene *scene, VkShaderModule vertex_shader,
                                  VkShaderModule fragment_shader,
                                  const VkPipelineVertexInputStateCreateInfo *vertex_input,
                                  bool is_solid)
{
    const VkPipelineShaderStageCreateInfo stages[] = {
        {
            .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
            .stage = VK_SHADER_STAGE_VERTEX_BIT,
            .module = vertex_shader,
            .pName = "main",
        },
        {
            .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
            .stage = VK_SHADER_STAGE_FRAGMENT_BIT,
            .module = fragment_shader,
            .pName = "main",
        },
    };
    const VkPipelineInputAssemblyStateCreateInfo assembly = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
        .topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST,
    };
    const VkViewport viewport = {0, 0, (float)scene->width, (float)scene->height, 0, 1};
    const VkRect2D scissor = {{0, 0}, {scene->width, scene->height}};
    const VkPipelineViewportStateCreateInfo view = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
        .viewportCount = 1,
        .pViewports = &viewport,
        .scissorCount = 1,
        .pScissors = &scissor,
    };
    const VkPipelineRasterizationStateCreateInfo rasterization = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO,
        .polygonMode = VK_POLYGON_MODE_FILL,
        .cullMode = is_solid ? VK_CULL_MODE_BACK_BIT : VK_CULL_MODE_NONE,
        .frontFace = VK_FRONT_FACE_COUNTER_CLOCKWISE,
        .lineWidth = 1,
    };
    const VkPipelineMultisampleStateCreateInfo multisample = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
        .rasterizationSamples = VK_SAMPLE_COUNT_1_BIT,
    };
    const VkPipelineDepthStencilStateCreateInfo depth = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO,
        .depthTestEnable = is_solid,
        .depthWriteEnable = is_solid,
        .depthCompareOp = VK_COMPARE_OP_LESS,
    };
    const VkPipelineColorBlendAttachmentState blend_attachment = {.colorWriteMask = 0xf};
    const VkPipelineColorBlendStateCreateInfo blend = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
        .attachmentCount = 1,
        .pAttachments = &blend_attachment,
    };
    const VkGraphicsPipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
        .stageCount = 2,
        .pStages = stages,
        .pVertexInputState = vertex_input,
        .pInputAssemblyState = &assembly,
        .pViewportState = &view,
        .pRasterizationState = &rasterization,
        .pMultisampleState = &multisample,
        .pDepthStencilState = &depth,
        .pColorBlendState = &blend,
        .layout = scene->layout,
        .renderPass = scene->render_pass,
    };
    VkPipeline pipeline;

    DEMO_VK(vkCreateGraphicsPipelines(scene->device->device, VK_NULL_HANDLE, 1, &info, NULL,
                                      &pipeline));
    vkDestroyShaderModule(scene->device->device, vertex_shader, NULL);
    vkDestroyShaderModule(scene->device->device, fragment_shader, NULL);
    return pipeline;
}

static void create_pipelines(struct cube_scene *scene)
{
    const struct demo_device *device = scene->device;
    const VkVertexInputBindingDescription binding = {0, sizeof(struct vertex),
                                                     VK_VERTEX_INPUT_RATE_VERTEX};
    const VkVertexInputAttributeDescription attributes[] = {
        {0, 0, VK_FORMAT_R32G32B32_SFLOAT, offsetof(struct vertex, position)},
        {1, 0, VK_FORMAT_R32G32B32_SFLOAT, offsetof(struct vertex, normal)},
        {2, 0, VK_FORMAT_R32G32B32_SFLOAT, offsetof(struct vertex, color)},
        {3, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(struct vertex, coordinate)},
    };
    const VkPipelineVertexInputStateCreateInfo no_vertices = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
    };
    const VkPipelineVertexInputStateCreateInfo vertices = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
        .vertexBindingDescriptionCount = 1,
        .pVertexBindingDescriptions = &binding,
        .vertexAttributeDescriptionCount = 4,
        .pVertexAttributeDescriptions = attributes,
    };

    scene->backdrop = create_pipeline(scene, DEMO_SHADER(device, backdrop_vert),
                                      DEMO_SHADER(device, backdrop_frag), &no_vertices, false);
    scene->cube = create_pipeline(scene, DEMO_SHADER(device, cube_vert),
                                  DEMO_SHADER(device, cube_frag), &vertices, true);
}

void cube_scene_create(struct cube_scene *scene, const struct demo_device *device, VkFormat format,
                       uint32_t width, uint32_t height, const VkImageView *views,
                       uint32_t image_count)
{
    *scene = (struct cube_scene){
        .device = device,
        .width = width,
        .height = height,
        .image_count = image_count,
    };
    create_buffers(scene);
    demo_image_create(device, &scene->depth, DEPTH_FORMAT, width, height,
                      VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT);
    create_render_pass(scene, format);
    create_layout(scene);
    create_pipelines(scene);
    for (uint32_t i = 0; i < image_count; i++) {
        const VkImageView attachments[] = {views[i], scene->depth.view};
        const VkFramebufferCreateInfo info = {
            .sType = VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO,
            .renderPass = scene->render_pass,
            .attachmentCount = 2,
            .pAttachments = attachments,
            .width = width,
            .height = height,
            .layers = 1,
        };
        DEMO_VK(vkCreateFramebuffer(device->device, &info, NULL, &scene->framebuffers[i]));
    }
}

void cube_scene_destroy(struct cube_scene *scene)
{
    VkDevice device = scene->device->device;

    for (uint32_t i = 0; i < scene->image_count; i++)
        vkDestroyFramebuffer(device, scene->framebuffers[i], NULL);
    vkDestroyPipeline(device, scene->cube, NULL);
    vkDestroyPipeline(device, scene->backdrop, NULL);
    vkDestroyPipelineLayout(device, scene->layout, NULL);
    vkDestroyRenderPass(device, scene->render_pass, NULL);
    demo_image_destroy(scene->device, &scene->depth);
    demo_buffer_destroy(scene->device, &scene->vertices);
    demo_buffer_destroy(scene->device, &scene->indices);
    *scene = (struct cube_scene){0};
}

/* ------------------------------------------------------------------ drawing */

/* Matrices are column by column, as in GLSL. */
static void multiply(float *out, const float *a, const float *b)
{
    for (int column = 0; column < 4; column++)
        for (int row = 0; row < 4; row++) {
            float sum = 0;
            for (int k = 0; k < 4; k++)
                sum += a[k * 4 + row] * b[column * 4 + k];
            out[column * 4 + row] = sum;
        }
}

/* A turn about y by `angle`, then about x by a fixed tilt, so that three faces are seen. */
static void turn(float *out, double angle)
{
    const double tilt = 0.55, a = angle * M_PI / 180;
    const float cx = (float)cos(tilt), sx = (float)sin(tilt);
    const float cy = (float)cos(a), sy = (float)sin(a);
    const float about_y[16] = {cy, 0, -sy, 0, 0, 1, 0, 0, sy, 0, cy, 0, 0, 0, 0, 1};
    const float about_x[16] = {1, 0, 0, 0, 0, cx, sx, 0, 0, -sx, cx, 0, 0, 0, 0, 1};

    multiply(out, about_x, about_y);
}

/* The eye is at z = 5 and looks at the origin. Vulkan: y down, depth 0 to 1. */
static void project(float *out, float aspect)
{
    const float near = 1, far = 20, distance = 5, scale = 2.1f;
    const float a = far / (near - far), b = near * far / (near - far);
    const float matrix[16] = {
        scale / aspect, 0, 0, 0, 0, -scale, 0, 0, 0, 0, a, -1, 0, 0, b - a * distance, distance,
    };

    memcpy(out, matrix, sizeof(matrix));
}

void cube_scene_record(const struct cube_scene *scene, VkCommandBuffer commands, uint32_t index,
                       double angle)
{
    struct {
        float clip_from_model[16], world_from_model[16];
    } push;
    const VkClearValue clear_values[2] = {[1].depthStencil.depth = 1};
    const VkRenderPassBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = scene->render_pass,
        .framebuffer = scene->framebuffers[index],
        .renderArea = {{0, 0}, {scene->width, scene->height}},
        .clearValueCount = 2,
        .pClearValues = clear_values,
    };
    const VkDeviceSize offset = 0;
    float projection[16];

    turn(push.world_from_model, angle);
    project(projection, (float)scene->width / (float)scene->height);
    multiply(push.clip_from_model, projection, push.world_from_model);

    vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, scene->backdrop);
    vkCmdDraw(commands, 3, 1, 0, 0);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, scene->cube);
    vkCmdBindVertexBuffers(commands, 0, 1, &scene->vertices.buffer, &offset);
    vkCmdBindIndexBuffer(commands, scene->indices.buffer, 0, VK_INDEX_TYPE_UINT16);
    vkCmdPushConstants(commands, scene->layout, VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof(push), &push);
    vkCmdDrawIndexed(commands, INDEX_COUNT, 1, 0, 0, 0);
    vkCmdEndRenderPass(commands);
}
