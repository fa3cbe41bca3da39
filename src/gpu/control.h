/* SPDX-License-Identifier: MIT */
/*
 * The control socket, ${XDG_RUNTIME_DIR:-/tmp/hesper-UID}/hesper/NAME.sock: where `hesper stat` and
 * `hesper screenshot` ask a running device. Only the user who runs the device can reach it.
 *
 * Threads: the device thread.
 */
#ifndef HSP_GPU_CONTROL_H
#define HSP_GPU_CONTROL_H

#include "base/util.h"

struct hsp_gpu_control;
struct hsp_gpu_device;

/* Bytes of a device's name with its NUL. */
#define HSP_GPU_NAME_SIZE 64

/* Whether a name makes a file name: letters, digits, '-', '_', '.', no '.' in front. */
bool hsp_gpu_name_is_valid(const char *name);

/* Listens on the socket of the device's name. 0; -EADDRINUSE when another device that runs has it;
 * -EPERM when the folder belongs to somebody else; other negative errnos. */
int hsp_gpu_control_create(struct hsp_gpu_device *device, struct hsp_gpu_control **out_control);

/* Removes the socket, closes all handles; they are gone when the loop has run once more. Takes
 * NULL. Before the device's display is destroyed. */
void hsp_gpu_control_destroy(struct hsp_gpu_control *control);

#endif
