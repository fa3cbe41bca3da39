/* SPDX-License-Identifier: MIT */
/*
 * What a guest learns about a physical device. Most answers are the host driver's own; those about
 * memory types, external memory and DRM modifiers are ours (memtypes.c, external.c).
 */
#include "base/log.h"
#include "venus/context_private.h"
#include "venus/external.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/instance.h"
#include "venus/lifetime.h"
#include "venus/policy.h"
#include "venus/probe.h"

#include <stdlib.h>

bool hsp_vn_physical_device_host_has(const struct hsp_vn_physical_device *physical_device,
                                     const char *extension)
{
    for (uint32_t i = 0; i < physical_device->host_extension_count; i++) {
        if (strcmp(physical_device->host_extensions[i].extensionName, extension) == 0)
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------ init */

static VkResult query_extensions(struct hsp_vn_physical_device *physical_device)
{
    const struct hsp_vn_instance_driver *driver = &physical_device->instance->driver;
    uint32_t count = 0;
    VkResult result =
        driver->vkEnumerateDeviceExtensionProperties(physical_device->handle, NULL, &count, NULL);

    if (result != VK_SUCCESS)
        return result;
    physical_device->host_extensions = calloc(count + 1, sizeof(*physical_device->host_extensions));
    if (!physical_device->host_extensions)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    result = driver->vkEnumerateDeviceExtensionProperties(physical_device->handle, NULL, &count,
                                                          physical_device->host_extensions);
    physical_device->host_extension_count = count;
    return result;
}

static void init_memtypes(struct hsp_vn_physical_device *physical_device)
{
    const struct hsp_vn_instance_driver *driver = &physical_device->instance->driver;
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT import = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT,
    };
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
        .pNext = &import,
    };
    VkPhysicalDeviceMemoryProperties memory;

    driver->vkGetPhysicalDeviceMemoryProperties(physical_device->handle, &memory);
    if (hsp_vn_physical_device_host_has(physical_device,
                                        VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME)) {
        driver->vkGetPhysicalDeviceProperties2(physical_device->handle, &properties);
        size_t alignment = HSP_MAX((size_t)import.minImportedHostPointerAlignment, hsp_page_size());
        physical_device->importable_bits =
            hsp_vn_probe_importable_types(physical_device, alignment);
    }
    hsp_vn_memtypes_init(&physical_device->memtypes, &memory, physical_device->importable_bits,
                         import.minImportedHostPointerAlignment);
    if (physical_device->memtypes.shared_bits == 0)
        hsp_warning("%s cannot import host memory (VK_EXT_external_memory_host): guests cannot "
                    "map its memory",
                    physical_device->properties.deviceName);
}

VkResult hsp_vn_physical_device_init(struct hsp_vn_physical_device *physical_device,
                                     struct hsp_vn_instance *instance, VkPhysicalDevice handle)
{
    VkResult result;

    memset(physical_device, 0, sizeof(*physical_device));
    physical_device->instance = instance;
    physical_device->handle = handle;
    instance->driver.vkGetPhysicalDeviceProperties(handle, &physical_device->properties);
    if (physical_device->properties.apiVersion < VK_API_VERSION_1_1)
        return VK_ERROR_INCOMPATIBLE_DRIVER;
    result = query_extensions(physical_device);
    if (result != VK_SUCCESS)
        goto fail;
    init_memtypes(physical_device);

    const struct hsp_vn_policy_host condition = {
        .has_shared_memory = physical_device->memtypes.shared_bits != 0,
    };
    uint32_t count = hsp_vn_policy_list(physical_device->host_extensions,
                                        physical_device->host_extension_count, &condition, NULL, 0);
    physical_device->extensions = calloc(count + 1, sizeof(*physical_device->extensions));
    if (!physical_device->extensions) {
        result = VK_ERROR_OUT_OF_HOST_MEMORY;
        goto fail;
    }
    physical_device->extension_count =
        hsp_vn_policy_list(physical_device->host_extensions, physical_device->host_extension_count,
                           &condition, physical_device->extensions, count);
    return VK_SUCCESS;

fail:
    hsp_vn_physical_device_finish(physical_device);
    return result;
}

void hsp_vn_physical_device_finish(struct hsp_vn_physical_device *physical_device)
{
    free(physical_device->host_extensions);
    free(physical_device->extensions);
    physical_device->host_extensions = NULL;
    physical_device->extensions = NULL;
}

/* ------------------------------------------------------------------ extensions */

void hsp_vn_handle_vkEnumerateDeviceExtensionProperties(
    struct hsp_vn_call *call, struct hsp_vn_vkEnumerateDeviceExtensionProperties *args)
{
    const struct hsp_vn_physical_device *physical_device = hsp_vn_physical_device_get(call->self);
    uint32_t count = physical_device->extension_count;

    if (args->pLayerName) {
        args->ret = VK_ERROR_LAYER_NOT_PRESENT;
        return;
    }
    args->ret = VK_SUCCESS;
    if (args->pProperties) {
        if (*args->pPropertyCount < count) {
            count = *args->pPropertyCount;
            args->ret = VK_INCOMPLETE;
        }
        memcpy(args->pProperties, physical_device->extensions, count * sizeof(*args->pProperties));
    }
    *args->pPropertyCount = count;
}

/* ------------------------------------------------------------------ properties and features */

static void cap_api_version(VkPhysicalDeviceProperties *properties)
{
    uint32_t known = VK_MAKE_API_VERSION(0, VK_API_VERSION_MAJOR(HSP_VN_XML_VERSION),
                                         VK_API_VERSION_MINOR(HSP_VN_XML_VERSION), 0xfff);

    properties->apiVersion = HSP_MIN(properties->apiVersion, known);
}

static void translate_driver_ids(void *chain)
{
    VkPhysicalDeviceDriverProperties *driver =
        hsp_vn_chain_find(chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES);
    VkPhysicalDeviceVulkan12Properties *vulkan12 =
        hsp_vn_chain_find(chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES);

    if (driver)
        driver->driverID = hsp_vn_policy_driver_id(driver->driverID);
    if (vulkan12)
        vulkan12->driverID = hsp_vn_policy_driver_id(vulkan12->driverID);
}

void hsp_vn_handle_vkGetPhysicalDeviceProperties(struct hsp_vn_call *call,
                                                 struct hsp_vn_vkGetPhysicalDeviceProperties *args)
{
    hsp_vn_call_instance_driver(call)->vkGetPhysicalDeviceProperties(args->physicalDevice,
                                                                     args->pProperties);
    cap_api_version(args->pProperties);
}

void hsp_vn_handle_vkGetPhysicalDeviceProperties2(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceProperties2 *args)
{
    hsp_vn_call_instance_driver(call)->vkGetPhysicalDeviceProperties2(args->physicalDevice,
                                                                      args->pProperties);
    cap_api_version(&args->pProperties->properties);
    translate_driver_ids(args->pProperties->pNext);
}

void hsp_vn_handle_vkGetPhysicalDeviceFeatures(struct hsp_vn_call *call,
                                               struct hsp_vn_vkGetPhysicalDeviceFeatures *args)
{
    hsp_vn_call_instance_driver(call)->vkGetPhysicalDeviceFeatures(args->physicalDevice,
                                                                   args->pFeatures);
}

void hsp_vn_handle_vkGetPhysicalDeviceFeatures2(struct hsp_vn_call *call,
                                                struct hsp_vn_vkGetPhysicalDeviceFeatures2 *args)
{
    hsp_vn_call_instance_driver(call)->vkGetPhysicalDeviceFeatures2(args->physicalDevice,
                                                                    args->pFeatures);
}

void hsp_vn_handle_vkGetPhysicalDeviceQueueFamilyProperties(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceQueueFamilyProperties *args)
{
    hsp_vn_call_instance_driver(call)->vkGetPhysicalDeviceQueueFamilyProperties(
        args->physicalDevice, args->pQueueFamilyPropertyCount, args->pQueueFamilyProperties);
}

void hsp_vn_handle_vkGetPhysicalDeviceQueueFamilyProperties2(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceQueueFamilyProperties2 *args)
{
    hsp_vn_call_instance_driver(call)->vkGetPhysicalDeviceQueueFamilyProperties2(
        args->physicalDevice, args->pQueueFamilyPropertyCount, args->pQueueFamilyProperties);
}

void hsp_vn_handle_vkGetPhysicalDeviceMemoryProperties(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceMemoryProperties *args)
{
    *args->pMemoryProperties = hsp_vn_physical_device_get(call->self)->memtypes.guest;
}

/* The chain (memory budget) is about heaps, which are the host's. */
void hsp_vn_handle_vkGetPhysicalDeviceMemoryProperties2(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceMemoryProperties2 *args)
{
    hsp_vn_call_instance_driver(call)->vkGetPhysicalDeviceMemoryProperties2(
        args->physicalDevice, args->pMemoryProperties);
    args->pMemoryProperties->memoryProperties =
        hsp_vn_physical_device_get(call->self)->memtypes.guest;
}

/* ------------------------------------------------------------------ formats */

void hsp_vn_handle_vkGetPhysicalDeviceFormatProperties(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceFormatProperties *args)
{
    hsp_vn_call_instance_driver(call)->vkGetPhysicalDeviceFormatProperties(
        args->physicalDevice, args->format, args->pFormatProperties);
}

void hsp_vn_handle_vkGetPhysicalDeviceFormatProperties2(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceFormatProperties2 *args)
{
    hsp_vn_external_get_format_properties(hsp_vn_physical_device_get(call->self), args->format,
                                          args->pFormatProperties);
}

void hsp_vn_handle_vkGetPhysicalDeviceImageFormatProperties(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceImageFormatProperties *args)
{
    args->ret = hsp_vn_call_instance_driver(call)->vkGetPhysicalDeviceImageFormatProperties(
        args->physicalDevice, args->format, args->type, args->tiling, args->usage, args->flags,
        args->pImageFormatProperties);
}

void hsp_vn_handle_vkGetPhysicalDeviceImageFormatProperties2(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceImageFormatProperties2 *args)
{
    args->ret = hsp_vn_external_get_image_format_properties(
        hsp_vn_physical_device_get(call->self),
        (VkPhysicalDeviceImageFormatInfo2 *)(uintptr_t)args->pImageFormatInfo,
        args->pImageFormatProperties);
}

void hsp_vn_handle_vkGetPhysicalDeviceSparseImageFormatProperties(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceSparseImageFormatProperties *args)
{
    hsp_vn_call_instance_driver(call)->vkGetPhysicalDeviceSparseImageFormatProperties(
        args->physicalDevice, args->format, args->type, args->samples, args->usage, args->tiling,
        args->pPropertyCount, args->pProperties);
}

void hsp_vn_handle_vkGetPhysicalDeviceSparseImageFormatProperties2(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceSparseImageFormatProperties2 *args)
{
    if (args->pFormatInfo->tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT) {
        *args->pPropertyCount = 0;
        return;
    }
    hsp_vn_call_instance_driver(call)->vkGetPhysicalDeviceSparseImageFormatProperties2(
        args->physicalDevice, args->pFormatInfo, args->pPropertyCount, args->pProperties);
}

/* ------------------------------------------------------------------ external handles */

void hsp_vn_handle_vkGetPhysicalDeviceExternalBufferProperties(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceExternalBufferProperties *args)
{
    hsp_vn_external_get_buffer_properties(hsp_vn_physical_device_get(call->self),
                                          args->pExternalBufferInfo,
                                          args->pExternalBufferProperties);
}

/* The client keeps SYNC_FD payloads in the guest kernel; what it sends here are the stand-ins of
 * sync.c, which work on every driver. */
void hsp_vn_handle_vkGetPhysicalDeviceExternalFenceProperties(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceExternalFenceProperties *args)
{
    VkExternalFenceProperties *out = args->pExternalFenceProperties;

    (void)call;
    out->exportFromImportedHandleTypes = 0;
    out->compatibleHandleTypes = 0;
    out->externalFenceFeatures = 0;
    if (args->pExternalFenceInfo->handleType == VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT) {
        out->exportFromImportedHandleTypes = VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT;
        out->compatibleHandleTypes = VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT;
        out->externalFenceFeatures =
            VK_EXTERNAL_FENCE_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_FENCE_FEATURE_IMPORTABLE_BIT;
    }
}

static bool asks_for_timeline(const VkPhysicalDeviceExternalSemaphoreInfo *info)
{
    for (const VkBaseInStructure *s = info->pNext; s; s = s->pNext) {
        const VkSemaphoreTypeCreateInfo *type = (const void *)s;
        if (s->sType == VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO)
            return type->semaphoreType == VK_SEMAPHORE_TYPE_TIMELINE;
    }
    return false;
}

void hsp_vn_handle_vkGetPhysicalDeviceExternalSemaphoreProperties(
    struct hsp_vn_call *call, struct hsp_vn_vkGetPhysicalDeviceExternalSemaphoreProperties *args)
{
    const VkPhysicalDeviceExternalSemaphoreInfo *info = args->pExternalSemaphoreInfo;
    VkExternalSemaphoreProperties *out = args->pExternalSemaphoreProperties;

    (void)call;
    out->exportFromImportedHandleTypes = 0;
    out->compatibleHandleTypes = 0;
    out->externalSemaphoreFeatures = 0;
    if (info->handleType == VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT &&
        !asks_for_timeline(info)) {
        out->exportFromImportedHandleTypes = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT;
        out->compatibleHandleTypes = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT;
        out->externalSemaphoreFeatures = VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT |
                                         VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT;
    }
}
