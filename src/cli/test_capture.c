/* SPDX-License-Identifier: MIT */
#include "cli/capture.h"

#include "base/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs a shell command; `request` says the rest. */
static struct hsp_cli_capture run(const char *command, struct hsp_cli_capture_request request)
{
    char shell[] = "sh", option[] = "-c", text[512];
    char *argv[] = {shell, option, text, NULL};
    struct hsp_cli_capture capture;

    strcpy(text, command);
    request.argv = argv;
    if (request.time_limit_ms == 0)
        request.time_limit_ms = 60000;
    HSP_CHECK_EQ(hsp_cli_capture_run(&capture, &request), 0);
    return capture;
}

HSP_TEST(capture_keeps_what_is_printed)
{
    struct hsp_cli_capture capture =
        run("echo out; echo err >&2; exit 3", (struct hsp_cli_capture_request){.fd = -1});
    char text[64];

    HSP_CHECK_STREQ(capture.texts[0], "out\n");
    HSP_CHECK_STREQ(capture.texts[1], "err\n");
    HSP_CHECK_EQ(capture.exit_status, 3);
    HSP_CHECK(!hsp_cli_capture_succeeded(&capture));
    hsp_cli_capture_describe(&capture, text, sizeof(text));
    HSP_CHECK_STREQ(text, "ended with status 3");
    hsp_cli_capture_finish(&capture);
}

HSP_TEST(capture_of_nothing)
{
    struct hsp_cli_capture capture = run("exit 0", (struct hsp_cli_capture_request){.fd = -1});
    char text[8] = "x";

    HSP_CHECK_STREQ(capture.texts[0], "");
    HSP_CHECK(hsp_cli_capture_succeeded(&capture));
    hsp_cli_capture_last_error(&capture, text, sizeof(text));
    HSP_CHECK_STREQ(text, "");
    hsp_cli_capture_finish(&capture);
}

/* More than pipes hold, on both, and more than is kept. */
HSP_TEST(capture_of_much)
{
    struct hsp_cli_capture capture =
        run("dd if=/dev/zero bs=1000000 count=3 2>/dev/null | tee /dev/stderr;"
            "dd if=/dev/zero bs=1000000 count=6 >&2 2>/dev/null",
            (struct hsp_cli_capture_request){.fd = -1});

    HSP_CHECK_EQ(capture.sizes[0], 3000000);
    HSP_CHECK(capture.sizes[1] >= 3000000 && capture.sizes[1] <= 4 << 20);
    HSP_CHECK(hsp_cli_capture_succeeded(&capture));
    hsp_cli_capture_finish(&capture);
}

HSP_TEST(capture_gives_input_and_environment_and_a_descriptor)
{
    static const char *const env[] = {"HSP_A=new", "HSP_B=two", NULL};
    int fds[2];

    setenv("HSP_A", "old", 1);
    setenv("HSP_AB", "kept", 1);
    HSP_CHECK_EQ(pipe(fds), 0);
    HSP_CHECK_EQ(write(fds[1], "three\n", 6), 6);
    struct hsp_cli_capture capture =
        run("cat; echo $HSP_A $HSP_B $HSP_AB; head -n 1 <&3",
            (struct hsp_cli_capture_request){.env = env, .input = "one\n", .fd = fds[0]});
    HSP_CHECK_STREQ(capture.texts[0], "one\nnew two kept\nthree\n");
    hsp_cli_capture_finish(&capture);
    close(fds[0]);
    close(fds[1]);
}

HSP_TEST(capture_ends_what_takes_too_long)
{
    uint64_t start_ns = hsp_now_ns();
    struct hsp_cli_capture capture =
        run("echo begun; sleep 60 & sleep 60",
            (struct hsp_cli_capture_request){.fd = -1, .time_limit_ms = 300});
    char text[64];

    HSP_CHECK(hsp_now_ns() - start_ns < 20000000000ull);
    HSP_CHECK(capture.timed_out && !hsp_cli_capture_succeeded(&capture));
    HSP_CHECK_STREQ(capture.texts[0], "begun\n");
    hsp_cli_capture_describe(&capture, text, sizeof(text));
    HSP_CHECK_STREQ(text, "did not end in time");
    hsp_cli_capture_finish(&capture);
}

HSP_TEST(capture_tells_signals)
{
    struct hsp_cli_capture capture =
        run("kill -SEGV $$", (struct hsp_cli_capture_request){.fd = -1});

    HSP_CHECK_EQ(capture.signal, 11);
    HSP_CHECK(!hsp_cli_capture_succeeded(&capture));
    hsp_cli_capture_finish(&capture);
}

HSP_TEST(capture_of_no_program)
{
    char name[] = "no-such-program-of-hesper";
    struct hsp_cli_capture capture;
    const struct hsp_cli_capture_request request = {
        .argv = (char *[]){name, NULL}, .fd = -1, .time_limit_ms = 1000};

    HSP_CHECK_EQ(hsp_cli_capture_run(&capture, &request), -ENOENT);
}

HSP_TEST(capture_finds_the_last_line)
{
    struct hsp_cli_capture capture =
        run("printf 'first\\nlast\\033[1m\\n\\n' >&2", (struct hsp_cli_capture_request){.fd = -1});
    char text[64], little[4];

    hsp_cli_capture_last_error(&capture, text, sizeof(text));
    HSP_CHECK_STREQ(text, "last?[1m");
    hsp_cli_capture_last_error(&capture, little, sizeof(little));
    HSP_CHECK_STREQ(little, "las");
    hsp_cli_capture_finish(&capture);
}

HSP_TEST_MAIN()
