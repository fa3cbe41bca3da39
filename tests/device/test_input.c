/* SPDX-License-Identifier: MIT */
/* Keyboard, tablet and mouse: from what a display sends to the buffers of a guest's driver. */
#include "commands.h"

#include "base/evdev.h"
#include "base/fd.h"
#include "input/config.h"
#include "ipc/messages.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As many buffers as QEMU's vhost-user-input has in its queue. */
#define BUFFER_COUNT 4

/* A virtio-gpu, and beside it one input device. */
struct fixture {
    struct fe gpu, input;
    struct fe_request *buffers[BUFFER_COUNT]; /* in the order of the queue */
    uint32_t next;
};

static void give_buffer(struct fixture *fixture, uint32_t index)
{
    fixture->buffers[index] =
        fe_submit(&fixture->input, HSP_INPUT_QUEUE_EVENT, NULL, 0, sizeof(struct hsp_input_event));
}

static void give_buffers(struct fixture *fixture)
{
    for (uint32_t i = 0; i < BUFFER_COUNT; i++)
        give_buffer(fixture, i);
    fixture->next = 0;
}

static int move_up(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 20);

    HSP_CHECK(copy >= 0);
    close(fd);
    return copy;
}

static void fixture_init_with(struct fixture *fixture, const char *kind, const char *argument)
{
    char input_argument[32];
    const char *arguments[] = {input_argument, argument, NULL};
    struct fe_options options = {.arguments = arguments, .fd_count = 1};
    int fds[2];

    memset(fixture, 0, sizeof(*fixture));
    snprintf(input_argument, sizeof(input_argument), "--input-fd=%s:4", kind);
    HSP_CHECK_EQ(hsp_fd_socketpair(fds), 0);
    options.fds[0] = fds[1] = move_up(fds[1]);
    fe_start(&fixture->gpu, &options);
    close(fds[1]);
    HSP_CHECK_EQ(cmd_create_2d(&fixture->gpu, 1, 64, 64), OK);
    HSP_CHECK_EQ(cmd_set_scanout(&fixture->gpu, 0, 1, 64, 64), OK);
    fe_connect(&fixture->input, fds[0]);
}

static void fixture_init(struct fixture *fixture, const char *kind)
{
    fixture_init_with(fixture, kind, NULL);
    give_buffers(fixture);
}

static void fixture_finish(struct fixture *fixture)
{
    fe_disconnect(&fixture->input);
    fe_stop(&fixture->gpu);
}

/* Has the display do these things, a line each. */
static void start_script(struct fixture *fixture, const char *lines)
{
    char path[128], new_path[136];
    FILE *file;

    snprintf(path, sizeof(path), "%s/script", fixture->gpu.folder);
    snprintf(new_path, sizeof(new_path), "%s.new", path);
    file = fopen(new_path, "we");
    HSP_CHECK(file != NULL);
    fputs(lines, file);
    fclose(file);
    HSP_CHECK_EQ(rename(new_path, path), 0);
    HSP_CHECK_EQ(cmd_flush(&fixture->gpu, 1, 0, 0, 1, 1), OK);
}

static void play(struct fixture *fixture, const char *lines)
{
    start_script(fixture, lines);
    fe_wait_log(&fixture->gpu, "script done");
}

/* The next event; its buffer is given back. */
static struct hsp_input_event read_event(struct fixture *fixture)
{
    struct fe_request *buffer = fixture->buffers[fixture->next];
    struct hsp_input_event event;

    fe_wait(&fixture->input, buffer);
    HSP_CHECK_EQ(buffer->written, sizeof(event));
    memcpy(&event, fe_response(&fixture->input, buffer), sizeof(event));
    free(buffer);
    give_buffer(fixture, fixture->next);
    fixture->next = (fixture->next + 1) % BUFFER_COUNT;
    return event;
}

static void expect(struct fixture *fixture, uint16_t type, uint16_t code, int32_t value)
{
    struct hsp_input_event event = read_event(fixture);

    HSP_CHECK_EQ(event.type, type);
    HSP_CHECK_EQ(event.code, code);
    HSP_CHECK_EQ((int32_t)event.value, value);
}

static void expect_key(struct fixture *fixture, uint16_t code, int32_t value)
{
    expect(fixture, HSP_EV_KEY, code, value);
    expect(fixture, HSP_EV_SYN, 0, 0);
}

static void expect_nothing(struct fixture *fixture)
{
    fe_check_not_done(&fixture->input, fixture->buffers[fixture->next]);
}

/* ------------------------------------------------------------------ config space */

static struct hsp_input_config query(struct fe *fe, uint8_t select, uint8_t subsel)
{
    struct {
        uint32_t offset, size, flags;
        uint8_t data[sizeof(struct hsp_input_config)];
    } message = {.size = sizeof(struct hsp_input_config)};
    struct hsp_input_config config;

    /* QEMU writes all of the space when the driver writes a byte of it. */
    memset(message.data, 0xff, sizeof(message.data));
    message.data[0] = select;
    message.data[1] = subsel;
    HSP_CHECK_EQ(fe_call_acked(fe, HSP_VHOST_SET_CONFIG, &message, sizeof(message), NULL, 0), 0);
    HSP_CHECK_EQ(
        fe_call(fe, HSP_VHOST_GET_CONFIG, &message, sizeof(message), &message, sizeof(message)),
        sizeof(message));
    memcpy(&config, message.data, sizeof(config));
    HSP_CHECK_EQ(config.select, select);
    HSP_CHECK_EQ(config.subsel, subsel);
    return config;
}

HSP_TEST(config_space_is_read_as_qemu_does_it)
{
    struct fixture fixture;
    struct hsp_input_config config;

    fixture_init(&fixture, "tablet");
    config = query(&fixture.input, HSP_INPUT_CONFIG_ID_NAME, 0);
    HSP_CHECK_EQ(config.size, strlen("hesper tablet"));
    HSP_CHECK(memcmp(config.text, "hesper tablet", config.size) == 0);
    config = query(&fixture.input, HSP_INPUT_CONFIG_ABS_INFO, HSP_ABS_X);
    HSP_CHECK_EQ(config.abs.max, HSP_INPUT_ABS_MAX);
    HSP_CHECK_EQ(query(&fixture.input, 0xee, 0xdd).size, 0);
    fixture_finish(&fixture);
}

/* ------------------------------------------------------------------ events */

HSP_TEST(keys_reach_the_driver)
{
    struct fixture fixture;

    fixture_init(&fixture, "keyboard");
    play(&fixture, "key 30 1\nkey 30 0\nkey 42 1\n");
    expect_key(&fixture, HSP_KEY_A, 1);
    expect_key(&fixture, HSP_KEY_A, 0);
    expect_key(&fixture, HSP_KEY_LEFTSHIFT, 1);
    /* What a keyboard has no key for. */
    play(&fixture, "key 272 1\nkey 0 1\nkey 99999 1\nposition 0 1 1\nmotion 1 1\nwheel 1 1\n"
                   "kind 77\n");
    expect_nothing(&fixture);
    fixture_finish(&fixture);
}

HSP_TEST(keys_are_released_when_the_display_dies)
{
    struct fixture fixture;

    fixture_init(&fixture, "keyboard");
    play(&fixture, "key 29 1\nkey 30 1\n");
    expect_key(&fixture, HSP_KEY_LEFTCTRL, 1);
    expect_key(&fixture, HSP_KEY_A, 1);
    start_script(&fixture, "die\n");
    expect_key(&fixture, HSP_KEY_LEFTCTRL, 0);
    expect_key(&fixture, HSP_KEY_A, 0);
    expect_nothing(&fixture);
    fixture_finish(&fixture);
}

HSP_TEST(events_wait_for_buffers)
{
    struct fixture fixture;

    fixture_init_with(&fixture, "keyboard", NULL);
    play(&fixture, "key 30 1\nkey 30 0\nkey 31 1\n");
    give_buffers(&fixture);
    expect_key(&fixture, HSP_KEY_A, 1);
    expect_key(&fixture, HSP_KEY_A, 0);
    expect_key(&fixture, HSP_KEY_S, 1);
    expect_nothing(&fixture);
    fixture_finish(&fixture);
}

HSP_TEST(events_wait_while_the_machine_is_paused)
{
    struct fixture fixture;

    fixture_init(&fixture, "keyboard");
    play(&fixture, "key 30 1\n");
    expect_key(&fixture, HSP_KEY_A, 1);
    fe_stop_queues(&fixture.input);
    play(&fixture, "key 30 0\n");
    expect_nothing(&fixture);
    fe_start_queues(&fixture.input, false);
    expect_key(&fixture, HSP_KEY_A, 0);
    fixture_finish(&fixture);
}

HSP_TEST(new_driver_gets_nothing_of_the_old_ones)
{
    struct fixture fixture;

    fixture_init_with(&fixture, "keyboard", NULL);
    play(&fixture, "key 30 1\nkey 31 1\nkey 31 0\n");
    fe_stop_queues(&fixture.input);
    fe_start_queues(&fixture.input, true);
    give_buffers(&fixture);
    expect_nothing(&fixture);
    /* The key that it never saw go down does not go up. */
    play(&fixture, "key 30 0\nkey 32 1\n");
    expect_key(&fixture, HSP_KEY_D, 1);
    expect_nothing(&fixture);
    fixture_finish(&fixture);
}

HSP_TEST(pointer_is_where_it_is_on_the_desktop)
{
    struct fixture fixture;

    fixture_init_with(&fixture, "tablet", "--outputs=2");
    give_buffers(&fixture);
    play(&fixture, "position 0 0 32768\n"); /* of 65536 parts */
    expect(&fixture, HSP_EV_ABS, HSP_ABS_X, 0);
    expect(&fixture, HSP_EV_ABS, HSP_ABS_Y, 16384);
    expect(&fixture, HSP_EV_SYN, 0, 0);
    play(&fixture, "position 1 0 65535\n");
    expect(&fixture, HSP_EV_ABS, HSP_ABS_X, 16384);
    expect(&fixture, HSP_EV_ABS, HSP_ABS_Y, 32767);
    expect(&fixture, HSP_EV_SYN, 0, 0);
    play(&fixture, "position 1 2000000 -5\nkey 272 1\n");
    expect(&fixture, HSP_EV_ABS, HSP_ABS_X, 32767);
    expect(&fixture, HSP_EV_ABS, HSP_ABS_Y, 0);
    expect(&fixture, HSP_EV_SYN, 0, 0);
    expect_key(&fixture, HSP_BTN_LEFT, 1);
    play(&fixture, "position 2 0 0\nposition 4294967295 0 0\n");
    expect_nothing(&fixture);
    fixture_finish(&fixture);
}

HSP_TEST(mouse_moves_and_turns_its_wheel)
{
    struct fixture fixture;

    fixture_init(&fixture, "mouse");
    play(&fixture, "motion -5 7\n");
    expect(&fixture, HSP_EV_REL, HSP_REL_X, -5);
    expect(&fixture, HSP_EV_REL, HSP_REL_Y, 7);
    expect(&fixture, HSP_EV_SYN, 0, 0);
    play(&fixture, "wheel 0 -120\n");
    expect(&fixture, HSP_EV_REL, HSP_REL_WHEEL_HI_RES, -120);
    expect(&fixture, HSP_EV_REL, HSP_REL_WHEEL, -1);
    expect(&fixture, HSP_EV_SYN, 0, 0);
    play(&fixture, "position 0 5 5\n"); /* there is no tablet, and the mouse stays the pointer */
    expect_nothing(&fixture);
    fixture_finish(&fixture);
}

static void expect_axes(struct fixture *fixture, uint16_t type, int32_t x, int32_t y)
{
    expect(fixture, type, 0, x);
    expect(fixture, type, 1, y);
    expect(fixture, HSP_EV_SYN, 0, 0);
}

HSP_TEST(buttons_go_to_the_pointer_that_moved_last)
{
    const char *arguments[] = {"--input-fd=tablet:4", "--input-fd=mouse:5", NULL};
    struct fe_options options = {.arguments = arguments, .fd_count = 2};
    struct fixture tablet = {0}, mouse = {0}; /* the GPU is in the first */
    int fds[2][2];

    for (int i = 0; i < 2; i++) {
        HSP_CHECK_EQ(hsp_fd_socketpair(fds[i]), 0);
        options.fds[i] = fds[i][1] = move_up(fds[i][1]);
    }
    fe_start(&tablet.gpu, &options);
    close(fds[0][1]);
    close(fds[1][1]);
    HSP_CHECK_EQ(cmd_create_2d(&tablet.gpu, 1, 64, 64), OK);
    HSP_CHECK_EQ(cmd_set_scanout(&tablet.gpu, 0, 1, 64, 64), OK);
    fe_connect(&tablet.input, fds[0][0]);
    fe_connect(&mouse.input, fds[1][0]);
    give_buffers(&tablet);
    give_buffers(&mouse);

    play(&tablet, "position 0 0 0\nkey 272 1\nmotion 3 4\nkey 272 0\nkey 273 1\n");
    expect_axes(&tablet, HSP_EV_ABS, 0, 0);
    expect_key(&tablet, HSP_BTN_LEFT, 1);
    expect_key(&tablet, HSP_BTN_LEFT, 0); /* there, where it was pressed */
    expect_axes(&mouse, HSP_EV_REL, 3, 4);
    expect_key(&mouse, HSP_BTN_RIGHT, 1);
    play(&tablet, "position 0 0 0\nwheel 0 120\nkey 273 0\n");
    expect_axes(&tablet, HSP_EV_ABS, 0, 0);
    expect(&tablet, HSP_EV_REL, HSP_REL_WHEEL_HI_RES, 120);
    expect(&tablet, HSP_EV_REL, HSP_REL_WHEEL, 1);
    expect(&tablet, HSP_EV_SYN, 0, 0);
    expect_key(&mouse, HSP_BTN_RIGHT, 0);
    expect_nothing(&tablet);
    expect_nothing(&mouse);
    fe_disconnect(&mouse.input);
    fixture_finish(&tablet);
}

/* ------------------------------------------------------------------ lamps */

static void set_led(struct fixture *fixture, uint16_t code, uint32_t value)
{
    struct hsp_input_event event = {HSP_EV_LED, code, value};
    struct fe_request *request =
        fe_submit(&fixture->input, HSP_INPUT_QUEUE_STATUS, &event, sizeof(event), 0);

    fe_wait(&fixture->input, request);
    HSP_CHECK_EQ(request->written, 0);
    free(request);
}

HSP_TEST(lamps_reach_every_display)
{
    struct fixture fixture;

    fixture_init(&fixture, "keyboard");
    set_led(&fixture, HSP_LED_CAPSL, 1);
    fe_wait_log(&fixture.gpu, "leds 2");
    set_led(&fixture, HSP_LED_NUML, 1);
    fe_wait_log(&fixture.gpu, "leds 3");
    set_led(&fixture, HSP_LED_CAPSL, 0);
    fe_wait_log(&fixture.gpu, "leds 1");
    start_script(&fixture, "die\n");
    fe_wait_log(&fixture.gpu, "display begin");
    fe_wait_log(&fixture.gpu, "leds 1");
    fe_stop_queues(&fixture.input);
    fe_start_queues(&fixture.input, true);
    fe_wait_log(&fixture.gpu, "leds 0");
    fixture_finish(&fixture);
}

HSP_TEST(lamps_that_flicker_do_not_flood_the_display)
{
    struct fixture fixture;

    fixture_init(&fixture, "keyboard");
    fe_set_flag(&fixture.gpu, "hold-display", true);
    for (uint32_t i = 0; i < 6000; i++) {
        set_led(&fixture, HSP_LED_CAPSL, i % 2 == 0);
        fixture.input.heap = FE_HEAP_AT + (1 << 20);
    }
    set_led(&fixture, HSP_LED_SCROLLL, 1);
    fe_set_flag(&fixture.gpu, "hold-display", false);
    fe_wait_log(&fixture.gpu, "leds 4");
    fixture_finish(&fixture);
}

/* ------------------------------------------------------------------ hostile guests */

HSP_TEST(strange_buffers_lose_no_event)
{
    struct hsp_input_event event = {HSP_EV_LED, HSP_LED_CAPSL, 1};
    struct fe_request *strange[3];
    struct fixture fixture;

    fixture_init_with(&fixture, "keyboard", NULL);
    strange[0] = fe_submit(&fixture.input, HSP_INPUT_QUEUE_EVENT, NULL, 0, 7);
    strange[1] = fe_submit(&fixture.input, HSP_INPUT_QUEUE_EVENT, &event, sizeof(event), 0);
    fe_raw_descriptor(&fixture.input, HSP_INPUT_QUEUE_EVENT, 200, UINT64_MAX - 3, 8,
                      HSP_VRING_DESC_WRITE, 0);
    strange[2] = fe_submit_raw(&fixture.input, HSP_INPUT_QUEUE_EVENT, 200);
    give_buffers(&fixture);
    play(&fixture, "key 30 1\n");
    for (int i = 0; i < 3; i++) {
        fe_wait(&fixture.input, strange[i]);
        HSP_CHECK_EQ(strange[i]->written, 0);
        free(strange[i]);
    }
    expect_key(&fixture, HSP_KEY_A, 1);
    fixture_finish(&fixture);
}

HSP_TEST(strange_states_change_nothing)
{
    const struct hsp_input_event events[] = {
        {HSP_EV_LED, 3, 1}, {HSP_EV_LED, 0xffff, 1}, {HSP_EV_KEY, HSP_LED_CAPSL, 1}, {0, 0, 0}};
    struct fe_request *request;
    struct fixture fixture;

    fixture_init(&fixture, "keyboard");
    for (size_t i = 0; i < HSP_ARRAY_COUNT(events); i++) {
        request =
            fe_submit(&fixture.input, HSP_INPUT_QUEUE_STATUS, &events[i], sizeof(events[i]), 8);
        fe_wait(&fixture.input, request);
        HSP_CHECK_EQ(request->written, 0);
        free(request);
    }
    request = fe_submit(&fixture.input, HSP_INPUT_QUEUE_STATUS, events, 5, 0);
    fe_wait(&fixture.input, request);
    free(request);
    set_led(&fixture, HSP_LED_NUML, 1);
    HSP_CHECK_STREQ(fe_wait_log(&fixture.gpu, "leds"), "leds 1\n");
    fixture_finish(&fixture);
}

HSP_TEST(what_breaks_a_keyboard_leaves_the_gpu_alone)
{
    uint64_t nonsense[2] = {0, 0};
    struct fixture fixture;
    char byte;

    fixture_init(&fixture, "keyboard");
    fe_send(&fixture.input, HSP_VHOST_GET_VRING_BASE, 0, nonsense, 3, NULL, 0);
    HSP_CHECK_EQ(read(fixture.input.main_fd, &byte, 1), 0); /* it hangs up */
    HSP_CHECK_EQ(cmd_create_2d(&fixture.gpu, 2, 64, 64), OK);
    play(&fixture, "key 30 1\nkey 30 0\n");
    fixture_finish(&fixture);
}

/* ------------------------------------------------------------------ the end of the machine */

HSP_TEST(closed_window_is_told_to_who_started_the_device)
{
    const char *arguments[] = {"--notify-fd=4", NULL};
    struct fe_options options = {.arguments = arguments, .fd_count = 1};
    struct fixture fixture = {0};
    struct pollfd pollfd;
    char line[16] = "";
    int fds[2];

    HSP_CHECK_EQ(pipe(fds), 0);
    options.fds[0] = fds[1] = move_up(fds[1]);
    fe_start(&fixture.gpu, &options);
    close(fds[1]);
    HSP_CHECK_EQ(cmd_create_2d(&fixture.gpu, 1, 64, 64), OK);
    HSP_CHECK_EQ(cmd_set_scanout(&fixture.gpu, 0, 1, 64, 64), OK);
    play(&fixture, "close 0\n");
    pollfd = (struct pollfd){.fd = fds[0], .events = POLLIN};
    HSP_CHECK_EQ(poll(&pollfd, 1, FE_TIMEOUT_MS), 1);
    HSP_CHECK_EQ(read(fds[0], line, sizeof(line) - 1), 6);
    HSP_CHECK_STREQ(line, "close\n");
    close(fds[0]);
    HSP_CHECK_EQ(cmd_create_2d(&fixture.gpu, 2, 64, 64), OK); /* it is not for us to end it */
    fe_stop(&fixture.gpu);
}

HSP_TEST_MAIN()
