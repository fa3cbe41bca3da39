/* SPDX-License-Identifier: MIT */
/* The control socket of a device that fe_start has started. */
#ifndef HSP_TESTS_CONTROL_H
#define HSP_TESTS_CONTROL_H

#include "frontend.h"
#include "ipc/channel.h"

#include <json-c/json.h>

/* Connects; the socket appears a moment after the device has begun to serve. */
void control_connect(struct fe *fe, struct hsp_ipc_channel *channel);

/* Sends a request, with a descriptor unless `fd` is -1, and receives the answer. */
void control_ask(struct hsp_ipc_channel *channel, uint32_t type, const void *body, size_t size,
                 int fd, struct hsp_ipc_message *answer);

/* What `hesper stat --json` prints of this device; the caller puts it. */
struct json_object *control_ask_stat(struct fe *fe);

#endif
