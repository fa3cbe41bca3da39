/* SPDX-License-Identifier: MIT */
#include "cli/qemu.h"

#include "base/test.h"
#include "cli/ssh.h"

#include <stdio.h>
#include <string.h>

/* The value after `option`, or NULL. */
static const char *find_value(const struct hsp_cli_args *args, const char *option)
{
    for (size_t i = 0; i + 1 < args->count; i++) {
        if (strcmp(args->items[i], option) == 0)
            return args->items[i + 1];
    }
    return NULL;
}

static bool has_text(const struct hsp_cli_args *args, const char *text)
{
    for (size_t i = 0; i < args->count; i++) {
        if (strstr(args->items[i], text))
            return true;
    }
    return false;
}

static const struct hsp_cli_qemu tcg = {
    .program = "qemu", .device = "some-device-pci", .accelerator = "tcg"};

HSP_TEST(qemu_device_is_picked_by_its_name_not_its_place)
{
    HSP_CHECK_STREQ(hsp_cli_qemu_pick_device("name \"virtio-gpu-pci\", bus PCI\n"
                                             "name \"vhost-user-test-device-pci\", bus PCI\n"),
                    "vhost-user-test-device-pci");
    HSP_CHECK_STREQ(hsp_cli_qemu_pick_device("name \"vhost-user-device-pci\", bus PCI\n"),
                    "vhost-user-device-pci");
    HSP_CHECK(!hsp_cli_qemu_pick_device("name \"vhost-user-gpu-pci\", bus PCI\n"));
    HSP_CHECK(!hsp_cli_qemu_pick_device("name \"vhost-user-test-device\", bus virtio-bus\n"));
}

HSP_TEST(qemu_guest_memory_is_shared_and_as_large_as_the_machine)
{
    char *no_args[] = {NULL};
    struct hsp_cli_run_options options = {
        .memory_mib = 768, .cpu_count = 3, .ssh_port = 2345, .qemu_args = no_args};
    struct hsp_cli_guest_files files = {.disk = "/d", .disk_format = "raw"};
    struct hsp_cli_args args = {0};

    hsp_cli_qemu_build(&args, &tcg, &options, &files, "/log");
    HSP_CHECK(!args.failed);
    HSP_CHECK_STREQ(find_value(&args, "-m"), "768M");
    HSP_CHECK_STREQ(find_value(&args, "-object"), "memory-backend-memfd,id=mem,size=768M,share=on");
    HSP_CHECK_STREQ(find_value(&args, "-smp"), "3");
    HSP_CHECK_STREQ(find_value(&args, "-netdev"), "user,id=net,hostfwd=tcp:127.0.0.1:2345-:22");
    HSP_CHECK(has_text(&args, "some-device-pci,addr=1,chardev=gpu,virtio-id=16"));
    HSP_CHECK(!find_value(&args, "-kernel")); /* none beside the disk: it boots itself */
    hsp_cli_args_finish(&args);
}

HSP_TEST(qemu_has_input_devices_of_ours)
{
    char *no_args[] = {NULL};
    struct hsp_cli_run_options options = {.qemu_args = no_args};
    struct hsp_cli_guest_files files = {.disk = "/d", .disk_format = "raw"};
    struct hsp_cli_args args = {0};

    hsp_cli_qemu_build(&args, &tcg, &options, &files, "/log");
    HSP_CHECK(has_text(&args, "socket,id=keyboard,fd=5"));
    HSP_CHECK(has_text(&args, "vhost-user-input-pci,chardev=keyboard"));
    HSP_CHECK(has_text(&args, "vhost-user-input-pci,chardev=tablet"));
    HSP_CHECK(has_text(&args, "vhost-user-input-pci,chardev=mouse"));
    hsp_cli_args_finish(&args);
}

HSP_TEST(qemu_paths_with_commas_stay_whole)
{
    char *no_args[] = {NULL};
    struct hsp_cli_run_options options = {.share = "/a,readonly=on", .qemu_args = no_args};
    struct hsp_cli_guest_files files = {
        .disk = "/x,y/disk.img", .kernel = "/k", .disk_format = "qcow2"};
    struct hsp_cli_args args = {0};

    hsp_cli_qemu_build(&args, &tcg, &options, &files, "/log");
    HSP_CHECK(strncmp(find_value(&args, "-drive"), "file=/x,,y/disk.img,format=qcow2,", 33) == 0);
    HSP_CHECK(has_text(&args, "path=/a,,readonly=on"));
    HSP_CHECK(has_text(&args, "hesper.share")); /* the guest mounts it */
    hsp_cli_args_finish(&args);
}

HSP_TEST(qemu_disk_is_thrown_away_unless_it_is_writable)
{
    char *no_args[] = {NULL};
    struct hsp_cli_run_options options = {.qemu_args = no_args};
    struct hsp_cli_guest_files files = {.disk = "/d", .disk_format = "qcow2"};
    struct hsp_cli_args args = {0};

    hsp_cli_qemu_build(&args, &tcg, &options, &files, NULL);
    HSP_CHECK(has_text(&args, "file=/d,format=qcow2,if=none,id=disk,snapshot=on"));
    HSP_CHECK(has_text(&args, "virtio-blk-pci,drive=disk,bootindex=1"));
    HSP_CHECK(!has_text(&args, "pflash") && !has_text(&args, "ide-cd"));
    hsp_cli_args_finish(&args);
    options.is_writable = true;
    hsp_cli_qemu_build(&args, &tcg, &options, &files, NULL);
    HSP_CHECK(has_text(&args, "snapshot=off") && !has_text(&args, "snapshot=on"));
    hsp_cli_args_finish(&args);
}

HSP_TEST(qemu_cds_are_cds)
{
    char *no_args[] = {NULL};
    struct hsp_cli_run_options options = {.qemu_args = no_args, .cdrom = "/tools.iso"};
    struct hsp_cli_guest_files files = {.disk = "/live.iso", .disk_format = "iso"};
    struct hsp_cli_args args = {0};

    hsp_cli_qemu_build(&args, &tcg, &options, &files, NULL);
    HSP_CHECK(has_text(&args, "file=/live.iso,format=raw,if=none,id=disk,media=cdrom,readonly=on"));
    HSP_CHECK(has_text(&args, "ide-cd,drive=disk,bootindex=1"));
    HSP_CHECK(has_text(&args, "file=/tools.iso,"));
    HSP_CHECK(has_text(&args, "ide-cd,drive=cdrom,bootindex=2"));
    HSP_CHECK(!has_text(&args, "virtio-blk"));
    hsp_cli_args_finish(&args);
}

HSP_TEST(qemu_has_uefi_when_there_is_one)
{
    char *no_args[] = {NULL};
    struct hsp_cli_run_options options = {.qemu_args = no_args};
    struct hsp_cli_guest_files files = {
        .disk = "/d", .disk_format = "raw", .firmware = {"/code,1.fd", "/vars.fd"}};
    struct hsp_cli_args args = {0};

    hsp_cli_qemu_build(&args, &tcg, &options, &files, NULL);
    HSP_CHECK(has_text(&args, "if=pflash,unit=0,format=raw,readonly=on,file=/code,,1.fd"));
    HSP_CHECK(has_text(&args, "if=pflash,unit=1,format=raw,file=/vars.fd"));
    hsp_cli_args_finish(&args);
}

HSP_TEST(qemu_own_arguments_come_last)
{
    char *own[] = {"-device", "edu", NULL};
    struct hsp_cli_run_options options = {.qemu_args = own};
    struct hsp_cli_guest_files files = {.disk = "/d", .disk_format = "raw"};
    struct hsp_cli_args args = {0};

    hsp_cli_qemu_build(&args, &tcg, &options, &files, NULL);
    HSP_CHECK(args.count > 2);
    HSP_CHECK_STREQ(args.items[args.count - 2], "-device");
    HSP_CHECK_STREQ(args.items[args.count - 1], "edu");
    HSP_CHECK_STREQ(find_value(&args, "-serial"), "mon:stdio");
    hsp_cli_args_finish(&args);
}

HSP_TEST(qemu_harmless_lines_are_noise_and_others_are_not)
{
    HSP_CHECK_EQ(hsp_cli_qemu_classify_line(
                     "qemu-system-x86_64: Failed preparing vhost-user memory table msg"),
                 HSP_CLI_QEMU_LINE_NOISE);
    HSP_CHECK_EQ(hsp_cli_qemu_classify_line(
                     "qemu-system-x86_64: vhost_set_mem_table failed: Invalid argument (22)"),
                 HSP_CLI_QEMU_LINE_NOISE);
    HSP_CHECK_EQ(hsp_cli_qemu_classify_line("qemu-system-x86_64: cannot set up guest memory"),
                 HSP_CLI_QEMU_LINE_SHOW);
    HSP_CHECK_EQ(hsp_cli_qemu_classify_line("KVM internal error. Suberror: 1"),
                 HSP_CLI_QEMU_LINE_KVM_BROKEN);
}

HSP_TEST(ssh_to_our_guest_checks_its_host_key)
{
    struct hsp_cli_guest_files files = {.ssh_key = "/k", .known_hosts = "/a b/known_hosts"};
    struct hsp_cli_args args = {0};

    hsp_cli_ssh_build(&args, &files, 2222, "echo  a b", false);
    HSP_CHECK(!args.failed);
    HSP_CHECK(has_text(&args, "UserKnownHostsFile=\"/a b/known_hosts\""));
    HSP_CHECK(!has_text(&args, "StrictHostKeyChecking=no"));
    HSP_CHECK_STREQ(args.items[args.count - 1], "echo  a b"); /* one argument, as it was given */
    hsp_cli_args_finish(&args);
}

HSP_TEST_MAIN()
