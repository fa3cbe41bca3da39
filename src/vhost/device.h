/* SPDX-License-Identifier: MIT */
/*
 * The device side of a vhost-user connection: what stands between QEMU and a virtio device.
 *
 * Two threads use it. The session's thread serves the main channel and never waits for anything
 * but the next request (hsp_vhost_device_serve). The device thread, a libuv loop, gets the queues'
 * kicks, takes and answers requests, and makes requests to the front end, which wait for it.
 *
 * A queue that the front end stops keeps its requests: their answers are delivered when it runs
 * again. When a new driver begins (QEMU sets the base of queue 0 to 0; a reset and a pause look the
 * same before that) the device thread gets on_reset before any request of the new driver.
 *
 * Ownership: requests (struct hsp_vhost_chain) belong to the device thread from take to answer.
 */
#ifndef HSP_VHOST_DEVICE_H
#define HSP_VHOST_DEVICE_H

#include "vhost/chain.h"

#include <uv.h>

#define HSP_VHOST_MAX_QUEUE_COUNT 8

struct hsp_vhost_device;

struct hsp_vhost_device_params {
    uint64_t features; /* of the device type; the transport adds its own */
    uint32_t queue_count;
    uint64_t window_size; /* of shared memory region 1; a power of two, or 0 for none */
    void *user_data;
    /* The config space, from the session's thread. The range lies inside
     * HSP_VHOST_MAX_CONFIG_SIZE. */
    void (*read_config)(void *user_data, uint32_t offset, void *out, uint32_t size);
    void (*write_config)(void *user_data, uint32_t offset, const void *data, uint32_t size);
    /* On the device thread. There may be requests in a queue: take until there are none. True asks
     * to be called again soon, so that one queue does not keep the thread for itself. */
    bool (*on_queue)(void *user_data, uint32_t queue_index);
    /* On the device thread; may be NULL: queue 0 was stopped. The driver waits, or is gone, and the
     * guest may use its memory for other things already. */
    void (*on_stop)(void *user_data);
    /* On the device thread: forget everything that the driver made. */
    void (*on_reset)(void *user_data);
};

int hsp_vhost_device_create(const struct hsp_vhost_device_params *params,
                            struct hsp_vhost_device **out_device);

/* Takes NULL. No thread uses it any more, and it is detached. */
void hsp_vhost_device_destroy(struct hsp_vhost_device *device);

/* ------------------------------------------------------------------ session's thread */

/* Serves the main channel until the front end leaves: 0; -EPROTO when it sent something malformed
 * (logged), other negative errnos. Afterwards requests to the front end fail. */
int hsp_vhost_device_serve(struct hsp_vhost_device *device, int socket_fd);

/* ------------------------------------------------------------------ device thread */

/* Starts to watch queues on `loop`. 0 or negative errno. */
int hsp_vhost_device_attach(struct hsp_vhost_device *device, uv_loop_t *loop);

/* Closes all handles; they are gone when the loop has run once more. */
void hsp_vhost_device_detach(struct hsp_vhost_device *device);

/* The next request, or NULL. Malformed ones are answered empty and skipped. */
struct hsp_vhost_chain *hsp_vhost_device_take(struct hsp_vhost_device *device,
                                              uint32_t queue_index);

/* Consumes the chain. `size` bytes of data go into its writable buffers, as far as they fit. */
void hsp_vhost_device_answer(struct hsp_vhost_device *device, struct hsp_vhost_chain *chain,
                             const void *data, size_t size);

/* Calls on_queue as if the driver had kicked: for a queue whose buffers wait for something of the
 * device's. The driver is interrupted once for all that is answered in it. */
void hsp_vhost_device_look(struct hsp_vhost_device *device, uint32_t queue_index);

/* Whether requests of this queue are taken and answered now. */
bool hsp_vhost_device_is_running(struct hsp_vhost_device *device, uint32_t queue_index);

/* The current memory table, with a reference for the caller; NULL before there is one. */
struct hsp_vhost_memory *hsp_vhost_device_get_memory(struct hsp_vhost_device *device);

/* See backend.h. */
int hsp_vhost_device_map(struct hsp_vhost_device *device, uint64_t window_offset, int fd,
                         uint64_t file_offset, uint64_t size);
int hsp_vhost_device_unmap(struct hsp_vhost_device *device, uint64_t window_offset, uint64_t size);
int hsp_vhost_device_config_changed(struct hsp_vhost_device *device);

#endif
