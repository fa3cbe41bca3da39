/* SPDX-License-Identifier: MIT */
/*
 * The EDID of a virtual monitor (VESA E-EDID 1.4): one preferred mode, named "hesper". Modes that a
 * detailed timing of the base block cannot express (more than 4095 pixels, or 655 MHz) are in a
 * DisplayID extension block.
 */
#ifndef HSP_GPU_EDID_H
#define HSP_GPU_EDID_H

#include "base/util.h"

#define HSP_GPU_EDID_MAX_SIZE 256

struct hsp_gpu_edid_params {
    uint32_t width, height; /* pixels, 1 to HSP_LIMIT_SCANOUT_EXTENT */
    uint32_t serial;        /* tells the outputs of one device apart */
};

/* Writes the EDID and returns its size, a multiple of 128. Pure. */
size_t hsp_gpu_edid_encode(const struct hsp_gpu_edid_params *params,
                           uint8_t out_edid[HSP_GPU_EDID_MAX_SIZE]);

#endif
