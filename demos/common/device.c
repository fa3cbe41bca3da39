/* SPDX-License-Identifier: MIT */
/* Choosing and making a device. */
#include "vk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MAX_PHYSICAL_COUNT  16
#define MAX_EXTENSION_COUNT 16

static bool has_name(const VkExtensionProperties *properties, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(properties[i].extensionName, name) == 0)
            return true;
    }
    return false;
}

static bool has_instance_extension(const char *name)
{
    VkExtensionProperties *properties;
    uint32_t count = 0;
    bool found;

    DEMO_VK(vkEnumerateInstanceExtensionProperties(NULL, &count, NULL));
    properties = calloc(count + 1, sizeof(*properties));
    DEMO_VK(vkEnumerateInstanceExtensionProperties(NULL, &count, properties));
    found = has_name(properties, count, name);
    free(properties);
    return found;
}

bool demo_device_has_extension(VkPhysicalDevice physical, const char *name)
{
    VkExtensionProperties *properties;
    uint32_t count = 0;
    bool found;

    DEMO_VK(vkEnumerateDeviceExtensionProperties(physical, NULL, &count, NULL));
    properties = calloc(count + 1, sizeof(*properties));
    DEMO_VK(vkEnumerateDeviceExtensionProperties(physical, NULL, &count, properties));
    found = has_name(properties, count, name);
    free(properties);
    return found;
}

/* Returns the version that the loader has. */
static uint32_t create_instance(struct demo_device *device, const char *const *wanted,
                                uint32_t wanted_count)
{
    const char *portability = VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME;
    bool has_portability = has_instance_extension(portability);
    const char *extensions[MAX_EXTENSION_COUNT];
    uint32_t extension_count = 0, version;

    for (uint32_t i = 0; i < wanted_count; i++) {
        if (!has_instance_extension(wanted[i]))
            demo_skip("no driver here has %s", wanted[i]);
        extensions[extension_count++] = wanted[i];
    }
    if (has_portability)
        extensions[extension_count++] = portability;

    DEMO_VK(vkEnumerateInstanceVersion(&version));
    VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = program_invocation_short_name,
        .apiVersion = version,
    };
    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .flags = has_portability ? VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR : 0,
        .pApplicationInfo = &application,
        .enabledExtensionCount = extension_count,
        .ppEnabledExtensionNames = extensions,
    };
    VkResult result = vkCreateInstance(&info, NULL, &device->instance);
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
        demo_skip("there is no Vulkan driver");
    DEMO_VK(result);
    return version;
}

/* Whether the device is the one behind a DRM card. */
static bool is_of_card(VkPhysicalDevice physical, int drm_fd)
{
    VkPhysicalDeviceDrmPropertiesEXT drm = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRM_PROPERTIES_EXT,
    };
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
        .pNext = &drm,
    };
    struct stat st;

    if (drm_fd < 0 || fstat(drm_fd, &st) < 0 ||
        !demo_device_has_extension(physical, VK_EXT_PHYSICAL_DEVICE_DRM_EXTENSION_NAME))
        return false;
    vkGetPhysicalDeviceProperties2(physical, &properties);
    return drm.hasPrimary && drm.primaryMajor == major(st.st_rdev) &&
           drm.primaryMinor == minor(st.st_rdev);
}

static bool is_venus(VkPhysicalDevice physical)
{
    VkPhysicalDeviceDriverProperties driver = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
    };
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
        .pNext = &driver,
    };

    if (!demo_device_has_extension(physical, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME))
        return false;
    vkGetPhysicalDeviceProperties2(physical, &properties);
    return driver.driverID == VK_DRIVER_ID_MESA_VENUS;
}

static int rank(VkPhysicalDevice physical, int drm_fd)
{
    VkPhysicalDeviceProperties properties;

    vkGetPhysicalDeviceProperties(physical, &properties);
    if (properties.apiVersion < VK_API_VERSION_1_1)
        return -1;
    if (is_of_card(physical, drm_fd))
        return 3;
    if (is_venus(physical))
        return 2;
    return properties.deviceType != VK_PHYSICAL_DEVICE_TYPE_CPU;
}

static void choose_physical(struct demo_device *device, int drm_fd)
{
    VkPhysicalDevice physicals[MAX_PHYSICAL_COUNT];
    uint32_t count = MAX_PHYSICAL_COUNT;
    int best = -1;
    VkResult result = vkEnumeratePhysicalDevices(device->instance, &count, physicals);

    if (result != VK_INCOMPLETE)
        DEMO_VK(result);
    for (uint32_t i = 0; i < count; i++) {
        int this_rank = rank(physicals[i], drm_fd);
        if (this_rank > best) {
            best = this_rank;
            device->physical = physicals[i];
        }
    }
    if (best < 0)
        demo_skip("no device with Vulkan 1.1 or newer");
    vkGetPhysicalDeviceProperties(device->physical, &device->properties);
    vkGetPhysicalDeviceMemoryProperties(device->physical, &device->memory);
}

static void choose_queue_family(struct demo_device *device, uint32_t wanted_count)
{
    const VkQueueFlags flags = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
    VkQueueFamilyProperties families[16];
    uint32_t count = 16;

    vkGetPhysicalDeviceQueueFamilyProperties(device->physical, &count, families);
    for (uint32_t i = 0; i < count; i++) {
        if ((families[i].queueFlags & flags) != flags)
            continue;
        device->queue_family = i;
        device->queue_count = wanted_count ? wanted_count : 1;
        if (device->queue_count > families[i].queueCount)
            device->queue_count = families[i].queueCount;
        if (device->queue_count > DEMO_MAX_QUEUE_COUNT)
            device->queue_count = DEMO_MAX_QUEUE_COUNT;
        return;
    }
    demo_die("%s has no queue for graphics and compute", device->properties.deviceName);
}

static void create_device(struct demo_device *device, const struct demo_device_options *options)
{
    static const float priorities[DEMO_MAX_QUEUE_COUNT];
    const char *extensions[MAX_EXTENSION_COUNT];
    uint32_t extension_count = 0;
    VkDeviceQueueCreateInfo queue_info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = device->queue_family,
        .queueCount = device->queue_count,
        .pQueuePriorities = priorities,
    };

    for (uint32_t i = 0; i < options->extension_count; i++) {
        if (!demo_device_has_extension(device->physical, options->extensions[i]))
            demo_skip("%s has no %s", device->properties.deviceName, options->extensions[i]);
        extensions[extension_count++] = options->extensions[i];
    }
    if (demo_device_has_extension(device->physical, "VK_KHR_portability_subset"))
        extensions[extension_count++] = "VK_KHR_portability_subset";
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = options->features,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue_info,
        .enabledExtensionCount = extension_count,
        .ppEnabledExtensionNames = extensions,
    };
    DEMO_VK(vkCreateDevice(device->physical, &info, NULL, &device->device));
}

void demo_device_choose(struct demo_device *device, int drm_fd)
{
    demo_device_choose_with(device, drm_fd, NULL, 0);
}

void demo_device_choose_with(struct demo_device *device, int drm_fd, const char *const *extensions,
                             uint32_t extension_count)
{
    uint32_t loader_version;

    *device = (struct demo_device){0};
    loader_version = create_instance(device, extensions, extension_count);
    choose_physical(device, drm_fd);
    device->api_version = device->properties.apiVersion < loader_version
                              ? device->properties.apiVersion
                              : loader_version;
}

void demo_device_create(struct demo_device *device, const struct demo_device_options *options)
{
    static const struct demo_device_options no_options;

    if (!options)
        options = &no_options;
    choose_queue_family(device, options->queue_count);
    create_device(device, options);
    for (uint32_t i = 0; i < device->queue_count; i++)
        vkGetDeviceQueue(device->device, device->queue_family, i, &device->queues[i]);
    device->queue = device->queues[0];

    VkCommandPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = device->queue_family,
    };
    DEMO_VK(vkCreateCommandPool(device->device, &pool_info, NULL, &device->pool));
}

void demo_device_destroy(struct demo_device *device)
{
    vkDestroyCommandPool(device->device, device->pool, NULL);
    vkDestroyDevice(device->device, NULL);
    vkDestroyInstance(device->instance, NULL);
    *device = (struct demo_device){0};
}
