/* SPDX-License-Identifier: MIT */
/*
 * `hesper exec -- CMD`: runs CMD with its Vulkan going through the renderer, with no VM. Each
 * Vulkan instance in CMD and its children is a connection to a private socket, and gets a
 * hesper-render of its own.
 */
#ifndef HSP_CLI_EXEC_H
#define HSP_CLI_EXEC_H

/* argv[0] is "exec". Returns CMD's exit status, 128 + the signal that ended it, 127 or 126 when it
 * cannot be started, 2 for wrong arguments, 1 for other failures; what failed has been printed. */
int hsp_cli_exec(int argc, char **argv);

#endif
