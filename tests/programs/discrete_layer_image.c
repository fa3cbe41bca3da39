/* SPDX-License-Identifier: MIT */
/*
 * Linear images are no colour attachments: their formats do not have the feature, as NVIDIA's,
 * although images that are made so all the same are not refused. Drawing to one together with a
 * depth image hangs that GPU; here the view that it would be drawn through ends the process.
 */
#include "discrete_layer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct image {
    VkImage handle;
    bool is_optimal;
    VkImageUsageFlags usage;
    struct image *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct image *images;

/* ------------------------------------------------------------------ features */

static void change_features(VkFormatProperties *properties)
{
    properties->linearTilingFeatures &=
        ~(VkFormatFeatureFlags)(VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT |
                                VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BLEND_BIT);
}

static VKAPI_ATTR void VKAPI_CALL get_format(VkPhysicalDevice device, VkFormat format,
                                             VkFormatProperties *out)
{
    NEXT(device, vkGetPhysicalDeviceFormatProperties)(device, format, out);
    change_features(out);
}

static VKAPI_ATTR void VKAPI_CALL get_format2(VkPhysicalDevice device, VkFormat format,
                                              VkFormatProperties2 *out)
{
    NEXT(device, vkGetPhysicalDeviceFormatProperties2)(device, format, out);
    change_features(&out->formatProperties);
    for (VkBaseOutStructure *link = out->pNext; link; link = link->pNext) {
        VkFormatProperties3 *properties = (void *)link;
        if (link->sType == VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_3)
            properties->linearTilingFeatures &= ~(VK_FORMAT_FEATURE_2_COLOR_ATTACHMENT_BIT |
                                                  VK_FORMAT_FEATURE_2_COLOR_ATTACHMENT_BLEND_BIT);
    }
}

/* ------------------------------------------------------------------ images */

static void remember_image(const struct image *image)
{
    struct image *copy = malloc(sizeof(*copy));

    if (!copy)
        abort();
    *copy = *image;
    pthread_mutex_lock(&lock);
    copy->next = images;
    images = copy;
    pthread_mutex_unlock(&lock);
}

static void forget_image(VkImage handle)
{
    struct image **place, *found;

    pthread_mutex_lock(&lock);
    for (place = &images; *place && (*place)->handle != handle; place = &(*place)->next)
        ;
    found = *place;
    if (found)
        *place = found->next;
    pthread_mutex_unlock(&lock);
    free(found);
}

/* A copy; all zero when there is no such image. */
static struct image find_image(VkImage handle)
{
    struct image copy = {.handle = VK_NULL_HANDLE};

    pthread_mutex_lock(&lock);
    for (const struct image *image = images; image; image = image->next)
        if (image->handle == handle)
            copy = *image;
    pthread_mutex_unlock(&lock);
    return copy;
}

bool hsp_discrete_image_is_optimal(VkImage image)
{
    return find_image(image).is_optimal;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_image(VkDevice device, const VkImageCreateInfo *info,
                                                   const VkAllocationCallbacks *callbacks,
                                                   VkImage *out_image)
{
    VkResult result = NEXT(device, vkCreateImage)(device, info, callbacks, out_image);

    if (result == VK_SUCCESS)
        remember_image(&(struct image){.handle = *out_image,
                                       .is_optimal = info->tiling == VK_IMAGE_TILING_OPTIMAL,
                                       .usage = info->usage});
    return result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_image(VkDevice device, VkImage image,
                                                const VkAllocationCallbacks *callbacks)
{
    forget_image(image);
    NEXT(device, vkDestroyImage)(device, image, callbacks);
}

/* ------------------------------------------------------------------ views */

static VkImageUsageFlags get_view_usage(const VkImageViewCreateInfo *info,
                                        const struct image *image)
{
    for (const VkBaseInStructure *link = info->pNext; link; link = link->pNext) {
        const VkImageViewUsageCreateInfo *usage = (const void *)link;
        if (link->sType == VK_STRUCTURE_TYPE_IMAGE_VIEW_USAGE_CREATE_INFO)
            return usage->usage;
    }
    return image->usage;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_view(VkDevice device,
                                                  const VkImageViewCreateInfo *info,
                                                  const VkAllocationCallbacks *callbacks,
                                                  VkImageView *out_view)
{
    struct image image = find_image(info->image);

    if (!image.is_optimal && (get_view_usage(info, &image) & VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT)) {
        fprintf(stderr, "discrete layer: a linear image cannot be a colour attachment\n");
        abort();
    }
    return NEXT(device, vkCreateImageView)(device, info, callbacks, out_view);
}

const struct hsp_discrete_command hsp_discrete_image_commands[] = {
    COMMAND(vkCreateImage, create_image),
    COMMAND(vkCreateImageView, create_view),
    COMMAND(vkDestroyImage, destroy_image),
    COMMAND(vkGetPhysicalDeviceFormatProperties, get_format),
    COMMAND(vkGetPhysicalDeviceFormatProperties2, get_format2),
    COMMAND(vkGetPhysicalDeviceFormatProperties2KHR, get_format2),
    {NULL, NULL},
};
