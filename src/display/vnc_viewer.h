/* SPDX-License-Identifier: MIT */
/*
 * One place for a viewer: a libvncserver screen with one client, served by a thread of its own. So
 * whatever the viewer does or leaves undone costs that thread alone: libvncserver waits for the
 * rest of a message, and for room in the socket, inside its calls.
 *
 * What libvncserver is used for: messages after the handshake, and encodings. Listening, HTTP,
 * websockets, authentication, its threads, file transfers, chat and scaling are not.
 *
 * Places are made before the first thread starts, as libvncserver sets up data of the whole process
 * with each screen, and are used again.
 *
 * Threads: the loop's.
 */
#ifndef HSP_DISPLAY_VNC_VIEWER_H
#define HSP_DISPLAY_VNC_VIEWER_H

#include "display/vnc_feed.h"

struct hsp_vnc_viewer;

/* An empty place. `wake_loop` is called from any thread when the feed has something for the loop.
 * 0 or negative errno. */
int hsp_vnc_viewer_create(void (*wake_loop)(void *user_data), void *user_data,
                          struct hsp_vnc_viewer **out_viewer);

/* Ends the viewer that is there, and waits for its thread, which comes soon. Takes NULL. */
void hsp_vnc_viewer_destroy(struct hsp_vnc_viewer *viewer);

/* Where frames go and events come from. */
struct hsp_vnc_feed *hsp_vnc_viewer_get_feed(struct hsp_vnc_viewer *viewer);

/* Takes a socket on which the handshake is done up to ClientInit. `title` is for people, `width`
 * and `height` are the picture's for now; what it shall see at first is in the feed already. 0, or
 * negative errno: then the socket is still the caller's, and the place and its feed are empty. */
int hsp_vnc_viewer_start(struct hsp_vnc_viewer *viewer, int socket_fd_steal, const char *title,
                         uint32_t width, uint32_t height);

/* Hangs up; the feed says when the viewer is gone. */
void hsp_vnc_viewer_stop(struct hsp_vnc_viewer *viewer);

/* Empties the place of a viewer that is gone, or as good as. */
void hsp_vnc_viewer_finish(struct hsp_vnc_viewer *viewer);

#endif
