/* SPDX-License-Identifier: MIT */
/* hesper-display-vnc: what hesper-display becomes with --backend=vnc. */
#include "display/program.h"
#include "display/vnc.h"

int main(int argc, char **argv)
{
    return hsp_display_program_run(argc, argv, &hsp_display_vnc_ops);
}
