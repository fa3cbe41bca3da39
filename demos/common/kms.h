/* SPDX-License-Identifier: MIT */
/*
 * A screen without a window system: one connector, its mode, framebuffers, page flips. Legacy KMS
 * calls only, which every driver has.
 *
 * What fails is said on stderr and ends the process, as in vk.h. One thread.
 */
#ifndef DEMO_KMS_H
#define DEMO_KMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xf86drmMode.h>

struct demo_kms {
    int fd;
    char driver[32];
    uint32_t connector_id;
    uint32_t crtc_id;
    uint32_t crtc_index;
    drmModeModeInfo mode;
    drmModeCrtc *saved_crtc; /* what was on the screen before */
    bool takes_modifiers;    /* framebuffers can be made with explicit modifiers */
    bool is_shown;           /* the mode has been set */
    bool flip_pending;
    uint64_t flip_count; /* page flips that have happened */
    double flip_seconds; /* when the last one did, monotonic clock, as the kernel says */
};

/* Opens the first card with a connected screen, a virtio-gpu if there is one. A size of 0x0 takes
 * the screen's preferred mode, another the mode of exactly that size. */
void demo_kms_open(struct demo_kms *kms, uint32_t width, uint32_t height);

/* Puts back what was on the screen before, so that our framebuffers can go. */
void demo_kms_restore(struct demo_kms *kms);

/* Restores, if that has not been done, and closes the card. */
void demo_kms_close(struct demo_kms *kms);

/* The modifiers that the screen's primary plane takes for a format (DRM_FORMAT_*), at most
 * `capacity`; only LINEAR when the driver does not say. Returns their number. */
size_t demo_kms_get_modifiers(const struct demo_kms *kms, uint32_t format, uint64_t *out_modifiers,
                              size_t capacity);

/* The formats (DRM_FORMAT_*) that the screen's primary plane takes, at most `capacity`. Returns
 * their number. */
size_t demo_kms_get_formats(const struct demo_kms *kms, uint32_t *out_formats, size_t capacity);

struct demo_kms_buffer {
    uint32_t handle; /* GEM handle */
    uint32_t fb_id;
    uint32_t pitch; /* bytes */
    size_t size;    /* bytes, of dumb buffers */
    void *map;      /* dumb buffers only */
};

/* A framebuffer of memory that somebody else made; the descriptor is borrowed. */
void demo_kms_buffer_import(const struct demo_kms *kms, struct demo_kms_buffer *framebuffer,
                            int dma_buf_fd, uint32_t format, uint64_t modifier, uint32_t offset,
                            uint32_t pitch);

/* A framebuffer of memory that is a GEM object of this card already; the handle is borrowed. */
void demo_kms_buffer_wrap(const struct demo_kms *kms, struct demo_kms_buffer *framebuffer,
                          uint32_t handle, uint32_t format, uint64_t modifier, uint32_t offset,
                          uint32_t pitch);

/* A framebuffer of the kernel's, mapped. */
void demo_kms_buffer_create_dumb(const struct demo_kms *kms, struct demo_kms_buffer *framebuffer,
                                 uint32_t format, uint32_t bits_per_pixel);

void demo_kms_buffer_destroy(const struct demo_kms *kms, struct demo_kms_buffer *framebuffer);

/* Puts a framebuffer on the screen; the first time the mode is set, later times are page flips,
 * after the flip before has finished. */
void demo_kms_show(struct demo_kms *kms, const struct demo_kms_buffer *framebuffer);

/* Puts a framebuffer on the screen by setting the mode anew: a page flip cannot change the format.
 * Returns when it is there. */
void demo_kms_set(struct demo_kms *kms, const struct demo_kms_buffer *framebuffer);

/* Waits until the last page flip has happened, so that the framebuffer before it is free. */
void demo_kms_wait(struct demo_kms *kms);

#endif
