/* SPDX-License-Identifier: MIT */
/* What the check programs share: compute pipelines, options, verdicts. Fails as demos/common/vk.h.
 */
#ifndef CHECK_H
#define CHECK_H

#include "vk.h"

/* A compute pipeline with storage buffers at bindings 0 to buffer_count - 1 of set 0, push
 * constants and one specialization constant (id 0). */
#define CHECK_MAX_BUFFER_COUNT 4

struct check_compute {
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkPipeline pipeline;
    VkDescriptorPool pool;
    VkDescriptorSet set;
    uint32_t buffer_count;
};

/* Destroys the shader. `constant` is the specialization constant. */
void check_compute_create(const struct demo_device *device, struct check_compute *compute,
                          VkShaderModule shader_steal, uint32_t constant, uint32_t buffer_count,
                          uint32_t push_size);
void check_compute_destroy(const struct demo_device *device, struct check_compute *compute);

/* Points the descriptor set at the buffers. */
void check_compute_set_buffers(const struct demo_device *device, struct check_compute *compute,
                               const VkBuffer *buffers);

/* Records binding, push constants and the dispatch. */
void check_compute_record(const struct check_compute *compute, VkCommandBuffer commands,
                          const void *push, uint32_t push_size, uint32_t group_count);

/* Records a barrier: all writes before are seen by everything after, the host included. */
void check_record_barrier(VkCommandBuffer commands);

/* Ends the process unless actual == expected. */
#define CHECK_EQUAL(actual, expected, ...) \
    check_equal((actual), (expected), __FILE__, __LINE__, __VA_ARGS__)
void check_equal(uint64_t actual, uint64_t expected, const char *file, int line, const char *fmt,
                 ...) __attribute__((format(printf, 5, 6)));

/* The value of an option as --loops=100, or `otherwise`; ends the process when it is no number from
 * 1 to 10^9. */
uint32_t check_option_number(int argc, char **argv, const char *name, uint32_t otherwise);

/* The value of an option as --output=FILE, or NULL. */
const char *check_option_text(int argc, char **argv, const char *name);

/* Ends the process when argv has anything but the named options (NULL-terminated list). */
void check_options_known(int argc, char **argv, const char *const *names);

#endif
