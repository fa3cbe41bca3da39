/* SPDX-License-Identifier: MIT */
#include "base/program.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#include <mach-o/dyld.h>

static int read_path(char *out_path, size_t size)
{
    uint32_t capacity = (uint32_t)size;

    return _NSGetExecutablePath(out_path, &capacity) == 0 ? 0 : -ENAMETOOLONG;
}
#else
static int read_path(char *out_path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out_path, size);

    if (length < 0)
        return -errno;
    if ((size_t)length >= size)
        return -ENAMETOOLONG;
    out_path[length] = '\0';
    return 0;
}
#endif

int hsp_program_get_path(char *out_path, size_t size)
{
    char path[PATH_MAX];
    int ret = read_path(path, sizeof(path));

    if (ret < 0)
        return ret;
    if (strlen(path) >= size)
        return -ENAMETOOLONG;
    strcpy(out_path, path);
    return 0;
}

HSP_PRINTF(3, 4) static bool is_program(char *path, size_t size, const char *fmt, ...)
{
    va_list args;
    int length;

    va_start(args, fmt);
    length = vsnprintf(path, size, fmt, args);
    va_end(args);
    return length > 0 && (size_t)length < size && access(path, X_OK) == 0;
}

int hsp_program_find(const char *name, char *out_path, size_t size)
{
    char own[PATH_MAX], path[PATH_MAX];
    const char *folder = strncmp(name, "hesper-", 7) == 0 ? name + 7 : name;
    int ret = hsp_program_get_path(own, sizeof(own));

    if (ret < 0)
        return ret;
    *strrchr(own, '/') = '\0';
    if (!is_program(path, sizeof(path), "%s/%s", own, name) &&
        !is_program(path, sizeof(path), "%s/../%s/%s", own, folder, name) &&
        !is_program(path, sizeof(path), "%s/%s", HSP_LIBEXECDIR, name))
        return -ENOENT;
    if (strlen(path) >= size)
        return -ENAMETOOLONG;
    strcpy(out_path, path);
    return 0;
}
