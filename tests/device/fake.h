/* SPDX-License-Identifier: MIT */
/*
 * What the fake hesper-render and the fake hesper-display have in common with the tests that use
 * them. Both write what they get into one log, a line each, and look for flags: files in the folder
 * $HESPER_TEST_FOLDER.
 */
#ifndef HSP_TESTS_FAKE_H
#define HSP_TESTS_FAKE_H

#include "base/util.h"

/* SUBMIT_3D's commands are words: one of these, and its arguments. */
enum fake_render_op {
    FAKE_RENDER_NOP,
    FAKE_RENDER_HOLD_FENCES, /* keep fences until FAKE_RENDER_RETIRE */
    FAKE_RENDER_RETIRE,      /* ring_idx: retire its kept fences; ~0: all, and keep no more */
    FAKE_RENDER_HOLD_BLOBS,  /* keep blobs until FAKE_RENDER_GIVE_BLOBS */
    FAKE_RENDER_GIVE_BLOBS,
    FAKE_RENDER_WRITE, /* resource, offset, value: a word of a resource */
    FAKE_RENDER_RING,  /* resource, offset, created */
    FAKE_RENDER_EXIT,
    FAKE_RENDER_KILL,          /* die by SIGKILL */
    FAKE_RENDER_FATAL,         /* say why, and exit */
    FAKE_RENDER_GARBAGE,       /* a message that does not exist */
    FAKE_RENDER_STRANGE_FENCE, /* retire a fence that nobody asked for */
    FAKE_RENDER_STRANGE_BLOB,  /* answer a blob that nobody asked for */
    FAKE_RENDER_SLEEP,         /* until the flag "sleep" is gone */
    FAKE_RENDER_STAY,          /* do not exit when the channel closes */
};

/* blob_id of RESOURCE_CREATE_BLOB: what the fake makes of it. */
#define FAKE_BLOB_GOOD     1000 /* and all others: zeros, with the id in the first word */
#define FAKE_BLOB_FAILS    2000 /* -ENOMEM */
#define FAKE_BLOB_UNSEALED 2001
#define FAKE_BLOB_SMALL    2002 /* a page less than asked for */
#define FAKE_BLOB_MAP_INFO 2003 /* 77 */
#define FAKE_BLOB_PIECES   2004 /* two pieces, of different files */

/* Appends a line to the log. */
void fake_log(const char *fmt, ...) HSP_PRINTF(1, 2);

bool fake_has_flag(const char *name);
void fake_wait_while_flag(const char *name);

/* The value of an argument --NAME=VALUE, or NULL. */
const char *fake_argument(int argc, char **argv, const char *name);

#endif
