/* SPDX-License-Identifier: MIT */
/*
 * The parts of the Linux sandbox. Each confines this process for good.
 */
#ifndef HSP_RENDER_SANDBOX_LINUX_H
#define HSP_RENDER_SANDBOX_LINUX_H

#include "base/util.h"

/* Files: programs, libraries, configuration and GPU devices stay readable, GPU devices and `cache`
 * (may be NULL) writable; nothing else can be opened. Also no TCP, and, with newer kernels, no
 * abstract sockets or signals to outside. 0, -ENOSYS when the kernel has no Landlock, other
 * negative errnos. */
int hsp_render_landlock_enter(const char *program, const char *cache);

/* System calls: only what drivers need. 0 or negative errno. */
int hsp_render_seccomp_enter(void);

#endif
