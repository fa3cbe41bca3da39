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

#define HSP_CLI_QEMU_PROGRAM "qemu-system-x86_64"

/* The descriptor number at which QEMU finds the vhost-user socket. */
#define HSP_CLI_QEMU_GPU_FD 3
/* And that at which it listens to us (QMP). */
#define HSP_CLI_QEMU_CONTROL_FD 4
/* And the first of those with input devices behind them. */
#define HSP_CLI_QEMU_INPUT_FD 5

/* And the UEFI's variables, when they are not kept. */
#define HSP_CLI_QEMU_VARIABLES_FD 8

/* Where the GPU is on the PCI bus. */
#define HSP_CLI_QEMU_GPU_SLOT 1

/* The machine's input devices, as hesper-gpu calls them. */
#define HSP_CLI_QEMU_INPUT_COUNT 3
extern const char *const hsp_cli_qemu_inputs[HSP_CLI_QEMU_INPUT_COUNT];
_Static_assert(HSP_CLI_QEMU_INPUT_FD + HSP_CLI_QEMU_INPUT_COUNT == HSP_CLI_QEMU_VARIABLES_FD,
               "descriptors are numbered without a gap");

struct hsp_cli_qemu {
    const char *program;
    const char *device;      /* the device that carries a vhost-user GPU */
    const char *accelerator; /* "kvm" or "tcg" */
};

/* Why KVM can or cannot run guests here. */
enum hsp_cli_kvm {
    HSP_CLI_KVM_WORKS,
    HSP_CLI_KVM_NO_NODE,   /* no /dev/kvm */
    HSP_CLI_KVM_NO_ACCESS, /* this user may not open it */
    HSP_CLI_KVM_NO_CPU,    /* the CPU, as this host shows it, cannot run guests in hardware */
};

enum hsp_cli_kvm hsp_cli_qemu_check_kvm(void);

/* What is known of the installed QEMU, without a machine. */
struct hsp_cli_qemu_facts {
    char version[64];      /* "11.1.3 (Debian ...)" */
    const char *device;    /* for vhost-user GPUs; NULL: this QEMU has none */
    bool has_input;        /* keyboards and pointers of hesper-gpu */
    bool has_memfd;        /* guest memory that can be shared */
    bool has_user_network; /* the guest's way out, and ours in */
};

/* Asks the installed QEMU; takes a fraction of a second. 0 or negative errno (-ENOENT: there is
 * none). */
int hsp_cli_qemu_inspect(struct hsp_cli_qemu_facts *out);

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

/* Adds the command line of a machine that has the memory, the CPU and the GPU of a real one and
 * nothing else, and that does not start: it answers QMP on its standard input and output. */
void hsp_cli_qemu_build_trial(struct hsp_cli_args *args, const struct hsp_cli_qemu *qemu,
                              const struct hsp_cli_run_options *options);

/* Asks the guest to shut down, as its power button does. `control_fd` leads to QEMU's
 * HSP_CLI_QEMU_CONTROL_FD. 0 or negative errno. */
int hsp_cli_qemu_press_power_button(int control_fd);

enum hsp_cli_qemu_line {
    HSP_CLI_QEMU_LINE_SHOW,
    HSP_CLI_QEMU_LINE_NOISE,      /* says nothing that the user could use */
    HSP_CLI_QEMU_LINE_KVM_BROKEN, /* the machine has stopped; another accelerator would work */
};

/* What to do with a line that QEMU printed on stderr. Pure. */
enum hsp_cli_qemu_line hsp_cli_qemu_classify_line(const char *line);

#endif
