/* SPDX-License-Identifier: MIT */
/*
 * graphics-check: draws an offscreen picture with a texture, a gradient, depth and blending, reads
 * it back and compares it with what it must be. --output=FILE (.raw, .png, .ppm) keeps the
 * picture, so that those of two drivers can be compared pixel by pixel.
 */
#include "check.h"
#include "picture_file.h"
#include "pipeline.h"

#include "shape.frag.h"
#include "shape.vert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE         256
#define TEXTURE_SIZE 64
#define FORMAT       VK_FORMAT_R8G8B8A8_UNORM

struct vertex {
    float position[3];
    float color[4];
    float coordinate[2];
};

struct picture {
    struct demo_device device;
    struct demo_image color, depth, texture;
    struct demo_buffer vertices, uniforms, readback;
    VkSampler sampler;
    VkDescriptorSetLayout set_layout;
    VkDescriptorPool descriptor_pool;
    VkDescriptorSet set;
    VkPipelineLayout layout;
    VkRenderPass render_pass;
    VkFramebuffer framebuffer;
    VkPipeline pipeline;
};

/* ------------------------------------------------------------------ what is drawn */

#define NO_TEXTURE -1, -1

/* In drawing order, three by three. */
static const struct vertex vertices[] = {
    /* the texture, one texel per pixel, at (16, 16) */
    {{16, 16, 0.5f}, {1, 1, 1, 1}, {0, 0}},
    {{80, 16, 0.5f}, {1, 1, 1, 1}, {1, 0}},
    {{80, 80, 0.5f}, {1, 1, 1, 1}, {1, 1}},
    {{16, 16, 0.5f}, {1, 1, 1, 1}, {0, 0}},
    {{80, 80, 0.5f}, {1, 1, 1, 1}, {1, 1}},
    {{16, 80, 0.5f}, {1, 1, 1, 1}, {0, 1}},
    /* a red triangle in front of a blue one that is drawn later */
    {{100, 100, 0.3f}, {1, 0, 0, 1}, {NO_TEXTURE}},
    {{200, 100, 0.3f}, {1, 0, 0, 1}, {NO_TEXTURE}},
    {{100, 200, 0.3f}, {1, 0, 0, 1}, {NO_TEXTURE}},
    {{120, 90, 0.6f}, {0, 0, 1, 1}, {NO_TEXTURE}},
    {{220, 90, 0.6f}, {0, 0, 1, 1}, {NO_TEXTURE}},
    {{120, 190, 0.6f}, {0, 0, 1, 1}, {NO_TEXTURE}},
    /* a gradient: red grows to the right, green downwards */
    {{120, 16, 0.5f}, {0, 0, 0, 1}, {NO_TEXTURE}},
    {{220, 16, 0.5f}, {1, 0, 0, 1}, {NO_TEXTURE}},
    {{120, 80, 0.5f}, {0, 1, 0, 1}, {NO_TEXTURE}},
    /* half-transparent green over red, in front of everything */
    {{90, 130, 0.1f}, {0, 1, 0, 0.5f}, {NO_TEXTURE}},
    {{130, 130, 0.1f}, {0, 1, 0, 0.5f}, {NO_TEXTURE}},
    {{90, 230, 0.1f}, {0, 1, 0, 0.5f}, {NO_TEXTURE}},
};

#define VERTEX_COUNT (sizeof(vertices) / sizeof(vertices[0]))

static const float background[4] = {0.2f, 0.4f, 0.6f, 1}; /* 51, 102, 153 */

static void texel_value(uint32_t x, uint32_t y, uint8_t *out_rgba)
{
    out_rgba[0] = (uint8_t)(x * 4);
    out_rgba[1] = (uint8_t)(y * 4);
    out_rgba[2] = (uint8_t)((x ^ y) * 4 + 1);
    out_rgba[3] = 255;
}

/* ------------------------------------------------------------------ resources */

static void create_texture(struct picture *picture)
{
    const struct demo_device *device = &picture->device;
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {TEXTURE_SIZE, TEXTURE_SIZE, 1},
    };
    const VkSamplerCreateInfo sampler_info = {
        .sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
        .addressModeU = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
        .addressModeV = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
        .addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
    };
    struct demo_buffer staging;

    DEMO_VK(vkCreateSampler(device->device, &sampler_info, NULL, &picture->sampler));
    demo_image_create(device, &picture->texture, FORMAT, TEXTURE_SIZE, TEXTURE_SIZE,
                      VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT);
    demo_buffer_create(device, &staging, TEXTURE_SIZE * TEXTURE_SIZE * 4,
                       VK_BUFFER_USAGE_TRANSFER_SRC_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);
    for (uint32_t i = 0; i < TEXTURE_SIZE * TEXTURE_SIZE; i++)
        texel_value(i % TEXTURE_SIZE, i / TEXTURE_SIZE, (uint8_t *)staging.map + i * 4);

    VkCommandBuffer commands = demo_commands_begin(device);
    demo_image_barrier(commands, picture->texture.image, VK_IMAGE_ASPECT_COLOR_BIT,
                       VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    vkCmdCopyBufferToImage(commands, staging.buffer, picture->texture.image,
                           VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
    demo_image_barrier(commands, picture->texture.image, VK_IMAGE_ASPECT_COLOR_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                       VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL);
    demo_commands_run(device, commands);
    demo_buffer_destroy(device, &staging);
}

static void create_buffers(struct picture *picture)
{
    const float size[2] = {SIZE, SIZE};

    demo_buffer_create(&picture->device, &picture->vertices, sizeof(vertices),
                       VK_BUFFER_USAGE_VERTEX_BUFFER_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);
    demo_buffer_create(&picture->device, &picture->uniforms, sizeof(size),
                       VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);
    demo_buffer_create(&picture->device, &picture->readback, SIZE * SIZE * 4,
                       VK_BUFFER_USAGE_TRANSFER_DST_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT,
                       VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    memcpy(picture->vertices.map, vertices, sizeof(vertices));
    memcpy(picture->uniforms.map, size, sizeof(size));
}

static void create_set_layout(struct picture *picture)
{
    const VkDescriptorSetLayoutBinding bindings[] = {
        {0, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, 1, VK_SHADER_STAGE_VERTEX_BIT, NULL},
        {1, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1, VK_SHADER_STAGE_FRAGMENT_BIT, NULL},
    };
    const VkDescriptorSetLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = 2,
        .pBindings = bindings,
    };
    VkPipelineLayoutCreateInfo layout_info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &picture->set_layout,
    };
    VkDevice device = picture->device.device;

    DEMO_VK(vkCreateDescriptorSetLayout(device, &info, NULL, &picture->set_layout));
    DEMO_VK(vkCreatePipelineLayout(device, &layout_info, NULL, &picture->layout));
}

static void create_set(struct picture *picture)
{
    const VkDescriptorPoolSize sizes[] = {
        {VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, 1},
        {VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1},
    };
    const VkDescriptorPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = 1,
        .poolSizeCount = 2,
        .pPoolSizes = sizes,
    };
    VkDevice device = picture->device.device;

    DEMO_VK(vkCreateDescriptorPool(device, &pool_info, NULL, &picture->descriptor_pool));
    const VkDescriptorSetAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = picture->descriptor_pool,
        .descriptorSetCount = 1,
        .pSetLayouts = &picture->set_layout,
    };
    DEMO_VK(vkAllocateDescriptorSets(device, &info, &picture->set));

    const VkDescriptorBufferInfo buffer = {picture->uniforms.buffer, 0, VK_WHOLE_SIZE};
    const VkDescriptorImageInfo image = {picture->sampler, picture->texture.view,
                                         VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL};
    const VkWriteDescriptorSet writes[] = {
        {
            .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
            .dstSet = picture->set,
            .dstBinding = 0,
            .descriptorCount = 1,
            .descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER,
            .pBufferInfo = &buffer,
        },
        {
            .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
            .dstSet = picture->set,
            .dstBinding = 1,
            .descriptorCount = 1,
            .descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
            .pImageInfo = &image,
        },
    };
    vkUpdateDescriptorSets(device, 2, writes, 0, NULL);
}

static void create_pipeline(struct picture *picture)
{
    const struct demo_device *device = &picture->device;
    const VkVertexInputBindingDescription binding = {0, sizeof(struct vertex),
                                                     VK_VERTEX_INPUT_RATE_VERTEX};
    const VkVertexInputAttributeDescription attributes[] = {
        {0, 0, VK_FORMAT_R32G32B32_SFLOAT, offsetof(struct vertex, position)},
        {1, 0, VK_FORMAT_R32G32B32A32_SFLOAT, offsetof(struct vertex, color)},
        {2, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(struct vertex, coordinate)},
    };
    const VkPipelineVertexInputStateCreateInfo vertex_input = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
        .vertexBindingDescriptionCount = 1,
        .pVertexBindingDescriptions = &binding,
        .vertexAttributeDescriptionCount = 3,
        .pVertexAttributeDescriptions = attributes,
    };

    demo_image_create(device, &picture->color, FORMAT, SIZE, SIZE,
                      VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
    demo_image_create(device, &picture->depth, DEMO_DEPTH_FORMAT, SIZE, SIZE,
                      VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT);
    picture->render_pass =
        demo_render_pass_create(device, FORMAT, VK_ATTACHMENT_LOAD_OP_CLEAR, true);
    picture->framebuffer = demo_framebuffer_create(
        device, picture->render_pass,
        (const VkImageView[]){picture->color.view, picture->depth.view}, 2, SIZE, SIZE);
    const struct demo_pipeline_options options = {
        .vertex_shader = DEMO_SHADER(device, shape_vert),
        .fragment_shader = DEMO_SHADER(device, shape_frag),
        .vertex_input = &vertex_input,
        .layout = picture->layout,
        .render_pass = picture->render_pass,
        .width = SIZE,
        .height = SIZE,
        .tests_depth = true,
        .blends = true,
    };
    picture->pipeline = demo_pipeline_create(device, &options);
}

static void destroy(struct picture *picture)
{
    const struct demo_device *device = &picture->device;

    vkDestroyPipeline(device->device, picture->pipeline, NULL);
    vkDestroyFramebuffer(device->device, picture->framebuffer, NULL);
    vkDestroyRenderPass(device->device, picture->render_pass, NULL);
    vkDestroyPipelineLayout(device->device, picture->layout, NULL);
    vkDestroyDescriptorPool(device->device, picture->descriptor_pool, NULL);
    vkDestroyDescriptorSetLayout(device->device, picture->set_layout, NULL);
    vkDestroySampler(device->device, picture->sampler, NULL);
    demo_buffer_destroy(device, &picture->vertices);
    demo_buffer_destroy(device, &picture->uniforms);
    demo_buffer_destroy(device, &picture->readback);
    demo_image_destroy(device, &picture->texture);
    demo_image_destroy(device, &picture->color);
    demo_image_destroy(device, &picture->depth);
    demo_device_destroy(&picture->device);
}

/* ------------------------------------------------------------------ drawing and comparing */

static void draw(struct picture *picture)
{
    VkClearValue clear_values[2] = {[1].depthStencil.depth = 1};
    const VkRenderPassBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = picture->render_pass,
        .framebuffer = picture->framebuffer,
        .renderArea = {{0, 0}, {SIZE, SIZE}},
        .clearValueCount = 2,
        .pClearValues = clear_values,
    };
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {SIZE, SIZE, 1},
    };
    const VkDeviceSize offset = 0;
    VkCommandBuffer commands = demo_commands_begin(&picture->device);

    memcpy(clear_values[0].color.float32, background, sizeof(background));
    vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, picture->pipeline);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, picture->layout, 0, 1,
                            &picture->set, 0, NULL);
    vkCmdBindVertexBuffers(commands, 0, 1, &picture->vertices.buffer, &offset);
    vkCmdDraw(commands, VERTEX_COUNT, 1, 0, 0);
    vkCmdEndRenderPass(commands);
    demo_image_barrier(commands, picture->color.image, VK_IMAGE_ASPECT_COLOR_BIT,
                       VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                       VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    vkCmdCopyImageToBuffer(commands, picture->color.image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                           picture->readback.buffer, 1, &region);
    demo_record_barrier(commands);
    demo_commands_run(&picture->device, commands);
}

static void compare_pixel(const uint8_t *rgba, uint32_t x, uint32_t y, int red, int green, int blue,
                          int tolerance)
{
    const uint8_t *pixel = rgba + (y * SIZE + x) * 4;
    const int expected[4] = {red, green, blue, 255};

    /* Blended alpha depends on the formula only; what is shown is what counts. */
    for (int i = 0; i < 3; i++) {
        if (abs(pixel[i] - expected[i]) > tolerance)
            demo_die("pixel (%u, %u) is %d, %d, %d; expected %d, %d, %d", x, y, pixel[0], pixel[1],
                     pixel[2], red, green, blue);
    }
}

static void compare(const uint8_t *rgba)
{
    for (uint32_t y = 0; y < TEXTURE_SIZE; y++)
        for (uint32_t x = 0; x < TEXTURE_SIZE; x++) {
            uint8_t texel[4];
            texel_value(x, y, texel);
            compare_pixel(rgba, 16 + x, 16 + y, texel[0], texel[1], texel[2], 0);
        }
    compare_pixel(rgba, 15, 40, 51, 102, 153, 0);
    compare_pixel(rgba, 80, 40, 51, 102, 153, 0);
    compare_pixel(rgba, 0, 0, 51, 102, 153, 0);
    compare_pixel(rgba, 255, 255, 51, 102, 153, 0);
    compare_pixel(rgba, 140, 110, 255, 0, 0, 0); /* red is nearer than blue */
    compare_pixel(rgba, 195, 95, 0, 0, 255, 0);  /* blue alone */
    compare_pixel(rgba, 102, 150, 128, 128, 0, 1);
    compare_pixel(rgba, 92, 140, 26, 179, 77, 1); /* green over the background */
    for (uint32_t y = 20; y < 44; y += 8)
        for (uint32_t x = 124; x < 160; x += 8)
            compare_pixel(rgba, x, y, (int)((x + 0.5f - 120) / 100 * 255 + 0.5f),
                          (int)((y + 0.5f - 16) / 64 * 255 + 0.5f), 0, 1);
}

int main(int argc, char **argv)
{
    const char *output = check_option_text(argc, argv, "output");
    struct picture picture = {0};

    check_options_known(argc, argv, (const char *const[]){"output", NULL});
    if (output && !demo_picture_path_is_valid(output))
        demo_die("--output=%s does not end in .raw, .png or .ppm", output);
    demo_device_choose(&picture.device, -1);
    demo_device_create(&picture.device, NULL);
    create_texture(&picture);
    create_buffers(&picture);
    create_set_layout(&picture);
    create_set(&picture);
    create_pipeline(&picture);
    draw(&picture);
    if (output)
        demo_picture_write(output, picture.readback.map, SIZE, SIZE);
    compare(picture.readback.map);
    printf("graphics-check: ok on %s\n", picture.device.properties.deviceName);
    destroy(&picture);
    return 0;
}
