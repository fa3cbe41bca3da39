/* SPDX-License-Identifier: MIT */
/*
 * The core of hesper-display: takes HSP_IPC_DISPLAY_* messages from hesper-gpu, checks them, drives
 * a backend, answers, counts. It sleeps until a message comes.
 *
 * What a guest can get wrong (formats, sizes, rectangles, memory) switches the scanout off or hides
 * the cursor, with a log line; what only a broken hesper-gpu can send ends the program (-EPROTO).
 *
 * Threads: create, run and everything else on one thread.
 */
#ifndef HSP_DISPLAY_DISPLAY_H
#define HSP_DISPLAY_DISPLAY_H

#include "base/stats.h"
#include "display/backend.h"

struct hsp_display;

/* Steals the socket on success only. `stats` is borrowed; NULL counts nothing. 0 or negative
 * errno. */
int hsp_display_create(int ipc_fd_steal, struct hsp_stats_display *stats,
                       const struct hsp_display_backend_ops *ops, struct hsp_display **out);

/* Serves until hesper-gpu goes away: 0. Negative errno, already logged: the channel broke. */
int hsp_display_run(struct hsp_display *display);

/* Takes NULL. Screenshots that somebody does not read to the end must not keep the process alive:
 * returns false when some are left, and then the process must end by _exit. */
bool hsp_display_destroy(struct hsp_display *display);

/* ------------------------------------------------------------------ for backends */

/* Ends one flush: answers it and counts the frame. `shown` is false when the picture never got
 * onto the screen, because the scanout went off or another frame overtook it. */
void hsp_display_flush_done(struct hsp_display *display, const struct hsp_display_flush *flush,
                            bool shown);

#endif
