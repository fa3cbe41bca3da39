/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void check_equal(uint64_t actual, uint64_t expected, const char *file, int line, const char *fmt,
                 ...)
{
    char what[256];
    va_list args;

    if (actual == expected)
        return;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    demo_die("%s:%d: %s is 0x%llx, not 0x%llx", file, line, what, (unsigned long long)actual,
             (unsigned long long)expected);
}

/* ------------------------------------------------------------------ options */

/* Behind "--name=" in an argument, or NULL if it is another one. */
static const char *match_option(const char *argument, const char *name)
{
    size_t length = strlen(name);

    if (strncmp(argument, "--", 2) != 0 || strncmp(argument + 2, name, length) != 0 ||
        argument[2 + length] != '=')
        return NULL;
    return argument + 3 + length;
}

const char *check_option_text(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++) {
        const char *value = match_option(argv[i], name);
        if (value)
            return value;
    }
    return NULL;
}

uint32_t check_option_number(int argc, char **argv, const char *name, uint32_t otherwise)
{
    const char *text = check_option_text(argc, argv, name);
    char *end;

    if (!text)
        return otherwise;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || *text == '-' || value < 1 || value > 1000000000)
        demo_die("--%s=%s: not a number from 1 to 10^9", name, text);
    return (uint32_t)value;
}

void check_options_known(int argc, char **argv, const char *const *names)
{
    for (int i = 1; i < argc; i++) {
        bool known = false;
        for (const char *const *name = names; *name; name++)
            known = known || match_option(argv[i], *name);
        if (known)
            continue;
        fprintf(stderr, "Usage: %s", argv[0]);
        for (const char *const *name = names; *name; name++)
            fprintf(stderr, " [--%s=VALUE]", *name);
        fputc('\n', stderr);
        exit(2);
    }
}
