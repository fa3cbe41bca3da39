/* SPDX-License-Identifier: MIT */
/*
 * Resource ids of one vtest connection. The server names resources; the pages belong to the
 * context, and to the client by the descriptor that it got. Not safe from several threads.
 */
#ifndef HSP_VTEST_RESOURCE_H
#define HSP_VTEST_RESOURCE_H

#include "base/limits.h"
#include "base/util.h"

struct hsp_vtest_resources {
    uint64_t used[HSP_LIMIT_RESOURCE_COUNT / 64]; /* a bit per id - 1 */
    uint32_t first_free_word;
};

/* The lowest free id, from 1 on; 0 when all are taken. */
uint32_t hsp_vtest_resource_id_take(struct hsp_vtest_resources *resources);

/* False when the id is not taken. */
bool hsp_vtest_resource_id_release(struct hsp_vtest_resources *resources, uint32_t id);

#endif
