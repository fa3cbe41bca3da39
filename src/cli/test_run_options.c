/* SPDX-License-Identifier: MIT */
#include "cli/run_options.h"

#include "base/test.h"
#include "cli/cli.h"

#include <getopt.h>
#include <stdlib.h>

/* Arguments after "run", up to a NULL. */
static int parse(struct hsp_cli_run_options *out, char **words)
{
    static char *argv[16];
    int argc = 0;

    argv[argc++] = "run";
    while (words[argc - 1]) {
        argv[argc] = words[argc - 1];
        argc++;
    }
    argv[argc] = NULL;
    optind = 0;
    return hsp_cli_run_options_parse(argc, argv, out);
}

#define PARSE(out, ...) parse(out, (char *[]){__VA_ARGS__, NULL})

HSP_TEST(run_options_have_defaults)
{
    struct hsp_cli_run_options options;

    HSP_CHECK_EQ(PARSE(&options, NULL), -1);
    HSP_CHECK_EQ(options.memory_mib, 2048);
    HSP_CHECK_EQ(options.width, 1280);
    HSP_CHECK_EQ(options.height, 800);
    HSP_CHECK_EQ(options.ssh_port, 2222);
    HSP_CHECK_STREQ(options.name, "vm-2222");
    HSP_CHECK(!options.command && !options.image && !options.accelerator);
    HSP_CHECK(options.cpu_count >= 1 && !options.qemu_args[0]);
}

HSP_TEST(run_options_are_read)
{
    struct hsp_cli_run_options options;

    HSP_CHECK_EQ(PARSE(&options, "--memory", "3G", "--cpus=2", "--size", "640x480", "--ssh-port",
                       "4000", "--exec", "true", "--accel=tcg", "--display=headless", "--",
                       "-device", "edu"),
                 -1);
    HSP_CHECK_EQ(options.memory_mib, 3072);
    HSP_CHECK_EQ(options.cpu_count, 2);
    HSP_CHECK_EQ(options.width, 640);
    HSP_CHECK_EQ(options.height, 480);
    HSP_CHECK_STREQ(options.name, "vm-4000");
    HSP_CHECK_STREQ(options.command, "true");
    HSP_CHECK_STREQ(options.accelerator, "tcg");
    HSP_CHECK_STREQ(options.qemu_args[0], "-device");
    HSP_CHECK_STREQ(options.qemu_args[1], "edu");
    HSP_CHECK(!options.qemu_args[2]);
}

HSP_TEST(run_options_of_windows_are_read)
{
    struct hsp_cli_run_options options;

    HSP_CHECK_EQ(PARSE(&options, "--display=window", "--present-mode", "mailbox", "--scale=stretch",
                       "--quit-on-close", "--outputs=3"),
                 -1);
    HSP_CHECK_STREQ(options.present_mode, "mailbox");
    HSP_CHECK_STREQ(options.scale, "stretch");
    HSP_CHECK(options.quit_on_close);
    HSP_CHECK_EQ(options.output_count, 3);
    HSP_CHECK_EQ(PARSE(&options, "--outputs", "17"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--present-mode", "fast"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--scale", "2"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--scale", ""), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--scale", "letter"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--scale", "letterbox, stretch"), HSP_CLI_USAGE);
}

HSP_TEST(run_options_of_vnc_are_read)
{
    struct hsp_cli_run_options options;

    unsetenv("HESPER_VNC_PASSWORD_FILE");
    HSP_CHECK_EQ(PARSE(&options, "--display=vnc=127.0.0.1:5901"), -1);
    HSP_CHECK_STREQ(options.display, "vnc=127.0.0.1:5901");
    HSP_CHECK(!options.password_file);
    HSP_CHECK_EQ(PARSE(&options, "--display=vnc=0.0.0.0"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--display=vnc", "--password-file=/nonexistent"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--password-file=/proc/version", "--display=vnc=0.0.0.0"), -1);
    HSP_CHECK_STREQ(options.password_file, "/proc/version");
}

HSP_TEST(run_options_of_images_are_read)
{
    struct hsp_cli_run_options options;

    HSP_CHECK_EQ(PARSE(&options, "--image=a.img"), -1);
    HSP_CHECK(!options.is_writable && !options.format && !options.firmware && !options.cdrom);
    HSP_CHECK_EQ(PARSE(&options, "--image=a.img", "--writable", "--format=raw", "--firmware=uefi",
                       "--cdrom=/dev/null"),
                 -1);
    HSP_CHECK(options.is_writable);
    HSP_CHECK_STREQ(options.format, "raw");
    HSP_CHECK_STREQ(options.firmware, "uefi");
    HSP_CHECK_STREQ(options.cdrom, "/dev/null");
    HSP_CHECK_EQ(PARSE(&options, "--writable"), HSP_CLI_USAGE); /* not the guest of ./dev */
    HSP_CHECK_EQ(PARSE(&options, "--format=vmdk"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--firmware=coreboot"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--cdrom=/no/such/file"), HSP_CLI_USAGE);
}

HSP_TEST(run_options_guest_ram_is_read)
{
    struct hsp_cli_run_options options;

    HSP_CHECK_EQ(PARSE(&options, "--memory=1G"), -1);
    HSP_CHECK(!options.guest_ram);
    HSP_CHECK_EQ(PARSE(&options, "--guest-ram=none"), -1);
    HSP_CHECK_STREQ(options.guest_ram, "none");
    HSP_CHECK_EQ(PARSE(&options, "--guest-ram=some"), HSP_CLI_USAGE);
}

HSP_TEST(run_options_refuse_what_they_do_not_know)
{
    struct hsp_cli_run_options options;

    HSP_CHECK_EQ(PARSE(&options, "--memory", "2T"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--memory", "64M"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--memory", "-1G"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--cpus", "0"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--cpus", "two"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--size", "640"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--size", "0x480"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--size", "99999x480"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--ssh-port", "65536"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--accel", "xen"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--display", "hologram"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--name", "../x"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--share", "/no/such/folder"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--screenshot", "x.png"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "--frobnicate"), HSP_CLI_USAGE);
    HSP_CHECK_EQ(PARSE(&options, "disk.img"), HSP_CLI_USAGE);
}

HSP_TEST_MAIN()
