/* SPDX-License-Identifier: MIT */
/* Offscreen: no screen, for machines that have none; each picture can be read back. */
#include "readback.h"

#include <stdlib.h>

struct offscreen {
    struct demo_target base;
    struct demo_readback readback;
};

static struct demo_target *create(const struct demo_device *device, struct demo_kms *kms,
                                  uint32_t width, uint32_t height)
{
    struct offscreen *target = calloc(1, sizeof(*target));

    target->base = (struct demo_target){
        .ops = &demo_target_offscreen_ops,
        .device = device,
        .kms = kms,
        .format = VK_FORMAT_R8G8B8A8_UNORM,
        .width = width,
        .height = height,
    };
    demo_readback_create(&target->readback, &target->base);
    return &target->base;
}

static void destroy(struct demo_target *base)
{
    struct offscreen *target = (struct offscreen *)base;

    demo_readback_destroy(&target->readback, base->device);
    free(target);
}

static void record_end(struct demo_target *base, VkCommandBuffer commands, uint32_t index)
{
    demo_readback_record(&((struct offscreen *)base)->readback, commands, index);
}

static void show(struct demo_target *base, uint32_t index)
{
    (void)base, (void)index;
}

static const uint8_t *map(struct demo_target *base, uint32_t index, size_t *out_pitch)
{
    *out_pitch = (size_t)base->width * 4;
    return ((struct offscreen *)base)->readback.buffers[index].map;
}

const struct demo_target_ops demo_target_offscreen_ops = {
    .name = "offscreen",
    .create = create,
    .destroy = destroy,
    .record_end = record_end,
    .show = show,
    .map = map,
};
