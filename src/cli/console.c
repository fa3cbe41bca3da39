/* SPDX-License-Identifier: MIT */
#include "cli/console.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAIL_SIZE 2000 /* bytes */

int hsp_cli_console_init(struct hsp_cli_console *console, uv_loop_t *loop, bool on_terminal)
{
    const char *parent = getenv("TMPDIR");
    int length;

    memset(console, 0, sizeof(*console));
    console->on_terminal = on_terminal;
    console->has_modes = tcgetattr(STDIN_FILENO, &console->modes) == 0;
    if (!on_terminal) {
        length = snprintf(console->folder, sizeof(console->folder), "%s/hesper-run-XXXXXX",
                          parent && parent[0] != '\0' ? parent : "/tmp");
        if (length < 0 || (size_t)length >= sizeof(console->folder))
            return -ENAMETOOLONG;
        if (!mkdtemp(console->folder)) {
            console->folder[0] = '\0';
            return -errno;
        }
        snprintf(console->log_path, sizeof(console->log_path), "%s/console", console->folder);
    }
    return uv_pipe_init(loop, &console->stderr_pipe, 0);
}

void hsp_cli_console_finish(struct hsp_cli_console *console)
{
    if (console->has_modes && console->on_terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &console->modes);
    if (console->folder[0] != '\0') {
        unlink(console->log_path);
        rmdir(console->folder);
    }
}

/* ------------------------------------------------------------------ QEMU's lines */

/* Hands out the whole lines in the buffer; one that does not fit is cut there. */
static void split_lines(struct hsp_cli_console *console)
{
    char *start = console->line, *end;

    while ((end = memchr(start, '\n', console->line_size))) {
        *end = '\0';
        console->on_line(console, start);
        console->line_size -= (size_t)(end + 1 - start);
        start = end + 1;
    }
    memmove(console->line, start, console->line_size);
    if (console->line_size == sizeof(console->line) - 1) {
        console->line[console->line_size] = '\0';
        console->line_size = 0;
        console->on_line(console, console->line);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested_size, uv_buf_t *out_buffer)
{
    struct hsp_cli_console *console = handle->data;

    *out_buffer = uv_buf_init(console->line + console->line_size,
                              (unsigned)(sizeof(console->line) - 1 - console->line_size));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct hsp_cli_console *console = stream->data;

    if (size >= 0) {
        console->line_size += (size_t)size;
        split_lines(console);
        return;
    }
    if (console->line_size > 0) {
        console->line[console->line_size] = '\0';
        console->on_line(console, console->line);
    }
    uv_close((uv_handle_t *)stream, NULL);
}

int hsp_cli_console_read_start(struct hsp_cli_console *console,
                               void (*on_line)(struct hsp_cli_console *console, const char *line))
{
    console->on_line = on_line;
    console->stderr_pipe.data = console;
    return uv_read_start((uv_stream_t *)&console->stderr_pipe, on_alloc, on_read);
}

/* ------------------------------------------------------------------ ours */

void hsp_cli_console_progress(struct hsp_cli_console *console, const char *fmt, ...)
{
    va_list args;

    if (console->on_terminal || !isatty(STDERR_FILENO))
        return;
    fputs("\r\033[Khesper: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    console->progress_shown = true;
}

void hsp_cli_console_end_progress(struct hsp_cli_console *console)
{
    if (console->progress_shown)
        fputs("\r\033[K", stderr);
    console->progress_shown = false;
}

void hsp_cli_console_print_tail(const struct hsp_cli_console *console)
{
    char text[TAIL_SIZE + 1];
    FILE *file = console->log_path[0] ? fopen(console->log_path, "re") : NULL;
    size_t size;

    if (!file)
        return;
    if (fseek(file, -TAIL_SIZE, SEEK_END) < 0)
        rewind(file);
    size = fread(text, 1, TAIL_SIZE, file);
    fclose(file);
    text[size] = '\0';
    fprintf(stderr, "------ the end of the guest's console:\n%s\n------\n", text);
}
