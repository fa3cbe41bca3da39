/* SPDX-License-Identifier: MIT */
#include "display/vnc_viewer_private.h"

#include "display/vnc_keys.h"

#include <string.h>

/* Bits of RFB's button mask that are turns of the wheel. */
#define FIRST_WHEEL_BIT 3
#define LAST_WHEEL_BIT  6

static struct hsp_vnc_viewer *get_viewer(rfbClientPtr client)
{
    return client->screen->screenData;
}

/* ------------------------------------------------------------------ pointer */

static void put_button(struct hsp_vnc_viewer *viewer, int bit, bool is_pressed)
{
    static const uint32_t codes[] = {
        [0] = HSP_BTN_LEFT, [1] = HSP_BTN_MIDDLE, [2] = HSP_BTN_RIGHT, [7] = HSP_BTN_SIDE};
    static const struct hsp_vnc_event turns[] = {{.y = 1}, {.y = -1}, {.x = -1}, {.x = 1}};
    struct hsp_vnc_event event;

    if (bit >= FIRST_WHEEL_BIT && bit <= LAST_WHEEL_BIT) {
        if (!is_pressed)
            return;
        event = turns[bit - FIRST_WHEEL_BIT];
        event.kind = HSP_VNC_EVENT_WHEEL;
    } else {
        event = (struct hsp_vnc_event){
            .kind = HSP_VNC_EVENT_KEY, .code = codes[bit], .is_pressed = is_pressed};
    }
    hsp_vnc_feed_put_event(&viewer->feed, &event);
}

static void on_pointer(int button_mask, int x, int y, rfbClientPtr client)
{
    struct hsp_vnc_viewer *viewer = get_viewer(client);
    struct hsp_vnc_event event = {.kind = HSP_VNC_EVENT_POSITION, .x = x, .y = y};
    uint8_t changed = viewer->button_mask ^ (uint8_t)button_mask;

    hsp_vnc_feed_put_event(&viewer->feed, &event);
    viewer->button_mask = (uint8_t)button_mask;
    for (int bit = 0; bit < 8; bit++) {
        if (changed & 1 << bit)
            put_button(viewer, bit, button_mask & 1 << bit);
    }
}

/* ------------------------------------------------------------------ keys */

static void put_key(struct hsp_vnc_viewer *viewer, uint32_t code, bool is_pressed)
{
    struct hsp_vnc_event event = {
        .kind = HSP_VNC_EVENT_KEY, .code = code, .is_pressed = is_pressed};

    if (code == HSP_KEY_LEFTSHIFT || code == HSP_KEY_RIGHTSHIFT) {
        uint8_t bit = code == HSP_KEY_LEFTSHIFT ? 1 : 2;
        viewer->shifts = is_pressed ? viewer->shifts | bit : viewer->shifts & (uint8_t)~bit;
    }
    if (code < HSP_ARRAY_COUNT(viewer->held_codes))
        viewer->held_codes[code] = is_pressed;
    hsp_vnc_feed_put_event(&viewer->feed, &event);
}

/* Whether a US keyboard needs Shift for the symbol now. */
static bool needs_shift(const struct hsp_vnc_viewer *viewer, enum hsp_vnc_shift shift)
{
    bool has_caps_lock = viewer->leds & 1u << HSP_LED_CAPSL;

    switch (shift) {
    case HSP_VNC_SHIFT_DOWN:
        return true;
    case HSP_VNC_SHIFT_LETTER:
        return !has_caps_lock;
    case HSP_VNC_SHIFT_SMALL:
        return has_caps_lock;
    case HSP_VNC_SHIFT_ANY:
    case HSP_VNC_SHIFT_UP:
        break;
    }
    return false;
}

/* Presses a key as if Shift were held, or not: viewers with other keyboards, and those that send
 * symbols without Shift, mean the symbol. */
static void put_shifted(struct hsp_vnc_viewer *viewer, uint32_t code, bool with_shift)
{
    uint8_t shifts = viewer->shifts;

    if (with_shift)
        put_key(viewer, HSP_KEY_LEFTSHIFT, true);
    if (shifts & 1)
        put_key(viewer, HSP_KEY_LEFTSHIFT, false);
    if (shifts & 2)
        put_key(viewer, HSP_KEY_RIGHTSHIFT, false);
    put_key(viewer, code, true);
    if (with_shift)
        put_key(viewer, HSP_KEY_LEFTSHIFT, false);
    if (shifts & 1)
        put_key(viewer, HSP_KEY_LEFTSHIFT, true);
    if (shifts & 2)
        put_key(viewer, HSP_KEY_RIGHTSHIFT, true);
}

static void on_key(rfbBool is_pressed, rfbKeySym keysym, rfbClientPtr client)
{
    struct hsp_vnc_viewer *viewer = get_viewer(client);
    struct hsp_vnc_key key = hsp_vnc_key_from_keysym(keysym);
    bool with_shift = needs_shift(viewer, key.shift);

    if (key.code == 0)
        return;
    if (!is_pressed || key.shift == HSP_VNC_SHIFT_ANY || viewer->held_codes[key.code] ||
        with_shift == (viewer->shifts != 0))
        put_key(viewer, key.code, is_pressed);
    else
        put_shifted(viewer, key.code, with_shift);
}

/* ------------------------------------------------------------------ Extended Key Events */

/* QEMU's extension of RFB: keys with their places. The server says that it knows it by a rectangle
 * of that pseudo-encoding. */
static rfbBool on_pseudo_encoding(rfbClientPtr client, void **data, int encoding)
{
    get_viewer(client)->announces_keys = true;
    return TRUE;
}

bool hsp_vnc_viewer_announce_keys(struct hsp_vnc_viewer *viewer)
{
    static const uint8_t message[] = {
        rfbFramebufferUpdate,
        0,
        0,
        1, /* of one rectangle, */
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0, /* that is empty, */
        0xff,
        0xff,
        0xfe,
        0xfe, /* of encoding -258 */
    };

    if (!viewer->announces_keys)
        return false;
    viewer->announces_keys = false;
    if (rfbWriteExact(viewer->client, (const char *)message, sizeof(message)) <= 0)
        rfbCloseClient(viewer->client);
    return true;
}

static uint32_t read_be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static rfbBool on_extended_message(rfbClientPtr client, void *data,
                                   const rfbClientToServerMsg *message)
{
    uint8_t rest[sz_rfbQemuExtendedKeyEventMsg - 1]; /* subtype, down (2), keysym (4), place (4) */
    uint32_t code;
    bool is_pressed;

    if (message->type != rfbQemuEvent)
        return FALSE;
    if (rfbReadExact(client, (char *)rest, sizeof(rest)) <= 0 || rest[0] != 0) {
        rfbCloseClient(client);
        return TRUE;
    }
    is_pressed = rest[1] || rest[2];
    code = hsp_vnc_key_from_scancode(read_be32(&rest[7]));
    if (code != 0)
        put_key(get_viewer(client), code, is_pressed);
    else
        on_key(is_pressed, read_be32(&rest[3]), client);
    return TRUE;
}

void hsp_vnc_viewer_init_extension(void)
{
    static int encodings[] = {(int)rfbEncodingQemuExtendedKeyEvent, 0};
    static rfbProtocolExtension extension = {
        .pseudoEncodings = encodings,
        .enablePseudoEncoding = on_pseudo_encoding,
        .handleMessage = on_extended_message,
    };

    rfbRegisterProtocolExtension(&extension);
}

/* ------------------------------------------------------------------ sizes */

/* The answer is the next update, or, when the guest follows, the one with the new size. */
static int request_size(struct hsp_vnc_viewer *viewer, uint32_t width, uint32_t height,
                        unsigned screen_count)
{
    struct hsp_vnc_event event = {
        .kind = HSP_VNC_EVENT_SIZE, .x = (int32_t)width, .y = (int32_t)height};

    if (width < 1 || height < 1 || width > HSP_VNC_CANVAS_EXTENT ||
        height > HSP_VNC_CANVAS_EXTENT || screen_count != 1)
        return rfbExtDesktopSize_InvalidScreenLayout;
    hsp_vnc_feed_put_event(&viewer->feed, &event);
    return rfbExtDesktopSize_Success;
}

void hsp_vnc_viewer_receive_size(struct hsp_vnc_viewer *viewer)
{
    rfbClientPtr client = viewer->client;
    uint8_t head[8]; /* type, padding, width (2), height (2), screens, padding */
    char screens[UINT8_MAX * sz_rfbExtDesktopScreen];
    int status = rfbReadExact(client, (char *)head, sizeof(head));

    if (status > 0 && head[6] > 0)
        status = rfbReadExact(client, screens, head[6] * sz_rfbExtDesktopScreen);
    if (status <= 0) {
        rfbCloseClient(client);
        return;
    }
    client->requestedDesktopSizeChange = rfbExtDesktopSize_ClientRequestedChange;
    client->lastDesktopSizeChangeError = request_size(viewer, (uint32_t)head[2] << 8 | head[3],
                                                      (uint32_t)head[4] << 8 | head[5], head[6]);
    if (client->lastDesktopSizeChangeError != rfbExtDesktopSize_Success)
        client->newFBSizePending = TRUE;
}

void hsp_vnc_viewer_init_input(struct hsp_vnc_viewer *viewer)
{
    rfbScreenInfoPtr screen = viewer->screen;

    screen->kbdAddEvent = on_key;
    screen->ptrAddEvent = on_pointer;
}
