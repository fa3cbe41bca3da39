/* SPDX-License-Identifier: MIT */
#include "venus/memory.h"

#include "base/log.h"
#include "venus/context_private.h"
#include "venus/device.h"
#include "venus/external.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/lifetime.h"

#include <errno.h>
#include <stdlib.h>

void hsp_vn_memory_free(struct hsp_vn_context *context, struct hsp_vn_memory *memory)
{
    if (!memory)
        return;
    hsp_stats_sub(context->stats, shared_bytes, memory->span.size);
    hsp_mapping_finish(&memory->mapping);
    hsp_span_finish(&memory->span);
    free(memory);
}

struct hsp_vn_memory *hsp_vn_memory_take(struct hsp_vn_context *context,
                                         struct hsp_vn_object *object)
{
    struct hsp_vn_memory *memory;

    pthread_mutex_lock(&context->export_lock);
    memory = object->data;
    object->data = NULL;
    pthread_mutex_unlock(&context->export_lock);
    return memory;
}

/* ------------------------------------------------------------------ spans of memory */

static uint32_t get_map_info(const struct hsp_vn_device *device, uint32_t guest_type)
{
    VkMemoryPropertyFlags flags = device->memtypes->guest.memoryTypes[guest_type].propertyFlags;

    return flags & VK_MEMORY_PROPERTY_HOST_CACHED_BIT ? HSP_VN_MAP_CACHED : HSP_VN_MAP_WC;
}

/* Steals the span on success. */
static VkResult map_memory(const struct hsp_vn_device *device, uint32_t guest_type,
                           struct hsp_span *span_steal, struct hsp_vn_memory **out_memory)
{
    struct hsp_vn_memory *memory = calloc(1, sizeof(*memory));
    uint64_t alignment = device->memtypes->import_alignment;

    if (!memory)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    if (hsp_span_map(span_steal, true, &memory->mapping) < 0) {
        free(memory);
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    if ((uintptr_t)memory->mapping.data % alignment != 0 || memory->mapping.size % alignment != 0) {
        hsp_mapping_finish(&memory->mapping);
        free(memory);
        return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    }
    memory->map_info = get_map_info(device, guest_type);
    memory->span = *span_steal;
    hsp_stats_add(device->context->stats, shared_bytes, memory->span.size);
    *out_memory = memory;
    return VK_SUCCESS;
}

static VkResult create_shared(const struct hsp_vn_device *device, const VkMemoryAllocateInfo *info,
                              struct hsp_vn_memory **out_memory)
{
    struct hsp_span span;
    uint64_t size;
    VkResult result;

    if (info->allocationSize == 0 ||
        !hsp_align_up_checked(info->allocationSize, device->memtypes->import_alignment, &size))
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    if (hsp_span_init_shm(&span, "hesper-memory", size) < 0)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    result = map_memory(device, info->memoryTypeIndex, &span, out_memory);
    if (result != VK_SUCCESS)
        hsp_span_finish(&span);
    return result;
}

static bool is_importable(const struct hsp_vn_resource *resource)
{
    return resource->kind == HSP_VN_RESOURCE_MEMORY || resource->kind == HSP_VN_RESOURCE_GUEST;
}

/* The span of a resource that another allocation, another context or the guest's kernel made. */
static VkResult import_resource(struct hsp_vn_call *call, const struct hsp_vn_device *device,
                                const VkMemoryAllocateInfo *info, uint32_t resource_id,
                                struct hsp_vn_memory **out_memory)
{
    struct hsp_vn_resource *resource =
        hsp_vn_resource_find_ref(&call->context->resources, resource_id);
    struct hsp_span span;
    VkResult result = VK_ERROR_INVALID_EXTERNAL_HANDLE;

    if (!resource) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_RESOURCE, resource_id, "memory import");
        return result;
    }
    if (!is_importable(resource) || info->allocationSize > resource->span.size)
        goto out;
    if (hsp_span_init_copy(&span, &resource->span) < 0) {
        result = VK_ERROR_OUT_OF_HOST_MEMORY;
        goto out;
    }
    result = map_memory(device, info->memoryTypeIndex, &span, out_memory);
    if (result != VK_SUCCESS)
        hsp_span_finish(&span);

out:
    hsp_vn_resource_unref(resource);
    return result;
}

static int export_locked(struct hsp_vn_context *context, uint64_t object_id, uint64_t size,
                         struct hsp_span *out_span, uint32_t *out_map_info)
{
    const struct hsp_vn_object *object = hsp_vn_object_find(&context->objects, object_id);
    const struct hsp_vn_memory *memory;
    int ret;

    if (!object || object->type != VK_OBJECT_TYPE_DEVICE_MEMORY || !object->data)
        return -EINVAL;
    memory = object->data;
    if (size == 0 || size > memory->span.size)
        return -EINVAL;
    ret = hsp_span_init_copy(out_span, &memory->span);
    if (ret == 0)
        *out_map_info = memory->map_info;
    return ret;
}

int hsp_vn_memory_export(struct hsp_vn_context *context, uint64_t object_id, uint64_t size,
                         struct hsp_span *out_span, uint32_t *out_map_info)
{
    int ret;

    pthread_mutex_lock(&context->export_lock);
    ret = export_locked(context, object_id, size, out_span, out_map_info);
    pthread_mutex_unlock(&context->export_lock);
    if (ret < 0)
        hsp_log_guest("context \"%s\": no blob of %llu bytes of object %llu: %s", context->name,
                      (unsigned long long)size, (unsigned long long)object_id, strerror(-ret));
    return ret;
}

/* ------------------------------------------------------------------ commands */

/* An exportable allocation of a private type takes the shared twin of that type or, if it has none,
 * any shared type: the guest cannot tell. Mesa exports memory of the first type there is, without
 * any resource, to see what dma-bufs can do. */
static uint32_t choose_type(const struct hsp_vn_memtypes *table, uint32_t guest_type,
                            bool wants_shared)
{
    const struct hsp_vn_memtype *type = hsp_vn_memtypes_find(table, guest_type);

    if (!wants_shared || type->is_shared || table->shared_bits == 0)
        return guest_type;
    for (uint32_t i = 0; i < table->guest.memoryTypeCount; i++) {
        if (table->types[i].is_shared && table->types[i].host_index == type->host_index)
            return i;
    }
    return (uint32_t)__builtin_ctz(table->shared_bits);
}

static VkResult allocate(struct hsp_vn_device *device, VkMemoryAllocateInfo *info,
                         const struct hsp_vn_memory *memory, VkDeviceMemory *out_handle)
{
    VkImportMemoryHostPointerInfoEXT import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
        .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
    };

    if (memory) {
        /* Imported host pointers are never dedicated. */
        hsp_vn_chain_remove(info, VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO);
        import.pNext = info->pNext;
        import.pHostPointer = memory->mapping.data;
        info->pNext = &import;
        info->allocationSize = memory->mapping.size;
    }
    info->memoryTypeIndex =
        hsp_vn_memtypes_find(device->memtypes, info->memoryTypeIndex)->host_index;
    return device->driver.vkAllocateMemory(device->handle, info, NULL, out_handle);
}

void hsp_vn_handle_vkAllocateMemory(struct hsp_vn_call *call, struct hsp_vn_vkAllocateMemory *args)
{
    struct hsp_vn_device *device = call->self->device;
    uint64_t id = (uint64_t)*args->pMemory;
    VkMemoryAllocateInfo info = *args->pAllocateInfo;
    const VkExportMemoryAllocateInfo *export =
        hsp_vn_chain_remove(&info, VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO);
    const VkImportMemoryResourceInfoMESA *import =
        hsp_vn_chain_remove(&info, VK_STRUCTURE_TYPE_IMPORT_MEMORY_RESOURCE_INFO_MESA);
    bool wants_shared = import || (export && export->handleTypes);
    struct hsp_vn_memory *memory = NULL;
    VkDeviceMemory handle;

    if (!hsp_vn_call_check_new_ids(call, &id, 1))
        return;
    if (!hsp_vn_memtypes_find(device->memtypes, info.memoryTypeIndex)) {
        args->ret = VK_ERROR_UNKNOWN;
        return;
    }
    info.memoryTypeIndex = choose_type(device->memtypes, info.memoryTypeIndex, wants_shared);
    args->ret = VK_SUCCESS;
    if (hsp_vn_memtypes_find(device->memtypes, info.memoryTypeIndex)->is_shared)
        args->ret = import ? import_resource(call, device, &info, import->resourceId, &memory)
                           : create_shared(device, &info, &memory);
    else if (wants_shared)
        args->ret = VK_ERROR_INVALID_EXTERNAL_HANDLE;
    if (args->ret == VK_SUCCESS)
        args->ret = allocate(device, &info, memory, &handle);
    if (args->ret != VK_SUCCESS) {
        hsp_vn_memory_free(call->context, memory);
        return;
    }
    if (!hsp_vn_call_add_child(call, id, VK_OBJECT_TYPE_DEVICE_MEMORY, (uint64_t)handle, NULL,
                               memory, NULL)) {
        device->driver.vkFreeMemory(device->handle, handle, NULL);
        hsp_vn_memory_free(call->context, memory);
    }
}

void hsp_vn_handle_vkFreeMemory(struct hsp_vn_call *call, struct hsp_vn_vkFreeMemory *args)
{
    struct hsp_vn_device *device = call->self->device;

    void *memory;

    if (!args->memory_object ||
        !hsp_vn_call_take_object(call, args->memory_object, (uint64_t)args->memory, &memory))
        return;
    device->driver.vkFreeMemory(device->handle, args->memory, NULL);
    hsp_vn_memory_free(call->context, memory);
}

void hsp_vn_handle_vkGetMemoryResourcePropertiesMESA(
    struct hsp_vn_call *call, struct hsp_vn_vkGetMemoryResourcePropertiesMESA *args)
{
    const struct hsp_vn_device *device = call->self->device;
    struct hsp_vn_resource *resource =
        hsp_vn_resource_find_ref(&call->context->resources, args->resourceId);
    VkMemoryResourcePropertiesMESA *out = args->pMemoryResourceProperties;
    VkMemoryResourceAllocationSizePropertiesMESA *size;

    if (!resource) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_RESOURCE, args->resourceId, "memory properties");
        return;
    }
    out->memoryTypeBits = device->memtypes->shared_bits;
    size = hsp_vn_chain_find(out->pNext,
                             VK_STRUCTURE_TYPE_MEMORY_RESOURCE_ALLOCATION_SIZE_PROPERTIES_MESA);
    if (size)
        size->allocationSize = resource->span.size;
    args->ret = is_importable(resource) ? VK_SUCCESS : VK_ERROR_INVALID_EXTERNAL_HANDLE;
    hsp_vn_resource_unref(resource);
}
