/* SPDX-License-Identifier: MIT */
/*
 * The files of a guest: its disk, and beside it, in the same folder, what is there of a kernel, an
 * initrd, and a key and a host key for ssh. `guest/` in the sources makes such a folder.
 */
#ifndef HSP_CLI_GUEST_FILES_H
#define HSP_CLI_GUEST_FILES_H

#include "cli/firmware.h"

struct hsp_cli_guest_files {
    char disk[PATH_MAX];
    char kernel[PATH_MAX];      /* "" when the disk boots through firmware */
    char initrd[PATH_MAX];      /* "" when there is none */
    char ssh_key[PATH_MAX];     /* "": the user's own keys */
    char known_hosts[PATH_MAX]; /* "": the host key is not checked */
    const char *disk_format;    /* "raw", "qcow2" or "iso", a CD */
    struct hsp_cli_firmware firmware;
};

/* `image` is a disk, or NULL for the default guest: disk.img in the folder HESPER_GUEST, or in
 * ${XDG_CACHE_HOME:-~/.cache}/hesper/guest. `format` as in the struct, or NULL for what the disk
 * looks like. False, with an error, if there is no such disk. The firmware is SeaBIOS. */
bool hsp_cli_guest_files_find(struct hsp_cli_guest_files *out, const char *image,
                              const char *format);

/* The same without an error message: NULL, or why there is no such disk (of strerror, or of the
 * same life time). out->disk is its path all the same. */
const char *hsp_cli_guest_files_look(struct hsp_cli_guest_files *out, const char *image);

#endif
