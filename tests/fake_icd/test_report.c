/* SPDX-License-Identifier: MIT */
/* What the renderer says of devices that lack something (venus/report.h). */
#include "fake_icd.h"

#include "base/test.h"
#include "venus/report.h"

#include <stdlib.h>

static struct fake_icd_control *control;
static struct hsp_vn_report report;

static void start(void)
{
    setenv("VK_DRIVER_FILES", FAKE_ICD_MANIFEST, 1);
    setenv("VK_LOADER_LAYERS_DISABLE", "~implicit~", 1);
    unsetenv("XDG_CACHE_HOME");
    control = fake_icd_load(FAKE_ICD_MANIFEST);
    HSP_CHECK(control != NULL);
    control->reset();
}

/* The verdict about the only device. */
static const char *ask(void)
{
    HSP_CHECK_EQ(hsp_vn_report_init(&report), 0);
    HSP_CHECK_EQ(report.result, VK_SUCCESS);
    HSP_CHECK_EQ(report.device_count, 1);
    const char *name = hsp_vn_report_verdict_name(report.devices[0].verdict);
    HSP_CHECK(report.devices[0].name[0] != '\0');
    return name;
}

HSP_TEST(report_of_a_device_that_serves)
{
    start();
    control->host_pointer_alignment = 65536;
    HSP_CHECK_STREQ(ask(), "serves");
    HSP_CHECK_EQ(report.devices[0].shared_type_count, 1);
    HSP_CHECK_EQ(report.devices[0].import_alignment, 65536);
    HSP_CHECK_EQ(VK_API_VERSION_MINOR(report.devices[0].api_version), 4);
    hsp_vn_report_finish(&report);
}

HSP_TEST(report_of_a_device_without_the_extension)
{
    static const char *const extensions[] = {"VK_KHR_swapchain"};

    start();
    control->extensions = extensions;
    control->extension_count = 1;
    HSP_CHECK_STREQ(ask(), "no-host-pointers");
    hsp_vn_report_finish(&report);
}

HSP_TEST(report_of_a_device_that_imports_nothing)
{
    start();
    control->host_pointer_types = 0;
    HSP_CHECK_STREQ(ask(), "imports-nothing");
    hsp_vn_report_finish(&report);
}

HSP_TEST(report_of_a_device_whose_imports_cannot_be_mapped)
{
    start();
    control->memory.memoryTypes[0].propertyFlags = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    HSP_CHECK_STREQ(ask(), "not-mappable");
    HSP_CHECK_EQ(report.devices[0].shared_type_count, 0);
    hsp_vn_report_finish(&report);
}

HSP_TEST(report_of_a_device_that_cannot_be_made)
{
    start();
    control->fail_command = "vkCreateDevice";
    control->fail_result = VK_ERROR_TOO_MANY_OBJECTS;
    HSP_CHECK_STREQ(ask(), "no-device");
    HSP_CHECK_EQ(report.devices[0].result, VK_ERROR_TOO_MANY_OBJECTS);
    hsp_vn_report_finish(&report);
}

HSP_TEST(report_of_a_device_with_old_vulkan)
{
    start();
    control->api_version = VK_API_VERSION_1_0;
    HSP_CHECK_STREQ(ask(), "old-vulkan");
    hsp_vn_report_finish(&report);
}

HSP_TEST(report_without_a_device)
{
    start();
    control->physical_device_count = 0;
    HSP_CHECK_EQ(hsp_vn_report_init(&report), 0);
    HSP_CHECK_EQ(report.device_count, 0);
    hsp_vn_report_finish(&report);
}

HSP_TEST_MAIN()
