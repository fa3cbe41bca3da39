/* SPDX-License-Identifier: MIT */
/* One of the programs that multi-context runs at the same time. */
#ifndef MULTI_CONTEXT_PROGRAM_H
#define MULTI_CONTEXT_PROGRAM_H

#include <stdint.h>

/* Runs program `number` of those that check each other. `socket_fd` is a SOCK_SEQPACKET to the
 * parent: a byte to it says "I am here", one from it "all are". Returns the exit status; a line
 * about what was found is on stdout. */
int program_run(uint32_t number, uint32_t rounds, int socket_fd);

#endif
