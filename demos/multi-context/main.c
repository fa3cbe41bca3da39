/* SPDX-License-Identifier: MIT */
/*
 * multi-context: several programs use the GPU at the same time and look for each other's memory.
 *
 * The parent starts them (this program again, each with a Vulkan instance of its own), lets them go
 * on only together, and adds up what they say. Exit status: 0 when every program found its own
 * memory as it left it, and nothing of another's.
 */
#include "options.h"
#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PROGRAM_COUNT 64

struct child {
    pid_t pid;
    int socket_fd;
};

static void start(struct child *child, uint32_t number, uint64_t rounds)
{
    int fds[2];
    char number_text[16], rounds_text[16];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        demo_die("socketpair: %s", strerror(errno));
    snprintf(number_text, sizeof(number_text), "%u", number);
    snprintf(rounds_text, sizeof(rounds_text), "%u", (uint32_t)rounds);
    child->pid = fork();
    if (child->pid < 0)
        demo_die("fork: %s", strerror(errno));
    if (child->pid == 0) {
        dup2(fds[1], STDIN_FILENO);
        execl("/proc/self/exe", program_invocation_name, "program", number_text, rounds_text,
              (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    child->socket_fd = fds[0];
}

/* Waits until all are at a meeting and lets them go on. False when they have ended instead. */
static bool hold_meeting(const struct child *children, uint32_t count)
{
    char byte = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (read(children[i].socket_fd, &byte, 1) != 1)
            return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (send(children[i].socket_fd, &byte, 1, MSG_NOSIGNAL) != 1)
            return false;
    }
    return true;
}

/* Returns the worst exit status. */
static int wait_for_all(struct child *children, uint32_t count)
{
    int worst = 0;

    for (uint32_t i = 0; i < count; i++) {
        int status;

        /* Whoever waits for a meeting that will not be held goes on, and fails. */
        close(children[i].socket_fd);
        if (waitpid(children[i].pid, &status, 0) < 0)
            demo_die("waitpid: %s", strerror(errno));
        if (WIFSIGNALED(status))
            fprintf(stderr, "multi-context: program %u died of signal %d\n", i, WTERMSIG(status));
        status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
        if (status != 0 && worst != 1)
            worst = status == DEMO_SKIPPED ? DEMO_SKIPPED : 1;
    }
    return worst;
}

int main(int argc, char **argv)
{
    uint64_t count = 4, rounds = 5;
    const struct demo_option options[] = {
        {"programs", DEMO_OPTION_COUNT, &count, "how many at the same time (default 4)"},
        {"rounds", DEMO_OPTION_COUNT, &rounds, "of each (default 5)"},
        {0},
    };
    struct child children[MAX_PROGRAM_COUNT];

    if (argc == 4 && strcmp(argv[1], "program") == 0)
        return program_run((uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]), STDIN_FILENO);
    demo_options_parse(
        argc, argv, "Programs that use the GPU at the same time and look for each other's memory.",
        options);
    if (count > MAX_PROGRAM_COUNT)
        demo_die("--programs: at most %d", MAX_PROGRAM_COUNT);
    for (uint32_t i = 0; i < count; i++)
        start(&children[i], i, rounds);
    while (hold_meeting(children, (uint32_t)count))
        ;
    int status = wait_for_all(children, (uint32_t)count);
    printf("multi-context: %s, %u programs\n",
           status == 0              ? "ok"
           : status == DEMO_SKIPPED ? "skipped"
                                    : "FAILED",
           (uint32_t)count);
    return status;
}
