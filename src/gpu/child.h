/* SPDX-License-Identifier: MIT */
/*
 * The device's child processes: one hesper-render per context, one hesper-display.
 *
 * Each child has one end of a socket pair as its channel and a page for its counters; it ends by
 * itself when the channel closes. One that does not is killed after a while. No child stays a
 * zombie, and none is left behind when the device ends.
 *
 * Threads: the loop's.
 */
#ifndef HSP_GPU_CHILD_H
#define HSP_GPU_CHILD_H

#include "base/list.h"

#include <sys/types.h>
#include <uv.h>

struct hsp_gpu_child;

/* What to run: PROGRAM --ipc-fd=N --stats-fd=M EXTRA... */
struct hsp_gpu_program {
    const char *path;
    const char *const *extra_arguments; /* NULL-terminated */
    int ipc_fd, stats_fd;               /* borrowed */
};

struct hsp_gpu_children {
    uv_loop_t *loop;
    uv_signal_t signal;
    struct hsp_list owned;    /* somebody waits for on_exit */
    struct hsp_list released; /* only to be reaped; oldest first */
    uint32_t released_count;
    /* Starts a program: 0 and its pid, or negative errno. Replaced where no process is wanted
     * (fuzzing): a pid of 0 is a child that never exits. */
    int (*spawn)(void *user_data, const struct hsp_gpu_program *program, pid_t *out_pid);
    void *spawn_data;
};

/* `loop` is where SIGCHLD is watched. */
int hsp_gpu_children_init(struct hsp_gpu_children *children, uv_loop_t *loop);

/* Ends all children: their channels are closed already; who has not exited after a grace period is
 * killed. Waits for them. Closes its handles, which are gone when the loop has run once more. */
void hsp_gpu_children_finish(struct hsp_gpu_children *children);

/* Starts a child. on_exit comes once, from the loop, with what waitpid said; not after release. */
int hsp_gpu_child_start(struct hsp_gpu_children *children, const struct hsp_gpu_program *program,
                        void (*on_exit)(void *user_data, int status), void *user_data,
                        struct hsp_gpu_child **out_child);

pid_t hsp_gpu_child_get_pid(const struct hsp_gpu_child *child);

/* Asks for no on_exit any more; the channel is closed, or will be at once. A child that is still
 * there after a grace period is killed. Takes NULL. */
void hsp_gpu_child_release(struct hsp_gpu_child *child);

/* Kills it after a grace period if it is still there; it stays owned. */
void hsp_gpu_child_kill_later(struct hsp_gpu_child *child);

/* SIGKILL, now. */
void hsp_gpu_child_kill(struct hsp_gpu_child *child);

#endif
