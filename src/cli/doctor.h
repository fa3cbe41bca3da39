/* SPDX-License-Identifier: MIT */
/*
 * The parts of hesper doctor. Each asks one side of this host, or of a guest, and adds what it
 * found. Nothing here changes the host; other programs are run for what could crash or hang. Main
 * thread.
 */
#ifndef HSP_CLI_DOCTOR_H
#define HSP_CLI_DOCTOR_H

#include "cli/findings.h"
#include "cli/guest_files.h"

/* The host's Vulkan devices and drivers, as hesper-render sees them; and its sandbox. */
void hsp_cli_doctor_check_vulkan(struct hsp_cli_findings *findings);

/* QEMU, KVM, and whether a machine with a hesper GPU can be made of them. */
void hsp_cli_doctor_check_qemu(struct hsp_cli_findings *findings);

/* Memory, limits, device nodes. */
void hsp_cli_doctor_check_host(struct hsp_cli_findings *findings);

/* How screens can be shown. */
void hsp_cli_doctor_check_display(struct hsp_cli_findings *findings);

/* What hesper run and hesper exec need besides: a guest, ssh, Mesa's Venus driver. */
void hsp_cli_doctor_check_clients(struct hsp_cli_findings *findings);

/* A guest over ssh: its kernel, its device, its Mesa, and what its programs get. `login` is
 * [user@]host, reached as the user's ssh does (port 0: the usual one); NULL for the machine of
 * hesper run with these files, behind `port` of this host. */
void hsp_cli_doctor_check_guest(struct hsp_cli_findings *findings,
                                const struct hsp_cli_guest_files *files, const char *login,
                                long port);

#endif
