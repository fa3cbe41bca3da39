/* SPDX-License-Identifier: MIT */
/* Asks a guest over ssh; what it says is judged in guest_report.c. */
#include "cli/doctor.h"

#include "cli/capture.h"
#include "cli/guest_report.h"
#include "cli/ssh.h"

#include "doctor_guest_script.h"

#include <errno.h>
#include <string.h>

#define TIME_LIMIT 180000 /* ms; vulkaninfo twice, on an emulated CPU */

/* To a host of the user's own, as the user's ssh goes there. */
static void build_for_login(struct hsp_cli_args *args, const char *login, long port)
{
    hsp_cli_args_add(args, "ssh");
    hsp_cli_args_add_pair(args, "-o", "BatchMode=yes");
    hsp_cli_args_add_pair(args, "-o", "ConnectTimeout=30");
    if (port > 0)
        hsp_cli_args_add_pair(args, "-p", "%ld", port);
    hsp_cli_args_add(args, "--");
    hsp_cli_args_add(args, "%s", login);
    hsp_cli_args_add(args, "sh -s");
}

/* The script goes through standard input: no shell on the way has to understand it. */
static int ask_guest(struct hsp_cli_capture *out, const struct hsp_cli_guest_files *files,
                     const char *login, long port)
{
    struct hsp_cli_args args = {0};
    int ret = -ENOMEM;

    if (login)
        build_for_login(&args, login, port);
    else
        hsp_cli_ssh_build(&args, files, port, "sh -s", false);
    const struct hsp_cli_capture_request request = {
        .argv = args.items,
        .input = doctor_guest_script,
        .fd = -1,
        .time_limit_ms = TIME_LIMIT,
    };
    if (!args.failed)
        ret = hsp_cli_capture_run(out, &request);
    hsp_cli_args_finish(&args);
    return ret;
}

static void add_unreachable(struct hsp_cli_findings *findings,
                            const struct hsp_cli_capture *capture, bool is_ours)
{
    char how[64], why[256];

    hsp_cli_capture_describe(capture, how, sizeof(how));
    hsp_cli_capture_last_error(capture, why, sizeof(why));
    hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "guest",
                         is_ours ? "start one with hesper run; --ssh-port and --image as there, "
                                   "--ssh for another host"
                                 : "see whether ssh goes there without a question",
                         "the guest cannot be asked: ssh %s%s%s", how, why[0] ? ": " : "", why);
}

void hsp_cli_doctor_check_guest(struct hsp_cli_findings *findings,
                                const struct hsp_cli_guest_files *files, const char *login,
                                long port)
{
    struct hsp_cli_guest_report report;
    struct hsp_cli_capture capture;
    int ret = ask_guest(&capture, files, login, port);

    if (ret < 0) {
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "guest",
                             "install ssh (Debian: openssh-client)", "ssh cannot be run: %s",
                             strerror(-ret));
        return;
    }
    hsp_cli_guest_report_parse(&report, capture.texts[0]);
    if (report.is_whole)
        hsp_cli_guest_report_judge(findings, &report);
    else
        add_unreachable(findings, &capture, login == NULL);
    hsp_cli_capture_finish(&capture);
}
