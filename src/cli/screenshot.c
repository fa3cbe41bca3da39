/* SPDX-License-Identifier: MIT */
/* hesper screenshot: what a virtual machine shows, as a PNG file. */
#include "cli/cli.h"
#include "cli/control.h"

#include "base/fd.h"
#include "base/limits.h"
#include "ipc/messages.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "Usage: hesper screenshot [--name DEVICE] [--scanout N] FILE.png\n"
    "Writes what a running virtual machine shows to a PNG file.\n"
    "\n"
    "  --name DEVICE   which, if more than one runs; hesper stat lists them\n"
    "  --scanout N     which of its screens (default 0)\n"
    "  --help          print this\n";

struct options {
    const char *name; /* may be NULL */
    const char *file;
    long scanout;
};

/* -1 to go on, else an exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option longs[] = {
        {"name", required_argument, NULL, 'n'},
        {"scanout", required_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (option) {
        case 'n':
            options->name = optarg;
            break;
        case 's':
            if (!hsp_cli_parse_number("--scanout", optarg, 0, HSP_LIMIT_SCANOUT_COUNT - 1,
                                      &options->scanout))
                return HSP_CLI_USAGE;
            break;
        case 'h':
            fputs(usage, stdout);
            return HSP_CLI_OK;
        default:
            return HSP_CLI_USAGE; /* getopt has said why */
        }
    }
    if (optind != argc - 1) {
        hsp_cli_error("hesper screenshot --help", "screenshot wants one file name");
        return HSP_CLI_USAGE;
    }
    options->file = argv[optind];
    return -1;
}

/* 0 or negative errno; *out_status is what the display said. */
static int ask(const struct options *options, const char *name, int file_fd, int *out_status)
{
    struct hsp_ipc_display_screenshot body = {.scanout_id = (uint32_t)options->scanout};
    struct hsp_ipc_display_screenshot_done done;
    struct hsp_ipc_channel channel;
    struct hsp_ipc_message answer;
    int ret = hsp_cli_control_connect(&channel, name);

    if (ret < 0)
        return ret;
    ret = hsp_cli_control_ask(&channel, HSP_IPC_CONTROL_SCREENSHOT, &body, sizeof(body), file_fd,
                              HSP_IPC_CONTROL_DONE, &answer);
    if (ret == 0) {
        ret = hsp_ipc_decode(&answer, &done, sizeof(done), 0) ? 0 : -EPROTO;
        hsp_ipc_message_finish(&answer);
    }
    hsp_ipc_channel_finish(&channel);
    if (ret == 0)
        *out_status = done.status;
    return ret;
}

/* The picture is written beside the file and renamed when it is whole. */
static int write_file(const struct options *options, const char *name)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof(path), "%s.part", options->file);
    int fd, ret, status = 0;

    if (length < 0 || (size_t)length >= sizeof(path)) {
        hsp_cli_error(NULL, "the file name is too long");
        return HSP_CLI_FAILED;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        hsp_cli_error(NULL, "%s cannot be written: %s", options->file, strerror(errno));
        return HSP_CLI_FAILED;
    }
    ret = ask(options, name, fd, &status);
    hsp_fd_close(&fd);
    if (ret == 0 && status == 0 && rename(path, options->file) == 0)
        return HSP_CLI_OK;
    if (ret < 0)
        hsp_cli_control_error(name, ret);
    else if (status == -ENODATA)
        hsp_cli_error("A program in the guest has to show something first.",
                      "screen %ld of '%s' is off", options->scanout, name);
    else
        hsp_cli_error(NULL, "%s cannot be written: %s", options->file,
                      strerror(status < 0 ? -status : errno));
    unlink(path);
    return HSP_CLI_FAILED;
}

int hsp_cli_screenshot(int argc, char **argv)
{
    struct options options = {0};
    char name[HSP_CLI_CONTROL_NAME_SIZE];
    int status = parse_options(argc, argv, &options);

    if (status >= 0)
        return status;
    if (!hsp_cli_control_pick(options.name, name))
        return HSP_CLI_FAILED;
    return write_file(&options, name);
}
