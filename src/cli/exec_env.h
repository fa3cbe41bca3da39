/* SPDX-License-Identifier: MIT */
/*
 * The environment that turns a program's Vulkan to the Venus driver.
 */
#ifndef HSP_CLI_EXEC_ENV_H
#define HSP_CLI_EXEC_ENV_H

#include "cli/args.h"

/* Writes the colon-separated manifests of the guest driver (Mesa's Venus): HESPER_GUEST_ICD, or the
 * virtio_icd*.json of the first standard directory that has one. 0; -ENOENT when there is none;
 * -ENAMETOOLONG. */
int hsp_cli_find_guest_icd(char *out_files, size_t size);

/* Adds the manifests of the host's Vulkan drivers as a renderer finds them, Venus left out:
 * HESPER_HOST_DRIVER_FILES, or all in the standard directories. */
void hsp_cli_list_host_manifests(struct hsp_cli_args *out);

/* Sets in this process what CMD is to inherit. 0 or negative errno. */
int hsp_cli_set_guest_environment(const char *icd_files, const char *socket_path);

#endif
