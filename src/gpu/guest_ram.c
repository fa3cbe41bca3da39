/* SPDX-License-Identifier: MIT */
#include "gpu/guest_ram.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/udmabuf.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Loading a driver and making a device, on a machine that has other things to do. */
#define CHECK_TIMEOUT_MS 10000
#define CHECK_PAGE_COUNT 16

extern char **environ;

/* ------------------------------------------------------------------ asking the driver */

/* Runs `hesper-render --check-import-fd=N` and waits. True if it exits with 0. `done_fd` is the
 * writing end of a pipe that closes when it ends. */
static bool run_check(const char *render_path, int pages_fd, int wait_fd, int *done_fd)
{
    char fd_argument[64];
    char *arguments[] = {(char *)(uintptr_t)render_path, fd_argument, NULL};
    struct pollfd pollfd = {.fd = wait_fd, .events = POLLIN};
    int status = 0;
    pid_t pid;

    snprintf(fd_argument, sizeof(fd_argument), "--check-import-fd=%d", pages_fd);
    if (posix_spawn(&pid, render_path, NULL, NULL, arguments, environ) != 0)
        return false;
    hsp_fd_close(done_fd);
    if (poll(&pollfd, 1, CHECK_TIMEOUT_MS) <= 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Whether every driver that would serve the guest can import pages that come from udmabuf. Kernels
 * map those in a way that drivers may not be able to pin. */
static bool drivers_can_import(const struct hsp_gpu_guest_ram *ram, const char *render_path)
{
    uint64_t size = CHECK_PAGE_COUNT * (uint64_t)hsp_page_size();
    struct hsp_span span = HSP_SPAN_EMPTY, narrow = HSP_SPAN_EMPTY;
    int pipe_fds[2] = {-1, -1};
    bool can = false;

    if (hsp_span_init_shm(&span, "hesper-check", size) == 0 &&
        hsp_udmabuf_narrow(ram->udmabuf_fd, &span, &narrow) == 0 && pipe(pipe_fds) == 0) {
        hsp_fd_set_cloexec(pipe_fds[0], true);
        hsp_fd_set_cloexec(narrow.fds[0], false);
        can = run_check(render_path, narrow.fds[0], pipe_fds[0], &pipe_fds[1]);
    }
    hsp_fd_close(&pipe_fds[0]);
    hsp_fd_close(&pipe_fds[1]);
    hsp_span_finish(&narrow);
    hsp_span_finish(&span);
    return can;
}

/* ------------------------------------------------------------------ life */

static void settle(struct hsp_gpu_guest_ram *ram, const char *render_path)
{
    ram->access = HSP_GPU_GUEST_RAM_FILE;
    if (ram->udmabuf_fd < 0) {
        hsp_debug("renderers get the file of guest RAM: /dev/udmabuf: %s",
                  strerror(-ram->udmabuf_fd));
    } else if (!render_path || drivers_can_import(ram, render_path)) {
        ram->access = HSP_GPU_GUEST_RAM_UDMABUF;
    } else {
        hsp_info("renderers get the file of guest RAM: a host driver cannot import udmabuf pages");
    }
}

int hsp_gpu_guest_ram_init(struct hsp_gpu_guest_ram *ram, enum hsp_gpu_guest_ram_access access,
                           const char *render_path)
{
    *ram = (struct hsp_gpu_guest_ram){.access = access, .udmabuf_fd = -1};
    if (access == HSP_GPU_GUEST_RAM_AUTO || access == HSP_GPU_GUEST_RAM_UDMABUF)
        ram->udmabuf_fd = hsp_udmabuf_open();
    if (access == HSP_GPU_GUEST_RAM_AUTO)
        settle(ram, render_path);
    if (ram->access == HSP_GPU_GUEST_RAM_UDMABUF && ram->udmabuf_fd < 0) {
        hsp_error("--guest-ram=udmabuf: /dev/udmabuf: %s", strerror(-ram->udmabuf_fd));
        return ram->udmabuf_fd;
    }
    return 0;
}

void hsp_gpu_guest_ram_finish(struct hsp_gpu_guest_ram *ram)
{
    if (ram->udmabuf_fd > 0)
        hsp_fd_close(&ram->udmabuf_fd);
}

int hsp_gpu_guest_ram_narrow(const struct hsp_gpu_guest_ram *ram, struct hsp_span *span)
{
    struct hsp_span narrow;
    int ret;

    if (ram->access == HSP_GPU_GUEST_RAM_FILE)
        return 0;
    if (ram->access == HSP_GPU_GUEST_RAM_NONE)
        return -EPERM;
    ret = hsp_udmabuf_narrow(ram->udmabuf_fd, span, &narrow);
    if (ret < 0)
        return ret;
    hsp_span_finish(span);
    *span = narrow;
    return 0;
}
