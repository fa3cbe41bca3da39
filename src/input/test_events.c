/* SPDX-License-Identifier: MIT */
#include "input/events.h"

#include "base/test.h"

static struct hsp_input_events events;

static void expect(uint16_t type, uint16_t code, int32_t value)
{
    struct hsp_input_event event;

    HSP_CHECK(hsp_input_events_peek(&events, &event));
    HSP_CHECK_EQ(event.type, type);
    HSP_CHECK_EQ(event.code, code);
    HSP_CHECK_EQ((int32_t)event.value, value);
    hsp_input_events_drop(&events);
}

static void expect_end(void)
{
    expect(HSP_EV_SYN, 0, 0);
}

static void expect_nothing(void)
{
    struct hsp_input_event event;

    HSP_CHECK(!hsp_input_events_peek(&events, &event));
}

HSP_TEST(keys_come_in_order_each_with_its_end)
{
    hsp_input_events_init(&events);
    hsp_input_events_add_key(&events, HSP_KEY_A, false);
    hsp_input_events_add_key(&events, HSP_KEY_COUNT, true);
    expect_nothing();
    hsp_input_events_add_key(&events, HSP_KEY_A, true);
    hsp_input_events_add_key(&events, HSP_KEY_A, true);
    hsp_input_events_add_key(&events, HSP_KEY_B, true);
    hsp_input_events_add_key(&events, HSP_KEY_A, false);
    expect(HSP_EV_KEY, HSP_KEY_A, 1);
    expect_end();
    expect(HSP_EV_KEY, HSP_KEY_B, 1);
    expect_end();
    expect(HSP_EV_KEY, HSP_KEY_A, 0);
    expect_end();
    expect_nothing();
    hsp_input_events_release(&events);
    expect(HSP_EV_KEY, HSP_KEY_B, 0);
    expect_end();
    expect_nothing();
}

HSP_TEST(waiting_motion_grows_and_waiting_position_moves)
{
    hsp_input_events_init(&events);
    hsp_input_events_add_motion(&events, 3, -4);
    hsp_input_events_add_motion(&events, -1, -1);
    expect(HSP_EV_REL, HSP_REL_X, 2);
    /* Half of it is gone: what comes now is another one. */
    hsp_input_events_add_motion(&events, 10, 20);
    expect(HSP_EV_REL, HSP_REL_Y, -5);
    expect_end();
    expect(HSP_EV_REL, HSP_REL_X, 10);
    expect(HSP_EV_REL, HSP_REL_Y, 20);
    expect_end();
    expect_nothing();

    hsp_input_events_add_position(&events, 5, 6);
    hsp_input_events_add_position(&events, 7, 8);
    hsp_input_events_add_key(&events, HSP_BTN_LEFT, true); /* there, not where it goes next */
    hsp_input_events_add_position(&events, 9, 10);
    expect(HSP_EV_ABS, HSP_ABS_X, 7);
    expect(HSP_EV_ABS, HSP_ABS_Y, 8);
    expect_end();
    expect(HSP_EV_KEY, HSP_BTN_LEFT, 1);
    expect_end();
    expect(HSP_EV_ABS, HSP_ABS_X, 9);
    expect(HSP_EV_ABS, HSP_ABS_Y, 10);
    expect_end();
    expect_nothing();

    hsp_input_events_add_motion(&events, INT32_MAX, INT32_MIN);
    hsp_input_events_add_motion(&events, 1, -1);
    expect(HSP_EV_REL, HSP_REL_X, INT32_MAX);
    expect(HSP_EV_REL, HSP_REL_Y, INT32_MIN);
    expect_end();
}

HSP_TEST(wheel_gives_parts_and_whole_notches)
{
    hsp_input_events_init(&events);
    hsp_input_events_add_wheel(&events, 0, 0);
    expect_nothing();
    hsp_input_events_add_wheel(&events, 50, 0);
    expect(HSP_EV_REL, HSP_REL_WHEEL_HI_RES, 50);
    expect_end();
    hsp_input_events_add_wheel(&events, 200, -120);
    expect(HSP_EV_REL, HSP_REL_WHEEL_HI_RES, 200);
    expect(HSP_EV_REL, HSP_REL_WHEEL, 2); /* 250, of which 10 are left */
    expect(HSP_EV_REL, HSP_REL_HWHEEL_HI_RES, -120);
    expect(HSP_EV_REL, HSP_REL_HWHEEL, -1);
    expect_end();
    hsp_input_events_add_wheel(&events, -15, 0);
    expect(HSP_EV_REL, HSP_REL_WHEEL_HI_RES, -15);
    expect_end();
    expect_nothing();
}

/* Reads everything as a driver does, and returns how many keys are down then. */
static uint32_t read_all(void)
{
    static bool is_down[HSP_KEY_COUNT];
    struct hsp_input_event event;
    uint32_t down_count = 0;
    bool at_end = true;

    while (hsp_input_events_peek(&events, &event)) {
        at_end = event.type == HSP_EV_SYN;
        if (event.type == HSP_EV_KEY) {
            HSP_CHECK(is_down[event.code] != event.value);
            is_down[event.code] = event.value;
        }
        hsp_input_events_drop(&events);
    }
    HSP_CHECK(at_end);
    for (uint32_t code = 0; code < HSP_KEY_COUNT; code++)
        down_count += is_down[code];
    return down_count;
}

HSP_TEST(a_driver_that_sleeps_finds_no_key_stuck)
{
    hsp_input_events_init(&events);
    /* All keys go down; then more happens than can be kept. */
    for (uint32_t code = 1; code < HSP_KEY_COUNT; code++)
        hsp_input_events_add_key(&events, code, true);
    HSP_CHECK(events.count <= HSP_LIMIT_INPUT_EVENT_COUNT);
    for (uint32_t i = 0; i < 10000; i++) {
        uint32_t code = 1 + i % (HSP_KEY_COUNT - 1);
        hsp_input_events_add_key(&events, code, false);
        hsp_input_events_add_wheel(&events, 120, 120);
        hsp_input_events_add_key(&events, code, true);
        hsp_input_events_add_position(&events, i, i);
        HSP_CHECK(events.count <= HSP_LIMIT_INPUT_EVENT_COUNT);
    }
    hsp_input_events_release(&events);
    HSP_CHECK(events.count <= HSP_LIMIT_INPUT_EVENT_COUNT);
    HSP_CHECK_EQ(events.pressed_count, 0);
    HSP_CHECK_EQ(read_all(), 0);

    /* And all is well again. */
    hsp_input_events_add_key(&events, HSP_KEY_A, true);
    HSP_CHECK_EQ(read_all(), 1);
    hsp_input_events_add_key(&events, HSP_KEY_A, false);
    HSP_CHECK_EQ(read_all(), 0);
}

HSP_TEST_MAIN()
