/* SPDX-License-Identifier: MIT */
/*
 * The address of one VNC screen: a TCP port or a unix socket, and who comes there.
 *
 * Threads: the loop's.
 */
#ifndef HSP_DISPLAY_VNC_LISTENER_H
#define HSP_DISPLAY_VNC_LISTENER_H

#include "base/display_choice.h"

#include <uv.h>

struct hsp_vnc_listener {
    uv_poll_t poll;
    int fd;                                                /* negative: closed */
    uint16_t port;                                         /* TCP; 0 for a unix socket */
    char socket_path[108];                                 /* empty for TCP */
    char name[160];                                        /* for people, as "127.0.0.1:5900" */
    void (*on_connection)(void *user_data, int socket_fd); /* the callee's */
    void *user_data;
};

/* Opens the address of screen `index` (from 0): the port, or the path with "-INDEX", counts on from
 * the first. With no port chosen: `preferred_port`, if that is not 0 and free, or else the first
 * free one from 5900 and the index on. A unix socket that nobody serves any more is replaced. 0 or
 * negative errno; then nothing is open. */
int hsp_vnc_listener_open(struct hsp_vnc_listener *listener, uv_loop_t *loop,
                          const struct hsp_display_choice *choice, uint32_t index,
                          uint16_t preferred_port);

/* Its handle is gone when the loop has run once more. Harmless on a closed one. */
void hsp_vnc_listener_close(struct hsp_vnc_listener *listener);

#endif
