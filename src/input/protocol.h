/* SPDX-License-Identifier: MIT */
/*
 * Numbers and layouts of virtio-input (virtio 1.3, 5.8), whose events are those of Linux's evdev.
 * All fields are little-endian, as the host is. Keys, buttons and lamps are in base/evdev.h.
 */
#ifndef HSP_INPUT_PROTOCOL_H
#define HSP_INPUT_PROTOCOL_H

#include "base/util.h"

enum hsp_input_queue {
    HSP_INPUT_QUEUE_EVENT,  /* to the driver: a buffer for each event */
    HSP_INPUT_QUEUE_STATUS, /* from the driver: lamps */
    HSP_INPUT_QUEUE_COUNT,
};

struct hsp_input_event {
    uint16_t type; /* enum hsp_input_event_type */
    uint16_t code;
    uint32_t value; /* signed where the event's type is */
};

enum hsp_input_event_type {
    HSP_EV_SYN = 0x00, /* the end of events that belong together */
    HSP_EV_KEY = 0x01,
    HSP_EV_REL = 0x02,
    HSP_EV_ABS = 0x03,
    HSP_EV_LED = 0x11,
    HSP_EV_REP = 0x14, /* the driver repeats keys */
};

enum hsp_input_rel {
    HSP_REL_X = 0x00,
    HSP_REL_Y = 0x01,
    HSP_REL_HWHEEL = 0x06, /* notches */
    HSP_REL_WHEEL = 0x08,
    HSP_REL_WHEEL_HI_RES = 0x0b, /* 1/120 of a notch */
    HSP_REL_HWHEEL_HI_RES = 0x0c,
};

enum hsp_input_abs {
    HSP_ABS_X = 0x00,
    HSP_ABS_Y = 0x01,
};

/* ------------------------------------------------------------------ config space */

enum hsp_input_config_select {
    HSP_INPUT_CONFIG_UNSET = 0x00,
    HSP_INPUT_CONFIG_ID_NAME = 0x01,
    HSP_INPUT_CONFIG_ID_SERIAL = 0x02,
    HSP_INPUT_CONFIG_ID_DEVIDS = 0x03,
    HSP_INPUT_CONFIG_PROP_BITS = 0x10,
    HSP_INPUT_CONFIG_EV_BITS = 0x11,  /* subsel: the event's type */
    HSP_INPUT_CONFIG_ABS_INFO = 0x12, /* subsel: the axis */
};

struct hsp_input_absinfo {
    uint32_t min, max, fuzz, flat, resolution;
};

struct hsp_input_devids {
    uint16_t bus_type, vendor, product, version;
};

#define HSP_INPUT_CONFIG_DATA_SIZE 128

/* The driver writes select and subsel, and reads the rest. */
struct hsp_input_config {
    uint8_t select, subsel;
    uint8_t size; /* bytes of the union; 0: there is nothing of the kind */
    uint8_t reserved[5];
    union {
        char text[HSP_INPUT_CONFIG_DATA_SIZE];
        uint8_t bitmap[HSP_INPUT_CONFIG_DATA_SIZE];
        struct hsp_input_absinfo abs;
        struct hsp_input_devids ids;
    };
};

#endif
