/* SPDX-License-Identifier: MIT */
/*
 * Where pictures go. Three ways, one file each:
 *
 * zero-copy  the image that is rendered into is the framebuffer on the screen
 * copy       pictures are copied by the CPU into dumb buffers, as programs do where the GPU's
 *            memory cannot be shown; here to measure against
 * offscreen  nowhere; the last picture can be written to a file
 *
 * One thread.
 */
#ifndef CUBE_TARGET_H
#define CUBE_TARGET_H

#include "kms.h"
#include "scene.h"

struct cube_target {
    const struct cube_target_ops *ops;
    const struct demo_device *device;
    struct demo_kms *kms; /* NULL for offscreen */
    VkFormat format;
    uint32_t width, height;
    VkImageView views[CUBE_MAX_IMAGE_COUNT];
    uint64_t copied_bytes; /* by this program's CPU */
};

struct cube_target_ops {
    const char *name;
    bool needs_screen;
    const char *const *extensions; /* device extensions */
    uint32_t extension_count;

    /* CUBE_MAX_IMAGE_COUNT images. */
    struct cube_target *(*create)(const struct demo_device *device, struct demo_kms *kms,
                                  uint32_t width, uint32_t height);
    void (*destroy)(struct cube_target *target);

    /* Records what follows the drawing of image `index`, which is in COLOR_ATTACHMENT_OPTIMAL. */
    void (*record_end)(struct cube_target *target, VkCommandBuffer commands, uint32_t index);

    /* Shows image `index`, whose commands have finished. The images are shown in turn. */
    void (*show)(struct cube_target *target, uint32_t index);
};

extern const struct cube_target_ops cube_zero_copy_ops, cube_copy_ops, cube_offscreen_ops;

/* Writes a picture that was shown offscreen; the path's end says the format (picture_file.h). */
void cube_offscreen_write(struct cube_target *target, uint32_t index, const char *path);

#endif
