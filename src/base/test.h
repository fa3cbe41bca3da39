/* SPDX-License-Identifier: MIT */
/*
 * The unit test harness: tests stand beside the code they test, in test_*.c files that each make
 * one executable. Every test runs in a forked process of its own; a crash, a failed check or a
 * leaked file descriptor fails that test alone.
 *
 *     HSP_TEST(span_of_two_pieces_is_contiguous) { HSP_CHECK_EQ(hsp_span_map(...), 0); ... }
 *     HSP_TEST_MAIN()
 *
 * An argument names the tests to run (substring); HESPER_TEST_NOFORK=1 runs them in this process,
 * for a debugger.
 */
#ifndef HSP_BASE_TEST_H
#define HSP_BASE_TEST_H

#include "base/util.h"

struct hsp_test {
    const char *name;
    void (*run)(void);
    struct hsp_test *next;
};

void hsp_test_register(struct hsp_test *test);
int hsp_test_run_all(int argc, char **argv);

_Noreturn void hsp_test_fail(const char *file, int line, const char *fmt, ...) HSP_PRINTF(3, 4);

#define HSP_TEST(test_name)                                                          \
    static void test_##test_name(void);                                              \
    __attribute__((constructor)) static void register_##test_name(void)              \
    {                                                                                \
        static struct hsp_test test = {.name = #test_name, .run = test_##test_name}; \
        hsp_test_register(&test);                                                    \
    }                                                                                \
    static void test_##test_name(void)

#define HSP_CHECK(condition)                                     \
    do {                                                         \
        if (!(condition))                                        \
            hsp_test_fail(__FILE__, __LINE__, "%s", #condition); \
    } while (0)

#define HSP_CHECK_EQ(actual, expected)                                                           \
    do {                                                                                         \
        long long actual_ = (long long)(actual), expected_ = (long long)(expected);              \
        if (actual_ != expected_)                                                                \
            hsp_test_fail(__FILE__, __LINE__, "%s is %lld (0x%llx), not %lld (0x%llx)", #actual, \
                          actual_, (unsigned long long)actual_, expected_,                       \
                          (unsigned long long)expected_);                                        \
    } while (0)

#define HSP_CHECK_STREQ(actual, expected)                                          \
    do {                                                                           \
        const char *actual_ = (actual), *expected_ = (expected);                   \
        if (!hsp_test_streq(actual_, expected_))                                   \
            hsp_test_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #actual, \
                          actual_ ? actual_ : "(null)", expected_);                \
    } while (0)

bool hsp_test_streq(const char *a, const char *b);

#define HSP_TEST_MAIN()                      \
    int main(int argc, char **argv)          \
    {                                        \
        return hsp_test_run_all(argc, argv); \
    }

#endif
