/* SPDX-License-Identifier: MIT */
#include "cli/capture.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TEXT_SIZE (4u << 20)
#define CHUNK_SIZE    65536

extern char **environ;

/* ------------------------------------------------------------------ start */

static bool is_replaced(const char *variable, const char *const *env)
{
    size_t name_size = strcspn(variable, "=") + 1;

    for (; *env; env++) {
        if (strncmp(variable, *env, name_size) == 0)
            return true;
    }
    return false;
}

/* This process's environment with `env` in it: an array to be freed, of borrowed strings. */
static char **merge_environment(const char *const *env)
{
    static const char *const nothing[] = {NULL};
    size_t count = 0, used = 0;
    char **merged;

    env = env ? env : nothing;
    for (char **variable = environ; *variable; variable++)
        count++;
    for (const char *const *variable = env; *variable; variable++)
        count++;
    merged = calloc(count + 1, sizeof(*merged));
    if (!merged)
        return NULL;
    for (char **variable = environ; *variable; variable++) {
        if (!is_replaced(*variable, env))
            merged[used++] = *variable;
    }
    for (; *env; env++)
        merged[used++] = (char *)(uintptr_t)*env;
    return merged;
}

/* Pipes whose ends are above the numbers that a child's descriptors get. */
static int make_pipe(int fds[2])
{
    int low[2];
    int ret = 0;

    if (pipe(low) < 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        fds[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 4);
        if (fds[i] < 0)
            ret = -errno;
        close(low[i]);
    }
    if (ret < 0) {
        hsp_fd_close(&fds[0]);
        hsp_fd_close(&fds[1]);
    }
    return ret;
}

static int spawn(const struct hsp_cli_capture_request *request, int input_fd, const int outputs[2],
                 pid_t *out_pid)
{
    char **env = merge_environment(request->env);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    int ret;

    if (!env)
        return -ENOMEM;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input_fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, outputs[0], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, outputs[1], STDERR_FILENO);
    if (request->fd >= 0)
        posix_spawn_file_actions_adddup2(&actions, request->fd, 3);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    ret = posix_spawnp(out_pid, request->argv[0], &actions, &attributes, request->argv, env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(env);
    return -ret;
}

/* A descriptor from which `input` can be read: short enough for a pipe to hold it. */
static int open_input(const char *input)
{
    int fds[2];
    int ret;

    if (!input) {
        ret = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return ret < 0 ? -errno : ret;
    }
    ret = make_pipe(fds);
    if (ret < 0)
        return ret;
    hsp_fd_set_nonblocking(fds[1], true);
    ret = hsp_fd_write_all(fds[1], input, strlen(input));
    hsp_fd_close(&fds[1]);
    if (ret < 0)
        hsp_fd_close(&fds[0]);
    return ret < 0 ? ret : fds[0];
}

int hsp_cli_capture_start(struct hsp_cli_capture *out,
                          const struct hsp_cli_capture_request *request)
{
    struct hsp_cli_capture capture = {.pid = -1, .pipes = {-1, -1}};
    int writes[2] = {-1, -1};
    int input_fd = open_input(request->input);
    int ret = HSP_MIN(input_fd, 0);

    for (int i = 0; i < 2 && ret == 0; i++) {
        int fds[2] = {-1, -1};
        ret = make_pipe(fds);
        capture.pipes[i] = fds[0];
        writes[i] = fds[1];
    }
    if (ret == 0)
        ret = spawn(request, input_fd, writes, &capture.pid);
    hsp_fd_close(&input_fd);
    for (int i = 0; i < 2; i++) {
        hsp_fd_close(&writes[i]);
        if (ret < 0)
            hsp_fd_close(&capture.pipes[i]);
    }
    if (ret < 0)
        return ret;
    capture.end_ns = hsp_now_ns() + request->time_limit_ms * 1000000ull;
    *out = capture;
    return 0;
}

/* ------------------------------------------------------------------ wait */

/* Takes what can be read of one pipe; closes it at its end. */
static void read_some(struct hsp_cli_capture *capture, int i)
{
    static char spare[CHUNK_SIZE]; /* what does not fit is read all the same, so that it ends */
    size_t size = capture->sizes[i];
    char *larger = size + CHUNK_SIZE <= MAX_TEXT_SIZE
                       ? realloc(capture->texts[i], size + CHUNK_SIZE + 1)
                       : NULL;
    ssize_t n;

    if (larger)
        capture->texts[i] = larger;
    n = read(capture->pipes[i], larger ? larger + size : spare, CHUNK_SIZE);
    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0)
        hsp_fd_close(&capture->pipes[i]);
    else if (larger)
        capture->sizes[i] += (size_t)n;
}

/* False when the time is over. */
static bool read_all(struct hsp_cli_capture *capture)
{
    while (capture->pipes[0] >= 0 || capture->pipes[1] >= 0) {
        struct pollfd pollfds[2] = {
            {.fd = capture->pipes[0], .events = POLLIN},
            {.fd = capture->pipes[1], .events = POLLIN},
        };
        uint64_t now_ns = hsp_now_ns();

        if (now_ns >= capture->end_ns)
            return false;
        if (poll(pollfds, 2, (int)((capture->end_ns - now_ns) / 1000000) + 1) <= 0)
            continue;
        for (int i = 0; i < 2; i++) {
            if (capture->pipes[i] >= 0 && pollfds[i].revents)
                read_some(capture, i);
        }
    }
    return true;
}

static void terminate_texts(struct hsp_cli_capture *capture)
{
    for (int i = 0; i < 2; i++) {
        if (!capture->texts[i])
            capture->texts[i] = calloc(1, 1);
        if (capture->texts[i])
            capture->texts[i][capture->sizes[i]] = '\0';
        hsp_fd_close(&capture->pipes[i]);
    }
}

void hsp_cli_capture_wait(struct hsp_cli_capture *capture)
{
    int status = 0;

    capture->timed_out = !read_all(capture);
    /* Nobody can be asked any more: whoever closed both pipes and goes on is of no use either. */
    for (int i = 0; i < 100 && !capture->timed_out; i++) {
        pid_t pid = waitpid(capture->pid, &status, WNOHANG);
        if (pid == capture->pid)
            capture->pid = -1;
        if (pid != 0)
            break;
        usleep(20000);
    }
    if (capture->pid > 0) {
        kill(-capture->pid, SIGKILL);
        while (waitpid(capture->pid, &status, 0) < 0 && errno == EINTR)
            ;
        capture->pid = -1;
    }
    terminate_texts(capture);
    capture->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    capture->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void hsp_cli_capture_finish(struct hsp_cli_capture *capture)
{
    if (capture->pid > 0) {
        kill(-capture->pid, SIGKILL);
        while (waitpid(capture->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    for (int i = 0; i < 2; i++) {
        hsp_fd_close(&capture->pipes[i]);
        free(capture->texts[i]);
    }
    *capture = (struct hsp_cli_capture){.pid = -1, .pipes = {-1, -1}};
}

int hsp_cli_capture_run(struct hsp_cli_capture *out, const struct hsp_cli_capture_request *request)
{
    int ret = hsp_cli_capture_start(out, request);

    if (ret < 0)
        return ret;
    hsp_cli_capture_wait(out);
    if (out->texts[0] && out->texts[1])
        return 0;
    hsp_cli_capture_finish(out);
    return -ENOMEM;
}

/* ------------------------------------------------------------------ what came of it */

bool hsp_cli_capture_succeeded(const struct hsp_cli_capture *capture)
{
    return !capture->timed_out && capture->signal == 0 && capture->exit_status == 0;
}

void hsp_cli_capture_describe(const struct hsp_cli_capture *capture, char *out, size_t size)
{
    if (capture->timed_out)
        snprintf(out, size, "did not end in time");
    else if (capture->signal)
        snprintf(out, size, "was ended by signal %d (%s)", capture->signal,
                 strsignal(capture->signal));
    else
        snprintf(out, size, "ended with status %d", capture->exit_status);
}

void hsp_cli_capture_last_error(const struct hsp_cli_capture *capture, char *out, size_t size)
{
    const char *text = capture->texts[1];
    size_t end = capture->sizes[1], begin, used = 0;

    while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r'))
        end--;
    for (begin = end; begin > 0 && text[begin - 1] != '\n'; begin--)
        ;
    for (; begin < end && used + 1 < size; begin++)
        out[used++] = text[begin] >= ' ' && text[begin] <= '~' ? text[begin] : '?';
    out[used] = '\0';
}
