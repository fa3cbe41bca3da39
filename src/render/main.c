/* SPDX-License-Identifier: MIT */
/* hesper-render: one Venus context in a process of its own. */
#include "base/fd.h"
#include "base/log.h"
#include "base/stats.h"
#include "render/environment.h"
#include "render/ipc.h"
#include "render/layers.h"
#include "render/report.h"
#include "render/sandbox.h"
#include "venus/report.h"
#include "venus/context.h"
#include "vtest/server.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct options {
    int ipc_fd, vtest_fd, stats_fd, import_fd;
    const char *name;
    bool print_capset, print_devices;
};

static const char usage[] =
    "usage: hesper-render --ipc-fd=N [--stats-fd=N] [--name=TEXT]\n"
    "       hesper-render --vtest-fd=N\n"
    "       hesper-render --check-import-fd=N\n"
    "       hesper-render --print-capset | --print-devices | --version | --help\n"
    "\n"
    "Renders for one client: hesper-gpu (--ipc-fd) or a Mesa client that speaks vtest\n"
    "(--vtest-fd). Both name connected sockets that this program inherits; hesper-gpu and\n"
    "hesper exec start it, people do not need to.\n"
    "\n"
    "  --ipc-fd=N       serve a context to hesper-gpu\n"
    "  --vtest-fd=N     serve a vtest client\n"
    "  --stats-fd=N     shared memory to count into\n"
    "  --name=TEXT      the client's name, for log lines\n"
    "  --check-import-fd=N\n"
    "                   exit with 0 if all devices can import the memory of this file\n"
    "  --print-capset   write the 160 bytes of the venus capset to standard output\n"
    "  --print-devices  describe the host's Vulkan devices as JSON, and what keeps one from\n"
    "                   serving guests\n"
    "  --version        print the version\n"
    "  --help           print this\n";

static int fail(const char *what, const char *value)
{
    fprintf(stderr, "hesper-render: %s: %s; see hesper-render --help\n", what, value);
    return 2;
}

/* An inherited descriptor, made close-on-exec; false if `text` names none. */
static bool parse_fd(const char *text, int *out_fd)
{
    char *end;
    long fd;

    errno = 0;
    fd = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || fd < 0 || fd > INT32_MAX)
        return false;
    if (hsp_fd_set_cloexec((int)fd, true) < 0)
        return false;
    *out_fd = (int)fd;
    return true;
}

static int print_capset(void)
{
    uint8_t capset[HSP_VN_CAPSET_SIZE];
    int ret;

    hsp_vn_capset_get(capset);
    ret = hsp_fd_write_all(STDOUT_FILENO, capset, sizeof(capset));
    if (ret < 0) {
        fprintf(stderr, "hesper-render: cannot write the capset: %s\n", strerror(-ret));
        return 1;
    }
    return 0;
}

static struct hsp_stats_context *map_stats(int fd)
{
    void *page;

    if (fd < 0)
        return NULL;
    page = mmap(NULL, sizeof(struct hsp_stats_context), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        hsp_warning("no statistics: cannot map descriptor %d: %s", fd, strerror(errno));
        return NULL;
    }
    return page;
}

/* What is done before a client is served or a device is asked: an enum hsp_render_sandbox, or
 * negative errno, logged. */
static int confine(const char *program)
{
    int ret;

    signal(SIGPIPE, SIG_IGN);
    hsp_render_choose_driver();
    ret = hsp_render_sandbox_enter(program);
    if (ret < 0) {
        hsp_error("the sandbox failed: %s; HESPER_SANDBOX=off runs without it", strerror(-ret));
        return ret;
    }
    int missing = hsp_render_layers_check();
    return missing < 0 ? missing : ret;
}

static int print_devices(const char *program)
{
    int ret = confine(program);

    if (ret < 0)
        return 1;
    ret = hsp_render_report_print((enum hsp_render_sandbox)ret);
    if (ret < 0)
        hsp_error("cannot describe the devices: %s", strerror(-ret));
    return ret < 0;
}

static int check_import(const char *program, int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    void *pages = MAP_FAILED;

    if (size > 0)
        pages = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (pages == MAP_FAILED) {
        hsp_error("descriptor %d cannot be mapped", fd);
        return 1;
    }
    return confine(program) < 0 || !hsp_vn_report_check_import(pages, (uint64_t)size);
}

static int serve(const char *program, const struct options *options)
{
    struct hsp_stats_context *stats = map_stats(options->stats_fd);
    int ret = confine(program);

    if (ret < 0)
        return 1;
    ret = options->ipc_fd >= 0 ? hsp_render_serve_ipc(options->ipc_fd, options->name, stats)
                               : hsp_vtest_serve(options->vtest_fd, stats);
    return ret < 0;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"ipc-fd", required_argument, NULL, 'i'},
        {"vtest-fd", required_argument, NULL, 'v'},
        {"stats-fd", required_argument, NULL, 's'},
        {"name", required_argument, NULL, 'n'},
        {"check-import-fd", required_argument, NULL, 'm'},
        {"print-capset", no_argument, NULL, 'c'},
        {"print-devices", no_argument, NULL, 'd'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct options options = {
        .ipc_fd = -1,
        .vtest_fd = -1,
        .stats_fd = -1,
        .import_fd = -1,
        .name = "(unnamed)",
    };
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        int *fd = option == 'i'   ? &options.ipc_fd
                  : option == 'v' ? &options.vtest_fd
                  : option == 's' ? &options.stats_fd
                                  : &options.import_fd;

        switch (option) {
        case 'i':
        case 'v':
        case 's':
        case 'm':
            if (!parse_fd(optarg, fd))
                return fail("not an open file descriptor", optarg);
            break;
        case 'n':
            options.name = optarg;
            break;
        case 'c':
            options.print_capset = true;
            break;
        case 'd':
            options.print_devices = true;
            break;
        case 'V':
            puts("hesper-render " HSP_VERSION);
            return 0;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            return 2; /* getopt has said what is wrong */
        }
    }
    if (optind < argc)
        return fail("unexpected argument", argv[optind]);
    hsp_log_init("hesper-render");
    if (options.print_capset)
        return print_capset();
    if (options.print_devices)
        return print_devices(argv[0]);
    if (options.import_fd >= 0)
        return check_import(argv[0], options.import_fd);
    if ((options.ipc_fd >= 0) == (options.vtest_fd >= 0))
        return fail("what to serve", "one of --ipc-fd and --vtest-fd is needed");
    return serve(argv[0], &options);
}
