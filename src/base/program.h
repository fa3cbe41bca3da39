/* SPDX-License-Identifier: MIT */
/*
 * Where hesper's programs are, so that one can start another: from a build tree and installed
 * alike. Safe from any thread.
 */
#ifndef HSP_BASE_PROGRAM_H
#define HSP_BASE_PROGRAM_H

#include "base/util.h"

/* The path of this program's own file. 0, or negative errno (-ENAMETOOLONG if it does not fit). */
int hsp_program_get_path(char *out_path, size_t size);

/* Finds hesper's program `name` ("hesper-gpu"): in the folder of this program; where a build tree
 * has it, in the sibling folder "gpu"; in the folder that meson installs such programs to. 0 and an
 * absolute path that may be executed; -ENOENT if it is in none of them; other negative errnos. */
int hsp_program_find(const char *name, char *out_path, size_t size);

#endif
