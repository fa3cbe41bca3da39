/* SPDX-License-Identifier: MIT */
#include "cli/qemu.h"

#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "qemu-system-x86_64"

/* ------------------------------------------------------------------ what is there */

const char *hsp_cli_qemu_pick_device(const char *help)
{
    /* The same generic device under the names it has had; the newest first. */
    static const char *const devices[] = {"vhost-user-test-device-pci", "vhost-user-device-pci"};
    char quoted[64];

    for (size_t i = 0; i < HSP_ARRAY_COUNT(devices); i++) {
        snprintf(quoted, sizeof(quoted), "\"%s\"", devices[i]);
        if (strstr(help, quoted))
            return devices[i];
    }
    return NULL;
}

/* The output of a command, to be freed; NULL if it cannot be run. */
static char *read_command(const char *command)
{
    FILE *pipe = popen(command, "r");
    char *text = NULL;
    size_t size = 0, length = 0;

    if (!pipe)
        return NULL;
    for (;;) {
        if (size - length < 4096) {
            char *larger = realloc(text, size + 65536);
            if (!larger)
                break;
            text = larger;
            size += 65536;
        }
        size_t n = fread(text + length, 1, size - length - 1, pipe);
        if (n == 0)
            break;
        length += n;
    }
    if (text)
        text[length] = '\0';
    if (pclose(pipe) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* Whether the CPU can run guests in hardware. Some hosts have /dev/kvm without it, with a KVM that
 * runs prepared guests only and breaks on a stock kernel. */
static bool cpu_has_virtualization(void)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    while (file && !found && getline(&line, &size, file) > 0)
        found = strncmp(line, "flags", 5) == 0 && (strstr(line, " vmx") || strstr(line, " svm"));
    free(line);
    if (file)
        fclose(file);
    return found;
}

static const char *detect_accelerator(void)
{
    return access("/dev/kvm", R_OK | W_OK) == 0 && cpu_has_virtualization() ? "kvm" : "tcg";
}

bool hsp_cli_qemu_detect(struct hsp_cli_qemu *out, const char *accelerator)
{
    char *help = read_command(PROGRAM " -device help 2>/dev/null");
    const char *device;

    if (!help) {
        hsp_cli_error("Install it (Debian: qemu-system-x86), or use ./dev shell.",
                      PROGRAM " cannot be run");
        return false;
    }
    device = hsp_cli_qemu_pick_device(help);
    free(help);
    if (!device) {
        hsp_cli_error("QEMU 11.1 and newer have one (Debian 13: from backports).",
                      "this QEMU has no device for vhost-user GPUs");
        return false;
    }
    if (accelerator && strcmp(accelerator, "kvm") == 0 && access("/dev/kvm", R_OK | W_OK) != 0) {
        hsp_cli_error("--accel tcg works everywhere, slower.", "/dev/kvm cannot be used: %s",
                      strerror(errno));
        return false;
    }
    out->program = PROGRAM;
    out->device = device;
    out->accelerator = accelerator ? accelerator : detect_accelerator();
    return true;
}

/* ------------------------------------------------------------------ the command line */

/* A value inside a QEMU option: a comma is written twice there. To be freed; NULL without memory.
 */
static char *escape(const char *value)
{
    char *escaped = malloc(2 * strlen(value) + 1);
    char *end = escaped;

    if (!escaped)
        return NULL;
    for (; *value; value++) {
        if (*value == ',')
            *end++ = ',';
        *end++ = *value;
    }
    *end = '\0';
    return escaped;
}

/* Adds `option` with a value that holds a path: fmt has one %s. */
static void add_path(struct hsp_cli_args *args, const char *option, const char *before,
                     const char *path, const char *after)
{
    char *escaped = escape(path);

    if (escaped)
        hsp_cli_args_add_pair(args, option, "%s%s%s", before, escaped, after);
    else
        args->failed = true;
    free(escaped);
}

static void add_machine(struct hsp_cli_args *args, const struct hsp_cli_qemu *qemu,
                        const struct hsp_cli_run_options *options)
{
    bool is_kvm = strcmp(qemu->accelerator, "kvm") == 0;

    hsp_cli_args_add_pair(args, "-machine", "q35,memory-backend=mem");
    hsp_cli_args_add_pair(args, "-accel", "%s", is_kvm ? "kvm" : "tcg,thread=multi");
    /* Five levels of page tables make every emulated TLB miss longer. */
    hsp_cli_args_add_pair(args, "-cpu", "%s", is_kvm ? "host" : "max,la57=off");
    hsp_cli_args_add_pair(args, "-smp", "%ld", options->cpu_count);
    hsp_cli_args_add_pair(args, "-m", "%ldM", options->memory_mib);
    hsp_cli_args_add_pair(args, "-object", "memory-backend-memfd,id=mem,size=%ldM,share=on",
                          options->memory_mib);
    hsp_cli_args_add(args, "-nodefaults");
    hsp_cli_args_add(args, "-no-user-config");
    hsp_cli_args_add_pair(args, "-vga", "none");
    hsp_cli_args_add_pair(args, "-display", "none");
    hsp_cli_args_add_pair(args, "-run-with", "exit-with-parent=on");
}

static void add_devices(struct hsp_cli_args *args, const struct hsp_cli_qemu *qemu,
                        const struct hsp_cli_run_options *options,
                        const struct hsp_cli_guest_files *files)
{
    char after[64];

    hsp_cli_args_add_pair(args, "-chardev", "socket,id=gpu,fd=%d", HSP_CLI_QEMU_GPU_FD);
    hsp_cli_args_add_pair(args, "-device",
                          "%s,chardev=gpu,virtio-id=16,num_vqs=2,vq_size=256,config_size=24",
                          qemu->device);
    snprintf(after, sizeof(after), ",format=%s,if=none,id=disk,snapshot=on,discard=unmap",
             files->disk_format);
    add_path(args, "-drive", "file=", files->disk, after);
    hsp_cli_args_add_pair(args, "-device", "virtio-blk-pci,drive=disk");
    hsp_cli_args_add_pair(args, "-netdev", "user,id=net,hostfwd=tcp:127.0.0.1:%ld-:22",
                          options->ssh_port);
    hsp_cli_args_add_pair(args, "-device", "virtio-net-pci,netdev=net,romfile=");
    hsp_cli_args_add_pair(args, "-device", "virtio-rng-pci");
    if (options->share)
        add_path(args, "-virtfs",
                 "local,mount_tag=host,security_model=none,multidevs=remap,path=", options->share,
                 "");
}

/* Boots the kernel without firmware or boot loader. */
static void add_kernel(struct hsp_cli_args *args, const struct hsp_cli_run_options *options,
                       const struct hsp_cli_guest_files *files)
{
    hsp_cli_args_add_pair(args, "-kernel", "%s", files->kernel);
    if (files->initrd[0] != '\0')
        hsp_cli_args_add_pair(args, "-initrd", "%s", files->initrd);
    hsp_cli_args_add_pair(args, "-append",
                          "root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 fsck.mode=skip "
                          "mitigations=off lsm=capability tsc=reliable no_timer_check "
                          "vt.global_cursor_default=0 "
                          "systemd.show_status=0 systemd.ssh_auto=no%s",
                          options->share ? " hesper.share" : "");
}

void hsp_cli_qemu_build(struct hsp_cli_args *args, const struct hsp_cli_qemu *qemu,
                        const struct hsp_cli_run_options *options,
                        const struct hsp_cli_guest_files *files, const char *serial_log)
{
    hsp_cli_args_add(args, "%s", qemu->program);
    add_machine(args, qemu, options);
    add_devices(args, qemu, options, files);
    if (files->kernel[0] != '\0')
        add_kernel(args, options, files);
    if (serial_log)
        add_path(args, "-serial", "file:", serial_log, "");
    else
        hsp_cli_args_add_pair(args, "-serial", "mon:stdio");
    for (char **arg = options->qemu_args; *arg; arg++)
        hsp_cli_args_add(args, "%s", *arg);
}

/* ------------------------------------------------------------------ what it prints */

enum hsp_cli_qemu_line hsp_cli_qemu_classify_line(const char *line)
{
    /* Past its limit of memory regions QEMU goes on with the old table, which still holds: guest
     * memory does not move. It says so, twice, with each blob that is mapped. And it tells who has
     * ended it: that was us. */
    static const char *const noise[] = {
        "Failed preparing vhost-user memory table msg",
        "vhost_set_mem_table failed",
        "terminating on signal",
    };

    if (strstr(line, "KVM internal error"))
        return HSP_CLI_QEMU_LINE_KVM_BROKEN;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(noise); i++) {
        if (strstr(line, noise[i]))
            return HSP_CLI_QEMU_LINE_NOISE;
    }
    return HSP_CLI_QEMU_LINE_SHOW;
}
