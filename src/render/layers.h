/* SPDX-License-Identifier: MIT */
/*
 * The layers that the user wants under this renderer must be there. The Vulkan loader passes over
 * those of its environment that it cannot find or load, and who asked for the validation layer
 * would take its silence for praise.
 */
#ifndef HSP_RENDER_LAYERS_H
#define HSP_RENDER_LAYERS_H

/* Whether every layer in HESPER_HOST_LAYERS can be loaded from inside the sandbox; what cannot is
 * logged. After hsp_render_choose_driver and hsp_render_sandbox_enter, before a client is served.
 * If there are layers, this loads them and the drivers once. 0, -ENOENT or -ENOMEM. */
int hsp_render_layers_check(void);

#endif
