/* SPDX-License-Identifier: MIT */
#include "cli/child.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void on_process_exit(uv_process_t *process, int64_t exit_status, int signal)
{
    struct hsp_cli_child *child = process->data;

    child->running = false;
    child->exit_status = (int)exit_status;
    child->signal = signal;
    uv_close((uv_handle_t *)process, NULL);
    child->on_exit(child);
}

int hsp_cli_child_start(struct hsp_cli_child *child, uv_loop_t *loop,
                        const struct hsp_cli_args *args, unsigned flags, const int *fds,
                        size_t fd_count, uv_pipe_t *stderr_pipe)
{
    uv_stdio_container_t stdio[3 + HSP_CLI_CHILD_MAX_FD_COUNT] = {
        {.flags = flags & HSP_CLI_CHILD_STDIN ? UV_INHERIT_FD : UV_IGNORE, .data.fd = 0},
        {.flags = UV_INHERIT_FD, .data.fd = 1},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    uv_process_options_t options = {
        .exit_cb = on_process_exit,
        .stdio = stdio,
        .stdio_count = 3 + (int)fd_count,
        .flags = flags & HSP_CLI_CHILD_DETACHED ? UV_PROCESS_DETACHED : 0,
    };
    int ret;

    if (args->failed)
        return -ENOMEM;
    for (size_t i = 0; i < fd_count; i++)
        stdio[3 + i] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = fds[i]};
    options.file = args->items[0];
    options.args = args->items;
    if (stderr_pipe) {
        stdio[2].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
        stdio[2].data.stream = (uv_stream_t *)stderr_pipe;
    }
    child->process.data = child;
    ret = uv_spawn(loop, &child->process, &options);
    if (ret < 0) {
        uv_close((uv_handle_t *)&child->process, NULL);
        return ret;
    }
    child->running = true;
    return 0;
}

void hsp_cli_child_kill(struct hsp_cli_child *child, int signal)
{
    if (child->running)
        uv_process_kill(&child->process, signal);
}

void hsp_cli_child_describe(const struct hsp_cli_child *child, char *out, size_t size)
{
    if (child->signal)
        snprintf(out, size, "was ended by signal %d (%s)", child->signal, strsignal(child->signal));
    else
        snprintf(out, size, "ended with status %d", child->exit_status);
}
