/* SPDX-License-Identifier: MIT */
/*
 * The virtio-gpu device: state of one VM's device, and what connects its parts. Nothing is global;
 * everything is bound to a resource, a context or a scanout.
 *
 * Threads: the device thread, a libuv loop; hsp_gpu_config_* from any thread.
 */
#ifndef HSP_GPU_DEVICE_H
#define HSP_GPU_DEVICE_H

#include "base/limits.h"
#include "base/list.h"
#include "base/stats.h"
#include "gpu/child.h"
#include "gpu/guest_ram.h"
#include "gpu/id_map.h"
#include "gpu/output.h"
#include "gpu/protocol.h"
#include "gpu/resource.h"
#include "gpu/scanout.h"
#include "gpu/transport.h"
#include "gpu/window.h"

#include <stdatomic.h>
#include <uv.h>

struct hsp_gpu_display;
struct hsp_ipc_display_input;

/* Where what the user does at a display goes. On the device thread. */
struct hsp_gpu_input_sink {
    void *user_data;
    void (*on_input)(void *user_data, const struct hsp_ipc_display_input *input);
    /* The display is gone: nothing is pressed any more. */
    void (*on_release)(void *user_data);
};

struct hsp_gpu_device_params {
    const char *name;
    uint32_t width, height; /* of the preferred mode of each output, pixels */
    uint32_t output_count;  /* that are connected at first: 1 to HSP_LIMIT_SCANOUT_COUNT */
    uint64_t window_size;
    const char *render_path;              /* of hesper-render; NULL: no contexts */
    const char *display_path;             /* of hesper-display; NULL: nothing is shown */
    const char *display_backend;          /* for its --backend */
    const char *const *display_arguments; /* more for it; NULL-terminated, or NULL */
    /* The user closed a window that shall end the machine; on the device thread. */
    void (*on_close_request)(void *user_data, uint32_t scanout_id);
    void *close_data;
    uint32_t max_fd_count;                  /* that resources may hold */
    struct hsp_gpu_guest_ram guest_ram;     /* borrowed: what renderers get of it */
    const struct hsp_gpu_input_sink *input; /* NULL: the machine has no input devices */
    /* Starts children in place of posix_spawn when not NULL (see child.h). */
    int (*spawn)(void *user_data, const struct hsp_gpu_program *program, pid_t *out_pid);
    void *spawn_data;
};

/* The config space; its readers and writers are on another thread. */
struct hsp_gpu_config_state {
    _Atomic uint32_t events;
    uint32_t scanout_count;
};

struct hsp_gpu_device {
    struct hsp_gpu_device_params params;
    uv_loop_t *loop;
    struct hsp_gpu_transport transport;
    struct hsp_gpu_config_state config;

    struct hsp_gpu_children children;
    struct hsp_gpu_resource_table resources;
    struct hsp_gpu_window window;
    struct hsp_gpu_id_map contexts;
    uint32_t attachment_count;
    uint64_t offscreen_copied_bytes; /* 2D transfers that no flush showed */

    struct hsp_list commands; /* all that are not answered */
    struct hsp_list waiting;  /* not executed yet, in order */
    struct hsp_list holding;  /* executed, not done, and others wait for them */
    struct hsp_list timeline; /* fences without a ring_idx */
    unsigned schedule_depth;
    bool schedule_again; /* some waiting command may be free to go */

    struct hsp_gpu_outputs outputs;
    struct hsp_gpu_scanouts scanouts;
    struct hsp_gpu_display *display;
    struct hsp_stats_display *stats; /* counters of the scanouts; shared with hesper-display */
    int stats_fd;
};

/* Strings of params must outlive the device; *transport is copied. Starts hesper-display. */
int hsp_gpu_device_create(const struct hsp_gpu_device_params *params, uv_loop_t *loop,
                          const struct hsp_gpu_transport *transport,
                          struct hsp_gpu_device **out_device);

/* Ends all children and closes all handles, which are gone when the loop has run to its end; only
 * then may the device be freed. Unanswered commands are dropped. */
void hsp_gpu_device_shut_down(struct hsp_gpu_device *device);
void hsp_gpu_device_free(struct hsp_gpu_device *device);

/* There may be requests in a queue. True when it stopped before it had taken all. */
bool hsp_gpu_device_on_queue(struct hsp_gpu_device *device, uint32_t queue);

/* The driver is gone: drops contexts, resources, maps and scanouts. */
void hsp_gpu_device_on_reset(struct hsp_gpu_device *device);

/* The config space beyond its fields reads as zero; writes matter only to events_clear. */
void hsp_gpu_config_read(const struct hsp_gpu_config_state *config, uint32_t offset, void *out,
                         uint32_t size);
void hsp_gpu_config_write(struct hsp_gpu_config_state *config, uint32_t offset, const void *data,
                          uint32_t size);

#endif
