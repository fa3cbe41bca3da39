/* SPDX-License-Identifier: MIT */
/* Users of a backend that does nothing else, and what hesper-gpu hears of them. */
#include "display/private.h"

#include "base/fd.h"
#include "base/test.h"

#include <errno.h>
#include <unistd.h>

static struct hsp_display_backend fake_backend;
static uint32_t shown_leds;

static int create(struct hsp_display *display, const struct hsp_display_options *options,
                  struct hsp_display_backend **out)
{
    (void)display;
    (void)options;
    *out = &fake_backend;
    return 0;
}

static void destroy(struct hsp_display_backend *backend)
{
    (void)backend;
}

static void set_leds(struct hsp_display_backend *backend, uint32_t leds)
{
    HSP_CHECK(backend == &fake_backend);
    shown_leds = leds;
}

static const struct hsp_display_backend_ops fake_ops = {
    .name = "fake",
    .create = create,
    .destroy = destroy,
    .set_leds = set_leds,
};

/* A display, and hesper-gpu's end of its channel. */
struct fixture {
    struct hsp_display *display;
    struct hsp_ipc_channel channel;
};

static void fixture_init(struct fixture *fixture)
{
    const struct hsp_display_options options = {.name = ""};
    int fds[2];

    fake_backend.ops = &fake_ops;
    HSP_CHECK_EQ(hsp_fd_socketpair(fds), 0);
    HSP_CHECK_EQ(hsp_fd_set_nonblocking(fds[0], true), 0);
    hsp_ipc_channel_init(&fixture->channel, fds[0]);
    HSP_CHECK_EQ(hsp_display_create(fds[1], NULL, &fake_ops, &options, &fixture->display), 0);
}

static void fixture_finish(struct fixture *fixture)
{
    HSP_CHECK(hsp_display_destroy(fixture->display));
    hsp_ipc_channel_finish(&fixture->channel);
    uv_library_shutdown(); /* libuv's own pipe */
}

static struct hsp_display_user *create_user(struct fixture *fixture)
{
    struct hsp_display_user *user;

    HSP_CHECK_EQ(hsp_display_user_create(fixture->display, &user), 0);
    return user;
}

static struct hsp_ipc_display_input receive(struct fixture *fixture)
{
    struct hsp_ipc_display_input input;
    struct hsp_ipc_message message;

    HSP_CHECK_EQ(hsp_ipc_channel_receive(&fixture->channel, &message), 1);
    HSP_CHECK_EQ(message.type, HSP_IPC_DISPLAY_INPUT);
    HSP_CHECK(hsp_ipc_decode(&message, &input, sizeof(input), 0));
    hsp_ipc_message_finish(&message);
    HSP_CHECK(input.start_ns > 0 && input.start_ns <= hsp_now_ns());
    return input;
}

static void expect_key(struct fixture *fixture, uint32_t code, bool is_pressed)
{
    struct hsp_ipc_display_input input = receive(fixture);

    HSP_CHECK_EQ(input.kind, HSP_IPC_INPUT_KEY);
    HSP_CHECK_EQ(input.code, code);
    HSP_CHECK_EQ(input.is_pressed, is_pressed);
}

static void expect_nothing(struct fixture *fixture)
{
    struct hsp_ipc_message message;

    HSP_CHECK_EQ(hsp_ipc_channel_receive(&fixture->channel, &message), 0);
}

HSP_TEST(a_key_goes_down_and_up_once)
{
    struct fixture fixture;
    struct hsp_display_user *user;

    fixture_init(&fixture);
    user = create_user(&fixture);
    hsp_display_user_send_key(user, HSP_KEY_A, false);
    expect_nothing(&fixture);
    hsp_display_user_send_key(user, HSP_KEY_A, true);
    hsp_display_user_send_key(user, HSP_KEY_A, true); /* a host's key repeat */
    expect_key(&fixture, HSP_KEY_A, true);
    expect_nothing(&fixture);
    hsp_display_user_send_key(user, HSP_KEY_A, false);
    expect_key(&fixture, HSP_KEY_A, false);
    hsp_display_user_send_key(user, 0, true);
    hsp_display_user_send_key(user, HSP_KEY_COUNT, true);
    expect_nothing(&fixture);
    hsp_display_user_destroy(user);
    fixture_finish(&fixture);
}

HSP_TEST(who_loses_the_focus_or_leaves_holds_nothing)
{
    struct fixture fixture;
    struct hsp_display_user *user;

    fixture_init(&fixture);
    user = create_user(&fixture);
    hsp_display_user_send_key(user, HSP_KEY_LEFTCTRL, true);
    hsp_display_user_send_key(user, HSP_BTN_LEFT, true);
    expect_key(&fixture, HSP_KEY_LEFTCTRL, true);
    expect_key(&fixture, HSP_BTN_LEFT, true);
    hsp_display_user_release(user);
    expect_key(&fixture, HSP_KEY_LEFTCTRL, false);
    expect_key(&fixture, HSP_BTN_LEFT, false);
    hsp_display_user_send_key(user, HSP_KEY_Z, true);
    expect_key(&fixture, HSP_KEY_Z, true);
    hsp_display_user_destroy(user);
    expect_key(&fixture, HSP_KEY_Z, false);
    expect_nothing(&fixture);
    fixture_finish(&fixture);
}

HSP_TEST(a_key_that_two_hold_is_up_when_both_let_go)
{
    struct fixture fixture;
    struct hsp_display_user *one, *other;

    fixture_init(&fixture);
    one = create_user(&fixture);
    other = create_user(&fixture);
    hsp_display_user_send_key(one, HSP_KEY_LEFTSHIFT, true);
    hsp_display_user_send_key(other, HSP_KEY_LEFTSHIFT, true);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, true);
    hsp_display_user_destroy(one);
    expect_nothing(&fixture);
    hsp_display_user_send_key(other, HSP_KEY_LEFTSHIFT, false);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, false);
    hsp_display_user_destroy(other);
    expect_nothing(&fixture);
    fixture_finish(&fixture);
}

static void expect_position(struct fixture *fixture, int32_t x, int32_t y)
{
    struct hsp_ipc_display_input input = receive(fixture);

    HSP_CHECK_EQ(input.kind, HSP_IPC_INPUT_POSITION);
    HSP_CHECK_EQ(input.scanout_id, 1);
    HSP_CHECK_EQ(input.x, x);
    HSP_CHECK_EQ(input.y, y);
}

HSP_TEST(positions_are_parts_of_the_picture)
{
    struct hsp_display_picture picture = {.rect = {.width = 256, .height = 16384}};
    struct fixture fixture;
    struct hsp_display_user *user;

    fixture_init(&fixture);
    user = create_user(&fixture);
    hsp_display_user_send_position(user, 1, 0, 0);
    hsp_display_user_send_position(user, HSP_LIMIT_SCANOUT_COUNT, 0, 0);
    expect_nothing(&fixture); /* it is off */
    fixture.display->scanouts[1].picture = &picture;
    hsp_display_user_send_position(user, 1, 0, 0);
    expect_position(&fixture, 128, 2); /* the middle of the pixel */
    hsp_display_user_send_position(user, 1, 255, 16383);
    expect_position(&fixture, 65536 - 128, 65536 - 2);
    hsp_display_user_send_position(user, 1, INT32_MIN, INT32_MAX);
    expect_position(&fixture, 128, 65536 - 2);
    fixture.display->scanouts[1].picture = NULL;
    hsp_display_user_destroy(user);
    fixture_finish(&fixture);
}

HSP_TEST(motions_and_the_wheel_go_as_they_are)
{
    struct hsp_ipc_display_input input;
    struct hsp_display_user *user;
    struct fixture fixture;

    fixture_init(&fixture);
    user = create_user(&fixture);
    hsp_display_user_send_motion(user, 0, 0);
    hsp_display_user_send_wheel(user, 0, 0);
    expect_nothing(&fixture);
    hsp_display_user_send_motion(user, -3, 7);
    input = receive(&fixture);
    HSP_CHECK_EQ(input.kind, HSP_IPC_INPUT_MOTION);
    HSP_CHECK_EQ(input.x, -3);
    HSP_CHECK_EQ(input.y, 7);
    hsp_display_user_send_wheel(user, -HSP_WHEEL_NOTCH, 15);
    input = receive(&fixture);
    HSP_CHECK_EQ(input.kind, HSP_IPC_INPUT_WHEEL);
    HSP_CHECK_EQ(input.x, 15);
    HSP_CHECK_EQ(input.y, -HSP_WHEEL_NOTCH);
    hsp_display_user_destroy(user);
    fixture_finish(&fixture);
}

HSP_TEST(lamps_reach_the_backend)
{
    struct hsp_ipc_display_leds leds = {.leds = 1u << HSP_LED_CAPSL};
    struct hsp_ipc_message message = {
        .type = HSP_IPC_DISPLAY_SET_LEDS,
        .payload = &leds,
        .payload_size = sizeof(leds),
    };
    struct fixture fixture;

    fixture_init(&fixture);
    HSP_CHECK_EQ(hsp_display_handle_set_leds(fixture.display, &message), 0);
    HSP_CHECK_EQ(shown_leds, 1u << HSP_LED_CAPSL);
    message.payload_size--;
    HSP_CHECK_EQ(hsp_display_handle_set_leds(fixture.display, &message), -EPROTO);
    fixture_finish(&fixture);
}

HSP_TEST_MAIN()
