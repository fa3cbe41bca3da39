/* SPDX-License-Identifier: MIT */
/*
 * A device at work: the virtio-gpu, its vhost-user transport, input devices, control socket, and
 * the thread that runs them. The calling thread serves the VMM's main channel.
 */
#ifndef HSP_GPU_SERVER_H
#define HSP_GPU_SERVER_H

#include "gpu/options.h"

struct hsp_gpu_server;

/* Starts the device thread; nothing is connected yet. `options` must outlive the server. Input
 * devices serve these sockets (by kind; -1 for none), which are stolen. 0 or negative errno
 * (logged). */
int hsp_gpu_server_start(const struct hsp_gpu_options *options,
                         const int input_fds_steal[HSP_INPUT_KIND_COUNT],
                         struct hsp_gpu_server **out_server);

/* Serves a connected VMM until it leaves. 0 or negative errno (logged). */
int hsp_gpu_server_serve(struct hsp_gpu_server *server, int socket_fd);

/* Ends children, the thread, and everything. Takes NULL. */
void hsp_gpu_server_stop(struct hsp_gpu_server *server);

#endif
