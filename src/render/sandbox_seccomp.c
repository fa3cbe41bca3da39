/* SPDX-License-Identifier: MIT */
/*
 * Two filters; the kernel obeys the stricter of them. The first forbids single arguments of calls
 * that are otherwise fine, the second allows the calls that drivers (lavapipe, Intel, AMD, NVIDIA),
 * the Vulkan loader and its layers, and the C library make. What is not listed fails with ENOSYS,
 * which libraries take as "an older kernel" and work without.
 */
#include "render/sandbox_linux.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const int memory_calls[] = {
    SCMP_SYS(brk),           SCMP_SYS(mmap),          SCMP_SYS(mmap2),
    SCMP_SYS(munmap),        SCMP_SYS(mremap),        SCMP_SYS(mprotect),
    SCMP_SYS(madvise),       SCMP_SYS(mlock),         SCMP_SYS(mlock2),
    SCMP_SYS(munlock),       SCMP_SYS(msync),         SCMP_SYS(mincore),
    SCMP_SYS(membarrier),    SCMP_SYS(memfd_create),  SCMP_SYS(pkey_alloc),
    SCMP_SYS(pkey_free),     SCMP_SYS(pkey_mprotect), SCMP_SYS(mbind),
    SCMP_SYS(set_mempolicy), SCMP_SYS(get_mempolicy),
};

/* Which files these may touch is Landlock's to say. */
static const int file_calls[] = {
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(openat2),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwritev),
    SCMP_SYS(preadv2),
    SCMP_SYS(pwritev2),
    SCMP_SYS(lseek),
    SCMP_SYS(_llseek),
    SCMP_SYS(stat),
    SCMP_SYS(fstat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(stat64),
    SCMP_SYS(fstat64),
    SCMP_SYS(lstat64),
    SCMP_SYS(fstatat64),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(fcntl),
    SCMP_SYS(fcntl64),
    SCMP_SYS(flock),
    SCMP_SYS(truncate),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(sendfile),
    SCMP_SYS(copy_file_range),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(umask),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_rm_watch),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(ioctl),
};

static const int event_calls[] = {
    SCMP_SYS(pipe),           SCMP_SYS(pipe2),           SCMP_SYS(poll),
    SCMP_SYS(ppoll),          SCMP_SYS(ppoll_time64),    SCMP_SYS(select),
    SCMP_SYS(pselect6),       SCMP_SYS(epoll_create),    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),      SCMP_SYS(epoll_wait),      SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),   SCMP_SYS(eventfd),         SCMP_SYS(eventfd2),
    SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
    SCMP_SYS(signalfd4),
};

/* Only on sockets that were inherited: socket() and connect() are not here. */
static const int socket_calls[] = {
    SCMP_SYS(sendmsg),    SCMP_SYS(recvmsg),     SCMP_SYS(sendto),      SCMP_SYS(recvfrom),
    SCMP_SYS(sendmmsg),   SCMP_SYS(recvmmsg),    SCMP_SYS(shutdown),    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
};

static const int thread_calls[] = {
    SCMP_SYS(futex),
    SCMP_SYS(futex_time64),
    SCMP_SYS(futex_waitv),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(rseq),
    SCMP_SYS(gettid),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_setparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_setscheduler),
    SCMP_SYS(sched_getattr),
    SCMP_SYS(sched_setattr),
    SCMP_SYS(sched_get_priority_max),
    SCMP_SYS(sched_get_priority_min),
    SCMP_SYS(sched_rr_get_interval),
    SCMP_SYS(getpriority),
    SCMP_SYS(setpriority),
    SCMP_SYS(getcpu),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(prctl),
};

static const int time_and_signal_calls[] = {
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(times),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(timer_create),
    SCMP_SYS(timer_settime),
    SCMP_SYS(timer_gettime),
    SCMP_SYS(timer_getoverrun),
    SCMP_SYS(timer_delete),
    SCMP_SYS(setitimer),
    SCMP_SYS(getitimer),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigsuspend),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sigreturn),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(pause),
};

static const int query_calls[] = {
    SCMP_SYS(getpid),    SCMP_SYS(getppid),   SCMP_SYS(getuid),    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),    SCMP_SYS(getegid),   SCMP_SYS(getresuid), SCMP_SYS(getresgid),
    SCMP_SYS(getgroups), SCMP_SYS(getpgrp),   SCMP_SYS(getpgid),   SCMP_SYS(getsid),
    SCMP_SYS(uname),     SCMP_SYS(sysinfo),   SCMP_SYS(getrlimit), SCMP_SYS(ugetrlimit),
    SCMP_SYS(getrusage), SCMP_SYS(getrandom), SCMP_SYS(capget),
};

static const struct {
    const int *calls;
    size_t count;
} allowed[] = {
    {memory_calls, HSP_ARRAY_COUNT(memory_calls)},
    {file_calls, HSP_ARRAY_COUNT(file_calls)},
    {event_calls, HSP_ARRAY_COUNT(event_calls)},
    {socket_calls, HSP_ARRAY_COUNT(socket_calls)},
    {thread_calls, HSP_ARRAY_COUNT(thread_calls)},
    {time_and_signal_calls, HSP_ARRAY_COUNT(time_and_signal_calls)},
    {query_calls, HSP_ARRAY_COUNT(query_calls)},
};

static int allow_calls(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(allowed); i++) {
        for (size_t j = 0; j < allowed[i].count; j++) {
            int ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i].calls[j], 0);

            if (ret < 0)
                return ret;
        }
    }
    return 0;
}

/* Signals and limits for this process only, new threads but no new processes. */
static int allow_with_arguments(scmp_filter_ctx filter)
{
    const scmp_datum_t self = (scmp_datum_t)getpid();
    const scmp_datum_t word = 0xffffffff; /* the kernel looks at 32 bits of these */
    int ret = 0;

    for (size_t i = 0; i < 4 && ret == 0; i++) {
        static const int calls[] = {SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(kcmp),
                                    SCMP_SYS(prlimit64)};

        ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1,
                               SCMP_A0(SCMP_CMP_MASKED_EQ, word, self));
    }
    if (ret == 0)
        ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
                               SCMP_A0(SCMP_CMP_MASKED_EQ, word, 0));
    if (ret == 0)
        ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                               SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    if (ret == 0)
        ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
                               SCMP_A0(SCMP_CMP_MASKED_EQ, word, AF_UNIX));
    return ret;
}

static int load_allowed(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int ret;

    if (!filter)
        return -ENOMEM;
    ret = allow_calls(filter);
    if (ret == 0)
        ret = allow_with_arguments(filter);
    if (ret == 0)
        seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a search tree, where it can */
    if (ret == 0)
        ret = seccomp_load(filter);
    seccomp_release(filter);
    return ret;
}

/* Typing into the terminal that standard error may be. */
static int load_forbidden(void)
{
    static const scmp_datum_t requests[] = {TIOCSTI, TIOCLINUX};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int ret = 0;

    if (!filter)
        return -ENOMEM;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(requests) && ret == 0; i++)
        ret = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                               SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, requests[i]));
    if (ret == 0)
        ret = seccomp_load(filter);
    seccomp_release(filter);
    return ret;
}

int hsp_render_seccomp_enter(void)
{
    int ret = load_forbidden();

    return ret < 0 ? ret : load_allowed();
}
