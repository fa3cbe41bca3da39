/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include "backdrop.frag.h"
#include "backdrop.vert.h"
#include "cube.frag.h"
#include "cube.vert.h"
#include "pipeline.h"

#include <math.h>
#include <string.h>

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
    const VkPipelineVertexInputStateCreateInfo vertices = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
        .vertexBindingDescriptionCount = 1,
        .pVertexBindingDescriptions = &binding,
        .vertexAttributeDescriptionCount = 4,
        .pVertexAttributeDescriptions = attributes,
    };

    const struct demo_pipeline_options backdrop = {
        .vertex_shader = DEMO_SHADER(device, backdrop_vert),
        .fragment_shader = DEMO_SHADER(device, backdrop_frag),
        .layout = scene->layout,
        .render_pass = scene->render_pass,
        .width = scene->width,
        .height = scene->height,
    };
    const struct demo_pipeline_options cube = {
        .vertex_shader = DEMO_SHADER(device, cube_vert),
        .fragment_shader = DEMO_SHADER(device, cube_frag),
        .vertex_input = &vertices,
        .layout = scene->layout,
        .render_pass = scene->render_pass,
        .width = scene->width,
        .height = scene->height,
        .tests_depth = true,
        .culls_back = true,
    };

    scene->backdrop = demo_pipeline_create(device, &backdrop);
    scene->cube = demo_pipeline_create(device, &cube);
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
    demo_image_create(device, &scene->depth, DEMO_DEPTH_FORMAT, width, height,
                      VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT);
    /* The backdrop covers everything: nothing to clear but the depth. */
    scene->render_pass =
        demo_render_pass_create(device, format, VK_ATTACHMENT_LOAD_OP_DONT_CARE, true);
    create_layout(scene);
    create_pipelines(scene);
    for (uint32_t i = 0; i < image_count; i++) {
        const VkImageView attachments[] = {views[i], scene->depth.view};
        scene->framebuffers[i] =
            demo_framebuffer_create(device, scene->render_pass, attachments, 2, width, height);
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
