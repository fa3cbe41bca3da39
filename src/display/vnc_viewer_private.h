/* SPDX-License-Identifier: MIT */
/*
 * What the files of a viewer share: vnc_viewer.c has its life and its thread, vnc_viewer_screen.c
 * what it is shown, vnc_viewer_input.c what it does.
 *
 * Threads: the loop's while there is no viewer's, else the viewer's, unless a member says more.
 */
#ifndef HSP_DISPLAY_VNC_VIEWER_PRIVATE_H
#define HSP_DISPLAY_VNC_VIEWER_PRIVATE_H

#include "display/vnc_canvas.h"
#include "display/vnc_viewer.h"

#include <rfb/rfb.h>

struct hsp_vnc_viewer {
    struct hsp_vnc_feed feed; /* both threads */
    pthread_t thread;         /* loop's thread */
    int control_fd; /* loop's thread: the same socket, to hang up; -1: the place is empty */
    char title[128];
    rfbScreenInfoPtr screen;
    rfbClientPtr client; /* NULL: the place is empty */
    struct hsp_vnc_work work;
    struct hsp_vnc_canvas canvas;
    /* as libvncserver wants it */
    struct rfbCursor cursor;
    uint8_t cursor_pixels[HSP_CURSOR_SIZE];
    uint8_t cursor_alpha[HSP_CURSOR_EXTENT * HSP_CURSOR_EXTENT];
    uint8_t cursor_mask[HSP_CURSOR_EXTENT * HSP_CURSOR_EXTENT / 8];
    uint32_t leds;       /* bits: 1 << HSP_LED_* */
    uint8_t button_mask; /* RFB's */
    uint8_t shifts;      /* Shift keys that are held: 1 left, 2 right */
    bool held_codes[256];
    bool announces_keys; /* the viewer is to be told of Extended Key Events */
};

/* The viewer's place has got its screen. */
void hsp_vnc_viewer_init_screen(struct hsp_vnc_viewer *viewer);
void hsp_vnc_viewer_init_input(struct hsp_vnc_viewer *viewer);

/* Once per process, before the first place is made. */
void hsp_vnc_viewer_init_extension(void);

/* 0, or -ENOMEM and nothing has changed. */
int hsp_vnc_viewer_resize_screen(struct hsp_vnc_viewer *viewer, uint32_t width, uint32_t height);

/* Whether the viewer has asked for a frame that it has not got yet. */
bool hsp_vnc_viewer_wants_frame(const struct hsp_vnc_viewer *viewer);

/* Whether the next update would say anything, as far as the screen knows now. */
bool hsp_vnc_viewer_has_update(const struct hsp_vnc_viewer *viewer);

/* Brings what `work` says to the screen, and then what is new on the screen to the viewer, if it
 * wants that. */
void hsp_vnc_viewer_show(struct hsp_vnc_viewer *viewer);
void hsp_vnc_viewer_send_update(struct hsp_vnc_viewer *viewer);

/* Takes a SetDesktopSize message, of which no byte has been read; libvncserver loses memory with
 * each. */
void hsp_vnc_viewer_receive_size(struct hsp_vnc_viewer *viewer);

/* Tells the viewer, as an update, that its Extended Key Events are understood. False when there is
 * no need to. */
bool hsp_vnc_viewer_announce_keys(struct hsp_vnc_viewer *viewer);

#endif
