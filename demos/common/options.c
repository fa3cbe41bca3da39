/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "picture_file.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIZE 16384

static const char *const kind_values[] = {
    [DEMO_OPTION_COUNT] = "=N",  [DEMO_OPTION_SECONDS] = "=S",    [DEMO_OPTION_NUMBER] = "=X",
    [DEMO_OPTION_SIZE] = "=WxH", [DEMO_OPTION_PICTURE] = "=FILE", [DEMO_OPTION_PRESENT] = "=MODE",
    [DEMO_OPTION_FLAG] = "",
};

static const struct demo_target_ops *const targets[] = {
    &demo_target_zero_copy_ops,
    &demo_target_copy_ops,
    &demo_target_offscreen_ops,
};

static _Noreturn void __attribute__((format(printf, 1, 2))) fail(const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputs("; see --help\n", stderr);
    exit(2);
}

static void print_help(const char *about, const struct demo_option *options)
{
    printf("Usage: %s [OPTIONS]\n%s\n\n", program_invocation_short_name, about);
    for (; options->name; options++) {
        const char *line = options->help;
        int width = printf("  --%s%s", options->name, kind_values[options->kind]);

        for (;;) {
            int length = (int)strcspn(line, "\n");
            printf("%*s%.*s\n", width < 19 ? 19 - width : 1, "", length, line);
            if (line[length] == '\0')
                break;
            line += length + 1;
            width = 0;
        }
    }
}

static double parse_number(const struct demo_option *option, const char *text, double from,
                           double to)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(value) || value < from || value > to)
        fail("--%s: '%s' is not a number from %g to %g", option->name, text, from, to);
    return value;
}

static struct demo_size parse_size(const struct demo_option *option, const char *text)
{
    struct demo_size size;
    char rest;

    if (sscanf(text, "%ux%u%c", &size.width, &size.height, &rest) != 2 || size.width == 0 ||
        size.height == 0 || size.width > MAX_SIZE || size.height > MAX_SIZE)
        fail("--%s: '%s' is not a size as 1280x800", option->name, text);
    return size;
}

static const struct demo_target_ops *parse_present(const struct demo_option *option,
                                                   const char *text)
{
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (strcmp(text, targets[i]->name) == 0)
            return targets[i];
    }
    fail("--%s: '%s' is not zero-copy, copy or offscreen", option->name, text);
}

static void take_value(const struct demo_option *option, const char *text)
{
    switch (option->kind) {
    case DEMO_OPTION_FLAG:
        *(bool *)option->value = true;
        break;
    case DEMO_OPTION_COUNT:
        *(uint64_t *)option->value = (uint64_t)parse_number(option, text, 1, 1e9);
        break;
    case DEMO_OPTION_SECONDS:
        *(double *)option->value = parse_number(option, text, 1e-3, 1e9);
        break;
    case DEMO_OPTION_NUMBER:
        *(double *)option->value = parse_number(option, text, -1e9, 1e9);
        break;
    case DEMO_OPTION_SIZE:
        *(struct demo_size *)option->value = parse_size(option, text);
        break;
    case DEMO_OPTION_PICTURE:
        if (!demo_picture_path_is_valid(text))
            fail("--%s: '%s' does not end in .png, .ppm or .raw", option->name, text);
        *(const char **)option->value = text;
        break;
    case DEMO_OPTION_PRESENT:
        *(const struct demo_target_ops **)option->value = parse_present(option, text);
        break;
    }
}

/* True when the argument is this option and its value was taken. */
static bool take_argument(const struct demo_option *option, const char *argument)
{
    const size_t length = strlen(option->name);
    const char *rest = argument + 2 + length;

    if (strncmp(argument, "--", 2) != 0 || strncmp(argument + 2, option->name, length) != 0)
        return false;
    if (option->kind == DEMO_OPTION_FLAG ? *rest != '\0' : *rest != '=')
        return false;
    take_value(option, rest + (*rest == '='));
    return true;
}

void demo_options_parse(int argc, char **argv, const char *about, const struct demo_option *options)
{
    for (int i = 1; i < argc; i++) {
        const struct demo_option *option = options;

        if (strcmp(argv[i], "--help") == 0) {
            print_help(about, options);
            exit(0);
        }
        while (option->name && !take_argument(option, argv[i]))
            option++;
        if (!option->name)
            fail("'%s' is no option", argv[i]);
    }
}
