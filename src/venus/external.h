/* SPDX-License-Identifier: MIT */
/*
 * External memory for hosts that have none: a guest's dma-buf and opaque fd handles are shared
 * memory that the host driver imports by host pointer, and the one DRM format modifier, LINEAR, is
 * linear tiling (Venus §7.2, §7.7).
 *
 * These functions translate what a guest asks and what the host answers. Create infos come from
 * decoded commands, which are private, so their chains are edited in place.
 */
#ifndef HSP_VENUS_EXTERNAL_H
#define HSP_VENUS_EXTERNAL_H

#include "venus/device.h"
#include "venus/instance.h"

#define HSP_VN_DRM_FORMAT_MOD_LINEAR 0ull

/* The struct of that type in a chain, or NULL. */
void *hsp_vn_chain_find(const void *chain, VkStructureType type);

/* Takes the first struct of that type out of the chain of `owner`, a struct with sType and pNext.
 * Returns it, or NULL. */
void *hsp_vn_chain_remove(void *owner, VkStructureType type);

/* Memory planes of an image of that format. */
uint32_t hsp_vn_format_plane_count(VkFormat format);

/* Whether the host imports host pointers for buffers like this. */
bool hsp_vn_external_buffer_takes_host_pointer(const struct hsp_vn_physical_device *physical_device,
                                               const VkBufferCreateInfo *info);

/* Whether the host imports host pointers for images like this (with the host's tiling). */
bool hsp_vn_external_image_takes_host_pointer(const struct hsp_vn_physical_device *physical_device,
                                              const VkImageCreateInfo *info);

/* vkGetPhysicalDevice{FormatProperties2,ImageFormatProperties2,ExternalBufferProperties}. */
void hsp_vn_external_get_format_properties(const struct hsp_vn_physical_device *physical_device,
                                           VkFormat format, VkFormatProperties2 *out);
VkResult
hsp_vn_external_get_image_format_properties(const struct hsp_vn_physical_device *physical_device,
                                            VkPhysicalDeviceImageFormatInfo2 *info,
                                            VkImageFormatProperties2 *out);
void hsp_vn_external_get_buffer_properties(const struct hsp_vn_physical_device *physical_device,
                                           const VkPhysicalDeviceExternalBufferInfo *info,
                                           VkExternalBufferProperties *out);

#endif
