/* SPDX-License-Identifier: MIT */
/*
 * A buffer that GBM allocated, and everybody's view of it: the CPU's (its pages, mapped once and
 * for all), the screen's (a framebuffer), the GPU's (an imported image).
 */
#ifndef IMPORT_GBM_BUFFER_H
#define IMPORT_GBM_BUFFER_H

#include "kms.h"
#include "shared_image.h"

#include <gbm.h>

#define BUFFER_FORMAT VK_FORMAT_B8G8R8A8_UNORM
#define BUFFER_USAGE  (VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT)

struct buffer {
    struct gbm_bo *bo;
    struct demo_kms_buffer framebuffer;
    struct demo_shared_image image;
    uint32_t height;
    uint32_t pitch;      /* bytes */
    uint8_t *pages;      /* of the first row; mapped through the dma-buf */
    uint8_t *gbm_map;    /* the same by gbm_bo_map; NULL when GBM cannot */
    uint32_t gbm_stride; /* of that mapping, bytes */
    void *gbm_map_data;
};

/* Of the screen's size, XRGB8888, linear. */
void buffer_create(struct buffer *buffer, const struct demo_device *device,
                   const struct demo_kms *kms, struct gbm_device *gbm);
void buffer_destroy(struct buffer *buffer, const struct demo_device *device,
                    const struct demo_kms *kms);

/* Brackets around what the CPU does with the pages, as the kernel wants it. No library is called,
 * so that nobody can copy in between. */
void buffer_begin_cpu(const struct buffer *buffer);
void buffer_end_cpu(const struct buffer *buffer);

#endif
