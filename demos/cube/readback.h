/* SPDX-License-Identifier: MIT */
/* Optimal images and, for each, a mapped buffer that its picture is copied to by the GPU. */
#ifndef CUBE_READBACK_H
#define CUBE_READBACK_H

#include "target.h"

struct cube_readback {
    struct demo_image images[CUBE_MAX_IMAGE_COUNT];
    struct demo_buffer buffers[CUBE_MAX_IMAGE_COUNT]; /* rows without padding */
};

/* Fills in the target's views. */
void cube_readback_create(struct cube_readback *readback, struct cube_target *target);
void cube_readback_destroy(struct cube_readback *readback, const struct demo_device *device);

/* Records the copy; the CPU may read buffers[index] once the commands have finished. */
void cube_readback_record(const struct cube_readback *readback, VkCommandBuffer commands,
                          uint32_t index);

#endif
