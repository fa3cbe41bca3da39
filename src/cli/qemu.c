/* SPDX-License-Identifier: MIT */
#include "cli/qemu.h"

#include "base/fd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void add_gpu(struct hsp_cli_args *args, const struct hsp_cli_qemu *qemu)
{
    hsp_cli_args_add_pair(args, "-chardev", "socket,id=gpu,fd=%d", HSP_CLI_QEMU_GPU_FD);
    hsp_cli_args_add_pair(
        args, "-device", "%s,addr=%d,chardev=gpu,virtio-id=16,num_vqs=2,vq_size=256,config_size=24",
        qemu->device, HSP_CLI_QEMU_GPU_SLOT);
}

const char *const hsp_cli_qemu_inputs[HSP_CLI_QEMU_INPUT_COUNT] = {"keyboard", "tablet", "mouse"};

static void add_inputs(struct hsp_cli_args *args)
{
    for (int i = 0; i < HSP_CLI_QEMU_INPUT_COUNT; i++) {
        const char *name = hsp_cli_qemu_inputs[i];
        hsp_cli_args_add_pair(args, "-chardev", "socket,id=%s,fd=%d", name,
                              HSP_CLI_QEMU_INPUT_FD + i);
        hsp_cli_args_add_pair(args, "-device", "vhost-user-input-pci,chardev=%s", name);
    }
}

static void add_cd(struct hsp_cli_args *args, const char *path, const char *id, int boot_index)
{
    char after[64];

    snprintf(after, sizeof(after), ",format=raw,if=none,id=%s,media=cdrom,readonly=on", id);
    add_path(args, "-drive", "file=", path, after);
    hsp_cli_args_add_pair(args, "-device", "ide-cd,drive=%s,bootindex=%d", id, boot_index);
}

static void add_disk(struct hsp_cli_args *args, const struct hsp_cli_guest_files *files,
                     bool is_writable)
{
    char after[96];

    snprintf(after, sizeof(after), ",format=%s,if=none,id=disk,snapshot=%s,discard=unmap",
             files->disk_format, is_writable ? "off" : "on");
    add_path(args, "-drive", "file=", files->disk, after);
    hsp_cli_args_add_pair(args, "-device", "virtio-blk-pci,drive=disk,bootindex=1");
}

static void add_firmware(struct hsp_cli_args *args, const struct hsp_cli_firmware *firmware)
{
    if (firmware->code[0] == '\0')
        return;
    add_path(args, "-drive", "if=pflash,unit=0,format=raw,readonly=on,file=", firmware->code, "");
    add_path(args, "-drive", "if=pflash,unit=1,format=raw,file=", firmware->variables, "");
}

static void add_devices(struct hsp_cli_args *args, const struct hsp_cli_run_options *options,
                        const struct hsp_cli_guest_files *files)
{

    add_firmware(args, &files->firmware);
    if (strcmp(files->disk_format, "iso") == 0)
        add_cd(args, files->disk, "disk", 1);
    else
        add_disk(args, files, options->is_writable);
    if (options->cdrom)
        add_cd(args, options->cdrom, "cdrom", 2);
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

void hsp_cli_qemu_build_trial(struct hsp_cli_args *args, const struct hsp_cli_qemu *qemu,
                              const struct hsp_cli_run_options *options)
{
    hsp_cli_args_add(args, "%s", qemu->program);
    add_machine(args, qemu, options);
    add_gpu(args, qemu);
    hsp_cli_args_add(args, "-S");
    hsp_cli_args_add_pair(args, "-qmp", "stdio");
}

void hsp_cli_qemu_build(struct hsp_cli_args *args, const struct hsp_cli_qemu *qemu,
                        const struct hsp_cli_run_options *options,
                        const struct hsp_cli_guest_files *files, const char *serial_log)
{
    hsp_cli_args_add(args, "%s", qemu->program);
    add_machine(args, qemu, options);
    add_gpu(args, qemu);
    add_devices(args, options, files);
    add_inputs(args);
    if (files->kernel[0] != '\0')
        add_kernel(args, options, files);
    if (serial_log)
        add_path(args, "-serial", "file:", serial_log, "");
    else
        hsp_cli_args_add_pair(args, "-serial", "mon:stdio");
    hsp_cli_args_add_pair(args, "-chardev", "socket,id=control,fd=%d", HSP_CLI_QEMU_CONTROL_FD);
    hsp_cli_args_add_pair(args, "-qmp", "chardev:control");
    for (char **arg = options->qemu_args; *arg; arg++)
        hsp_cli_args_add(args, "%s", *arg);
}

/* ------------------------------------------------------------------ while it runs */

/* QMP answers, and nobody needs to read that: the few lines stay in the socket. */
int hsp_cli_qemu_press_power_button(int control_fd)
{
    static const char commands[] = "{\"execute\":\"qmp_capabilities\"}\n"
                                   "{\"execute\":\"system_powerdown\"}\n";

    return hsp_fd_write_all(control_fd, commands, sizeof(commands) - 1);
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
