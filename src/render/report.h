/* SPDX-License-Identifier: MIT */
/* hesper-render --print-devices: the host's devices as a renderer sees them. */
#ifndef HSP_RENDER_REPORT_H
#define HSP_RENDER_REPORT_H

#include "render/sandbox.h"

/* Writes one line of JSON to standard output, whose form is documented in hesper-render(1). Drivers
 * may have printed there as well, before it. 0 or negative errno. */
int hsp_render_report_print(enum hsp_render_sandbox sandbox);

#endif
