/* SPDX-License-Identifier: MIT */
/* virtio-gpu commands as a driver sends them. Functions return the response's type. */
#ifndef HSP_TESTS_COMMANDS_H
#define HSP_TESTS_COMMANDS_H

#include "fake.h"
#include "frontend.h"

#define OK                HSP_GPU_RESP_OK_NODATA
#define ERR_UNSPEC        HSP_GPU_RESP_ERR_UNSPEC
#define ERR_OUT_OF_MEMORY HSP_GPU_RESP_ERR_OUT_OF_MEMORY
#define ERR_SCANOUT       HSP_GPU_RESP_ERR_INVALID_SCANOUT_ID
#define ERR_RESOURCE      HSP_GPU_RESP_ERR_INVALID_RESOURCE_ID
#define ERR_CONTEXT       HSP_GPU_RESP_ERR_INVALID_CONTEXT_ID
#define ERR_PARAMETER     HSP_GPU_RESP_ERR_INVALID_PARAMETER

/* 2D, format B8G8R8X8. */
uint32_t cmd_create_2d(struct fe *fe, uint32_t id, uint32_t width, uint32_t height);
uint32_t cmd_ref(struct fe *fe, uint32_t type, uint32_t ctx_id, uint32_t id);
uint32_t cmd_attach_backing(struct fe *fe, uint32_t id, const struct hsp_gpu_backing_entry *entries,
                            uint32_t count);
uint32_t cmd_transfer(struct fe *fe, uint32_t id, uint32_t x, uint32_t y, uint32_t width,
                      uint32_t height, uint64_t offset);
uint32_t cmd_set_scanout(struct fe *fe, uint32_t scanout, uint32_t id, uint32_t width,
                         uint32_t height);
uint32_t cmd_set_scanout_blob(struct fe *fe, uint32_t scanout, uint32_t id, uint32_t width,
                              uint32_t height, uint32_t stride, uint32_t offset, uint32_t format);
uint32_t cmd_flush(struct fe *fe, uint32_t id, uint32_t x, uint32_t y, uint32_t width,
                   uint32_t height);

/* Contexts and blobs. */
uint32_t cmd_create_context(struct fe *fe, uint32_t ctx_id, uint32_t context_init,
                            const char *name);
uint32_t cmd_destroy_context(struct fe *fe, uint32_t ctx_id);
uint32_t cmd_create_blob(struct fe *fe, uint32_t ctx_id, uint32_t id, uint32_t mem, uint32_t flags,
                         uint64_t blob_id, uint64_t size,
                         const struct hsp_gpu_backing_entry *entries, uint32_t count);
struct fe_request *cmd_create_blob_async(struct fe *fe, uint32_t ctx_id, uint32_t id,
                                         uint64_t blob_id, uint64_t size);
uint32_t cmd_map(struct fe *fe, uint32_t id, uint64_t offset);

/* SUBMIT_3D with words for the fake renderer. */
uint32_t cmd_submit(struct fe *fe, uint32_t ctx_id, const uint32_t *words, size_t count);
struct fe_request *cmd_submit_fenced(struct fe *fe, uint32_t ctx_id, uint32_t flags,
                                     uint64_t fence_id, uint8_t ring_idx, const uint32_t *words,
                                     size_t count);

/* The response's type of a request that was waited for, which is freed. */
uint32_t cmd_take_response(struct fe *fe, struct fe_request *request);

#define SCRIPT(fe, ctx_id, ...)                             \
    cmd_submit(fe, ctx_id, (const uint32_t[]){__VA_ARGS__}, \
               sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

#define MAPPABLE HSP_GPU_BLOB_FLAG_MAPPABLE
#define HOST3D   HSP_GPU_BLOB_MEM_HOST3D
#define FENCE    HSP_GPU_FLAG_FENCE
#define RING_IDX HSP_GPU_FLAG_RING_IDX
#define VENUS    HSP_GPU_CAPSET_VENUS

#endif
