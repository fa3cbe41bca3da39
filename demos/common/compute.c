/* SPDX-License-Identifier: MIT */
#include "compute.h"

static void create_set_layout(const struct demo_device *device, struct demo_compute *compute)
{
    VkDescriptorSetLayoutBinding bindings[DEMO_COMPUTE_MAX_BUFFER_COUNT];
    VkDescriptorSetLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = compute->buffer_count,
        .pBindings = bindings,
    };

    for (uint32_t i = 0; i < compute->buffer_count; i++)
        bindings[i] = (VkDescriptorSetLayoutBinding){
            .binding = i,
            .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
        };
    DEMO_VK(vkCreateDescriptorSetLayout(device->device, &info, NULL, &compute->set_layout));
}

static void create_set(const struct demo_device *device, struct demo_compute *compute)
{
    VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, compute->buffer_count};
    VkDescriptorPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = 1,
        .poolSizeCount = 1,
        .pPoolSizes = &size,
    };

    DEMO_VK(vkCreateDescriptorPool(device->device, &pool_info, NULL, &compute->pool));
    VkDescriptorSetAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = compute->pool,
        .descriptorSetCount = 1,
        .pSetLayouts = &compute->set_layout,
    };
    DEMO_VK(vkAllocateDescriptorSets(device->device, &info, &compute->set));
}

static void create_pipeline(const struct demo_device *device, struct demo_compute *compute,
                            VkShaderModule shader, uint32_t constant, uint32_t push_size)
{
    VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0, push_size};
    VkPipelineLayoutCreateInfo layout_info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &compute->set_layout,
        .pushConstantRangeCount = push_size > 0,
        .pPushConstantRanges = &range,
    };
    VkSpecializationMapEntry entry = {0, 0, sizeof(constant)};
    VkSpecializationInfo specialization = {1, &entry, sizeof(constant), &constant};

    DEMO_VK(vkCreatePipelineLayout(device->device, &layout_info, NULL, &compute->layout));
    VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage =
            {
                .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                .module = shader,
                .pName = "main",
                .pSpecializationInfo = &specialization,
            },
        .layout = compute->layout,
    };
    DEMO_VK(vkCreateComputePipelines(device->device, VK_NULL_HANDLE, 1, &info, NULL,
                                     &compute->pipeline));
}

void demo_compute_create(const struct demo_device *device, struct demo_compute *compute,
                         VkShaderModule shader_steal, uint32_t constant, uint32_t buffer_count,
                         uint32_t push_size)
{
    *compute = (struct demo_compute){.buffer_count = buffer_count};
    create_set_layout(device, compute);
    create_set(device, compute);
    create_pipeline(device, compute, shader_steal, constant, push_size);
    vkDestroyShaderModule(device->device, shader_steal, NULL);
}

void demo_compute_destroy(const struct demo_device *device, struct demo_compute *compute)
{
    vkDestroyPipeline(device->device, compute->pipeline, NULL);
    vkDestroyPipelineLayout(device->device, compute->layout, NULL);
    vkDestroyDescriptorPool(device->device, compute->pool, NULL);
    vkDestroyDescriptorSetLayout(device->device, compute->set_layout, NULL);
    *compute = (struct demo_compute){0};
}

void demo_compute_set_buffers(const struct demo_device *device, struct demo_compute *compute,
                              const VkBuffer *buffers)
{
    VkDescriptorBufferInfo infos[DEMO_COMPUTE_MAX_BUFFER_COUNT];
    VkWriteDescriptorSet write = {
        .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
        .dstSet = compute->set,
        .descriptorCount = 1,
        .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
    };

    for (uint32_t i = 0; i < compute->buffer_count; i++) {
        infos[i] = (VkDescriptorBufferInfo){buffers[i], 0, VK_WHOLE_SIZE};
        write.dstBinding = i;
        write.pBufferInfo = &infos[i];
        vkUpdateDescriptorSets(device->device, 1, &write, 0, NULL);
    }
}

void demo_compute_record(const struct demo_compute *compute, VkCommandBuffer commands,
                         const void *push, uint32_t push_size, uint32_t group_count)
{
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, compute->pipeline);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, compute->layout, 0, 1,
                            &compute->set, 0, NULL);
    if (push_size > 0)
        vkCmdPushConstants(commands, compute->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, push_size,
                           push);
    vkCmdDispatch(commands, group_count, 1, 1);
}

void demo_record_barrier(VkCommandBuffer commands)
{
    VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
        .dstAccessMask =
            VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT | VK_ACCESS_HOST_READ_BIT,
    };

    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                         VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
                         &barrier, 0, NULL, 0, NULL);
}
