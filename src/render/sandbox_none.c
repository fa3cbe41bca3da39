/* SPDX-License-Identifier: MIT */
#include "render/sandbox_system.h"

#include "base/log.h"
#include "render/sandbox.h"

void hsp_render_system_die_with_parent(void)
{
    /* The end of the channel says it: the parent's side is closed when the parent dies. */
}

int hsp_render_system_confine(const char *program, const char *cache)
{
    hsp_info("no sandbox on this system");
    return HSP_RENDER_SANDBOX_NONE;
}
