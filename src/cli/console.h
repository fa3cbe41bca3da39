/* SPDX-License-Identifier: MIT */
/*
 * What a running machine prints: the guest's serial console, on the terminal or in a file of a
 * private folder; QEMU's own lines; and our progress line. One thread, that of the loop.
 */
#ifndef HSP_CLI_CONSOLE_H
#define HSP_CLI_CONSOLE_H

#include "base/util.h"

#include <termios.h>
#include <uv.h>

struct hsp_cli_console {
    bool on_terminal; /* the guest's console is the terminal */
    bool has_modes;
    struct termios modes; /* of the terminal, before QEMU changed them */
    char folder[64];      /* "" on the terminal */
    char log_path[80];    /* the guest's console, "" on the terminal */
    uv_pipe_t stderr_pipe;
    void (*on_line)(struct hsp_cli_console *console, const char *line);
    char line[1024]; /* of QEMU, not whole yet */
    size_t line_size;
    bool progress_shown;
};

/* 0 or negative errno. */
int hsp_cli_console_init(struct hsp_cli_console *console, uv_loop_t *loop, bool on_terminal);

/* Starts to read stderr_pipe, which is connected by now; on_line gets each line. */
int hsp_cli_console_read_start(struct hsp_cli_console *console,
                               void (*on_line)(struct hsp_cli_console *console, const char *line));

/* Puts the terminal back as it was and removes the folder. The loop has run out. */
void hsp_cli_console_finish(struct hsp_cli_console *console);

/* One line that is written over and over; nothing when stderr is no terminal, or is the guest's. */
void hsp_cli_console_progress(struct hsp_cli_console *console, const char *fmt, ...)
    HSP_PRINTF(2, 3);
void hsp_cli_console_end_progress(struct hsp_cli_console *console);

/* Prints the end of the guest's console, the only hint when a guest does not come up. */
void hsp_cli_console_print_tail(const struct hsp_cli_console *console);

#endif
