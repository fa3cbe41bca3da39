/* SPDX-License-Identifier: MIT */
#include "input/seat.h"

#include "ipc/messages.h"

void hsp_input_seat_init(struct hsp_input_seat *seat)
{
    *seat = (struct hsp_input_seat){.pointer = HSP_INPUT_TABLET};
}

/* NULL when nobody in the guest would hear of it. */
static struct hsp_input_device *find_device(const struct hsp_input_seat *seat,
                                            enum hsp_input_kind kind)
{
    struct hsp_input_device *device = seat->devices[kind];

    return device && hsp_input_device_has_driver(device) ? device : NULL;
}

/* The device that is the pointer, or the other one if the machine has only that. */
static struct hsp_input_device *find_pointer(const struct hsp_input_seat *seat)
{
    struct hsp_input_device *device = find_device(seat, seat->pointer);

    if (device)
        return device;
    return find_device(seat,
                       seat->pointer == HSP_INPUT_TABLET ? HSP_INPUT_MOUSE : HSP_INPUT_TABLET);
}

static void send_key(struct hsp_input_device *device, enum hsp_input_kind kind, uint32_t code,
                     bool is_pressed)
{
    if (!device || !hsp_input_kind_has_key(kind, code))
        return;
    hsp_input_events_add_key(hsp_input_device_get_events(device), code, is_pressed);
    hsp_input_device_flush(device);
}

static void handle_key(struct hsp_input_seat *seat, const struct hsp_ipc_display_input *input)
{
    if (!hsp_key_is_button(input->code)) {
        send_key(find_device(seat, HSP_INPUT_KEYBOARD), HSP_INPUT_KEYBOARD, input->code,
                 input->is_pressed);
    } else if (input->is_pressed) {
        send_key(find_pointer(seat), HSP_INPUT_MOUSE, input->code, true);
    } else {
        /* The one that does not hold it knows. */
        send_key(find_device(seat, HSP_INPUT_TABLET), HSP_INPUT_TABLET, input->code, false);
        send_key(find_device(seat, HSP_INPUT_MOUSE), HSP_INPUT_MOUSE, input->code, false);
    }
}

static uint32_t get_abs(int32_t position)
{
    int64_t value = HSP_MIN(HSP_MAX(position, 0), HSP_IPC_INPUT_POSITION_END - 1);

    return (uint32_t)(value * (HSP_INPUT_ABS_MAX + 1) / HSP_IPC_INPUT_POSITION_END);
}

static void handle_position(struct hsp_input_seat *seat, const struct hsp_ipc_display_input *input)
{
    struct hsp_input_device *device = find_device(seat, HSP_INPUT_TABLET);

    if (!device)
        return;
    seat->pointer = HSP_INPUT_TABLET;
    hsp_input_events_add_position(hsp_input_device_get_events(device), get_abs(input->x),
                                  get_abs(input->y));
    hsp_input_device_flush(device);
}

static void handle_motion(struct hsp_input_seat *seat, const struct hsp_ipc_display_input *input)
{
    struct hsp_input_device *device = find_device(seat, HSP_INPUT_MOUSE);

    if (!device)
        return;
    seat->pointer = HSP_INPUT_MOUSE;
    hsp_input_events_add_motion(hsp_input_device_get_events(device), input->x, input->y);
    hsp_input_device_flush(device);
}

static void handle_wheel(struct hsp_input_seat *seat, const struct hsp_ipc_display_input *input)
{
    struct hsp_input_device *device = find_pointer(seat);

    if (!device)
        return;
    hsp_input_events_add_wheel(hsp_input_device_get_events(device), input->y, input->x);
    hsp_input_device_flush(device);
}

void hsp_input_seat_handle(struct hsp_input_seat *seat, const struct hsp_ipc_display_input *input)
{
    switch (input->kind) {
    case HSP_IPC_INPUT_KEY:
        handle_key(seat, input);
        break;
    case HSP_IPC_INPUT_POSITION:
        handle_position(seat, input);
        break;
    case HSP_IPC_INPUT_MOTION:
        handle_motion(seat, input);
        break;
    case HSP_IPC_INPUT_WHEEL:
        handle_wheel(seat, input);
        break;
    default:
        break;
    }
}

void hsp_input_seat_release(struct hsp_input_seat *seat)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(seat->devices); i++) {
        struct hsp_input_device *device = seat->devices[i];
        if (!device)
            continue;
        hsp_input_events_release(hsp_input_device_get_events(device));
        hsp_input_device_flush(device);
    }
}
