/* SPDX-License-Identifier: MIT */
#include "venus/instance.h"

#include "base/log.h"
#include "venus/context_private.h"
#include "venus/device.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/lifetime.h"

#include <stdlib.h>
#include <string.h>

/* The smallest version that has all the capability queries the renderer stands on. */
#define MIN_API_VERSION VK_API_VERSION_1_1

static uint32_t host_instance_version(void)
{
    PFN_vkEnumerateInstanceVersion enumerate =
        (PFN_vkEnumerateInstanceVersion)vkGetInstanceProcAddr(NULL, "vkEnumerateInstanceVersion");
    uint32_t version = VK_API_VERSION_1_0;

    if (enumerate)
        enumerate(&version);
    return version;
}

void hsp_vn_handle_vkEnumerateInstanceVersion(struct hsp_vn_call *call,
                                              struct hsp_vn_vkEnumerateInstanceVersion *args)
{
    uint32_t version = host_instance_version();

    (void)call;
    *args->pApiVersion = HSP_MIN(version, HSP_VN_XML_VERSION);
    args->ret = VK_SUCCESS;
}

/* All that a guest could ask of the host's instance is in core; it is offered no extension. */
void hsp_vn_handle_vkEnumerateInstanceExtensionProperties(
    struct hsp_vn_call *call, struct hsp_vn_vkEnumerateInstanceExtensionProperties *args)
{
    static const struct {
        const char *name;
        uint32_t version;
    } own[] = {
        {"VK_EXT_command_serialization", HSP_VN_COMMAND_SERIALIZATION_SPEC_VERSION},
        {"VK_MESA_venus_protocol", HSP_VN_VENUS_PROTOCOL_SPEC_VERSION},
    };
    uint32_t capacity = *args->pPropertyCount;
    uint32_t count = HSP_ARRAY_COUNT(own);

    args->ret = VK_SUCCESS;
    if (args->pProperties) {
        if (capacity < count) {
            count = capacity;
            args->ret = VK_INCOMPLETE;
        }
        for (uint32_t i = 0; i < count; i++) {
            memset(&args->pProperties[i], 0, sizeof(args->pProperties[i]));
            strcpy(args->pProperties[i].extensionName, own[i].name);
            args->pProperties[i].specVersion = own[i].version;
        }
    }
    *args->pPropertyCount = count;
}

/* ------------------------------------------------------------------ create and destroy */

static bool loader_has_extension(const char *name)
{
    VkExtensionProperties *list;
    uint32_t count = 0;
    bool found = false;

    if (vkEnumerateInstanceExtensionProperties(NULL, &count, NULL) != VK_SUCCESS)
        return false;
    list = calloc(count + 1, sizeof(*list));
    if (!list)
        return false;
    vkEnumerateInstanceExtensionProperties(NULL, &count, list);
    for (uint32_t i = 0; i < count && !found; i++)
        found = strcmp(list[i].extensionName, name) == 0;
    free(list);
    return found;
}

static VkResult create_host_instance(const VkInstanceCreateInfo *guest, VkInstance *out_instance)
{
    static const char *const portability[] = {VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME};
    VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO};
    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = &app,
    };

    if (guest->pApplicationInfo) {
        app = *guest->pApplicationInfo;
        app.pNext = NULL;
    }
    app.apiVersion = HSP_MAX(app.apiVersion, MIN_API_VERSION);
    if (loader_has_extension(portability[0])) {
        info.flags |= VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
        info.enabledExtensionCount = 1;
        info.ppEnabledExtensionNames = portability;
    }
    return vkCreateInstance(&info, NULL, out_instance);
}

struct hsp_vn_instance *hsp_vn_instance_create(const VkInstanceCreateInfo *info,
                                               VkResult *out_result)
{
    struct hsp_vn_instance *instance = calloc(1, sizeof(*instance));

    if (!instance) {
        *out_result = VK_ERROR_OUT_OF_HOST_MEMORY;
        return NULL;
    }
    *out_result = host_instance_version() < MIN_API_VERSION
                      ? VK_ERROR_INCOMPATIBLE_DRIVER
                      : create_host_instance(info, &instance->handle);
    if (*out_result != VK_SUCCESS) {
        free(instance);
        return NULL;
    }
    pthread_mutex_init(&instance->lock, NULL);
    hsp_list_init(&instance->devices);
    hsp_vn_instance_driver_load(&instance->driver, instance->handle, vkGetInstanceProcAddr);
    return instance;
}

void hsp_vn_handle_vkCreateInstance(struct hsp_vn_call *call, struct hsp_vn_vkCreateInstance *args)
{
    struct hsp_vn_context *context = call->context;
    uint64_t id = (uint64_t)(uintptr_t)*args->pInstance;
    struct hsp_vn_instance *instance;

    if (context->instance) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_VALUE, id, "a context has one instance");
        return;
    }
    if (args->pCreateInfo->enabledLayerCount || args->pCreateInfo->enabledExtensionCount) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_VALUE, args->pCreateInfo->enabledExtensionCount,
                          "layers or extensions of the host's instance");
        return;
    }
    if (!hsp_vn_call_check_new_ids(call, &id, 1))
        return;
    instance = hsp_vn_instance_create(args->pCreateInfo, &args->ret);
    if (!instance)
        return;
    const struct hsp_vn_object init = {
        .type = VK_OBJECT_TYPE_INSTANCE,
        .handle = (uint64_t)(uintptr_t)instance->handle,
        .data = instance,
    };
    struct hsp_vn_object *object;
    if (hsp_vn_object_add(&context->objects, id, &init, &object) < 0) {
        hsp_vn_instance_destroy(context, instance);
        hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, 0, "instance");
        return;
    }
    context->instance = instance;
    hsp_stats_add(context->stats, objects, 1);
}

void hsp_vn_handle_vkDestroyInstance(struct hsp_vn_call *call,
                                     struct hsp_vn_vkDestroyInstance *args)
{
    struct hsp_vn_context *context = call->context;

    if (!args->instance_object)
        return;
    hsp_vn_object_remove(&context->objects, args->instance_object);
    hsp_stats_sub(context->stats, objects, 1);
    hsp_vn_instance_destroy(context, context->instance);
    context->instance = NULL;
}

static void forget_physical_device(struct hsp_vn_context *context,
                                   const struct hsp_vn_physical_device *physical_device)
{
    struct hsp_vn_object *object = NULL;

    if (physical_device->id != 0)
        object = hsp_vn_object_find(&context->objects, physical_device->id);
    if (object)
        hsp_vn_object_remove(&context->objects, object);
}

void hsp_vn_instance_destroy(struct hsp_vn_context *context, struct hsp_vn_instance *instance)
{
    hsp_list_for_each_safe (device, &instance->devices, struct hsp_vn_device, link) {
        hsp_vn_device_destroy(device);
    }
    for (uint32_t i = 0; i < instance->physical_device_count; i++) {
        forget_physical_device(context, &instance->physical_devices[i]);
        hsp_vn_physical_device_finish(&instance->physical_devices[i]);
    }
    free(instance->physical_devices);
    instance->driver.vkDestroyInstance(instance->handle, NULL);
    pthread_mutex_destroy(&instance->lock);
    free(instance);
}

/* ------------------------------------------------------------------ physical devices */

static VkResult query_handles(struct hsp_vn_instance *instance, VkPhysicalDevice **out_handles,
                              uint32_t *out_count)
{
    VkPhysicalDevice *handles = NULL;
    uint32_t count;
    VkResult result;

    do {
        result = instance->driver.vkEnumeratePhysicalDevices(instance->handle, &count, NULL);
        if (result != VK_SUCCESS)
            break;
        free(handles);
        handles = calloc(count + 1, sizeof(*handles));
        if (!handles)
            return VK_ERROR_OUT_OF_HOST_MEMORY;
        result = instance->driver.vkEnumeratePhysicalDevices(instance->handle, &count, handles);
    } while (result == VK_INCOMPLETE);
    if (result != VK_SUCCESS) {
        free(handles);
        return result;
    }
    *out_handles = handles;
    *out_count = count;
    return VK_SUCCESS;
}

static VkResult enumerate_locked(struct hsp_vn_instance *instance)
{
    VkPhysicalDevice *handles;
    uint32_t count;
    VkResult result = query_handles(instance, &handles, &count);

    if (result != VK_SUCCESS)
        return result;
    instance->physical_devices = calloc(count + 1, sizeof(*instance->physical_devices));
    if (!instance->physical_devices) {
        free(handles);
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct hsp_vn_physical_device *next =
            &instance->physical_devices[instance->physical_device_count];
        result = hsp_vn_physical_device_init(next, instance, handles[i]);
        if (result == VK_SUCCESS)
            instance->physical_device_count++;
        else
            hsp_warning("physical device %u cannot be offered to guests: VkResult %d", i, result);
    }
    free(handles);
    instance->has_enumerated = true;
    return VK_SUCCESS;
}

VkResult hsp_vn_instance_enumerate(struct hsp_vn_instance *instance)
{
    VkResult result = VK_SUCCESS;

    pthread_mutex_lock(&instance->lock);
    if (!instance->has_enumerated)
        result = enumerate_locked(instance);
    pthread_mutex_unlock(&instance->lock);
    return result;
}

/* Binds an id to a physical device. The client may ask again, but not under other names. */
static bool set_physical_device_id(struct hsp_vn_call *call,
                                   struct hsp_vn_physical_device *physical_device, uint64_t id)
{
    const struct hsp_vn_object init = {
        .type = VK_OBJECT_TYPE_PHYSICAL_DEVICE,
        .handle = (uint64_t)(uintptr_t)physical_device->handle,
        .data = physical_device,
    };
    struct hsp_vn_object *object;

    if (physical_device->id == id && id != 0)
        return true;
    if (physical_device->id != 0) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_VALUE, id, "physical device has another id");
        return false;
    }
    if (!hsp_vn_call_check_new_ids(call, &id, 1))
        return false;
    if (hsp_vn_object_add(&call->context->objects, id, &init, &object) < 0) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, 0, "physical device");
        return false;
    }
    physical_device->id = id;
    return true;
}

void hsp_vn_handle_vkEnumeratePhysicalDevices(struct hsp_vn_call *call,
                                              struct hsp_vn_vkEnumeratePhysicalDevices *args)
{
    struct hsp_vn_instance *instance = call->self->data;
    uint32_t count;

    args->ret = hsp_vn_instance_enumerate(instance);
    if (args->ret != VK_SUCCESS)
        return;
    count = instance->physical_device_count;
    if (args->pPhysicalDevices) {
        if (*args->pPhysicalDeviceCount < count) {
            count = *args->pPhysicalDeviceCount;
            args->ret = VK_INCOMPLETE;
        }
        for (uint32_t i = 0; i < count; i++) {
            uint64_t id = (uint64_t)(uintptr_t)args->pPhysicalDevices[i];
            if (!set_physical_device_id(call, &instance->physical_devices[i], id))
                return;
        }
    }
    *args->pPhysicalDeviceCount = count;
}

/* Each physical device is a group of its own: a guest has no use for the host's linked adapters,
 * whose members it could not address one by one. */
void hsp_vn_handle_vkEnumeratePhysicalDeviceGroups(
    struct hsp_vn_call *call, struct hsp_vn_vkEnumeratePhysicalDeviceGroups *args)
{
    struct hsp_vn_instance *instance = call->self->data;
    uint32_t count;

    args->ret = hsp_vn_instance_enumerate(instance);
    if (args->ret != VK_SUCCESS)
        return;
    count = instance->physical_device_count;
    if (args->pPhysicalDeviceGroupProperties) {
        if (*args->pPhysicalDeviceGroupCount < count) {
            count = *args->pPhysicalDeviceGroupCount;
            args->ret = VK_INCOMPLETE;
        }
        for (uint32_t i = 0; i < count; i++) {
            VkPhysicalDeviceGroupProperties *group = &args->pPhysicalDeviceGroupProperties[i];
            memset(group->physicalDevices, 0, sizeof(group->physicalDevices));
            group->physicalDeviceCount = 1;
            group->physicalDevices[0] =
                (VkPhysicalDevice)(uintptr_t)instance->physical_devices[i].id;
            group->subsetAllocation = VK_FALSE;
        }
    }
    *args->pPhysicalDeviceGroupCount = count;
}
