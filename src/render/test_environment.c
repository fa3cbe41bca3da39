/* SPDX-License-Identifier: MIT */
#include "render/environment.h"

#include "base/test.h"

#include <stdlib.h>

HSP_TEST(environment_of_the_client_is_dropped)
{
    setenv("VTEST_SOCKET_NAME", "/tmp/outer", 1);
    setenv("VK_DRIVER_FILES", "/usr/share/vulkan/icd.d/virtio_icd.json", 1);
    setenv("VK_INSTANCE_LAYERS", "VK_LAYER_of_the_program", 1);
    hsp_render_choose_driver();
    HSP_CHECK(getenv("VTEST_SOCKET_NAME") == NULL);
    HSP_CHECK(getenv("VK_DRIVER_FILES") == NULL);
    HSP_CHECK(getenv("VK_INSTANCE_LAYERS") == NULL);
    HSP_CHECK_STREQ(getenv("VK_LOADER_DRIVERS_DISABLE"), "*virtio*");
    HSP_CHECK_STREQ(getenv("VK_LOADER_LAYERS_DISABLE"), "~implicit~");
}

HSP_TEST(environment_takes_what_the_user_chose_for_the_host)
{
    setenv("VK_DRIVER_FILES", "/client.json", 1);
    setenv("HESPER_HOST_DRIVER_FILES", "/host.json", 1);
    setenv("HESPER_HOST_LAYERS", "VK_LAYER_KHRONOS_validation", 1);
    hsp_render_choose_driver();
    HSP_CHECK_STREQ(getenv("VK_DRIVER_FILES"), "/host.json");
    HSP_CHECK_STREQ(getenv("VK_INSTANCE_LAYERS"), "VK_LAYER_KHRONOS_validation");
    HSP_CHECK(getenv("VK_LOADER_DRIVERS_DISABLE") == NULL);
}

HSP_TEST_MAIN()
