/* SPDX-License-Identifier: MIT */
/*
 * A context: one program in the guest that uses the GPU, and the hesper-render process that does
 * its work.
 *
 * When the renderer dies its context stays, dead: fences complete, blobs that were being made fail,
 * rings read FATAL so that the program stops waiting, and what it shared keeps its pages. Other
 * contexts do not notice.
 *
 * Ownership: the device's table owns contexts.
 * Threads: the device thread.
 */
#ifndef HSP_GPU_CONTEXT_H
#define HSP_GPU_CONTEXT_H

#include "base/limits.h"
#include "base/list.h"
#include "base/stats.h"
#include "gpu/child.h"
#include "gpu/command.h"
#include "gpu/link.h"
#include "gpu/resource.h"

/* A resource that a context may use. */
struct hsp_gpu_attachment {
    struct hsp_list context_link, resource_link;
    struct hsp_gpu_context *context;
    struct hsp_gpu_resource *resource;
    bool sent; /* the renderer has its span */
};

/* A ring's status word, to be set when its renderer is gone. */
struct hsp_gpu_ring {
    uint32_t resource_id;
    uint64_t status_offset;
    struct hsp_span span; /* the ring outlives its resource id */
};

struct hsp_gpu_context {
    uint32_t id;
    char name[HSP_GPU_CONTEXT_NAME_SIZE + 1]; /* printable */
    struct hsp_gpu_device *device;

    bool has_renderer; /* or had one */
    /* The renderer; NULL once it is dead. */
    struct hsp_gpu_link *link;
    struct hsp_gpu_child *child;
    pid_t pid;
    struct hsp_stats_context *stats; /* mapped for reading */

    uint64_t last_fence;
    uint64_t big_submit_fence; /* of a large submission that is not copied in yet; 0: none */
    struct hsp_list commands;  /* that wait for the renderer, in order */
    struct hsp_list timelines[HSP_LIMIT_TIMELINE_COUNT];
    struct hsp_list attachments;
    struct hsp_gpu_ring rings[HSP_LIMIT_RING_COUNT];
    uint32_t ring_count;
};

/* NULL when there is none. */
struct hsp_gpu_context *hsp_gpu_context_find(const struct hsp_gpu_device *device, uint32_t id);

/* Starts a renderer. `id` is free; `name` may hold anything. 0; -ENOENT without a renderer program;
 * -ENOSPC above HSP_LIMIT_CONTEXT_COUNT; other negative errnos.
 *
 * Linux makes a context of no kind, without capset, for each program that only shows dumb buffers.
 * It can do nothing, and gets no renderer (`has_renderer` false). */
int hsp_gpu_context_create(struct hsp_gpu_device *device, uint32_t id, bool has_renderer,
                           const char *name, size_t name_size);

/* Ends the renderer: it is asked to, or killed at once. Commands that wait for it are done, fences
 * well and others with an error; attachments are gone. */
void hsp_gpu_context_destroy(struct hsp_gpu_context *context, bool kill);

bool hsp_gpu_context_is_dead(const struct hsp_gpu_context *context);

/* The guest wants to destroy it, but something has to end first: if that does not happen soon, the
 * renderer is killed. Takes NULL. */
void hsp_gpu_context_expect_end(struct hsp_gpu_context *context);

/* The renderer does not read its channel as fast as the guest writes. */
bool hsp_gpu_context_is_congested(const struct hsp_gpu_context *context);

/* Attaching twice is harmless. 0, -ENOSPC, -ENOMEM. */
int hsp_gpu_context_attach(struct hsp_gpu_context *context, struct hsp_gpu_resource *resource);

/* The renderer has the resource already: it made it. */
int hsp_gpu_context_attach_known(struct hsp_gpu_context *context,
                                 struct hsp_gpu_resource *resource);

/* Harmless when it is not attached. */
void hsp_gpu_context_detach(struct hsp_gpu_context *context, struct hsp_gpu_resource *resource);

/* The resource got or lost its pages, or goes away. */
void hsp_gpu_attachments_update(struct hsp_gpu_resource *resource);
void hsp_gpu_attachments_destroy(struct hsp_gpu_resource *resource);

/* Sends SUBMIT_3D's `size` bytes, and asks for a fence if the command has one. 0: done. 1: the
 * command is finished when the fence retires. Negative errno. */
int hsp_gpu_context_submit(struct hsp_gpu_context *context, struct hsp_gpu_command *command,
                           uint32_t size);

/* The command is finished when the renderer has handled everything that it was sent. 0 or negative
 * errno. */
int hsp_gpu_context_sync(struct hsp_gpu_context *context, struct hsp_gpu_command *command);

/* Asks for a blob; the command is finished when it is there. 0 or negative errno. */
int hsp_gpu_context_create_blob(struct hsp_gpu_context *context, struct hsp_gpu_command *command);

#endif
