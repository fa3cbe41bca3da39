/* SPDX-License-Identifier: MIT */
#include "venus/report.h"

#include "venus/instance.h"
#include "venus/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The device as the renderer offers it; NULL for one that it turned away. */
static const struct hsp_vn_physical_device *find_offered(const struct hsp_vn_instance *instance,
                                                         VkPhysicalDevice handle)
{
    for (uint32_t i = 0; i < instance->physical_device_count; i++) {
        if (instance->physical_devices[i].handle == handle)
            return &instance->physical_devices[i];
    }
    return NULL;
}

static void describe(const struct hsp_vn_instance *instance, VkPhysicalDevice handle,
                     struct hsp_vn_report_device *out)
{
    VkPhysicalDeviceDriverProperties driver = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
    };
    VkPhysicalDeviceProperties2 properties2 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
        .pNext = &driver,
    };
    VkPhysicalDeviceProperties properties;

    instance->driver.vkGetPhysicalDeviceProperties(handle, &properties);
    memcpy(out->name, properties.deviceName, sizeof(out->name));
    out->name[sizeof(out->name) - 1] = '\0';
    out->type = properties.deviceType;
    out->api_version = properties.apiVersion;
    if (properties.apiVersion < VK_API_VERSION_1_2)
        return;
    instance->driver.vkGetPhysicalDeviceProperties2(handle, &properties2);
    snprintf(out->driver_name, sizeof(out->driver_name), "%s", driver.driverName);
    snprintf(out->driver_info, sizeof(out->driver_info), "%s", driver.driverInfo);
}

/* Why a guest cannot map memory of a device that it is offered. */
static enum hsp_vn_report_verdict explain(const struct hsp_vn_physical_device *device,
                                          VkResult *out_result)
{
    uint32_t bits = 0;

    if (!hsp_vn_physical_device_host_has(device, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME))
        return HSP_VN_REPORT_NO_HOST_POINTERS;
    *out_result = hsp_vn_probe_ask(device, device->memtypes.import_alignment, &bits);
    if (*out_result != VK_SUCCESS)
        return HSP_VN_REPORT_NO_DEVICE;
    return bits == 0 ? HSP_VN_REPORT_IMPORTS_NOTHING : HSP_VN_REPORT_NOT_MAPPABLE;
}

static void judge(const struct hsp_vn_instance *instance, VkPhysicalDevice handle,
                  struct hsp_vn_report_device *out)
{
    const struct hsp_vn_physical_device *offered = find_offered(instance, handle);

    describe(instance, handle, out);
    if (!offered) {
        out->verdict =
            out->api_version < VK_API_VERSION_1_1 ? HSP_VN_REPORT_OLD_VULKAN : HSP_VN_REPORT_BROKEN;
        return;
    }
    out->import_alignment = offered->memtypes.import_alignment;
    out->shared_type_count = (uint32_t)__builtin_popcount(offered->memtypes.shared_bits);
    out->verdict =
        out->shared_type_count > 0 ? HSP_VN_REPORT_SERVES : explain(offered, &out->result);
}

static int judge_all(const struct hsp_vn_instance *instance, struct hsp_vn_report *report)
{
    const struct hsp_vn_instance_driver *driver = &instance->driver;
    VkPhysicalDevice *handles;
    uint32_t count = 0;

    report->result = driver->vkEnumeratePhysicalDevices(instance->handle, &count, NULL);
    if (report->result != VK_SUCCESS || count == 0)
        return 0;
    handles = calloc(count, sizeof(*handles));
    report->devices = calloc(count, sizeof(*report->devices));
    if (!handles || !report->devices) {
        free(handles);
        return -ENOMEM;
    }
    report->result = driver->vkEnumeratePhysicalDevices(instance->handle, &count, handles);
    if (report->result >= VK_SUCCESS)
        report->device_count = count;
    for (uint32_t i = 0; i < report->device_count; i++)
        judge(instance, handles[i], &report->devices[i]);
    free(handles);
    return 0;
}

int hsp_vn_report_init(struct hsp_vn_report *out)
{
    static const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    struct hsp_vn_report report = {.result = VK_SUCCESS};
    struct hsp_vn_instance *instance = hsp_vn_instance_create(&info, &report.result);
    int ret = 0;

    if (instance) {
        report.result = hsp_vn_instance_enumerate(instance);
        if (report.result == VK_SUCCESS)
            ret = judge_all(instance, &report);
        hsp_vn_instance_destroy(NULL, instance);
    }
    if (ret < 0)
        hsp_vn_report_finish(&report);
    else
        *out = report;
    return ret;
}

static bool all_can_import(const struct hsp_vn_instance *instance, void *pages, uint64_t size)
{
    for (uint32_t i = 0; i < instance->physical_device_count; i++) {
        const struct hsp_vn_physical_device *device = &instance->physical_devices[i];
        if (device->memtypes.shared_bits != 0 && !hsp_vn_probe_import(device, pages, size))
            return false;
    }
    return true;
}

bool hsp_vn_report_check_import(void *pages, uint64_t size)
{
    static const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    VkResult result;
    struct hsp_vn_instance *instance = hsp_vn_instance_create(&info, &result);
    bool can;

    if (!instance)
        return true;
    can =
        hsp_vn_instance_enumerate(instance) == VK_SUCCESS && all_can_import(instance, pages, size);
    hsp_vn_instance_destroy(NULL, instance);
    return can;
}

void hsp_vn_report_finish(struct hsp_vn_report *report)
{
    free(report->devices);
    report->devices = NULL;
    report->device_count = 0;
}

const char *hsp_vn_report_verdict_name(enum hsp_vn_report_verdict verdict)
{
    static const char *const names[] = {
        [HSP_VN_REPORT_SERVES] = "serves",
        [HSP_VN_REPORT_OLD_VULKAN] = "old-vulkan",
        [HSP_VN_REPORT_BROKEN] = "broken",
        [HSP_VN_REPORT_NO_HOST_POINTERS] = "no-host-pointers",
        [HSP_VN_REPORT_NO_DEVICE] = "no-device",
        [HSP_VN_REPORT_IMPORTS_NOTHING] = "imports-nothing",
        [HSP_VN_REPORT_NOT_MAPPABLE] = "not-mappable",
    };

    return names[verdict];
}
