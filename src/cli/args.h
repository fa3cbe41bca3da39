/* SPDX-License-Identifier: MIT */
/*
 * An argument vector that is built piece by piece. Plain data, one thread.
 *
 * Running out of memory sets `failed`, for one check at the end.
 */
#ifndef HSP_CLI_ARGS_H
#define HSP_CLI_ARGS_H

#include "base/util.h"

struct hsp_cli_args {
    char **items; /* NULL-terminated once there is one; owned */
    size_t count;
    bool failed;
};

/* Adds one argument, or two. */
void hsp_cli_args_add(struct hsp_cli_args *args, const char *fmt, ...) HSP_PRINTF(2, 3);
void hsp_cli_args_add_pair(struct hsp_cli_args *args, const char *option, const char *fmt, ...)
    HSP_PRINTF(3, 4);

void hsp_cli_args_finish(struct hsp_cli_args *args);

#endif
