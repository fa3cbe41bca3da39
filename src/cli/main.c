/* SPDX-License-Identifier: MIT */
/* hesper: the command that people use. */
#include "cli/cli.h"

#include "base/log.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct command commands[] = {
    {"doctor", hsp_cli_doctor, "say what this host, or a guest, can do and what is missing"},
    {"exec", hsp_cli_exec, "run a program whose Vulkan goes through hesper, without a VM"},
    {"outputs", hsp_cli_outputs, "plug monitors into a virtual machine, and pull them out"},
    {"run", hsp_cli_run, "run a virtual machine with a hesper GPU"},
    {"screenshot", hsp_cli_screenshot, "write what a virtual machine shows to a PNG file"},
    {"stat", hsp_cli_stat, "show the counters of running devices"},
};

static void print_usage(FILE *file)
{
    fputs("Usage: hesper COMMAND [ARGUMENTS]\n"
          "Vulkan for virtual machines.\n\n",
          file);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(commands); i++)
        fprintf(file, "  %-12s%s\n", commands[i].name, commands[i].summary);
    fputs("\n`hesper COMMAND --help` tells more about one of them.\n", file);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static bool is_one_of(const char *text, const char *a, const char *b, const char *c)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0 || strcmp(text, c) == 0;
}

int main(int argc, char **argv)
{
    const struct command *command;
    char name[32];

    hsp_log_init("hesper");
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_usage(stderr);
        return HSP_CLI_USAGE;
    }
    if (is_one_of(argv[1], "help", "--help", "-h")) {
        print_usage(stdout);
        return HSP_CLI_OK;
    }
    if (is_one_of(argv[1], "version", "--version", "-V")) {
        puts("hesper " HSP_VERSION);
        return HSP_CLI_OK;
    }
    command = find_command(argv[1]);
    if (!command) {
        hsp_cli_error("hesper help lists the commands.", "there is no command '%s'", argv[1]);
        return HSP_CLI_USAGE;
    }
    /* getopt puts it in front of its messages. */
    snprintf(name, sizeof(name), "hesper %s", command->name);
    argv[1] = name;
    return command->run(argc - 1, argv + 1);
}
