/* SPDX-License-Identifier: MIT */
/* Each check runs in a process of its own inside the sandbox: what must work, and what must not. */
#include "render/sandbox.h"

#include "base/fd.h"
#include "base/shm.h"
#include "base/test.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char home[64], cache[96], secret[96];

static void make_home(void)
{
    int fd;

    snprintf(home, sizeof(home), "/tmp/hesper-test-XXXXXX");
    HSP_CHECK(mkdtemp(home) != NULL);
    snprintf(cache, sizeof(cache), "%s/.cache/hesper/render", home);
    snprintf(secret, sizeof(secret), "%s/secret", home);
    fd = open(secret, O_CREAT | O_WRONLY, 0600);
    HSP_CHECK(fd >= 0);
    close(fd);
    setenv("HOME", home, 1);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HESPER_SANDBOX");
}

static void remove_home(void)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -r '%s'", home);
    HSP_CHECK_EQ(system(command), 0);
}

/* The number of the check that failed, or 0. The child leaves by _exit: a leak checker cannot work
 * inside. */
static int run_confined(int (*check)(void))
{
    int status;
    pid_t pid;

    make_home();
    pid = fork();
    HSP_CHECK(pid >= 0);
    if (pid == 0)
        _exit(hsp_render_sandbox_enter("/proc/self/exe") >= 0 ? check() : 100);
    HSP_CHECK_EQ(waitpid(pid, &status, 0), pid);
    remove_home();
    HSP_CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool can_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static int check_files(void)
{
    char path[128];

    if (can_open(secret, O_RDONLY) || can_open(secret, O_WRONLY))
        return 1;
    if (can_open("/tmp/hesper-sandbox-escape", O_CREAT | O_WRONLY))
        return 2;
    if (can_open("/etc/shadow", O_RDONLY) || can_open("/proc/1/cmdline", O_RDONLY))
        return 3;
    if (can_open("/proc/sys/kernel/core_pattern", O_WRONLY))
        return 4;
    if (can_open("/usr/hesper-sandbox-escape", O_CREAT | O_WRONLY))
        return 5;
    snprintf(path, sizeof(path), "%s/new", cache);
    if (!can_open(path, O_CREAT | O_RDWR) || unlink(path) < 0)
        return 10;
    snprintf(path, sizeof(path), "%s/new-directory", cache);
    if (mkdir(path, 0700) < 0)
        return 11;
    if (!can_open("/proc/self/maps", O_RDONLY) || !can_open("/proc/cpuinfo", O_RDONLY))
        return 12;
    if (!can_open("/dev/null", O_RDWR))
        return 13;
    if (strcmp(getenv("XDG_CACHE_HOME"), cache) != 0)
        return 14;
    return 0;
}

HSP_TEST(sandbox_opens_only_what_drivers_need)
{
    const long landlock_version = syscall(444, NULL, 0, 1); /* landlock_create_ruleset */

    if (landlock_version < 1) {
        printf("# not tested: this kernel has no Landlock\n");
        return;
    }
    HSP_CHECK_EQ(run_confined(check_files), 0);
}

static int check_processes(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    if (pid > 0)
        return 1;
    if (system("true") == 0)
        return 2;
    if (execl("/bin/true", "true", (char *)NULL) == 0 || errno != ENOSYS)
        return 3;
    if (kill(getppid(), 0) == 0)
        return 4;
    if (syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0) == 0)
        return 5;
    if (kill(getpid(), 0) != 0)
        return 10;
    return 0;
}

HSP_TEST(sandbox_has_no_other_processes)
{
    HSP_CHECK_EQ(run_confined(check_processes), 0);
}

static int check_kernel(void)
{
    if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || socket(AF_INET, SOCK_STREAM, 0) >= 0)
        return 1;
    if (ioctl(STDERR_FILENO, TIOCSTI, "x") == 0 || errno != EPERM)
        return 2;
    /* the same request with high bits that the kernel ignores */
    if (syscall(SYS_ioctl, STDERR_FILENO, 1ull << 32 | TIOCSTI, "x") == 0 || errno != EPERM)
        return 3;
    if (syscall(SYS_bpf, 0, NULL, 0) >= 0 || errno != ENOSYS)
        return 4;
    if (syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL) >= 0 || errno != ENOSYS)
        return 5;
    if (syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno != ENOSYS)
        return 6;
    if (syscall(SYS_unshare, 0x10000000) >= 0 || errno != ENOSYS)
        return 7;
    if (chmod(secret, 0777) == 0)
        return 8;
    return 0;
}

HSP_TEST(sandbox_forbids_calls_that_no_driver_makes)
{
    HSP_CHECK_EQ(run_confined(check_kernel), 0);
}

static void *set_flag(void *data)
{
    *(int *)data = 1;
    return NULL;
}

/* What a driver with a compiler in it does. */
static int check_driver_calls(void)
{
    size_t size = hsp_page_size();
    int flag = 0, pair[2];
    struct rlimit core, files;
    pthread_t thread;
    void *code;

    if (pthread_create(&thread, NULL, set_flag, &flag) != 0)
        return 1;
    pthread_setname_np(thread, "named");
    pthread_join(thread, NULL);
    if (flag != 1)
        return 2;
    code = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED || mprotect(code, size, PROT_READ | PROT_EXEC) < 0)
        return 3;
    if (hsp_shm_create("test", size) < 0)
        return 4;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return 5;
    if (!dlopen("libvulkan.so.1", RTLD_NOW))
        return 6;
    if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_cur != 0)
        return 7;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur != files.rlim_max)
        return 8;
    return 0;
}

HSP_TEST(sandbox_leaves_what_drivers_do)
{
    HSP_CHECK_EQ(run_confined(check_driver_calls), 0);
}

static int check_extra_path(void)
{
    return can_open(secret, O_RDONLY) && !can_open(secret, O_WRONLY) ? 0 : 1;
}

HSP_TEST(sandbox_reads_what_the_user_names)
{
    setenv("HESPER_SANDBOX_READ", "/nonexistent:/tmp", 1);
    HSP_CHECK_EQ(run_confined(check_extra_path), 0);
}

static int check_off(void)
{
    setenv("HESPER_SANDBOX", "off", 1);
    return hsp_render_sandbox_enter("/proc/self/exe") == HSP_RENDER_SANDBOX_OFF &&
                   can_open(secret, O_RDWR)
               ? 0
               : 1;
}

static int check_no_cache(void)
{
    return strcmp(getenv("MESA_SHADER_CACHE_DISABLE"), "true") == 0 && !getenv("XDG_CACHE_HOME")
               ? 0
               : 1;
}

static int check_without_home(void)
{
    unsetenv("HOME");
    return hsp_render_sandbox_enter("/proc/self/exe") >= 0 ? check_no_cache() : 100;
}

HSP_TEST(sandbox_without_a_home_has_no_cache)
{
    int status;
    pid_t pid;

    unsetenv("XDG_CACHE_HOME");
    pid = fork();
    if (pid == 0)
        _exit(check_without_home());
    HSP_CHECK_EQ(waitpid(pid, &status, 0), pid);
    HSP_CHECK_EQ(status, 0);
}

HSP_TEST(sandbox_can_be_switched_off)
{
    int status;
    pid_t pid;

    make_home();
    pid = fork();
    if (pid == 0)
        _exit(check_off());
    HSP_CHECK_EQ(waitpid(pid, &status, 0), pid);
    remove_home();
    HSP_CHECK_EQ(status, 0);
}

/* The grandchild holds the pipe open for as long as it lives. */
HSP_TEST(sandbox_dies_with_its_parent)
{
    int fds[2];
    char byte;
    pid_t pid;

    make_home();
    HSP_CHECK_EQ(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        int ready[2];

        if (pipe(ready) < 0)
            _exit(1);
        if (fork() == 0) {
            close(fds[0]);
            if (hsp_render_sandbox_enter("/proc/self/exe") < 0 || write(ready[1], "", 1) != 1)
                _exit(1);
            for (;;)
                pause();
        }
        close(fds[1]);
        _exit(read(ready[0], &byte, 1) == 1 ? 0 : 1);
    }
    close(fds[1]);
    HSP_CHECK_EQ(waitpid(pid, NULL, 0), pid);
    HSP_CHECK_EQ(read(fds[0], &byte, 1), 0);
    close(fds[0]);
    remove_home();
}

HSP_TEST_MAIN()
