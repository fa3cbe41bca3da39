/* SPDX-License-Identifier: MIT */
/*
 * hesper-display: shows the scanouts of one device. hesper-gpu starts it, with a socket and a page
 * for counters.
 */
#include "display/program.h"

int main(int argc, char **argv)
{
    return hsp_display_program_run(argc, argv, &hsp_display_headless_ops);
}
