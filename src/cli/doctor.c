/* SPDX-License-Identifier: MIT */
/* hesper doctor: what this host, or a guest, can do, and what to do about the rest. */
#include "cli/doctor.h"

#include "cli/cli.h"
#include "cli/control.h"
#include "cli/run_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: hesper doctor [--json]\n"
    "       hesper doctor --guest [--json] [--ssh-port N] [--image FILE]\n"
    "       hesper doctor --guest [--json] --ssh [USER@]HOST[:PORT]\n"
    "Says what this host can do for guests, a line for each finding: ok, warning (it works "
    "without,\n"
    "but worse) or missing (it does not work without), with what to do about it.\n"
    "\n"
    "  --guest            asks a guest over ssh what it makes of its GPU: kernel, Mesa, device, "
    "and\n"
    "                     why programs do not get it\n"
    "  --ssh-port N       the guest of a hesper run with this --ssh-port (default: that of the "
    "only\n"
    "                     machine that runs, else 2222)\n"
    "  --image FILE       the --image of that hesper run, for the key beside it\n"
    "  --ssh [USER@]HOST[:PORT]\n"
    "                     a guest that is reached so, with your own ssh configuration\n"
    "  --json             as JSON\n"
    "  --help             print this\n"
    "\n"
    "Ends with status 0 if nothing is missing, else 1.\n";

struct options {
    bool guest, as_json;
    const char *image;
    char *login; /* NULL: a guest of hesper run; cut off before the port */
    long port;   /* 0: the usual one */
};

enum option_id {
    OPTION_GUEST = 1,
    OPTION_SSH_PORT,
    OPTION_IMAGE,
    OPTION_SSH,
    OPTION_JSON,
    OPTION_HELP,
};

static const struct option long_options[] = {
    {"guest", no_argument, NULL, OPTION_GUEST},
    {"ssh-port", required_argument, NULL, OPTION_SSH_PORT},
    {"image", required_argument, NULL, OPTION_IMAGE},
    {"ssh", required_argument, NULL, OPTION_SSH},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

/* ------------------------------------------------------------------ options */

/* "user@host:22"; an IPv6 address is in brackets when a port follows. */
static bool parse_login(struct options *options, char *text)
{
    char *colon = strrchr(text, ':');
    char *bracket = strrchr(text, ']');
    bool has_port = colon && (bracket ? colon == bracket + 1 : strchr(text, ':') == colon);

    if (text[0] == '-' || text[0] == '\0') {
        hsp_cli_error(NULL, "--ssh wants [USER@]HOST[:PORT], not '%s'", text);
        return false;
    }
    if (has_port && !hsp_cli_parse_number("--ssh: the port", colon + 1, 1, 65535, &options->port))
        return false;
    if (has_port)
        *colon = '\0';
    /* ssh wants the address bare. */
    if (bracket && (colon = strchr(text, '['))) {
        *bracket = '\0';
        memmove(colon, colon + 1, strlen(colon));
    }
    options->login = text;
    return true;
}

static bool apply_option(struct options *options, int option)
{
    switch (option) {
    case OPTION_GUEST:
        options->guest = true;
        return true;
    case OPTION_SSH_PORT:
        return hsp_cli_parse_number("--ssh-port", optarg, 1, 65535, &options->port);
    case OPTION_IMAGE:
        options->image = optarg;
        return true;
    case OPTION_SSH:
        return parse_login(options, optarg);
    case OPTION_JSON:
        options->as_json = true;
        return true;
    default:
        return false; /* getopt has said why */
    }
}

/* -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct options *options)
{
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            fputs(usage, stdout);
            return HSP_CLI_OK;
        }
        if (!apply_option(options, option))
            return HSP_CLI_USAGE;
    }
    if (optind < argc) {
        hsp_cli_error("See hesper doctor --help.", "doctor does not know '%s'", argv[optind]);
        return HSP_CLI_USAGE;
    }
    if (!options->guest && (options->login || options->image || options->port)) {
        hsp_cli_error(NULL, "--ssh, --ssh-port and --image need --guest");
        return HSP_CLI_USAGE;
    }
    return -1;
}

/* ------------------------------------------------------------------ what is asked */

static void check_host(struct hsp_cli_findings *findings)
{
    hsp_cli_doctor_check_vulkan(findings);
    hsp_cli_doctor_check_qemu(findings);
    hsp_cli_doctor_check_host(findings);
    hsp_cli_doctor_check_display(findings);
    hsp_cli_doctor_check_clients(findings);
}

/* hesper run calls a machine vm-PORT unless it is told a name. */
static long find_port(void)
{
    struct hsp_cli_control_list list;
    long port = HSP_CLI_DEFAULT_SSH_PORT, found;
    char rest;

    if (hsp_cli_control_list_init(&list) < 0)
        return port;
    if (list.count == 1 && sscanf(list.names[0], "vm-%5ld%c", &found, &rest) == 1 && found > 0)
        port = found;
    hsp_cli_control_list_finish(&list);
    return port;
}

/* -1, or the exit status when the guest's files are not there. */
static int check_guest(struct hsp_cli_findings *findings, const struct options *options)
{
    struct hsp_cli_guest_files files;

    if (options->login) {
        hsp_cli_doctor_check_guest(findings, NULL, options->login, options->port);
        return -1;
    }
    if (!hsp_cli_guest_files_find(&files, options->image, NULL))
        return HSP_CLI_FAILED;
    hsp_cli_doctor_check_guest(findings, &files, NULL, options->port ? options->port : find_port());
    return -1;
}

int hsp_cli_doctor(int argc, char **argv)
{
    struct hsp_cli_findings findings = {0};
    struct options options = {.guest = false};
    int status = parse(argc, argv, &options);

    if (status >= 0)
        return status;
    if (options.guest)
        status = check_guest(&findings, &options);
    else
        check_host(&findings);
    if (status >= 0)
        return status;
    if (options.as_json)
        hsp_cli_findings_print_json(&findings);
    else
        hsp_cli_findings_print(&findings);
    status = hsp_cli_findings_count(&findings, HSP_CLI_LEVEL_MISSING) > 0 || findings.failed;
    hsp_cli_findings_finish(&findings);
    return status;
}
