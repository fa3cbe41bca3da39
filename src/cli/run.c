/* SPDX-License-Identifier: MIT */
/*
 * hesper run: a device (hesper-gpu), a QEMU that uses it, and in the guest, over ssh, the user's
 * command. One libuv loop. The machine starts; the guest answers ssh; the command runs; then, or at
 * a signal, or when a part of the machine ends, everything is stopped: QEMU first, the device after
 * it, so that each sees the other leave as at any shutdown. A guest whose disk is kept is asked to
 * shut down before that.
 */
#include "cli/run_options.h"

#include "base/fd.h"
#include "base/program.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/console.h"
#include "cli/guest_files.h"
#include "cli/notice.h"
#include "cli/qemu.h"
#include "cli/ssh.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BOOT_TIMEOUT_S  300 /* an emulated guest on a busy machine */
#define STOP_TIMEOUT_MS 5000
#define DOWN_TIMEOUT_MS 90000 /* what services get from systemd */

struct run {
    struct hsp_cli_run_options options;
    struct hsp_cli_guest_files files;
    struct hsp_cli_qemu qemu_program;
    char own_path[PATH_MAX], gpu_path[PATH_MAX];
    struct hsp_cli_console console;

    uv_loop_t loop; /* its data is this struct */
    uv_signal_t signals[3];
    uv_timer_t second_timer, stop_timer, screenshot_timer;
    struct hsp_cli_child gpu, qemu, command, screenshot;
    struct hsp_cli_ssh_wait ssh_wait;
    struct hsp_cli_notice notice; /* of the device */
    int control_fd;               /* to QEMU */
    int variables_fd;             /* of UEFI, if they are not kept */

    uint64_t start_ns;
    bool up; /* the guest answers ssh */
    bool screenshot_taken;
    bool shutting_down; /* the guest was asked to; `status` is for when it has */
    bool stopping;
    bool closed; /* the loop has nothing left but handles that are closing */
    int status;
};

static unsigned seconds_since_start(const struct run *run)
{
    return (unsigned)((hsp_now_ns() - run->start_ns) / 1000000000);
}

/* ------------------------------------------------------------------ the end */

static void close_handle(void *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Once no child is left: lets the loop run out. */
static void close_when_done(struct run *run)
{
    if (run->closed || run->gpu.running || run->qemu.running || run->command.running ||
        run->screenshot.running)
        return;
    run->closed = true;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(run->signals); i++)
        close_handle(&run->signals[i]);
    close_handle(&run->second_timer);
    close_handle(&run->stop_timer);
    close_handle(&run->screenshot_timer);
    if (run->notice.pipe.loop)
        close_handle(&run->notice.pipe);
}

static void on_stop_timeout(uv_timer_t *timer)
{
    struct run *run = timer->loop->data;

    hsp_cli_child_kill(&run->command, SIGKILL);
    hsp_cli_child_kill(&run->screenshot, SIGKILL);
    hsp_cli_child_kill(&run->qemu, SIGKILL);
    hsp_cli_child_kill(&run->gpu, SIGKILL);
}

/* Stops everything; the exit status is that of the first call. */
static void stop(struct run *run, int status)
{
    if (run->stopping)
        return;
    run->stopping = true;
    run->status = status;
    hsp_cli_console_end_progress(&run->console);
    uv_timer_stop(&run->second_timer);
    uv_timer_stop(&run->screenshot_timer);
    hsp_cli_ssh_wait_cancel(&run->ssh_wait);
    hsp_cli_child_kill(&run->command, SIGTERM);
    hsp_cli_child_kill(&run->screenshot, SIGTERM);
    hsp_cli_child_kill(&run->qemu, SIGTERM);
    /* The device leaves by itself when QEMU does; without QEMU nobody tells it. */
    if (!run->qemu.running)
        hsp_cli_child_kill(&run->gpu, SIGTERM);
    uv_timer_start(&run->stop_timer, on_stop_timeout, STOP_TIMEOUT_MS, 0);
    close_when_done(run);
}

static void on_down_timeout(uv_timer_t *timer)
{
    struct run *run = timer->loop->data;

    hsp_cli_error(NULL, "the guest did not shut down within %d s; it is switched off",
                  DOWN_TIMEOUT_MS / 1000);
    stop(run, run->status);
}

/* Ends the machine so that a disk which is kept is whole: closing it is the guest's part. What the
 * guest writes for nobody is not worth waiting for, and a second call does not wait either. */
static void end(struct run *run, int status)
{
    bool is_asked = run->options.is_writable && !run->stopping && !run->shutting_down &&
                    run->qemu.running && hsp_cli_qemu_press_power_button(run->control_fd) == 0;

    if (!is_asked) {
        stop(run, status);
        return;
    }
    run->shutting_down = true;
    run->status = status;
    hsp_cli_console_end_progress(&run->console);
    uv_timer_stop(&run->second_timer);
    fputs("hesper: the guest shuts down; Ctrl-C switches it off at once\r\n", stderr);
    uv_timer_start(&run->stop_timer, on_down_timeout, DOWN_TIMEOUT_MS, 0);
}

/* The exit status for failures that are not the command's. */
static int failure(const struct run *run)
{
    return run->options.command ? HSP_CLI_NOT_RUN : HSP_CLI_FAILED;
}

static void stop_after_exit(struct run *run, const struct hsp_cli_child *child)
{
    char how[64];

    hsp_cli_child_describe(child, how, sizeof(how));
    hsp_cli_console_end_progress(&run->console);
    if (!run->up)
        hsp_cli_console_print_tail(&run->console);
    hsp_cli_error(NULL, "%s %s", child->name, how);
    stop(run, failure(run));
}

static void on_device_orphaned(uv_timer_t *timer)
{
    struct run *run = timer->loop->data;

    stop_after_exit(run, &run->gpu);
}

static void on_gpu_exit(struct hsp_cli_child *child)
{
    struct run *run = child->process.loop->data;

    if (run->stopping)
        close_when_done(run);
    else if (child->exit_status == 0 && child->signal == 0)
        /* It saw QEMU leave before we did. */
        uv_timer_start(&run->stop_timer, on_device_orphaned, 2000, 0);
    else
        stop_after_exit(run, child);
}

static void on_qemu_exit(struct hsp_cli_child *child)
{
    struct run *run = child->process.loop->data;
    bool is_clean = child->exit_status == 0 && child->signal == 0;

    if (run->stopping) {
        close_when_done(run);
    } else if (!is_clean) {
        stop_after_exit(run, child);
    } else if (run->shutting_down) {
        stop(run, run->status);
    } else if (run->options.command) {
        hsp_cli_error(NULL, "the guest was switched off before the command ended");
        stop(run, HSP_CLI_NOT_RUN);
    } else {
        stop(run, HSP_CLI_OK);
    }
}

static void on_signal(uv_signal_t *handle, int signal)
{
    end(handle->loop->data, 128 + signal);
}

static void on_close_request(struct hsp_cli_notice *notice)
{
    struct run *run = HSP_CONTAINER_OF(notice, struct run, notice);

    if (run->options.command && !run->stopping && !run->shutting_down)
        hsp_cli_error(NULL, "the window was closed before the command ended");
    end(run, run->options.command ? HSP_CLI_NOT_RUN : HSP_CLI_OK);
}

/* ------------------------------------------------------------------ the command */

static void on_screenshot_exit(struct hsp_cli_child *child)
{
    struct run *run = child->process.loop->data;

    if (child->exit_status == 0 && child->signal == 0)
        run->screenshot_taken = true;
    if (run->stopping)
        close_when_done(run);
}

/* By another hesper, so that nothing here waits for a device that is busy. */
static void on_screenshot_timer(uv_timer_t *timer)
{
    struct run *run = timer->loop->data;
    struct hsp_cli_args args = {0};
    int ret;

    hsp_cli_args_add(&args, "%s", run->own_path);
    hsp_cli_args_add(&args, "screenshot");
    hsp_cli_args_add_pair(&args, "--name", "%s", run->options.name);
    hsp_cli_args_add(&args, "--");
    hsp_cli_args_add(&args, "%s", run->options.screenshot);
    run->screenshot = (struct hsp_cli_child){.name = "hesper", .on_exit = on_screenshot_exit};
    ret = hsp_cli_child_start(&run->screenshot, &run->loop, &args, 0, NULL, 0, NULL);
    hsp_cli_args_finish(&args);
    if (ret < 0)
        hsp_cli_error(NULL, "no screenshot can be taken: %s", strerror(-ret));
}

static void on_command_exit(struct hsp_cli_child *child)
{
    struct run *run = child->process.loop->data;
    int status = child->signal ? 128 + child->signal : child->exit_status;

    if (run->stopping || run->shutting_down) {
        close_when_done(run);
        return;
    }
    if (uv_is_active((uv_handle_t *)&run->screenshot_timer) || run->screenshot.running)
        hsp_cli_error("--screenshot-after takes it earlier.",
                      "the command ended before %s was taken", run->options.screenshot);
    if (status == 0 && run->options.screenshot && !run->screenshot_taken)
        status = HSP_CLI_FAILED;
    end(run, status);
}

static void start_command(struct run *run)
{
    struct hsp_cli_args args = {0};
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    int ret;

    hsp_cli_ssh_build(&args, &run->files, run->options.ssh_port, run->options.command, terminal);
    run->command = (struct hsp_cli_child){.name = "ssh", .on_exit = on_command_exit};
    ret = hsp_cli_child_start(&run->command, &run->loop, &args, HSP_CLI_CHILD_STDIN, NULL, 0, NULL);
    hsp_cli_args_finish(&args);
    if (ret < 0) {
        hsp_cli_error("Install it (Debian: openssh-client).", "ssh cannot be started: %s",
                      strerror(-ret));
        stop(run, HSP_CLI_NOT_RUN);
        return;
    }
    if (run->options.screenshot)
        uv_timer_start(&run->screenshot_timer, on_screenshot_timer,
                       (uint64_t)run->options.screenshot_after * 1000, 0);
}

static void print_ssh_line(struct run *run)
{
    struct hsp_cli_args args = {0};

    hsp_cli_ssh_build(&args, &run->files, run->options.ssh_port, NULL, false);
    fputs("log in:", stderr);
    for (size_t i = 0; i < args.count; i++)
        fprintf(stderr, " %s", args.items[i]);
    fputs("\r\n", stderr);
    hsp_cli_args_finish(&args);
}

static void on_guest_up(struct hsp_cli_ssh_wait *wait)
{
    struct run *run = HSP_CONTAINER_OF(wait, struct run, ssh_wait);

    run->up = true;
    uv_timer_stop(&run->second_timer);
    hsp_cli_console_end_progress(&run->console);
    fprintf(stderr, "hesper: the guest is up after %u s\r\n", seconds_since_start(run));
    if (run->options.command)
        start_command(run);
    else
        print_ssh_line(run);
}

static void on_second(uv_timer_t *timer)
{
    struct run *run = timer->loop->data;
    unsigned seconds = seconds_since_start(run);

    hsp_cli_console_progress(&run->console, "booting the guest: %u s", seconds);
    if (seconds < BOOT_TIMEOUT_S)
        return;
    hsp_cli_console_end_progress(&run->console);
    if (!run->options.command) {
        fputs("hesper: no ssh server answers in the guest; it runs on\r\n", stderr);
        uv_timer_stop(timer);
        return;
    }
    hsp_cli_console_print_tail(&run->console);
    hsp_cli_error(NULL, "the guest did not answer ssh within %d s", BOOT_TIMEOUT_S);
    stop(run, HSP_CLI_NOT_RUN);
}

/* ------------------------------------------------------------------ the start */

/* QEMU prints on its stderr; what matters is passed on. */
static void on_qemu_line(struct hsp_cli_console *console, const char *line)
{
    struct run *run = HSP_CONTAINER_OF(console, struct run, console);

    switch (hsp_cli_qemu_classify_line(line)) {
    case HSP_CLI_QEMU_LINE_NOISE:
        break;
    case HSP_CLI_QEMU_LINE_KVM_BROKEN:
        hsp_cli_console_end_progress(console);
        hsp_cli_error("--accel tcg works everywhere, slower.",
                      "KVM of this host cannot run the guest (%s)", line);
        stop(run, failure(run));
        break;
    case HSP_CLI_QEMU_LINE_SHOW:
        hsp_cli_console_end_progress(console);
        fprintf(stderr, "%s\n", line);
        break;
    }
}

static void add_display(struct hsp_cli_args *args, const struct hsp_cli_run_options *options)
{
    hsp_cli_args_add(args, "--display=%s", options->display);
    if (options->present_mode)
        hsp_cli_args_add(args, "--display-option=present-mode=%s", options->present_mode);
    if (options->scale)
        hsp_cli_args_add(args, "--display-option=scale=%s", options->scale);
    if (options->quit_on_close)
        hsp_cli_args_add(args, "--display-option=quit-on-close");
    if (options->password_file)
        hsp_cli_args_add(args, "--display-option=password-file=%s", options->password_file);
}

/* Pairs of sockets between QEMU and the device: the GPU's, and behind it the input devices'. */
struct device_sockets {
    int gpu[1 + HSP_CLI_QEMU_INPUT_COUNT]; /* hesper-gpu's ends */
    int qemu[1 + HSP_CLI_QEMU_INPUT_COUNT];
};

static int start_gpu(struct run *run, const struct device_sockets *sockets)
{
    /* As hesper-gpu finds them, from descriptor 3 on. */
    int fds[HSP_ARRAY_COUNT(sockets->gpu) + 1];
    const int notify_index = HSP_ARRAY_COUNT(sockets->gpu);
    struct hsp_cli_args args = {0};
    int ret = hsp_cli_notice_start(&run->notice, &run->loop, on_close_request, &fds[notify_index]);

    if (ret < 0)
        return ret;
    memcpy(fds, sockets->gpu, sizeof(sockets->gpu));
    hsp_cli_args_add(&args, "%s", run->gpu_path);
    hsp_cli_args_add(&args, "--fd=3");
    for (int i = 0; i < HSP_CLI_QEMU_INPUT_COUNT; i++)
        hsp_cli_args_add(&args, "--input-fd=%s:%d", hsp_cli_qemu_inputs[i], 4 + i);
    hsp_cli_args_add(&args, "--notify-fd=%d", 3 + notify_index);
    hsp_cli_args_add(&args, "--name=%s", run->options.name);
    hsp_cli_args_add(&args, "--outputs=%ld", run->options.output_count);
    hsp_cli_args_add(&args, "--size=%ux%u", run->options.width, run->options.height);
    add_display(&args, &run->options);
    if (run->options.guest_ram)
        hsp_cli_args_add(&args, "--guest-ram=%s", run->options.guest_ram);
    run->gpu = (struct hsp_cli_child){.name = "hesper-gpu", .on_exit = on_gpu_exit};
    ret = hsp_cli_child_start(&run->gpu, &run->loop, &args, HSP_CLI_CHILD_DETACHED, fds,
                              HSP_ARRAY_COUNT(fds), NULL);
    hsp_cli_args_finish(&args);
    hsp_fd_close(&fds[notify_index]);
    return ret;
}

static int start_qemu(struct run *run, const struct device_sockets *sockets, int control_fd)
{
    struct hsp_cli_args args = {0};
    int fds[HSP_CLI_QEMU_VARIABLES_FD + 1 - 3] = {
        [HSP_CLI_QEMU_GPU_FD - 3] = sockets->qemu[0],
        [HSP_CLI_QEMU_CONTROL_FD - 3] = control_fd,
        [HSP_CLI_QEMU_VARIABLES_FD - 3] = run->variables_fd,
    };
    size_t fd_count = HSP_ARRAY_COUNT(fds) - (run->variables_fd < 0);
    unsigned flags = HSP_CLI_CHILD_DETACHED;
    int ret;

    memcpy(&fds[HSP_CLI_QEMU_INPUT_FD - 3], &sockets->qemu[1],
           HSP_CLI_QEMU_INPUT_COUNT * sizeof(fds[0]));
    if (run->console.on_terminal)
        flags |= HSP_CLI_CHILD_STDIN;
    hsp_cli_qemu_build(&args, &run->qemu_program, &run->options, &run->files,
                       run->console.on_terminal ? NULL : run->console.log_path);
    run->qemu = (struct hsp_cli_child){.name = "QEMU", .on_exit = on_qemu_exit};
    ret = hsp_cli_child_start(&run->qemu, &run->loop, &args, flags, fds, fd_count,
                              &run->console.stderr_pipe);
    hsp_cli_args_finish(&args);
    return ret;
}

static int open_sockets(struct device_sockets *sockets)
{
    int ret = 0;

    for (size_t i = 0; i < HSP_ARRAY_COUNT(sockets->gpu); i++) {
        int pair[2] = {-1, -1};
        if (ret == 0)
            ret = hsp_fd_socketpair(pair);
        sockets->gpu[i] = pair[0];
        sockets->qemu[i] = pair[1];
    }
    return ret;
}

static void close_sockets(struct device_sockets *sockets)
{
    for (size_t i = 0; i < HSP_ARRAY_COUNT(sockets->gpu); i++) {
        hsp_fd_close(&sockets->gpu[i]);
        hsp_fd_close(&sockets->qemu[i]);
    }
}

/* 0 or negative errno; what has been started is stopped by the caller's loop. */
static int start_machine(struct run *run)
{
    struct device_sockets sockets;
    int control_fds[2] = {-1, -1};
    int ret = open_sockets(&sockets);

    if (ret == 0)
        ret = hsp_fd_socketpair(control_fds);
    run->control_fd = control_fds[0];
    if (ret == 0)
        ret = start_gpu(run, &sockets);
    if (ret == 0)
        ret = start_qemu(run, &sockets, control_fds[1]);
    if (ret == 0)
        ret = hsp_cli_console_read_start(&run->console, on_qemu_line);
    close_sockets(&sockets);
    hsp_fd_close(&control_fds[1]);
    return ret;
}

static int init_loop(struct run *run)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    int ret = uv_loop_init(&run->loop);

    if (ret < 0)
        return ret;
    run->loop.data = run;
    uv_timer_init(&run->loop, &run->second_timer);
    uv_timer_init(&run->loop, &run->stop_timer);
    uv_timer_init(&run->loop, &run->screenshot_timer);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(numbers); i++) {
        uv_signal_init(&run->loop, &run->signals[i]);
        uv_signal_start(&run->signals[i], on_signal, numbers[i]);
    }
    return 0;
}

/* Two machines cannot have one port; QEMU would say so in its own words, later. */
static bool check_port(long port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    bool is_free;

    if (fd < 0)
        return true; /* QEMU will tell */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    is_free = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    if (!is_free)
        hsp_cli_error("Another machine may run already; --ssh-port takes another port.",
                      "port %ld on 127.0.0.1 cannot be used: %s", port, strerror(errno));
    hsp_fd_close(&fd);
    return is_free;
}

/* A CD is booted by UEFI, which shows what it does, if there is one. */
static bool choose_firmware(struct run *run)
{
    const char *wanted = run->options.firmware;
    struct hsp_cli_firmware *firmware = &run->files.firmware;

    if (!wanted)
        wanted = strcmp(run->files.disk_format, "iso") == 0 ? "any" : "bios";
    if (strcmp(wanted, "bios") == 0)
        return true;
    if (!hsp_cli_firmware_find(firmware)) {
        if (strcmp(wanted, "uefi") != 0)
            return true;
        hsp_cli_error("Install it (Debian: ovmf).", "there is no UEFI for virtual machines here");
        return false;
    }
    return hsp_cli_firmware_make_variables(firmware, HSP_CLI_QEMU_GPU_SLOT,
                                           run->options.is_writable ? run->files.disk : NULL,
                                           HSP_CLI_QEMU_VARIABLES_FD, &run->variables_fd);
}

static bool prepare(struct run *run)
{
    int ret = hsp_program_get_path(run->own_path, sizeof(run->own_path));

    if (ret == 0)
        ret = hsp_program_find("hesper-gpu", run->gpu_path, sizeof(run->gpu_path));
    if (ret < 0) {
        hsp_cli_error("Is hesper installed completely?", "hesper-gpu cannot be found: %s",
                      strerror(-ret));
        return false;
    }
    if (run->options.screenshot)
        unlink(run->options.screenshot); /* an old picture must not look like this run's */
    return hsp_cli_guest_files_find(&run->files, run->options.image, run->options.format) &&
           choose_firmware(run) &&
           hsp_cli_qemu_detect(&run->qemu_program, run->options.accelerator) &&
           check_port(run->options.ssh_port);
}

static int run_machine(struct run *run)
{
    bool on_terminal = !run->options.command && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    int ret = init_loop(run);

    if (ret < 0)
        return ret;
    ret = hsp_cli_console_init(&run->console, &run->loop, on_terminal);
    if (ret < 0)
        return ret;
    fprintf(stderr, "hesper: booting %s (%s, %ld CPUs, %ld MiB)\n", run->files.disk,
            run->qemu_program.accelerator, run->options.cpu_count, run->options.memory_mib);
    run->start_ns = hsp_now_ns();
    ret = start_machine(run);
    if (ret == 0)
        ret =
            hsp_cli_ssh_wait_start(&run->ssh_wait, &run->loop, run->options.ssh_port, on_guest_up);
    uv_timer_start(&run->second_timer, on_second, 1000, 1000);
    if (ret < 0)
        stop(run, failure(run));
    uv_run(&run->loop, UV_RUN_DEFAULT);
    hsp_cli_console_finish(&run->console);
    return ret;
}

int hsp_cli_run(int argc, char **argv)
{
    struct run *run = calloc(1, sizeof(*run));
    int status, ret;

    if (!run) {
        hsp_cli_error(NULL, "out of memory");
        return HSP_CLI_FAILED;
    }
    run->control_fd = -1;
    run->variables_fd = -1;
    status = hsp_cli_run_options_parse(argc, argv, &run->options);
    if (status < 0) {
        status = failure(run);
        if (prepare(run)) {
            ret = run_machine(run);
            if (ret < 0)
                hsp_cli_error(NULL, "the machine cannot be started: %s", strerror(-ret));
            else
                status = run->status;
        }
    }
    hsp_fd_close(&run->control_fd);
    hsp_fd_close(&run->variables_fd);
    free(run);
    return status;
}
