/* SPDX-License-Identifier: MIT */
/*
 * Zero-copy: each image is exported as a dma-buf, which becomes a framebuffer. The image's layout
 * in memory is a modifier that both the GPU and the screen know.
 */
#include "shared_image.h"
#include "target.h"

#include <drm_fourcc.h>
#include <stdlib.h>

#define FORMAT             VK_FORMAT_B8G8R8A8_UNORM
#define DRM_FORMAT         DRM_FORMAT_XRGB8888 /* the same bytes; alpha is not shown */
#define MAX_MODIFIER_COUNT 64

struct zero_copy {
    struct demo_target base;
    struct demo_shared_image images[DEMO_TARGET_IMAGE_COUNT];
    struct demo_kms_buffer framebuffers[DEMO_TARGET_IMAGE_COUNT];
};

static void create_images(struct zero_copy *target)
{
    const struct demo_target *base = &target->base;
    uint64_t screen[MAX_MODIFIER_COUNT], common[MAX_MODIFIER_COUNT];
    size_t screen_count = demo_kms_get_modifiers(base->kms, DRM_FORMAT, screen, MAX_MODIFIER_COUNT);
    uint32_t count =
        demo_shared_image_modifiers(base->device, FORMAT, VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT,
                                    screen, (uint32_t)screen_count, common);

    if (count == 0)
        demo_skip("%s and %s have no image layout in common; try --present=copy",
                  base->device->properties.deviceName, base->kms->driver);
    for (int i = 0; i < DEMO_TARGET_IMAGE_COUNT; i++) {
        struct demo_shared_image *image = &target->images[i];

        demo_shared_image_create(base->device, image, FORMAT, base->width, base->height,
                                 VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT, common, count);
        demo_kms_buffer_import(base->kms, &target->framebuffers[i], image->fd, DRM_FORMAT,
                               image->modifier, (uint32_t)image->layout.offset,
                               (uint32_t)image->layout.rowPitch);
        target->base.views[i] = image->view;
    }
}

static struct demo_target *create(const struct demo_device *device, struct demo_kms *kms,
                                  uint32_t width, uint32_t height)
{
    struct zero_copy *target = calloc(1, sizeof(*target));

    target->base = (struct demo_target){
        .ops = &demo_target_zero_copy_ops,
        .device = device,
        .kms = kms,
        .format = FORMAT,
        .width = width,
        .height = height,
    };
    create_images(target);
    return &target->base;
}

static void destroy(struct demo_target *base)
{
    struct zero_copy *target = (struct zero_copy *)base;

    for (int i = 0; i < DEMO_TARGET_IMAGE_COUNT; i++) {
        demo_kms_buffer_destroy(base->kms, &target->framebuffers[i]);
        demo_shared_image_destroy(base->device, &target->images[i]);
    }
    free(target);
}

/* Hands the image to the screen. It comes back with nothing worth keeping, so the drawing has no
 * counterpart to this. */
static void record_end(struct demo_target *base, VkCommandBuffer commands, uint32_t index)
{
    struct zero_copy *target = (struct zero_copy *)base;

    demo_shared_image_release(base->device, &target->images[index], commands,
                              VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
}

static void show(struct demo_target *base, uint32_t index)
{
    struct zero_copy *target = (struct zero_copy *)base;

    demo_kms_show(base->kms, &target->framebuffers[index]);
}

static const uint8_t *map(struct demo_target *base, uint32_t index, size_t *out_pitch)
{
    struct demo_shared_image *image = &((struct zero_copy *)base)->images[index];

    *out_pitch = (size_t)image->layout.rowPitch;
    return demo_shared_image_map(image);
}

const struct demo_target_ops demo_target_zero_copy_ops = {
    .name = "zero-copy",
    .needs_screen = true,
    .extensions = demo_shared_image_extensions,
    .extension_count = DEMO_SHARED_IMAGE_EXTENSION_COUNT,
    .create = create,
    .destroy = destroy,
    .record_end = record_end,
    .show = show,
    .map = map,
};
