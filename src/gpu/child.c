/* SPDX-License-Identifier: MIT */
#include "gpu/child.h"

#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Orderly teardown of a GPU context may wait for what the GPU still works on. */
#define GRACE_MS       5000
#define FINAL_GRACE_MS 1000
#define KILLED_WAIT_MS 5000

#define MAX_ARGUMENT_COUNT 16

extern char **environ;

struct hsp_gpu_child {
    struct hsp_list link;
    struct hsp_gpu_children *children;
    uv_timer_t timer;
    pid_t pid;
    bool released;
    void (*on_exit)(void *user_data, int status);
    void *user_data;
};

/* ------------------------------------------------------------------ spawning */

/* In the child, descriptor 3 is the channel and 4 the counters. The sources must lie above, so that
 * setting up one does not overwrite the other. */
#define CHILD_IPC_FD   3
#define CHILD_STATS_FD 4

static int dup_above(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, CHILD_STATS_FD + 1);

    return copy < 0 ? -errno : copy;
}

static int spawn_with(const struct hsp_gpu_program *program, int ipc_fd, int stats_fd,
                      posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes,
                      pid_t *out_pid)
{
    char ipc_argument[32], stats_argument[32];
    char *argv[MAX_ARGUMENT_COUNT + 1];
    sigset_t none, defaults;
    size_t argc = 0;
    int ret;

    snprintf(ipc_argument, sizeof(ipc_argument), "--ipc-fd=%d", CHILD_IPC_FD);
    snprintf(stats_argument, sizeof(stats_argument), "--stats-fd=%d", CHILD_STATS_FD);
    argv[argc++] = (char *)(uintptr_t)program->path;
    argv[argc++] = ipc_argument;
    argv[argc++] = stats_argument;
    for (const char *const *extra = program->extra_arguments; *extra && argc < MAX_ARGUMENT_COUNT;
         extra++)
        argv[argc++] = (char *)(uintptr_t)*extra;
    argv[argc] = NULL;

    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    ret = posix_spawnattr_setsigmask(attributes, &none);
    if (ret == 0)
        ret = posix_spawnattr_setsigdefault(attributes, &defaults);
    if (ret == 0)
        ret = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (ret == 0)
        ret = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (ret == 0)
        ret = posix_spawn_file_actions_adddup2(actions, ipc_fd, CHILD_IPC_FD);
    if (ret == 0)
        ret = posix_spawn_file_actions_adddup2(actions, stats_fd, CHILD_STATS_FD);
    if (ret == 0)
        ret = posix_spawn(out_pid, program->path, actions, attributes, argv, environ);
    return -ret;
}

static int spawn_process(void *user_data, const struct hsp_gpu_program *program, pid_t *out_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int ipc_fd = dup_above(program->ipc_fd);
    int stats_fd = dup_above(program->stats_fd);
    int ret = HSP_MIN(HSP_MIN(ipc_fd, stats_fd), 0);

    (void)user_data;
    if (ret == 0)
        ret = -posix_spawn_file_actions_init(&actions);
    if (ret == 0) {
        ret = -posix_spawnattr_init(&attributes);
        if (ret == 0) {
            ret = spawn_with(program, ipc_fd, stats_fd, &actions, &attributes, out_pid);
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    hsp_fd_close(&ipc_fd);
    hsp_fd_close(&stats_fd);
    return ret;
}

/* ------------------------------------------------------------------ end of a child */

static void on_timer_closed(uv_handle_t *handle)
{
    free(HSP_CONTAINER_OF((uv_timer_t *)handle, struct hsp_gpu_child, timer));
}

static void forget(struct hsp_gpu_child *child)
{
    hsp_list_remove(&child->link);
    if (child->released)
        child->children->released_count--;
    uv_close((uv_handle_t *)&child->timer, on_timer_closed);
}

static void on_child_exited(struct hsp_gpu_child *child, int status)
{
    void (*on_exit)(void *, int) = child->released ? NULL : child->on_exit;
    void *user_data = child->user_data;

    forget(child);
    if (on_exit)
        on_exit(user_data, status);
}

static bool reap(struct hsp_gpu_child *child, int flags, int *out_status)
{
    pid_t pid;

    *out_status = 0;
    if (child->pid == 0)
        return false;
    do {
        pid = waitpid(child->pid, out_status, flags);
    } while (pid < 0 && errno == EINTR);
    /* An error means that there is no such child (any more). */
    return pid != 0;
}

static void reap_list(struct hsp_list *list)
{
    bool again = true;

    /* on_exit may change the lists: begin anew after each. */
    while (again) {
        again = false;
        hsp_list_for_each (child, list, struct hsp_gpu_child, link) {
            int status;
            if (reap(child, WNOHANG, &status)) {
                on_child_exited(child, status);
                again = true;
                break;
            }
        }
    }
}

static void on_sigchld(uv_signal_t *handle, int signum)
{
    struct hsp_gpu_children *children = HSP_CONTAINER_OF(handle, struct hsp_gpu_children, signal);

    (void)signum;
    reap_list(&children->released);
    reap_list(&children->owned);
}

static void on_grace_over(uv_timer_t *timer)
{
    struct hsp_gpu_child *child = HSP_CONTAINER_OF(timer, struct hsp_gpu_child, timer);

    hsp_warning("process %d does not end; killed", (int)child->pid);
    hsp_gpu_child_kill(child);
}

/* ------------------------------------------------------------------ interface */

int hsp_gpu_children_init(struct hsp_gpu_children *children, uv_loop_t *loop)
{
    int ret;

    memset(children, 0, sizeof(*children));
    children->loop = loop;
    children->spawn = spawn_process;
    hsp_list_init(&children->owned);
    hsp_list_init(&children->released);
    ret = uv_signal_init(loop, &children->signal);
    if (ret < 0)
        return ret;
    return uv_signal_start(&children->signal, on_sigchld, SIGCHLD);
}

/* Waits until all in the list have exited, or the time is over. */
static void wait_until(struct hsp_list *list, uint64_t deadline_ns)
{
    for (;;) {
        reap_list(list);
        if (hsp_list_is_empty(list) || hsp_now_ns() >= deadline_ns)
            return;
        usleep(2000);
    }
}

void hsp_gpu_children_finish(struct hsp_gpu_children *children)
{
    hsp_list_for_each_safe (child, &children->owned, struct hsp_gpu_child, link)
        hsp_gpu_child_release(child);
    if (!hsp_list_is_empty(&children->released))
        wait_until(&children->released, hsp_now_ns() + FINAL_GRACE_MS * 1000000ull);
    hsp_list_for_each (child, &children->released, struct hsp_gpu_child, link)
        hsp_gpu_child_kill(child);
    /* A process that hangs in its driver does not die of SIGKILL either: it is left to init. */
    if (!hsp_list_is_empty(&children->released))
        wait_until(&children->released, hsp_now_ns() + KILLED_WAIT_MS * 1000000ull);
    hsp_list_for_each_safe (child, &children->released, struct hsp_gpu_child, link)
        forget(child);
    uv_close((uv_handle_t *)&children->signal, NULL);
}

int hsp_gpu_child_start(struct hsp_gpu_children *children, const struct hsp_gpu_program *program,
                        void (*on_exit)(void *user_data, int status), void *user_data,
                        struct hsp_gpu_child **out_child)
{
    struct hsp_gpu_child *child = calloc(1, sizeof(*child));
    int ret;

    if (!child)
        return -ENOMEM;
    ret = children->spawn(children->spawn_data, program, &child->pid);
    if (ret < 0) {
        free(child);
        return ret;
    }
    child->children = children;
    child->on_exit = on_exit;
    child->user_data = user_data;
    uv_timer_init(children->loop, &child->timer);
    hsp_list_append(&children->owned, &child->link);
    *out_child = child;
    return 0;
}

pid_t hsp_gpu_child_get_pid(const struct hsp_gpu_child *child)
{
    return child->pid;
}

void hsp_gpu_child_release(struct hsp_gpu_child *child)
{
    struct hsp_gpu_children *children;

    if (!child)
        return;
    if (child->pid == 0) {
        forget(child);
        return;
    }
    children = child->children;
    child->released = true;
    hsp_list_remove(&child->link);
    hsp_list_append(&children->released, &child->link);
    children->released_count++;
    hsp_gpu_child_kill_later(child);
    if (children->released_count > HSP_LIMIT_DYING_PROCESS_COUNT)
        hsp_gpu_child_kill(HSP_CONTAINER_OF(children->released.next, struct hsp_gpu_child, link));
}

void hsp_gpu_child_kill_later(struct hsp_gpu_child *child)
{
    if (!uv_is_active((uv_handle_t *)&child->timer))
        uv_timer_start(&child->timer, on_grace_over, GRACE_MS, 0);
}

void hsp_gpu_child_kill(struct hsp_gpu_child *child)
{
    if (child->pid > 0)
        kill(child->pid, SIGKILL);
}
