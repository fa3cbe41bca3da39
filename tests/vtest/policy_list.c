/* SPDX-License-Identifier: MIT */
/*
 * Prints what the renderer does with the device extensions named as arguments: a line of name,
 * action and reason each, separated by tabs. For docs/extensions.md.
 */
#include "venus/policy.h"

#include <stdio.h>

static const char *action_name(enum hsp_vn_extension_action action)
{
    switch (action) {
    case HSP_VN_EXTENSION_PASS:
        return "pass";
    case HSP_VN_EXTENSION_HIDE:
        return "hide";
    case HSP_VN_EXTENSION_EMULATE:
        return "emulate";
    }
    return "?";
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const struct hsp_vn_extension_rule *rule = hsp_vn_policy_find(argv[i]);
        printf("%s\t%s\t%s\n", argv[i], rule ? action_name(rule->action) : "unknown",
               rule ? rule->reason : "");
    }
    return 0;
}
