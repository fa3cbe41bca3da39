/* SPDX-License-Identifier: MIT */
/*
 * A VM's input devices, and which of them gets what the user does. Keys go to the keyboard. A
 * position makes the tablet the pointer, a motion the mouse; buttons and wheel go to whichever was
 * the pointer last, and a button's release to where it was pressed.
 *
 * Threads: the device thread.
 */
#ifndef HSP_INPUT_SEAT_H
#define HSP_INPUT_SEAT_H

#include "input/device.h"

struct hsp_ipc_display_input;

struct hsp_input_seat {
    struct hsp_input_device *devices[HSP_INPUT_KIND_COUNT]; /* NULL: there is none */
    enum hsp_input_kind pointer;
};

void hsp_input_seat_init(struct hsp_input_seat *seat);

/* Gives what the user did to the device that it is for. A position in it is one on the whole
 * desktop, from 0 to HSP_IPC_INPUT_POSITION_END - 1. What makes no sense, or no device is there
 * for, is ignored: it may come from a display that was taken over. */
void hsp_input_seat_handle(struct hsp_input_seat *seat, const struct hsp_ipc_display_input *input);

/* Nothing is pressed any more. */
void hsp_input_seat_release(struct hsp_input_seat *seat);

#endif
