/* SPDX-License-Identifier: MIT */
/*
 * Anonymous shared memory (memfd on Linux, shm_open elsewhere).
 *
 * Where the system has seals, the size of what hsp_shm_create makes is sealed, so that a process
 * that maps it cannot be killed (SIGBUS) by another that shrinks it.
 */
#ifndef HSP_BASE_SHM_H
#define HSP_BASE_SHM_H

#include "base/util.h"

/* A close-on-exec descriptor of `size` zero bytes, or negative errno. `size` must be a multiple of
 * the page size. `name` is for /proc listings only. */
int hsp_shm_create(const char *name, uint64_t size);

/* 0 if a file of `fd` has at least `size` bytes and cannot become smaller; -EINVAL if not (on
 * systems without seals only the size is checked); negative errno if it cannot be asked. */
int hsp_shm_check_sealed(int fd, uint64_t size);

#endif
