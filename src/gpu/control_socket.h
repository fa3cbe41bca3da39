/* SPDX-License-Identifier: MIT */
/* Where the control socket is, and that nobody else can be there. */
#ifndef HSP_GPU_CONTROL_SOCKET_H
#define HSP_GPU_CONTROL_SOCKET_H

#include "base/util.h"

#include <sys/un.h>

/* A listening, nonblocking socket; *out_address says where, for unlink. Makes the folder. A socket
 * that a dead device left behind is replaced. Errors as hsp_gpu_control_create. */
int hsp_gpu_control_socket_listen(const char *name, struct sockaddr_un *out_address);

#endif
