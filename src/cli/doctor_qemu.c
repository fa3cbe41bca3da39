/* SPDX-License-Identifier: MIT */
/*
 * QEMU, tried rather than judged by its version: a hesper-gpu and a QEMU that does not start its
 * CPUs meet for a moment, and QEMU says whether the window for mapped memory is there.
 */
#include "cli/doctor.h"

#include "base/fd.h"
#include "base/program.h"
#include "cli/capture.h"
#include "cli/qemu.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOPIC      "qemu"
#define TIME_LIMIT 60000 /* ms */

/* Of virtio-gpu on PCI; the window is a region of a size that no other device's has. */
#define VENDOR_ID   0x1af4
#define DEVICE_ID   0x1050
#define WINDOW_SIZE (8ll << 30)

/* ------------------------------------------------------------------ a trial */

struct trial {
    struct hsp_cli_capture gpu, qemu;
};

static int start_gpu(struct hsp_cli_capture *out, int socket_fd)
{
    char path[PATH_MAX], fd_option[] = "--fd=3", name_option[64];
    char window_option[] = "--hostmem=8G";
    int ret = hsp_program_find("hesper-gpu", path, sizeof(path));

    if (ret < 0)
        return ret;
    snprintf(name_option, sizeof(name_option), "--name=doctor-%d", (int)getpid());
    const struct hsp_cli_capture_request request = {
        .argv = (char *[]){path, fd_option, name_option, window_option, NULL},
        .env = (const char *[]){"HESPER_LOG=info", NULL},
        .fd = socket_fd,
        .time_limit_ms = TIME_LIMIT,
    };
    return hsp_cli_capture_start(out, &request);
}

static int start_qemu(struct hsp_cli_capture *out, int socket_fd, const struct hsp_cli_qemu *qemu)
{
    const struct hsp_cli_run_options options = {.memory_mib = 128, .cpu_count = 1};
    struct hsp_cli_args args = {0};
    int ret = -ENOMEM;

    hsp_cli_qemu_build_trial(&args, qemu, &options);
    const struct hsp_cli_capture_request request = {
        .argv = args.items,
        .input = "{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"query-pci\"}\n"
                 "{\"execute\":\"quit\"}\n",
        .fd = socket_fd,
        .time_limit_ms = TIME_LIMIT,
    };
    if (!args.failed)
        ret = hsp_cli_capture_start(out, &request);
    hsp_cli_args_finish(&args);
    return ret;
}

static void finish_trial(struct trial *trial)
{
    hsp_cli_capture_finish(&trial->qemu);
    hsp_cli_capture_finish(&trial->gpu);
}

/* Both have ended when this returns 0; then the caller finishes the trial. */
static int try_machine(struct trial *out, const struct hsp_cli_qemu *qemu)
{
    int fds[2] = {-1, -1};
    int ret = hsp_fd_socketpair(fds);

    if (ret == 0)
        ret = start_gpu(&out->gpu, fds[0]);
    if (ret == 0) {
        hsp_fd_close(&fds[0]);
        ret = start_qemu(&out->qemu, fds[1], qemu);
        if (ret < 0)
            hsp_cli_capture_finish(&out->gpu);
    }
    hsp_fd_close(&fds[0]);
    hsp_fd_close(&fds[1]);
    if (ret < 0)
        return ret;
    hsp_cli_capture_wait(&out->qemu);
    hsp_cli_capture_wait(&out->gpu);
    if (out->qemu.texts[0] && out->qemu.texts[1] && out->gpu.texts[1])
        return 0;
    finish_trial(out);
    return -ENOMEM;
}

/* ------------------------------------------------------------------ QMP's answer */

static int64_t get_number(struct json_object *object, const char *key)
{
    return json_object_get_int64(json_object_object_get(object, key));
}

static bool has_window(struct json_object *device)
{
    struct json_object *regions = json_object_object_get(device, "regions");

    for (size_t i = 0; regions && i < json_object_array_length(regions); i++) {
        if (get_number(json_object_array_get_idx(regions, i), "size") == WINDOW_SIZE)
            return true;
    }
    return false;
}

/* Whether a bus of query-pci's answer has a GPU with a window. */
static bool find_window(struct json_object *bus)
{
    struct json_object *devices = json_object_object_get(bus, "devices");

    for (size_t i = 0; devices && i < json_object_array_length(devices); i++) {
        struct json_object *device = json_object_array_get_idx(devices, i);
        struct json_object *id = json_object_object_get(device, "id");

        if (get_number(id, "vendor") == VENDOR_ID && get_number(id, "device") == DEVICE_ID &&
            has_window(device))
            return true;
    }
    return false;
}

/* One line of JSON is one answer. */
static bool answer_has_window(const char *line)
{
    struct json_object *answer = json_tokener_parse(line);
    struct json_object *buses = json_object_object_get(answer, "return");
    bool found = false;

    if (json_object_is_type(buses, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(buses) && !found; i++)
            found = find_window(json_object_array_get_idx(buses, i));
    }
    json_object_put(answer);
    return found;
}

static bool output_has_window(char *text)
{
    char *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (answer_has_window(line))
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------ findings */

static void add_trial(struct hsp_cli_findings *findings, struct trial *trial,
                      const struct hsp_cli_qemu *qemu)
{
    bool is_kvm = strcmp(qemu->accelerator, "kvm") == 0;
    char how[64], why[512];

    if (!hsp_cli_capture_succeeded(&trial->qemu)) {
        hsp_cli_capture_describe(&trial->qemu, how, sizeof(how));
        hsp_cli_capture_last_error(&trial->qemu, why, sizeof(why));
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "machine",
                             is_kvm ? "see the finding about kvm; --accel tcg does without"
                                    : "see what QEMU says",
                             "QEMU cannot make a machine with a hesper GPU (%s): it %s: %s",
                             qemu->accelerator, how, why);
    } else if (!output_has_window(trial->qemu.texts[0])) {
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "machine",
                             "install QEMU 11.1 or newer (Debian 13: from backports)",
                             "this QEMU gives its vhost-user device no window for mapped memory, "
                             "so guests would have no Vulkan");
    } else {
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, "machine", NULL,
                             "QEMU takes a hesper GPU with its window for mapped memory (%s, %s)",
                             qemu->device, qemu->accelerator);
    }
}

/* What hesper-gpu found out while it started, by what it prints then. */
static void add_warnings(struct hsp_cli_findings *findings, const struct trial *trial)
{
    static const struct {
        const char *part, *topic, *text, *fix;
    } lines[] = {
        {"cannot import udmabuf", "udmabuf",
         "a driver of this host cannot import pages of /dev/udmabuf: a renderer can reach all of "
         "guest RAM once a program imports a buffer there",
         "--guest-ram none, for guests that you do not trust; programs in them then cannot import "
         "buffers of their kernel"},
        {"no control socket", "machine",
         "hesper-gpu has no place for its control socket: no hesper stat, no hesper screenshot",
         "set XDG_RUNTIME_DIR to a folder of your own, as /run/user/UID"},
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(lines); i++) {
        if (strstr(trial->gpu.texts[1], lines[i].part))
            hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, lines[i].topic, lines[i].fix,
                                 "%s", lines[i].text);
    }
}

static void check_machine(struct hsp_cli_findings *findings, const struct hsp_cli_qemu *qemu)
{
    struct trial trial;
    int ret = try_machine(&trial, qemu);

    if (ret < 0) {
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "machine", "install all of hesper",
                             "hesper-gpu or QEMU cannot be run: %s", strerror(-ret));
        return;
    }
    add_trial(findings, &trial, qemu);
    add_warnings(findings, &trial);
    finish_trial(&trial);
}

static void check_kvm(struct hsp_cli_findings *findings, enum hsp_cli_kvm kvm)
{
    static const struct {
        enum hsp_cli_level level;
        const char *text, *fix;
    } lines[] = {
        [HSP_CLI_KVM_WORKS] = {HSP_CLI_LEVEL_OK, "/dev/kvm can be used: guests run at full speed",
                               NULL},
        [HSP_CLI_KVM_NO_NODE] = {HSP_CLI_LEVEL_WARNING,
                                 "there is no /dev/kvm: guests are emulated, which is slow",
                                 "switch on virtualization in the firmware (in a VM: nested "
                                 "virtualization), and load kvm_intel or kvm_amd"},
        [HSP_CLI_KVM_NO_ACCESS] = {HSP_CLI_LEVEL_WARNING,
                                   "/dev/kvm is closed to this user: guests are emulated, which is "
                                   "slow",
                                   "add your user to the group kvm and log in again"},
        [HSP_CLI_KVM_NO_CPU] = {HSP_CLI_LEVEL_WARNING,
                                "this CPU shows no hardware virtualization (vmx or svm), although "
                                "there is a /dev/kvm: guests are emulated, which is slow",
                                "use a host with (nested) virtualization; --accel kvm tries it all "
                                "the same"},
    };

    hsp_cli_findings_add(findings, lines[kvm].level, "kvm", lines[kvm].fix, "%s", lines[kvm].text);
}

static bool check_features(struct hsp_cli_findings *findings,
                           const struct hsp_cli_qemu_facts *facts)
{
    hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, TOPIC, NULL, "QEMU %s", facts->version);
    if (!facts->device)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, TOPIC,
                             "install QEMU 11.1 or newer (Debian 13: from backports)",
                             "this QEMU has no device for vhost-user GPUs");
    if (!facts->has_input)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, TOPIC,
                             "install a QEMU that has vhost-user-input-pci (8.2 and newer do)",
                             "this QEMU takes no keyboard and no mouse from hesper-gpu");
    if (!facts->has_memfd)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, TOPIC,
                             "install a QEMU for Linux that has memory-backend-memfd",
                             "this QEMU cannot share guest memory with hesper-gpu");
    if (!facts->has_user_network)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, TOPIC,
                             "install a QEMU that is built with slirp",
                             "this QEMU has no user network, which hesper run gives to guests");
    return facts->device && facts->has_memfd;
}

void hsp_cli_doctor_check_qemu(struct hsp_cli_findings *findings)
{
    enum hsp_cli_kvm kvm = hsp_cli_qemu_check_kvm();
    struct hsp_cli_qemu_facts facts;
    int ret = hsp_cli_qemu_inspect(&facts);

    if (ret < 0) {
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, TOPIC,
                             "install it (Debian: qemu-system-x86), or use ./dev shell",
                             HSP_CLI_QEMU_PROGRAM " cannot be run: %s", strerror(-ret));
    } else if (check_features(findings, &facts)) {
        const struct hsp_cli_qemu qemu = {
            .program = HSP_CLI_QEMU_PROGRAM,
            .device = facts.device,
            .accelerator = kvm == HSP_CLI_KVM_WORKS ? "kvm" : "tcg",
        };
        check_machine(findings, &qemu);
    }
    check_kvm(findings, kvm);
}
