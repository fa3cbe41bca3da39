/* SPDX-License-Identifier: MIT */
/*
 * Running another program for its answer: what it prints is kept, and it gets a time limit. The
 * program has a process group of its own, which is ended with it. One thread per capture.
 */
#ifndef HSP_CLI_CAPTURE_H
#define HSP_CLI_CAPTURE_H

#include "base/util.h"

#include <sys/types.h>

struct hsp_cli_capture_request {
    char *const *argv;      /* NULL-terminated; the program is looked up in PATH */
    const char *const *env; /* "NAME=value" that replace or add to this process's; or NULL */
    const char *input;      /* for its standard input; NULL: none */
    int fd;                 /* becomes descriptor 3, borrowed; -1: none */
    unsigned time_limit_ms;
};

struct hsp_cli_capture {
    pid_t pid;
    int pipes[2];    /* standard output and error, read ends */
    uint64_t end_ns; /* of its time */
    char *texts[2];  /* what it printed there, at most 4 MiB; NULL after a wait: no memory */
    size_t sizes[2]; /* without the closing 0 */
    int exit_status; /* 0 also when a signal ended it */
    int signal;      /* 0: none */
    bool timed_out;  /* it was killed for that; `signal` tells no more */
};

/* Starts the program. `out` needs hsp_cli_capture_wait and _finish if this succeeds. 0 or negative
 * errno (-ENOENT: no such program). */
int hsp_cli_capture_start(struct hsp_cli_capture *out,
                          const struct hsp_cli_capture_request *request);

/* Waits for the end of the program, or for that of its time. */
void hsp_cli_capture_wait(struct hsp_cli_capture *capture);

/* Frees what was captured; a program that was not waited for is killed. */
void hsp_cli_capture_finish(struct hsp_cli_capture *capture);

/* Start and wait. */
int hsp_cli_capture_run(struct hsp_cli_capture *out, const struct hsp_cli_capture_request *request);

/* Whether it ended by itself with status 0. */
bool hsp_cli_capture_succeeded(const struct hsp_cli_capture *capture);

/* "ended with status 1", "was ended by signal 11 (Segmentation fault)", "did not end in time". */
void hsp_cli_capture_describe(const struct hsp_cli_capture *capture, char *out, size_t size);

/* The last line of what it printed on standard error, without what a terminal would not show; ""
 * when there is none. */
void hsp_cli_capture_last_error(const struct hsp_cli_capture *capture, char *out, size_t size);

#endif
