/* SPDX-License-Identifier: MIT */
/*
 * What differs between systems in the sandbox: sandbox_linux.c, or sandbox_none.c where there is
 * none yet.
 */
#ifndef HSP_RENDER_SANDBOX_SYSTEM_H
#define HSP_RENDER_SANDBOX_SYSTEM_H

#include "base/util.h"

/* Lets this process be killed when its parent ends, if the system can. */
void hsp_render_system_die_with_parent(void);

/* Confines the process for good and logs what is in force. `cache` is the one directory that may be
 * written, or NULL. An enum hsp_render_sandbox or negative errno. */
int hsp_render_system_confine(const char *program, const char *cache);

#endif
