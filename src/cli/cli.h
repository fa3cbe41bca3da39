/* SPDX-License-Identifier: MIT */
/*
 * The subcommands of `hesper`, and what they share: how an argument is read, how an error is said.
 *
 * A command gets "hesper NAME" as argv[0] and returns the exit status of the program. Everything
 * here is called from the main thread.
 */
#ifndef HSP_CLI_CLI_H
#define HSP_CLI_CLI_H

#include "base/util.h"

/* Exit statuses of hesper itself. Commands that run a program of the user's return that program's.
 */
enum {
    HSP_CLI_OK = 0,
    HSP_CLI_FAILED = 1,    /* what was asked for did not work */
    HSP_CLI_USAGE = 2,     /* it was asked for in the wrong way */
    HSP_CLI_NOT_RUN = 125, /* the user's program could not be run at all */
};

int hsp_cli_run(int argc, char **argv);
int hsp_cli_outputs(int argc, char **argv);
int hsp_cli_doctor(int argc, char **argv);
int hsp_cli_exec(int argc, char **argv);
int hsp_cli_stat(int argc, char **argv);
int hsp_cli_screenshot(int argc, char **argv);

/* Prints `hesper: text` on stderr. The text says what failed and why; `advice`, if not NULL, what
 * to do about it, on a line of its own. */
void hsp_cli_error(const char *advice, const char *fmt, ...) HSP_PRINTF(2, 3);

/* A whole decimal number in [min, max]; false, with an error that names `option`, if it is not. */
bool hsp_cli_parse_number(const char *option, const char *text, long min, long max, long *out);

/* "1280x800". */
bool hsp_cli_parse_size(const char *option, const char *text, uint32_t *out_width,
                        uint32_t *out_height);

#endif
