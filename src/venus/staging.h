/* SPDX-License-Identifier: MIT */
/*
 * Staged images: what others see as a linear image, and what the host cannot make one of:
 *   - images that are drawn into, where linear images are no colour attachments (NVIDIA's may not
 *     stand beside an optimal depth buffer);
 *   - images in memory that others made, with a row pitch that the host's linear images have not.
 * Such an image is two things: an optimal image, which all commands of the guest use, and a buffer
 * over the memory that it binds, laid out as the linear image. Whenever the ownership of the image
 * goes to the world outside (the queue families EXTERNAL and FOREIGN) or comes back, the GPU copies
 * from the one to the other (barrier.c).
 *
 * A staging is part of its image (image.h), and immutable after init.
 */
#ifndef HSP_VENUS_STAGING_H
#define HSP_VENUS_STAGING_H

#include "venus/device.h"

struct hsp_vn_staging_layout {
    uint32_t width, height; /* texels */
    uint32_t texel_size;    /* bytes, as all that follows */
    uint64_t offset;        /* of the first texel in the buffer */
    uint64_t row_pitch;
    uint64_t size;   /* of the buffer */
    bool is_import;  /* the guest gave the layout: others may have written the content */
    bool is_written; /* by the guest's commands, as far as its usage tells */
};

struct hsp_vn_staging {
    struct hsp_vn_staging_layout layout;
    VkBuffer buffer;       /* over the guest's memory */
    VkDeviceMemory memory; /* of the optimal image */
};

/* Whether images of this format and usage that others see are staged whatever their layout. */
bool hsp_vn_staging_is_needed(const struct hsp_vn_physical_device *physical_device, VkFormat format,
                              VkImageUsageFlags usage);

/* Whether the host can do it: plain 2D images of colour formats of one plane that it copies. */
bool hsp_vn_staging_is_possible(const struct hsp_vn_physical_device *physical_device,
                                VkFormat format, VkImageType type, VkImageCreateFlags flags,
                                VkImageUsageFlags usage);

/* The features that staging adds to those of linear images; 0 where nothing is staged. */
VkFormatFeatureFlags hsp_vn_staging_features(const struct hsp_vn_physical_device *physical_device,
                                             VkFormat format);

/* What a linear image is asked for, turned into what is asked of the optimal one. */
void hsp_vn_staging_translate(VkImageTiling *tiling, VkImageUsageFlags *usage);

/* Lowers the limits of optimal images to those of staged ones. */
void hsp_vn_staging_limit(const struct hsp_vn_physical_device *physical_device, VkFormat format,
                          VkImageFormatProperties *properties);

/* Of a linear image. `explicit_layout`: the guest's, or NULL for that of the host's linear images,
 * so that others can import it as one. An error if the image has more than one subresource or
 * sample, or if there is no such layout. */
VkResult hsp_vn_staging_plan(const struct hsp_vn_device *device, const VkImageCreateInfo *info,
                             const VkImageDrmFormatModifierExplicitCreateInfoEXT *explicit_layout,
                             struct hsp_vn_staging_layout *out_layout);

/* Gives the optimal image memory, and makes the buffer. */
VkResult hsp_vn_staging_init(struct hsp_vn_device *device, VkImage image,
                             const struct hsp_vn_staging_layout *layout,
                             struct hsp_vn_staging *out_staging);

/* After the image has been destroyed. Takes one that is all zero. */
void hsp_vn_staging_finish(struct hsp_vn_device *device, struct hsp_vn_staging *staging);

/* What memory the guest must bind: that of the buffer, in the host's memory types. The chain of
 * `out` is filled in as well. The first is for images that exist, the other for those planned. */
void hsp_vn_staging_get_requirements(const struct hsp_vn_device *device,
                                     const struct hsp_vn_staging *staging,
                                     VkMemoryRequirements2 *out);
void hsp_vn_staging_get_planned_requirements(const struct hsp_vn_device *device,
                                             const struct hsp_vn_staging_layout *layout,
                                             VkMemoryRequirements2 *out);

void hsp_vn_staging_get_subresource_layout(const struct hsp_vn_staging_layout *layout,
                                           VkSubresourceLayout *out);

/* A transfer of the image's ownership to or from the world outside. */
struct hsp_vn_staging_transfer {
    VkImage image;
    struct hsp_vn_staging staging; /* a copy */
    bool is_release;
    bool uses_sync2; /* recorded with vkCmdPipelineBarrier2 */
    VkPipelineStageFlags2 src_stages, dst_stages;
    VkAccessFlags2 src_access, dst_access;
    VkImageLayout old_layout, new_layout;
};

/* Records it: the barriers and, unless the image has no content, the copy. */
void hsp_vn_staging_record(const struct hsp_vn_device *device, VkCommandBuffer commands,
                           const struct hsp_vn_staging_transfer *transfer);

#endif
