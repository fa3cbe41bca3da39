/* SPDX-License-Identifier: MIT */
/*
 * Takes from this process what a renderer never needs, before it reads the first byte of a guest.
 * What is left, and why, is in docs/threat-model.md.
 */
#ifndef HSP_RENDER_SANDBOX_H
#define HSP_RENDER_SANDBOX_H

/* What is in force, the best first. */
enum hsp_render_sandbox {
    HSP_RENDER_SANDBOX_WHOLE,
    HSP_RENDER_SANDBOX_NO_LANDLOCK, /* files are protected by their permissions only */
    HSP_RENDER_SANDBOX_NONE,        /* there is none for this system yet */
    HSP_RENDER_SANDBOX_OFF,         /* the user does not want it */
};

/* Enters the sandbox of this system, as far as the system has one; what it lacks is logged. Also:
 * no core files, as many descriptors as the limit allows, the process dies with its parent (Linux),
 * and driver caches go to a directory of their own. HESPER_SANDBOX=off leaves the sandbox out.
 *
 * The process must have one thread. `program` is argv[0]'s path, whose directory stays readable.
 * An enum hsp_render_sandbox, or negative errno when the system refused a step that it knows. */
int hsp_render_sandbox_enter(const char *program);

#endif
