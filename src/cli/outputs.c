/* SPDX-License-Identifier: MIT */
/* hesper outputs: the monitors of a virtual machine, while it runs. */
#include "cli/cli.h"
#include "cli/control.h"

#include "base/limits.h"
#include "ipc/messages.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: hesper outputs [--name DEVICE] [N=on | N=off | N=WxH]...\n"
    "Shows the monitors of a running virtual machine, after it has plugged them in (on), pulled\n"
    "them out (off), or given them another preferred size. They are counted from 1 to 16. To plug\n"
    "in what is plugged in opens its window again.\n"
    "\n"
    "  --name DEVICE   which, if more than one runs; hesper stat lists them\n"
    "  --help          print this\n";

#define MAX_CHANGE_COUNT 64

/* -1 to go on, else an exit status. */
static int parse_options(int argc, char **argv, const char **out_name)
{
    static const struct option longs[] = {
        {"name", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (option) {
        case 'n':
            *out_name = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            return HSP_CLI_OK;
        default:
            return HSP_CLI_USAGE; /* getopt has said why */
        }
    }
    return -1;
}

/* "2=on" */
static bool parse_change(const char *text, struct hsp_ipc_control_output *out)
{
    const char *value = strchr(text, '=');
    char number[8];
    long output;

    if (!value) {
        hsp_cli_error("hesper outputs --help", "a change looks like 2=on, not '%s'", text);
        return false;
    }
    snprintf(number, sizeof(number), "%.*s", (int)(value - text), text);
    if (!hsp_cli_parse_number("the number of an output", number, 1, HSP_LIMIT_SCANOUT_COUNT,
                              &output))
        return false;
    value++;
    *out = (struct hsp_ipc_control_output){.output = (uint32_t)output - 1};
    if (strcmp(value, "on") == 0)
        out->change = HSP_IPC_OUTPUT_CONNECT;
    else if (strcmp(value, "off") == 0)
        out->change = HSP_IPC_OUTPUT_DISCONNECT;
    else
        out->change = HSP_IPC_OUTPUT_SET_MODE;
    return out->change != HSP_IPC_OUTPUT_SET_MODE ||
           hsp_cli_parse_size(text, value, &out->width, &out->height);
}

static int ask(struct hsp_ipc_channel *channel, const struct hsp_ipc_control_output *change,
               struct hsp_ipc_control_outputs *out)
{
    struct hsp_ipc_message answer;
    int ret = hsp_cli_control_ask(channel, HSP_IPC_CONTROL_OUTPUT, change, sizeof(*change), -1,
                                  HSP_IPC_CONTROL_OUTPUTS, &answer);

    if (ret < 0)
        return ret;
    ret = hsp_ipc_decode(&answer, out, sizeof(*out), 0) ? 0 : -EPROTO;
    hsp_ipc_message_finish(&answer);
    return ret;
}

static void print_outputs(const struct hsp_ipc_control_outputs *outputs)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(outputs->items); i++) {
        if (!outputs->items[i].is_connected)
            continue;
        printf("%2zu  %ux%u", i + 1, outputs->items[i].width, outputs->items[i].height);
        if (outputs->items[i].shown_width > 0)
            printf(", shows %ux%u", outputs->items[i].shown_width, outputs->items[i].shown_height);
        else
            printf(", shows nothing");
        putchar('\n');
    }
}

static int change_outputs(const char *name, const struct hsp_ipc_control_output *changes,
                          size_t count)
{
    struct hsp_ipc_control_outputs outputs;
    struct hsp_ipc_channel channel;
    int ret = hsp_cli_control_connect(&channel, name);

    if (ret < 0) {
        hsp_cli_control_error(name, ret);
        return HSP_CLI_FAILED;
    }
    outputs.status = 0;
    for (size_t i = 0; i < count && ret == 0 && outputs.status == 0; i++)
        ret = ask(&channel, &changes[i], &outputs);
    hsp_ipc_channel_finish(&channel);
    if (ret < 0) {
        hsp_cli_control_error(name, ret);
        return HSP_CLI_FAILED;
    }
    if (outputs.status < 0)
        hsp_cli_error(NULL, "a machine keeps at least one monitor");
    print_outputs(&outputs);
    return outputs.status < 0 ? HSP_CLI_FAILED : HSP_CLI_OK;
}

int hsp_cli_outputs(int argc, char **argv)
{
    struct hsp_ipc_control_output changes[MAX_CHANGE_COUNT] = {{.change = HSP_IPC_OUTPUT_KEEP}};
    char name[HSP_CLI_CONTROL_NAME_SIZE];
    const char *wanted_name = NULL;
    int status = parse_options(argc, argv, &wanted_name);
    size_t count = 0;

    if (status >= 0)
        return status;
    for (int i = optind; i < argc; i++) {
        if (count == MAX_CHANGE_COUNT) {
            hsp_cli_error(NULL, "these are too many changes");
            return HSP_CLI_USAGE;
        }
        if (!parse_change(argv[i], &changes[count++]))
            return HSP_CLI_USAGE;
    }
    if (!hsp_cli_control_pick(wanted_name, name))
        return HSP_CLI_FAILED;
    return change_outputs(name, changes, HSP_MAX(count, 1u));
}
