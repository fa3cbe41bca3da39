/* SPDX-License-Identifier: MIT */
/*
 * The pages of guest memory behind a resource, as the guest listed them.
 *
 * Ownership: a backing keeps the guest memory that it lies in.
 */
#ifndef HSP_GPU_BACKING_H
#define HSP_GPU_BACKING_H

#include "base/span.h"
#include "gpu/protocol.h"
#include "gpu/transport.h"

struct hsp_gpu_backing_range {
    struct hsp_gpu_range range;
    uint64_t start; /* of it in the backing, bytes */
};

/* Zeroed is empty. */
struct hsp_gpu_backing {
    const struct hsp_gpu_transport *transport;
    struct hsp_gpu_memory *memory;
    struct hsp_gpu_backing_range *ranges;
    uint32_t range_count;
    uint64_t size;
};

/* Looks the pages up. 0; -EFAULT for an address that is no guest memory; -EINVAL for an empty list
 * or entry; -ENOMEM. */
int hsp_gpu_backing_init(struct hsp_gpu_backing *backing, const struct hsp_gpu_transport *transport,
                         const struct hsp_gpu_backing_entry *entries, uint32_t entry_count);

/* Safe on an empty and on a finished one. */
void hsp_gpu_backing_finish(struct hsp_gpu_backing *backing);

/* Copies from the pages; [offset, offset + size) lies inside. */
void hsp_gpu_backing_read(const struct hsp_gpu_backing *backing, uint64_t offset, void *out,
                          uint64_t size);

/* A span of the first `size` bytes. 0; -EINVAL if there are not as many; -E2BIG when the pages are
 * too scattered; other negative errnos. */
int hsp_gpu_backing_make_span(const struct hsp_gpu_backing *backing, uint64_t size,
                              struct hsp_span *out_span);

#endif
