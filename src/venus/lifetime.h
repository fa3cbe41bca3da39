/* SPDX-License-Identifier: MIT */
/*
 * Birth and death of Vulkan objects: what generated create and destroy commands call.
 *
 * Threads: as the command that is being executed; lists are locked inside.
 */
#ifndef HSP_VENUS_LIFETIME_H
#define HSP_VENUS_LIFETIME_H

#include "venus/call.h"
#include "venus/gen/driver.h"

const struct hsp_vn_instance_driver *hsp_vn_call_instance_driver(struct hsp_vn_call *call);

/* Whether the client may use these ids for new objects: none is 0, taken, or there twice. A fault
 * if not. */
bool hsp_vn_call_check_new_ids(struct hsp_vn_call *call, const uint64_t *ids, uint32_t count);

/* Adds an object made by the driver to the device of call->self. False after a fault; the driver's
 * object has then been destroyed. */
bool hsp_vn_call_add_object(struct hsp_vn_call *call, uint64_t id, VkObjectType type,
                            uint64_t handle);

/* As hsp_vn_call_add_object with more to say: `pool` owns the object (its children die with it),
 * `data` is the family's state, stolen on success only; on failure nothing is destroyed. */
bool hsp_vn_call_add_child(struct hsp_vn_call *call, uint64_t id, VkObjectType type,
                           uint64_t handle, struct hsp_vn_object *pool, void *data,
                           struct hsp_vn_object **out_object);

/* Takes an object, and all children of a pool, out of the table and its lists. The driver's object
 * is the caller's to destroy, and *out_data to free. False when another thread of the same (wrong)
 * client has done so since the command was decoded; `handle` is what the object was then. */
bool hsp_vn_call_take_object(struct hsp_vn_call *call, struct hsp_vn_object *object,
                             uint64_t handle, void **out_data);

/* The same for objects whose data is plain memory, which it frees. */
bool hsp_vn_call_remove_object(struct hsp_vn_call *call, struct hsp_vn_object *object,
                               uint64_t handle);

/* The children of a pool alone (vkResetDescriptorPool). */
void hsp_vn_call_remove_children(struct hsp_vn_call *call, struct hsp_vn_object *pool);

/* Destroys what the client left of a device's objects, youngest first. */
void hsp_vn_device_destroy_objects(struct hsp_vn_context *context, struct hsp_vn_device *device);

#endif
