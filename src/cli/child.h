/* SPDX-License-Identifier: MIT */
/*
 * A child process on a libuv loop. The caller owns the struct and keeps it until the loop has run
 * its close callbacks.
 */
#ifndef HSP_CLI_CHILD_H
#define HSP_CLI_CHILD_H

#include "cli/args.h"

#include <uv.h>

struct hsp_cli_child {
    const char *name; /* for messages */
    void (*on_exit)(struct hsp_cli_child *child);
    uv_process_t process;
    bool running;
    /* Once it has ended: */
    int exit_status;
    int signal; /* that ended it, or 0 */
};

enum hsp_cli_child_flags {
    HSP_CLI_CHILD_STDIN = 1,    /* gets this process's standard input; else none */
    HSP_CLI_CHILD_DETACHED = 2, /* a Ctrl-C at the terminal does not reach it */
};

#define HSP_CLI_CHILD_MAX_FD_COUNT 8

/* The caller has set `name` and `on_exit`. Starts `args`. Standard output and error are this
 * process's, but `stderr_pipe`, if not NULL, reads the latter; `fds` become descriptors 3
 * and up, and are borrowed; at most HSP_CLI_CHILD_MAX_FD_COUNT. 0, or a negative errno: then
 * on_exit is not called. */
int hsp_cli_child_start(struct hsp_cli_child *child, uv_loop_t *loop,
                        const struct hsp_cli_args *args, unsigned flags, const int *fds,
                        size_t fd_count, uv_pipe_t *stderr_pipe);

/* Sends a signal; harmless when it does not run. */
void hsp_cli_child_kill(struct hsp_cli_child *child, int signal);

/* "ended with status 1" or "was ended by signal 9 (Killed)", of a child that has ended. */
void hsp_cli_child_describe(const struct hsp_cli_child *child, char *out, size_t size);

#endif
