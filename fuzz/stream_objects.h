/* SPDX-License-Identifier: MIT */
/*
 * The objects that exist before a fuzzed stream begins: one of each kind, with a fixed id each, so
 * that few bytes are enough to reach a command that needs them. make_stream_corpus.py reads the
 * list, too.
 */
#ifndef HSP_FUZZ_STREAM_OBJECTS_H
#define HSP_FUZZ_STREAM_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

enum stream_object {
    ID_VkInstance = 1,
    ID_VkPhysicalDevice,
    ID_VkDevice,
    ID_VkQueue,
    ID_VkCommandPool,
    ID_VkCommandBuffer,
    ID_VkBuffer,
    ID_VkImage,
    ID_VkDeviceMemory,
    ID_VkBufferView,
    ID_VkImageView,
    ID_VkShaderModule,
    ID_VkPipelineCache,
    ID_VkPipelineLayout,
    ID_VkRenderPass,
    ID_VkPipeline,
    ID_VkDescriptorSetLayout,
    ID_VkSampler,
    ID_VkDescriptorPool,
    ID_VkDescriptorSet,
    ID_VkFramebuffer,
    ID_VkFence,
    ID_VkSemaphore,
    ID_VkEvent,
    ID_VkQueryPool,
    ID_VkDescriptorUpdateTemplate,
    ID_VkSamplerYcbcrConversion,
    ID_VkImageStaged, /* a linear image that is shared and drawn into (venus/staging.h) */
    ID_LAST,
};

/* Resources: where replies may go, and where ring buffers and indirect streams may be, which hold
 * the fuzzed bytes. */
#define REPLY_RESOURCE 1
#define INPUT_RESOURCE 2
#define RESOURCE_SIZE  65536

/* Writes the commands that make the objects; the number of bytes. Stops the process when they do
 * not fit. */
size_t stream_objects_encode(void *out_data, size_t size);

#endif
