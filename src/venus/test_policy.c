/* SPDX-License-Identifier: MIT */
#include "base/test.h"
#include "venus/policy.h"

#include <string.h>

static bool lists(const VkExtensionProperties *list, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(list[i].extensionName, name) == 0)
            return true;
    }
    return false;
}

HSP_TEST(list_hides_passes_and_adds)
{
    static const VkExtensionProperties host[] = {
        {VK_KHR_MAINTENANCE_5_EXTENSION_NAME, 1},
        {VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME, 1},
        {VK_EXT_PHYSICAL_DEVICE_DRM_EXTENSION_NAME, 1},
        {"VK_VENDOR_that_the_protocol_does_not_carry", 1},
    };
    struct hsp_vn_policy_host condition = {.has_shared_memory = true};
    VkExtensionProperties list[64];
    uint32_t count = hsp_vn_policy_list(host, 4, &condition, list, 64);

    HSP_CHECK(lists(list, count, VK_KHR_MAINTENANCE_5_EXTENSION_NAME));
    HSP_CHECK(lists(list, count, VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME));
    HSP_CHECK(!lists(list, count, host[1].extensionName));
    HSP_CHECK(!lists(list, count, host[2].extensionName));
    HSP_CHECK(!lists(list, count, host[3].extensionName));

    condition.has_shared_memory = false;
    count = hsp_vn_policy_list(host, 4, &condition, list, 64);
    HSP_CHECK(!lists(list, count, VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME));
}

HSP_TEST(driver_id_hides_only_what_workarounds_do_harm)
{
    HSP_CHECK_EQ(hsp_vn_policy_driver_id(VK_DRIVER_ID_NVIDIA_PROPRIETARY), VK_DRIVER_ID_MESA_VENUS);
    HSP_CHECK_EQ(hsp_vn_policy_driver_id(VK_DRIVER_ID_MESA_LLVMPIPE), VK_DRIVER_ID_MESA_LLVMPIPE);
    HSP_CHECK_EQ(hsp_vn_policy_driver_id(VK_DRIVER_ID_MESA_RADV), VK_DRIVER_ID_MESA_RADV);
}

HSP_TEST_MAIN()
