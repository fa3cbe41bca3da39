/* SPDX-License-Identifier: MIT */
#include "render/sandbox_linux.h"

#include "base/log.h"
#include "render/sandbox.h"
#include "render/sandbox_system.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void hsp_render_system_die_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* A renderer started by root keeps the user id, with which it owns device nodes, and no rights. */
static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

    memset(none, 0, sizeof(none));
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

int hsp_render_system_confine(const char *program, const char *cache)
{
    int ret, landlock;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    ret = drop_capabilities();
    if (ret < 0)
        return ret;
    landlock = hsp_render_landlock_enter(program, cache);
    if (landlock < 0 && landlock != -ENOSYS)
        return landlock;
    ret = hsp_render_seccomp_enter();
    if (ret < 0)
        return ret;
    if (landlock == 0) {
        hsp_debug("sandbox: no new privileges, no capabilities, landlock, seccomp");
        return HSP_RENDER_SANDBOX_WHOLE;
    }
    hsp_info("sandbox: this kernel has no Landlock, so files are only protected by their "
             "permissions; no new privileges, no capabilities, seccomp");
    return HSP_RENDER_SANDBOX_NO_LANDLOCK;
}
