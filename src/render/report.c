/* SPDX-License-Identifier: MIT */
#include "render/report.h"

#include "venus/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* A JSON string. Names come from drivers: what is not plain ASCII is shown as '?'. */
static void print_string(const char *key, const char *text)
{
    printf("\"%s\":\"", key);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text >= ' ' && *text <= '~' ? *text : '?');
    }
    fputs("\",", stdout);
}

static const char *type_name(VkPhysicalDeviceType type)
{
    static const char *const names[] = {
        [VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU] = "integrated",
        [VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU] = "discrete",
        [VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU] = "virtual",
        [VK_PHYSICAL_DEVICE_TYPE_CPU] = "cpu",
    };

    return (size_t)type < HSP_ARRAY_COUNT(names) && names[type] ? names[type] : "other";
}

static void print_device(const struct hsp_vn_report_device *device)
{
    char version[32];

    snprintf(version, sizeof(version), "%u.%u.%u", VK_API_VERSION_MAJOR(device->api_version),
             VK_API_VERSION_MINOR(device->api_version), VK_API_VERSION_PATCH(device->api_version));
    putchar('{');
    print_string("name", device->name);
    print_string("driver", device->driver_name);
    print_string("driver_info", device->driver_info);
    print_string("type", type_name(device->type));
    print_string("api_version", version);
    print_string("verdict", hsp_vn_report_verdict_name(device->verdict));
    printf("\"result\":%d,\"shared_types\":%u,\"import_alignment\":%" PRIu64 "}", device->result,
           device->shared_type_count, device->import_alignment);
}

int hsp_render_report_print(enum hsp_render_sandbox sandbox)
{
    static const char *const sandboxes[] = {
        [HSP_RENDER_SANDBOX_WHOLE] = "whole",
        [HSP_RENDER_SANDBOX_NO_LANDLOCK] = "no-landlock",
        [HSP_RENDER_SANDBOX_NONE] = "none",
        [HSP_RENDER_SANDBOX_OFF] = "off",
    };
    struct hsp_vn_report report;
    int ret = hsp_vn_report_init(&report);

    if (ret < 0)
        return ret;
    fputs("\n{", stdout);
    print_string("version", HSP_VERSION);
    print_string("sandbox", sandboxes[sandbox]);
    printf("\"result\":%d,\"devices\":[", report.result);
    for (uint32_t i = 0; i < report.device_count; i++) {
        if (i > 0)
            putchar(',');
        print_device(&report.devices[i]);
    }
    fputs("]}\n", stdout);
    hsp_vn_report_finish(&report);
    return fflush(stdout) == 0 ? 0 : -errno;
}
