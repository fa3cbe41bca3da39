/* SPDX-License-Identifier: MIT */
/* The command line of hesper-gpu (back-end program conventions of vhost-user). */
#ifndef HSP_GPU_OPTIONS_H
#define HSP_GPU_OPTIONS_H

#include "base/util.h"
#include "gpu/control.h"
#include "gpu/guest_ram.h"
#include "input/config.h"

#include <limits.h>

#define HSP_GPU_DISPLAY_ARGUMENT_COUNT 16
#define HSP_GPU_DISPLAY_ARGUMENT_SIZE  256

/* Either is given, or neither. */
struct hsp_gpu_socket {
    const char *path; /* NULL: not given */
    int fd;           /* -1: not given */
};

struct hsp_gpu_options {
    struct hsp_gpu_socket socket;                       /* of the virtio-gpu */
    struct hsp_gpu_socket inputs[HSP_INPUT_KIND_COUNT]; /* of the input devices */
    char name[HSP_GPU_NAME_SIZE];
    bool name_was_given;
    uint64_t hostmem_size;
    uint32_t width, height;
    uint32_t output_count;
    const char *display_backend; /* base/display_choice.h; checked */
    enum hsp_gpu_guest_ram_access guest_ram;
    /* For hesper-display besides its own, as "--quit-on-close". */
    char display_arguments[HSP_GPU_DISPLAY_ARGUMENT_COUNT][HSP_GPU_DISPLAY_ARGUMENT_SIZE];
    uint32_t display_argument_count;
    int notify_fd;               /* -1: nobody wants to know */
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
