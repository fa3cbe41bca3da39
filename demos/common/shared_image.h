/* SPDX-License-Identifier: MIT */
/*
 * An image whose memory others can use: exported as a dma-buf, its layout in memory described by a
 * DRM format modifier. Fails as vk.h.
 */
#ifndef DEMO_SHARED_IMAGE_H
#define DEMO_SHARED_IMAGE_H

#include "vk.h"

/* The device extensions that shared images need. */
#define DEMO_SHARED_IMAGE_EXTENSION_COUNT 5
extern const char *const demo_shared_image_extensions[DEMO_SHARED_IMAGE_EXTENSION_COUNT];

/* Those of `wanted` modifiers with which the device has exportable images of one memory plane with
 * this format and usage, in their order. Returns their number; `out` has room for `count`. */
uint32_t demo_shared_image_modifiers(const struct demo_device *device, VkFormat format,
                                     VkImageUsageFlags usage, const uint64_t *wanted,
                                     uint32_t count, uint64_t *out);

struct demo_shared_image {
    VkImage image;
    VkDeviceMemory memory;
    VkImageView view; /* of its colour */
    int fd;           /* dma-buf, owned */
    uint64_t modifier;
    VkSubresourceLayout layout; /* of the one memory plane */
    uint8_t *map;               /* of the dma-buf, see demo_shared_image_map */
    size_t map_size;
};

/* With one of the modifiers, which the driver picks. */
void demo_shared_image_create(const struct demo_device *device, struct demo_shared_image *shared,
                              VkFormat format, uint32_t width, uint32_t height,
                              VkImageUsageFlags usage, const uint64_t *modifiers,
                              uint32_t modifier_count);
void demo_shared_image_destroy(const struct demo_device *device, struct demo_shared_image *shared);

/* Whether memory of others can become an image of this format, usage and modifier. */
bool demo_shared_image_is_importable(const struct demo_device *device, VkFormat format,
                                     VkImageUsageFlags usage, uint64_t modifier);

/* An image on memory that somebody else made. The descriptor, a dma-buf, is borrowed; modifier,
 * layout.offset and layout.rowPitch are those of the memory, the rest of the layout is taken no
 * notice of. Its first use is demo_shared_image_acquire. */
void demo_shared_image_import(const struct demo_device *device, struct demo_shared_image *shared,
                              VkFormat format, uint32_t width, uint32_t height,
                              VkImageUsageFlags usage, int fd, uint64_t modifier,
                              const VkSubresourceLayout *layout);

/* Records taking the image over from users outside Vulkan, with what they wrote, into `layout`. */
void demo_shared_image_acquire(const struct demo_device *device,
                               const struct demo_shared_image *shared, VkCommandBuffer commands,
                               VkImageLayout layout);

/* The bytes of the image's first row, mapped through the dma-buf for reading and writing at the
 * first call; the rows are layout.rowPitch apart. NULL when the modifier is not LINEAR. */
uint8_t *demo_shared_image_map(struct demo_shared_image *shared);

/* Records handing the image, last written as a colour attachment or by a transfer in `layout`, over
 * to users outside Vulkan. It may be used again, from UNDEFINED layout, when they are done. */
void demo_shared_image_release(const struct demo_device *device,
                               const struct demo_shared_image *shared, VkCommandBuffer commands,
                               VkImageLayout layout);

#endif
