/* SPDX-License-Identifier: MIT */
/*
 * What a renderer gets of the guest's RAM when a program imports pages of it. The VMM's file holds
 * all of the RAM: a renderer that has it, and was taken over, can read and write the guest's
 * kernel. docs/threat-model.md
 *
 * Threads: any; immutable after init.
 */
#ifndef HSP_GPU_GUEST_RAM_H
#define HSP_GPU_GUEST_RAM_H

#include "base/span.h"

enum hsp_gpu_guest_ram_access {
    HSP_GPU_GUEST_RAM_FILE,    /* the VMM's file */
    HSP_GPU_GUEST_RAM_UDMABUF, /* just the pages; none where that fails */
    HSP_GPU_GUEST_RAM_NONE,    /* none at all */
    HSP_GPU_GUEST_RAM_AUTO,    /* UDMABUF if the host and its driver can, else FILE */
};

/* Zeroed is FILE. */
struct hsp_gpu_guest_ram {
    enum hsp_gpu_guest_ram_access access; /* not AUTO */
    int udmabuf_fd;
};

/* Settles AUTO, which starts the program `render_path` (NULL: there will be no renderer) to ask the
 * host's driver, and waits for it. 0, or negative errno, logged: UDMABUF is impossible. */
int hsp_gpu_guest_ram_init(struct hsp_gpu_guest_ram *ram, enum hsp_gpu_guest_ram_access access,
                           const char *render_path);
void hsp_gpu_guest_ram_finish(struct hsp_gpu_guest_ram *ram);

/* Replaces a span of guest pages by what a renderer may get. Negative errno: nothing; the span is
 * left as it was. */
int hsp_gpu_guest_ram_narrow(const struct hsp_gpu_guest_ram *ram, struct hsp_span *span);

#endif
