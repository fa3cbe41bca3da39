/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "base/limits.h"
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>

static void add_words(struct fixture *fixture, char *line)
{
    for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
        uint32_t value = (uint32_t)strtoul(word, NULL, 16);

        fixture->data = realloc(fixture->data, fixture->size + sizeof(value));
        HSP_CHECK(fixture->data);
        memcpy(fixture->data + fixture->size, &value, sizeof(value));
        fixture->size += sizeof(value);
    }
}

static struct fixture *add_record(struct fixtures *fixtures, const char *line)
{
    struct fixture *fixture;
    char kind[16];

    fixtures->items = realloc(fixtures->items, (fixtures->count + 1) * sizeof(*fixture));
    HSP_CHECK(fixtures->items);
    fixture = &fixtures->items[fixtures->count++];
    memset(fixture, 0, sizeof(*fixture));
    if (sscanf(line, "%15s %95[^:]: %199[^\n]", kind, fixture->name, fixture->note) != 3)
        hsp_test_fail(__FILE__, __LINE__, "not a record: %s", line);
    fixture->is_reply = strcmp(kind, "reply") == 0;
    return fixture;
}

void fixtures_load(struct fixtures *fixtures, const char *path)
{
    FILE *file = fopen(path, "r");
    struct fixture *fixture = NULL;
    char line[512];

    if (!file)
        hsp_test_fail(__FILE__, __LINE__, "cannot read %s", path);
    while (fgets(line, sizeof(line), file)) {
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (line[0] != ' ')
            fixture = add_record(fixtures, line);
        else if (fixture)
            add_words(fixture, line);
    }
    fclose(file);
}

void fixtures_finish(struct fixtures *fixtures)
{
    for (size_t i = 0; i < fixtures->count; i++)
        free(fixtures->items[i].data);
    free(fixtures->items);
    memset(fixtures, 0, sizeof(*fixtures));
}

const struct fixture *fixtures_find(const struct fixtures *fixtures, bool is_reply,
                                    const char *name, const char *note)
{
    for (size_t i = 0; i < fixtures->count; i++) {
        const struct fixture *fixture = &fixtures->items[i];

        if (fixture->is_reply == is_reply && strcmp(fixture->name, name) == 0 &&
            (!note || strstr(fixture->note, note)))
            return fixture;
    }
    return NULL;
}

void codec_init(struct codec *codec, const void *data, size_t size, size_t reply_size)
{
    memset(codec, 0, sizeof(*codec));
    hsp_arena_init(&codec->arena, HSP_LIMIT_ARENA_SIZE);
    hsp_vn_reader_init(&codec->reader, &codec->arena, NULL);
    hsp_vn_reader_set_block(&codec->reader, data, size);
    codec->writer.begin = malloc(reply_size ? reply_size : 1);
    HSP_CHECK(codec->writer.begin);
    codec->writer.cursor = codec->writer.begin;
    codec->writer.end = codec->writer.begin + reply_size;
}

void codec_finish(struct codec *codec)
{
    hsp_arena_finish(&codec->arena);
    free(codec->writer.begin);
}

void check_written(const struct hsp_vn_writer *writer, const struct fixture *expected)
{
    size_t size = (size_t)(writer->cursor - writer->begin);

    for (size_t at = 0; at + 4 <= size && at + 4 <= expected->size; at += 4) {
        uint32_t wrote, wanted;

        memcpy(&wrote, writer->begin + at, sizeof(wrote));
        memcpy(&wanted, expected->data + at, sizeof(wanted));
        if (wrote != wanted)
            hsp_test_fail(__FILE__, __LINE__, "%s (%s): 0x%08x at byte %zu, not 0x%08x",
                          expected->name, expected->note, wrote, at, wanted);
    }
    if (size != expected->size || writer->overflow)
        hsp_test_fail(__FILE__, __LINE__, "%s (%s): %zu bytes%s, not %zu", expected->name,
                      expected->note, size, writer->overflow ? " and more" : "", expected->size);
}
