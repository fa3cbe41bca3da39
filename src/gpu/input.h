/* SPDX-License-Identifier: MIT */
/*
 * The VM's input devices in hesper-gpu: what the display sends goes to them, and their lamps to the
 * display.
 *
 * Threads: the device thread; create, serve and set_device before it runs.
 */
#ifndef HSP_GPU_INPUT_H
#define HSP_GPU_INPUT_H

#include "gpu/device.h"
#include "input/config.h"

struct hsp_gpu_input;

/* 0 or negative errno. The loop outlives it. */
int hsp_gpu_input_create(uv_loop_t *loop, struct hsp_gpu_input **out_input);

/* Adds a device, which serves one connection of this socket, or to it if it listens. Steals the
 * socket on success only. At most one of each kind. 0 or negative errno. */
int hsp_gpu_input_add(struct hsp_gpu_input *input, enum hsp_input_kind kind, int socket_fd_steal);

/* For device params. */
const struct hsp_gpu_input_sink *hsp_gpu_input_get_sink(const struct hsp_gpu_input *input);

/* Whose display shows lamps, and whose outputs positions are on. */
void hsp_gpu_input_set_device(struct hsp_gpu_input *input, struct hsp_gpu_device *device);

/* Hangs up; handles are gone when the loop has run to its end. Before the device is shut down.
 * Takes NULL. */
void hsp_gpu_input_shut_down(struct hsp_gpu_input *input);

/* After the loop's end. Takes NULL. */
void hsp_gpu_input_free(struct hsp_gpu_input *input);

#endif
