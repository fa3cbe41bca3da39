/* SPDX-License-Identifier: MIT */
/*
 * The hesper-render process of a context: started with it, watched while it runs, and what is done
 * when it dies.
 */
#ifndef HSP_GPU_RENDERER_H
#define HSP_GPU_RENDERER_H

#include "gpu/context.h"

/* 0 or negative errno; -ENOENT when there is no program. */
int hsp_gpu_renderer_start(struct hsp_gpu_context *context);

/* Ends it, if it runs: its commands are done, its rings read FATAL. Between hsp_gpu_schedule_begin
 * and _end. */
void hsp_gpu_renderer_stop(struct hsp_gpu_context *context, bool kill);

#endif
