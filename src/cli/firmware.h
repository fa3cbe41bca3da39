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
    char variables[PATH_MAX]; /* "": the firmware stores nothing */
};

/* The UEFI that is installed where distributions put it. False when there is none. */
bool hsp_cli_firmware_find(struct hsp_cli_firmware *out);

/* Lets the firmware keep its variables in a file beside the disk, made when it is not there: an
 * installed system writes there how it is booted. False, with an error, when that fails. */
bool hsp_cli_firmware_keep_variables(struct hsp_cli_firmware *firmware, const char *disk);

#endif
