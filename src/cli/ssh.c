/* SPDX-License-Identifier: MIT */
#include "cli/ssh.h"

#include <string.h>

/* A connection to a guest that does not listen yet is closed at once, or hangs while the guest's
 * network comes up: each try gets this long. */
#define TRY_MS   2000
#define PAUSE_MS 200

void hsp_cli_ssh_build(struct hsp_cli_args *args, const struct hsp_cli_guest_files *files,
                       long port, const char *command, bool terminal)
{
    hsp_cli_args_add(args, "ssh");
    if (files->ssh_key[0] != '\0') {
        /* Our own guest: nothing of the user's configuration matters to it. */
        hsp_cli_args_add_pair(args, "-F", "none");
        hsp_cli_args_add_pair(args, "-i", "%s", files->ssh_key);
        hsp_cli_args_add_pair(args, "-o", "IdentitiesOnly=yes");
        /* Post-quantum key exchange takes seconds on an emulated CPU. */
        hsp_cli_args_add_pair(args, "-o", "KexAlgorithms=curve25519-sha256");
    }
    if (files->known_hosts[0] != '\0') {
        hsp_cli_args_add_pair(args, "-o", "UserKnownHostsFile=\"%s\"", files->known_hosts);
        hsp_cli_args_add_pair(args, "-o", "HostKeyAlias=hesper-guest");
    } else {
        hsp_cli_args_add_pair(args, "-o", "UserKnownHostsFile=/dev/null");
        hsp_cli_args_add_pair(args, "-o", "StrictHostKeyChecking=no");
    }
    hsp_cli_args_add_pair(args, "-o", "BatchMode=yes");
    hsp_cli_args_add_pair(args, "-o", "LogLevel=ERROR");
    hsp_cli_args_add_pair(args, "-o", "ConnectTimeout=60");
    hsp_cli_args_add_pair(args, "-o", "ServerAliveInterval=30");
    hsp_cli_args_add_pair(args, "-p", "%ld", port);
    if (terminal)
        hsp_cli_args_add(args, "-tt");
    hsp_cli_args_add(args, "root@127.0.0.1");
    if (command) {
        hsp_cli_args_add(args, "--");
        hsp_cli_args_add(args, "%s", command);
    }
}

/* ------------------------------------------------------------------ waiting */

static void on_timer(uv_timer_t *timer);

static void on_socket_closed(uv_handle_t *handle)
{
    struct hsp_cli_ssh_wait *wait = handle->data;

    wait->socket_open = false;
    if (!wait->finished)
        uv_timer_start(&wait->timer, on_timer, PAUSE_MS, 0);
}

/* Ends this try; the next one starts after a pause. */
static void end_try(struct hsp_cli_ssh_wait *wait)
{
    uv_timer_stop(&wait->timer);
    if (wait->socket_open && !uv_is_closing((uv_handle_t *)&wait->socket))
        uv_close((uv_handle_t *)&wait->socket, on_socket_closed);
}

static void finish(struct hsp_cli_ssh_wait *wait)
{
    wait->finished = true;
    end_try(wait);
    uv_close((uv_handle_t *)&wait->timer, NULL);
}

static void on_alloc(uv_handle_t *handle, size_t suggested_size, uv_buf_t *out_buffer)
{
    struct hsp_cli_ssh_wait *wait = handle->data;

    *out_buffer = uv_buf_init(wait->banner + wait->banner_size,
                              (unsigned)(sizeof(wait->banner) - wait->banner_size));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct hsp_cli_ssh_wait *wait = stream->data;

    if (size < 0) {
        end_try(wait);
        return;
    }
    wait->banner_size += (size_t)size;
    if (wait->banner_size < 4)
        return;
    if (memcmp(wait->banner, "SSH-", 4) != 0) {
        end_try(wait);
        return;
    }
    finish(wait);
    wait->on_done(wait);
}

static void on_connect(uv_connect_t *request, int status)
{
    struct hsp_cli_ssh_wait *wait = request->data;

    if (status == UV_ECANCELED)
        return;
    if (status < 0 || uv_read_start((uv_stream_t *)&wait->socket, on_alloc, on_read) < 0)
        end_try(wait);
}

static void on_try_timeout(uv_timer_t *timer)
{
    end_try(timer->data);
}

static void on_timer(uv_timer_t *timer)
{
    struct hsp_cli_ssh_wait *wait = timer->data;
    struct sockaddr_in address;

    uv_ip4_addr("127.0.0.1", (int)wait->port, &address);
    wait->banner_size = 0;
    if (uv_tcp_init(timer->loop, &wait->socket) < 0) {
        uv_timer_start(timer, on_timer, PAUSE_MS, 0);
        return;
    }
    wait->socket.data = wait;
    wait->request.data = wait;
    wait->socket_open = true;
    uv_timer_start(timer, on_try_timeout, TRY_MS, 0);
    if (uv_tcp_connect(&wait->request, &wait->socket, (const struct sockaddr *)&address,
                       on_connect) < 0)
        end_try(wait);
}

int hsp_cli_ssh_wait_start(struct hsp_cli_ssh_wait *wait, uv_loop_t *loop, long port,
                           void (*on_done)(struct hsp_cli_ssh_wait *wait))
{
    int ret;

    memset(wait, 0, sizeof(*wait));
    wait->port = port;
    wait->on_done = on_done;
    ret = uv_timer_init(loop, &wait->timer);
    if (ret < 0)
        return ret;
    wait->timer.data = wait;
    return uv_timer_start(&wait->timer, on_timer, 0, 0);
}

void hsp_cli_ssh_wait_cancel(struct hsp_cli_ssh_wait *wait)
{
    if (wait->on_done && !wait->finished)
        finish(wait);
}
