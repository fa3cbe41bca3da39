/* SPDX-License-Identifier: MIT */
/* Devices, queues, command buffers and what is waited for. */
#include "private.h"

#include <pthread.h>
#include <stdlib.h>

#define QUEUE_COUNT_MAX 16

struct device {
    VK_LOADER_DATA loader_data;
    void *queues[FAKE_ICD_FAMILY_COUNT][QUEUE_COUNT_MAX];
};

struct buffers {
    uint32_t count, capacity;
    void **handles;
};

/* A fence is a timeline that counts to 1. */
struct timeline {
    uint64_t value, submitted;
    struct timeline *next; /* of those that wait for complete() */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct timeline *held;

/* ------------------------------------------------------------------ devices and queues */

VKAPI_ATTR VkResult VKAPI_CALL fake_vkCreateDevice(VkPhysicalDevice physicalDevice,
                                                   const VkDeviceCreateInfo *pCreateInfo,
                                                   const VkAllocationCallbacks *pAllocator,
                                                   VkDevice *pDevice)
{
    VkResult result = fake_call(FAKE_vkCreateDevice);
    struct device *device;

    if (result < 0)
        return result;
    device = calloc(1, sizeof(*device));
    set_loader_magic_value(device);
    for (uint32_t i = 0; i < FAKE_ICD_FAMILY_COUNT; i++) {
        for (uint32_t j = 0; j < QUEUE_COUNT_MAX; j++)
            device->queues[i][j] = fake_new_dispatchable();
    }
    *pDevice = (VkDevice)device;
    return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL fake_vkDestroyDevice(VkDevice handle,
                                                const VkAllocationCallbacks *pAllocator)
{
    struct device *device = (struct device *)handle;

    fake_call(FAKE_vkDestroyDevice);
    if (!device)
        return;
    for (uint32_t i = 0; i < FAKE_ICD_FAMILY_COUNT; i++) {
        for (uint32_t j = 0; j < QUEUE_COUNT_MAX; j++)
            fake_free_dispatchable(device->queues[i][j]);
    }
    free(device);
}

static VkQueue get_queue(VkDevice device, uint32_t family, uint32_t index)
{
    if (family >= FAKE_ICD_FAMILY_COUNT || index >= QUEUE_COUNT_MAX)
        return VK_NULL_HANDLE;
    return ((struct device *)device)->queues[family][index];
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetDeviceQueue(VkDevice device, uint32_t queueFamilyIndex,
                                                 uint32_t queueIndex, VkQueue *pQueue)
{
    fake_call(FAKE_vkGetDeviceQueue);
    *pQueue = get_queue(device, queueFamilyIndex, queueIndex);
}

VKAPI_ATTR void VKAPI_CALL fake_vkGetDeviceQueue2(VkDevice device, const VkDeviceQueueInfo2 *pInfo,
                                                  VkQueue *pQueue)
{
    fake_call(FAKE_vkGetDeviceQueue2);
    *pQueue = get_queue(device, pInfo->queueFamilyIndex, pInfo->queueIndex);
}

/* ------------------------------------------------------------------ command buffers */

VKAPI_ATTR VkResult VKAPI_CALL fake_vkCreateCommandPool(VkDevice device,
                                                        const VkCommandPoolCreateInfo *pCreateInfo,
                                                        const VkAllocationCallbacks *pAllocator,
                                                        VkCommandPool *pCommandPool)
{
    VkResult result = fake_call(FAKE_vkCreateCommandPool);

    fake_control.pool_family = pCreateInfo->queueFamilyIndex;
    if (result >= 0)
        *pCommandPool = (VkCommandPool)calloc(1, sizeof(struct buffers));
    return result;
}

VKAPI_ATTR void VKAPI_CALL fake_vkDestroyCommandPool(VkDevice device, VkCommandPool commandPool,
                                                     const VkAllocationCallbacks *pAllocator)
{
    struct buffers *buffers = (struct buffers *)commandPool;

    fake_call(FAKE_vkDestroyCommandPool);
    if (!buffers)
        return;
    for (uint32_t i = 0; i < buffers->count; i++)
        fake_free_dispatchable(buffers->handles[i]);
    free(buffers->handles);
    free(buffers);
}

VKAPI_ATTR VkResult VKAPI_CALL
fake_vkAllocateCommandBuffers(VkDevice device, const VkCommandBufferAllocateInfo *pAllocateInfo,
                              VkCommandBuffer *pCommandBuffers)
{
    struct buffers *buffers = (struct buffers *)pAllocateInfo->commandPool;
    VkResult result = fake_call(FAKE_vkAllocateCommandBuffers);

    if (result < 0)
        return result;
    if (!buffers)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    for (uint32_t i = 0; i < pAllocateInfo->commandBufferCount; i++) {
        if (buffers->count == buffers->capacity) {
            buffers->capacity = 2 * buffers->capacity + 8;
            buffers->handles =
                realloc(buffers->handles, buffers->capacity * sizeof(*buffers->handles));
        }
        pCommandBuffers[i] = fake_new_dispatchable();
        buffers->handles[buffers->count++] = pCommandBuffers[i];
    }
    return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL fake_vkFreeCommandBuffers(VkDevice device, VkCommandPool commandPool,
                                                     uint32_t commandBufferCount,
                                                     const VkCommandBuffer *pCommandBuffers)
{
    struct buffers *buffers = (struct buffers *)commandPool;

    fake_call(FAKE_vkFreeCommandBuffers);
    if (!buffers)
        return;
    for (uint32_t i = 0; i < commandBufferCount; i++) {
        for (uint32_t j = 0; j < buffers->count; j++) {
            if (buffers->handles[j] == pCommandBuffers[i]) {
                fake_free_dispatchable(pCommandBuffers[i]);
                buffers->handles[j] = buffers->handles[--buffers->count];
                break;
            }
        }
    }
}

static void report_barrier(uint32_t image_barrier_count)
{
    if (fake_control.on_barrier)
        fake_control.on_barrier(image_barrier_count);
}

VKAPI_ATTR void VKAPI_CALL fake_vkCmdPipelineBarrier(
    VkCommandBuffer commandBuffer, VkPipelineStageFlags srcStageMask,
    VkPipelineStageFlags dstStageMask, VkDependencyFlags dependencyFlags,
    uint32_t memoryBarrierCount, const VkMemoryBarrier *pMemoryBarriers,
    uint32_t bufferMemoryBarrierCount, const VkBufferMemoryBarrier *pBufferMemoryBarriers,
    uint32_t imageMemoryBarrierCount, const VkImageMemoryBarrier *pImageMemoryBarriers)
{
    fake_call(FAKE_vkCmdPipelineBarrier);
    report_barrier(imageMemoryBarrierCount);
}

VKAPI_ATTR void VKAPI_CALL fake_vkCmdPipelineBarrier2(VkCommandBuffer commandBuffer,
                                                      const VkDependencyInfo *pDependencyInfo)
{
    fake_call(FAKE_vkCmdPipelineBarrier2);
    report_barrier(pDependencyInfo->imageMemoryBarrierCount);
}

/* ------------------------------------------------------------------ fences and semaphores */

static uint64_t new_timeline(uint64_t value)
{
    struct timeline *timeline = calloc(1, sizeof(*timeline));

    timeline->value = timeline->submitted = value;
    return (uint64_t)(uintptr_t)timeline;
}

static void free_timeline(uint64_t handle)
{
    struct timeline *timeline = (struct timeline *)(uintptr_t)handle;

    pthread_mutex_lock(&lock);
    for (struct timeline **link = &held; *link; link = &(*link)->next) {
        if (*link == timeline) {
            *link = timeline->next;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    free(timeline);
}

static bool is_held_locked(const struct timeline *timeline)
{
    for (const struct timeline *other = held; other; other = other->next) {
        if (other == timeline)
            return true;
    }
    return false;
}

static void submit_timeline(uint64_t handle, uint64_t value)
{
    struct timeline *timeline = (struct timeline *)(uintptr_t)handle;

    if (!timeline)
        return;
    pthread_mutex_lock(&lock);
    timeline->submitted = value;
    if (!fake_control.hold_submissions) {
        timeline->value = value;
        pthread_cond_broadcast(&changed);
    } else if (!is_held_locked(timeline)) {
        timeline->next = held;
        held = timeline;
    }
    pthread_mutex_unlock(&lock);
}

static void set_timeline(uint64_t handle, uint64_t value)
{
    struct timeline *timeline = (struct timeline *)(uintptr_t)handle;

    if (!timeline)
        return;
    pthread_mutex_lock(&lock);
    timeline->value = timeline->submitted = value;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void fake_complete_submissions(void);
void fake_complete_submissions(void)
{
    pthread_mutex_lock(&lock);
    for (; held; held = held->next)
        held->value = held->submitted;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static uint64_t timeline_value(uint64_t handle)
{
    uint64_t value;

    if (!handle)
        return 0;
    pthread_mutex_lock(&lock);
    value = ((struct timeline *)(uintptr_t)handle)->value;
    pthread_mutex_unlock(&lock);
    return value;
}

/* Waits for an end that complete() makes; a timeout of 0 only looks. */
static VkResult wait_timeline(uint64_t handle, uint64_t value, uint64_t timeout)
{
    struct timeline *timeline = (struct timeline *)(uintptr_t)handle;
    VkResult result;

    if (!timeline || fake_control.waits_succeed)
        return VK_SUCCESS;
    pthread_mutex_lock(&lock);
    while (timeline->value < value && timeout == UINT64_MAX)
        pthread_cond_wait(&changed, &lock);
    result = timeline->value < value ? VK_TIMEOUT : VK_SUCCESS;
    pthread_mutex_unlock(&lock);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkCreateFence(VkDevice device,
                                                  const VkFenceCreateInfo *pCreateInfo,
                                                  const VkAllocationCallbacks *pAllocator,
                                                  VkFence *pFence)
{
    VkResult result = fake_call(FAKE_vkCreateFence);

    if (result >= 0)
        *pFence = (VkFence)new_timeline(pCreateInfo->flags & VK_FENCE_CREATE_SIGNALED_BIT);
    return result;
}

VKAPI_ATTR void VKAPI_CALL fake_vkDestroyFence(VkDevice device, VkFence fence,
                                               const VkAllocationCallbacks *pAllocator)
{
    fake_call(FAKE_vkDestroyFence);
    free_timeline((uint64_t)fence);
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkResetFences(VkDevice device, uint32_t fenceCount,
                                                  const VkFence *pFences)
{
    for (uint32_t i = 0; i < fenceCount; i++)
        set_timeline((uint64_t)pFences[i], 0);
    return fake_call(FAKE_vkResetFences);
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkGetFenceStatus(VkDevice device, VkFence fence)
{
    VkResult result = fake_call(FAKE_vkGetFenceStatus);

    if (result < 0)
        return result;
    return timeline_value((uint64_t)fence) ? VK_SUCCESS : VK_NOT_READY;
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkWaitForFences(VkDevice device, uint32_t fenceCount,
                                                    const VkFence *pFences, VkBool32 waitAll,
                                                    uint64_t timeout)
{
    VkResult result = fake_call(FAKE_vkWaitForFences);

    for (uint32_t i = 0; i < fenceCount && result == VK_SUCCESS; i++)
        result = wait_timeline((uint64_t)pFences[i], 1, timeout);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkCreateSemaphore(VkDevice device,
                                                      const VkSemaphoreCreateInfo *pCreateInfo,
                                                      const VkAllocationCallbacks *pAllocator,
                                                      VkSemaphore *pSemaphore)
{
    const VkSemaphoreTypeCreateInfo *type =
        fake_find(pCreateInfo->pNext, VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO);
    VkResult result = fake_call(FAKE_vkCreateSemaphore);

    if (result >= 0)
        *pSemaphore = (VkSemaphore)new_timeline(type ? type->initialValue : 0);
    return result;
}

VKAPI_ATTR void VKAPI_CALL fake_vkDestroySemaphore(VkDevice device, VkSemaphore semaphore,
                                                   const VkAllocationCallbacks *pAllocator)
{
    fake_call(FAKE_vkDestroySemaphore);
    free_timeline((uint64_t)semaphore);
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkGetSemaphoreCounterValue(VkDevice device,
                                                               VkSemaphore semaphore,
                                                               uint64_t *pValue)
{
    *pValue = timeline_value((uint64_t)semaphore);
    return fake_call(FAKE_vkGetSemaphoreCounterValue);
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkSignalSemaphore(VkDevice device,
                                                      const VkSemaphoreSignalInfo *pSignalInfo)
{
    set_timeline((uint64_t)pSignalInfo->semaphore, pSignalInfo->value);
    return fake_call(FAKE_vkSignalSemaphore);
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkWaitSemaphores(VkDevice device,
                                                     const VkSemaphoreWaitInfo *pWaitInfo,
                                                     uint64_t timeout)
{
    VkResult result = fake_call(FAKE_vkWaitSemaphores);

    for (uint32_t i = 0; i < pWaitInfo->semaphoreCount && result == VK_SUCCESS; i++)
        result = wait_timeline((uint64_t)pWaitInfo->pSemaphores[i], pWaitInfo->pValues[i], timeout);
    return result;
}

/* ------------------------------------------------------------------ submissions */

static void signal_semaphores(const VkSubmitInfo *submit)
{
    const VkTimelineSemaphoreSubmitInfo *timeline =
        fake_find(submit->pNext, VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO);

    for (uint32_t i = 0; i < submit->signalSemaphoreCount; i++) {
        bool has_value = timeline && i < timeline->signalSemaphoreValueCount;

        submit_timeline((uint64_t)submit->pSignalSemaphores[i],
                        has_value ? timeline->pSignalSemaphoreValues[i] : 1);
    }
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkQueueSubmit(VkQueue queue, uint32_t submitCount,
                                                  const VkSubmitInfo *pSubmits, VkFence fence)
{
    VkResult result = fake_call(FAKE_vkQueueSubmit);

    if (result < 0)
        return result;
    for (uint32_t i = 0; i < submitCount; i++)
        signal_semaphores(&pSubmits[i]);
    submit_timeline((uint64_t)fence, 1);
    return VK_SUCCESS;
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkQueueSubmit2(VkQueue queue, uint32_t submitCount,
                                                   const VkSubmitInfo2 *pSubmits, VkFence fence)
{
    VkResult result = fake_call(FAKE_vkQueueSubmit2);

    if (result < 0)
        return result;
    for (uint32_t i = 0; i < submitCount; i++) {
        for (uint32_t j = 0; j < pSubmits[i].signalSemaphoreInfoCount; j++)
            submit_timeline((uint64_t)pSubmits[i].pSignalSemaphoreInfos[j].semaphore,
                            pSubmits[i].pSignalSemaphoreInfos[j].value);
    }
    submit_timeline((uint64_t)fence, 1);
    return VK_SUCCESS;
}

VKAPI_ATTR VkResult VKAPI_CALL fake_vkQueueBindSparse(VkQueue queue, uint32_t bindInfoCount,
                                                      const VkBindSparseInfo *pBindInfo,
                                                      VkFence fence)
{
    VkResult result = fake_call(FAKE_vkQueueBindSparse);

    if (result >= 0)
        submit_timeline((uint64_t)fence, 1);
    return result;
}
