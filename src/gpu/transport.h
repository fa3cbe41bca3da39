/* SPDX-License-Identifier: MIT */
/*
 * What the virtio-gpu control plane needs of whatever connects it to a guest. vhost-user is one
 * (transport_vhost.h); the control plane knows only this.
 *
 * Threads: all functions are called on the device thread.
 */
#ifndef HSP_GPU_TRANSPORT_H
#define HSP_GPU_TRANSPORT_H

#include "base/util.h"

/* A request: bytes from the driver and room for the answer. Opaque; the transport's. */
struct hsp_gpu_chain;

/* A snapshot of the guest's memory layout, which keeps what it describes. Opaque. */
struct hsp_gpu_memory;

/* Bytes of guest memory in this process, and where they lie in a file. */
struct hsp_gpu_range {
    void *data;
    uint64_t size;
    int fd; /* borrowed from the memory */
    uint64_t file_offset;
};

struct hsp_gpu_transport {
    void *user_data;

    /* Bytes of the window, guest-visible memory that resources are mapped into. */
    uint64_t window_size;

    /* The next request of a queue, or NULL. The caller owns it until it is answered. */
    struct hsp_gpu_chain *(*take)(void *user_data, uint32_t queue);
    /* Bytes that the driver sent. */
    uint64_t (*chain_size)(const struct hsp_gpu_chain *chain);
    /* Copies up to `size` of them from `offset` on; returns how many there were. Each byte is the
     * driver's to change until the request is answered: read once. */
    size_t (*chain_read)(const struct hsp_gpu_chain *chain, uint64_t offset, void *out,
                         size_t size);
    /* Consumes the request. Goes nowhere if its driver is gone. */
    void (*answer)(void *user_data, struct hsp_gpu_chain *chain, const void *data, size_t size);
    /* False while the VMM has stopped the device: then nothing new is to be begun. */
    bool (*is_running)(void *user_data);

    /* The current memory, NULL if there is none; released by release_memory (takes NULL). */
    struct hsp_gpu_memory *(*get_memory)(void *user_data);
    void (*release_memory)(struct hsp_gpu_memory *memory);
    /* The bytes from `address` on, at most `size`; fewer where neighbours lie in another file.
     * False when there is nothing. */
    bool (*translate)(const struct hsp_gpu_memory *memory, uint64_t address, uint64_t size,
                      struct hsp_gpu_range *out_range);

    /* Makes `size` bytes of a file appear in the window; the guest sees them when it returns 0. May
     * wait for the VMM. Negative errno if the VMM refuses. */
    int (*map)(void *user_data, uint64_t window_offset, int fd, uint64_t file_offset,
               uint64_t size);
    /* Undoes exactly one map. */
    int (*unmap)(void *user_data, uint64_t window_offset, uint64_t size);

    /* Tells the guest to read the config space again. */
    int (*config_changed)(void *user_data);
};

#endif
