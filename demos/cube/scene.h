/* SPDX-License-Identifier: MIT */
/*
 * What is drawn: a lit cube in front of a backdrop, with depth. Knows nothing about where the
 * pictures go.
 *
 * One thread.
 */
#ifndef CUBE_SCENE_H
#define CUBE_SCENE_H

#include "target.h"

struct cube_scene {
    const struct demo_device *device;
    uint32_t width, height;
    uint32_t image_count;
    VkRenderPass render_pass;
    VkFramebuffer framebuffers[DEMO_TARGET_IMAGE_COUNT];
    VkPipelineLayout layout;
    VkPipeline cube, backdrop;
    struct demo_image depth; /* one for all: frames are drawn one after the other */
    struct demo_buffer vertices, indices;
};

/* Draws into `views`, which are of `format` and of the same size; they are borrowed. */
void cube_scene_create(struct cube_scene *scene, const struct demo_device *device, VkFormat format,
                       uint32_t width, uint32_t height, const VkImageView *views,
                       uint32_t image_count);
void cube_scene_destroy(struct cube_scene *scene);

/* Records the drawing of one picture, with the cube turned by `angle` degrees. What was in the
 * image before is lost; it is in COLOR_ATTACHMENT_OPTIMAL layout afterwards. */
void cube_scene_record(const struct cube_scene *scene, VkCommandBuffer commands, uint32_t index,
                       double angle);

#endif
