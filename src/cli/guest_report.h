/* SPDX-License-Identifier: MIT */
/*
 * What a guest answers to doctor_guest.sh, and what follows of it. Pure functions over text that
 * the guest chose: it is read as data only, whatever it holds.
 */
#ifndef HSP_CLI_GUEST_REPORT_H
#define HSP_CLI_GUEST_REPORT_H

#include "cli/findings.h"

#define HSP_CLI_GUEST_DEVICE_COUNT 8 /* more are left out */

struct hsp_cli_guest_device {
    char name[128], driver[64], info[128], api_version[32];
};

struct hsp_cli_guest_devices {
    struct hsp_cli_guest_device items[HSP_CLI_GUEST_DEVICE_COUNT];
    size_t count;
};

struct hsp_cli_guest_report {
    char system[128], kernel[128], user[64];
    bool has_gpu;          /* a virtio-gpu is on a bus */
    char gpu_driver[64];   /* "none", or the kernel's driver of it */
    char gpu_features[80]; /* those that both sides have, a digit each */
    char module[256];      /* the file of the kernel's driver, "" when there is none */
    char window[64];       /* of mapped memory; "" when it is not known */
    char open_node[64];    /* render nodes that this user can and cannot open; "" when none */
    char closed_node[64], closed_group[64];
    char venus[256];     /* manifest of Mesa's Venus driver */
    char variables[512]; /* that choose drivers, with spaces between */
    bool has_vulkaninfo;
    struct hsp_cli_guest_devices all;  /* that programs get */
    struct hsp_cli_guest_devices only; /* that they would get of Venus alone */
    char message[256];                 /* of Mesa, when it gave no device */
    bool is_whole;                     /* the last line came */
};

void hsp_cli_guest_report_parse(struct hsp_cli_guest_report *out, const char *text);

/* Adds what the report means: with a Venus device nothing is missing, without one the reason is. */
void hsp_cli_guest_report_judge(struct hsp_cli_findings *findings,
                                const struct hsp_cli_guest_report *report);

#endif
