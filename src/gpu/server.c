/* SPDX-License-Identifier: MIT */
#include "gpu/server.h"

#include "base/log.h"
#include "base/fd.h"
#include "gpu/device.h"
#include "gpu/input.h"
#include "gpu/transport_vhost.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Descriptors that are never a guest's: the VMM's, the children's, messages under way. */
#define RESERVED_FD_COUNT 1024

struct hsp_gpu_server {
    const struct hsp_gpu_options *options;
    uv_loop_t loop;
    uv_async_t quit;
    struct hsp_vhost_device *vhost;
    struct hsp_gpu_device *device;
    struct hsp_gpu_control *control;
    struct hsp_gpu_guest_ram guest_ram;
    struct hsp_gpu_input *input;
    pthread_t thread;
    const char *display_arguments[HSP_GPU_DISPLAY_ARGUMENT_COUNT + 1];
};

/* ------------------------------------------------------------------ transport callbacks */

static void read_config(void *user_data, uint32_t offset, void *out, uint32_t size)
{
    struct hsp_gpu_server *server = user_data;

    hsp_gpu_config_read(&server->device->config, offset, out, size);
}

static void write_config(void *user_data, uint32_t offset, const void *data, uint32_t size)
{
    struct hsp_gpu_server *server = user_data;

    hsp_gpu_config_write(&server->device->config, offset, data, size);
}

static bool on_queue(void *user_data, uint32_t queue_index)
{
    struct hsp_gpu_server *server = user_data;

    return hsp_gpu_device_on_queue(server->device, queue_index);
}

static void on_stop(void *user_data)
{
    struct hsp_gpu_server *server = user_data;

    hsp_gpu_scanouts_keep(&server->device->scanouts);
}

static void on_reset(void *user_data)
{
    struct hsp_gpu_server *server = user_data;

    hsp_debug("a new driver begins");
    hsp_gpu_device_on_reset(server->device);
}

/* ------------------------------------------------------------------ what the user wants */

/* Whoever started the device started the VMM, too, and can end it. */
static void on_close_request(void *user_data, uint32_t scanout_id)
{
    static const char line[] = "close\n";
    struct hsp_gpu_server *server = user_data;

    hsp_info("the window of screen %u was closed", scanout_id + 1);
    if (server->options->notify_fd < 0)
        hsp_warning("there is no --notify-fd; the machine goes on");
    else if (write(server->options->notify_fd, line, strlen(line)) < 0)
        hsp_warning("nobody hears of it: %s", strerror(errno));
}

/* ------------------------------------------------------------------ device thread */

static void on_quit(uv_async_t *async)
{
    struct hsp_gpu_server *server = HSP_CONTAINER_OF(async, struct hsp_gpu_server, quit);

    hsp_gpu_control_destroy(server->control);
    if (server->vhost)
        hsp_vhost_device_detach(server->vhost);
    hsp_gpu_input_shut_down(server->input);
    if (server->device)
        hsp_gpu_device_shut_down(server->device);
    uv_close((uv_handle_t *)&server->quit, NULL);
}

static void *run_loop(void *user_data)
{
    struct hsp_gpu_server *server = user_data;

    hsp_thread_set_name("hesper-device");
    uv_run(&server->loop, UV_RUN_DEFAULT);
    return NULL;
}

/* ------------------------------------------------------------------ start */

/* As many as the system lets us have; returns how many of them resources may use. */
static uint32_t raise_fd_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return RESERVED_FD_COUNT;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t count = HSP_MIN(limit.rlim_cur, (rlim_t)1 << 20);
    return (uint32_t)(count > 2 * RESERVED_FD_COUNT ? count - RESERVED_FD_COUNT : count / 2);
}

static int create_vhost(struct hsp_gpu_server *server)
{
    const uint64_t features = 1u << HSP_GPU_F_VIRGL | 1u << HSP_GPU_F_EDID |
                              1u << HSP_GPU_F_RESOURCE_UUID | 1u << HSP_GPU_F_RESOURCE_BLOB |
                              1u << HSP_GPU_F_CONTEXT_INIT;
    const struct hsp_vhost_device_params params = {
        .features = features,
        .queue_count = HSP_GPU_QUEUE_COUNT,
        .window_size = server->options->hostmem_size,
        .user_data = server,
        .read_config = read_config,
        .write_config = write_config,
        .on_queue = on_queue,
        .on_stop = on_stop,
        .on_reset = on_reset,
    };

    return hsp_vhost_device_create(&params, &server->vhost);
}

static int create_device(struct hsp_gpu_server *server)
{
    const struct hsp_gpu_options *options = server->options;

    for (uint32_t i = 0; i < options->display_argument_count; i++)
        server->display_arguments[i] = options->display_arguments[i];

    struct hsp_gpu_transport transport =
        hsp_gpu_transport_of_vhost(server->vhost, options->hostmem_size);
    const struct hsp_gpu_device_params params = {
        .name = options->name,
        .width = options->width,
        .height = options->height,
        .output_count = options->output_count,
        .render_path = options->render_path[0] ? options->render_path : NULL,
        .display_path = options->display_path[0] ? options->display_path : NULL,
        .display_backend = options->display_backend,
        .display_arguments = server->display_arguments,
        .on_close_request = on_close_request,
        .close_data = server,
        .input = hsp_gpu_input_get_sink(server->input),
        .max_fd_count = raise_fd_limit(),
        .guest_ram = server->guest_ram,
    };
    int ret = hsp_gpu_device_create(&params, &server->loop, &transport, &server->device);

    if (ret < 0)
        return ret;
    hsp_gpu_input_set_device(server->input, server->device);
    if (!params.render_path)
        hsp_error("hesper-render is not found: the guest will have no Vulkan");
    return hsp_vhost_device_attach(server->vhost, &server->loop);
}

/* The device is of use without it. */
static void create_control(struct hsp_gpu_server *server)
{
    int ret = hsp_gpu_control_create(server->device, &server->control);

    if (ret < 0)
        hsp_warning("no control socket for %s: %s; hesper stat will not see this device",
                    server->options->name, strerror(-ret));
}

static void free_server(struct hsp_gpu_server *server)
{
    uv_run(&server->loop, UV_RUN_DEFAULT);
    uv_loop_close(&server->loop);
    if (server->device)
        hsp_gpu_device_free(server->device);
    hsp_gpu_input_free(server->input);
    hsp_vhost_device_destroy(server->vhost);
    hsp_gpu_guest_ram_finish(&server->guest_ram);
    free(server);
}

/* Takes the sockets in any case. */
static int create_input(struct hsp_gpu_server *server, const int fds_steal[HSP_INPUT_KIND_COUNT])
{
    int ret = hsp_gpu_input_create(&server->loop, &server->input);

    for (int i = 0; i < HSP_INPUT_KIND_COUNT; i++) {
        int fd = fds_steal[i];
        if (fd >= 0 && ret == 0)
            ret = hsp_gpu_input_add(server->input, (enum hsp_input_kind)i, fd);
        if (ret < 0)
            hsp_fd_close(&fd);
    }
    return ret;
}

int hsp_gpu_server_start(const struct hsp_gpu_options *options,
                         const int input_fds_steal[HSP_INPUT_KIND_COUNT],
                         struct hsp_gpu_server **out_server)
{
    struct hsp_gpu_server *server = calloc(1, sizeof(*server));
    int ret = server ? uv_loop_init(&server->loop) : -ENOMEM;

    if (ret < 0) {
        free(server);
        hsp_error("the device cannot be started: %s", strerror(-ret));
        return ret;
    }
    server->options = options;
    uv_async_init(&server->loop, &server->quit, on_quit);
    ret = hsp_gpu_guest_ram_init(&server->guest_ram, options->guest_ram,
                                 options->render_path[0] ? options->render_path : NULL);
    if (ret == 0)
        ret = create_input(server, input_fds_steal);
    if (ret == 0)
        ret = create_vhost(server);
    if (ret == 0)
        ret = create_device(server);
    if (ret == 0) {
        create_control(server);
        ret = -pthread_create(&server->thread, NULL, run_loop, server);
    }
    if (ret < 0) {
        hsp_error("the device cannot be started: %s", strerror(-ret));
        on_quit(&server->quit);
        free_server(server);
        return ret;
    }
    *out_server = server;
    return 0;
}

int hsp_gpu_server_serve(struct hsp_gpu_server *server, int socket_fd)
{
    return hsp_vhost_device_serve(server->vhost, socket_fd);
}

void hsp_gpu_server_stop(struct hsp_gpu_server *server)
{
    if (!server)
        return;
    uv_async_send(&server->quit);
    pthread_join(server->thread, NULL);
    free_server(server);
}
