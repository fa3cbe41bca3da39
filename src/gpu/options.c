/* SPDX-License-Identifier: MIT */
#include "gpu/options.h"

#include "base/display_choice.h"
#include "base/limits.h"
#include "base/program.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIN_HOSTMEM_SIZE (256ull << 20)
#define MAX_HOSTMEM_SIZE (64ull << 30)
#define MIN_EXTENT       64

static const char usage[] =
    "usage: hesper-gpu --socket-path=PATH | --fd=N [OPTION...]\n"
    "       hesper-gpu --print-capabilities | --help | --version\n"
    "\n"
    "A virtio-gpu with Vulkan for one virtual machine, as a vhost-user device beside QEMU. It "
    "ends\n"
    "when the VMM closes the connection.\n"
    "\n"
    "  --socket-path=PATH      listen here for the VMM\n"
    "  --fd=N                  use this inherited socket, connected or listening\n"
    "  --input=KIND:PATH       listen here for a device of the VM's: keyboard, tablet or mouse, "
    "for\n"
    "                          vhost-user-input-pci; may be given once for each\n"
    "  --input-fd=KIND:N       the same on this inherited socket\n"
    "  --name=NAME             what hesper stat calls it (default: from the socket's name)\n"
    "  --hostmem=SIZE          window for memory that the guest maps; a power of two from 256M\n"
    "                          to 64G (default 8G)\n"
    "  --size=WxH              preferred mode of each output (default 1280x800)\n"
    "  --outputs=N             1 to 16 (default 1)\n"
    "  --display=KIND[=WHERE]  how the outputs are shown: headless, only to hesper screenshot\n"
    "                          (default); window, in windows on this host; vnc, to VNC viewers,\n"
    "                          WHERE is ADDRESS[:PORT] or unix:PATH (default: 127.0.0.1, the\n"
    "                          first free port from 5900 on)\n"
    "  --guest-ram=ACCESS      what a renderer gets of guest RAM when a program imports buffers "
    "there:\n"
    "                          udmabuf, just those pages; file, the VMM's file; none; auto, "
    "udmabuf\n"
    "                          if the host and its drivers can, else file (default)\n"
    "  --display-option=TEXT   gives hesper-display the option --TEXT, as present-mode=mailbox or\n"
    "                          quit-on-close; may be repeated. See hesper-display --help\n"
    "  --notify-fd=N           write a line to this inherited descriptor when a window was closed "
    "that\n"
    "                          shall end the machine: close\n"
    "  --render=PATH           the hesper-render program (default: beside this one)\n"
    "  --display-program=PATH  the hesper-display program (default: beside this one)\n"
    "  --print-capabilities    describe this program to a management layer, as JSON\n"
    "  --version               print the version\n"
    "  --help                  print this\n";

enum option_id {
    OPTION_SOCKET_PATH = 256,
    OPTION_FD,
    OPTION_INPUT,
    OPTION_INPUT_FD,
    OPTION_NAME,
    OPTION_HOSTMEM,
    OPTION_SIZE,
    OPTION_OUTPUTS,
    OPTION_DISPLAY,
    OPTION_GUEST_RAM,
    OPTION_DISPLAY_OPTION,
    OPTION_NOTIFY_FD,
    OPTION_RENDER,
    OPTION_DISPLAY_PROGRAM,
    OPTION_PRINT_CAPABILITIES,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option long_options[] = {
    {"socket-path", required_argument, NULL, OPTION_SOCKET_PATH},
    {"fd", required_argument, NULL, OPTION_FD},
    {"input", required_argument, NULL, OPTION_INPUT},
    {"input-fd", required_argument, NULL, OPTION_INPUT_FD},
    {"name", required_argument, NULL, OPTION_NAME},
    {"hostmem", required_argument, NULL, OPTION_HOSTMEM},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"outputs", required_argument, NULL, OPTION_OUTPUTS},
    {"display", required_argument, NULL, OPTION_DISPLAY},
    {"guest-ram", required_argument, NULL, OPTION_GUEST_RAM},
    {"display-option", required_argument, NULL, OPTION_DISPLAY_OPTION},
    {"notify-fd", required_argument, NULL, OPTION_NOTIFY_FD},
    {"render", required_argument, NULL, OPTION_RENDER},
    {"display-program", required_argument, NULL, OPTION_DISPLAY_PROGRAM},
    {"print-capabilities", no_argument, NULL, OPTION_PRINT_CAPABILITIES},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {0},
};

HSP_PRINTF(1, 2) static bool complain(const char *fmt, ...)
{
    va_list args;

    fputs("hesper-gpu: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputs("; see hesper-gpu --help\n", stderr);
    return false;
}

/* ------------------------------------------------------------------ values */

static bool parse_number(const char *text, uint64_t max, uint64_t *out_value, const char **out_rest)
{
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || value > max)
        return false;
    *out_value = value;
    *out_rest = end;
    return true;
}

static bool parse_fd(const char *option, const char *text, int *out_fd)
{
    const char *rest;
    uint64_t value;

    if (!parse_number(text, INT_MAX, &value, &rest) || *rest != '\0')
        return complain("--%s=%s is no number", option, text);
    *out_fd = (int)value;
    return true;
}

/* KIND:PATH or KIND:N. */
static bool parse_input(const char *option, const char *text, struct hsp_gpu_options *options)
{
    const char *colon = strchr(text, ':');
    char name[16];
    enum hsp_input_kind kind;
    struct hsp_gpu_socket *socket;

    snprintf(name, sizeof(name), "%.*s", colon ? (int)(colon - text) : 0, text);
    if (!hsp_input_kind_find(name, &kind) || colon[1] == '\0')
        return complain("--%s=%s does not begin with keyboard:, tablet: or mouse:", option, text);
    socket = &options->inputs[kind];
    if (socket->path || socket->fd >= 0)
        return complain("--%s=%s: there is a %s already", option, text, name);
    if (strcmp(option, "input-fd") == 0)
        return parse_fd(option, colon + 1, &socket->fd);
    socket->path = colon + 1;
    return true;
}

static bool parse_hostmem(const char *text, uint64_t *out_size)
{
    static const char suffixes[] = "KMG";
    const char *rest, *suffix;
    uint64_t value;

    if (!parse_number(text, MAX_HOSTMEM_SIZE, &value, &rest))
        return complain("--hostmem=%s is no size", text);
    if (*rest != '\0') {
        suffix = strchr(suffixes, *rest);
        if (!suffix || rest[1] != '\0')
            return complain("--hostmem=%s: the suffixes are K, M and G", text);
        /* At most 2^36 times 2^30: no overflow that would not be seen below. */
        unsigned shift = 10 * (unsigned)(suffix - suffixes + 1);
        if (value > MAX_HOSTMEM_SIZE >> shift)
            return complain("--hostmem=%s is more than 64G", text);
        value <<= shift;
    }
    if (!hsp_is_power_of_two(value) || value < MIN_HOSTMEM_SIZE)
        return complain("--hostmem=%s is no power of two from 256M to 64G", text);
    *out_size = value;
    return true;
}

static bool parse_size(const char *text, struct hsp_gpu_options *options)
{
    const char *rest;
    uint64_t width, height;

    if (!parse_number(text, HSP_LIMIT_SCANOUT_EXTENT, &width, &rest) || *rest != 'x' ||
        !parse_number(rest + 1, HSP_LIMIT_SCANOUT_EXTENT, &height, &rest) || *rest != '\0' ||
        width < MIN_EXTENT || height < MIN_EXTENT)
        return complain("--size=%s is not WIDTHxHEIGHT, each from %d to %d", text, MIN_EXTENT,
                        HSP_LIMIT_SCANOUT_EXTENT);
    options->width = (uint32_t)width;
    options->height = (uint32_t)height;
    return true;
}

static bool parse_outputs(const char *text, uint32_t *out_count)
{
    const char *rest;
    uint64_t value;

    if (!parse_number(text, HSP_LIMIT_SCANOUT_COUNT, &value, &rest) || *rest != '\0' || value == 0)
        return complain("--outputs=%s is not from 1 to %d", text, HSP_LIMIT_SCANOUT_COUNT);
    *out_count = (uint32_t)value;
    return true;
}

static bool parse_name(const char *text, struct hsp_gpu_options *options)
{
    if (!hsp_gpu_name_is_valid(text))
        return complain("--name=%s: up to %d letters, digits, '-', '_' and '.', which must not be "
                        "in front",
                        text, HSP_GPU_NAME_SIZE - 1);
    strcpy(options->name, text);
    options->name_was_given = true;
    return true;
}

static bool parse_program(const char *option, const char *text, char *out_path)
{
    struct stat st;

    if (stat(text, &st) < 0 || access(text, X_OK) < 0)
        return complain("--%s=%s: %s", option, text, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return complain("--%s=%s is no program", option, text);
    if (strlen(text) >= PATH_MAX)
        return complain("--%s=%s: the path is too long", option, text);
    strcpy(out_path, text);
    return true;
}

static bool parse_display_option(const char *text, struct hsp_gpu_options *options)
{
    char *argument = options->display_arguments[options->display_argument_count];

    if (options->display_argument_count == HSP_GPU_DISPLAY_ARGUMENT_COUNT)
        return complain("--display-option can be given %d times at most",
                        HSP_GPU_DISPLAY_ARGUMENT_COUNT);
    if (text[0] == '\0' || text[0] == '-' || strlen(text) + 3 > HSP_GPU_DISPLAY_ARGUMENT_SIZE)
        return complain("--display-option=%s is no option's name and value", text);
    snprintf(argument, HSP_GPU_DISPLAY_ARGUMENT_SIZE, "--%s", text);
    options->display_argument_count++;
    return true;
}

static bool parse_display(const char *text, const char **out_backend)
{
    struct hsp_display_choice choice;
    char why[HSP_DISPLAY_ERROR_SIZE];

    if (!hsp_display_choice_parse(text, &choice, why))
        return complain("--display=%s: %s", text, why);
    *out_backend = text;
    return true;
}

static bool parse_guest_ram(const char *text, enum hsp_gpu_guest_ram_access *out_access)
{
    static const char *const names[] = {
        [HSP_GPU_GUEST_RAM_FILE] = "file",
        [HSP_GPU_GUEST_RAM_UDMABUF] = "udmabuf",
        [HSP_GPU_GUEST_RAM_NONE] = "none",
        [HSP_GPU_GUEST_RAM_AUTO] = "auto",
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *out_access = (enum hsp_gpu_guest_ram_access)i;
            return true;
        }
    }
    return complain("--guest-ram=%s is unknown: there are auto, udmabuf, file and none", text);
}

static bool parse_option(int option, struct hsp_gpu_options *options)
{
    switch (option) {
    case OPTION_SOCKET_PATH:
        options->socket.path = optarg;
        return optarg[0] != '\0' || complain("--socket-path is empty");
    case OPTION_FD:
        return parse_fd("fd", optarg, &options->socket.fd);
    case OPTION_INPUT:
        return parse_input("input", optarg, options);
    case OPTION_INPUT_FD:
        return parse_input("input-fd", optarg, options);
    case OPTION_NAME:
        return parse_name(optarg, options);
    case OPTION_HOSTMEM:
        return parse_hostmem(optarg, &options->hostmem_size);
    case OPTION_SIZE:
        return parse_size(optarg, options);
    case OPTION_OUTPUTS:
        return parse_outputs(optarg, &options->output_count);
    case OPTION_DISPLAY:
        return parse_display(optarg, &options->display_backend);
    case OPTION_GUEST_RAM:
        return parse_guest_ram(optarg, &options->guest_ram);
    case OPTION_DISPLAY_OPTION:
        return parse_display_option(optarg, options);
    case OPTION_NOTIFY_FD:
        return parse_fd("notify-fd", optarg, &options->notify_fd);
    case OPTION_RENDER:
        return parse_program("render", optarg, options->render_path);
    case OPTION_DISPLAY_PROGRAM:
        return parse_program("display-program", optarg, options->display_path);
    default:
        return false; /* getopt_long has said why */
    }
}

/* ------------------------------------------------------------------ defaults */

/* From the socket's file name without its suffix, made a valid name; else from the process. */
static void derive_name(struct hsp_gpu_options *options)
{
    const char *base = options->socket.path ? strrchr(options->socket.path, '/') : NULL;
    size_t length;

    snprintf(options->name, sizeof(options->name), "vm-%d", (int)getpid());
    if (!options->socket.path)
        return;
    base = base ? base + 1 : options->socket.path;
    length = strcspn(base, ".");
    if (length == 0 || length >= sizeof(options->name))
        return;
    for (size_t i = 0; i < length; i++) {
        char c[2] = {base[i], '\0'};
        options->name[i] = hsp_gpu_name_is_valid(c) ? base[i] : '-';
    }
    options->name[length] = '\0';
}

static void find_programs(struct hsp_gpu_options *options)
{
    if (options->render_path[0] == '\0' &&
        hsp_program_find("hesper-render", options->render_path, PATH_MAX) < 0)
        options->render_path[0] = '\0';
    if (options->display_path[0] == '\0' &&
        hsp_program_find("hesper-display", options->display_path, PATH_MAX) < 0)
        options->display_path[0] = '\0';
}

enum hsp_gpu_options_result hsp_gpu_options_parse(int argc, char **argv,
                                                  struct hsp_gpu_options *out_options)
{
    struct hsp_gpu_options *options = out_options;
    int option;

    memset(options, 0, sizeof(*options));
    options->socket.fd = -1;
    options->notify_fd = -1;
    for (size_t i = 0; i < HSP_INPUT_KIND_COUNT; i++)
        options->inputs[i].fd = -1;
    options->hostmem_size = 8ull << 30;
    options->width = 1280;
    options->height = 800;
    options->output_count = 1;
    options->display_backend = "headless";
    options->guest_ram = HSP_GPU_GUEST_RAM_AUTO;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case OPTION_HELP:
            fputs(usage, stdout);
            return HSP_GPU_OPTIONS_DONE;
        case OPTION_VERSION:
            puts("hesper-gpu " HSP_VERSION);
            return HSP_GPU_OPTIONS_DONE;
        case OPTION_PRINT_CAPABILITIES:
            puts("{\n  \"type\": \"gpu\"\n}");
            return HSP_GPU_OPTIONS_DONE;
        default:
            if (!parse_option(option, options))
                return HSP_GPU_OPTIONS_WRONG;
        }
    }
    if (optind < argc) {
        complain("%s: unexpected argument", argv[optind]);
        return HSP_GPU_OPTIONS_WRONG;
    }
    if ((options->socket.path != NULL) == (options->socket.fd >= 0)) {
        complain("exactly one of --socket-path and --fd is needed");
        return HSP_GPU_OPTIONS_WRONG;
    }
    if (!options->name_was_given)
        derive_name(options);
    find_programs(options);
    return HSP_GPU_OPTIONS_RUN;
}
