/* SPDX-License-Identifier: MIT */
#include "cli/notice.h"

#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void on_alloc(uv_handle_t *handle, size_t suggested_size, uv_buf_t *out_buffer)
{
    struct hsp_cli_notice *notice = handle->data;

    (void)suggested_size;
    *out_buffer = uv_buf_init(notice->line + notice->line_size,
                              (unsigned)(sizeof(notice->line) - notice->line_size));
}

/* Takes whole lines; what is longer than any line that there is is none. */
static void take_lines(struct hsp_cli_notice *notice)
{
    char *end;

    while ((end = memchr(notice->line, '\n', notice->line_size))) {
        size_t size = (size_t)(end - notice->line);
        bool is_close = size == strlen("close") && memcmp(notice->line, "close", size) == 0;
        notice->line_size -= size + 1;
        memmove(notice->line, end + 1, notice->line_size);
        if (is_close)
            notice->on_close_request(notice);
    }
    if (notice->line_size == sizeof(notice->line))
        notice->line_size = 0;
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct hsp_cli_notice *notice = stream->data;

    (void)buffer;
    if (size < 0) {
        uv_read_stop(stream);
        return;
    }
    notice->line_size += (size_t)size;
    take_lines(notice);
}

int hsp_cli_notice_start(struct hsp_cli_notice *notice, uv_loop_t *loop,
                         void (*on_close_request)(struct hsp_cli_notice *notice), int *out_fd)
{
    int fds[2];
    int ret = pipe(fds) < 0 ? -errno : 0;

    if (ret < 0)
        return ret;
    hsp_fd_set_cloexec(fds[0], true);
    hsp_fd_set_cloexec(fds[1], true);
    memset(notice, 0, sizeof(*notice));
    notice->on_close_request = on_close_request;
    uv_pipe_init(loop, &notice->pipe, 0);
    notice->pipe.data = notice;
    ret = uv_pipe_open(&notice->pipe, fds[0]);
    if (ret < 0)
        hsp_fd_close(&fds[0]);
    else
        ret = uv_read_start((uv_stream_t *)&notice->pipe, on_alloc, on_read);
    if (ret < 0) {
        uv_close((uv_handle_t *)&notice->pipe, NULL);
        hsp_fd_close(&fds[1]);
        return ret;
    }
    *out_fd = fds[1];
    return 0;
}
