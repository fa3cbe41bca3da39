/* SPDX-License-Identifier: MIT */
/*
 * UEFI for virtual machines: the code that this host has, and a place for what the firmware stores.
 * Its driver of virtio-gpu shows a picture before the guest has one, which SeaBIOS cannot.
 */
#ifndef HSP_CLI_FIRMWARE_H
#define HSP_CLI_FIRMWARE_H

#include "base/util.h"

#include <limits.h>

struct hsp_cli_firmware {
    char code[PATH_MAX];      /* "": SeaBIOS, which QEMU has in it */
    char variables[PATH_MAX]; /* written by the firmware */
};

/* The UEFI that is installed where distributions put it; its variables are those that it comes
 * with. False when there is none. */
bool hsp_cli_firmware_find(struct hsp_cli_firmware *out);

/* Gives the firmware variables of its own, in which a virtio-gpu in `gpu_slot` is its console.
 * `disk`: they are kept in a file beside this one, which is made when it is not there: an installed
 * system writes there how it is booted. NULL: they are in memory, behind the descriptor *out_fd,
 * and QEMU finds them as the descriptor `qemu_fd`. False, with an error, when that fails. */
bool hsp_cli_firmware_make_variables(struct hsp_cli_firmware *firmware, unsigned gpu_slot,
                                     const char *disk, int qemu_fd, int *out_fd);

#endif
