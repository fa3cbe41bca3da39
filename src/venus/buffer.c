/* SPDX-License-Identifier: MIT */
/*
 * Buffers. Every buffer that the host lets be bound to imported host pointers is created for that,
 * so that the guest may bind it to any memory type it is shown.
 */
#include "venus/external.h"
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/lifetime.h"

/* hsp_vn_object.flags */
#define BUFFER_TAKES_HOST_POINTER (1u << 0)
#define BUFFER_IS_EXTERNAL        (1u << 1) /* the guest will export or import its memory */

/* Edits the guest's create info into the host's; `storage` joins its chain. Returns the flags. */
static uint32_t translate(const struct hsp_vn_physical_device *physical_device,
                          VkBufferCreateInfo *info, VkExternalMemoryBufferCreateInfo *storage)
{
    const VkExternalMemoryBufferCreateInfo *external =
        hsp_vn_chain_remove(info, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO);
    uint32_t flags = 0;

    if (external && external->handleTypes)
        flags |= BUFFER_IS_EXTERNAL;
    if (!hsp_vn_external_buffer_takes_host_pointer(physical_device, info))
        return flags;
    *storage = (VkExternalMemoryBufferCreateInfo){
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
        .pNext = info->pNext,
        .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
    };
    info->pNext = storage;
    return flags | BUFFER_TAKES_HOST_POINTER;
}

void hsp_vn_handle_vkCreateBuffer(struct hsp_vn_call *call, struct hsp_vn_vkCreateBuffer *args)
{
    struct hsp_vn_device *device = call->self->device;
    uint64_t id = (uint64_t)*args->pBuffer;
    VkBufferCreateInfo info = *args->pCreateInfo;
    VkExternalMemoryBufferCreateInfo external;
    struct hsp_vn_object *object;
    uint32_t flags;
    VkBuffer buffer;

    if (!hsp_vn_call_check_new_ids(call, &id, 1))
        return;
    flags = translate(device->physical_device, &info, &external);
    args->ret = device->driver.vkCreateBuffer(device->handle, &info, NULL, &buffer);
    if (args->ret != VK_SUCCESS)
        return;
    if (hsp_vn_call_add_child(call, id, VK_OBJECT_TYPE_BUFFER, (uint64_t)buffer, NULL, NULL,
                              &object))
        object->flags = flags;
    else
        device->driver.vkDestroyBuffer(device->handle, buffer, NULL);
}

static void translate_requirements(const struct hsp_vn_device *device,
                                   VkMemoryRequirements *requirements, uint32_t flags)
{
    requirements->memoryTypeBits =
        hsp_vn_memtypes_guest_bits(device->memtypes, requirements->memoryTypeBits,
                                   flags & BUFFER_TAKES_HOST_POINTER, flags & BUFFER_IS_EXTERNAL);
}

void hsp_vn_handle_vkGetBufferMemoryRequirements(struct hsp_vn_call *call,
                                                 struct hsp_vn_vkGetBufferMemoryRequirements *args)
{
    struct hsp_vn_device *device = call->self->device;

    if (!args->buffer_object) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, 0, "buffer");
        return;
    }
    device->driver.vkGetBufferMemoryRequirements(device->handle, args->buffer,
                                                 args->pMemoryRequirements);
    translate_requirements(device, args->pMemoryRequirements, args->buffer_object->flags);
}

void hsp_vn_handle_vkGetBufferMemoryRequirements2(
    struct hsp_vn_call *call, struct hsp_vn_vkGetBufferMemoryRequirements2 *args)
{
    struct hsp_vn_device *device = call->self->device;
    const struct hsp_vn_object *object =
        (const struct hsp_vn_object *)(uintptr_t)args->pInfo->buffer;

    if (!object) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_NULL, 0, "buffer");
        return;
    }
    hsp_vn_unwrap_vkGetBufferMemoryRequirements2(args);
    device->driver.vkGetBufferMemoryRequirements2(device->handle, args->pInfo,
                                                  args->pMemoryRequirements);
    translate_requirements(device, &args->pMemoryRequirements->memoryRequirements, object->flags);
}

void hsp_vn_handle_vkGetDeviceBufferMemoryRequirements(
    struct hsp_vn_call *call, struct hsp_vn_vkGetDeviceBufferMemoryRequirements *args)
{
    struct hsp_vn_device *device = call->self->device;
    VkDeviceBufferMemoryRequirements query = *args->pInfo;
    VkBufferCreateInfo info = *args->pInfo->pCreateInfo;
    VkExternalMemoryBufferCreateInfo external;
    uint32_t flags;

    if (!device->driver.vkGetDeviceBufferMemoryRequirements) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, 0, "not enabled");
        return;
    }
    flags = translate(device->physical_device, &info, &external);
    query.pCreateInfo = &info;
    device->driver.vkGetDeviceBufferMemoryRequirements(device->handle, &query,
                                                       args->pMemoryRequirements);
    translate_requirements(device, &args->pMemoryRequirements->memoryRequirements, flags);
}
