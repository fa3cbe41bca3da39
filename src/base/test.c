/* SPDX-License-Identifier: MIT */
#include "base/test.h"

#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED_STATUS 1
#define LEAKED_STATUS 2

static struct hsp_test *first_test;
static struct hsp_test **last_test = &first_test;

void hsp_test_register(struct hsp_test *test)
{
    *last_test = test;
    last_test = &test->next;
}

bool hsp_test_streq(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

void hsp_test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list args;

    printf("# %s:%d: ", file, line);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
    exit(FAILED_STATUS);
}

static int count_open_fds(void)
{
    DIR *dir = opendir("/dev/fd");
    int count = 0;

    if (!dir)
        return -1;
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static int run_in_this_process(const struct hsp_test *test)
{
    int before = count_open_fds();

    test->run();
    int after = count_open_fds();
    if (before != after) {
        printf("# %d file descriptors before, %d after\n", before, after);
        return LEAKED_STATUS;
    }
    return 0;
}

/* The exit status, or the negative signal number. */
static int run_forked(const struct hsp_test *test)
{
    int status;

    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int result = run_in_this_process(test);
        exit(result); /* not _exit: the leak checker reports at exit */
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return FAILED_STATUS;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int hsp_test_run_all(int argc, char **argv)
{
    bool nofork = getenv("HESPER_TEST_NOFORK") != NULL;
    int failed = 0, run = 0;

    for (const struct hsp_test *test = first_test; test; test = test->next) {
        if (argc > 1 && !strstr(test->name, argv[1]))
            continue;
        int result = nofork ? run_in_this_process(test) : run_forked(test);
        run++;
        failed += result != 0;
        if (result == 0)
            printf("ok %s\n", test->name);
        else if (result < 0)
            printf("not ok %s: signal %d (%s)\n", test->name, -result, strsignal(-result));
        else
            printf("not ok %s: %s\n", test->name,
                   result == LEAKED_STATUS ? "leaked file descriptors" : "failed");
    }
    if (run == 0)
        printf("no test matches\n");
    return failed > 0 || run == 0;
}
