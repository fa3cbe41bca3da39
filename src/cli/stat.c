/* SPDX-License-Identifier: MIT */
/* hesper stat: the counters of running devices. */
#include "cli/cli.h"
#include "cli/control.h"

#include "ipc/messages.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "Usage: hesper stat [--json] [NAME]\n"
    "Shows the counters of running devices, or of the one called NAME: per screen the frames that\n"
    "were shown and the bytes that a CPU copied for them; per program of the guest what its\n"
    "renderer did and holds.\n"
    "\n"
    "  --json   as JSON: an object, or without NAME an array of them\n"
    "  --help   print this\n";

/* A column of a table: a member of the objects in an array, and how wide it is shown. */
struct column {
    const char *key;
    const char *title;
    int width;
};

static const struct column scanout_columns[] = {
    {"id", "screen", 6},
    {"width", "width", 6},
    {"height", "height", 6},
    {"frames", "frames", 10},
    {"fps", "fps", 8},
    {"copied_bytes_per_frame", "copied B/frame", 14},
    {"copied_bytes", "copied B", 14},
};

static const struct column context_columns[] = {
    {"id", "context", 7},      {"name", "program", 16}, {"ring_commands", "ring cmds", 12},
    {"submits", "submits", 9}, {"blobs", "blobs", 7},   {"shared_bytes", "shared B", 12},
    {"objects", "objects", 8}, {"faults", "faults", 6},
};

/* The device's counters; NULL, with an error, when it does not give them. */
static struct json_object *ask(const char *name)
{
    struct hsp_ipc_channel channel;
    struct hsp_ipc_message answer;
    struct json_object *device = NULL;
    struct json_tokener *tokener;
    int ret = hsp_cli_control_connect(&channel, name);

    if (ret < 0) {
        hsp_cli_control_error(name, ret);
        return NULL;
    }
    ret = hsp_cli_control_ask(&channel, HSP_IPC_CONTROL_STAT, NULL, 0, -1,
                              HSP_IPC_CONTROL_STAT_REPLY, &answer);
    if (ret == 0) {
        tokener = json_tokener_new();
        if (tokener)
            device = json_tokener_parse_ex(tokener, answer.payload, (int)answer.payload_size);
        json_tokener_free(tokener);
        hsp_ipc_message_finish(&answer);
        ret = device ? 0 : -EPROTO;
    }
    hsp_ipc_channel_finish(&channel);
    if (ret < 0)
        hsp_cli_control_error(name, ret);
    return device;
}

/* Text for the terminal: names come from the guest. */
static void print_text(const char *text, int width)
{
    int shown = 0;

    for (; *text && shown < width; text++, shown++)
        putchar(*text >= ' ' && *text <= '~' ? *text : '?');
    printf("%*s", width - shown + 1, "");
}

static void print_cell(struct json_object *value, int width)
{
    switch (json_object_get_type(value)) {
    case json_type_int:
        printf("%*" PRIu64 " ", width, json_object_get_uint64(value));
        break;
    case json_type_double:
        printf("%*.1f ", width, json_object_get_double(value));
        break;
    case json_type_string:
        print_text(json_object_get_string(value), width);
        break;
    default:
        printf("%*s ", width, "-");
        break;
    }
}

static void print_table(struct json_object *device, const char *key, const struct column *columns,
                        size_t column_count)
{
    struct json_object *rows = json_object_object_get(device, key);

    if (!json_object_is_type(rows, json_type_array) || json_object_array_length(rows) == 0)
        return;
    printf("  ");
    for (size_t i = 0; i < column_count; i++)
        printf(strcmp(columns[i].key, "name") == 0 ? "%-*s " : "%*s ", columns[i].width,
               columns[i].title);
    putchar('\n');
    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);
        printf("  ");
        for (size_t j = 0; j < column_count; j++)
            print_cell(json_object_object_get(row, columns[j].key), columns[j].width);
        putchar('\n');
    }
}

static void print_device(const char *name, struct json_object *device)
{
    printf("%s\n", name);
    print_table(device, "scanouts", scanout_columns, HSP_ARRAY_COUNT(scanout_columns));
    print_table(device, "contexts", context_columns, HSP_ARRAY_COUNT(context_columns));
}

static void print_json(struct json_object *object)
{
    puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY));
}

static int show_one(const char *name, bool json)
{
    struct json_object *device = ask(name);

    if (!device)
        return HSP_CLI_FAILED;
    if (json)
        print_json(device);
    else
        print_device(name, device);
    json_object_put(device);
    return HSP_CLI_OK;
}

static int show_all(bool json)
{
    struct json_object *devices = json_object_new_array();
    struct hsp_cli_control_list list;
    int status = HSP_CLI_OK;
    int ret = devices ? hsp_cli_control_list_init(&list) : -ENOMEM;

    if (ret < 0) {
        hsp_cli_error(NULL, "the running devices cannot be listed: %s", strerror(-ret));
        json_object_put(devices);
        return HSP_CLI_FAILED;
    }
    for (size_t i = 0; i < list.count; i++) {
        struct json_object *device = ask(list.names[i]);
        if (!device) {
            status = HSP_CLI_FAILED;
            continue;
        }
        if (!json)
            print_device(list.names[i], device);
        json_object_array_add(devices, device);
    }
    if (json)
        print_json(devices);
    else if (list.count == 0)
        puts("no device is running");
    hsp_cli_control_list_finish(&list);
    json_object_put(devices);
    return status;
}

int hsp_cli_stat(int argc, char **argv)
{
    static const struct option longs[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    bool json = false;
    int option;

    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (option) {
        case 'j':
            json = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return HSP_CLI_OK;
        default:
            return HSP_CLI_USAGE; /* getopt has said why */
        }
    }
    if (argc - optind > 1) {
        hsp_cli_error("hesper stat --help", "stat wants one name at most");
        return HSP_CLI_USAGE;
    }
    return optind < argc ? show_one(argv[optind], json) : show_all(json);
}
