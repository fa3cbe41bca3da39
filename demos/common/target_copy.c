/* SPDX-License-Identifier: MIT */
/* Copy: the GPU copies each picture to mapped memory, the CPU from there to a dumb buffer. */
#include "readback.h"

#include <drm_fourcc.h>
#include <stdlib.h>
#include <string.h>

struct copy {
    struct demo_target base;
    struct demo_readback readback;
    struct demo_kms_buffer framebuffers[DEMO_TARGET_IMAGE_COUNT];
};

static struct demo_target *create(const struct demo_device *device, struct demo_kms *kms,
                                  uint32_t width, uint32_t height)
{
    struct copy *target = calloc(1, sizeof(*target));

    target->base = (struct demo_target){
        .ops = &demo_target_copy_ops,
        .device = device,
        .kms = kms,
        .format = VK_FORMAT_B8G8R8A8_UNORM,
        .width = width,
        .height = height,
    };
    demo_readback_create(&target->readback, &target->base);
    for (int i = 0; i < DEMO_TARGET_IMAGE_COUNT; i++)
        demo_kms_buffer_create_dumb(kms, &target->framebuffers[i], DRM_FORMAT_XRGB8888, 32);
    return &target->base;
}

static void destroy(struct demo_target *base)
{
    struct copy *target = (struct copy *)base;

    for (int i = 0; i < DEMO_TARGET_IMAGE_COUNT; i++)
        demo_kms_buffer_destroy(base->kms, &target->framebuffers[i]);
    demo_readback_destroy(&target->readback, base->device);
    free(target);
}

static void record_end(struct demo_target *base, VkCommandBuffer commands, uint32_t index)
{
    demo_readback_record(&((struct copy *)base)->readback, commands, index);
}

static void show(struct demo_target *base, uint32_t index)
{
    struct copy *target = (struct copy *)base;
    const struct demo_kms_buffer *framebuffer = &target->framebuffers[index];
    const char *from = target->readback.buffers[index].map;
    char *to = framebuffer->map;
    size_t row_size = (size_t)base->width * 4;

    for (uint32_t y = 0; y < base->height; y++)
        memcpy(to + (size_t)framebuffer->pitch * y, from + row_size * y, row_size);
    base->copied_bytes += row_size * base->height;
    demo_kms_show(base->kms, framebuffer);
}

/* What was copied to the screen, not what it was copied from. */
static const uint8_t *map(struct demo_target *base, uint32_t index, size_t *out_pitch)
{
    const struct demo_kms_buffer *framebuffer = &((struct copy *)base)->framebuffers[index];

    *out_pitch = framebuffer->pitch;
    return framebuffer->map;
}

const struct demo_target_ops demo_target_copy_ops = {
    .name = "copy",
    .needs_screen = true,
    .create = create,
    .destroy = destroy,
    .record_end = record_end,
    .show = show,
    .map = map,
};
