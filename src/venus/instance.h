/* SPDX-License-Identifier: MIT */
/*
 * The one VkInstance of a context, and the host's physical devices behind it.
 *
 * Ownership: the context owns the instance; the instance owns its physical devices and devices.
 * Threads: the list of physical devices is made once, by the first enumeration, under the
 * instance's lock; after that it is immutable but for the ids.
 */
#ifndef HSP_VENUS_INSTANCE_H
#define HSP_VENUS_INSTANCE_H

#include "base/list.h"
#include "venus/call.h"
#include "venus/gen/driver.h"
#include "venus/memtypes.h"

#include <pthread.h>

struct hsp_vn_physical_device {
    struct hsp_vn_instance *instance;
    VkPhysicalDevice handle;
    uint64_t id; /* the client's; 0 before it chose one */
    VkPhysicalDeviceProperties properties;
    uint32_t importable_bits; /* host memory types that take a host pointer */
    struct hsp_vn_memtypes memtypes;
    VkExtensionProperties *host_extensions;
    uint32_t host_extension_count;
    VkExtensionProperties *extensions; /* shown to the guest */
    uint32_t extension_count;
};

struct hsp_vn_instance {
    VkInstance handle;
    struct hsp_vn_instance_driver driver;
    pthread_mutex_t lock;
    struct hsp_vn_physical_device *physical_devices;
    uint32_t physical_device_count;
    bool has_enumerated;
    struct hsp_list devices; /* struct hsp_vn_device.link, under lock */
};

/* Makes the host's instance for what a client asks for. NULL, with the reason in *out_result, when
 * the host has none to give. */
struct hsp_vn_instance *hsp_vn_instance_create(const VkInstanceCreateInfo *info,
                                               VkResult *out_result);

/* Destroys devices that the client left, then the instance, and takes it and its physical devices
 * out of the object table. `context` may be NULL for an instance that no client has seen. */
void hsp_vn_instance_destroy(struct hsp_vn_context *context, struct hsp_vn_instance *instance);

/* Fills the list of physical devices once. */
VkResult hsp_vn_instance_enumerate(struct hsp_vn_instance *instance);

/* The physical device behind an object of that type. */
static inline struct hsp_vn_physical_device *
hsp_vn_physical_device_get(const struct hsp_vn_object *object)
{
    return object->data;
}

/* Queries everything that is kept of one physical device. */
VkResult hsp_vn_physical_device_init(struct hsp_vn_physical_device *physical_device,
                                     struct hsp_vn_instance *instance, VkPhysicalDevice handle);
void hsp_vn_physical_device_finish(struct hsp_vn_physical_device *physical_device);

bool hsp_vn_physical_device_host_has(const struct hsp_vn_physical_device *physical_device,
                                     const char *extension);

#endif
