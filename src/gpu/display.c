/* SPDX-License-Identifier: MIT */
#include "gpu/display.h"

#include "base/display_choice.h"
#include "base/fd.h"
#include "base/log.h"
#include "gpu/control.h"
#include "gpu/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Between two starts: the first is at once, the next twice as late, up to the last. A display that
 * ran for a while begins anew. */
#define MIN_DELAY_MS   100
#define MAX_DELAY_MS   30000
#define GOOD_RUN_NS    10000000000ull
#define MAX_SCREENSHOT 32

/* Of device params' display_arguments. */
#define MAX_EXTRA_ARGUMENT 32

struct screenshot {
    struct hsp_list link;
    uint64_t sequence;   /* ours, towards the display */
    uint64_t request_id; /* the caller's */
    hsp_gpu_screenshot_done *done;
    void *user_data; /* NULL: cancelled */
};

struct hsp_gpu_display {
    struct hsp_gpu_device *device;
    struct hsp_gpu_link *link;
    struct hsp_gpu_child *child;
    uv_timer_t timer; /* until the next start */
    uint64_t started_ns;
    uint64_t delay_ms;
    struct hsp_list screenshots;
    uint32_t screenshot_count;
    uint64_t last_sequence;
    uint32_t leds, sent_leds; /* of the guest's keyboard, and what the display knows of them */
};

static void start(struct hsp_gpu_display *display);

struct hsp_gpu_link *hsp_gpu_display_get_link(const struct hsp_gpu_display *display)
{
    return display ? display->link : NULL;
}

/* ------------------------------------------------------------------ outputs */

void hsp_gpu_display_set_connected(struct hsp_gpu_display *display, uint32_t output)
{
    struct hsp_ipc_display_connected body = {
        .scanout_id = output,
        .is_connected = display->device->outputs.is_connected[output],
    };

    if (display->link)
        hsp_gpu_link_send(display->link, HSP_IPC_DISPLAY_SET_CONNECTED, &body, sizeof(body), NULL,
                          0);
}

/* A new display takes all for connected. */
static void send_disconnected(struct hsp_gpu_display *display)
{
    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        if (!display->device->outputs.is_connected[i])
            hsp_gpu_display_set_connected(display, i);
    }
}

/* ------------------------------------------------------------------ lamps */

/* A guest may switch them faster than anybody can look: then the newest state waits. */
static void send_leds(struct hsp_gpu_display *display)
{
    struct hsp_ipc_display_leds body = {.leds = display->leds};

    if (!display->link || display->leds == display->sent_leds ||
        hsp_gpu_link_queued_size(display->link) > 0)
        return;
    display->sent_leds = display->leds;
    hsp_gpu_link_send(display->link, HSP_IPC_DISPLAY_SET_LEDS, &body, sizeof(body), NULL, 0);
}

void hsp_gpu_display_set_leds(struct hsp_gpu_display *display, uint32_t leds)
{
    display->leds = leds;
    send_leds(display);
}

/* ------------------------------------------------------------------ screenshots */

int hsp_gpu_display_take_screenshot(struct hsp_gpu_display *display, uint32_t scanout_id, int fd,
                                    uint64_t request_id, hsp_gpu_screenshot_done *done,
                                    void *user_data)
{
    struct hsp_ipc_display_screenshot body = {.scanout_id = scanout_id};
    struct screenshot *screenshot;
    int ret;

    if (scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return -EINVAL;
    if (!display->link)
        return -ENODEV;
    if (display->screenshot_count >= MAX_SCREENSHOT)
        return -EBUSY;
    screenshot = calloc(1, sizeof(*screenshot));
    if (!screenshot)
        return -ENOMEM;
    body.request_id = screenshot->sequence = ++display->last_sequence;
    ret = hsp_gpu_link_send(display->link, HSP_IPC_DISPLAY_SCREENSHOT, &body, sizeof(body), &fd, 1);
    if (ret < 0) {
        free(screenshot);
        return ret;
    }
    screenshot->request_id = request_id;
    screenshot->done = done;
    screenshot->user_data = user_data;
    hsp_list_append(&display->screenshots, &screenshot->link);
    display->screenshot_count++;
    return 0;
}

void hsp_gpu_display_cancel_screenshots(struct hsp_gpu_display *display, const void *user_data)
{
    hsp_list_for_each (screenshot, &display->screenshots, struct screenshot, link) {
        if (screenshot->user_data == user_data)
            screenshot->user_data = NULL;
    }
}

static void finish_screenshot(struct hsp_gpu_display *display, struct screenshot *screenshot,
                              int status)
{
    hsp_list_remove(&screenshot->link);
    display->screenshot_count--;
    if (screenshot->user_data)
        screenshot->done(screenshot->user_data, screenshot->request_id, status);
    free(screenshot);
}

static void fail_screenshots(struct hsp_gpu_display *display)
{
    while (!hsp_list_is_empty(&display->screenshots))
        finish_screenshot(
            display, HSP_CONTAINER_OF(display->screenshots.next, struct screenshot, link), -EIO);
}

/* ------------------------------------------------------------------ messages */

static int handle_flushed(struct hsp_gpu_display *display, const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_flushed flushed;

    if (!hsp_ipc_decode(message, &flushed, sizeof(flushed), 0))
        return -EPROTO;
    return hsp_gpu_scanouts_on_flushed(&display->device->scanouts, &flushed);
}

static int handle_resized(struct hsp_gpu_display *display, const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_resized resized;

    if (!hsp_ipc_decode(message, &resized, sizeof(resized), 0))
        return -EPROTO;
    hsp_gpu_device_set_mode(display->device, resized.scanout_id, resized.width, resized.height);
    return 0;
}

static int handle_screenshot_done(struct hsp_gpu_display *display,
                                  const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_screenshot_done body;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 0))
        return -EPROTO;
    hsp_list_for_each (screenshot, &display->screenshots, struct screenshot, link) {
        if (screenshot->sequence == body.request_id) {
            finish_screenshot(display, screenshot, body.status);
            return 0;
        }
    }
    return -EPROTO;
}

static int handle_closed(struct hsp_gpu_display *display, const struct hsp_ipc_message *message)
{
    const struct hsp_gpu_device_params *params = &display->device->params;
    struct hsp_ipc_display_closed closed;

    if (!hsp_ipc_decode(message, &closed, sizeof(closed), 0) ||
        closed.scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return -EPROTO;
    if (params->on_close_request)
        params->on_close_request(params->close_data, closed.scanout_id);
    return 0;
}

/* The numbers in it are checked by those who use them. */
static int handle_input(struct hsp_gpu_display *display, const struct hsp_ipc_message *message)
{
    const struct hsp_gpu_input_sink *sink = display->device->params.input;
    struct hsp_ipc_display_input input;

    if (!hsp_ipc_decode(message, &input, sizeof(input), 0))
        return -EPROTO;
    if (sink)
        sink->on_input(sink->user_data, &input);
    return 0;
}

static int on_message(void *user_data, struct hsp_ipc_message *message)
{
    struct hsp_gpu_display *display = user_data;

    switch (message->type) {
    case HSP_IPC_DISPLAY_FLUSHED:
        return handle_flushed(display, message);
    case HSP_IPC_DISPLAY_RESIZED:
        return handle_resized(display, message);
    case HSP_IPC_DISPLAY_SCREENSHOT_DONE:
        return handle_screenshot_done(display, message);
    case HSP_IPC_DISPLAY_CLOSED:
        return handle_closed(display, message);
    case HSP_IPC_DISPLAY_INPUT:
        return handle_input(display, message);
    default:
        return -EPROTO;
    }
}

/* ------------------------------------------------------------------ life */

static void on_timer(uv_timer_t *timer)
{
    start(HSP_CONTAINER_OF(timer, struct hsp_gpu_display, timer));
}

static void stop(struct hsp_gpu_display *display)
{
    if (display->child && display->link)
        hsp_gpu_child_kill_later(display->child);
    hsp_gpu_link_destroy(display->link);
    hsp_gpu_child_release(display->child);
    display->link = NULL;
    display->child = NULL;
}

static void on_closed(void *user_data, int error)
{
    struct hsp_gpu_display *display = user_data;
    const struct hsp_gpu_input_sink *input = display->device->params.input;

    if (hsp_now_ns() - display->started_ns > GOOD_RUN_NS)
        display->delay_ms = 0;
    hsp_warning("hesper-display is gone (%s); it is started again in %llu ms", strerror(-error),
                (unsigned long long)display->delay_ms);
    if (display->child)
        hsp_gpu_child_kill(display->child);
    stop(display);
    fail_screenshots(display);
    if (input)
        input->on_release(input->user_data);
    hsp_gpu_scanouts_on_display_gone(&display->device->scanouts);
    uv_timer_start(&display->timer, on_timer, display->delay_ms, 0);
    display->delay_ms =
        HSP_MIN(HSP_MAX(display->delay_ms * 2, (uint64_t)MIN_DELAY_MS), (uint64_t)MAX_DELAY_MS);
}

static void on_drained(void *user_data)
{
    struct hsp_gpu_display *display = user_data;

    hsp_gpu_scanouts_on_display_drained(&display->device->scanouts);
    send_leds(display);
}

static void on_process_exit(void *user_data, int status)
{
    struct hsp_gpu_display *display = user_data;

    display->child = NULL;
    if (WIFSIGNALED(status))
        hsp_warning("hesper-display was killed by signal %d", WTERMSIG(status));
    if (display->link)
        hsp_gpu_link_receive_rest(display->link);
}

static const struct hsp_gpu_link_handlers link_handlers = {
    .on_message = on_message,
    .on_closed = on_closed,
    .on_drained = on_drained,
};

static int start_process(struct hsp_gpu_display *display)
{
    char backend_argument[sizeof("--backend=") + HSP_DISPLAY_CHOICE_SIZE];
    char name_argument[sizeof("--name=") + HSP_GPU_NAME_SIZE];
    const char *extra_arguments[3 + MAX_EXTRA_ARGUMENT] = {backend_argument, name_argument};
    struct hsp_gpu_device *device = display->device;
    const char *const *arguments = device->params.display_arguments;
    struct hsp_gpu_program program = {
        .path = device->params.display_path,
        .extra_arguments = extra_arguments,
        .stats_fd = device->stats_fd,
    };
    int fds[2];
    int ret = hsp_fd_socketpair(fds);

    if (ret < 0)
        return ret;
    snprintf(backend_argument, sizeof(backend_argument), "--backend=%s",
             device->params.display_backend);
    snprintf(name_argument, sizeof(name_argument), "--name=%s", device->params.name);
    for (size_t i = 0; arguments && arguments[i] && i < MAX_EXTRA_ARGUMENT; i++)
        extra_arguments[2 + i] = arguments[i];
    program.ipc_fd = fds[1];
    ret = hsp_gpu_link_create(device->loop, fds[0], &link_handlers, display, &display->link);
    if (ret < 0)
        hsp_fd_close(&fds[0]);
    else
        ret = hsp_gpu_child_start(&device->children, &program, on_process_exit, display,
                                  &display->child);
    hsp_fd_close(&fds[1]);
    return ret;
}

/* A program that cannot be started is not tried again. */
static void start(struct hsp_gpu_display *display)
{
    int ret = display->device->params.display_path ? start_process(display) : -ENOENT;

    if (ret < 0) {
        stop(display);
        hsp_error("hesper-display cannot be started: %s; nothing will be shown", strerror(-ret));
        return;
    }
    display->started_ns = hsp_now_ns();
    send_disconnected(display);
    hsp_gpu_scanouts_on_display_started(&display->device->scanouts);
    display->sent_leds = 0;
    send_leds(display);
}

int hsp_gpu_display_create(struct hsp_gpu_device *device, struct hsp_gpu_display **out_display)
{
    struct hsp_gpu_display *display = calloc(1, sizeof(*display));

    if (!display)
        return -ENOMEM;
    display->device = device;
    hsp_list_init(&display->screenshots);
    uv_timer_init(device->loop, &display->timer);
    *out_display = display; /* what is shown asks the device for it */
    start(display);
    return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(HSP_CONTAINER_OF((uv_timer_t *)handle, struct hsp_gpu_display, timer));
}

void hsp_gpu_display_destroy(struct hsp_gpu_display *display)
{
    if (!display)
        return;
    stop(display);
    fail_screenshots(display);
    uv_close((uv_handle_t *)&display->timer, on_timer_closed);
}
