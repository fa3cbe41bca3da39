/* SPDX-License-Identifier: MIT */
/* The backend that shows each scanout to VNC viewers (RFB, RFC 6143), on an address of its own. */
#ifndef HSP_DISPLAY_VNC_H
#define HSP_DISPLAY_VNC_H

#include "display/backend.h"

extern const struct hsp_display_backend_ops hsp_display_vnc_ops;

#endif
