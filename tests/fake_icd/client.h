/* SPDX-License-Identifier: MIT */
/*
 * A client of a context (venus/context.h) on the fake driver: what tests need before they come to
 * their point. Commands are encoded into one buffer, from which they are submitted.
 */
#ifndef FAKE_ICD_CLIENT_H
#define FAKE_ICD_CLIENT_H

#include "fake_icd.h"

#include "venus/context.h"
#include "venus/gen/client.h"
#include "venus/gen/protocol.h"

/* The client's ids; a test's own begin with the last. */
enum { INSTANCE = 1, PHYSICAL_DEVICE, DEVICE, FIRST_ID };

/* The encoder's view of a handle on the client's side is its id. */
#define HANDLE(type, id) ((type)(uintptr_t)(id))
#define NEW(type, id)    (&(type){HANDLE(type, id)})
#define INFO(type, ...)  (&(const type){__VA_ARGS__})

/* Encodes a command with the `writer` of the function that it stands in. */
#define ENCODE(name, ...) \
    hsp_vn_encode_##name(writer, &(const struct hsp_vn_##name){__VA_ARGS__}, 0)

/* A context with a device that has a queue of each of these families, of the FAKE_ICD_FAMILY_COUNT
 * that there are. The driver has been reset before. */
struct hsp_vn_context *fake_client_start(const uint32_t *families, uint32_t family_count);

/* The driver's, after the first start. */
extern struct fake_icd_control *fake_client_control;

/* An empty buffer. What was encoded before is lost. */
struct hsp_vn_writer fake_client_begin(void);

/* 0, or negative errno. */
int fake_client_submit(struct hsp_vn_context *context, const struct hsp_vn_writer *writer);

#endif
