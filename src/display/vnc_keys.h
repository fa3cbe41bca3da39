/* SPDX-License-Identifier: MIT */
/*
 * Keys as VNC viewers name them, as places on the keyboard (base/evdev.h).
 *
 * A plain viewer sends the symbol that its own keyboard's layout gives: which key of the guest
 * types it depends on the guest's layout, which nobody tells us; it is taken to be a US one.
 * Viewers that know QEMU's extension send the place as well, and then no layout matters.
 *
 * Threads: pure functions.
 */
#ifndef HSP_DISPLAY_VNC_KEYS_H
#define HSP_DISPLAY_VNC_KEYS_H

#include "base/evdev.h"

enum hsp_vnc_shift {
    HSP_VNC_SHIFT_ANY,    /* Shift makes no difference to what was meant */
    HSP_VNC_SHIFT_UP,     /* the symbol is typed without Shift */
    HSP_VNC_SHIFT_DOWN,   /* the symbol is typed with Shift */
    HSP_VNC_SHIFT_LETTER, /* as DOWN for a capital letter; Caps Lock turns it round */
    HSP_VNC_SHIFT_SMALL,  /* as UP for a small letter; Caps Lock turns it round */
};

struct hsp_vnc_key {
    uint32_t code; /* HSP_KEY_*, or 0 for a symbol that the US keyboard lacks */
    enum hsp_vnc_shift shift;
};

/* `keysym` is an X11 one, as in RFB's KeyEvent. */
struct hsp_vnc_key hsp_vnc_key_from_keysym(uint32_t keysym);

/* `scancode` is a PC's (set 1), with 0x80 for those with the prefix 0xe0, as in QEMU's Extended Key
 * Event. An HSP_KEY_*, or 0. */
uint32_t hsp_vnc_key_from_scancode(uint32_t scancode);

#endif
