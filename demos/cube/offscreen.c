/* SPDX-License-Identifier: MIT */
/* Offscreen: no screen, for machines that have none; each picture can be read back. */
#include "picture_file.h"
#include "readback.h"

#include <stdlib.h>

struct offscreen {
    struct cube_target base;
    struct cube_readback readback;
};

static struct cube_target *create(const struct demo_device *device, struct demo_kms *kms,
                                  uint32_t width, uint32_t height)
{
    struct offscreen *target = calloc(1, sizeof(*target));

    target->base = (struct cube_target){
        .ops = &cube_offscreen_ops,
        .device = device,
        .kms = kms,
        .format = VK_FORMAT_R8G8B8A8_UNORM,
        .width = width,
        .height = height,
    };
    cube_readback_create(&target->readback, &target->base);
    return &target->base;
}

static void destroy(struct cube_target *base)
{
    struct offscreen *target = (struct offscreen *)base;

    cube_readback_destroy(&target->readback, base->device);
    free(target);
}

static void record_end(struct cube_target *base, VkCommandBuffer commands, uint32_t index)
{
    cube_readback_record(&((struct offscreen *)base)->readback, commands, index);
}

static void show(struct cube_target *base, uint32_t index)
{
    (void)base, (void)index;
}

void cube_offscreen_write(struct cube_target *base, uint32_t index, const char *path)
{
    const struct offscreen *target = (struct offscreen *)base;

    demo_picture_write(path, target->readback.buffers[index].map, base->width, base->height);
}

const struct cube_target_ops cube_offscreen_ops = {
    .name = "offscreen",
    .create = create,
    .destroy = destroy,
    .record_end = record_end,
    .show = show,
};
