/* SPDX-License-Identifier: MIT */
/*
 * What hesper-gpu tells whoever started it (its --notify-fd): lines, on a pipe that the loop reads.
 * The caller owns the struct and keeps it until the loop has run its close callback.
 */
#ifndef HSP_CLI_NOTICE_H
#define HSP_CLI_NOTICE_H

#include "base/util.h"

#include <uv.h>

struct hsp_cli_notice {
    uv_pipe_t pipe;
    char line[64];
    size_t line_size;
    void (*on_close_request)(struct hsp_cli_notice *notice); /* the user closed a window for good */
};

/* Begins to read; *out_fd is the end to write to, owned by the caller. 0 or negative errno, and
 * then nothing is left open. */
int hsp_cli_notice_start(struct hsp_cli_notice *notice, uv_loop_t *loop,
                         void (*on_close_request)(struct hsp_cli_notice *notice), int *out_fd);

#endif
