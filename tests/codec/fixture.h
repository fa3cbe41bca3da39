/* SPDX-License-Identifier: MIT */
/*
 * Byte-exact requests and replies, from vectors.txt and from the samples made at build time. The
 * data of each record is a heap block of its exact size, so that ASan sees a read past its end.
 */
#ifndef HSP_TESTS_CODEC_FIXTURE_H
#define HSP_TESTS_CODEC_FIXTURE_H

#include "venus/cs.h"

struct fixture {
    bool is_reply;
    char name[96];  /* of the command */
    char note[200]; /* what it holds */
    uint8_t *data;
    size_t size;
};

struct fixtures {
    struct fixture *items;
    size_t count;
};

/* Adds the records of a file; a file that cannot be read fails the test. */
void fixtures_load(struct fixtures *fixtures, const char *path);
void fixtures_finish(struct fixtures *fixtures);

/* NULL if there is none; `note` is a part of the note, or NULL. */
const struct fixture *fixtures_find(const struct fixtures *fixtures, bool is_reply,
                                    const char *name, const char *note);

/* A reader of exactly these bytes, and a writer into exactly this many. */
struct codec {
    struct hsp_arena arena;
    struct hsp_vn_reader reader;
    struct hsp_vn_writer writer;
};

void codec_init(struct codec *codec, const void *data, size_t size, size_t reply_size);
void codec_finish(struct codec *codec);

/* Fails the test, naming the fixture and the first wrong word. */
void check_written(const struct hsp_vn_writer *writer, const struct fixture *expected);

#endif
