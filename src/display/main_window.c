/* SPDX-License-Identifier: MIT */
/* hesper-display-window: what hesper-display becomes with --backend=window. */
#include "display/program.h"
#include "display/window.h"

int main(int argc, char **argv)
{
    return hsp_display_program_run(argc, argv, &hsp_display_window_ops);
}
