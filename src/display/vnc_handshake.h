/* SPDX-License-Identifier: MIT */
/*
 * The beginning of RFB (RFC 6143, 7.1), up to where the password was right: version, security type
 * and VNC's challenge. It is done here so that no byte of a stranger reaches libvncserver, which
 * moreover takes its challenges from a guessable random generator. Nothing blocks.
 *
 * VNC's own authentication is weak, and nothing is encrypted: it keeps away passers-by.
 *
 * Threads: the loop's.
 */
#ifndef HSP_DISPLAY_VNC_HANDSHAKE_H
#define HSP_DISPLAY_VNC_HANDSHAKE_H

#include "base/list.h"

#include <uv.h>

struct hsp_vnc_handshakes {
    uv_loop_t *loop;
    const char *password; /* padded to 8 bytes with zeros; empty: none is asked for */
    /* The socket is the callee's now; `user_data` is that of the start. */
    void (*on_done)(void *user_data, int socket_fd);
    struct hsp_list list;
    unsigned count;
};

void hsp_vnc_handshakes_init(struct hsp_vnc_handshakes *handshakes);

/* Begins one with a stranger. Takes the socket in any case; it is closed when there are too many at
 * a time, when something is wrong, or when it takes too long. */
void hsp_vnc_handshakes_start(struct hsp_vnc_handshakes *handshakes, int socket_fd_steal,
                              void *user_data);

/* Ends all, and calls on_done no more. Their handles are gone when the loop has run once more. */
void hsp_vnc_handshakes_finish(struct hsp_vnc_handshakes *handshakes);

#endif
