/* SPDX-License-Identifier: MIT */
#include "cli/findings.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const level_names[] = {
    [HSP_CLI_LEVEL_OK] = "ok",
    [HSP_CLI_LEVEL_WARNING] = "warning",
    [HSP_CLI_LEVEL_MISSING] = "missing",
};

/* Texts hold names from drivers and guests, and go to terminals. */
static void make_printable(char *text)
{
    for (; text && *text; text++) {
        if (*text < ' ' || *text > '~')
            *text = '?';
    }
}

void hsp_cli_findings_add(struct hsp_cli_findings *findings, enum hsp_cli_level level,
                          const char *topic, const char *fix, const char *fmt, ...)
{
    struct hsp_cli_finding *items =
        realloc(findings->items, (findings->count + 1) * sizeof(*items));
    struct hsp_cli_finding finding = {.level = level, .topic = topic};
    va_list args;
    int length;

    va_start(args, fmt);
    length = vasprintf(&finding.text, fmt, args);
    va_end(args);
    if (items)
        findings->items = items;
    if (length >= 0 && fix)
        finding.fix = strdup(fix);
    if (!items || length < 0 || (fix && !finding.fix)) {
        if (length >= 0)
            free(finding.text);
        findings->failed = true;
        return;
    }
    make_printable(finding.text);
    make_printable(finding.fix);
    findings->items[findings->count++] = finding;
}

size_t hsp_cli_findings_count(const struct hsp_cli_findings *findings, enum hsp_cli_level level)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++)
        count += findings->items[i].level == level;
    return count;
}

void hsp_cli_findings_print(const struct hsp_cli_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct hsp_cli_finding *finding = &findings->items[i];
        printf("%-8s %-8s %s", level_names[finding->level], finding->topic, finding->text);
        if (finding->fix)
            printf(". Fix: %s", finding->fix);
        putchar('\n');
    }
}

static struct json_object *describe(const struct hsp_cli_finding *finding)
{
    struct json_object *item = json_object_new_object();

    json_object_object_add(item, "level", json_object_new_string(level_names[finding->level]));
    json_object_object_add(item, "topic", json_object_new_string(finding->topic));
    json_object_object_add(item, "text", json_object_new_string(finding->text));
    json_object_object_add(item, "fix", finding->fix ? json_object_new_string(finding->fix) : NULL);
    return item;
}

void hsp_cli_findings_print_json(const struct hsp_cli_findings *findings)
{
    struct json_object *root = json_object_new_object();
    struct json_object *items = json_object_new_array();
    size_t missing = hsp_cli_findings_count(findings, HSP_CLI_LEVEL_MISSING);

    for (size_t i = 0; i < findings->count; i++)
        json_object_array_add(items, describe(&findings->items[i]));
    json_object_object_add(root, "works", json_object_new_boolean(missing == 0));
    json_object_object_add(root, "findings", items);
    puts(json_object_to_json_string_ext(root,
                                        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(root);
}

void hsp_cli_findings_finish(struct hsp_cli_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->items[i].text);
        free(findings->items[i].fix);
    }
    free(findings->items);
    *findings = (struct hsp_cli_findings){0};
}
