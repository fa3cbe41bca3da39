/* SPDX-License-Identifier: MIT */
/*
 * hesper-display: shows the scanouts of one device. hesper-gpu starts it, with a socket and a page
 * for counters.
 */
#include "display/display.h"

#include "base/log.h"
#include "base/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct hsp_display_backend_ops *const backends[] = {&hsp_display_headless_ops};

struct options {
    int ipc_fd;
    int stats_fd; /* -1: no counters */
    const struct hsp_display_backend_ops *backend;
};

static const char usage[] =
    "Usage: hesper-display --ipc-fd=N [--stats-fd=N] [--backend=NAME]\n"
    "Shows the screens of a virtual machine. Started by hesper-gpu, not by hand.\n"
    "\n"
    "  --ipc-fd=N      connected socket to hesper-gpu\n"
    "  --stats-fd=N    shared memory to count into\n"
    "  --backend=NAME  headless (default): shows nothing, answers screenshots\n"
    "  --help          this text\n";

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

static bool find_backend(const char *name, const struct hsp_display_backend_ops **out)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(backends); i++) {
        if (strcmp(name, backends[i]->name) == 0) {
            *out = backends[i];
            return true;
        }
    }
    hsp_error("no display backend is called '%s'; see --help", name);
    return false;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    enum { OPTION_IPC_FD = 1, OPTION_STATS_FD, OPTION_BACKEND, OPTION_HELP };
    static const struct option longs[] = {
        {"ipc-fd", required_argument, NULL, OPTION_IPC_FD},
        {"stats-fd", required_argument, NULL, OPTION_STATS_FD},
        {"backend", required_argument, NULL, OPTION_BACKEND},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    bool valid = true;
    int option;

    while (valid && (option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (option) {
        case OPTION_IPC_FD:
            valid = parse_fd(optarg, &options->ipc_fd);
            break;
        case OPTION_STATS_FD:
            valid = parse_fd(optarg, &options->stats_fd);
            break;
        case OPTION_BACKEND:
            valid = find_backend(optarg, &options->backend);
            break;
        case OPTION_HELP:
            fputs(usage, stdout);
            exit(0);
        default:
            return false; /* getopt has said why */
        }
    }
    if (valid && optind < argc) {
        hsp_error("unexpected argument '%s'; see --help", argv[optind]);
        return false;
    }
    if (valid && options->ipc_fd < 0) {
        hsp_error("--ipc-fd is missing; hesper-gpu starts this program, see --help");
        return false;
    }
    return valid;
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

int main(int argc, char **argv)
{
    struct options options = {.ipc_fd = -1, .stats_fd = -1, .backend = &hsp_display_headless_ops};
    struct hsp_stats_display *stats = NULL;
    struct hsp_display *display;
    int ret;

    hsp_log_init("hesper-display");
    signal(SIGPIPE, SIG_IGN); /* a screenshot's reader may go away */
    if (!parse_options(argc, argv, &options))
        return 2;
    if (options.stats_fd >= 0) {
        stats = map_stats(options.stats_fd);
        if (!stats)
            return 1;
        close(options.stats_fd);
    }
    ret = hsp_display_create(options.ipc_fd, stats, options.backend, &display);
    if (ret < 0) {
        hsp_error("cannot start: %s", strerror(-ret));
        return 1;
    }
    ret = hsp_display_run(display);
    if (!hsp_display_destroy(display))
        _exit(ret < 0);
    return ret < 0;
}
