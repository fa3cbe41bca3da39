/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a VkImage: how it differs on the host from what the guest asked for. It is the
 * `data` of the image's object, owned by it, and immutable after creation.
 */
#ifndef HSP_VENUS_IMAGE_H
#define HSP_VENUS_IMAGE_H

#include "venus/staging.h"

struct hsp_vn_image {
    VkFormat format;
    uint32_t plane_count;
    uint32_t layer_count;
    uint64_t offset;         /* where it begins in the memory behind the bind's offset, bytes */
    bool takes_host_pointer; /* created for memory that is imported from a host pointer */
    bool is_external;        /* the guest exports or imports its memory */
    bool is_preinitialized;  /* moved to GENERAL when memory is bound */

    bool is_staged; /* it does not lie in the guest's memory itself */
    struct hsp_vn_staging staging;
};

/* After the driver's image has been destroyed. Takes NULL. */
void hsp_vn_image_free(struct hsp_vn_device *device, struct hsp_vn_image *image);

/* A copy of what is kept of an image of the device, in `out`, which is returned: another ring of a
 * wrong client may destroy the image at any time. NULL when there is no such image (any more). */
const struct hsp_vn_image *hsp_vn_image_get(struct hsp_vn_device *device,
                                            const struct hsp_vn_object *object,
                                            struct hsp_vn_image *out);

/* A memory plane of a linear image is a plane of its format; other aspects stay. */
VkImageAspectFlags hsp_vn_image_translate_plane(const struct hsp_vn_image *image,
                                                VkImageAspectFlags aspect);

#endif
