/* SPDX-License-Identifier: MIT */
/* Command lines of demos: --name=VALUE and --name, with --help made from the table. */
#ifndef DEMO_OPTIONS_H
#define DEMO_OPTIONS_H

#include "target.h"

enum demo_option_kind {
    DEMO_OPTION_FLAG,    /* bool: --name */
    DEMO_OPTION_COUNT,   /* uint64_t from 1 to 10^9 */
    DEMO_OPTION_SECONDS, /* double, more than 0 */
    DEMO_OPTION_NUMBER,  /* double */
    DEMO_OPTION_SIZE,    /* struct demo_size */
    DEMO_OPTION_PICTURE, /* const char *, a path that demo_picture_write takes */
    DEMO_OPTION_PRESENT, /* const struct demo_target_ops * */
};

struct demo_size {
    uint32_t width, height;
};

struct demo_option {
    const char *name; /* NULL ends a table */
    enum demo_option_kind kind;
    void *value; /* where it goes; holds the default before */
    const char *help;
};

/* Reads the command line. --help prints `about` and the options and exits with status 0, a mistake
 * exits with status 2. */
void demo_options_parse(int argc, char **argv, const char *about,
                        const struct demo_option *options);

/* What all demos have that draw frame after frame. */
struct demo_draw_options {
    const struct demo_target_ops *present;
    struct demo_size size;
    uint64_t frames;
    double seconds;
    const char *output;
    bool json;
};

/* Their rows of the table. */
#define DEMO_DRAW_OPTIONS(draw)                                                    \
    {"present", DEMO_OPTION_PRESENT, &(draw).present,                              \
     "zero-copy: the screen shows the image that was rendered into\n"              \
     "copy: the CPU copies each picture into a dumb buffer\n"                      \
     "offscreen: no screen"},                                                      \
        {"frames", DEMO_OPTION_COUNT, &(draw).frames, "stop after N frames"},      \
        {"seconds", DEMO_OPTION_SECONDS, &(draw).seconds, "stop after S seconds"}, \
        {"size", DEMO_OPTION_SIZE, &(draw).size,                                   \
         "mode of the screen (default: its own), size offscreen (1280x800)"},      \
        {"output", DEMO_OPTION_PICTURE, &(draw).output,                            \
         "write the last picture (.png, .ppm, .raw)"},                             \
        {"json", DEMO_OPTION_FLAG, &(draw).json, "print the result as JSON"}

#endif
