/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include "base/limits.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void hsp_cli_error(const char *advice, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fputs("hesper: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    if (advice)
        fprintf(stderr, "        %s\n", advice);
}

bool hsp_cli_parse_number(const char *option, const char *text, long min, long max, long *out)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < min || value > max) {
        hsp_cli_error(NULL, "%s wants a number from %ld to %ld, not '%s'", option, min, max, text);
        return false;
    }
    *out = value;
    return true;
}

bool hsp_cli_parse_size(const char *option, const char *text, uint32_t *out_width,
                        uint32_t *out_height)
{
    unsigned width, height;
    char rest;

    if (sscanf(text, "%5ux%5u%c", &width, &height, &rest) != 2 || width == 0 || height == 0 ||
        width > HSP_LIMIT_SCANOUT_EXTENT || height > HSP_LIMIT_SCANOUT_EXTENT) {
        hsp_cli_error(NULL, "%s wants a size as 1280x800, at most %dx%d, not '%s'", option,
                      HSP_LIMIT_SCANOUT_EXTENT, HSP_LIMIT_SCANOUT_EXTENT, text);
        return false;
    }
    *out_width = width;
    *out_height = height;
    return true;
}
