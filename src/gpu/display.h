/* SPDX-License-Identifier: MIT */
/*
 * The device's hesper-display process. It is started with the device, and again when it dies, a
 * little later each time; a new one gets all scanouts and cursors. Without one the device works,
 * and shows nothing.
 *
 * Threads: the device thread.
 */
#ifndef HSP_GPU_DISPLAY_H
#define HSP_GPU_DISPLAY_H

#include "gpu/link.h"

struct hsp_gpu_device;
struct hsp_gpu_display;

/* A screenshot was taken (0) or not (negative errno). */
typedef void hsp_gpu_screenshot_done(void *user_data, uint64_t request_id, int status);

/* Starts the program; a failure is logged and leaves a display without process. -ENOMEM only. */
int hsp_gpu_display_create(struct hsp_gpu_device *device, struct hsp_gpu_display **out_display);

/* Closes its handles; they are gone when the loop has run once more. Screenshots that are being
 * taken fail. Takes NULL. */
void hsp_gpu_display_destroy(struct hsp_gpu_display *display);

/* The channel to the process; NULL while there is none. Takes NULL. */
struct hsp_gpu_link *hsp_gpu_display_get_link(const struct hsp_gpu_display *display);

/* Tells the display whether this output of the device is connected. */
void hsp_gpu_display_set_connected(struct hsp_gpu_display *display, uint32_t output);

/* What the guest's keyboard shows, now and in displays that are started later. */
void hsp_gpu_display_set_leds(struct hsp_gpu_display *display, uint32_t leds);

/* Has the display write a PNG to `fd` (borrowed). 0, and `done` is called once, later, unless it is
 * cancelled; or negative errno, and it is not called. */
int hsp_gpu_display_take_screenshot(struct hsp_gpu_display *display, uint32_t scanout_id, int fd,
                                    uint64_t request_id, hsp_gpu_screenshot_done *done,
                                    void *user_data);

/* Calls back `user_data` no more. */
void hsp_gpu_display_cancel_screenshots(struct hsp_gpu_display *display, const void *user_data);

#endif
