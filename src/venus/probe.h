/* SPDX-License-Identifier: MIT */
/*
 * Which memory types of the host can be imported from a host pointer. Only a VkDevice can say it,
 * but a guest must know before it makes one; so a small device is made for the question, and the
 * answer is kept in a file under XDG_CACHE_HOME, named by the device and its driver. Making a
 * device takes tens of milliseconds on a GPU, and a renderer is started for every program.
 *
 * What the file says is checked against each device that a client makes.
 */
#ifndef HSP_VENUS_PROBE_H
#define HSP_VENUS_PROBE_H

#include "venus/device.h"

/* `alignment`: of imported host pointers, bytes. 0 when there are none. */
uint32_t hsp_vn_probe_importable_types(const struct hsp_vn_physical_device *physical_device,
                                       size_t alignment);

/* Asks a device made for the question, whatever is kept. On success writes what it says. */
VkResult hsp_vn_probe_ask(const struct hsp_vn_physical_device *physical_device, size_t alignment,
                          uint32_t *out_bits);

/* Whether memory at `pages`, of `size` bytes, can be imported: a device made for the question tries
 * it. Both are multiples of the device's alignment. */
bool hsp_vn_probe_import(const struct hsp_vn_physical_device *physical_device, void *pages,
                         uint64_t size);

/* Forgets the kept answer if the device gives another one: false, and logged. */
bool hsp_vn_probe_verify(const struct hsp_vn_device *device);

#endif
