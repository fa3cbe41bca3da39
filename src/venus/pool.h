/* SPDX-License-Identifier: MIT */
/*
 * Idle pools: Mesa's WSI makes a command pool for each queue family of the physical device, but
 * drivers have pools only for families from which the device has queues. The others become pools of
 * a family that there is: what is recorded in them can never be submitted by valid use.
 */
#ifndef HSP_VENUS_POOL_H
#define HSP_VENUS_POOL_H

#include "venus/device.h"

/* `flags` of the object of an idle pool. */
#define HSP_VN_POOL_IS_IDLE (1u << 0)

/* Of the host's pools for idle ones. */
uint32_t hsp_vn_device_get_idle_family(const struct hsp_vn_device *device);

#endif
