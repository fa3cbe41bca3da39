/* SPDX-License-Identifier: MIT */
/* Reaching the guest over ssh. */
#ifndef HSP_CLI_SSH_H
#define HSP_CLI_SSH_H

#include "cli/args.h"
#include "cli/guest_files.h"

#include <uv.h>

/* Adds a whole ssh command line: a shell in the guest, or `command` if it is not NULL. With
 * `terminal` the command gets one. */
void hsp_cli_ssh_build(struct hsp_cli_args *args, const struct hsp_cli_guest_files *files,
                       long port, const char *command, bool terminal);

/*
 * Waits until an ssh server answers at 127.0.0.1:port. QEMU's user network takes every connection,
 * so only a banner counts. Runs on a libuv loop; the struct is the caller's, and must live until
 * the loop has run once more after on_done, or after hsp_cli_ssh_wait_cancel.
 */
struct hsp_cli_ssh_wait {
    void (*on_done)(struct hsp_cli_ssh_wait *wait);
    long port;
    uv_timer_t timer;
    uv_tcp_t socket;
    uv_connect_t request;
    bool socket_open; /* the handle is in use, until its close callback */
    bool finished;
    char banner[64];
    size_t banner_size;
};

/* 0 or negative errno. */
int hsp_cli_ssh_wait_start(struct hsp_cli_ssh_wait *wait, uv_loop_t *loop, long port,
                           void (*on_done)(struct hsp_cli_ssh_wait *wait));
/* Ends it without a call of on_done; harmless when it has ended or has never started (zeroed). */
void hsp_cli_ssh_wait_cancel(struct hsp_cli_ssh_wait *wait);

#endif
