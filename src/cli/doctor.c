/* SPDX-License-Identifier: MIT */
/* hesper doctor: what this host, or a guest, can do, and what to do about the rest. */
#include "cli/doctor.h"

#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: hesper doctor [--json]\n"
    "Says what this host can do for guests, a line for each finding: ok, warning (it works "
    "without,\n"
    "but worse) or missing (it does not work without), with what to do about it.\n"
    "\n"
    "  --json             as JSON\n"
    "  --help             print this\n"
    "\n"
    "Ends with status 0 if nothing is missing, else 1.\n";

int hsp_cli_doctor(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct hsp_cli_findings findings = {0};
    bool as_json = false;
    int option, status;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 'j':
            as_json = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return HSP_CLI_OK;
        default:
            return HSP_CLI_USAGE; /* getopt has said why */
        }
    }
    if (optind < argc) {
        hsp_cli_error("See hesper doctor --help.", "doctor does not know '%s'", argv[optind]);
        return HSP_CLI_USAGE;
    }
    hsp_cli_doctor_check_vulkan(&findings);
    hsp_cli_doctor_check_qemu(&findings);
    hsp_cli_doctor_check_host(&findings);
    hsp_cli_doctor_check_display(&findings);
    hsp_cli_doctor_check_clients(&findings);
    status = hsp_cli_findings_count(&findings, HSP_CLI_LEVEL_MISSING) > 0 || findings.failed;
    if (as_json)
        hsp_cli_findings_print_json(&findings);
    else
        hsp_cli_findings_print(&findings);
    hsp_cli_findings_finish(&findings);
    return status;
}
