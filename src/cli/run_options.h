/* SPDX-License-Identifier: MIT */
/* What the user said to `hesper run`. Plain data; the strings are borrowed from argv. */
#ifndef HSP_CLI_RUN_OPTIONS_H
#define HSP_CLI_RUN_OPTIONS_H

#include "cli/control.h"

#define HSP_CLI_DEFAULT_SSH_PORT 2222

struct hsp_cli_run_options {
    const char *image;        /* NULL: the guest that ./dev makes */
    const char *format;       /* of the image: "raw", "qcow2", "iso"; NULL: what it looks like */
    const char *cdrom;        /* a CD besides; NULL: none */
    const char *firmware;     /* "bios", "uefi"; NULL: what suits the image */
    bool is_writable;         /* what the guest writes to the image is kept */
    const char *display;      /* as base/display_choice.h has it; checked */
    const char *present_mode; /* of windows; NULL: hesper-display's own choice, as below */
    const char *scale;
    bool quit_on_close;
    const char *password_file; /* of VNC; NULL: none was named */
    const char *command;       /* --exec; NULL: run until the guest is switched off */
    const char *screenshot;    /* NULL: none */
    const char *share;         /* a folder for the guest; NULL: none */
    const char *accelerator;   /* "kvm", "tcg"; NULL: what works */
    const char *guest_ram;     /* for hesper-gpu's --guest-ram; NULL: its default */
    char name[HSP_CLI_CONTROL_NAME_SIZE];
    long output_count;
    uint32_t width, height; /* of the screen */
    long screenshot_after;  /* seconds from the start of the command */
    long memory_mib;
    long cpu_count;
    long ssh_port;
    char **qemu_args; /* what follows --, NULL-terminated; may be empty */
};

/* -1 to go on, else the exit status of the command: help was printed, or an error. */
int hsp_cli_run_options_parse(int argc, char **argv, struct hsp_cli_run_options *out);

#endif
