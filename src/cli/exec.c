/* SPDX-License-Identifier: MIT */
/*
 * hesper exec: runs CMD with its Vulkan going through the renderer, with no VM. Each Vulkan
 * instance in CMD and its children is a connection to a private socket, and gets a hesper-render of
 * its own.
 *
 * One thread and one poll loop: the listening socket, and a pipe that signal handlers write to.
 * Renderers are children in process groups of their own, so that a Ctrl-C reaches the program alone
 * and its renderer sees it leave.
 */
#include "cli/cli.h"

#include "base/fd.h"
#include "base/list.h"
#include "base/log.h"
#include "base/program.h"
#include "cli/exec_env.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* How long renderers may clean up behind the last program, and how long a program that CMD left
 * running in the background keeps its device. */
#define GRACE_NS 10000000000ull

/* The number of the descriptor in hesper-render; lower ones are its standard streams. */
#define RENDERER_FD 3

/* As shells say it. */
#define COMMAND_NOT_EXECUTABLE 126
#define COMMAND_NOT_FOUND      127

struct renderer {
    struct hsp_list link;
    pid_t pid;
};

struct exec {
    const char *log_path; /* NULL: standard error */
    int log_fd;
    char renderer_path[4096];
    char directory[64];
    char socket_path[80]; /* clients copy it into a sockaddr_un of 108 bytes */
    int listen_fd;
    int signal_fd; /* read end */
    struct hsp_list renderers;
    pid_t command_pid; /* 0 before the start and after the end */
    int command_status;
    uint64_t deadline_ns; /* of the renderers, once CMD has ended */
};

static const char usage[] =
    "usage: hesper exec [--log FILE] [--] CMD [ARG...]\n"
    "\n"
    "Runs CMD so that its Vulkan goes through hesper's renderer to this host's driver; CMD's side\n"
    "is Mesa's Venus driver (libvulkan_virtio). Ends with CMD's exit status, 128 + N if signal N\n"
    "ended CMD, 127 if there is no CMD, 126 if it cannot be executed, 125 if hesper itself "
    "failed.\n"
    "\n"
    "  --log FILE   append what the renderers print to FILE, not to standard error\n"
    "  --help       print this\n";

/* ------------------------------------------------------------------ signals */

struct signal_record {
    int number;
    bool from_terminal; /* the kernel has sent it to CMD as well */
};

static int signal_write_fd = -1;

static bool is_from_terminal(int number, const siginfo_t *info)
{
#ifdef SI_KERNEL
    return number != SIGTERM && info->si_code == SI_KERNEL;
#else
    return number != SIGTERM && info->si_pid == 0;
#endif
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    const struct signal_record record = {number, is_from_terminal(number, info)};
    int saved_errno = errno;

    /* A full pipe has enough to wake up for. */
    while (write(signal_write_fd, &record, sizeof(record)) < 0 && errno == EINTR)
        ;
    errno = saved_errno;
}

static const int caught_signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* A signal that was ignored (nohup) stays so. */
static void catch_signal(int number)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigaction old;

    sigemptyset(&action.sa_mask);
    if (number != SIGCHLD && sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
        return;
    sigaction(number, &action, NULL);
}

static int catch_signals(struct exec *exec)
{
    int fds[2];

    if (pipe(fds) < 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        hsp_fd_set_cloexec(fds[i], true);
        hsp_fd_set_nonblocking(fds[i], true);
    }
    exec->signal_fd = fds[0];
    signal_write_fd = fds[1];
    for (size_t i = 0; i < HSP_ARRAY_COUNT(caught_signals); i++)
        catch_signal(caught_signals[i]);
    return 0;
}

static void release_signals(struct exec *exec)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(caught_signals); i++) {
        struct sigaction current;

        if (sigaction(caught_signals[i], NULL, &current) == 0 && current.sa_sigaction == on_signal)
            signal(caught_signals[i], SIG_DFL);
    }
    hsp_fd_close(&exec->signal_fd);
    hsp_fd_close(&signal_write_fd);
}

/* ------------------------------------------------------------------ renderers */

static int spawn_renderer(const struct exec *exec, int client_fd, pid_t *out_pid)
{
    char program[] = "hesper-render", argument[] = "--vtest-fd=3";
    char *const argv[] = {program, argument, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int ret;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    /* Layers print to standard output, which is CMD's. */
    posix_spawn_file_actions_adddup2(&actions, exec->log_fd, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, exec->log_fd, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, client_fd, RENDERER_FD);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    ret = posix_spawn(out_pid, exec->renderer_path, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -ret;
}

static int add_renderer(struct exec *exec, int client_fd)
{
    struct renderer *renderer = malloc(sizeof(*renderer));
    int ret;

    if (!renderer)
        return -ENOMEM;
    ret = spawn_renderer(exec, client_fd, &renderer->pid);
    if (ret < 0) {
        free(renderer);
        return ret;
    }
    hsp_list_append(&exec->renderers, &renderer->link);
    return 0;
}

static void accept_client(struct exec *exec)
{
    int fd = accept(exec->listen_fd, NULL, NULL);
    int high_fd, ret;

    if (fd < 0)
        return;
    hsp_fd_set_cloexec(fd, true);
    /* Not a number that a child's standard streams or RENDERER_FD have. */
    high_fd = fcntl(fd, F_DUPFD_CLOEXEC, RENDERER_FD + 1);
    ret = high_fd < 0 ? -errno : add_renderer(exec, high_fd);
    if (ret < 0)
        hsp_error("a program gets no device: cannot start %s: %s", exec->renderer_path,
                  strerror(-ret));
    hsp_fd_close(&high_fd);
    hsp_fd_close(&fd);
}

static void kill_renderers(struct exec *exec)
{
    hsp_list_for_each (renderer, &exec->renderers, struct renderer, link) {
        hsp_warning("hesper-render[%d] still has a client; killed", (int)renderer->pid);
        kill(renderer->pid, SIGKILL);
    }
}

static void forget_renderer(struct exec *exec, pid_t pid, int status)
{
    hsp_list_for_each_safe (renderer, &exec->renderers, struct renderer, link) {
        if (renderer->pid != pid)
            continue;
        if (WIFSIGNALED(status))
            hsp_error("hesper-render[%d] was ended by signal %d (%s); its program has lost its "
                      "device",
                      (int)pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
        hsp_list_remove(&renderer->link);
        free(renderer);
    }
}

/* ------------------------------------------------------------------ loop */

static void reap_children(struct exec *exec)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != exec->command_pid) {
            forget_renderer(exec, pid, status);
            continue;
        }
        exec->command_pid = 0;
        exec->command_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        exec->deadline_ns = hsp_now_ns() + GRACE_NS;
        hsp_fd_close(&exec->listen_fd);
    }
}

static void handle_signals(struct exec *exec)
{
    struct signal_record record;

    while (read(exec->signal_fd, &record, sizeof(record)) == sizeof(record)) {
        if (record.number != SIGCHLD && !record.from_terminal && exec->command_pid > 0)
            kill(exec->command_pid, record.number);
    }
    reap_children(exec);
}

/* -1 while CMD runs, else what is left of the renderers' time. */
static int poll_timeout(const struct exec *exec)
{
    uint64_t now_ns = hsp_now_ns();

    if (exec->command_pid > 0)
        return -1;
    return now_ns < exec->deadline_ns ? (int)((exec->deadline_ns - now_ns) / 1000000) + 1 : 0;
}

static void run_loop(struct exec *exec)
{
    while (exec->command_pid > 0 || !hsp_list_is_empty(&exec->renderers)) {
        struct pollfd pollfds[] = {
            {.fd = exec->signal_fd, .events = POLLIN},
            {.fd = exec->listen_fd, .events = POLLIN}, /* ignored by poll once it is -1 */
        };
        int timeout_ms = poll_timeout(exec);

        if (timeout_ms == 0) {
            kill_renderers(exec);
            exec->deadline_ns = hsp_now_ns() + GRACE_NS;
        } else if (poll(pollfds, HSP_ARRAY_COUNT(pollfds), timeout_ms) > 0) {
            if (pollfds[0].revents)
                handle_signals(exec);
            if (pollfds[1].revents && exec->listen_fd >= 0)
                accept_client(exec);
        }
    }
}

/* ------------------------------------------------------------------ start and end */

static int make_directory(struct exec *exec)
{
    const char *base = getenv("XDG_RUNTIME_DIR");
    int length = -1;

    if (base && base[0] == '/')
        length = snprintf(exec->directory, sizeof(exec->directory), "%s/hesper-XXXXXX", base);
    if (length < 0 || (size_t)length >= sizeof(exec->directory) || !mkdtemp(exec->directory)) {
        snprintf(exec->directory, sizeof(exec->directory), "/tmp/hesper-XXXXXX");
        if (!mkdtemp(exec->directory)) {
            int ret = -errno;

            exec->directory[0] = '\0';
            return ret;
        }
    }
    snprintf(exec->socket_path, sizeof(exec->socket_path), "%s/vtest", exec->directory);
    return 0;
}

static int listen_for_clients(struct exec *exec)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", exec->socket_path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return -errno;
    hsp_fd_set_cloexec(fd, true);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 128) < 0) {
        int ret = -errno;

        hsp_fd_close(&fd);
        return ret;
    }
    exec->listen_fd = fd;
    return 0;
}

static int open_log(struct exec *exec)
{
    int fd = exec->log_path ? open(exec->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)
                            : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, RENDERER_FD + 1);

    if (fd < 0 && exec->log_path)
        return -errno;
    /* A closed standard error is the user's choice. */
    exec->log_fd = fd >= 0 ? fd : open("/dev/null", O_WRONLY | O_CLOEXEC);
    return exec->log_fd < 0 ? -errno : 0;
}

static int complain(const char *what, const char *object, int error, const char *advice)
{
    hsp_cli_error(advice, "%s %s: %s", what, object, strerror(-error));
    return HSP_CLI_NOT_RUN;
}

static int find_renderer(struct exec *exec)
{
    const char *chosen = getenv("HESPER_RENDER");
    size_t size = sizeof(exec->renderer_path);

    if (!chosen || chosen[0] == '\0')
        return hsp_program_find("hesper-render", exec->renderer_path, size);
    if ((size_t)snprintf(exec->renderer_path, size, "%s", chosen) >= size)
        return -ENAMETOOLONG;
    return access(chosen, X_OK) < 0 ? -errno : 0;
}

/* Prints what is wrong; 0, or hesper exec's exit status. */
static int prepare(struct exec *exec, char *icd_files, size_t icd_files_size)
{
    int ret;

    ret = hsp_cli_find_guest_icd(icd_files, icd_files_size);
    if (ret < 0)
        return complain("cannot find", "Mesa's Venus driver (virtio_icd*.json)", ret,
                        "install Mesa's Vulkan drivers, or name the file in HESPER_GUEST_ICD");
    ret = find_renderer(exec);
    if (ret < 0)
        return complain("cannot find", "the renderer (hesper-render)", ret,
                        "build or install all of hesper, or name the program in HESPER_RENDER");
    ret = open_log(exec);
    if (ret < 0)
        return complain("cannot write", exec->log_path, ret, NULL);
    ret = make_directory(exec);
    if (ret < 0)
        return complain("cannot make a directory in", "XDG_RUNTIME_DIR or /tmp", ret, NULL);
    ret = listen_for_clients(exec);
    if (ret < 0)
        return complain("cannot listen on", exec->socket_path, ret, NULL);
    ret = catch_signals(exec);
    if (ret < 0)
        return complain("cannot make", "a pipe", ret, NULL);
    return 0;
}

/* With the signal dispositions that `hesper` itself was started with: it ignores SIGPIPE. */
static int spawn_command(pid_t *out_pid, char **argv)
{
    posix_spawnattr_t attributes;
    sigset_t defaults;
    int ret;

    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    ret = posix_spawnp(out_pid, argv[0], NULL, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    return -ret;
}

/* The renderers inherit the same environment; they know which of it is for the client. */
static int start_command(struct exec *exec, const char *icd_files, char **argv)
{
    int ret = hsp_cli_set_guest_environment(icd_files, exec->socket_path);

    if (ret < 0)
        return complain("cannot set", "the environment", ret, NULL);
    ret = spawn_command(&exec->command_pid, argv);
    if (ret < 0) {
        exec->command_pid = 0;
        complain("cannot run", argv[0], ret, NULL);
        return ret == -ENOENT ? COMMAND_NOT_FOUND : COMMAND_NOT_EXECUTABLE;
    }
    return 0;
}

static void clean_up(struct exec *exec)
{
    hsp_fd_close(&exec->listen_fd);
    if (exec->directory[0] != '\0') {
        unlink(exec->socket_path);
        rmdir(exec->directory);
    }
    hsp_fd_close(&exec->log_fd);
    release_signals(exec);
}

static int run(struct exec *exec, char **argv)
{
    char icd_files[4096];
    int status;

    status = prepare(exec, icd_files, sizeof(icd_files));
    if (status == 0)
        status = start_command(exec, icd_files, argv);
    if (status == 0) {
        run_loop(exec);
        status = exec->command_status;
    }
    clean_up(exec);
    return status;
}

int hsp_cli_exec(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"log", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct exec exec = {.log_fd = -1, .listen_fd = -1, .signal_fd = -1};
    static char name[] = "hesper exec";
    int option;

    hsp_list_init(&exec.renderers);
    argv[0] = name; /* for getopt's messages */
    optind = 1;
    while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
        switch (option) {
        case 'l':
            exec.log_path = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            return HSP_CLI_OK;
        default:
            fputs("See hesper exec --help.\n", stderr);
            return HSP_CLI_USAGE;
        }
    }
    if (optind == argc) {
        hsp_cli_error("see hesper exec --help", "exec needs a command to run");
        return HSP_CLI_USAGE;
    }
    return run(&exec, argv + optind);
}
