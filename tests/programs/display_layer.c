/* SPDX-License-Identifier: MIT */
/*
 * A Vulkan layer that gives programs the screen of a virtio-gpu as a VkDisplayKHR. Mesa's Venus
 * driver has VK_KHR_display but does not look for screens itself: it has those that a program
 * brings along with vkAcquireDrmDisplayEXT. This layer does so before the program asks for
 * displays, so that programs that only know VK_KHR_display can be tried.
 *
 * For one instance at a time. A card that has no connected screen, or whose master is somebody
 * else, changes nothing.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vulkan/vk_layer.h>
#include <xf86drmMode.h>

#define EXPORT         __attribute__((visibility("default")))
#define MAX_CARDS      8
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FIND(name)     ((PFN_##name)next_instance_proc_addr(instance, #name))

VkResult hsp_display_layer_negotiate(VkNegotiateLayerInterface *interface);

static PFN_vkGetInstanceProcAddr next_instance_proc_addr;
static VkInstance instance;
static bool has_display;

/* ------------------------------------------------------------------ the screen */

/* The first connected connector of a card, or 0. */
static uint32_t find_connector(int card_fd)
{
    drmModeRes *resources = drmModeGetResources(card_fd);
    uint32_t id = 0;

    for (int i = 0; resources && i < resources->count_connectors && id == 0; i++) {
        drmModeConnector *connector = drmModeGetConnector(card_fd, resources->connectors[i]);
        if (connector && connector->connection == DRM_MODE_CONNECTED)
            id = connector->connector_id;
        drmModeFreeConnector(connector);
    }
    drmModeFreeResources(resources);
    return id;
}

/* Gives the device the screen of this card, if it is the device's card and has one. On success the
 * descriptor is the driver's. */
static bool acquire_from(VkPhysicalDevice device, int card_fd)
{
    uint32_t connector = find_connector(card_fd);
    VkDisplayKHR display = VK_NULL_HANDLE;
    VkResult result;

    if (connector == 0 || FIND(vkGetDrmDisplayEXT)(device, card_fd, connector, &display) != 0)
        return false;
    result = FIND(vkAcquireDrmDisplayEXT)(device, card_fd, display);
    fprintf(stderr, "display layer: connector %u, vkAcquireDrmDisplayEXT: %d\n", connector, result);
    return result == VK_SUCCESS;
}

static void acquire(VkPhysicalDevice device)
{
    for (int i = 0; i < MAX_CARDS && !has_display; i++) {
        char path[32];
        int fd;
        snprintf(path, sizeof(path), "/dev/dri/card%d", i);
        /* Who opens a card that has no master becomes it. */
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            continue;
        has_display = acquire_from(device, fd);
        if (!has_display)
            close(fd);
    }
}

static VKAPI_ATTR VkResult VKAPI_CALL get_displays(VkPhysicalDevice device, uint32_t *count,
                                                   VkDisplayPropertiesKHR *out)
{
    if (!has_display)
        acquire(device);
    return FIND(vkGetPhysicalDeviceDisplayPropertiesKHR)(device, count, out);
}

/* ------------------------------------------------------------------ the chain of layers */

static VkLayerInstanceCreateInfo *find_link(const void *chain)
{
    for (const VkLayerInstanceCreateInfo *info = chain; info; info = info->pNext) {
        if (info->sType == VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO &&
            info->function == VK_LAYER_LINK_INFO)
            return (void *)(uintptr_t)info;
    }
    abort(); /* the loader always gives one */
}

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *callbacks,
                                                      VkInstance *out_instance)
{
    static const char *const added[] = {"VK_KHR_display", "VK_EXT_direct_mode_display",
                                        "VK_EXT_acquire_drm_display"};
    VkLayerInstanceCreateInfo *link = find_link(info->pNext);
    VkInstanceCreateInfo copy = *info;
    uint32_t count = info->enabledExtensionCount;
    const char **names = calloc(count + ARRAY_COUNT(added), sizeof(*names));
    VkResult result;

    if (!names)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        names[i] = info->ppEnabledExtensionNames[i];
    for (size_t i = 0; i < ARRAY_COUNT(added); i++)
        names[count + i] = added[i];
    copy.enabledExtensionCount = count + (uint32_t)ARRAY_COUNT(added);
    copy.ppEnabledExtensionNames = names;

    next_instance_proc_addr = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    result = ((PFN_vkCreateInstance)next_instance_proc_addr(NULL, "vkCreateInstance"))(
        &copy, callbacks, out_instance);
    if (result == VK_SUCCESS)
        instance = *out_instance;
    has_display = false;
    free(names);
    return result;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance_proc_addr(VkInstance inst,
                                                                       const char *name)
{
    if (strcmp(name, "vkGetInstanceProcAddr") == 0)
        return (PFN_vkVoidFunction)get_instance_proc_addr;
    if (strcmp(name, "vkCreateInstance") == 0)
        return (PFN_vkVoidFunction)create_instance;
    if (strcmp(name, "vkGetPhysicalDeviceDisplayPropertiesKHR") == 0)
        return (PFN_vkVoidFunction)get_displays;
    return next_instance_proc_addr ? next_instance_proc_addr(inst, name) : NULL;
}

EXPORT VkResult hsp_display_layer_negotiate(VkNegotiateLayerInterface *interface)
{
    interface->loaderLayerInterfaceVersion = 2;
    interface->pfnGetInstanceProcAddr = get_instance_proc_addr;
    interface->pfnGetDeviceProcAddr = NULL;
    interface->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
