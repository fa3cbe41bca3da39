/* SPDX-License-Identifier: MIT */
#include "render/environment.h"

#include "base/util.h"

#include <stdlib.h>

/* `hesper exec` inside `hesper exec` gets these from the outer one; and a renderer has no use for
 * a display server, although drivers would talk to one. */
static const char *const of_the_client[] = {
    "VTEST_SOCKET_NAME",
    "VN_DEBUG",
    "VN_PERF",
    "VK_DRIVER_FILES",
    "VK_ADD_DRIVER_FILES",
    "VK_ICD_FILENAMES",
    "VK_LOADER_DRIVERS_SELECT",
    "VK_LOADER_DRIVERS_DISABLE",
    "VK_INSTANCE_LAYERS",
    "VK_LOADER_LAYERS_ENABLE",
    "VK_LOADER_LAYERS_ALLOW",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "WAYLAND_SOCKET",
};

void hsp_render_choose_driver(void)
{
    const char *drivers = getenv("HESPER_HOST_DRIVER_FILES");
    const char *layers = getenv("HESPER_HOST_LAYERS");

    for (size_t i = 0; i < HSP_ARRAY_COUNT(of_the_client); i++)
        unsetenv(of_the_client[i]);
    if (drivers && drivers[0] != '\0')
        setenv("VK_DRIVER_FILES", drivers, 1);
    else
        setenv("VK_LOADER_DRIVERS_DISABLE", "*virtio*", 1);
    /* Implicit layers (overlays, device selection) are meant for programs that people look at. */
    setenv("VK_LOADER_LAYERS_DISABLE", "~implicit~", 1);
    if (layers && layers[0] != '\0')
        setenv("VK_INSTANCE_LAYERS", layers, 1);
}
