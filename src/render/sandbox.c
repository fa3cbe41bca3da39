/* SPDX-License-Identifier: MIT */
#include "render/sandbox.h"

#include "base/log.h"
#include "render/sandbox_system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A core file would hold what the guest draws; each mapped allocation of a guest is a descriptor.
 */
static void set_limits(void)
{
    struct rlimit limit = {0, 0};

    setrlimit(RLIMIT_CORE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static bool choose_cache_path(char *out_path, size_t size)
{
    const char *base = getenv("XDG_CACHE_HOME"), *folder = "";
    int length;

    if (!base || base[0] != '/') {
        base = getenv("HOME");
        folder = "/.cache";
    }
    if (!base || base[0] != '/')
        return false;
    length = snprintf(out_path, size, "%s%s/hesper/render", base, folder);
    return length > 0 && (size_t)length < size && make_directories(out_path);
}

/* Shader caches of the host's own programs are neither read nor written: what a guest put there
 * would be run for others. False when there is no place for a cache; drivers do without, then. */
static bool choose_cache(char *out_path, size_t size)
{
    if (!choose_cache_path(out_path, size)) {
        setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
        setenv("__GL_SHADER_DISK_CACHE", "0", 1);
        return false;
    }
    setenv("XDG_CACHE_HOME", out_path, 1);
    setenv("MESA_SHADER_CACHE_DIR", out_path, 1);
    setenv("__GL_SHADER_DISK_CACHE_PATH", out_path, 1);
    return true;
}

int hsp_render_sandbox_enter(const char *program)
{
    const char *mode = getenv("HESPER_SANDBOX");
    char cache[4096];
    bool has_cache;

    set_limits();
    has_cache = choose_cache(cache, sizeof(cache));
    hsp_render_system_die_with_parent();
    if (mode && strcmp(mode, "off") == 0) {
        hsp_warning("the sandbox is off (HESPER_SANDBOX=off)");
        return HSP_RENDER_SANDBOX_OFF;
    }
    return hsp_render_system_confine(program, has_cache ? cache : NULL);
}
