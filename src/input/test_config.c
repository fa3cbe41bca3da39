/* SPDX-License-Identifier: MIT */
#include "input/config.h"

#include "base/evdev.h"
#include "base/test.h"

#include <string.h>

static struct hsp_input_config get(enum hsp_input_kind kind, uint8_t select, uint8_t subsel)
{
    struct hsp_input_config config;

    hsp_input_config_get(kind, select, subsel, &config);
    HSP_CHECK_EQ(config.select, select);
    HSP_CHECK_EQ(config.subsel, subsel);
    HSP_CHECK(config.size <= sizeof(config.bitmap));
    return config;
}

static bool has_bit(const struct hsp_input_config *config, uint32_t bit)
{
    return bit / 8 < config->size && (config->bitmap[bit / 8] >> bit % 8 & 1);
}

HSP_TEST(config_space_has_the_layout_of_the_specification)
{
    HSP_CHECK_EQ(sizeof(struct hsp_input_config), 136);
    HSP_CHECK_EQ(offsetof(struct hsp_input_config, size), 2);
    HSP_CHECK_EQ(offsetof(struct hsp_input_config, text), 8);
    HSP_CHECK_EQ(sizeof(struct hsp_input_event), 8);
}

HSP_TEST(devices_have_names_and_ids)
{
    struct hsp_input_config config = get(HSP_INPUT_TABLET, HSP_INPUT_CONFIG_ID_NAME, 0);

    HSP_CHECK_EQ(config.size, strlen("hesper tablet"));
    HSP_CHECK(memcmp(config.text, "hesper tablet", config.size) == 0);
    HSP_CHECK(get(HSP_INPUT_MOUSE, HSP_INPUT_CONFIG_ID_SERIAL, 0).size > 0);
    config = get(HSP_INPUT_KEYBOARD, HSP_INPUT_CONFIG_ID_DEVIDS, 0);
    HSP_CHECK_EQ(config.size, 8);
    HSP_CHECK_EQ(config.ids.bus_type, 6);
    HSP_CHECK(config.ids.version !=
              get(HSP_INPUT_MOUSE, HSP_INPUT_CONFIG_ID_DEVIDS, 0).ids.version);
}

HSP_TEST(keyboard_has_keys_and_lamps_and_repeats)
{
    struct hsp_input_config config = get(HSP_INPUT_KEYBOARD, HSP_INPUT_CONFIG_EV_BITS, HSP_EV_KEY);

    HSP_CHECK(has_bit(&config, HSP_KEY_ESC));
    HSP_CHECK(has_bit(&config, HSP_KEY_A));
    HSP_CHECK(has_bit(&config, HSP_KEY_RIGHTMETA));
    HSP_CHECK(has_bit(&config, HSP_KEY_F24));
    HSP_CHECK(has_bit(&config, HSP_KEY_SELECT));
    HSP_CHECK(!has_bit(&config, 0));
    for (uint32_t code = 0; code < HSP_KEY_COUNT; code++) {
        HSP_CHECK_EQ(has_bit(&config, code), hsp_input_kind_has_key(HSP_INPUT_KEYBOARD, code));
        /* It would be taken for a mouse or a joystick. */
        HSP_CHECK(!(code >= 0x100 && code < HSP_KEY_OK && has_bit(&config, code)));
    }
    config = get(HSP_INPUT_KEYBOARD, HSP_INPUT_CONFIG_EV_BITS, HSP_EV_LED);
    HSP_CHECK_EQ(config.bitmap[0], 7);
    HSP_CHECK(get(HSP_INPUT_KEYBOARD, HSP_INPUT_CONFIG_EV_BITS, HSP_EV_REP).size > 0);
    HSP_CHECK_EQ(get(HSP_INPUT_KEYBOARD, HSP_INPUT_CONFIG_EV_BITS, HSP_EV_REL).size, 0);
    HSP_CHECK_EQ(get(HSP_INPUT_KEYBOARD, HSP_INPUT_CONFIG_EV_BITS, HSP_EV_ABS).size, 0);
}

HSP_TEST(tablet_has_positions_and_mouse_has_motions)
{
    struct hsp_input_config config = get(HSP_INPUT_TABLET, HSP_INPUT_CONFIG_EV_BITS, HSP_EV_ABS);

    HSP_CHECK_EQ(config.bitmap[0], 3);
    config = get(HSP_INPUT_TABLET, HSP_INPUT_CONFIG_ABS_INFO, HSP_ABS_Y);
    HSP_CHECK_EQ(config.size, 20);
    HSP_CHECK_EQ(config.abs.min, 0);
    HSP_CHECK_EQ(config.abs.max, HSP_INPUT_ABS_MAX);
    HSP_CHECK_EQ(get(HSP_INPUT_TABLET, HSP_INPUT_CONFIG_ABS_INFO, 2).size, 0);
    HSP_CHECK_EQ(get(HSP_INPUT_MOUSE, HSP_INPUT_CONFIG_ABS_INFO, HSP_ABS_X).size, 0);

    config = get(HSP_INPUT_MOUSE, HSP_INPUT_CONFIG_EV_BITS, HSP_EV_REL);
    HSP_CHECK(has_bit(&config, HSP_REL_X) && has_bit(&config, HSP_REL_Y));
    HSP_CHECK(has_bit(&config, HSP_REL_WHEEL) && has_bit(&config, HSP_REL_WHEEL_HI_RES));
    config = get(HSP_INPUT_TABLET, HSP_INPUT_CONFIG_EV_BITS, HSP_EV_REL);
    HSP_CHECK(!has_bit(&config, HSP_REL_X) && has_bit(&config, HSP_REL_HWHEEL));
    config = get(HSP_INPUT_TABLET, HSP_INPUT_CONFIG_EV_BITS, HSP_EV_KEY);
    HSP_CHECK(has_bit(&config, HSP_BTN_LEFT) && !has_bit(&config, HSP_KEY_A));
}

HSP_TEST(every_question_has_an_answer)
{
    for (int kind = 0; kind < HSP_INPUT_KIND_COUNT; kind++)
        for (unsigned select = 0; select < 256; select++)
            for (unsigned subsel = 0; subsel < 256; subsel++)
                get((enum hsp_input_kind)kind, (uint8_t)select, (uint8_t)subsel);
    HSP_CHECK_EQ(get(HSP_INPUT_MOUSE, HSP_INPUT_CONFIG_ID_NAME, 1).size, 0);
    HSP_CHECK_EQ(get(HSP_INPUT_MOUSE, HSP_INPUT_CONFIG_UNSET, 0).size, 0);
}

HSP_TEST(kinds_have_names)
{
    enum hsp_input_kind kind;

    HSP_CHECK(hsp_input_kind_find("tablet", &kind) && kind == HSP_INPUT_TABLET);
    HSP_CHECK(!hsp_input_kind_find("", &kind));
    HSP_CHECK_STREQ(hsp_input_kind_get_name(HSP_INPUT_KEYBOARD), "keyboard");
}

HSP_TEST_MAIN()
