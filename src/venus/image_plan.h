/* SPDX-License-Identifier: MIT */
/*
 * How a guest's image becomes one of the host's (image.c says in which ways they differ).
 */
#ifndef HSP_VENUS_IMAGE_PLAN_H
#define HSP_VENUS_IMAGE_PLAN_H

#include "venus/image.h"

/* The host's create info for a guest's, and what is to be kept of it. */
struct hsp_vn_image_plan {
    VkImageCreateInfo info;
    VkExternalMemoryImageCreateInfo external;
    const VkImageDrmFormatModifierExplicitCreateInfoEXT *explicit_layout;
    struct hsp_vn_image image;
    struct hsp_vn_staging_layout staging; /* if image.is_staged */
};

/* Makes the host's create info out of the guest's. The plan must not move afterwards. An error is
 * the command's. */
VkResult hsp_vn_image_plan(const struct hsp_vn_device *device, const VkImageCreateInfo *guest,
                           struct hsp_vn_image_plan *plan);

#endif
