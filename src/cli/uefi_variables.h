/* SPDX-License-Identifier: MIT */
/*
 * The store in which a UEFI of the EDK II kind keeps its variables (a firmware volume with
 * authenticated variables): as much of it as it takes to add one. Pure functions over bytes that
 * may hold anything.
 */
#ifndef HSP_CLI_UEFI_VARIABLES_H
#define HSP_CLI_UEFI_VARIABLES_H

#include "base/util.h"

/* Names the virtio-gpu in this slot of the first PCI bus as a console (the variable ConOut). The
 * firmware has a driver for it, but by itself uses it only when PCI calls it a display, which the
 * generic device of QEMU is not. A store that names consoles already stays as it is. False when
 * this is no such store, or it is full: nothing is changed then. */
bool hsp_cli_uefi_add_console(void *store, size_t size, unsigned slot);

#endif
