/* SPDX-License-Identifier: MIT */
/*
 * Where pictures go. Three ways, one file each:
 *
 * zero-copy  the image that is rendered into is the framebuffer on the screen
 * copy       pictures are copied by the CPU into dumb buffers, as programs do where the GPU's
 *            memory cannot be shown; here to measure against
 * offscreen  nowhere; pictures can be read back
 *
 * One thread.
 */
#ifndef DEMO_TARGET_H
#define DEMO_TARGET_H

#include "kms.h"
#include "vk.h"

#define DEMO_TARGET_IMAGE_COUNT 3

struct demo_target {
    const struct demo_target_ops *ops;
    const struct demo_device *device;
    struct demo_kms *kms; /* NULL for offscreen */
    VkFormat format;      /* R8G8B8A8_UNORM or B8G8R8A8_UNORM */
    uint32_t width, height;
    VkImageView views[DEMO_TARGET_IMAGE_COUNT];
    uint64_t copied_bytes; /* by this program's CPU */
};

struct demo_target_ops {
    const char *name;
    bool needs_screen;
    const char *const *extensions; /* device extensions */
    uint32_t extension_count;

    /* DEMO_TARGET_IMAGE_COUNT images. */
    struct demo_target *(*create)(const struct demo_device *device, struct demo_kms *kms,
                                  uint32_t width, uint32_t height);
    void (*destroy)(struct demo_target *target);

    /* Records what follows the drawing of image `index`, which is in COLOR_ATTACHMENT_OPTIMAL. */
    void (*record_end)(struct demo_target *target, VkCommandBuffer commands, uint32_t index);

    /* Shows image `index`, whose commands have finished. The images are shown in turn. */
    void (*show)(struct demo_target *target, uint32_t index);

    /* The bytes of image `index`, whose commands have finished: four per pixel in the order of the
     * format. Valid until the image is drawn again. NULL when its memory is not linear. */
    const uint8_t *(*map)(struct demo_target *target, uint32_t index, size_t *out_pitch);
};

extern const struct demo_target_ops demo_target_zero_copy_ops, demo_target_copy_ops,
    demo_target_offscreen_ops;

/* Copies a finished picture out as 8-bit RGBA without padding. False when it cannot be read. */
bool demo_target_read(struct demo_target *target, uint32_t index, uint8_t *out_rgba);

/* Writes a finished picture to a file; the path's end says the format (picture_file.h). */
void demo_target_write(struct demo_target *target, uint32_t index, const char *path);

/* ------------------------------------------------------------------ a program's stage */

/* Screen (if there is one), device and target. */
struct demo_stage {
    struct demo_kms kms;
    struct demo_device device;
    struct demo_target *target;
};

/* A size of 0x0 is the screen's own, offscreen 1280x800. */
void demo_stage_open(struct demo_stage *stage, const struct demo_target_ops *ops, uint32_t width,
                     uint32_t height);

/* Puts back what was on the screen before. Whoever drew destroys its objects in between. */
void demo_stage_restore(struct demo_stage *stage);
void demo_stage_close(struct demo_stage *stage);

/* ------------------------------------------------------------------ drawing frame after frame */

struct demo_loop {
    uint64_t frames; /* 0: no limit */
    double seconds;  /* 0: no limit */
    void *data;      /* for the callbacks */

    /* Records the drawing of a frame, `seconds` after the start; leaves the image in
     * COLOR_ATTACHMENT_OPTIMAL. */
    void (*record)(void *data, VkCommandBuffer commands, uint32_t index, uint64_t frame,
                   double seconds);

    /* The frame is on the screen and no other has replaced it; offscreen: it is finished. May be
     * NULL. */
    void (*on_shown)(void *data, uint32_t index, uint64_t frame);
};

struct demo_result {
    uint64_t frames;
    double seconds;
    uint64_t copied_bytes;
    uint32_t last_index; /* the image of the last frame */
};

/* Draws until a limit or a signal (SIGINT, SIGTERM) ends it, one frame at least. */
struct demo_result demo_target_run(struct demo_target *target, const struct demo_loop *loop);

/* One line, or a JSON object. */
void demo_result_print(const struct demo_target *target, const struct demo_result *result,
                       bool json);

#endif
