/* SPDX-License-Identifier: MIT */
#include "display/present_gpu.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define MAX_EXTENSION_COUNT 16

/* ------------------------------------------------------------------ instance */

static bool has_instance_extension(const char *name)
{
    VkExtensionProperties *list;
    uint32_t count = 0;
    bool found = false;

    if (vkEnumerateInstanceExtensionProperties(NULL, &count, NULL) != VK_SUCCESS || count == 0)
        return false;
    list = calloc(count, sizeof(*list));
    if (list && vkEnumerateInstanceExtensionProperties(NULL, &count, list) >= VK_SUCCESS) {
        for (uint32_t i = 0; i < count && !found; i++)
            found = strcmp(list[i].extensionName, name) == 0;
    }
    free(list);
    return found;
}

VkResult hsp_present_instance_create(const char *const *extensions, uint32_t extension_count,
                                     VkInstance *out_instance)
{
    const char *names[MAX_EXTENSION_COUNT];
    VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = "hesper-display",
        .apiVersion = VK_API_VERSION_1_3,
    };
    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = &application,
        .ppEnabledExtensionNames = names,
    };

    if (extension_count >= HSP_ARRAY_COUNT(names))
        return VK_ERROR_EXTENSION_NOT_PRESENT;
    for (uint32_t i = 0; i < extension_count; i++)
        names[info.enabledExtensionCount++] = extensions[i];
    /* Drivers on top of Metal are only listed for programs that ask for them. */
    if (has_instance_extension(VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME)) {
        names[info.enabledExtensionCount++] = VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME;
        info.flags |= VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
    }
    return vkCreateInstance(&info, NULL, out_instance);
}

/* ------------------------------------------------------------------ choice of a GPU */

#define PORTABILITY_SUBSET "VK_KHR_portability_subset"

struct candidate {
    VkPhysicalDevice device;
    VkPhysicalDeviceProperties properties;
    uint32_t queue_family;
    bool has_swapchain, has_host_import, has_portability_subset;
};

static void find_extensions(struct candidate *candidate)
{
    VkExtensionProperties *list;
    uint32_t count = 0;

    vkEnumerateDeviceExtensionProperties(candidate->device, NULL, &count, NULL);
    list = calloc(HSP_MAX(count, 1u), sizeof(*list));
    if (!list ||
        vkEnumerateDeviceExtensionProperties(candidate->device, NULL, &count, list) < VK_SUCCESS)
        count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = list[i].extensionName;
        if (strcmp(name, VK_KHR_SWAPCHAIN_EXTENSION_NAME) == 0)
            candidate->has_swapchain = true;
        else if (strcmp(name, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME) == 0)
            candidate->has_host_import = true;
        else if (strcmp(name, PORTABILITY_SUBSET) == 0)
            candidate->has_portability_subset = true;
    }
    free(list);
}

static bool find_queue_family(struct candidate *candidate, VkSurfaceKHR surface)
{
    VkQueueFamilyProperties families[16];
    uint32_t count = HSP_ARRAY_COUNT(families);

    vkGetPhysicalDeviceQueueFamilyProperties(candidate->device, &count, families);
    for (uint32_t i = 0; i < count; i++) {
        VkBool32 can_present = VK_FALSE;
        if ((families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT) &&
            vkGetPhysicalDeviceSurfaceSupportKHR(candidate->device, i, surface, &can_present) ==
                VK_SUCCESS &&
            can_present) {
            candidate->queue_family = i;
            return true;
        }
    }
    return false;
}

static bool has_features(VkPhysicalDevice device)
{
    VkPhysicalDeviceVulkan13Features features13 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
    };
    VkPhysicalDeviceFeatures2 features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .pNext = &features13,
    };

    vkGetPhysicalDeviceFeatures2(device, &features);
    return features13.dynamicRendering && features13.synchronization2;
}

/* What the GPU lacks; NULL: it will do, and the candidate is complete. */
static const char *examine(struct candidate *candidate, VkSurfaceKHR surface)
{
    vkGetPhysicalDeviceProperties(candidate->device, &candidate->properties);
    if (candidate->properties.apiVersion < VK_API_VERSION_1_3)
        return "Vulkan 1.3";
    find_extensions(candidate);
    if (!candidate->has_swapchain)
        return VK_KHR_SWAPCHAIN_EXTENSION_NAME;
    if (!candidate->has_host_import)
        return VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME;
    if (!has_features(candidate->device))
        return "dynamicRendering or synchronization2";
    if (!find_queue_family(candidate, surface))
        return "a queue that draws and presents to this window";
    return NULL;
}

static VkResult choose(VkInstance instance, VkSurfaceKHR surface, struct candidate *out)
{
    VkPhysicalDevice devices[16];
    uint32_t count = HSP_ARRAY_COUNT(devices);
    VkResult result = vkEnumeratePhysicalDevices(instance, &count, devices);
    bool found = false;

    if (result < VK_SUCCESS)
        return result;
    for (uint32_t i = 0; i < count; i++) {
        struct candidate candidate = {.device = devices[i]};
        const char *lack = examine(&candidate, surface);
        if (lack) {
            hsp_info("%s lacks %s for the window", candidate.properties.deviceName, lack);
        } else if (!found || (out->properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU &&
                              candidate.properties.deviceType != VK_PHYSICAL_DEVICE_TYPE_CPU)) {
            *out = candidate;
            found = true;
        }
    }
    return found ? VK_SUCCESS : VK_ERROR_FEATURE_NOT_PRESENT;
}

/* ------------------------------------------------------------------ device */

static VkResult create_device(struct hsp_present_gpu *gpu, const struct candidate *candidate)
{
    const float priority = 1.0f;
    const char *extensions[] = {
        VK_KHR_SWAPCHAIN_EXTENSION_NAME,
        VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME,
        PORTABILITY_SUBSET,
    };
    VkPhysicalDeviceVulkan13Features features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
        .dynamicRendering = VK_TRUE,
        .synchronization2 = VK_TRUE,
    };
    VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = candidate->queue_family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = &features,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = candidate->has_portability_subset ? 3 : 2,
        .ppEnabledExtensionNames = extensions,
    };
    VkResult result = vkCreateDevice(candidate->device, &info, NULL, &gpu->device);

    if (result == VK_SUCCESS)
        vkGetDeviceQueue(gpu->device, candidate->queue_family, 0, &gpu->queue);
    return result;
}

static void read_properties(struct hsp_present_gpu *gpu)
{
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT host = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT,
    };
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
        .pNext = &host,
    };

    vkGetPhysicalDeviceProperties2(gpu->physical_device, &properties);
    vkGetPhysicalDeviceMemoryProperties(gpu->physical_device, &gpu->memory);
    gpu->max_extent = properties.properties.limits.maxImageDimension2D;
    gpu->import_alignment = host.minImportedHostPointerAlignment;
}

VkResult hsp_present_gpu_init(struct hsp_present_gpu *gpu, VkInstance instance,
                              VkSurfaceKHR surface)
{
    struct candidate candidate;
    VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
    };
    VkResult result = choose(instance, surface, &candidate);

    memset(gpu, 0, sizeof(*gpu));
    if (result != VK_SUCCESS)
        return result;
    gpu->physical_device = candidate.device;
    read_properties(gpu);
    result = create_device(gpu, &candidate);
    if (result != VK_SUCCESS)
        return result;
    pool.queueFamilyIndex = candidate.queue_family;
    result = vkCreateCommandPool(gpu->device, &pool, NULL, &gpu->pool);
    gpu->get_host_pointer_properties = (PFN_vkGetMemoryHostPointerPropertiesEXT)vkGetDeviceProcAddr(
        gpu->device, "vkGetMemoryHostPointerPropertiesEXT");
    if (result == VK_SUCCESS && !gpu->get_host_pointer_properties)
        result = VK_ERROR_EXTENSION_NOT_PRESENT;
    if (result == VK_SUCCESS)
        hsp_info("showing with %s", candidate.properties.deviceName);
    else
        hsp_present_gpu_finish(gpu);
    return result;
}

void hsp_present_gpu_finish(struct hsp_present_gpu *gpu)
{
    if (gpu->device) {
        vkDestroyCommandPool(gpu->device, gpu->pool, NULL);
        vkDestroyDevice(gpu->device, NULL);
    }
    memset(gpu, 0, sizeof(*gpu));
}

VkResult hsp_present_gpu_allocate(const struct hsp_present_gpu *gpu, VkDeviceSize size,
                                  uint32_t type_bits, VkMemoryPropertyFlags properties,
                                  const void *next, VkDeviceMemory *out_memory)
{
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = next,
        .allocationSize = size,
    };

    for (uint32_t i = 0; i < gpu->memory.memoryTypeCount; i++) {
        if ((type_bits & (1u << i)) &&
            (gpu->memory.memoryTypes[i].propertyFlags & properties) == properties) {
            info.memoryTypeIndex = i;
            return vkAllocateMemory(gpu->device, &info, NULL, out_memory);
        }
    }
    return VK_ERROR_OUT_OF_DEVICE_MEMORY;
}

/* ------------------------------------------------------------------ commands */

VkResult hsp_present_commands_init(struct hsp_present_commands *commands,
                                   const struct hsp_present_gpu *gpu)
{
    VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = gpu->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkResult result;

    memset(commands, 0, sizeof(*commands));
    result = vkAllocateCommandBuffers(gpu->device, &info, &commands->buffer);
    if (result == VK_SUCCESS)
        result = vkCreateFence(gpu->device, &fence, NULL, &commands->fence);
    return result;
}

void hsp_present_commands_finish(struct hsp_present_commands *commands,
                                 const struct hsp_present_gpu *gpu)
{
    if (gpu->device)
        vkDestroyFence(gpu->device, commands->fence, NULL);
    memset(commands, 0, sizeof(*commands)); /* the buffer goes with its pool */
}

VkResult hsp_present_commands_wait(struct hsp_present_commands *commands,
                                   struct hsp_present_gpu *gpu)
{
    uint64_t begin = hsp_now_ns();
    VkResult result = VK_SUCCESS;

    if (!commands->is_pending)
        return VK_SUCCESS;
    result = vkWaitForFences(gpu->device, 1, &commands->fence, VK_TRUE, UINT64_MAX);
    if (result == VK_SUCCESS)
        result = vkResetFences(gpu->device, 1, &commands->fence);
    commands->is_pending = false;
    gpu->driver_ns += hsp_now_ns() - begin;
    return result;
}

VkResult hsp_present_commands_begin(struct hsp_present_commands *commands,
                                    struct hsp_present_gpu *gpu)
{
    VkCommandBufferBeginInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    VkResult result = hsp_present_commands_wait(commands, gpu);

    return result == VK_SUCCESS ? vkBeginCommandBuffer(commands->buffer, &info) : result;
}

VkResult hsp_present_commands_submit(struct hsp_present_commands *commands,
                                     struct hsp_present_gpu *gpu, VkSemaphore wait,
                                     VkSemaphore signal)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT;
    VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = wait ? 1 : 0,
        .pWaitSemaphores = &wait,
        .pWaitDstStageMask = &stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands->buffer,
        .signalSemaphoreCount = signal ? 1 : 0,
        .pSignalSemaphores = &signal,
    };
    uint64_t begin = hsp_now_ns();
    VkResult result = vkEndCommandBuffer(commands->buffer);

    if (result == VK_SUCCESS)
        result = vkQueueSubmit(gpu->queue, 1, &info, commands->fence);
    commands->is_pending = result == VK_SUCCESS;
    gpu->driver_ns += hsp_now_ns() - begin;
    return result;
}
