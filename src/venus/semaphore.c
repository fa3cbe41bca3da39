/* SPDX-License-Identifier: MIT */
#include "venus/semaphore.h"

#include "venus/external.h"

/* hsp_vn_object.flags, which threads of several rings may use at a time. */
#define IS_BINARY    (1u << 29)
#define IS_SIGNALLED (1u << 30) /* by a submit that was made, and no wait since */
#define IS_NEW       (1u << 31) /* by the submit that is being made */

static uint32_t get_flags(const struct hsp_vn_object *object)
{
    return object ? __atomic_load_n(&object->flags, __ATOMIC_RELAXED) : 0;
}

static void change_flags(struct hsp_vn_object *object, uint32_t clear, uint32_t set)
{
    __atomic_and_fetch(&object->flags, ~clear, __ATOMIC_RELAXED);
    __atomic_or_fetch(&object->flags, set, __ATOMIC_RELAXED);
}

void hsp_vn_semaphore_init(struct hsp_vn_object *object, const VkSemaphoreCreateInfo *info)
{
    const VkSemaphoreTypeCreateInfo *type =
        hsp_vn_chain_find(info->pNext, VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO);

    if (!type || type->semaphoreType == VK_SEMAPHORE_TYPE_BINARY)
        change_flags(object, 0, IS_BINARY);
}

void hsp_vn_semaphore_wait(struct hsp_vn_object *object)
{
    if (get_flags(object) & (IS_SIGNALLED | IS_NEW))
        change_flags(object, IS_SIGNALLED | IS_NEW, 0);
}

static VkResult submit(struct hsp_vn_queue *queue, VkSemaphore semaphore, bool is_wait,
                       VkFence fence)
{
    static const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = is_wait ? 1 : 0,
        .pWaitSemaphores = &semaphore,
        .pWaitDstStageMask = &stage,
        .signalSemaphoreCount = is_wait ? 0 : 1,
        .pSignalSemaphores = &semaphore,
    };

    return queue->device->driver.vkQueueSubmit(queue->handle, 1, &info, fence);
}

void hsp_vn_semaphore_signal(struct hsp_vn_queue *queue, struct hsp_vn_object *object)
{
    uint32_t flags = get_flags(object);

    if (!(flags & IS_BINARY))
        return;
    if (flags & IS_SIGNALLED)
        submit(queue, (VkSemaphore)object->handle, true, VK_NULL_HANDLE);
    change_flags(object, IS_SIGNALLED, IS_NEW);
}

void hsp_vn_semaphore_end_signal(struct hsp_vn_object *object, VkResult result)
{
    if (get_flags(object) & IS_NEW)
        change_flags(object, IS_NEW, result == VK_SUCCESS ? IS_SIGNALLED : 0);
}

VkResult hsp_vn_semaphore_submit(struct hsp_vn_queue *queue, struct hsp_vn_object *object,
                                 bool is_wait, VkFence fence)
{
    VkResult result;

    if (is_wait)
        hsp_vn_semaphore_wait(object);
    else
        hsp_vn_semaphore_signal(queue, object);
    result = submit(queue, (VkSemaphore)object->handle, is_wait, fence);
    if (!is_wait)
        hsp_vn_semaphore_end_signal(object, result);
    return result;
}
