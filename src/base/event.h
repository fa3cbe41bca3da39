/* SPDX-License-Identifier: MIT */
/*
 * A one-shot event that can be given to another process: its read end polls readable once the event
 * is set. An eventfd on Linux (both ends are the same file), a pipe elsewhere.
 *
 * Both ends are close-on-exec and owned by the caller. Safe from any thread.
 */
#ifndef HSP_BASE_EVENT_H
#define HSP_BASE_EVENT_H

#include "base/util.h"

/* 0 or negative errno. */
int hsp_event_create(int *out_read_fd, int *out_write_fd);

/* Sets the event; again is harmless. Never blocks. */
void hsp_event_set(int write_fd);

/* Whether closing an unset write end would be seen at a read end that is still open. A pipe shows
 * a hang-up, which a reader may take for an error; an eventfd shows nothing. */
bool hsp_event_close_is_seen(int write_fd);

#endif
