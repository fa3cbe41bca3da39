/* SPDX-License-Identifier: MIT */
/*
 * A command from the moment it is taken out of a virtqueue until it is answered.
 *
 * Order. A command that names a context, resource or scanout which an earlier, unfinished command
 * holds waits for it, in order; all others go ahead, so that one slow renderer does not stall the
 * device (schedule.c).
 *
 * Fences. A command with the fence flag is answered when it is done and all fenced commands before
 * it on the same timeline were answered: the global timeline, or one of a context's when it has a
 * ring_idx (timeline.c).
 *
 * Ownership: the device's list of commands owns them until they are answered or dropped.
 */
#ifndef HSP_GPU_COMMAND_H
#define HSP_GPU_COMMAND_H

#include "base/list.h"
#include "gpu/decode.h"
#include "gpu/transport.h"

struct hsp_gpu_device;
struct hsp_gpu_context;

enum hsp_gpu_key_kind {
    HSP_GPU_KEY_CONTEXT,
    HSP_GPU_KEY_RESOURCE,
    HSP_GPU_KEY_SCANOUT,
    HSP_GPU_KEY_CURSOR, /* of a scanout */
};

struct hsp_gpu_key {
    enum hsp_gpu_key_kind kind;
    uint32_t id;
};

#define HSP_GPU_MAX_KEY_COUNT 3

enum hsp_gpu_wait {
    HSP_GPU_WAIT_NOTHING,
    HSP_GPU_WAIT_FENCE, /* for HSP_IPC_RENDER_FENCE_RETIRED of renderer_fence on renderer_ring */
    HSP_GPU_WAIT_BLOB,  /* for HSP_IPC_RENDER_BLOB_CREATED */
};

struct hsp_gpu_command {
    struct hsp_list link;          /* in device->commands */
    struct hsp_list schedule_link; /* in device->waiting or device->holding */
    struct hsp_list timeline_link; /* in *timeline */
    struct hsp_list *timeline;     /* NULL: not fenced */
    struct hsp_list context_link;  /* in context->commands while it waits for a renderer */

    struct hsp_gpu_device *device;
    struct hsp_gpu_chain *chain;
    void *bytes; /* what request.entries points into; owned */
    struct hsp_gpu_request request;
    uint64_t start_ns;

    struct hsp_gpu_key keys[HSP_GPU_MAX_KEY_COUNT];
    uint32_t key_count;
    struct hsp_gpu_key held; /* while in device->holding: what later commands wait for */

    enum hsp_gpu_wait wait;
    uint64_t renderer_fence;
    uint32_t renderer_ring;
    uint32_t flush_count; /* scanouts whose display has to answer */

    bool done; /* the answer is known; perhaps the fence's turn has not come */
    void *answer;
    size_t answer_size;
};

/* What a handler returns when it answered the command, or will. */
#define HSP_GPU_DEFERRED 0u

/* Handlers execute one command each: they return a response number without data to be answered at
 * once, or HSP_GPU_DEFERRED. */
typedef uint32_t hsp_gpu_handler(struct hsp_gpu_device *device, struct hsp_gpu_command *command);

hsp_gpu_handler hsp_gpu_handle_get_display_info;
hsp_gpu_handler hsp_gpu_handle_get_edid;
hsp_gpu_handler hsp_gpu_handle_get_capset_info;
hsp_gpu_handler hsp_gpu_handle_get_capset;
hsp_gpu_handler hsp_gpu_handle_resource_create_2d;
hsp_gpu_handler hsp_gpu_handle_resource_unref;
hsp_gpu_handler hsp_gpu_handle_resource_attach_backing;
hsp_gpu_handler hsp_gpu_handle_resource_detach_backing;
hsp_gpu_handler hsp_gpu_handle_resource_assign_uuid;
hsp_gpu_handler hsp_gpu_handle_transfer_to_host_2d;
hsp_gpu_handler hsp_gpu_handle_set_scanout;
hsp_gpu_handler hsp_gpu_handle_set_scanout_blob;
hsp_gpu_handler hsp_gpu_handle_resource_flush;
hsp_gpu_handler hsp_gpu_handle_update_cursor;
hsp_gpu_handler hsp_gpu_handle_move_cursor;
hsp_gpu_handler hsp_gpu_handle_resource_create_blob;
hsp_gpu_handler hsp_gpu_handle_resource_map_blob;
hsp_gpu_handler hsp_gpu_handle_resource_unmap_blob;
hsp_gpu_handler hsp_gpu_handle_ctx_create;
hsp_gpu_handler hsp_gpu_handle_ctx_destroy;
hsp_gpu_handler hsp_gpu_handle_ctx_attach_resource;
hsp_gpu_handler hsp_gpu_handle_ctx_detach_resource;
hsp_gpu_handler hsp_gpu_handle_submit_3d;

/* ------------------------------------------------------------------ life (command.c) */

/* Takes the chain's bytes in and decodes them, puts the command into device->commands. NULL when
 * there is no memory for it (the chain was answered). *out_response is that of hsp_gpu_decode. */
struct hsp_gpu_command *hsp_gpu_command_create(struct hsp_gpu_device *device, uint32_t queue,
                                               struct hsp_gpu_chain *chain, uint32_t *out_response);

/* The command is done, with a response that has no data. Logs it if it is an error. */
void hsp_gpu_command_finish(struct hsp_gpu_command *command, uint32_t response);

/* The same with the response's body, which is copied. */
void hsp_gpu_command_finish_with(struct hsp_gpu_command *command, uint32_t response,
                                 const void *body, size_t body_size);

/* Gives its answer to the driver, and forgets the command. Only the timeline calls it. */
void hsp_gpu_command_answer(struct hsp_gpu_command *command);

/* Forgets the command: its driver is gone. */
void hsp_gpu_command_drop(struct hsp_gpu_command *command);

/* Copies `size` bytes of SUBMIT_3D's payload. Whatever is missing is zeroed. */
void hsp_gpu_command_read_payload(const struct hsp_gpu_command *command, void *out, size_t size);

/* A response number for a negative errno. */
uint32_t hsp_gpu_response_of_error(int error);

/* ------------------------------------------------------------------ order (schedule.c) */

/* Executes the command now, or when nothing that it needs is held any more. */
void hsp_gpu_schedule(struct hsp_gpu_command *command);

/* Executes what can be of the waiting commands. Called when something was released. */
void hsp_gpu_schedule_waiting(struct hsp_gpu_device *device);

/* Around whatever finishes commands: executing others waits until the outermost end, so that no
 * context goes away under the caller's feet. */
void hsp_gpu_schedule_begin(struct hsp_gpu_device *device);
void hsp_gpu_schedule_end(struct hsp_gpu_device *device);

/* Later commands with this key wait until `command` is done. */
void hsp_gpu_schedule_hold(struct hsp_gpu_command *command, struct hsp_gpu_key key);

/* ------------------------------------------------------------------ fences (timeline.c) */

/* Puts a fenced command at the end of a timeline. */
void hsp_gpu_timeline_append(struct hsp_list *timeline, struct hsp_gpu_command *command);

/* The command is done: answers it, and those behind it that waited for it; or leaves it until its
 * turn comes. */
void hsp_gpu_timeline_retire(struct hsp_gpu_command *command);

/* The timeline goes away: its commands are answered when each is done. */
void hsp_gpu_timeline_dissolve(struct hsp_list *timeline);

#endif
