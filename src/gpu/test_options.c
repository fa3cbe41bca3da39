/* SPDX-License-Identifier: MIT */
#include "base/test.h"
#include "gpu/options.h"

#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

static struct hsp_gpu_options options;

static enum hsp_gpu_options_result parse(const char *first, const char *second)
{
    const char *argv[] = {"hesper-gpu", first, second, NULL};

    optind = 0; /* begins anew */
    return hsp_gpu_options_parse(second ? 3 : first ? 2 : 1, (char **)(uintptr_t)argv, &options);
}

HSP_TEST(defaults)
{
    HSP_CHECK_EQ(parse("--socket-path=/run/vms/de b!an.gpu.sock", NULL), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK_EQ(options.hostmem_size, 8ull << 30);
    HSP_CHECK_EQ(options.width, 1280);
    HSP_CHECK_EQ(options.height, 800);
    HSP_CHECK_EQ(options.output_count, 1);
    HSP_CHECK_EQ(options.socket.fd, -1);
    HSP_CHECK_STREQ(options.name, "de-b-an");
    HSP_CHECK_EQ(parse("--fd=7", NULL), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK_EQ(options.socket.fd, 7);
    HSP_CHECK(strncmp(options.name, "vm-", 3) == 0);
    HSP_CHECK_EQ(parse("--socket-path=/.hidden", NULL), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK(strncmp(options.name, "vm-", 3) == 0);
}

HSP_TEST(values)
{
    static const struct {
        const char *text;
        uint64_t size;
    } sizes[] = {
        {"--hostmem=256M", 256ull << 20},   {"--hostmem=64G", 64ull << 30},
        {"--hostmem=1G", 1ull << 30},       {"--hostmem=268435456", 256ull << 20},
        {"--hostmem=1048576K", 1ull << 30},
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(sizes); i++) {
        HSP_CHECK_EQ(parse(sizes[i].text, "--fd=3"), HSP_GPU_OPTIONS_RUN);
        HSP_CHECK_EQ(options.hostmem_size, sizes[i].size);
    }
    HSP_CHECK_EQ(parse("--size=16384x64", "--fd=3"), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK_EQ(options.width, 16384);
    HSP_CHECK_EQ(options.height, 64);
    HSP_CHECK_EQ(parse("--outputs=16", "--fd=3"), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK_EQ(options.output_count, 16);
    HSP_CHECK_EQ(options.guest_ram, HSP_GPU_GUEST_RAM_AUTO);
    HSP_CHECK_EQ(parse("--guest-ram=udmabuf", "--fd=3"), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK_EQ(options.guest_ram, HSP_GPU_GUEST_RAM_UDMABUF);
    HSP_CHECK_EQ(parse("--name=a.b_c-9", "--fd=3"), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK_STREQ(options.name, "a.b_c-9");
    HSP_CHECK_EQ(parse("--display=vnc=unix:/run/vnc", "--fd=3"), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK_STREQ(options.display_backend, "vnc=unix:/run/vnc");
    HSP_CHECK_EQ(parse("--display-option=present-mode=mailbox", "--fd=3"), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK_EQ(options.display_argument_count, 1);
    HSP_CHECK_STREQ(options.display_arguments[0], "--present-mode=mailbox");
    HSP_CHECK_EQ(parse("--input=tablet:/run/a:b", "--fd=3"), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK_STREQ(options.inputs[HSP_INPUT_TABLET].path, "/run/a:b");
    HSP_CHECK_EQ(options.inputs[HSP_INPUT_KEYBOARD].fd, -1);
    HSP_CHECK_EQ(parse("--input-fd=keyboard:4", "--fd=3"), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK_EQ(options.inputs[HSP_INPUT_KEYBOARD].fd, 4);
    HSP_CHECK_EQ(parse("--notify-fd=9", "--fd=3"), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK_EQ(options.notify_fd, 9);
    HSP_CHECK_EQ(parse("--render=/bin/sh", "--fd=3"), HSP_GPU_OPTIONS_RUN);
    HSP_CHECK_STREQ(options.render_path, "/bin/sh");
}

HSP_TEST(wrong_values_are_refused)
{
    static const char *const wrong[] = {
        "--hostmem=0",
        "--hostmem=",
        "--hostmem=128M",
        "--hostmem=3G",
        "--hostmem=128G",
        "--hostmem=1T",
        "--hostmem=1GG",
        "--hostmem=-1G",
        "--hostmem= 1G",
        "--hostmem=18446744073709551616",
        "--hostmem=17179869184G",
        "--size=",
        "--size=1280",
        "--size=1280x",
        "--size=x800",
        "--size=0x0",
        "--size=16385x800",
        "--size=1280x800x",
        "--size=-1x-1",
        "--outputs=0",
        "--outputs=17",
        "--outputs=1.5",
        "--outputs=",
        "--name=",
        "--name=.x",
        "--name=a/b",
        "--name=a b",
        "--display=curses",
        "--guest-ram=all",
        "--guest-ram=",
        "--display=",
        "--display=vnc=5900",
        "--display-option=",
        "--display-option=--scale=stretch",
        "--notify-fd=",
        "--input=",
        "--input=keyboard",
        "--input=keyboard:",
        "--input=joystick:/x",
        "--input-fd=mouse:x",
        "--render=/nonexistent",
        "--display-program=/",
        "--socket-path=",
        "--socket-path=/x",
        "--fd=-1",
        "--fd=x",
        "--nonsense",
        "word",
        "--fd=99999999999",
        "--name=1234567890123456789012345678901234567890123456789012345678901234",
    };
    int null_fd = open("/dev/null", O_WRONLY), stderr_fd = dup(STDERR_FILENO);

    dup2(null_fd, STDERR_FILENO);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(wrong); i++) {
        enum hsp_gpu_options_result result = parse(wrong[i], "--fd=3");
        if (result != HSP_GPU_OPTIONS_WRONG)
            hsp_test_fail(__FILE__, __LINE__, "%s was accepted", wrong[i]);
    }
    HSP_CHECK_EQ(parse(NULL, NULL), HSP_GPU_OPTIONS_WRONG);
    dup2(stderr_fd, STDERR_FILENO);
    close(null_fd);
    close(stderr_fd);
}

HSP_TEST(questions_are_answered)
{
    HSP_CHECK_EQ(parse("--print-capabilities", NULL), HSP_GPU_OPTIONS_DONE);
    HSP_CHECK_EQ(parse("--help", NULL), HSP_GPU_OPTIONS_DONE);
    HSP_CHECK_EQ(parse("--version", NULL), HSP_GPU_OPTIONS_DONE);
}

HSP_TEST_MAIN()
