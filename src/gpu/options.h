/* SPDX-License-Identifier: MIT */
/* The command line of hesper-gpu (back-end program conventions of vhost-user). */
#ifndef HSP_GPU_OPTIONS_H
#define HSP_GPU_OPTIONS_H

#include "base/util.h"
#include "gpu/control.h"

#include <limits.h>

struct hsp_gpu_options {
    const char *socket_path; /* NULL when socket_fd is given */
    int socket_fd;           /* -1 when socket_path is given */
    char name[HSP_GPU_NAME_SIZE];
    bool name_was_given;
    uint64_t hostmem_size;
    uint32_t width, height;
    uint32_t output_count;
    const char *display_backend;
    char render_path[PATH_MAX];  /* empty: not found */
    char display_path[PATH_MAX]; /* empty: not found */
};

enum hsp_gpu_options_result {
    HSP_GPU_OPTIONS_RUN,
    HSP_GPU_OPTIONS_DONE,  /* what was asked for was printed: exit 0 */
    HSP_GPU_OPTIONS_WRONG, /* a line on stderr says what: exit 2 */
};

enum hsp_gpu_options_result hsp_gpu_options_parse(int argc, char **argv,
                                                  struct hsp_gpu_options *out_options);

#endif
