/* SPDX-License-Identifier: MIT */
/* The transport that the control plane sees, over vhost-user. */
#ifndef HSP_GPU_TRANSPORT_VHOST_H
#define HSP_GPU_TRANSPORT_VHOST_H

#include "gpu/transport.h"
#include "vhost/device.h"

/* `device` must outlive the transport. */
struct hsp_gpu_transport hsp_gpu_transport_of_vhost(struct hsp_vhost_device *device,
                                                    uint64_t window_size);

#endif
