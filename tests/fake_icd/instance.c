/* SPDX-License-Identifier: MIT */
/* Instances and physical devices. */
#include "private.h"

#include <stdlib.h>
#include <string.h>

#define DEVICE_COUNT_MAX 4

/* One instance at a time has the devices. */
static void *physical_devices[DEVICE_COUNT_MAX];

VKAPI_ATTR VkResult VKAPI_CALL fake_vkEnumerateInstanceVersion(uint32_t *pApiVersion)
{
    *pApiVersion = fake_control.api_version;
    return fake_call(FAKE_vkEnumerateInstanceVersion);
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkEnumerateInstanceExtensionProperties(
    const char *pLayerName, uint32_t *pPropertyCount, VkExtensionProperties *pProperties)
{
    *pPropertyCount = 0;
    return fake_call(FAKE_vkEnumerateInstanceExtensionProperties);
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkCreateInstance(const VkInstanceCreateInfo *pCreateInfo,
                                                     const VkAllocationCallbacks *pAllocator,
                                                     VkInstance *pInstance)
{
    VkResult result = fake_call(FAKE_vkCreateInstance);

    if (result < 0)
        return result;
    for (uint32_t i = 0; i < DEVICE_COUNT_MAX; i++) {
        if (!physical_devices[i])
            physical_devices[i] = fake_new_dispatchable();
    }
    *pInstance = fake_new_dispatchable();
    return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL fake_vkDestroyInstance(VkInstance instance,
                                                  const VkAllocationCallbacks *pAllocator)
{
    fake_call(FAKE_vkDestroyInstance);
    fake_free_dispatchable(instance);
}

__attribute__((destructor)) static void free_physical_devices(void)
{
    for (uint32_t i = 0; i < DEVICE_COUNT_MAX; i++)
        free(physical_devices[i]);
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkEnumeratePhysicalDevices(VkInstance instance,
                                                               uint32_t *pPhysicalDeviceCount,
                                                               VkPhysicalDevice *pPhysicalDevices)
{
    VkResult result = fake_call(FAKE_vkEnumeratePhysicalDevices);
    uint32_t count = fake_control.physical_device_count;

    if (result < 0)
        return result;
    if (!pPhysicalDevices) {
        *pPhysicalDeviceCount = count;
        return VK_SUCCESS;
    }
    for (uint32_t i = 0; i < count && i < *pPhysicalDeviceCount; i++)
        pPhysicalDevices[i] = physical_devices[i];
    if (*pPhysicalDeviceCount < count)
        return VK_INCOMPLETE;
    *pPhysicalDeviceCount = count;
    return VK_SUCCESS;
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkEnumeratePhysicalDeviceGroups(
    VkInstance instance, uint32_t *pCount, VkPhysicalDeviceGroupProperties *pGroups)
{
    VkResult result = fake_call(FAKE_vkEnumeratePhysicalDeviceGroups);
    uint32_t count = fake_control.physical_device_count;

    if (result < 0)
        return result;
    for (uint32_t i = 0; pGroups && i < count && i < *pCount; i++) {
        pGroups[i].physicalDeviceCount = 1;
        pGroups[i].physicalDevices[0] = physical_devices[i];
        pGroups[i].subsetAllocation = VK_FALSE;
    }
    result = pGroups && *pCount < count ? VK_INCOMPLETE : VK_SUCCESS;
    if (result == VK_SUCCESS)
        *pCount = count;
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkEnumerateDeviceExtensionProperties(
    VkPhysicalDevice physicalDevice, const char *pLayerName, uint32_t *pPropertyCount,
    VkExtensionProperties *pProperties)
{
    const bool chosen = fake_control.extensions != NULL;
    uint32_t count = chosen ? fake_control.extension_count : fake_device_extensions_count;
    VkResult result = fake_call(FAKE_vkEnumerateDeviceExtensionProperties);

    if (result < 0)
        return result;
    for (uint32_t i = 0; pProperties && i < count && i < *pPropertyCount; i++) {
        if (chosen) {
            pProperties[i].specVersion = 1;
            strncpy(pProperties[i].extensionName, fake_control.extensions[i],
                    VK_MAX_EXTENSION_NAME_SIZE - 1);
        } else {
            pProperties[i] = fake_device_extensions[i];
        }
    }
    result = pProperties && *pPropertyCount < count ? VK_INCOMPLETE : VK_SUCCESS;
    if (result == VK_SUCCESS)
        *pPropertyCount = count;
    return result;
}

/* ------------------------------------------------------------------ features and properties */

static size_t size_of_struct(const struct fake_struct *structs, uint32_t count,
                             VkStructureType type)
{
    for (uint32_t i = 0; i < count; i++) {
        if (structs[i].type == type)
            return structs[i].size;
    }
    return sizeof(VkBaseOutStructure);
}

/* After its header a feature struct is nothing but VkBool32. */
static void fill_features(void *data, size_t size)
{
    VkBool32 *features = data;

    for (size_t i = 0; i < size / sizeof(*features); i++)
        features[i] = fake_control.feature;
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceFeatures(VkPhysicalDevice physicalDevice,
                                                            VkPhysicalDeviceFeatures *pFeatures)
{
    fake_call(FAKE_vkGetPhysicalDeviceFeatures);
    fill_features(pFeatures, sizeof(*pFeatures));
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceFeatures2(VkPhysicalDevice physicalDevice,
                                                             VkPhysicalDeviceFeatures2 *pFeatures)
{
    fake_call(FAKE_vkGetPhysicalDeviceFeatures2);
    fill_features(&pFeatures->features, sizeof(pFeatures->features));
    for (VkBaseOutStructure *out = pFeatures->pNext; out; out = out->pNext)
        fill_features(out + 1, size_of_struct(fake_features, fake_features_count, out->sType) -
                                   sizeof(*out));
}

static const VkPhysicalDeviceLimits limits = {
    .maxImageDimension1D = 16384,
    .maxImageDimension2D = 16384,
    .maxImageDimension3D = 2048,
    .maxImageDimensionCube = 16384,
    .maxImageArrayLayers = 2048,
    .maxTexelBufferElements = 1 << 27,
    .maxUniformBufferRange = 65536,
    .maxStorageBufferRange = 1 << 27,
    .maxPushConstantsSize = 256,
    .maxMemoryAllocationCount = 1 << 20,
    .maxSamplerAllocationCount = 32768,
    .bufferImageGranularity = 64,
    .maxBoundDescriptorSets = 8,
    .maxFramebufferWidth = 16384,
    .maxFramebufferHeight = 16384,
    .maxFramebufferLayers = 2048,
    .maxColorAttachments = 8,
    .maxViewports = 16,
    .maxViewportDimensions = {16384, 16384},
    .minMemoryMapAlignment = 64,
    .minTexelBufferOffsetAlignment = 16,
    .minUniformBufferOffsetAlignment = 16,
    .minStorageBufferOffsetAlignment = 16,
    .nonCoherentAtomSize = 64,
    .optimalBufferCopyOffsetAlignment = 128,
    .optimalBufferCopyRowPitchAlignment = 128,
    .timestampPeriod = 1,
};

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceProperties(
    VkPhysicalDevice physicalDevice, VkPhysicalDeviceProperties *pProperties)
{
    fake_call(FAKE_vkGetPhysicalDeviceProperties);
    *pProperties = (VkPhysicalDeviceProperties){
        .apiVersion = fake_control.api_version,
        .driverVersion = 1,
        .deviceType = fake_control.device_type,
        .deviceName = "fake",
        .limits = limits,
    };
}

static void fill_property(VkBaseOutStructure *out)
{
    size_t size = size_of_struct(fake_properties, fake_properties_count, out->sType);
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT *host = (void *)out;
    VkPhysicalDeviceMaintenance3Properties *maintenance3 = (void *)out;
    VkPhysicalDeviceVulkan11Properties *vulkan11 = (void *)out;
    VkPhysicalDeviceVulkan14Properties *vulkan14 = (void *)out;
    VkPhysicalDeviceHostImageCopyProperties *copy = (void *)out;

    memset(out + 1, 0, size - sizeof(*out));
    switch (out->sType) {
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT:
        host->minImportedHostPointerAlignment = fake_control.host_pointer_alignment;
        break;
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES:
        maintenance3->maxMemoryAllocationSize = 1ull << 32;
        maintenance3->maxPerSetDescriptors = 1 << 20;
        break;
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES:
        vulkan11->maxMemoryAllocationSize = 1ull << 32;
        vulkan11->maxPerSetDescriptors = 1 << 20;
        vulkan11->subgroupSize = 32;
        break;
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_4_PROPERTIES: /* these two hold arrays */
        vulkan14->copySrcLayoutCount = vulkan14->copyDstLayoutCount = 0;
        break;
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_HOST_IMAGE_COPY_PROPERTIES:
        copy->copySrcLayoutCount = copy->copyDstLayoutCount = 0;
        break;
    default:
        break;
    }
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceProperties2(
    VkPhysicalDevice physicalDevice, VkPhysicalDeviceProperties2 *pProperties)
{
    fake_call(FAKE_vkGetPhysicalDeviceProperties2);
    fake_vkGetPhysicalDeviceProperties(physicalDevice, &pProperties->properties);
    for (VkBaseOutStructure *out = pProperties->pNext; out; out = out->pNext)
        fill_property(out);
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceMemoryProperties(
    VkPhysicalDevice physicalDevice, VkPhysicalDeviceMemoryProperties *pMemoryProperties)
{
    fake_call(FAKE_vkGetPhysicalDeviceMemoryProperties);
    *pMemoryProperties = fake_control.memory;
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceMemoryProperties2(
    VkPhysicalDevice physicalDevice, VkPhysicalDeviceMemoryProperties2 *pMemoryProperties)
{
    fake_call(FAKE_vkGetPhysicalDeviceMemoryProperties2);
    pMemoryProperties->memoryProperties = fake_control.memory;
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceQueueFamilyProperties(
    VkPhysicalDevice physicalDevice, uint32_t *pCount, VkQueueFamilyProperties *pProperties)
{
    fake_call(FAKE_vkGetPhysicalDeviceQueueFamilyProperties);
    for (uint32_t i = 0; pProperties && i < fake_control.queue_family_count && i < *pCount; i++)
        pProperties[i] = fake_control.queue_families[i];
    *pCount = fake_control.queue_family_count;
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceQueueFamilyProperties2(
    VkPhysicalDevice physicalDevice, uint32_t *pCount, VkQueueFamilyProperties2 *pProperties)
{
    fake_call(FAKE_vkGetPhysicalDeviceQueueFamilyProperties2);
    for (uint32_t i = 0; pProperties && i < fake_control.queue_family_count && i < *pCount; i++)
        pProperties[i].queueFamilyProperties = fake_control.queue_families[i];
    *pCount = fake_control.queue_family_count;
}

/* ------------------------------------------------------------------ formats and external handles
 */

#define ALL_FEATURES 0x7fffffffu

static VkFormatProperties format_features(void)
{
    return (VkFormatProperties){
        .linearTilingFeatures = ALL_FEATURES & ~fake_control.linear_lacks,
        .optimalTilingFeatures = ALL_FEATURES,
        .bufferFeatures = ALL_FEATURES,
    };
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceFormatProperties(
    VkPhysicalDevice physicalDevice, VkFormat format, VkFormatProperties *pFormatProperties)
{
    fake_call(FAKE_vkGetPhysicalDeviceFormatProperties);
    *pFormatProperties = format_features();
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceFormatProperties2(
    VkPhysicalDevice physicalDevice, VkFormat format, VkFormatProperties2 *pFormatProperties)
{
    const VkFormatProperties features = format_features();
    VkFormatProperties3 *properties3;

    fake_call(FAKE_vkGetPhysicalDeviceFormatProperties2);
    pFormatProperties->formatProperties = features;
    properties3 = fake_find(pFormatProperties->pNext, VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_3);
    if (properties3) {
        properties3->linearTilingFeatures = features.linearTilingFeatures;
        properties3->optimalTilingFeatures = features.optimalTilingFeatures;
        properties3->bufferFeatures = features.bufferFeatures;
    }
}

static const VkImageFormatProperties image_limits = {
    .maxExtent = {16384, 16384, 2048},
    .maxMipLevels = 15,
    .maxArrayLayers = 2048,
    .sampleCounts = VK_SAMPLE_COUNT_1_BIT | VK_SAMPLE_COUNT_4_BIT,
    .maxResourceSize = 1ull << 31,
};

static const VkExternalMemoryProperties external_memory = {
    .externalMemoryFeatures = VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT,
    .compatibleHandleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
};

VKAPI_ATTR VkResult VKAPI_CALL fake_vkGetPhysicalDeviceImageFormatProperties(
    VkPhysicalDevice physicalDevice, VkFormat format, VkImageType type, VkImageTiling tiling,
    VkImageUsageFlags usage, VkImageCreateFlags flags, VkImageFormatProperties *pProperties)
{
    *pProperties = image_limits;
    return fake_call(FAKE_vkGetPhysicalDeviceImageFormatProperties);
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkGetPhysicalDeviceImageFormatProperties2(
    VkPhysicalDevice physicalDevice, const VkPhysicalDeviceImageFormatInfo2 *pInfo,
    VkImageFormatProperties2 *pProperties)
{
    VkExternalImageFormatProperties *external;

    pProperties->imageFormatProperties = image_limits;
    external = fake_find(pProperties->pNext, VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES);
    if (external)
        external->externalMemoryProperties = external_memory;
    return fake_call(FAKE_vkGetPhysicalDeviceImageFormatProperties2);
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceExternalBufferProperties(
    VkPhysicalDevice physicalDevice, const VkPhysicalDeviceExternalBufferInfo *pInfo,
    VkExternalBufferProperties *pProperties)
{
    fake_call(FAKE_vkGetPhysicalDeviceExternalBufferProperties);
    pProperties->externalMemoryProperties = external_memory;
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceExternalFenceProperties(
    VkPhysicalDevice physicalDevice, const VkPhysicalDeviceExternalFenceInfo *pInfo,
    VkExternalFenceProperties *pProperties)
{
    fake_call(FAKE_vkGetPhysicalDeviceExternalFenceProperties);
    pProperties->exportFromImportedHandleTypes = pInfo->handleType;
    pProperties->compatibleHandleTypes = pInfo->handleType;
    pProperties->externalFenceFeatures = fake_control.external_sync_features;
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetPhysicalDeviceExternalSemaphoreProperties(
    VkPhysicalDevice physicalDevice, const VkPhysicalDeviceExternalSemaphoreInfo *pInfo,
    VkExternalSemaphoreProperties *pProperties)
{
    fake_call(FAKE_vkGetPhysicalDeviceExternalSemaphoreProperties);
    pProperties->exportFromImportedHandleTypes = pInfo->handleType;
    pProperties->compatibleHandleTypes = pInfo->handleType;
    pProperties->externalSemaphoreFeatures = fake_control.external_sync_features;
}
