/* SPDX-License-Identifier: MIT */
/*
 * The pixels that a VNC viewer is sent: a copy of what its scanout shows, in one format, which the
 * encoder can read as often as it likes while the guest goes on drawing. Only what has changed is
 * copied, and only when the viewer wants it.
 *
 * Threads: one at a time.
 */
#ifndef HSP_DISPLAY_VNC_CANVAS_H
#define HSP_DISPLAY_VNC_CANVAS_H

#include "display/vnc_feed.h"

/* Pixels in width or height; of a larger picture the top left part is shown. libvncserver sends at
 * least one row from a buffer of 32 KiB. */
#define HSP_VNC_CANVAS_EXTENT 8188

struct hsp_vnc_canvas {
    uint32_t width, height;
    uint8_t *pixels; /* B, G, R and an unused byte; rows without padding */
    uint64_t picture_serial;
    struct hsp_mapping mapping; /* of that picture; empty: none */
};

/* The size in which a picture is shown. */
void hsp_vnc_canvas_get_size(const struct hsp_display_picture *picture, uint32_t *out_width,
                             uint32_t *out_height);

/* Makes it this large, and black. 0, or -ENOMEM: it stays as it was. */
int hsp_vnc_canvas_resize(struct hsp_vnc_canvas *canvas, uint32_t width, uint32_t height);
void hsp_vnc_canvas_clear(struct hsp_vnc_canvas *canvas);

/* Copies a part of the picture, which may be larger than the canvas; *rect, in pixels of the
 * picture, becomes what that is on the canvas (nothing: width 0). 0, or negative errno if the
 * picture's memory cannot be mapped. */
int hsp_vnc_canvas_copy(struct hsp_vnc_canvas *canvas, const struct hsp_display_picture *picture,
                        uint64_t picture_serial, struct hsp_ipc_rect *rect);

/* Lets go of the memory of pictures. */
void hsp_vnc_canvas_unmap(struct hsp_vnc_canvas *canvas);

void hsp_vnc_canvas_finish(struct hsp_vnc_canvas *canvas);

#endif
