/* SPDX-License-Identifier: MIT */
#include "cli/guest_report.h"

#include "base/test.h"

#include <stdio.h>
#include <string.h>

#define SYSTEM "kernel Linux 6.12.1-amd64\nsystem Debian GNU/Linux 13\nuser me\n"
#define GPU    "gpu virtio_gpu 11111000000000000000000000001100110000\n"
#define NODE   "node open /dev/dri/renderD128 render\n"
#define MESA   "venus /usr/share/vulkan/icd.d/virtio_icd.json\n"
#define INFO   "vulkaninfo there\n"
#define VENUS(list)                                                 \
    list " GPU0:\n" list " \tapiVersion         = 1.4.335\n" list   \
         " \tdeviceName         = Virtio-GPU Venus (a card)\n" list \
         " \tdriverName         = venus\n" list " \tdriverInfo         = Mesa 26.1.6\n"
#define SOFTWARE(list)                                                           \
    list " GPU0:\n" list " \tdeviceName         = llvmpipe (LLVM 19.1.7)\n" list \
         " \tdriverName         = llvmpipe\n"
#define END "end\n"

/* The finding of that level whose text holds `part`; fails when there is none. */
static const struct hsp_cli_finding *judge(const char *text, enum hsp_cli_level level,
                                           const char *part)
{
    static struct hsp_cli_findings findings;
    struct hsp_cli_guest_report report;

    hsp_cli_findings_finish(&findings);
    hsp_cli_guest_report_parse(&report, text);
    hsp_cli_guest_report_judge(&findings, &report);
    for (size_t i = 0; i < findings.count; i++) {
        HSP_CHECK((findings.items[i].level == HSP_CLI_LEVEL_OK) == !findings.items[i].fix);
        if (findings.items[i].level == level && strstr(findings.items[i].text, part))
            return &findings.items[i];
    }
    for (size_t i = 0; i < findings.count; i++)
        printf("# %s\n", findings.items[i].text);
    HSP_CHECK(!"there is no such finding");
    return NULL;
}

/* The same, of what is missing: its fix. */
static const char *fix(const char *text, const char *part)
{
    return judge(text, HSP_CLI_LEVEL_MISSING, part)->fix;
}

HSP_TEST(guest_report_is_read)
{
    struct hsp_cli_guest_report report;

    hsp_cli_guest_report_parse(&report,
                               SYSTEM GPU "window 4294967296 8589934592\n" NODE MESA
                                          "variable VN_DEBUG=init\nvariable VK_DRIVER_FILES=/x "
                                          "y\n" INFO VENUS("all") END);
    HSP_CHECK_STREQ(report.kernel, "Linux 6.12.1-amd64");
    HSP_CHECK_STREQ(report.gpu_driver, "virtio_gpu");
    HSP_CHECK_STREQ(report.open_node, "/dev/dri/renderD128");
    HSP_CHECK_STREQ(report.variables, "VN_DEBUG=init VK_DRIVER_FILES=/x y");
    HSP_CHECK_EQ(report.all.count, 1);
    HSP_CHECK_STREQ(report.all.items[0].name, "Virtio-GPU Venus (a card)");
    HSP_CHECK_STREQ(report.all.items[0].api_version, "1.4.335");
    HSP_CHECK(report.is_whole && report.has_vulkaninfo && report.has_gpu);
}

HSP_TEST(guest_report_with_lines_that_are_too_long_or_odd)
{
    struct hsp_cli_guest_report report;
    char text[20000];

    memset(text, 'x', sizeof(text));
    memcpy(text, "kernel ", 7);
    memcpy(text + sizeof(text) - 6, "\nend\n", 6);
    hsp_cli_guest_report_parse(&report, text);
    HSP_CHECK_EQ(strlen(report.kernel), sizeof(report.kernel) - 1);
    HSP_CHECK(report.is_whole);
    hsp_cli_guest_report_parse(&report, "\n\ngpu\nnode\nnode closed\nall\nall GPU\nall GPU0:\nend");
    HSP_CHECK(report.is_whole && report.has_gpu);
    for (int i = 0; i < 2000; i++)
        memcpy(text + i * 10, "all GPU1:\n", 10);
    text[sizeof(text) - 1] = '\0';
    hsp_cli_guest_report_parse(&report, text);
    HSP_CHECK_EQ(report.all.count, HSP_CLI_GUEST_DEVICE_COUNT);
}

HSP_TEST(guest_with_venus_lacks_nothing)
{
    judge(SYSTEM GPU NODE MESA INFO VENUS("all") END, HSP_CLI_LEVEL_OK, "Mesa 26.1.6");
    judge(SYSTEM GPU NODE MESA INFO VENUS("all") END, HSP_CLI_LEVEL_OK, "context init");
}

HSP_TEST(guest_with_another_device_in_front)
{
    const struct hsp_cli_finding *finding =
        judge(SYSTEM GPU NODE MESA INFO SOFTWARE("all") VENUS("all") END, HSP_CLI_LEVEL_WARNING,
              "llvmpipe");

    HSP_CHECK(strstr(finding->fix, "VK_LOADER_DRIVERS_SELECT"));
}

HSP_TEST(guest_fell_back_for_want_of_a_device)
{
    const char *text = SYSTEM MESA INFO SOFTWARE("all") END;

    HSP_CHECK(strstr(fix(text, "no virtio-gpu"), "hesper run"));
    judge(text, HSP_CLI_LEVEL_WARNING, "programs get llvmpipe");
}

HSP_TEST(guest_fell_back_for_want_of_a_kernel_driver)
{
    HSP_CHECK(strstr(fix(SYSTEM "gpu none 0000\n" MESA INFO SOFTWARE("all") END, "no driver"),
                     "CONFIG_DRM_VIRTIO_GPU"));
    HSP_CHECK(strstr(fix(SYSTEM "gpu none 0000\nmodule /lib/x.ko\n" INFO END, "does not serve"),
                     "modprobe"));
}

HSP_TEST(guest_fell_back_because_of_an_old_kernel)
{
    HSP_CHECK(strstr(
        fix("kernel Linux 5.10.0-9\ngpu virtio_gpu 11110000\n" NODE MESA INFO END, "context init"),
        "5.16"));
}

HSP_TEST(guest_fell_back_because_of_another_gpu)
{
    HSP_CHECK(strstr(fix(SYSTEM "gpu virtio_gpu 01000000\n" NODE MESA INFO END, "no blobs"),
                     "in place of QEMU's own"));
}

HSP_TEST(guest_fell_back_because_of_permissions)
{
    HSP_CHECK(strstr(fix(SYSTEM GPU
                         "node closed /dev/dri/renderD128 render\n" MESA INFO SOFTWARE("all") END,
                         "closed to the user me"),
                     "usermod -aG render me"));
}

HSP_TEST(guest_fell_back_for_want_of_mesa)
{
    HSP_CHECK(strstr(fix(SYSTEM GPU NODE INFO SOFTWARE("all") END, "no Venus driver"),
                     "mesa-vulkan-drivers"));
}

HSP_TEST(guest_fell_back_because_of_a_variable)
{
    HSP_CHECK(strstr(fix(SYSTEM GPU NODE MESA "variable VK_DRIVER_FILES=/lvp.json\n" INFO SOFTWARE(
                             "all") VENUS("only") END,
                         "VK_DRIVER_FILES=/lvp.json"),
                     "unset"));
}

HSP_TEST(guest_fell_back_and_mesa_says_why)
{
    fix(SYSTEM GPU NODE MESA INFO SOFTWARE(
            "all") "only MESA-VIRTIO: debug: required capset is missing\n" END,
        "required capset is missing");
}

HSP_TEST(guest_without_vulkaninfo)
{
    judge(SYSTEM GPU NODE MESA END, HSP_CLI_LEVEL_WARNING, "no vulkaninfo");
}

HSP_TEST_MAIN()
