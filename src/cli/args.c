/* SPDX-License-Identifier: MIT */
#include "cli/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take(struct hsp_cli_args *args, char *item)
{
    char **items = item ? realloc(args->items, (args->count + 2) * sizeof(*items)) : NULL;

    if (!items) {
        free(item);
        args->failed = true;
        return;
    }
    args->items = items;
    args->items[args->count++] = item;
    args->items[args->count] = NULL;
}

static char *format(const char *fmt, va_list list)
{
    char *item;

    return vasprintf(&item, fmt, list) < 0 ? NULL : item;
}

void hsp_cli_args_add(struct hsp_cli_args *args, const char *fmt, ...)
{
    va_list list;

    va_start(list, fmt);
    take(args, format(fmt, list));
    va_end(list);
}

void hsp_cli_args_add_pair(struct hsp_cli_args *args, const char *option, const char *fmt, ...)
{
    va_list list;

    take(args, strdup(option));
    va_start(list, fmt);
    take(args, format(fmt, list));
    va_end(list);
}

void hsp_cli_args_finish(struct hsp_cli_args *args)
{
    for (size_t i = 0; i < args->count; i++)
        free(args->items[i]);
    free(args->items);
    *args = (struct hsp_cli_args){0};
}
