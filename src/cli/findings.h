/* SPDX-License-Identifier: MIT */
/* What hesper doctor found, one line each. Plain data, one thread. */
#ifndef HSP_CLI_FINDINGS_H
#define HSP_CLI_FINDINGS_H

#include "base/util.h"

enum hsp_cli_level {
    HSP_CLI_LEVEL_OK,
    HSP_CLI_LEVEL_WARNING, /* it works without, but worse */
    HSP_CLI_LEVEL_MISSING, /* it does not work without */
};

struct hsp_cli_finding {
    enum hsp_cli_level level;
    const char *topic; /* a word; borrowed, for ever */
    char *text;        /* a sentence without its full stop */
    char *fix;         /* what to do about it; NULL when nothing need be done */
};

struct hsp_cli_findings {
    struct hsp_cli_finding *items;
    size_t count;
    bool failed; /* some were lost: no memory */
};

/* Adds one. `fix` may be NULL; both texts are printable ASCII afterwards, whatever they were. */
void hsp_cli_findings_add(struct hsp_cli_findings *findings, enum hsp_cli_level level,
                          const char *topic, const char *fix, const char *fmt, ...)
    HSP_PRINTF(5, 6);

/* How many there are of that level. */
size_t hsp_cli_findings_count(const struct hsp_cli_findings *findings, enum hsp_cli_level level);

/* On standard output: a line each, or a JSON object {"works": true, "findings": [...]}. */
void hsp_cli_findings_print(const struct hsp_cli_findings *findings);
void hsp_cli_findings_print_json(const struct hsp_cli_findings *findings);

void hsp_cli_findings_finish(struct hsp_cli_findings *findings);

#endif
