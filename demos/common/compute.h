/* SPDX-License-Identifier: MIT */
/* Compute pipelines, as much of them as small programs vary. Fails as vk.h. */
#ifndef DEMO_COMPUTE_H
#define DEMO_COMPUTE_H

#include "vk.h"

/* A compute pipeline with storage buffers at bindings 0 to buffer_count - 1 of set 0, push
 * constants and one specialization constant (id 0). */
#define DEMO_COMPUTE_MAX_BUFFER_COUNT 4

struct demo_compute {
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkPipeline pipeline;
    VkDescriptorPool pool;
    VkDescriptorSet set;
    uint32_t buffer_count;
};

/* Destroys the shader. `constant` is the specialization constant. */
void demo_compute_create(const struct demo_device *device, struct demo_compute *compute,
                         VkShaderModule shader_steal, uint32_t constant, uint32_t buffer_count,
                         uint32_t push_size);
void demo_compute_destroy(const struct demo_device *device, struct demo_compute *compute);

/* Points the descriptor set at the buffers. */
void demo_compute_set_buffers(const struct demo_device *device, struct demo_compute *compute,
                              const VkBuffer *buffers);

/* Records binding, push constants and the dispatch. */
void demo_compute_record(const struct demo_compute *compute, VkCommandBuffer commands,
                         const void *push, uint32_t push_size, uint32_t group_count);

/* Records a barrier: all writes before are seen by everything after, the host included. */
void demo_record_barrier(VkCommandBuffer commands);

#endif
