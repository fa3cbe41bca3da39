/* SPDX-License-Identifier: MIT */
#include "gpu/control.h"

#include "base/fd.h"
#include "base/log.h"
#include "gpu/control_socket.h"
#include "gpu/device.h"
#include "gpu/display.h"
#include "gpu/link.h"
#include "gpu/stat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    struct hsp_list link;
    struct hsp_gpu_control *control;
    struct hsp_gpu_link *channel;
    bool wants_stat; /* waits for the timer */
};

struct hsp_gpu_control {
    struct hsp_gpu_device *device;
    uv_poll_t poll;
    int listen_fd;
    struct sockaddr_un address;
    struct hsp_list clients;
    uint32_t client_count;
    struct hsp_gpu_stat stat;
    uv_timer_t timer; /* until frame rates are known */
    int open_handle_count;
};

bool hsp_gpu_name_is_valid(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length < HSP_GPU_NAME_SIZE && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
               length;
}

/* ------------------------------------------------------------------ clients */

static void destroy_client(struct client *client)
{
    struct hsp_gpu_control *control = client->control;

    if (control->device->display)
        hsp_gpu_display_cancel_screenshots(control->device->display, client);
    hsp_gpu_link_destroy(client->channel);
    hsp_list_remove(&client->link);
    control->client_count--;
    free(client);
}

static void send_stat(struct client *client)
{
    char *text = hsp_gpu_stat_format(&client->control->stat, client->control->device);

    client->wants_stat = false;
    if (text)
        hsp_gpu_link_send(client->channel, HSP_IPC_CONTROL_STAT_REPLY, text, strlen(text), NULL, 0);
    free(text);
}

static void on_timer(uv_timer_t *timer)
{
    struct hsp_gpu_control *control = HSP_CONTAINER_OF(timer, struct hsp_gpu_control, timer);

    hsp_list_for_each (client, &control->clients, struct client, link) {
        if (client->wants_stat)
            send_stat(client);
    }
}

/* Frame rates need two looks at the counters. */
static void handle_stat(struct client *client)
{
    struct hsp_gpu_control *control = client->control;
    uint64_t delay_ms = hsp_gpu_stat_sample(&control->stat, control->device);

    if (delay_ms == 0) {
        send_stat(client);
        return;
    }
    client->wants_stat = true;
    if (!uv_is_active((uv_handle_t *)&control->timer))
        uv_timer_start(&control->timer, on_timer, delay_ms, 0);
}

static void send_done(struct client *client, uint64_t request_id, int status)
{
    struct hsp_ipc_display_screenshot_done body = {.request_id = request_id, .status = status};

    hsp_gpu_link_send(client->channel, HSP_IPC_CONTROL_DONE, &body, sizeof(body), NULL, 0);
}

static void on_screenshot(void *user_data, uint64_t request_id, int status)
{
    send_done(user_data, request_id, status);
}

static int handle_screenshot(struct client *client, const struct hsp_ipc_message *message)
{
    struct hsp_gpu_display *display = client->control->device->display;
    struct hsp_ipc_display_screenshot body;
    int ret = -ENODEV;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 1))
        return -EPROTO;
    if (display)
        ret = hsp_gpu_display_take_screenshot(display, body.scanout_id, message->fds[0],
                                              body.request_id, on_screenshot, client);
    if (ret < 0)
        send_done(client, body.request_id, ret);
    return 0;
}

static int change_output(struct hsp_gpu_device *device, const struct hsp_ipc_control_output *body)
{
    if (body->output >= HSP_LIMIT_SCANOUT_COUNT)
        return -EINVAL;
    switch (body->change) {
    case HSP_IPC_OUTPUT_KEEP:
        return 0;
    case HSP_IPC_OUTPUT_CONNECT:
    case HSP_IPC_OUTPUT_DISCONNECT:
        return hsp_gpu_device_set_connected(device, body->output,
                                            body->change == HSP_IPC_OUTPUT_CONNECT);
    case HSP_IPC_OUTPUT_SET_MODE:
        hsp_gpu_device_set_mode(device, body->output, body->width, body->height);
        return 0;
    default:
        return -EINVAL;
    }
}

static int handle_output(struct client *client, const struct hsp_ipc_message *message)
{
    struct hsp_gpu_device *device = client->control->device;
    struct hsp_ipc_control_outputs answer = {0};
    struct hsp_ipc_control_output body;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 0))
        return -EPROTO;
    answer.status = change_output(device, &body);
    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        const struct hsp_gpu_scanout *scanout = &device->scanouts.items[i];
        answer.items[i].is_connected = device->outputs.is_connected[i];
        answer.items[i].width = device->outputs.rects[i].width;
        answer.items[i].height = device->outputs.rects[i].height;
        if (scanout->resource) {
            answer.items[i].shown_width = scanout->picture.rect.width;
            answer.items[i].shown_height = scanout->picture.rect.height;
        }
    }
    hsp_gpu_link_send(client->channel, HSP_IPC_CONTROL_OUTPUTS, &answer, sizeof(answer), NULL, 0);
    return 0;
}

static int on_message(void *user_data, struct hsp_ipc_message *message)
{
    struct client *client = user_data;

    switch (message->type) {
    case HSP_IPC_CONTROL_STAT:
        if (message->payload_size > 0 || message->fd_count > 0)
            return -EPROTO;
        handle_stat(client);
        return 0;
    case HSP_IPC_CONTROL_SCREENSHOT:
        return handle_screenshot(client, message);
    case HSP_IPC_CONTROL_OUTPUT:
        return handle_output(client, message);
    default:
        return -EPROTO;
    }
}

static void on_closed(void *user_data, int error)
{
    (void)error;
    destroy_client(user_data);
}

static const struct hsp_gpu_link_handlers client_handlers = {
    .on_message = on_message,
    .on_closed = on_closed,
};

static void add_client(struct hsp_gpu_control *control, int fd_steal)
{
    struct client *client = NULL;

    hsp_fd_set_cloexec(fd_steal, true);
    if (control->client_count < HSP_LIMIT_CONTROL_CLIENT_COUNT)
        client = calloc(1, sizeof(*client));
    if (!client || hsp_gpu_link_create(control->device->loop, fd_steal, &client_handlers, client,
                                       &client->channel) < 0) {
        hsp_fd_close(&fd_steal);
        free(client);
        return;
    }
    client->control = control;
    hsp_list_append(&control->clients, &client->link);
    control->client_count++;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct hsp_gpu_control *control = HSP_CONTAINER_OF(poll, struct hsp_gpu_control, poll);
    int fd = status < 0 ? -1 : accept(control->listen_fd, NULL, NULL);

    (void)events;
    if (fd >= 0) {
        add_client(control, fd);
    } else if (status < 0 || (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)) {
        /* Without a descriptor to spare this would come again at once, for ever. */
        hsp_error("the control socket %s fails: %s", control->address.sun_path,
                  status < 0 ? uv_strerror(status) : strerror(errno));
        uv_poll_stop(poll);
    }
}

/* ------------------------------------------------------------------ life */

int hsp_gpu_control_create(struct hsp_gpu_device *device, struct hsp_gpu_control **out_control)
{
    struct hsp_gpu_control *control = calloc(1, sizeof(*control));
    int ret;

    if (!control)
        return -ENOMEM;
    control->device = device;
    hsp_list_init(&control->clients);
    control->listen_fd = hsp_gpu_control_socket_listen(device->params.name, &control->address);
    if (control->listen_fd < 0) {
        ret = control->listen_fd;
        free(control);
        return ret;
    }
    ret = uv_poll_init(device->loop, &control->poll, control->listen_fd);
    if (ret < 0) {
        unlink(control->address.sun_path);
        hsp_fd_close(&control->listen_fd);
        free(control);
        return ret;
    }
    uv_timer_init(device->loop, &control->timer);
    control->open_handle_count = 2;
    uv_poll_start(&control->poll, UV_READABLE, on_connection);
    *out_control = control;
    return 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct hsp_gpu_control *control = handle->data;

    if (--control->open_handle_count > 0)
        return;
    hsp_fd_close(&control->listen_fd);
    free(control);
}

void hsp_gpu_control_destroy(struct hsp_gpu_control *control)
{
    if (!control)
        return;
    hsp_list_for_each_safe (client, &control->clients, struct client, link)
        destroy_client(client);
    unlink(control->address.sun_path);
    control->poll.data = control->timer.data = control;
    uv_close((uv_handle_t *)&control->poll, on_handle_closed);
    uv_close((uv_handle_t *)&control->timer, on_handle_closed);
}
