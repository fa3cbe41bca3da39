/* SPDX-License-Identifier: MIT */
/* What the images are. */
#include "discrete_layer.h"

#include <pthread.h>
#include <stdlib.h>

struct image {
    VkImage handle;
    bool is_optimal;
    struct image *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct image *images;

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
                                       .is_optimal = info->tiling == VK_IMAGE_TILING_OPTIMAL});
    return result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_image(VkDevice device, VkImage image,
                                                const VkAllocationCallbacks *callbacks)
{
    forget_image(image);
    NEXT(device, vkDestroyImage)(device, image, callbacks);
}

const struct hsp_discrete_command hsp_discrete_image_commands[] = {
    COMMAND(vkCreateImage, create_image),
    COMMAND(vkDestroyImage, destroy_image),
    {NULL, NULL},
};
