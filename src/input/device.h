/* SPDX-License-Identifier: MIT */
/*
 * One virtio-input device for one VMM, on a vhost-user socket of its own.
 *
 * A thread serves the socket; the device thread, a libuv loop, has everything else. What the guest
 * does with one of these devices touches nothing but it.
 *
 * Threads: the device thread.
 */
#ifndef HSP_INPUT_DEVICE_H
#define HSP_INPUT_DEVICE_H

#include "input/config.h"
#include "input/events.h"

#include <uv.h>

struct hsp_input_device;

struct hsp_input_device_params {
    enum hsp_input_kind kind;
    void *user_data;
    /* The driver switched lamps: bits, 1 << HSP_LED_*. Also all off, when the driver is gone. */
    void (*on_leds)(void *user_data, uint32_t leds);
};

/* 0 or negative errno. */
int hsp_input_device_create(const struct hsp_input_device_params *params, uv_loop_t *loop,
                            struct hsp_input_device **out_device);

/* Serves one connection in a thread: that of the socket, or the first that comes in if it listens.
 * Steals the socket on success only. Once; 0 or negative errno. */
int hsp_input_device_serve(struct hsp_input_device *device, int socket_fd_steal);

/* Hangs up, and closes all handles, which are gone when the loop has run to its end. Waits for the
 * thread. */
void hsp_input_device_shut_down(struct hsp_input_device *device);

/* After shut_down, and the loop's end. Takes NULL. */
void hsp_input_device_free(struct hsp_input_device *device);

/* Whether a driver has begun to use it. Until then what is sent goes nowhere. */
bool hsp_input_device_has_driver(const struct hsp_input_device *device);

/* What to add events to; hsp_input_device_flush gives the driver what it has buffers for. */
struct hsp_input_events *hsp_input_device_get_events(struct hsp_input_device *device);
void hsp_input_device_flush(struct hsp_input_device *device);

#endif
