/* SPDX-License-Identifier: MIT */
/* Optimal images and, for each, a mapped buffer that its picture is copied to by the GPU. */
#ifndef DEMO_READBACK_H
#define DEMO_READBACK_H

#include "target.h"

struct demo_readback {
    struct demo_image images[DEMO_TARGET_IMAGE_COUNT];
    struct demo_buffer buffers[DEMO_TARGET_IMAGE_COUNT]; /* rows without padding */
};

/* Fills in the target's views. */
void demo_readback_create(struct demo_readback *readback, struct demo_target *target);
void demo_readback_destroy(struct demo_readback *readback, const struct demo_device *device);

/* Records the copy; the CPU may read buffers[index] once the commands have finished. */
void demo_readback_record(const struct demo_readback *readback, VkCommandBuffer commands,
                          uint32_t index);

#endif
