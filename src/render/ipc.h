/* SPDX-License-Identifier: MIT */
/*
 * Serves one Venus context to hesper-gpu over an ipc channel (ipc/messages.h). The channel's
 * messages, in order, are the context's vq stream.
 */
#ifndef HSP_RENDER_IPC_H
#define HSP_RENDER_IPC_H

#include "base/stats.h"

/* Serves until hesper-gpu closes the channel or the context dies, and destroys the context.
 * `stats` may be NULL. 0 after an orderly end; -EIO when the context died (HSP_IPC_RENDER_FATAL has
 * been sent); -EPROTO for a message that hesper-gpu never sends, and other negative errnos, which
 * have been logged. */
int hsp_render_serve_ipc(int socket_fd_steal, const char *name, struct hsp_stats_context *stats);

#endif
