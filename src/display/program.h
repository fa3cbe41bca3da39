/* SPDX-License-Identifier: MIT */
/*
 * The programs that are hesper-display. A backend that needs large libraries has a program of its
 * own, hesper-display-NAME: hesper-display becomes it when that backend is asked for, so that a
 * server without them still runs the others.
 */
#ifndef HSP_DISPLAY_PROGRAM_H
#define HSP_DISPLAY_PROGRAM_H

#include "display/backend.h"

/* The whole of a program with one backend: parses the command line, serves until hesper-gpu goes
 * away. Returns the exit status. */
int hsp_display_program_run(int argc, char **argv, const struct hsp_display_backend_ops *ops);

#endif
