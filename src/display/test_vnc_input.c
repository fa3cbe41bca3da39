/* SPDX-License-Identifier: MIT */
/* What VNC viewers do, as hesper-gpu hears of it. */
#include "display/test_vnc_fixture.h"

#include "base/evdev.h"
#include "base/test.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#define WIDTH  640
#define HEIGHT 480

#define KEYSYM_SHIFT_L   0xffe1
#define KEYSYM_CONTROL_L 0xffe3
#define KEYSYM_RETURN    0xff0d

struct input_fixture {
    struct test_vnc vnc;
    struct test_picture picture;
    int fd; /* a viewer's */
};

static void start(struct input_fixture *fixture)
{
    test_vnc_start(&fixture->vnc);
    test_picture_init(&fixture->picture, 0, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, 0, 0);
    test_picture_show(&fixture->picture, &fixture->vnc.client);
    fixture->fd = test_vnc_connect_bare(&fixture->vnc);
}

static void finish(struct input_fixture *fixture)
{
    close(fixture->fd);
    test_vnc_finish(&fixture->vnc);
    test_picture_finish(&fixture->picture);
}

static void send_key(int fd, uint32_t keysym, bool is_pressed)
{
    const uint8_t message[] = {4,
                               is_pressed,
                               0,
                               0,
                               (uint8_t)(keysym >> 24),
                               (uint8_t)(keysym >> 16),
                               (uint8_t)(keysym >> 8),
                               (uint8_t)keysym};

    test_socket_send(fd, message, sizeof(message));
}

static void send_pointer(int fd, uint8_t buttons, uint16_t x, uint16_t y)
{
    const uint8_t message[] = {5,          buttons,           (uint8_t)(x >> 8),
                               (uint8_t)x, (uint8_t)(y >> 8), (uint8_t)y};

    test_socket_send(fd, message, sizeof(message));
}

/* The next of any kind. */
static struct hsp_ipc_display_input receive(struct input_fixture *fixture)
{
    struct hsp_ipc_channel *channel = &fixture->vnc.client.channel;
    struct pollfd pollfd = {.fd = channel->socket_fd, .events = POLLIN};
    struct hsp_ipc_message message;
    struct hsp_ipc_display_input input;

    if (hsp_ipc_channel_receive_buffered(channel, &message) == 0) {
        HSP_CHECK_EQ(poll(&pollfd, 1, 20000), 1);
        HSP_CHECK_EQ(hsp_ipc_channel_receive(channel, &message), 1);
    }
    HSP_CHECK_EQ(message.type, HSP_IPC_DISPLAY_INPUT);
    HSP_CHECK(hsp_ipc_decode(&message, &input, sizeof(input), 0));
    return input;
}

static void expect_key(struct input_fixture *fixture, uint32_t code, bool is_pressed)
{
    struct hsp_ipc_display_input input = receive(fixture);

    HSP_CHECK_EQ(input.kind, HSP_IPC_INPUT_KEY);
    HSP_CHECK_EQ(input.code, code);
    HSP_CHECK_EQ(input.is_pressed, is_pressed);
}

static void expect_position(struct input_fixture *fixture, int32_t x, int32_t y)
{
    struct hsp_ipc_display_input input = receive(fixture);

    HSP_CHECK_EQ(input.kind, HSP_IPC_INPUT_POSITION);
    HSP_CHECK_EQ(input.scanout_id, 0);
    HSP_CHECK_EQ(input.x * WIDTH / HSP_IPC_INPUT_POSITION_END, x);
    HSP_CHECK_EQ(input.y * HEIGHT / HSP_IPC_INPUT_POSITION_END, y);
}

static void expect_nothing(struct input_fixture *fixture)
{
    struct hsp_ipc_channel *channel = &fixture->vnc.client.channel;
    struct pollfd pollfd = {.fd = channel->socket_fd, .events = POLLIN};
    struct hsp_ipc_message message;

    HSP_CHECK_EQ(hsp_ipc_channel_receive_buffered(channel, &message), 0);
    HSP_CHECK_EQ(poll(&pollfd, 1, 200), 0);
}

/* ------------------------------------------------------------------ keys */

HSP_TEST(keys_are_pressed_and_released)
{
    struct input_fixture fixture;

    start(&fixture);
    send_key(fixture.fd, 'a', true);
    send_key(fixture.fd, 'a', true); /* repeated */
    send_key(fixture.fd, 'a', false);
    send_key(fixture.fd, KEYSYM_RETURN, true);
    send_key(fixture.fd, KEYSYM_RETURN, false);
    send_key(fixture.fd, 0x12345, true); /* no key */
    expect_key(&fixture, HSP_KEY_A, true);
    expect_key(&fixture, HSP_KEY_A, false);
    expect_key(&fixture, HSP_KEY_ENTER, true);
    expect_key(&fixture, HSP_KEY_ENTER, false);
    expect_nothing(&fixture);
    finish(&fixture);
}

HSP_TEST(shift_is_as_the_viewer_has_it)
{
    struct input_fixture fixture;

    start(&fixture);
    send_key(fixture.fd, KEYSYM_SHIFT_L, true);
    send_key(fixture.fd, 'A', true);
    send_key(fixture.fd, 'A', false);
    send_key(fixture.fd, KEYSYM_SHIFT_L, false);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, true);
    expect_key(&fixture, HSP_KEY_A, true);
    expect_key(&fixture, HSP_KEY_A, false);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, false);
    finish(&fixture);
}

HSP_TEST(symbols_are_typed_with_the_shift_that_they_need)
{
    struct input_fixture fixture;

    start(&fixture);
    send_key(fixture.fd, '!', true);
    send_key(fixture.fd, '!', false);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, true);
    expect_key(&fixture, HSP_KEY_1, true);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, false);
    expect_key(&fixture, HSP_KEY_1, false);
    /* A keyboard that has the slash on Shift and 7. */
    send_key(fixture.fd, KEYSYM_SHIFT_L, true);
    send_key(fixture.fd, '/', true);
    send_key(fixture.fd, '/', false);
    send_key(fixture.fd, KEYSYM_SHIFT_L, false);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, true);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, false);
    expect_key(&fixture, HSP_KEY_SLASH, true);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, true);
    expect_key(&fixture, HSP_KEY_SLASH, false);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, false);
    finish(&fixture);
}

static void request(int fd)
{
    static const uint8_t message[] = {3, 0,          0,           0,           0,
                                      0, WIDTH >> 8, WIDTH & 255, HEIGHT >> 8, HEIGHT & 255};

    test_socket_send(fd, message, sizeof(message));
}

HSP_TEST(caps_lock_turns_letters_round)
{
    struct hsp_ipc_display_leds leds = {.leds = 1u << HSP_LED_CAPSL};
    static uint8_t bytes[16 + WIDTH * HEIGHT * 4];
    struct input_fixture fixture;

    start(&fixture);
    test_client_send(&fixture.vnc.client, HSP_IPC_DISPLAY_SET_LEDS, &leds, sizeof(leds), -1);
    test_picture_show(&fixture.picture, &fixture.vnc.client);
    request(fixture.fd);
    test_socket_receive(fixture.fd, bytes, sizeof(bytes)); /* it knows of the lamp now */
    send_key(fixture.fd, 'A', true);
    send_key(fixture.fd, 'A', false);
    send_key(fixture.fd, 'b', true);
    expect_key(&fixture, HSP_KEY_A, true);
    expect_key(&fixture, HSP_KEY_A, false);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, true);
    expect_key(&fixture, HSP_KEY_B, true);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, false);
    finish(&fixture);
}

HSP_TEST(place_of_a_key_beats_its_symbol)
{
    static const uint8_t encodings[] = {2, 0, 0, 1, 0xff, 0xff, 0xfe, 0xfe};
    static const uint8_t announcement[] = {0, 0, 0, 1, 0,    0,    0,    0,
                                           0, 0, 0, 0, 0xff, 0xff, 0xfe, 0xfe};
    static const uint8_t down[] = {255, 0, 0, 1, 0, 0, 0, 'z', 0, 0, 0, 0x15};
    static const uint8_t up[] = {255, 0, 0, 0, 0, 0, 0, 'z', 0, 0, 0, 0x15};
    static const uint8_t unknown[] = {255, 0, 0, 1, 0, 0, 0, 'q', 0, 0, 0, 0};
    struct input_fixture fixture;
    uint8_t bytes[sizeof(announcement)];

    start(&fixture);
    test_socket_send(fixture.fd, encodings, sizeof(encodings));
    request(fixture.fd);
    test_socket_receive(fixture.fd, bytes, sizeof(bytes));
    HSP_CHECK_EQ(memcmp(bytes, announcement, sizeof(bytes)), 0);
    test_socket_send(fixture.fd, down, sizeof(down));
    test_socket_send(fixture.fd, up, sizeof(up));
    test_socket_send(fixture.fd, unknown, sizeof(unknown));
    expect_key(&fixture, HSP_KEY_Y, true);
    expect_key(&fixture, HSP_KEY_Y, false);
    expect_key(&fixture, HSP_KEY_Q, true);
    finish(&fixture);
}

HSP_TEST(viewer_that_leaves_lets_go_of_all)
{
    struct input_fixture fixture;

    start(&fixture);
    send_key(fixture.fd, KEYSYM_CONTROL_L, true);
    send_key(fixture.fd, 'c', true);
    send_pointer(fixture.fd, 1, 5, 5);
    expect_key(&fixture, HSP_KEY_LEFTCTRL, true);
    expect_key(&fixture, HSP_KEY_C, true);
    expect_position(&fixture, 5, 5);
    expect_key(&fixture, HSP_BTN_LEFT, true);
    close(fixture.fd);
    expect_key(&fixture, HSP_KEY_LEFTCTRL, false);
    expect_key(&fixture, HSP_KEY_C, false);
    expect_key(&fixture, HSP_BTN_LEFT, false);
    expect_nothing(&fixture);
    fixture.fd = test_vnc_connect_bare(&fixture.vnc);
    finish(&fixture);
}

/* What it holds cannot be released any more; that must not disturb the end. */
HSP_TEST(display_ends_while_a_key_is_held)
{
    struct input_fixture fixture;

    start(&fixture);
    send_key(fixture.fd, 'a', true);
    send_pointer(fixture.fd, 1, 5, 5);
    expect_key(&fixture, HSP_KEY_A, true);
    expect_position(&fixture, 5, 5);
    expect_key(&fixture, HSP_BTN_LEFT, true);
    test_vnc_finish(&fixture.vnc);
    test_picture_finish(&fixture.picture);
    close(fixture.fd);
}

HSP_TEST(flood_of_keys_arrives_in_order)
{
    struct input_fixture fixture;

    start(&fixture);
    for (uint32_t i = 0; i < 1000; i++) {
        send_key(fixture.fd, 'a' + i % 26, true);
        send_key(fixture.fd, 'a' + i % 26, false);
    }
    for (uint32_t i = 0; i < 2000; i++)
        HSP_CHECK_EQ(receive(&fixture).is_pressed, i % 2 == 0);
    expect_nothing(&fixture);
    finish(&fixture);
}

/* ------------------------------------------------------------------ pointer */

HSP_TEST(pointer_and_buttons)
{
    struct input_fixture fixture;

    start(&fixture);
    send_pointer(fixture.fd, 0, 0, 0);
    expect_position(&fixture, 0, 0);
    send_pointer(fixture.fd, 0, WIDTH - 1, HEIGHT - 1);
    expect_position(&fixture, WIDTH - 1, HEIGHT - 1);
    send_pointer(fixture.fd, 0, 60000, 60000);
    expect_position(&fixture, WIDTH - 1, HEIGHT - 1);
    send_pointer(fixture.fd, 1 | 4, 100, 50);
    expect_position(&fixture, 100, 50);
    expect_key(&fixture, HSP_BTN_LEFT, true);
    expect_key(&fixture, HSP_BTN_RIGHT, true);
    send_pointer(fixture.fd, 2, 100, 50);
    expect_position(&fixture, 100, 50);
    expect_key(&fixture, HSP_BTN_LEFT, false);
    expect_key(&fixture, HSP_BTN_MIDDLE, true);
    expect_key(&fixture, HSP_BTN_RIGHT, false);
    finish(&fixture);
}

HSP_TEST(wheel_turns)
{
    static const struct {
        uint8_t button;
        int32_t x, y;
    } turns[] = {{8, 0, 1}, {16, 0, -1}, {32, -1, 0}, {64, 1, 0}};
    struct input_fixture fixture;

    start(&fixture);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(turns); i++) {
        struct hsp_ipc_display_input input;
        send_pointer(fixture.fd, turns[i].button, 7, 7);
        send_pointer(fixture.fd, 0, 7, 7);
        expect_position(&fixture, 7, 7);
        input = receive(&fixture);
        HSP_CHECK_EQ(input.kind, HSP_IPC_INPUT_WHEEL);
        HSP_CHECK_EQ(input.x, turns[i].x * HSP_WHEEL_NOTCH);
        HSP_CHECK_EQ(input.y, turns[i].y * HSP_WHEEL_NOTCH);
        expect_position(&fixture, 7, 7);
    }
    finish(&fixture);
}

/* ------------------------------------------------------------------ sizes */

HSP_TEST(viewer_asks_for_a_size)
{
    static const uint8_t message[] = {251, 0, 4, 0, 3, 0, 1, 0, 0, 0, 0, 1,
                                      0,   0, 0, 0, 4, 0, 3, 0, 0, 0, 0, 0}; /* 1024x768 */
    struct hsp_ipc_display_resized resized;
    struct input_fixture fixture;

    start(&fixture);
    test_socket_send(fixture.fd, message, sizeof(message));
    test_client_receive(&fixture.vnc.client, HSP_IPC_DISPLAY_RESIZED, &resized, sizeof(resized));
    HSP_CHECK_EQ(resized.scanout_id, 0);
    HSP_CHECK_EQ(resized.width, 1024);
    HSP_CHECK_EQ(resized.height, 768);
    finish(&fixture);
}

HSP_TEST(sizes_that_cannot_be_are_refused)
{
    static const uint8_t encodings[] = {2, 0, 0, 1, 0xff, 0xff, 0xfe, 0xcc};
    uint8_t message[] = {251, 0, 0xff, 0xff, 3, 0, 1, 0, 0, 0, 0, 1,
                         0,   0, 0,    0,    4, 0, 3, 0, 0, 0, 0, 0};
    struct input_fixture fixture;
    uint8_t bytes[16];

    start(&fixture);
    test_socket_send(fixture.fd, encodings, sizeof(encodings));
    test_socket_send(fixture.fd, message, sizeof(message));
    request(fixture.fd);
    test_socket_receive(fixture.fd, bytes, sizeof(bytes));
    HSP_CHECK_EQ(bytes[5], 1); /* this viewer's wish */
    HSP_CHECK_EQ(bytes[7], 3); /* is an invalid layout */
    HSP_CHECK_EQ(bytes[8] << 8 | bytes[9], WIDTH);
    expect_nothing(&fixture);
    finish(&fixture);
}

HSP_TEST_MAIN()
