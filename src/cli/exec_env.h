/* SPDX-License-Identifier: MIT */
/*
 * The environment that turns a program's Vulkan to the Venus driver.
 */
#ifndef HSP_CLI_EXEC_ENV_H
#define HSP_CLI_EXEC_ENV_H

#include "base/util.h"

/* Writes the colon-separated manifests of the guest driver (Mesa's Venus): HESPER_GUEST_ICD, or the
 * virtio_icd*.json of the first standard directory that has one. 0; -ENOENT when there is none;
 * -ENAMETOOLONG. */
int hsp_cli_find_guest_icd(char *out_files, size_t size);

/* Sets in this process what CMD is to inherit. 0 or negative errno. */
int hsp_cli_set_guest_environment(const char *icd_files, const char *socket_path);

#endif
