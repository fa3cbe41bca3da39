/* SPDX-License-Identifier: MIT */
/*
 * The vtest front end of the renderer: one connection of one client, which is one Venus context.
 * Everything that comes out of the socket may be hostile; it can end this connection, no more.
 */
#ifndef HSP_VTEST_SERVER_H
#define HSP_VTEST_SERVER_H

#include "base/stats.h"

/* Serves the connection until its end, on the calling thread, and destroys the context. `stats` may
 * be NULL. 0 when the client left; negative errno, already logged, when the connection was ended
 * by this side: -EPROTO for what the protocol does not allow, -EIO when the context died.
 *
 * In the second case, and when this process is killed, the client's pending read fails with
 * ECONNRESET (Linux): clients take an end of stream for "read again" and would spin. */
int hsp_vtest_serve(int socket_fd_steal, struct hsp_stats_context *stats);

#endif
