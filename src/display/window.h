/* SPDX-License-Identifier: MIT */
/* The backend that shows each scanout in a window of its own (SDL3 and Vulkan). */
#ifndef HSP_DISPLAY_WINDOW_H
#define HSP_DISPLAY_WINDOW_H

#include "display/backend.h"

extern const struct hsp_display_backend_ops hsp_display_window_ops;

#endif
