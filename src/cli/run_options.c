/* SPDX-License-Identifier: MIT */
#include "cli/run_options.h"

#include "base/display_choice.h"
#include "base/limits.h"
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_MEMORY_MIB   2048
#define MAX_CPU_COUNT        64
#define MAX_SCREENSHOT_AFTER 86400
/* Beyond four, an emulated guest only makes more noise for the renderer's threads. */
#define DEFAULT_CPU_COUNT 4

static const char usage[] =
    "Usage: hesper run [OPTIONS] [-- QEMU ARGUMENTS]\n"
    "Runs a virtual machine with a hesper GPU in stock QEMU. What the guest writes to its disk is\n"
    "thrown away at the end, unless it is --writable.\n"
    "\n"
    "  --image FILE       disk or CD to boot (default: the guest that ./dev makes; see\n"
    "                     HESPER_GUEST). With vmlinuz and initrd.img beside it these are booted\n"
    "  --format KIND      of the image: raw, qcow2 or iso, a CD (default: what it looks like)\n"
    "  --writable         what the guest writes to the image is kept; at the end the guest is "
    "asked\n"
    "                     to shut down\n"
    "  --cdrom FILE       a CD besides the image, booted when the image cannot be\n"
    "  --firmware KIND    bios or uefi, which has a picture of its own (default: uefi for a CD, "
    "if\n"
    "                     it is installed, else bios)\n"
    "  --display KIND[=WHERE]  headless: no window; see hesper screenshot (default). window: on\n"
    "                     this host's screen. vnc: for VNC viewers; WHERE is ADDRESS[:PORT] or\n"
    "                     unix:PATH (default 127.0.0.1, the first free port from 5900 on)\n"
    "  --present-mode MODE  of windows: fifo (default), paced by the host's screen; mailbox, the\n"
    "                     newest frame at each refresh; immediate, at once, with tearing\n"
    "  --scale HOW        of windows: letterbox (default) keeps the proportions, stretch fills "
    "the\n"
    "                     window\n"
    "  --quit-on-close    closing a window ends the machine; else it goes on unseen\n"
    "  --password-file FILE  its first line is what VNC viewers must know; needed where others "
    "than\n"
    "                     this host can reach the screen (see HESPER_VNC_PASSWORD_FILE)\n"
    "  --outputs N        monitors of the guest, 1 to 16 (default 1); hesper outputs changes them\n"
    "  --size WxH         of the screen (default 1280x800)\n"
    "  --exec CMD         runs the shell command CMD in the guest as root, ends the machine after\n"
    "                     it, and exits with its status (125: it could not be run)\n"
    "  --screenshot FILE  with --exec: writes what the screen shows while CMD runs (PNG)\n"
    "  --screenshot-after SECONDS\n"
    "                     from the start of CMD (default 5)\n"
    "  --memory SIZE      of the guest, as 512M or 2G (default 2G)\n"
    "  --cpus N           of the guest (default: the host's, at most 4)\n"
    "  --ssh-port N       port on 127.0.0.1 that leads to the guest's ssh (default 2222)\n"
    "  --share DIR        gives the folder DIR to the guest, as /mnt/host\n"
    "  --accel KIND       kvm or tcg (default: kvm where it works)\n"
    "  --guest-ram ACCESS  what renderers get of the guest's memory when a program imports "
    "buffers\n"
    "                     there: udmabuf, just those pages; file, all of it; none; auto "
    "(default),\n"
    "                     udmabuf if this host can, else file\n"
    "  --name NAME        for hesper stat and hesper screenshot (default: vm-PORT)\n"
    "  --help             print this\n"
    "\n"
    "Without --exec it runs until the guest is switched off or Ctrl-C; on a terminal the guest's\n"
    "serial console is there (Ctrl-A X ends it).\n";

static bool parse_memory(const char *text, long *out_mib)
{
    char unit = 0, rest;
    long value;

    if (sscanf(text, "%7ld%c%c", &value, &unit, &rest) == 2 && (unit == 'M' || unit == 'G') &&
        value > 0) {
        *out_mib = unit == 'G' ? value * 1024 : value;
        if (*out_mib >= 128)
            return true;
    }
    hsp_cli_error(NULL, "--memory wants a size of at least 128M, as 512M or 2G, not '%s'", text);
    return false;
}

/* One of the words in `choices`, which are separated by ", ". */
static bool check_choice(const char *option, const char *value, const char *choices)
{
    size_t length = strlen(value);

    for (const char *choice = choices; choice; choice = strchr(choice, ' ')) {
        choice += strspn(choice, " ");
        if (length > 0 && strcspn(choice, ",") == length && strncmp(choice, value, length) == 0)
            return true;
    }
    hsp_cli_error(NULL, "%s wants one of %s, not '%s'", option, choices, value);
    return false;
}

/* A name becomes a file name. */
static bool parse_name(const char *text, char *out_name)
{
    size_t length = strlen(text);

    if (length == 0 || length >= HSP_CLI_CONTROL_NAME_SIZE || text[0] == '.' ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") !=
            length) {
        hsp_cli_error(NULL, "--name wants letters, digits, '-', '_' and '.', not '%s'", text);
        return false;
    }
    strcpy(out_name, text);
    return true;
}

static bool check_file(const char *option, const char *path)
{
    if (access(path, R_OK) == 0)
        return true;
    hsp_cli_error(NULL, "%s: the file %s cannot be read", option, path);
    return false;
}

static bool parse_folder(const char *text)
{
    if (access(text, R_OK | X_OK) == 0)
        return true;
    hsp_cli_error(NULL, "--share: the folder %s cannot be read", text);
    return false;
}

enum option_id {
    OPTION_IMAGE = 1,
    OPTION_FORMAT,
    OPTION_WRITABLE,
    OPTION_CDROM,
    OPTION_FIRMWARE,
    OPTION_DISPLAY,
    OPTION_PRESENT_MODE,
    OPTION_SCALE,
    OPTION_QUIT_ON_CLOSE,
    OPTION_PASSWORD_FILE,
    OPTION_OUTPUTS,
    OPTION_SIZE,
    OPTION_EXEC,
    OPTION_SCREENSHOT,
    OPTION_SCREENSHOT_AFTER,
    OPTION_MEMORY,
    OPTION_CPUS,
    OPTION_SSH_PORT,
    OPTION_SHARE,
    OPTION_ACCEL,
    OPTION_GUEST_RAM,
    OPTION_NAME,
    OPTION_HELP,
};

static const struct option long_options[] = {
    {"image", required_argument, NULL, OPTION_IMAGE},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"writable", no_argument, NULL, OPTION_WRITABLE},
    {"cdrom", required_argument, NULL, OPTION_CDROM},
    {"firmware", required_argument, NULL, OPTION_FIRMWARE},
    {"display", required_argument, NULL, OPTION_DISPLAY},
    {"present-mode", required_argument, NULL, OPTION_PRESENT_MODE},
    {"scale", required_argument, NULL, OPTION_SCALE},
    {"quit-on-close", no_argument, NULL, OPTION_QUIT_ON_CLOSE},
    {"password-file", required_argument, NULL, OPTION_PASSWORD_FILE},
    {"outputs", required_argument, NULL, OPTION_OUTPUTS},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"exec", required_argument, NULL, OPTION_EXEC},
    {"screenshot", required_argument, NULL, OPTION_SCREENSHOT},
    {"screenshot-after", required_argument, NULL, OPTION_SCREENSHOT_AFTER},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"cpus", required_argument, NULL, OPTION_CPUS},
    {"ssh-port", required_argument, NULL, OPTION_SSH_PORT},
    {"share", required_argument, NULL, OPTION_SHARE},
    {"accel", required_argument, NULL, OPTION_ACCEL},
    {"guest-ram", required_argument, NULL, OPTION_GUEST_RAM},
    {"name", required_argument, NULL, OPTION_NAME},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

static bool apply_option(struct hsp_cli_run_options *options, int option, const char *value)
{
    switch (option) {
    case OPTION_IMAGE:
        options->image = value;
        return true;
    case OPTION_FORMAT:
        options->format = value;
        return check_choice("--format", value, "raw, qcow2, iso");
    case OPTION_WRITABLE:
        options->is_writable = true;
        return true;
    case OPTION_CDROM:
        options->cdrom = value;
        return check_file("--cdrom", value);
    case OPTION_FIRMWARE:
        options->firmware = value;
        return check_choice("--firmware", value, "bios, uefi");
    case OPTION_DISPLAY:
        options->display = value;
        return true;
    case OPTION_PRESENT_MODE:
        options->present_mode = value;
        return check_choice("--present-mode", value, "fifo, mailbox, immediate");
    case OPTION_SCALE:
        options->scale = value;
        return check_choice("--scale", value, "letterbox, stretch");
    case OPTION_QUIT_ON_CLOSE:
        options->quit_on_close = true;
        return true;
    case OPTION_PASSWORD_FILE:
        options->password_file = value;
        return true;
    case OPTION_OUTPUTS:
        return hsp_cli_parse_number("--outputs", value, 1, HSP_LIMIT_SCANOUT_COUNT,
                                    &options->output_count);
    case OPTION_SIZE:
        return hsp_cli_parse_size("--size", value, &options->width, &options->height);
    case OPTION_EXEC:
        options->command = value;
        return true;
    case OPTION_SCREENSHOT:
        options->screenshot = value;
        return true;
    case OPTION_SCREENSHOT_AFTER:
        return hsp_cli_parse_number("--screenshot-after", value, 0, MAX_SCREENSHOT_AFTER,
                                    &options->screenshot_after);
    case OPTION_MEMORY:
        return parse_memory(value, &options->memory_mib);
    case OPTION_CPUS:
        return hsp_cli_parse_number("--cpus", value, 1, MAX_CPU_COUNT, &options->cpu_count);
    case OPTION_SSH_PORT:
        return hsp_cli_parse_number("--ssh-port", value, 1, 65535, &options->ssh_port);
    case OPTION_SHARE:
        options->share = value;
        return parse_folder(value);
    case OPTION_ACCEL:
        options->accelerator = value;
        return check_choice("--accel", value, "kvm, tcg");
    case OPTION_GUEST_RAM:
        options->guest_ram = value;
        return check_choice("--guest-ram", value, "auto, udmabuf, file, none");
    case OPTION_NAME:
        return parse_name(value, options->name);
    default:
        return false; /* getopt has said why */
    }
}

static bool check_display(const struct hsp_cli_run_options *options)
{
    char why[HSP_DISPLAY_ERROR_SIZE], password[HSP_DISPLAY_PASSWORD_LENGTH + 1];
    struct hsp_display_choice choice;

    if (hsp_display_choice_parse(options->display, &choice, why) &&
        (choice.kind != HSP_DISPLAY_VNC ||
         hsp_display_choice_read_password(&choice, options->password_file, password, why)))
        return true;
    hsp_cli_error(NULL, "--display %s: %s", options->display, why);
    return false;
}

static long default_cpu_count(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    return HSP_MIN(HSP_MAX(online, 1), DEFAULT_CPU_COUNT);
}

int hsp_cli_run_options_parse(int argc, char **argv, struct hsp_cli_run_options *out)
{
    struct hsp_cli_run_options options = {
        .display = "headless",
        .output_count = 1,
        .width = 1280,
        .height = 800,
        .screenshot_after = 5,
        .memory_mib = DEFAULT_MEMORY_MIB,
        .cpu_count = default_cpu_count(),
        .ssh_port = HSP_CLI_DEFAULT_SSH_PORT,
    };
    int option;

    while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            fputs(usage, stdout);
            return HSP_CLI_OK;
        }
        if (!apply_option(&options, option, optarg))
            return HSP_CLI_USAGE;
    }
    if (optind < argc && strcmp(argv[optind - 1], "--") != 0) {
        hsp_cli_error("Arguments for QEMU come after --.", "run does not know '%s'", argv[optind]);
        return HSP_CLI_USAGE;
    }
    if (!check_display(&options))
        return HSP_CLI_USAGE;
    if (options.screenshot && !options.command) {
        hsp_cli_error("While a machine runs, hesper screenshot FILE does it.",
                      "--screenshot needs --exec");
        return HSP_CLI_USAGE;
    }
    if (options.is_writable && !options.image) {
        hsp_cli_error("Make a copy of its disk, or an empty one with qemu-img create.",
                      "--writable needs --image: the guest that ./dev makes stays as it is");
        return HSP_CLI_USAGE;
    }
    if (options.name[0] == '\0')
        snprintf(options.name, sizeof(options.name), "vm-%ld", options.ssh_port);
    options.qemu_args = argv + optind;
    *out = options;
    return -1;
}
