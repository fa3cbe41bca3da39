/* SPDX-License-Identifier: MIT */
/*
 * What each kind of input device is: which keys, axes and lamps it has, and how its config space
 * says so.
 *
 * Threads: pure; safe from any thread.
 */
#ifndef HSP_INPUT_CONFIG_H
#define HSP_INPUT_CONFIG_H

#include "input/protocol.h"

enum hsp_input_kind {
    HSP_INPUT_KEYBOARD,
    HSP_INPUT_TABLET, /* a pointer that is somewhere */
    HSP_INPUT_MOUSE,  /* a pointer that moves */
    HSP_INPUT_KIND_COUNT,
};

/* "keyboard", "tablet", "mouse". */
const char *hsp_input_kind_get_name(enum hsp_input_kind kind);

/* False when there is no such kind. */
bool hsp_input_kind_find(const char *name, enum hsp_input_kind *out_kind);

/* Positions of a tablet are from 0 to this, on both axes. */
#define HSP_INPUT_ABS_MAX 32767

/* Whether the device has this key or button. */
bool hsp_input_kind_has_key(enum hsp_input_kind kind, uint32_t code);

/* The config space after the driver has written `select` and `subsel`, whatever they are. */
void hsp_input_config_get(enum hsp_input_kind kind, uint8_t select, uint8_t subsel,
                          struct hsp_input_config *out_config);

#endif
