/* SPDX-License-Identifier: MIT */
#include "display/vnc_keys.h"

/* ------------------------------------------------------------------ keysyms */

/* What the US keyboard's keys type, without and with Shift. */
static const struct {
    uint8_t code;
    char plain, shifted;
} printed_keys[] = {
    {HSP_KEY_GRAVE, '`', '~'},       {HSP_KEY_1, '1', '!'},          {HSP_KEY_2, '2', '@'},
    {HSP_KEY_3, '3', '#'},           {HSP_KEY_4, '4', '$'},          {HSP_KEY_5, '5', '%'},
    {HSP_KEY_6, '6', '^'},           {HSP_KEY_7, '7', '&'},          {HSP_KEY_8, '8', '*'},
    {HSP_KEY_9, '9', '('},           {HSP_KEY_0, '0', ')'},          {HSP_KEY_MINUS, '-', '_'},
    {HSP_KEY_EQUAL, '=', '+'},       {HSP_KEY_Q, 'q', 'Q'},          {HSP_KEY_W, 'w', 'W'},
    {HSP_KEY_E, 'e', 'E'},           {HSP_KEY_R, 'r', 'R'},          {HSP_KEY_T, 't', 'T'},
    {HSP_KEY_Y, 'y', 'Y'},           {HSP_KEY_U, 'u', 'U'},          {HSP_KEY_I, 'i', 'I'},
    {HSP_KEY_O, 'o', 'O'},           {HSP_KEY_P, 'p', 'P'},          {HSP_KEY_LEFTBRACE, '[', '{'},
    {HSP_KEY_RIGHTBRACE, ']', '}'},  {HSP_KEY_BACKSLASH, '\\', '|'}, {HSP_KEY_A, 'a', 'A'},
    {HSP_KEY_S, 's', 'S'},           {HSP_KEY_D, 'd', 'D'},          {HSP_KEY_F, 'f', 'F'},
    {HSP_KEY_G, 'g', 'G'},           {HSP_KEY_H, 'h', 'H'},          {HSP_KEY_J, 'j', 'J'},
    {HSP_KEY_K, 'k', 'K'},           {HSP_KEY_L, 'l', 'L'},          {HSP_KEY_SEMICOLON, ';', ':'},
    {HSP_KEY_APOSTROPHE, '\'', '"'}, {HSP_KEY_Z, 'z', 'Z'},          {HSP_KEY_X, 'x', 'X'},
    {HSP_KEY_C, 'c', 'C'},           {HSP_KEY_V, 'v', 'V'},          {HSP_KEY_B, 'b', 'B'},
    {HSP_KEY_N, 'n', 'N'},           {HSP_KEY_M, 'm', 'M'},          {HSP_KEY_COMMA, ',', '<'},
    {HSP_KEY_DOT, '.', '>'},         {HSP_KEY_SLASH, '/', '?'},
};

/* Keysyms that are no Latin-1 characters. */
static const struct {
    uint32_t keysym;
    uint8_t code;
} other_keys[] = {
    {0x0020, HSP_KEY_SPACE},
    {0xff08, HSP_KEY_BACKSPACE},
    {0xff09, HSP_KEY_TAB},
    {0xff0a, HSP_KEY_LINEFEED},
    {0xff0d, HSP_KEY_ENTER},
    {0xff13, HSP_KEY_PAUSE},
    {0xff14, HSP_KEY_SCROLLLOCK},
    {0xff15, HSP_KEY_SYSRQ},
    {0xff1b, HSP_KEY_ESC},
    {0xff20, HSP_KEY_COMPOSE},
    {0xff22, HSP_KEY_MUHENKAN},
    {0xff23, HSP_KEY_HENKAN},
    {0xff25, HSP_KEY_HIRAGANA},
    {0xff26, HSP_KEY_KATAKANA},
    {0xff27, HSP_KEY_KATAKANAHIRAGANA},
    {0xff2a, HSP_KEY_ZENKAKUHANKAKU},
    {0xff31, HSP_KEY_HANGEUL},
    {0xff34, HSP_KEY_HANJA},
    {0xff50, HSP_KEY_HOME},
    {0xff51, HSP_KEY_LEFT},
    {0xff52, HSP_KEY_UP},
    {0xff53, HSP_KEY_RIGHT},
    {0xff54, HSP_KEY_DOWN},
    {0xff55, HSP_KEY_PAGEUP},
    {0xff56, HSP_KEY_PAGEDOWN},
    {0xff57, HSP_KEY_END},
    {0xff61, HSP_KEY_SYSRQ},
    {0xff63, HSP_KEY_INSERT},
    {0xff65, HSP_KEY_UNDO},
    {0xff66, HSP_KEY_AGAIN},
    {0xff67, HSP_KEY_COMPOSE},
    {0xff68, HSP_KEY_FIND},
    {0xff6a, HSP_KEY_HELP},
    {0xff6b, HSP_KEY_PAUSE},
    {0xff7e, HSP_KEY_RIGHTALT},
    {0xff7f, HSP_KEY_NUMLOCK},
    {0xff8d, HSP_KEY_KPENTER},
    {0xff95, HSP_KEY_KP7},
    {0xff96, HSP_KEY_KP4},
    {0xff97, HSP_KEY_KP8},
    {0xff98, HSP_KEY_KP6},
    {0xff99, HSP_KEY_KP2},
    {0xff9a, HSP_KEY_KP9},
    {0xff9b, HSP_KEY_KP3},
    {0xff9c, HSP_KEY_KP1},
    {0xff9d, HSP_KEY_KP5},
    {0xff9e, HSP_KEY_KP0},
    {0xff9f, HSP_KEY_KPDOT},
    {0xffaa, HSP_KEY_KPASTERISK},
    {0xffab, HSP_KEY_KPPLUS},
    {0xffac, HSP_KEY_KPCOMMA},
    {0xffad, HSP_KEY_KPMINUS},
    {0xffae, HSP_KEY_KPDOT},
    {0xffaf, HSP_KEY_KPSLASH},
    {0xffb0, HSP_KEY_KP0},
    {0xffb1, HSP_KEY_KP1},
    {0xffb2, HSP_KEY_KP2},
    {0xffb3, HSP_KEY_KP3},
    {0xffb4, HSP_KEY_KP4},
    {0xffb5, HSP_KEY_KP5},
    {0xffb6, HSP_KEY_KP6},
    {0xffb7, HSP_KEY_KP7},
    {0xffb8, HSP_KEY_KP8},
    {0xffb9, HSP_KEY_KP9},
    {0xffbd, HSP_KEY_KPEQUAL},
    {0xffbe, HSP_KEY_F1},
    {0xffbf, HSP_KEY_F2},
    {0xffc0, HSP_KEY_F3},
    {0xffc1, HSP_KEY_F4},
    {0xffc2, HSP_KEY_F5},
    {0xffc3, HSP_KEY_F6},
    {0xffc4, HSP_KEY_F7},
    {0xffc5, HSP_KEY_F8},
    {0xffc6, HSP_KEY_F9},
    {0xffc7, HSP_KEY_F10},
    {0xffc8, HSP_KEY_F11},
    {0xffc9, HSP_KEY_F12},
    {0xffca, HSP_KEY_F13},
    {0xffcb, HSP_KEY_F14},
    {0xffcc, HSP_KEY_F15},
    {0xffcd, HSP_KEY_F16},
    {0xffce, HSP_KEY_F17},
    {0xffcf, HSP_KEY_F18},
    {0xffd0, HSP_KEY_F19},
    {0xffd1, HSP_KEY_F20},
    {0xffd2, HSP_KEY_F21},
    {0xffd3, HSP_KEY_F22},
    {0xffd4, HSP_KEY_F23},
    {0xffd5, HSP_KEY_F24},
    {0xffe1, HSP_KEY_LEFTSHIFT},
    {0xffe2, HSP_KEY_RIGHTSHIFT},
    {0xffe3, HSP_KEY_LEFTCTRL},
    {0xffe4, HSP_KEY_RIGHTCTRL},
    {0xffe5, HSP_KEY_CAPSLOCK},
    {0xffe7, HSP_KEY_LEFTALT}, /* Meta_L and Meta_R are on the Alt keys of a PC */
    {0xffe8, HSP_KEY_RIGHTALT},
    {0xffe9, HSP_KEY_LEFTALT},
    {0xffea, HSP_KEY_RIGHTALT},
    {0xffeb, HSP_KEY_LEFTMETA},
    {0xffec, HSP_KEY_RIGHTMETA},
    {0xffff, HSP_KEY_DELETE},
    {0xfe03, HSP_KEY_RIGHTALT}, /* ISO_Level3_Shift: AltGr */
    {0xfe20, HSP_KEY_TAB},      /* ISO_Left_Tab: Shift and Tab */
    {0x1008ff11, HSP_KEY_VOLUMEDOWN},
    {0x1008ff12, HSP_KEY_MUTE},
    {0x1008ff13, HSP_KEY_VOLUMEUP},
    {0x1008ff14, HSP_KEY_PLAYPAUSE},
    {0x1008ff15, HSP_KEY_STOPCD},
    {0x1008ff16, HSP_KEY_PREVIOUSSONG},
    {0x1008ff17, HSP_KEY_NEXTSONG},
    {0x1008ff18, HSP_KEY_HOMEPAGE},
    {0x1008ff19, HSP_KEY_MAIL},
    {0x1008ff1b, HSP_KEY_SEARCH},
    {0x1008ff1d, HSP_KEY_CALC},
    {0x1008ff26, HSP_KEY_BACK},
    {0x1008ff27, HSP_KEY_FORWARD},
    {0x1008ff29, HSP_KEY_REFRESH},
    {0x1008ff2a, HSP_KEY_POWER},
    {0x1008ff2f, HSP_KEY_SLEEP},
};

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

struct hsp_vnc_key hsp_vnc_key_from_keysym(uint32_t keysym)
{
    if (keysym > 0x01000000 && keysym < 0x01000080) /* ASCII, written as Unicode */
        keysym -= 0x01000000;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(printed_keys); i++) {
        bool letter = is_letter(printed_keys[i].plain);
        if (keysym == (uint32_t)printed_keys[i].plain)
            return (struct hsp_vnc_key){printed_keys[i].code,
                                        letter ? HSP_VNC_SHIFT_SMALL : HSP_VNC_SHIFT_UP};
        if (keysym == (uint32_t)printed_keys[i].shifted)
            return (struct hsp_vnc_key){printed_keys[i].code,
                                        letter ? HSP_VNC_SHIFT_LETTER : HSP_VNC_SHIFT_DOWN};
    }
    for (size_t i = 0; i < HSP_ARRAY_COUNT(other_keys); i++) {
        if (keysym == other_keys[i].keysym)
            return (struct hsp_vnc_key){other_keys[i].code, HSP_VNC_SHIFT_ANY};
    }
    return (struct hsp_vnc_key){0, HSP_VNC_SHIFT_ANY};
}

/* ------------------------------------------------------------------ scan codes */

/* The places that are numbered as in evdev up to 0x53; what follows is not. */
static const struct {
    uint8_t scancode, code;
} scancodes[] = {
    {0x56, HSP_KEY_102ND},        {0x57, HSP_KEY_F11},
    {0x58, HSP_KEY_F12},          {0x59, HSP_KEY_KPEQUAL},
    {0x64, HSP_KEY_F13},          {0x65, HSP_KEY_F14},
    {0x66, HSP_KEY_F15},          {0x67, HSP_KEY_F16},
    {0x68, HSP_KEY_F17},          {0x69, HSP_KEY_F18},
    {0x6a, HSP_KEY_F19},          {0x6b, HSP_KEY_F20},
    {0x6c, HSP_KEY_F21},          {0x6d, HSP_KEY_F22},
    {0x6e, HSP_KEY_F23},          {0x70, HSP_KEY_KATAKANAHIRAGANA},
    {0x71, HSP_KEY_HANJA},        {0x72, HSP_KEY_HANGEUL},
    {0x73, HSP_KEY_RO},           {0x76, HSP_KEY_F24},
    {0x77, HSP_KEY_HIRAGANA},     {0x78, HSP_KEY_KATAKANA},
    {0x79, HSP_KEY_HENKAN},       {0x7b, HSP_KEY_MUHENKAN},
    {0x7d, HSP_KEY_YEN},          {0x7e, HSP_KEY_KPCOMMA},
    {0x90, HSP_KEY_PREVIOUSSONG}, {0x99, HSP_KEY_NEXTSONG},
    {0x9c, HSP_KEY_KPENTER},      {0x9d, HSP_KEY_RIGHTCTRL},
    {0xa0, HSP_KEY_MUTE},         {0xa1, HSP_KEY_CALC},
    {0xa2, HSP_KEY_PLAYPAUSE},    {0xa4, HSP_KEY_STOPCD},
    {0xae, HSP_KEY_VOLUMEDOWN},   {0xb0, HSP_KEY_VOLUMEUP},
    {0xb2, HSP_KEY_HOMEPAGE},     {0xb5, HSP_KEY_KPSLASH},
    {0xb7, HSP_KEY_SYSRQ},        {0xb8, HSP_KEY_RIGHTALT},
    {0xc6, HSP_KEY_PAUSE},        {0xc7, HSP_KEY_HOME},
    {0xc8, HSP_KEY_UP},           {0xc9, HSP_KEY_PAGEUP},
    {0xcb, HSP_KEY_LEFT},         {0xcd, HSP_KEY_RIGHT},
    {0xcf, HSP_KEY_END},          {0xd0, HSP_KEY_DOWN},
    {0xd1, HSP_KEY_PAGEDOWN},     {0xd2, HSP_KEY_INSERT},
    {0xd3, HSP_KEY_DELETE},       {0xdb, HSP_KEY_LEFTMETA},
    {0xdc, HSP_KEY_RIGHTMETA},    {0xdd, HSP_KEY_COMPOSE},
    {0xde, HSP_KEY_POWER},        {0xdf, HSP_KEY_SLEEP},
    {0xe3, HSP_KEY_WAKEUP},       {0xe5, HSP_KEY_SEARCH},
    {0xe6, HSP_KEY_BOOKMARKS},    {0xe7, HSP_KEY_REFRESH},
    {0xe8, HSP_KEY_STOP},         {0xe9, HSP_KEY_FORWARD},
    {0xea, HSP_KEY_BACK},         {0xeb, HSP_KEY_COMPUTER},
    {0xec, HSP_KEY_MAIL},         {0xed, HSP_KEY_MEDIA},
};

uint32_t hsp_vnc_key_from_scancode(uint32_t scancode)
{
    if (scancode >= HSP_KEY_ESC && scancode <= HSP_KEY_KPDOT)
        return scancode;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(scancodes); i++) {
        if (scancode == scancodes[i].scancode)
            return scancodes[i].code;
    }
    return 0;
}
