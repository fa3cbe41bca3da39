/* SPDX-License-Identifier: MIT */
#include "stream_objects.h"

#include "venus/gen/client.h"
#include "venus/gen/protocol.h"

#include <stdlib.h>

/* The decoder's view of a handle on the client's side is its id. */
/* What the renderer makes of the fake driver's one type: private first, then shared. */
#define SHARED_TYPE 1

#define HANDLE(type)    ((type)(uintptr_t)ID_##type)
#define NEW(type)       (&(type){HANDLE(type)})
#define INFO(type, ...) (&(const type){__VA_ARGS__})
#define ENCODE(name, ...) \
    hsp_vn_encode_##name(writer, &(const struct hsp_vn_##name){__VA_ARGS__}, 0)

static void encode_device(struct hsp_vn_writer *writer)
{
    static const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const VkDeviceQueueTimelineInfoMESA timeline = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_TIMELINE_INFO_MESA,
        .ringIdx = 1,
    };
    uint32_t count = 1;

    ENCODE(vkCreateInstance,
           .pCreateInfo = INFO(VkInstanceCreateInfo, VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO),
           .pInstance = NEW(VkInstance));
    ENCODE(vkEnumeratePhysicalDevices, .instance = HANDLE(VkInstance),
           .pPhysicalDeviceCount = &count, .pPhysicalDevices = NEW(VkPhysicalDevice));
    ENCODE(vkCreateDevice, .physicalDevice = HANDLE(VkPhysicalDevice),
           .pCreateInfo = INFO(VkDeviceCreateInfo, VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .queueCreateInfoCount = 1, .pQueueCreateInfos = &queue),
           .pDevice = NEW(VkDevice));
    ENCODE(vkGetDeviceQueue2, .device = HANDLE(VkDevice),
           .pQueueInfo =
               INFO(VkDeviceQueueInfo2, VK_STRUCTURE_TYPE_DEVICE_QUEUE_INFO_2, .pNext = &timeline),
           .pQueue = NEW(VkQueue));
}

static void encode_commands(struct hsp_vn_writer *writer)
{
    ENCODE(vkCreateCommandPool, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkCommandPoolCreateInfo, VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO),
           .pCommandPool = NEW(VkCommandPool));
    ENCODE(vkAllocateCommandBuffers, .device = HANDLE(VkDevice),
           .pAllocateInfo =
               INFO(VkCommandBufferAllocateInfo, VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                    .commandPool = HANDLE(VkCommandPool), .commandBufferCount = 1),
           .pCommandBuffers = NEW(VkCommandBuffer));
    ENCODE(vkCreateFence, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkFenceCreateInfo, VK_STRUCTURE_TYPE_FENCE_CREATE_INFO),
           .pFence = NEW(VkFence));
    ENCODE(vkCreateSemaphore, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkSemaphoreCreateInfo, VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO),
           .pSemaphore = NEW(VkSemaphore));
    ENCODE(vkCreateEvent, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkEventCreateInfo, VK_STRUCTURE_TYPE_EVENT_CREATE_INFO),
           .pEvent = NEW(VkEvent));
    ENCODE(vkCreateQueryPool, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkQueryPoolCreateInfo, VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                               .queryCount = 4),
           .pQueryPool = NEW(VkQueryPool));
}

static void encode_staged_image(struct hsp_vn_writer *writer)
{
    const VkExternalMemoryImageCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
    };

    ENCODE(vkCreateImage, .device = HANDLE(VkDevice),
           .pCreateInfo =
               INFO(VkImageCreateInfo, VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO, .pNext = &external,
                    .imageType = VK_IMAGE_TYPE_2D, .format = 37, .extent = {64, 64, 1},
                    .mipLevels = 1, .arrayLayers = 1, .samples = 1,
                    .tiling = VK_IMAGE_TILING_LINEAR, .usage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT),
           .pImage = &(VkImage){(VkImage)(uintptr_t)ID_VkImageStaged});
}

static void encode_memory(struct hsp_vn_writer *writer)
{
    const VkExtent3D extent = {64, 64, 1};

    ENCODE(vkCreateBuffer, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkBufferCreateInfo, VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                               .size = 4096, .usage = 3),
           .pBuffer = NEW(VkBuffer));
    ENCODE(vkCreateImage, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkImageCreateInfo, VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                               .imageType = VK_IMAGE_TYPE_2D, .format = 37, .extent = extent,
                               .mipLevels = 1, .arrayLayers = 1, .samples = 1, .usage = 3),
           .pImage = NEW(VkImage));
    ENCODE(vkAllocateMemory, .device = HANDLE(VkDevice),
           .pAllocateInfo = INFO(VkMemoryAllocateInfo, VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                 .allocationSize = 65536, .memoryTypeIndex = SHARED_TYPE),
           .pMemory = NEW(VkDeviceMemory));
    ENCODE(vkCreateBufferView, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkBufferViewCreateInfo, VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                               .buffer = HANDLE(VkBuffer), .format = 37, .range = 64),
           .pView = NEW(VkBufferView));
    ENCODE(vkCreateImageView, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkImageViewCreateInfo, VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
                               .image = HANDLE(VkImage), .format = 37),
           .pView = NEW(VkImageView));
    ENCODE(vkCreateSampler, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkSamplerCreateInfo, VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO),
           .pSampler = NEW(VkSampler));
    ENCODE(vkCreateSamplerYcbcrConversion, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkSamplerYcbcrConversionCreateInfo,
                               VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_CREATE_INFO),
           .pYcbcrConversion = NEW(VkSamplerYcbcrConversion));
}

static void encode_descriptors(struct hsp_vn_writer *writer)
{
    const VkDescriptorSetLayoutBinding binding = {
        .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, .descriptorCount = 1};
    const VkDescriptorPoolSize pool_size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 4};
    const VkDescriptorUpdateTemplateEntry entry = {
        .descriptorCount = 1, .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER};
    const VkDescriptorSetLayout layout = HANDLE(VkDescriptorSetLayout);

    ENCODE(vkCreateDescriptorSetLayout, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkDescriptorSetLayoutCreateInfo,
                               VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                               .bindingCount = 1, .pBindings = &binding),
           .pSetLayout = NEW(VkDescriptorSetLayout));
    ENCODE(vkCreateDescriptorPool, .device = HANDLE(VkDevice),
           .pCreateInfo =
               INFO(VkDescriptorPoolCreateInfo, VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                    .maxSets = 4, .poolSizeCount = 1, .pPoolSizes = &pool_size),
           .pDescriptorPool = NEW(VkDescriptorPool));
    ENCODE(vkAllocateDescriptorSets, .device = HANDLE(VkDevice),
           .pAllocateInfo =
               INFO(VkDescriptorSetAllocateInfo, VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                    .descriptorPool = HANDLE(VkDescriptorPool), .descriptorSetCount = 1,
                    .pSetLayouts = &layout),
           .pDescriptorSets = NEW(VkDescriptorSet));
    ENCODE(vkCreateDescriptorUpdateTemplate, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkDescriptorUpdateTemplateCreateInfo,
                               VK_STRUCTURE_TYPE_DESCRIPTOR_UPDATE_TEMPLATE_CREATE_INFO,
                               .descriptorUpdateEntryCount = 1, .pDescriptorUpdateEntries = &entry,
                               .descriptorSetLayout = layout),
           .pDescriptorUpdateTemplate = NEW(VkDescriptorUpdateTemplate));
}

static void encode_pipelines(struct hsp_vn_writer *writer)
{
    static const uint32_t code[] = {0x07230203, 0x00010000, 0, 1, 0};
    const VkSubpassDescription subpass = {0};

    ENCODE(vkCreateShaderModule, .device = HANDLE(VkDevice),
           .pCreateInfo =
               INFO(VkShaderModuleCreateInfo, VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                    .codeSize = sizeof(code), .pCode = code),
           .pShaderModule = NEW(VkShaderModule));
    ENCODE(vkCreatePipelineCache, .device = HANDLE(VkDevice),
           .pCreateInfo =
               INFO(VkPipelineCacheCreateInfo, VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO),
           .pPipelineCache = NEW(VkPipelineCache));
    ENCODE(vkCreatePipelineLayout, .device = HANDLE(VkDevice),
           .pCreateInfo =
               INFO(VkPipelineLayoutCreateInfo, VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO),
           .pPipelineLayout = NEW(VkPipelineLayout));
    ENCODE(vkCreateRenderPass, .device = HANDLE(VkDevice),
           .pCreateInfo = INFO(VkRenderPassCreateInfo, VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO,
                               .subpassCount = 1, .pSubpasses = &subpass),
           .pRenderPass = NEW(VkRenderPass));
    ENCODE(vkCreateFramebuffer, .device = HANDLE(VkDevice),
           .pCreateInfo =
               INFO(VkFramebufferCreateInfo, VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO,
                    .renderPass = HANDLE(VkRenderPass), .width = 64, .height = 64, .layers = 1),
           .pFramebuffer = NEW(VkFramebuffer));
    ENCODE(vkCreateComputePipelines, .device = HANDLE(VkDevice), .createInfoCount = 1,
           .pCreateInfos =
               INFO(VkComputePipelineCreateInfo, VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                    .stage = {VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                              .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                              .module = HANDLE(VkShaderModule), .pName = "main"},
                    .layout = HANDLE(VkPipelineLayout)),
           .pPipelines = NEW(VkPipeline));
}

static void encode_reply_stream(struct hsp_vn_writer *writer)
{
    ENCODE(vkSetReplyCommandStreamMESA,
           .pStream = INFO(VkCommandStreamDescriptionMESA, .resourceId = REPLY_RESOURCE,
                           .size = RESOURCE_SIZE));
}

size_t stream_objects_encode(void *out_data, size_t size)
{
    struct hsp_vn_writer writer = {
        .begin = out_data, .cursor = out_data, .end = (uint8_t *)out_data + size};

    encode_device(&writer);
    encode_commands(&writer);
    encode_memory(&writer);
    encode_staged_image(&writer);
    encode_descriptors(&writer);
    encode_pipelines(&writer);
    encode_reply_stream(&writer);
    if (writer.overflow)
        abort();
    return (size_t)(writer.cursor - writer.begin);
}
