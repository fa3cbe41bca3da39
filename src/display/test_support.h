/* SPDX-License-Identifier: MIT */
/* What the tests of hesper-display share. Everything aborts the test on failure. */
#ifndef HSP_DISPLAY_TEST_SUPPORT_H
#define HSP_DISPLAY_TEST_SUPPORT_H

#include "base/span.h"

#include <sys/types.h>

struct test_image {
    uint32_t width, height;
    uint8_t *rgb; /* 3 bytes per pixel, no padding */
};

/* Reads a PNG file from its beginning; the file must hold an 8-bit RGB picture. */
struct test_image test_image_read(int fd);
void test_image_finish(struct test_image *image);
const uint8_t *test_image_pixel(const struct test_image *image, uint32_t x, uint32_t y);

/* A file to write to, removed already. */
int test_file_create(void);

/* A sealed span of whole pages, at least `size` bytes, and its mapping. */
struct hsp_span test_span_create(uint64_t size, struct hsp_mapping *out_mapping);

/* How often all threads of a process have gone to sleep so far. */
long test_count_sleeps(pid_t pid);

#endif
