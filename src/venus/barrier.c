/* SPDX-License-Identifier: MIT */
/*
 * Pipeline barriers. Those that move a staged image (staging.h) to or from the world outside are
 * taken out of the guest's command, which is then recorded without them, and followed by the copy
 * that stands for each.
 */
#include "venus/gen/handlers.h"
#include "venus/gen/protocol.h"
#include "venus/image.h"
#include "venus/pool.h"
#include "venus/staging.h"

/* Hosts need not know FOREIGN; for shared memory EXTERNAL means the same and is core. */
static uint32_t translate_family(uint32_t family)
{
    return family == VK_QUEUE_FAMILY_FOREIGN_EXT ? VK_QUEUE_FAMILY_EXTERNAL : family;
}

#define DEFINE_FIX_BARRIER(type)                                                       \
    void hsp_vn_fix_##type(struct hsp_vn_reader *reader, type *barrier)                \
    {                                                                                  \
        (void)reader;                                                                  \
        barrier->srcQueueFamilyIndex = translate_family(barrier->srcQueueFamilyIndex); \
        barrier->dstQueueFamilyIndex = translate_family(barrier->dstQueueFamilyIndex); \
    }

DEFINE_FIX_BARRIER(VkBufferMemoryBarrier)
DEFINE_FIX_BARRIER(VkBufferMemoryBarrier2)
DEFINE_FIX_BARRIER(VkImageMemoryBarrier)
DEFINE_FIX_BARRIER(VkImageMemoryBarrier2)

/* Barriers name the family of the buffer's pool, which may not be the one that the client knows. */
static bool is_idle(const struct hsp_vn_object *commands)
{
    return commands->pool && (commands->pool->flags & HSP_VN_POOL_IS_IDLE);
}

static uint32_t move_family(const struct hsp_vn_device *device, uint32_t family)
{
    bool is_ours = family != VK_QUEUE_FAMILY_EXTERNAL && family != VK_QUEUE_FAMILY_IGNORED;

    return is_ours ? hsp_vn_device_get_idle_family(device) : family;
}

#define MOVE_FAMILIES(device, barriers, count)                          \
    do {                                                                \
        for (uint32_t i = 0; i < (count); i++) {                        \
            (barriers)[i].srcQueueFamilyIndex =                         \
                move_family(device, (barriers)[i].srcQueueFamilyIndex); \
            (barriers)[i].dstQueueFamilyIndex =                         \
                move_family(device, (barriers)[i].dstQueueFamilyIndex); \
        }                                                               \
    } while (0)

/* The transfers that a command has, in the arena of the call. */
struct transfers {
    struct hsp_vn_staging_transfer *items;
    uint32_t count;
};

/* If a barrier between these families transfers a staged image, adds it to the list, of which
 * `capacity` items may be needed, and returns it. NULL if not, or after a fault. `slot` holds the
 * image's object. */
static struct hsp_vn_staging_transfer *add_transfer(struct hsp_vn_call *call,
                                                    struct transfers *transfers, uint32_t capacity,
                                                    const VkImage *slot, uint32_t src_family,
                                                    uint32_t dst_family)
{
    const struct hsp_vn_object *object = (const struct hsp_vn_object *)(uintptr_t)*slot;
    struct hsp_vn_staging_transfer *transfer;
    struct hsp_vn_image image;

    if ((src_family == VK_QUEUE_FAMILY_EXTERNAL) == (dst_family == VK_QUEUE_FAMILY_EXTERNAL) ||
        !hsp_vn_image_get(call->self->device, object, &image) || !image.is_staged)
        return NULL;
    if (!transfers->items)
        transfers->items =
            hsp_arena_calloc(call->reader->arena, capacity, sizeof(*transfers->items));
    if (!transfers->items) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_MEMORY, capacity, "barriers");
        return NULL;
    }
    transfer = &transfers->items[transfers->count++];
    transfer->image = (VkImage)object->handle;
    transfer->staging = image.staging;
    transfer->is_release = dst_family == VK_QUEUE_FAMILY_EXTERNAL;
    return transfer;
}

static void record(struct hsp_vn_call *call, VkCommandBuffer commands,
                   const struct transfers *transfers)
{
    for (uint32_t i = 0; i < transfers->count; i++)
        hsp_vn_staging_record(call->self->device, commands, &transfers->items[i]);
}

void hsp_vn_handle_vkCmdPipelineBarrier(struct hsp_vn_call *call,
                                        struct hsp_vn_vkCmdPipelineBarrier *args)
{
    VkImageMemoryBarrier *barriers = (VkImageMemoryBarrier *)(uintptr_t)args->pImageMemoryBarriers;
    VkBufferMemoryBarrier *buffer_barriers =
        (VkBufferMemoryBarrier *)(uintptr_t)args->pBufferMemoryBarriers;
    struct transfers transfers = {0};
    uint32_t kept = 0;

    if (is_idle(args->commandBuffer_object)) {
        MOVE_FAMILIES(call->self->device, barriers, args->imageMemoryBarrierCount);
        MOVE_FAMILIES(call->self->device, buffer_barriers, args->bufferMemoryBarrierCount);
    }
    for (uint32_t i = 0; i < args->imageMemoryBarrierCount; i++) {
        const VkImageMemoryBarrier *barrier = &barriers[i];
        struct hsp_vn_staging_transfer *transfer =
            add_transfer(call, &transfers, args->imageMemoryBarrierCount, &barrier->image,
                         barrier->srcQueueFamilyIndex, barrier->dstQueueFamilyIndex);

        if (hsp_vn_reader_has_fault(call->reader))
            return;
        if (!transfer) {
            barriers[kept++] = *barrier;
            continue;
        }
        transfer->src_stages = args->srcStageMask;
        transfer->dst_stages = args->dstStageMask;
        transfer->src_access = barrier->srcAccessMask;
        transfer->dst_access = barrier->dstAccessMask;
        transfer->old_layout = barrier->oldLayout;
        transfer->new_layout = barrier->newLayout;
    }
    args->imageMemoryBarrierCount = kept;
    hsp_vn_unwrap_vkCmdPipelineBarrier(args);
    call->self->device->driver.vkCmdPipelineBarrier(
        args->commandBuffer, args->srcStageMask, args->dstStageMask, args->dependencyFlags,
        args->memoryBarrierCount, args->pMemoryBarriers, args->bufferMemoryBarrierCount,
        args->pBufferMemoryBarriers, args->imageMemoryBarrierCount, args->pImageMemoryBarriers);
    record(call, args->commandBuffer, &transfers);
}

void hsp_vn_handle_vkCmdPipelineBarrier2(struct hsp_vn_call *call,
                                         struct hsp_vn_vkCmdPipelineBarrier2 *args)
{
    VkDependencyInfo *info = (VkDependencyInfo *)(uintptr_t)args->pDependencyInfo;
    VkImageMemoryBarrier2 *barriers =
        (VkImageMemoryBarrier2 *)(uintptr_t)info->pImageMemoryBarriers;
    VkBufferMemoryBarrier2 *buffer_barriers =
        (VkBufferMemoryBarrier2 *)(uintptr_t)info->pBufferMemoryBarriers;
    struct transfers transfers = {0};
    uint32_t kept = 0;

    if (!call->self->device->driver.vkCmdPipelineBarrier2) {
        hsp_vn_call_fault(call, HSP_VN_FAULT_COMMAND, HSP_VN_COMMAND_vkCmdPipelineBarrier2,
                          "not enabled");
        return;
    }
    if (is_idle(args->commandBuffer_object)) {
        MOVE_FAMILIES(call->self->device, barriers, info->imageMemoryBarrierCount);
        MOVE_FAMILIES(call->self->device, buffer_barriers, info->bufferMemoryBarrierCount);
    }
    for (uint32_t i = 0; i < info->imageMemoryBarrierCount; i++) {
        const VkImageMemoryBarrier2 *barrier = &barriers[i];
        struct hsp_vn_staging_transfer *transfer =
            add_transfer(call, &transfers, info->imageMemoryBarrierCount, &barrier->image,
                         barrier->srcQueueFamilyIndex, barrier->dstQueueFamilyIndex);

        if (hsp_vn_reader_has_fault(call->reader))
            return;
        if (!transfer) {
            barriers[kept++] = *barrier;
            continue;
        }
        transfer->uses_sync2 = true;
        transfer->src_stages = barrier->srcStageMask;
        transfer->dst_stages = barrier->dstStageMask;
        transfer->src_access = barrier->srcAccessMask;
        transfer->dst_access = barrier->dstAccessMask;
        transfer->old_layout = barrier->oldLayout;
        transfer->new_layout = barrier->newLayout;
    }
    info->imageMemoryBarrierCount = kept;
    hsp_vn_unwrap_vkCmdPipelineBarrier2(args);
    call->self->device->driver.vkCmdPipelineBarrier2(args->commandBuffer, info);
    record(call, args->commandBuffer, &transfers);
}
