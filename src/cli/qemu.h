/* SPDX-License-Identifier: MIT */
/*
 * QEMU's side of a virtual machine with a hesper GPU: which QEMU, what it can do, its command line.
 * No function here starts the machine.
 */
#ifndef HSP_CLI_QEMU_H
#define HSP_CLI_QEMU_H

#include "cli/args.h"
#include "cli/guest_files.h"
#include "cli/run_options.h"

/* The descriptor number at which QEMU finds the vhost-user socket. */
#define HSP_CLI_QEMU_GPU_FD 3

struct hsp_cli_qemu {
    const char *program;
    const char *device;      /* the device that carries a vhost-user GPU */
    const char *accelerator; /* "kvm" or "tcg" */
};

/* Asks the installed QEMU for its devices, and the host for its accelerators; takes a fraction of a
 * second. `accelerator` as in the options, NULL for what works. False, with an error, if there is
 * no QEMU that is new enough, or the accelerator that was asked for is not there. */
bool hsp_cli_qemu_detect(struct hsp_cli_qemu *out, const char *accelerator);

/* Picks from the text that `-device help` prints. NULL if no device in it will do. Pure. */
const char *hsp_cli_qemu_pick_device(const char *help);

/* Adds the whole command line, the program first. `serial_log` is a file for the guest's console;
 * NULL puts the console on the terminal. */
void hsp_cli_qemu_build(struct hsp_cli_args *args, const struct hsp_cli_qemu *qemu,
                        const struct hsp_cli_run_options *options,
                        const struct hsp_cli_guest_files *files, const char *serial_log);

enum hsp_cli_qemu_line {
    HSP_CLI_QEMU_LINE_SHOW,
    HSP_CLI_QEMU_LINE_NOISE,      /* says nothing that the user could use */
    HSP_CLI_QEMU_LINE_KVM_BROKEN, /* the machine has stopped; another accelerator would work */
};

/* What to do with a line that QEMU printed on stderr. Pure. */
enum hsp_cli_qemu_line hsp_cli_qemu_classify_line(const char *line);

#endif
