/* SPDX-License-Identifier: MIT */
/*
 * Which Vulkan driver and layers of the host a renderer uses.
 */
#ifndef HSP_RENDER_ENVIRONMENT_H
#define HSP_RENDER_ENVIRONMENT_H

/* Rewrites this process's environment for the Vulkan loader; before any thread and any Vulkan call.
 * Drivers: HESPER_HOST_DRIVER_FILES, or all of the host but Venus, which would be this renderer's
 * own client. Layers: HESPER_HOST_LAYERS, or none. What the variables of the loader said is for the
 * client's program. */
void hsp_render_choose_driver(void);

#endif
