/* SPDX-License-Identifier: MIT */
/* What the check programs share: options, verdicts. Fails as demos/common/vk.h. */
#ifndef CHECK_H
#define CHECK_H

#include "compute.h"

/* Ends the process unless actual == expected. */
#define CHECK_EQUAL(actual, expected, ...) \
    check_equal((actual), (expected), __FILE__, __LINE__, __VA_ARGS__)
void check_equal(uint64_t actual, uint64_t expected, const char *file, int line, const char *fmt,
                 ...) __attribute__((format(printf, 5, 6)));

/* The value of an option as --loops=100, or `otherwise`; ends the process when it is no number from
 * 1 to 10^9. */
uint32_t check_option_number(int argc, char **argv, const char *name, uint32_t otherwise);

/* The value of an option as --output=FILE, or NULL. */
const char *check_option_text(int argc, char **argv, const char *name);

/* Ends the process when argv has anything but the named options (NULL-terminated list). */
void check_options_known(int argc, char **argv, const char *const *names);

#endif
