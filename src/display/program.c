/* SPDX-License-Identifier: MIT */
#include "display/program.h"

#include "display/display.h"

#include "base/log.h"
#include "base/program.h"
#include "base/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct arguments {
    int ipc_fd;
    int stats_fd; /* -1: no counters */
    struct hsp_display_options options;
};

struct choice {
    const char *name;
    int value;
};

static const struct choice present_modes[] = {
    {"fifo", HSP_DISPLAY_PRESENT_FIFO},
    {"mailbox", HSP_DISPLAY_PRESENT_MAILBOX},
    {"immediate", HSP_DISPLAY_PRESENT_IMMEDIATE},
};

static const struct choice scales[] = {
    {"letterbox", HSP_DISPLAY_SCALE_LETTERBOX},
    {"stretch", HSP_DISPLAY_SCALE_STRETCH},
};

static const char usage[] =
    "Usage: hesper-display --ipc-fd=N [OPTIONS]\n"
    "Shows the screens of a virtual machine. Started by hesper-gpu, not by hand.\n"
    "\n"
    "  --ipc-fd=N           connected socket to hesper-gpu\n"
    "  --stats-fd=N         shared memory to count into\n"
    "  --backend=KIND[=WHERE]\n"
    "                       headless (default): shows nothing, answers screenshots\n"
    "                       window: a window for each screen\n"
    "                       vnc: for VNC viewers, WHERE is ADDRESS[:PORT] or unix:PATH\n"
    "  --name=NAME          of the machine, for titles\n"
    "  --help               this text\n"
    "\n"
    "Windows:\n"
    "  --present-mode=MODE  fifo (default): paced by the host's screen; mailbox: the newest frame "
    "at\n"
    "                       each refresh; immediate: at once, with tearing\n"
    "  --scale=HOW          letterbox (default) keeps the proportions, stretch fills the window\n"
    "  --quit-on-close      closing a window ends the machine; else it goes on unseen\n"
    "\n"
    "VNC:\n"
    "  --password-file=FILE  its first line is what viewers must know (see "
    "HESPER_VNC_PASSWORD_FILE)\n";

static bool parse_fd(const char *text, int *out_fd)
{
    char *end;

    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || *end != '\0' || end == text || value < 0 || value > INT32_MAX ||
        fcntl((int)value, F_GETFD) < 0) {
        hsp_error("'%s' is not an open file descriptor", text);
        return false;
    }
    *out_fd = (int)value;
    return true;
}

static bool parse_choice(const char *option, const char *text, const struct choice *choices,
                         size_t count, int *out_value)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, choices[i].name) == 0) {
            *out_value = choices[i].value;
            return true;
        }
    }
    hsp_error("--%s has no '%s'; see --help", option, text);
    return false;
}

static bool parse_backend(const char *text, struct hsp_display_choice *out_choice)
{
    char why[HSP_DISPLAY_ERROR_SIZE];

    if (hsp_display_choice_parse(text, out_choice, why))
        return true;
    hsp_error("--backend=%s: %s; see --help", text, why);
    return false;
}

enum option_id {
    OPTION_IPC_FD = 1,
    OPTION_STATS_FD,
    OPTION_BACKEND,
    OPTION_NAME,
    OPTION_PRESENT_MODE,
    OPTION_SCALE,
    OPTION_QUIT_ON_CLOSE,
    OPTION_PASSWORD_FILE,
    OPTION_HELP,
};

static const struct option long_options[] = {
    {"ipc-fd", required_argument, NULL, OPTION_IPC_FD},
    {"stats-fd", required_argument, NULL, OPTION_STATS_FD},
    {"backend", required_argument, NULL, OPTION_BACKEND},
    {"name", required_argument, NULL, OPTION_NAME},
    {"present-mode", required_argument, NULL, OPTION_PRESENT_MODE},
    {"scale", required_argument, NULL, OPTION_SCALE},
    {"quit-on-close", no_argument, NULL, OPTION_QUIT_ON_CLOSE},
    {"password-file", required_argument, NULL, OPTION_PASSWORD_FILE},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

static bool apply_option(struct arguments *arguments, int option, const char *value)
{
    struct hsp_display_options *options = &arguments->options;
    int choice;

    switch (option) {
    case OPTION_IPC_FD:
        return parse_fd(value, &arguments->ipc_fd);
    case OPTION_STATS_FD:
        return parse_fd(value, &arguments->stats_fd);
    case OPTION_BACKEND:
        return parse_backend(value, &options->choice);
    case OPTION_NAME:
        options->name = value;
        return true;
    case OPTION_PRESENT_MODE:
        if (!parse_choice("present-mode", value, present_modes, HSP_ARRAY_COUNT(present_modes),
                          &choice))
            return false;
        options->present_mode = (enum hsp_display_present_mode)choice;
        return true;
    case OPTION_SCALE:
        if (!parse_choice("scale", value, scales, HSP_ARRAY_COUNT(scales), &choice))
            return false;
        options->scale = (enum hsp_display_scale)choice;
        return true;
    case OPTION_QUIT_ON_CLOSE:
        options->quit_on_close = true;
        return true;
    case OPTION_PASSWORD_FILE:
        options->password_file = value;
        return true;
    case OPTION_HELP:
        fputs(usage, stdout);
        exit(0);
    default:
        return false; /* getopt has said why */
    }
}

static bool parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (!apply_option(arguments, option, optarg))
            return false;
    }
    if (optind < argc) {
        hsp_error("unexpected argument '%s'; see --help", argv[optind]);
        return false;
    }
    if (arguments->ipc_fd < 0) {
        hsp_error("--ipc-fd is missing; hesper-gpu starts this program, see --help");
        return false;
    }
    return true;
}

/* Becomes the program that has the backend; returns only when it cannot. */
static void run_other_program(const char *backend, char **argv)
{
    char name[64], path[PATH_MAX];
    int ret;

    snprintf(name, sizeof(name), "hesper-display-%s", backend);
    ret = hsp_program_find(name, path, sizeof(path));
    if (ret == 0) {
        execv(path, argv);
        ret = -errno;
    }
    hsp_error("%s, the program of --backend=%s, cannot be run: %s; is it installed?", name, backend,
              strerror(-ret));
}

/* NULL, with a log line, when the page cannot be used. */
static struct hsp_stats_display *map_stats(int fd)
{
    size_t size = sizeof(struct hsp_stats_display);
    void *page = MAP_FAILED;
    int ret = hsp_shm_check_sealed(fd, size);

    if (ret == 0) {
        page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        ret = page == MAP_FAILED ? -errno : 0;
    }
    if (ret < 0) {
        hsp_error("--stats-fd=%d cannot be used: %s", fd, strerror(-ret));
        return NULL;
    }
    return page;
}

int hsp_display_program_run(int argc, char **argv, const struct hsp_display_backend_ops *ops)
{
    struct arguments arguments = {
        .ipc_fd = -1,
        .stats_fd = -1,
        .options = {.name = "", .choice = {.kind = HSP_DISPLAY_HEADLESS}},
    };
    struct hsp_stats_display *stats = NULL;
    struct hsp_display *display;
    const char *backend;
    int ret;

    hsp_log_init("hesper-display");
    signal(SIGPIPE, SIG_IGN); /* a screenshot's reader may go away */
    if (!parse_arguments(argc, argv, &arguments))
        return 2;
    backend = hsp_display_kind_get_name(arguments.options.choice.kind);
    if (strcmp(backend, ops->name) != 0) {
        run_other_program(backend, argv);
        return 1;
    }
    if (arguments.stats_fd >= 0) {
        stats = map_stats(arguments.stats_fd);
        if (!stats)
            return 1;
        close(arguments.stats_fd);
    }
    ret = hsp_display_create(arguments.ipc_fd, stats, ops, &arguments.options, &display);
    if (ret < 0) {
        hsp_error("cannot start: %s", strerror(-ret));
        return 1;
    }
    ret = hsp_display_run(display);
    if (!hsp_display_destroy(display))
        _exit(ret < 0);
    return ret < 0;
}
