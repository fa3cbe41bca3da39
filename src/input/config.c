/* SPDX-License-Identifier: MIT */
#include "input/config.h"

#include "base/evdev.h"

#include <string.h>

/* Kernels before 6.11 put the list of all keys into one environment variable of a uevent, and lose
 * the device when it grows over 2 KiB. So a keyboard does not claim each of the 700 codes that have
 * a name, but those that a keyboard of this side can send. */
#define LAST_USUAL_KEY HSP_KEY_MICMUTE

static const uint16_t unusual_keys[] = {
    HSP_KEY_OK, HSP_KEY_SELECT, HSP_KEY_CLEAR, HSP_KEY_CHANNELUP, HSP_KEY_CHANNELDOWN, HSP_KEY_FN,
};

/* Wheels of a tablet are what makes it a mouse for the guest. */
static const uint8_t tablet_axes[] = {HSP_REL_HWHEEL, HSP_REL_WHEEL, HSP_REL_WHEEL_HI_RES,
                                      HSP_REL_HWHEEL_HI_RES};
static const uint8_t mouse_axes[] = {HSP_REL_X,
                                     HSP_REL_Y,
                                     HSP_REL_HWHEEL,
                                     HSP_REL_WHEEL,
                                     HSP_REL_WHEEL_HI_RES,
                                     HSP_REL_HWHEEL_HI_RES};
static const uint8_t tablet_positions[] = {HSP_ABS_X, HSP_ABS_Y};
static const uint8_t leds[] = {HSP_LED_NUML, HSP_LED_CAPSL, HSP_LED_SCROLLL};

struct codes {
    const uint8_t *items;
    size_t count;
};

#define CODES(array) {.items = (array), .count = HSP_ARRAY_COUNT((array))}

static const struct {
    const char *name, *title, *serial;
    struct codes rel, abs, led;
    bool repeats;
} kinds[] = {
    [HSP_INPUT_KEYBOARD] = {"keyboard", "hesper keyboard", "hesper-keyboard", .led = CODES(leds),
                            .repeats = true},
    [HSP_INPUT_TABLET] = {"tablet", "hesper tablet", "hesper-tablet", .rel = CODES(tablet_axes),
                          .abs = CODES(tablet_positions)},
    [HSP_INPUT_MOUSE] = {"mouse", "hesper mouse", "hesper-mouse", .rel = CODES(mouse_axes)},
};

const char *hsp_input_kind_get_name(enum hsp_input_kind kind)
{
    return kinds[kind].name;
}

bool hsp_input_kind_find(const char *name, enum hsp_input_kind *out_kind)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(kinds); i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            *out_kind = (enum hsp_input_kind)i;
            return true;
        }
    }
    return false;
}

bool hsp_input_kind_has_key(enum hsp_input_kind kind, uint32_t code)
{
    if (kind != HSP_INPUT_KEYBOARD)
        return hsp_key_is_button(code);
    if (code >= HSP_KEY_ESC && code <= LAST_USUAL_KEY)
        return true;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(unusual_keys); i++) {
        if (code == unusual_keys[i])
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------ answers */

static void set_text(struct hsp_input_config *config, const char *text)
{
    size_t size = HSP_MIN(strlen(text), sizeof(config->text));

    memcpy(config->text, text, size);
    config->size = (uint8_t)size;
}

static void set_bit(struct hsp_input_config *config, uint32_t bit)
{
    config->bitmap[bit / 8] |= (uint8_t)(1u << bit % 8);
    config->size = (uint8_t)HSP_MAX(config->size, bit / 8 + 1);
}

static void set_codes(struct hsp_input_config *config, const struct codes *codes)
{
    for (size_t i = 0; i < codes->count; i++)
        set_bit(config, codes->items[i]);
}

static void set_event_bits(enum hsp_input_kind kind, uint8_t type, struct hsp_input_config *config)
{
    switch (type) {
    case HSP_EV_KEY:
        for (uint32_t code = 0; code < HSP_KEY_COUNT; code++) {
            if (hsp_input_kind_has_key(kind, code))
                set_bit(config, code);
        }
        break;
    case HSP_EV_REL:
        set_codes(config, &kinds[kind].rel);
        break;
    case HSP_EV_ABS:
        set_codes(config, &kinds[kind].abs);
        break;
    case HSP_EV_LED:
        set_codes(config, &kinds[kind].led);
        break;
    case HSP_EV_REP:
        config->size = kinds[kind].repeats; /* the type has no codes */
        break;
    default:
        break;
    }
}

static void set_axis(enum hsp_input_kind kind, uint8_t axis, struct hsp_input_config *config)
{
    for (size_t i = 0; i < kinds[kind].abs.count; i++) {
        if (kinds[kind].abs.items[i] == axis) {
            config->abs.max = HSP_INPUT_ABS_MAX;
            config->size = sizeof(config->abs);
        }
    }
}

void hsp_input_config_get(enum hsp_input_kind kind, uint8_t select, uint8_t subsel,
                          struct hsp_input_config *out_config)
{
    struct hsp_input_config *config = out_config;

    memset(config, 0, sizeof(*config));
    config->select = select;
    config->subsel = subsel;
    if (select == HSP_INPUT_CONFIG_EV_BITS)
        set_event_bits(kind, subsel, config);
    else if (select == HSP_INPUT_CONFIG_ABS_INFO)
        set_axis(kind, subsel, config);
    else if (subsel != 0)
        return;
    else if (select == HSP_INPUT_CONFIG_ID_NAME)
        set_text(config, kinds[kind].title);
    else if (select == HSP_INPUT_CONFIG_ID_SERIAL)
        set_text(config, kinds[kind].serial);
    else if (select == HSP_INPUT_CONFIG_ID_DEVIDS) {
        /* BUS_VIRTUAL, and the PCI ids of any virtio-input. */
        config->ids = (struct hsp_input_devids){0x06, 0x1af4, 0x1052, (uint16_t)(kind + 1)};
        config->size = sizeof(config->ids);
    }
}
