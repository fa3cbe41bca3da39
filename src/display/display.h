/* SPDX-License-Identifier: MIT */
/*
 * The core of hesper-display: takes HSP_IPC_DISPLAY_* messages from hesper-gpu, checks them, drives
 * a backend, answers, counts. It sleeps until a message comes.
 *
 * What a guest can get wrong (formats, sizes, rectangles, memory) switches the scanout off or hides
 * the cursor, with a log line; what only a broken hesper-gpu can send ends the program (-EPROTO).
 *
 * Threads: create, run and destroy on the main thread. The loop runs there, too, or on a thread of
 * its own if the backend needs the main thread; what is for backends is called on the loop's.
 */
#ifndef HSP_DISPLAY_DISPLAY_H
#define HSP_DISPLAY_DISPLAY_H

#include "base/stats.h"
#include "display/backend.h"

#include <uv.h>

struct hsp_display;

/* Steals the socket on success only. `stats` is borrowed; NULL counts nothing. 0 or negative
 * errno. */
int hsp_display_create(int ipc_fd_steal, struct hsp_stats_display *stats,
                       const struct hsp_display_backend_ops *ops,
                       const struct hsp_display_options *options, struct hsp_display **out);

/* Serves until hesper-gpu goes away: 0. Negative errno, already logged: the channel broke. */
int hsp_display_run(struct hsp_display *display);

/* Takes NULL. Screenshots that somebody does not read to the end must not keep the process alive:
 * returns false when some are left, and then the process must end by _exit. */
bool hsp_display_destroy(struct hsp_display *display);

/* ------------------------------------------------------------------ for backends */

/* For a backend's own handles; it closes them before its `destroy` returns. */
uv_loop_t *hsp_display_get_loop(struct hsp_display *display);

/* Ends one flush: answers it. With `shown` it counts as a frame that is on the screen now; false
 * when that comes later (hsp_display_count_frames) or never, because the scanout went off or
 * another frame overtook it. */
void hsp_display_flush_done(struct hsp_display *display, const struct hsp_display_flush *flush,
                            bool shown);

/* Counts flushed frames that have come onto the screen since the last call. `present_ns` is the sum
 * of the times from flush to there, without waiting for the host's driver or the screen's refresh;
 * `copied_bytes` what a CPU has moved for them. */
void hsp_display_count_frames(struct hsp_display *display, uint32_t scanout_id, uint64_t frames,
                              uint64_t present_ns, uint64_t copied_bytes);

/* The TCP port where the scanout is shown, or 0. A display that is started anew finds what the one
 * before it has set, so that it can come back to the same place. */
uint16_t hsp_display_get_port(struct hsp_display *display, uint32_t scanout_id);
void hsp_display_set_port(struct hsp_display *display, uint32_t scanout_id, uint16_t port);

/* The user made the window this large: the guest may follow. */
void hsp_display_request_size(struct hsp_display *display, uint32_t scanout_id, uint32_t width,
                              uint32_t height);

/* The user closed the window, and that shall end the machine. */
void hsp_display_request_end(struct hsp_display *display, uint32_t scanout_id);

/* ------------------------------------------------------------------ input, for backends */

/* Somebody at a keyboard and a pointer: whoever sits before the windows, or one viewer of a remote
 * screen. Each holds down what he pressed; what several hold is released when the last lets go. All
 * functions are for the loop's thread. */
struct hsp_display_user;

/* 0 or -ENOMEM. The backend destroys its users before its own `destroy` returns. */
int hsp_display_user_create(struct hsp_display *display, struct hsp_display_user **out_user);

/* Lets go of all that the user holds. Takes NULL. */
void hsp_display_user_destroy(struct hsp_display_user *user);

/* Lets go of all that the user holds: the keyboard's focus is lost. */
void hsp_display_user_release(struct hsp_display_user *user);

/* A key (HSP_KEY_*) or a mouse button (HSP_BTN_*) of base/evdev.h went down or up. Pressing what
 * the user holds, as a host's key repeat does, and releasing what he does not, is ignored; so are
 * other codes. The guest repeats keys itself. */
void hsp_display_user_send_key(struct hsp_display_user *user, uint32_t code, bool is_pressed);

/* The pointer is at this pixel of the picture that the scanout shows; what lies outside is moved to
 * its edge. Ignored while the scanout is off. Buttons and wheel that follow belong to it. */
void hsp_display_user_send_position(struct hsp_display_user *user, uint32_t scanout_id, int32_t x,
                                    int32_t y);

/* The mouse moved this far right and down, for guests that want motions (a grabbed pointer).
 * Buttons and wheel that follow belong to it. */
void hsp_display_user_send_motion(struct hsp_display_user *user, int32_t dx, int32_t dy);

/* The wheel was turned: up (away from the user) and right are positive, HSP_WHEEL_NOTCH is one
 * notch. */
void hsp_display_user_send_wheel(struct hsp_display_user *user, int32_t vertical,
                                 int32_t horizontal);

#endif
