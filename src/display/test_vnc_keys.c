/* SPDX-License-Identifier: MIT */
#include "display/vnc_keys.h"

#include "base/test.h"

static void check(uint32_t keysym, uint32_t code, enum hsp_vnc_shift shift)
{
    struct hsp_vnc_key key = hsp_vnc_key_from_keysym(keysym);

    HSP_CHECK_EQ(key.code, code);
    HSP_CHECK_EQ(key.shift, shift);
}

HSP_TEST(symbols)
{
    check('a', HSP_KEY_A, HSP_VNC_SHIFT_SMALL);
    check('Z', HSP_KEY_Z, HSP_VNC_SHIFT_LETTER);
    check('1', HSP_KEY_1, HSP_VNC_SHIFT_UP);
    check('!', HSP_KEY_1, HSP_VNC_SHIFT_DOWN);
    check('"', HSP_KEY_APOSTROPHE, HSP_VNC_SHIFT_DOWN);
    check(' ', HSP_KEY_SPACE, HSP_VNC_SHIFT_ANY);
    check(0xff0d, HSP_KEY_ENTER, HSP_VNC_SHIFT_ANY);
    check(0xffbe, HSP_KEY_F1, HSP_VNC_SHIFT_ANY);
    check(0xffe9, HSP_KEY_LEFTALT, HSP_VNC_SHIFT_ANY);
    check(0x1008ff13, HSP_KEY_VOLUMEUP, HSP_VNC_SHIFT_ANY);
    check(0x01000000 + 'a', HSP_KEY_A, HSP_VNC_SHIFT_SMALL);
}

HSP_TEST(all_of_ascii_can_be_typed)
{
    for (uint32_t c = ' '; c < 127; c++)
        HSP_CHECK(hsp_vnc_key_from_keysym(c).code != 0);
}

HSP_TEST(unknown_symbols_are_no_key)
{
    check(0, 0, HSP_VNC_SHIFT_ANY);
    check(0xe4, 0, HSP_VNC_SHIFT_ANY); /* adiaeresis */
    check(0xffffffff, 0, HSP_VNC_SHIFT_ANY);
    check(0xffffff80, 0, HSP_VNC_SHIFT_ANY);
    check(0xff80, 0, HSP_VNC_SHIFT_ANY);
    check(0x01000000, 0, HSP_VNC_SHIFT_ANY);
    check(0x010000e4, 0, HSP_VNC_SHIFT_ANY);
}

HSP_TEST(scan_codes)
{
    HSP_CHECK_EQ(hsp_vnc_key_from_scancode(0), 0);
    HSP_CHECK_EQ(hsp_vnc_key_from_scancode(0x01), HSP_KEY_ESC);
    HSP_CHECK_EQ(hsp_vnc_key_from_scancode(0x1e), HSP_KEY_A);
    HSP_CHECK_EQ(hsp_vnc_key_from_scancode(0x53), HSP_KEY_KPDOT);
    HSP_CHECK_EQ(hsp_vnc_key_from_scancode(0x54), 0);
    HSP_CHECK_EQ(hsp_vnc_key_from_scancode(0x56), HSP_KEY_102ND);
    HSP_CHECK_EQ(hsp_vnc_key_from_scancode(0x9d), HSP_KEY_RIGHTCTRL);
    HSP_CHECK_EQ(hsp_vnc_key_from_scancode(0xc8), HSP_KEY_UP);
    HSP_CHECK_EQ(hsp_vnc_key_from_scancode(0xdb), HSP_KEY_LEFTMETA);
    HSP_CHECK_EQ(hsp_vnc_key_from_scancode(0x1c8), 0);
    HSP_CHECK_EQ(hsp_vnc_key_from_scancode(UINT32_MAX), 0);
}

HSP_TEST_MAIN()
