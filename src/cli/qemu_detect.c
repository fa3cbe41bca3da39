/* SPDX-License-Identifier: MIT */
/* Which QEMU there is, and what it and this host can do. */
#include "cli/qemu.h"

#include "cli/capture.h"
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIME_LIMIT 60000 /* ms; it is read from a slow disk at first */

const char *hsp_cli_qemu_pick_device(const char *help)
{
    /* The same generic device under the names it has had; the newest first. */
    static const char *const devices[] = {"vhost-user-test-device-pci", "vhost-user-device-pci"};
    char quoted[64];

    for (size_t i = 0; i < HSP_ARRAY_COUNT(devices); i++) {
        snprintf(quoted, sizeof(quoted), "\"%s\"", devices[i]);
        if (strstr(help, quoted))
            return devices[i];
    }
    return NULL;
}

/* ------------------------------------------------------------------ QEMU */

/* What QEMU prints on standard output for one or two words; the caller finishes the capture. */
static int ask(struct hsp_cli_capture *out, const char *option, const char *value)
{
    char program[] = HSP_CLI_QEMU_PROGRAM, first[32], second[32];
    char *argv[] = {program, first, second, NULL};
    const struct hsp_cli_capture_request request = {
        .argv = argv, .fd = -1, .time_limit_ms = TIME_LIMIT};
    int ret;

    snprintf(first, sizeof(first), "%s", option);
    snprintf(second, sizeof(second), "%s", value ? value : "");
    if (!value)
        argv[2] = NULL;
    ret = hsp_cli_capture_run(out, &request);
    if (ret == 0 && !hsp_cli_capture_succeeded(out)) {
        hsp_cli_capture_finish(out);
        ret = -EIO;
    }
    return ret;
}

/* "QEMU emulator version 11.1.3 (...)", first line of several. */
static void parse_version(char out[64], const char *text)
{
    const char *version = strstr(text, "version ");

    version = version ? version + strlen("version ") : text;
    snprintf(out, 64, "%.*s", (int)HSP_MIN(strcspn(version, "\n"), (size_t)63), version);
}

static int has_word(const char *option, const char *word, bool *out_has)
{
    struct hsp_cli_capture capture;
    int ret = ask(&capture, option, "help");

    if (ret < 0)
        return ret;
    *out_has = strstr(capture.texts[0], word) != NULL;
    hsp_cli_capture_finish(&capture);
    return 0;
}

int hsp_cli_qemu_inspect(struct hsp_cli_qemu_facts *out)
{
    struct hsp_cli_qemu_facts facts = {.device = NULL};
    struct hsp_cli_capture capture;
    int ret = ask(&capture, "--version", NULL);

    if (ret < 0)
        return ret;
    parse_version(facts.version, capture.texts[0]);
    hsp_cli_capture_finish(&capture);
    ret = ask(&capture, "-device", "help");
    if (ret < 0)
        return ret;
    facts.device = hsp_cli_qemu_pick_device(capture.texts[0]);
    facts.has_input = strstr(capture.texts[0], "\"vhost-user-input-pci\"") != NULL;
    hsp_cli_capture_finish(&capture);
    ret = has_word("-object", "memory-backend-memfd", &facts.has_memfd);
    if (ret == 0)
        ret = has_word("-netdev", "\nuser\n", &facts.has_user_network);
    if (ret == 0)
        *out = facts;
    return ret;
}

/* ------------------------------------------------------------------ KVM */

/* Whether the CPU can run guests in hardware. Some hosts have /dev/kvm without it, with a KVM that
 * runs prepared guests only and breaks on a stock kernel. */
static bool cpu_has_virtualization(void)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    while (file && !found && getline(&line, &size, file) > 0)
        found = strncmp(line, "flags", 5) == 0 && (strstr(line, " vmx") || strstr(line, " svm"));
    free(line);
    if (file)
        fclose(file);
    return found;
}

enum hsp_cli_kvm hsp_cli_qemu_check_kvm(void)
{
    if (access("/dev/kvm", F_OK) != 0)
        return HSP_CLI_KVM_NO_NODE;
    if (access("/dev/kvm", R_OK | W_OK) != 0)
        return HSP_CLI_KVM_NO_ACCESS;
    return cpu_has_virtualization() ? HSP_CLI_KVM_WORKS : HSP_CLI_KVM_NO_CPU;
}

/* ------------------------------------------------------------------ for a machine */

bool hsp_cli_qemu_detect(struct hsp_cli_qemu *out, const char *accelerator)
{
    struct hsp_cli_capture capture;
    const char *device;
    int ret = ask(&capture, "-device", "help");

    if (ret < 0) {
        hsp_cli_error("Install it (Debian: qemu-system-x86), or use ./dev shell.",
                      HSP_CLI_QEMU_PROGRAM " cannot be run: %s", strerror(-ret));
        return false;
    }
    device = hsp_cli_qemu_pick_device(capture.texts[0]);
    hsp_cli_capture_finish(&capture);
    if (!device) {
        hsp_cli_error("QEMU 11.1 and newer have one (Debian 13: from backports).",
                      "this QEMU has no device for vhost-user GPUs");
        return false;
    }
    if (accelerator && strcmp(accelerator, "kvm") == 0 && access("/dev/kvm", R_OK | W_OK) != 0) {
        hsp_cli_error("--accel tcg works everywhere, slower.", "/dev/kvm cannot be used: %s",
                      strerror(errno));
        return false;
    }
    out->program = HSP_CLI_QEMU_PROGRAM;
    out->device = device;
    if (!accelerator)
        accelerator = hsp_cli_qemu_check_kvm() == HSP_CLI_KVM_WORKS ? "kvm" : "tcg";
    out->accelerator = accelerator;
    return true;
}
