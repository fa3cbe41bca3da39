/* SPDX-License-Identifier: MIT */
#include "cli/guest_report.h"

#include <stdio.h>
#include <string.h>

/* Bits of a virtio-gpu. */
#define FEATURE_RESOURCE_BLOB 3
#define FEATURE_CONTEXT_INIT  4

/* ------------------------------------------------------------------ reading */

/* What does not fit is cut off. */
static void copy_text(char *out, size_t size, const char *text)
{
    size_t length = strnlen(text, size - 1);

    memcpy(out, text, length);
    out[length] = '\0';
}

#define COPY(field, text) copy_text(field, sizeof(field), text)

/* "deviceName         = llvmpipe": the value if the key is there. */
static const char *find_value(const char *line, const char *key)
{
    line += strspn(line, " \t");
    if (strncmp(line, key, strlen(key)) != 0)
        return NULL;
    line += strlen(key);
    line += strspn(line, " \t");
    return *line == '=' ? line + 1 + strspn(line + 1, " \t") : NULL;
}

/* A line of vulkaninfo --summary. */
static void read_device(struct hsp_cli_guest_devices *devices, const char *line)
{
    struct hsp_cli_guest_device *device;
    const char *value;

    if (strncmp(line, "GPU", 3) == 0 && devices->count < HSP_CLI_GUEST_DEVICE_COUNT)
        memset(&devices->items[devices->count++], 0, sizeof(devices->items[0]));
    if (devices->count == 0)
        return;
    device = &devices->items[devices->count - 1];
    if ((value = find_value(line, "deviceName")))
        COPY(device->name, value);
    else if ((value = find_value(line, "driverName")))
        COPY(device->driver, value);
    else if ((value = find_value(line, "driverInfo")))
        COPY(device->info, value);
    else if ((value = find_value(line, "apiVersion")))
        COPY(device->api_version, value);
}

static void read_gpu(struct hsp_cli_guest_report *report, const char *value)
{
    report->has_gpu = true;
    sscanf(value, "%63s %79s", report->gpu_driver, report->gpu_features);
}

static void read_node(struct hsp_cli_guest_report *report, const char *value)
{
    if (strncmp(value, "open ", 5) == 0)
        sscanf(value + 5, "%63s", report->open_node);
    else
        sscanf(value, "%*s %63s %63s", report->closed_node, report->closed_group);
}

static void read_variable(struct hsp_cli_guest_report *report, const char *value)
{
    size_t used = strlen(report->variables);

    snprintf(report->variables + used, sizeof(report->variables) - used, "%s%s",
             used > 0 ? " " : "", value);
}

static void read_line(struct hsp_cli_guest_report *report, const char *word, const char *value)
{
    if (strcmp(word, "system") == 0)
        COPY(report->system, value);
    else if (strcmp(word, "kernel") == 0)
        COPY(report->kernel, value);
    else if (strcmp(word, "user") == 0)
        COPY(report->user, value);
    else if (strcmp(word, "gpu") == 0)
        read_gpu(report, value);
    else if (strcmp(word, "module") == 0)
        COPY(report->module, value);
    else if (strcmp(word, "window") == 0)
        COPY(report->window, value);
    else if (strcmp(word, "node") == 0)
        read_node(report, value);
    else if (strcmp(word, "venus") == 0)
        COPY(report->venus, value);
    else if (strcmp(word, "variable") == 0)
        read_variable(report, value);
    else if (strcmp(word, "vulkaninfo") == 0)
        report->has_vulkaninfo = true;
    else if (strcmp(word, "all") == 0)
        read_device(&report->all, value);
    else if (strcmp(word, "only") == 0 && strstr(value, "MESA-VIRTIO"))
        COPY(report->message, value);
    else if (strcmp(word, "only") == 0)
        read_device(&report->only, value);
    else if (strcmp(word, "end") == 0)
        report->is_whole = true;
}

void hsp_cli_guest_report_parse(struct hsp_cli_guest_report *out, const char *text)
{
    char word[16], value[512];

    memset(out, 0, sizeof(*out));
    while (*text) {
        size_t length = strcspn(text, "\n");
        size_t word_length = strcspn(text, " \n");
        size_t skipped = HSP_MIN(word_length + 1, length);

        snprintf(word, sizeof(word), "%.*s", (int)HSP_MIN(word_length, sizeof(word)), text);
        snprintf(value, sizeof(value), "%.*s", (int)HSP_MIN(length - skipped, sizeof(value)),
                 text + skipped);
        read_line(out, word, value);
        text += length + (text[length] == '\n');
    }
}

/* ------------------------------------------------------------------ judging */

static bool is_venus(const struct hsp_cli_guest_device *device)
{
    return strcmp(device->driver, "venus") == 0;
}

static const struct hsp_cli_guest_device *find_venus(const struct hsp_cli_guest_devices *devices)
{
    for (size_t i = 0; i < devices->count; i++) {
        if (is_venus(&devices->items[i]))
            return &devices->items[i];
    }
    return NULL;
}

static bool has_feature(const struct hsp_cli_guest_report *report, size_t bit)
{
    return strlen(report->gpu_features) > bit && report->gpu_features[bit] == '1';
}

/* The first kernel with contexts of a virtio-gpu is 5.16. */
static bool is_old_kernel(const struct hsp_cli_guest_report *report)
{
    unsigned major, minor;

    return sscanf(report->kernel, "Linux %u.%u", &major, &minor) == 2 &&
           (major < 5 || (major == 5 && minor < 16));
}

/* The kernel's side; false when there can be no Venus device without the fix. */
static bool judge_kernel(struct hsp_cli_findings *findings,
                         const struct hsp_cli_guest_report *report)
{
    if (!report->has_gpu)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "device",
                             "start it with hesper run, or give it a hesper-gpu",
                             "this machine has no virtio-gpu");
    else if (strcmp(report->gpu_driver, "none") == 0 && report->module[0] == '\0')
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "device",
                             "install a kernel with CONFIG_DRM_VIRTIO_GPU (Debian: "
                             "linux-image-amd64, not the cloud kernel)",
                             "this kernel has no driver for its virtio-gpu");
    else if (strcmp(report->gpu_driver, "none") == 0)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "device",
                             "modprobe virtio_gpu, and see dmesg if that fails",
                             "the kernel's driver does not serve the virtio-gpu");
    else if (!has_feature(report, FEATURE_RESOURCE_BLOB) ||
             !has_feature(report, FEATURE_CONTEXT_INIT))
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "device",
                             is_old_kernel(report) ? "install Linux 5.16 or newer"
                                                   : "start it with hesper run, or give it a "
                                                     "hesper-gpu in place of QEMU's own GPU",
                             "the virtio-gpu has no %s here",
                             has_feature(report, FEATURE_RESOURCE_BLOB) ? "contexts of other kinds "
                                                                          "(context init)"
                                                                        : "blobs");
    else {
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, "device", NULL,
                             "virtio-gpu with blobs and context init%s%s",
                             report->window[0] ? ", window for mapped memory " : "",
                             report->window);
        return true;
    }
    return false;
}

static bool judge_node(struct hsp_cli_findings *findings, const struct hsp_cli_guest_report *report)
{
    char fix[256];

    if (report->open_node[0] != '\0')
        return true;
    if (report->closed_node[0] == '\0') {
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "device",
                             "see dmesg | grep -i virtio_gpu",
                             "there is no render node (/dev/dri/renderD*)");
    } else {
        snprintf(fix, sizeof(fix), "as root: usermod -aG %s %s, then log in again",
                 report->closed_group, report->user);
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "device", fix,
                             "%s is closed to the user %s", report->closed_node, report->user);
    }
    return false;
}

static bool judge_mesa(struct hsp_cli_findings *findings, const struct hsp_cli_guest_report *report)
{
    if (report->venus[0] != '\0')
        return true;
    hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "mesa",
                         "install Mesa's Vulkan drivers (Debian: mesa-vulkan-drivers, Fedora: "
                         "mesa-vulkan-drivers, Arch: vulkan-virtio)",
                         "there is no Venus driver (virtio_icd*.json)");
    return false;
}

/* All parts are there, and yet programs get no Venus device. */
static void explain_no_venus(struct hsp_cli_findings *findings,
                             const struct hsp_cli_guest_report *report)
{
    const char *message = strstr(report->message, "MESA-VIRTIO");

    if (report->variables[0] != '\0')
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "mesa",
                             "unset what chooses drivers in the environment",
                             "programs are kept from Venus: %s", report->variables);
    else if (find_venus(&report->only))
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "mesa",
                             "export VK_LOADER_DRIVERS_SELECT='*virtio*'",
                             "Venus works, but another driver keeps it from programs");
    else
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "mesa",
                             "run hesper doctor on the host; HESPER_LOG=debug for hesper run shows "
                             "what its renderers do",
                             "Venus finds no device%s%s", message ? ": " : "",
                             message ? message : "");
}

static void judge_venus(struct hsp_cli_findings *findings,
                        const struct hsp_cli_guest_report *report,
                        const struct hsp_cli_guest_device *venus)
{
    const struct hsp_cli_guest_device *first = &report->all.items[0];

    hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, "vulkan", NULL, "%s: Vulkan %s, %s",
                         venus->name, venus->api_version, venus->info);
    if (!is_venus(first))
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "vulkan",
                             "export VK_LOADER_DRIVERS_SELECT='*virtio*', or remove the other "
                             "driver",
                             "the first device is another one, %s: programs that do not choose "
                             "get that",
                             first->name);
}

static void add_fallback(struct hsp_cli_findings *findings,
                         const struct hsp_cli_guest_report *report)
{
    if (report->all.count > 0)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "vulkan", "see what is missing below",
                             "programs get %s (%s), which is not the host's GPU",
                             report->all.items[0].name, report->all.items[0].driver);
}

void hsp_cli_guest_report_judge(struct hsp_cli_findings *findings,
                                const struct hsp_cli_guest_report *report)
{
    const struct hsp_cli_guest_device *venus = find_venus(&report->all);

    hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, "guest", NULL, "%s, %s",
                         report->system[0] ? report->system : "an unknown system", report->kernel);
    if (!venus)
        add_fallback(findings, report);
    bool has_all = judge_kernel(findings, report) && judge_node(findings, report);
    has_all = judge_mesa(findings, report) && has_all;
    if (!report->has_vulkaninfo)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "vulkan",
                             "install it (Debian, Fedora, Arch: vulkan-tools)",
                             "there is no vulkaninfo, so what programs get is not known");
    else if (venus)
        judge_venus(findings, report, venus);
    else if (has_all)
        explain_no_venus(findings, report);
}
