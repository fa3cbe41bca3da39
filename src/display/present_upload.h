/* SPDX-License-Identifier: MIT */
/*
 * Images that the GPU draws windows from, and getting pixels into them.
 *
 * Threads: a presenter's. Each upload is waited for: when it returns, the pixels have been read.
 */
#ifndef HSP_DISPLAY_PRESENT_UPLOAD_H
#define HSP_DISPLAY_PRESENT_UPLOAD_H

#include "display/present_source.h"
#include "display/screenshot.h"

/* An image in VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL, once it has been filled. */
struct hsp_present_image {
    uint32_t width, height; /* pixels; 0: there is none */
    VkImage image;
    VkDeviceMemory memory;
    VkImageView view; /* opaque RGB for pictures */
    const struct hsp_format_info *format;
};

struct hsp_present_uploader {
    struct hsp_present_gpu *gpu;
    struct hsp_present_commands commands;
    struct hsp_present_sources sources;
    VkBuffer staging; /* for what a CPU has to copy */
    VkDeviceMemory staging_memory;
    void *staging_data;
    uint64_t staging_size;
};

VkResult hsp_present_uploader_init(struct hsp_present_uploader *uploader,
                                   struct hsp_present_gpu *gpu);

/* Safe on a zeroed uploader. */
void hsp_present_uploader_finish(struct hsp_present_uploader *uploader);

/* Brings `damage` (in pixels of the picture) of the shown part into `image`, or all of that part
 * when the image was not like it and had to be made anew; the image must not be in use by anything
 * in flight then. `out_copied_bytes` is what a CPU copied: 0 where the memory could be imported.
 *
 * VK_ERROR_OUT_OF_DEVICE_MEMORY, VK_ERROR_OUT_OF_HOST_MEMORY: this picture cannot be shown; other
 * errors: the GPU is lost. */
VkResult hsp_present_upload_picture(struct hsp_present_uploader *uploader,
                                    struct hsp_present_image *image,
                                    const struct hsp_display_picture *picture,
                                    const struct hsp_ipc_rect *damage, uint64_t *out_copied_bytes);

VkResult hsp_present_upload_cursor(struct hsp_present_uploader *uploader,
                                   struct hsp_present_image *image,
                                   const struct hsp_display_cursor *cursor);

/* Whether `image` can take the picture as it is, without being made anew. */
bool hsp_present_image_fits(const struct hsp_present_image *image,
                            const struct hsp_display_picture *picture);

/* Safe on a zeroed image. */
void hsp_present_image_finish(struct hsp_present_image *image, const struct hsp_present_gpu *gpu);

#endif
