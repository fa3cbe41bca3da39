/* SPDX-License-Identifier: MIT */
/*
 * Private to vtest/: the state of one connection, and the handlers that live in files of their own.
 *
 * A handler gets the payload, whose length the table in server.c has checked. It returns 0 or a
 * negative errno, which ends the connection; hsp_vtest_refuse has logged then what was wrong.
 */
#ifndef HSP_VTEST_CONNECTION_H
#define HSP_VTEST_CONNECTION_H

#include "venus/context.h"
#include "vtest/resource.h"
#include "vtest/stream.h"
#include "vtest/sync.h"

struct hsp_vtest_connection {
    struct hsp_vtest_stream stream;
    struct hsp_vtest_syncs syncs;
    struct hsp_vtest_resources resources;
    struct hsp_vn_context *context; /* NULL before CONTEXT_INIT */
    struct hsp_stats_context *stats;
    uint32_t version; /* negotiated; 0 before */
    char name[64];    /* the client's, printable */
};

/* Logs why the client's message is not acceptable. Returns -EPROTO. */
int hsp_vtest_refuse(const struct hsp_vtest_connection *connection, const char *fmt, ...)
    HSP_PRINTF(2, 3);

/* resource.c */
int hsp_vtest_handle_resource_create_blob(struct hsp_vtest_connection *connection,
                                          const uint32_t *payload, uint32_t count);
int hsp_vtest_handle_resource_unref(struct hsp_vtest_connection *connection,
                                    const uint32_t *payload, uint32_t count);

/* submit.c */
int hsp_vtest_handle_submit_cmd2(struct hsp_vtest_connection *connection, const uint32_t *payload,
                                 uint32_t count);

#endif
