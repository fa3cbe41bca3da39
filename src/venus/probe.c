/* SPDX-License-Identifier: MIT */
#include "venus/probe.h"

#include "base/log.h"
#include "venus/policy.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define POINTER_TYPE VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT

/* The memory types that can be imported from this pointer. */
static uint32_t query_pointer(VkDevice device, PFN_vkGetMemoryHostPointerPropertiesEXT query,
                              const void *pages)
{
    VkMemoryHostPointerPropertiesEXT properties = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT,
    };

    if (!query || query(device, POINTER_TYPE, pages, &properties) != VK_SUCCESS)
        return 0;
    return properties.memoryTypeBits;
}

static uint32_t query_device(VkDevice device, PFN_vkGetMemoryHostPointerPropertiesEXT query,
                             size_t alignment)
{
    void *page = mmap(NULL, alignment, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
    uint32_t bits;

    if (page == MAP_FAILED)
        return 0;
    bits = query_pointer(device, query, page);
    munmap(page, alignment);
    return bits;
}

static VkResult create_device(const struct hsp_vn_physical_device *physical_device,
                              VkDevice *out_device)
{
    const struct hsp_vn_instance_driver *driver = &physical_device->instance->driver;
    const float priority = 1.0f;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const char *extensions[HSP_VN_POLICY_OWN_EXTENSION_COUNT];
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .ppEnabledExtensionNames = extensions,
    };

    for (uint32_t i = 0; i < HSP_VN_POLICY_OWN_EXTENSION_COUNT; i++) {
        if (hsp_vn_physical_device_host_has(physical_device, hsp_vn_policy_own_extensions[i]))
            extensions[info.enabledExtensionCount++] = hsp_vn_policy_own_extensions[i];
    }
    return driver->vkCreateDevice(physical_device->handle, &info, NULL, out_device);
}

#define GET(driver, device, name) ((PFN_##name)(driver)->vkGetDeviceProcAddr(device, #name))

VkResult hsp_vn_probe_ask(const struct hsp_vn_physical_device *physical_device, size_t alignment,
                          uint32_t *out_bits)
{
    const struct hsp_vn_instance_driver *driver = &physical_device->instance->driver;
    VkDevice device;
    VkResult result = create_device(physical_device, &device);

    if (result != VK_SUCCESS)
        return result;
    *out_bits =
        query_device(device, GET(driver, device, vkGetMemoryHostPointerPropertiesEXT), alignment);
    GET(driver, device, vkDestroyDevice)(device, NULL);
    return VK_SUCCESS;
}

static bool try_import(const struct hsp_vn_instance_driver *driver, VkDevice device, void *pages,
                       uint64_t size)
{
    uint32_t bits =
        query_pointer(device, GET(driver, device, vkGetMemoryHostPointerPropertiesEXT), pages);
    const VkImportMemoryHostPointerInfoEXT import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
        .handleType = POINTER_TYPE,
        .pHostPointer = pages,
    };
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = &import,
        .allocationSize = size,
    };
    VkDeviceMemory memory;

    if (bits == 0)
        return false;
    info.memoryTypeIndex = (uint32_t)__builtin_ctz(bits);
    if (GET(driver, device, vkAllocateMemory)(device, &info, NULL, &memory) != VK_SUCCESS)
        return false;
    GET(driver, device, vkFreeMemory)(device, memory, NULL);
    return true;
}

bool hsp_vn_probe_import(const struct hsp_vn_physical_device *physical_device, void *pages,
                         uint64_t size)
{
    const struct hsp_vn_instance_driver *driver = &physical_device->instance->driver;
    VkDevice device;
    bool can;

    if (create_device(physical_device, &device) != VK_SUCCESS)
        return false;
    can = try_import(driver, device, pages, size);
    GET(driver, device, vkDestroyDevice)(device, NULL);
    return can;
}

/* ------------------------------------------------------------------ the kept answer */

/* The file's name holds what the answer depends on; false when there is no place for it. */
static bool get_path(const struct hsp_vn_physical_device *physical_device, char *out_path,
                     size_t size)
{
    const VkPhysicalDeviceProperties *properties = &physical_device->properties;
    const char *folder = getenv("XDG_CACHE_HOME");
    char uuid[2 * VK_UUID_SIZE + 1];
    int length;

    if (!folder || !*folder)
        return false;
    for (size_t i = 0; i < VK_UUID_SIZE; i++)
        snprintf(uuid + 2 * i, 3, "%02x", properties->pipelineCacheUUID[i]);
    length = snprintf(out_path, size, "%s/host-pointer-types-%x-%x-%x-%s", folder,
                      properties->vendorID, properties->deviceID, properties->driverVersion, uuid);
    return length > 0 && (size_t)length < size;
}

static bool read_answer(const char *path, uint32_t *out_bits)
{
    char text[16] = "", *end;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return false;
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0)
        return false;
    *out_bits = (uint32_t)strtoul(text, &end, 16);
    return end != text && *end == '\n';
}

/* Written aside and renamed, so that nobody reads half of it. A cache that cannot be written is no
 * error. */
static void write_answer(const char *path, uint32_t bits)
{
    char aside[4096], text[16];
    int length = snprintf(text, sizeof(text), "%" PRIx32 "\n", bits);
    int fd;

    if ((size_t)snprintf(aside, sizeof(aside), "%s.%d", path, (int)getpid()) >= sizeof(aside))
        return;
    fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    bool is_written = write(fd, text, (size_t)length) == length;
    close(fd);
    if (!is_written || rename(aside, path) < 0)
        unlink(aside);
}

uint32_t hsp_vn_probe_importable_types(const struct hsp_vn_physical_device *physical_device,
                                       size_t alignment)
{
    char path[2048];
    bool has_path = get_path(physical_device, path, sizeof(path));
    uint32_t bits;

    if (has_path && read_answer(path, &bits))
        return bits;
    if (hsp_vn_probe_ask(physical_device, alignment, &bits) != VK_SUCCESS)
        return 0;
    if (has_path && bits != 0)
        write_answer(path, bits);
    return bits;
}

bool hsp_vn_probe_verify(const struct hsp_vn_device *device)
{
    const struct hsp_vn_physical_device *physical_device = device->physical_device;
    char path[2048];
    uint32_t bits;

    if (physical_device->importable_bits == 0)
        return true;
    bits = query_device(device->handle, device->driver.vkGetMemoryHostPointerPropertiesEXT,
                        physical_device->memtypes.import_alignment);
    if (bits == physical_device->importable_bits)
        return true;
    hsp_error("%s imports host memory as types 0x%x, and 0x%x was kept of it; start the program "
              "again",
              physical_device->properties.deviceName, bits, physical_device->importable_bits);
    if (get_path(physical_device, path, sizeof(path)))
        unlink(path);
    return false;
}
