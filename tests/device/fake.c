/* SPDX-License-Identifier: MIT */
#include "fake.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The leak checker runs in a process of its own, which is left behind when a fake is killed while
 * it exits. */
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static void format_path(char *out, size_t size, const char *name)
{
    const char *folder = getenv("HESPER_TEST_FOLDER");

    snprintf(out, size, "%s/%s", folder ? folder : "/nonexistent", name);
}

void fake_log(const char *fmt, ...)
{
    char line[512], path[256];
    va_list args;
    int size, fd;

    va_start(args, fmt);
    size = vsnprintf(line, sizeof(line) - 1, fmt, args);
    va_end(args);
    size = HSP_MIN(size, (int)sizeof(line) - 2);
    line[size++] = '\n';
    format_path(path, sizeof(path), "log");
    fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0)
        return;
    if (write(fd, line, (size_t)size) != size)
        abort();
    close(fd);
}

bool fake_has_flag(const char *name)
{
    char path[256];

    format_path(path, sizeof(path), name);
    return access(path, F_OK) == 0;
}

void fake_wait_while_flag(const char *name)
{
    while (fake_has_flag(name))
        usleep(2000);
}

const char *fake_argument(int argc, char **argv, const char *name)
{
    size_t length = strlen(name);

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0 && strncmp(argv[i] + 2, name, length) == 0 &&
            argv[i][2 + length] == '=')
            return argv[i] + 2 + length + 1;
    }
    return NULL;
}
