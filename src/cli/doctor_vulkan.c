/* SPDX-License-Identifier: MIT */
/*
 * Vulkan of this host, asked through hesper-render: what it says is what guests get. It is asked
 * once with all drivers, as for a guest, and once for each driver, to tell which of them is broken
 * or has no device here.
 */
#include "cli/doctor.h"

#include "base/program.h"
#include "cli/capture.h"
#include "cli/exec_env.h"

#include <glob.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOPIC      "vulkan"
#define TIME_LIMIT 30000 /* ms; some drivers take seconds to wake up a GPU */

/* The VkResult of the loader when no driver could be loaded. */
#define NO_DRIVER_FOUND -9

struct report {
    struct hsp_cli_capture capture;
    struct json_object *root; /* NULL: the renderer did not get so far */
};

/* ------------------------------------------------------------------ asking */

/* The line of JSON behind whatever drivers printed. */
static struct json_object *parse_report(const char *text)
{
    const char *line = NULL;

    for (const char *found = strstr(text, "\n{"); found; found = strstr(found + 1, "\n{"))
        line = found + 1;
    return line ? json_tokener_parse(line) : NULL;
}

/* `drivers`: manifests, or NULL for those that a guest gets. 0 or negative errno. */
static int ask_renderer(struct report *out, const char *drivers, bool is_confined)
{
    char path[PATH_MAX], option[] = "--print-devices", chosen[PATH_MAX + 64];
    const char *env[4] = {"VK_LOADER_DEBUG=error"};
    size_t used = 1;
    int ret = hsp_program_find("hesper-render", path, sizeof(path));

    if (ret < 0)
        return ret;
    if (drivers) {
        snprintf(chosen, sizeof(chosen), "HESPER_HOST_DRIVER_FILES=%s", drivers);
        env[used++] = chosen;
    }
    if (!is_confined)
        env[used++] = "HESPER_SANDBOX=off";
    const struct hsp_cli_capture_request request = {
        .argv = (char *[]){path, option, NULL},
        .env = env,
        .fd = -1,
        .time_limit_ms = TIME_LIMIT,
    };
    ret = hsp_cli_capture_run(&out->capture, &request);
    if (ret == 0)
        out->root =
            hsp_cli_capture_succeeded(&out->capture) ? parse_report(out->capture.texts[0]) : NULL;
    return ret;
}

static void finish_report(struct report *report)
{
    json_object_put(report->root);
    hsp_cli_capture_finish(&report->capture);
}

static const char *get_text(struct json_object *object, const char *key)
{
    const char *text = json_object_get_string(json_object_object_get(object, key));

    return text ? text : "";
}

static size_t device_count(struct json_object *root)
{
    struct json_object *devices = json_object_object_get(root, "devices");

    return devices ? json_object_array_length(devices) : 0;
}

static struct json_object *get_device(struct json_object *root, size_t i)
{
    return json_object_array_get_idx(json_object_object_get(root, "devices"), i);
}

static bool serves(struct json_object *device)
{
    return strcmp(get_text(device, "verdict"), "serves") == 0;
}

static size_t serving_count(struct json_object *root)
{
    size_t count = 0;

    for (size_t i = 0; i < device_count(root); i++)
        count += serves(get_device(root, i));
    return count;
}

/* ------------------------------------------------------------------ devices */

static void add_device_that_serves(struct hsp_cli_findings *findings, struct json_object *device)
{
    bool is_software = strcmp(get_text(device, "type"), "cpu") == 0;
    const char *info = get_text(device, "driver_info");

    hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, TOPIC, NULL,
                         "%s serves guests: Vulkan %s%s%s%s, shared memory in steps of %d bytes",
                         get_text(device, "name"), get_text(device, "api_version"),
                         info[0] ? ", " : "", info, is_software ? ", a software driver" : "",
                         json_object_get_int(json_object_object_get(device, "import_alignment")));
}

/* Why a device cannot serve, in words; and what may help. */
struct reason {
    const char *verdict;
    const char *text;
    const char *fix;
};

static const struct reason reasons[] = {
    {"old-vulkan", "is too old, 1.1 is needed", "install a newer driver"},
    {"broken", "does not tell its extensions", "install the driver again"},
    {"no-host-pointers", "lacks VK_EXT_external_memory_host",
     "use another driver for it (Mesa's and NVIDIA's have the extension)"},
    {"no-device", "cannot be opened",
     "see whether vulkaninfo works for this user; GPU device nodes may be closed to it"},
    {"imports-nothing", "imports no memory of the host", "install a newer driver"},
    {"not-mappable", "imports memory only as types that a CPU cannot map",
     "use another driver for it"},
};

static void add_device_that_does_not(struct hsp_cli_findings *findings, struct json_object *device,
                                     enum hsp_cli_level level)
{
    const char *verdict = get_text(device, "verdict");
    const struct reason *reason = &reasons[1];

    for (size_t i = 0; i < HSP_ARRAY_COUNT(reasons); i++) {
        if (strcmp(verdict, reasons[i].verdict) == 0)
            reason = &reasons[i];
    }
    hsp_cli_findings_add(findings, level, TOPIC, reason->fix,
                         "%s (Vulkan %s) cannot serve guests: it %s", get_text(device, "name"),
                         get_text(device, "api_version"), reason->text);
}

static void add_devices(struct hsp_cli_findings *findings, struct json_object *root)
{
    bool any = serving_count(root) > 0;

    for (size_t i = 0; i < device_count(root); i++) {
        struct json_object *device = get_device(root, i);
        if (serves(device))
            add_device_that_serves(findings, device);
        else
            add_device_that_does_not(findings, device,
                                     any ? HSP_CLI_LEVEL_WARNING : HSP_CLI_LEVEL_MISSING);
    }
    if (device_count(root) == 0)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, TOPIC,
                             "install a Vulkan driver (Debian: mesa-vulkan-drivers, which has one "
                             "for the CPU as well)",
                             "there is no Vulkan device on this host");
}

/* A GPU is there, and only the CPU draws. */
static void check_idle_gpu(struct hsp_cli_findings *findings, struct json_object *root)
{
    static const char *const patterns[] = {"/dev/dri/renderD*", "/dev/nvidia[0-9]*"};
    glob_t nodes;

    for (size_t i = 0; i < device_count(root); i++) {
        if (strcmp(get_text(get_device(root, i), "type"), "cpu") != 0)
            return;
    }
    for (size_t i = 0; i < HSP_ARRAY_COUNT(patterns); i++) {
        if (glob(patterns[i], 0, NULL, &nodes) != 0)
            continue;
        if (access(nodes.gl_pathv[0], R_OK | W_OK) == 0)
            hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, TOPIC,
                                 "install the Vulkan driver of this GPU",
                                 "%s is there, but no driver uses it", nodes.gl_pathv[0]);
        else
            hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, TOPIC,
                                 "add your user to the group that owns it (often render)",
                                 "%s is closed to this user", nodes.gl_pathv[0]);
        globfree(&nodes);
        return;
    }
}

/* ------------------------------------------------------------------ drivers */

/* What becomes known of the drivers one by one. */
struct drivers {
    char good[8192]; /* manifests whose driver has a device that serves, with colons between */
    char idle[1024]; /* names of those without a device here */
};

static void append(char *list, size_t size, const char *separator, const char *item)
{
    size_t used = strlen(list);

    snprintf(list + used, size - used, "%s%s", used > 0 ? separator : "", item);
}

/* "lvp" of "/usr/share/vulkan/icd.d/lvp_icd.json". */
static void short_name(char out[64], const char *manifest)
{
    const char *base = strrchr(manifest, '/');
    const char *end;

    base = base ? base + 1 : manifest;
    end = strstr(base, "_icd");
    if (!end)
        end = strchr(base, '.');
    snprintf(out, 64, "%.*s", (int)(end ? end - base : (long)strlen(base)), base);
}

/* What the dynamic linker said of a driver's library, without the loader's decoration. */
static void find_library_error(const struct hsp_cli_capture *capture, char *out, size_t size)
{
    const char *text = strstr(capture->texts[1], "cannot open shared object");

    if (!text)
        text = strstr(capture->texts[1], "wrong ELF class");
    if (!text)
        text = strstr(capture->texts[1], "undefined symbol");
    while (text && text > capture->texts[1] && text[-1] != '\n')
        text--;
    if (text && (text = strstr(text, "lib")))
        snprintf(out, size, ": %.*s", (int)strcspn(text, "\n"), text);
    else
        snprintf(out, size, "%s", "");
}

static void add_broken(struct hsp_cli_findings *findings, const char *manifest,
                       const struct report *report)
{
    char how[64];

    hsp_cli_capture_describe(&report->capture, how, sizeof(how));
    hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, TOPIC,
                         "repair or remove this driver, or name the others in "
                         "HESPER_HOST_DRIVER_FILES",
                         "with the driver %s alone hesper-render %s", manifest, how);
}

static void add_without_device(struct hsp_cli_findings *findings, struct drivers *drivers,
                               const char *manifest, const struct report *report)
{
    struct report outside = {.root = NULL};
    char name[64], error[256];

    find_library_error(&report->capture, error, sizeof(error));
    short_name(name, manifest);
    if (ask_renderer(&outside, manifest, false) < 0)
        return;
    if (device_count(outside.root) > 0)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, TOPIC,
                             "name the folders of its files in HESPER_SANDBOX_READ",
                             "the driver %s has a device, but not inside the sandbox of "
                             "hesper-render",
                             manifest);
    else if (json_object_get_int(json_object_object_get(report->root, "result")) ==
                 NO_DRIVER_FOUND &&
             !strstr(error, "wrong ELF class"))
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, TOPIC,
                             "install the driver's package again, or remove the file",
                             "the driver %s cannot be loaded%s", manifest, error);
    else
        append(drivers->idle, sizeof(drivers->idle), ", ", name);
    finish_report(&outside);
}

static void check_driver(struct hsp_cli_findings *findings, struct drivers *drivers,
                         const char *manifest)
{
    struct report report = {.root = NULL};

    if (ask_renderer(&report, manifest, true) < 0)
        return;
    if (!report.root)
        add_broken(findings, manifest, &report);
    else if (device_count(report.root) == 0)
        add_without_device(findings, drivers, manifest, &report);
    else if (serving_count(report.root) > 0)
        append(drivers->good, sizeof(drivers->good), ":", manifest);
    finish_report(&report);
}

static void check_drivers(struct hsp_cli_findings *findings, struct drivers *drivers)
{
    struct hsp_cli_args manifests = {0};

    hsp_cli_list_host_manifests(&manifests);
    for (size_t i = 0; i < manifests.count; i++)
        check_driver(findings, drivers, manifests.items[i]);
    hsp_cli_args_finish(&manifests);
    if (drivers->idle[0] != '\0')
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, TOPIC, NULL,
                             "drivers without a device here: %s", drivers->idle);
}

/* ------------------------------------------------------------------ all of it */

static void add_dead_renderer(struct hsp_cli_findings *findings, const struct report *report,
                              const struct drivers *drivers)
{
    char how[64], why[256], fix[sizeof(drivers->good) + 128];

    hsp_cli_capture_describe(&report->capture, how, sizeof(how));
    hsp_cli_capture_last_error(&report->capture, why, sizeof(why));
    if (drivers->good[0] != '\0')
        snprintf(fix, sizeof(fix), "export HESPER_HOST_DRIVER_FILES=%s", drivers->good);
    else
        snprintf(fix, sizeof(fix), "install another Vulkan driver (Debian: mesa-vulkan-drivers)");
    hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, TOPIC, fix,
                         "hesper-render %s while it listed this host's devices%s%s", how,
                         why[0] ? ": " : "", why);
}

/* Without the layers that it was told to use the renderer serves nobody, whatever the driver.
 * Whether that is so. */
static bool add_missing_layer(struct hsp_cli_findings *findings, const struct report *report)
{
    char why[256];
    const char *text;

    hsp_cli_capture_last_error(&report->capture, why, sizeof(why));
    text = strstr(why, "HESPER_HOST_LAYERS:");
    if (report->root || !text)
        return false;
    hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, TOPIC,
                         "unset HESPER_HOST_LAYERS, or name the folder of the layer's manifest in "
                         "VK_ADD_LAYER_PATH and that of its library in HESPER_SANDBOX_READ",
                         "%.*s", (int)strcspn(text, ";"), text);
    return true;
}

static void add_sandbox(struct hsp_cli_findings *findings, const char *state)
{
    if (strcmp(state, "whole") == 0)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, "sandbox", NULL,
                             "renderers are confined: seccomp, Landlock, no capabilities");
    else if (strcmp(state, "no-landlock") == 0)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "sandbox",
                             "use a kernel with Landlock (5.13 and newer; lsm=landlock,... on its "
                             "command line)",
                             "this kernel has no Landlock: files are protected from renderers by "
                             "their permissions only");
    else if (strcmp(state, "off") == 0)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "sandbox", "unset HESPER_SANDBOX",
                             "renderers are not confined: HESPER_SANDBOX=off");
    else
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "sandbox",
                             "use hesper on Linux for guests that you do not trust",
                             "renderers are not confined on this system");
}

void hsp_cli_doctor_check_vulkan(struct hsp_cli_findings *findings)
{
    struct report report = {.root = NULL};
    struct drivers drivers = {.good = ""};
    int ret = ask_renderer(&report, NULL, true);

    if (ret < 0) {
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, TOPIC, "install all of hesper",
                             "hesper-render cannot be run: %s", strerror(-ret));
        return;
    }
    if (report.root) {
        add_devices(findings, report.root);
        check_idle_gpu(findings, report.root);
    }
    if (!add_missing_layer(findings, &report)) {
        check_drivers(findings, &drivers);
        if (report.root)
            add_sandbox(findings, get_text(report.root, "sandbox"));
        else
            add_dead_renderer(findings, &report, &drivers);
    }
    finish_report(&report);
}
