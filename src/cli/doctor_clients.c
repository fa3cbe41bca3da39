/* SPDX-License-Identifier: MIT */
/* What hesper run and hesper exec need besides a host that works. */
#include "cli/doctor.h"

#include "cli/capture.h"
#include "cli/exec_env.h"

#include <string.h>

#define TIME_LIMIT 20000 /* ms */

static void check_guest_files(struct hsp_cli_findings *findings)
{
    struct hsp_cli_guest_files files;
    const char *why;

    why = hsp_cli_guest_files_look(&files, NULL);
    if (why)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "guest",
                             "./dev demo makes one; hesper run --image boots any other",
                             "there is no default guest: %s: %s", files.disk, why);
    else
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, "guest", NULL, "the default guest is %s",
                             files.disk);
}

static void check_ssh(struct hsp_cli_findings *findings)
{
    char program[] = "ssh", option[] = "-V";
    const struct hsp_cli_capture_request request = {
        .argv = (char *[]){program, option, NULL}, .fd = -1, .time_limit_ms = TIME_LIMIT};
    struct hsp_cli_capture capture;
    int ret = hsp_cli_capture_run(&capture, &request);

    if (ret < 0) {
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "ssh",
                             "install it (Debian: openssh-client)",
                             "ssh cannot be run (%s): no hesper run --exec, no hesper doctor "
                             "--guest",
                             strerror(-ret));
        return;
    }
    hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, "ssh", NULL, "ssh is there");
    hsp_cli_capture_finish(&capture);
}

static void check_exec(struct hsp_cli_findings *findings)
{
    char files[4096];

    if (hsp_cli_find_guest_icd(files, sizeof(files)) == 0)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, "exec", NULL,
                             "hesper exec has a Venus driver: %s", files);
    else
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "exec",
                             "install Mesa's Vulkan drivers, or name a virtio_icd*.json in "
                             "HESPER_GUEST_ICD",
                             "there is no Venus driver on this host: hesper exec does not work "
                             "(guests have their own)");
}

void hsp_cli_doctor_check_clients(struct hsp_cli_findings *findings)
{
    check_guest_files(findings);
    check_ssh(findings);
    check_exec(findings);
}
