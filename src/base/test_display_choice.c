/* SPDX-License-Identifier: MIT */
#include "base/display_choice.h"

#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct hsp_display_choice choice;
static char why[HSP_DISPLAY_ERROR_SIZE];

static bool parse(const char *text)
{
    why[0] = '\0';
    return hsp_display_choice_parse(text, &choice, why);
}

HSP_TEST(kinds)
{
    HSP_CHECK(parse("headless"));
    HSP_CHECK_EQ(choice.kind, HSP_DISPLAY_HEADLESS);
    HSP_CHECK(parse("window"));
    HSP_CHECK_EQ(choice.kind, HSP_DISPLAY_WINDOW);
    HSP_CHECK(parse("vnc"));
    HSP_CHECK_EQ(choice.kind, HSP_DISPLAY_VNC);
    HSP_CHECK_STREQ(choice.address, "127.0.0.1");
    HSP_CHECK_EQ(choice.port, 0);
    HSP_CHECK_STREQ(choice.socket_path, "");
    HSP_CHECK_STREQ(hsp_display_kind_get_name(choice.kind), "vnc");
}

HSP_TEST(addresses)
{
    HSP_CHECK(parse("vnc=127.0.0.2:5999"));
    HSP_CHECK_STREQ(choice.address, "127.0.0.2");
    HSP_CHECK_EQ(choice.port, 5999);
    HSP_CHECK(parse("vnc=localhost"));
    HSP_CHECK_STREQ(choice.address, "127.0.0.1");
    HSP_CHECK_EQ(choice.port, 0);
    HSP_CHECK(parse("vnc=[::1]:65535"));
    HSP_CHECK_STREQ(choice.address, "::1");
    HSP_CHECK_EQ(choice.port, 65535);
    HSP_CHECK(parse("vnc=[::1]"));
    HSP_CHECK_EQ(choice.port, 0);
    HSP_CHECK(parse("vnc=unix:/run/a=b,c d.sock"));
    HSP_CHECK_STREQ(choice.socket_path, "/run/a=b,c d.sock");
    HSP_CHECK_STREQ(choice.address, "");
}

HSP_TEST(wrong_texts_are_refused)
{
    static const char *const wrong[] = {
        "",
        "paper",
        "VNC",
        "headless=1",
        "window=",
        "vnc=",
        "vnc=:5900",
        "vnc=5900",
        "vnc=127.0.0.1:",
        "vnc=127.0.0.1:0",
        "vnc=127.0.0.1:65536",
        "vnc=127.0.0.1:99999999999999999999",
        "vnc=127.0.0.1:59x",
        "vnc=127.0.0.1:-1",
        "vnc=127.0.0.1:5900:5900",
        "vnc=127.0.0.1 ",
        "vnc=example.org:5900",
        "vnc=::1",
        "vnc=[::1]5900",
        "vnc=[]:5900",
        "vnc=unix:",
        "vnc,",
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(wrong); i++) {
        if (parse(wrong[i]) || why[0] == '\0')
            hsp_test_fail(__FILE__, __LINE__, "'%s' passed, or there is no why", wrong[i]);
    }
}

HSP_TEST(long_texts_are_refused)
{
    char text[1024] = "vnc=unix:";
    size_t length = strlen(text);

    for (size_t size = 1; length + size < sizeof(text); size++) {
        memset(text + length, 'x', size);
        HSP_CHECK_EQ(parse(text), size < sizeof(choice.socket_path));
    }
}

/* ------------------------------------------------------------------ passwords */

static char password[HSP_DISPLAY_PASSWORD_LENGTH + 1];

static bool read_password(const char *text, const char *file)
{
    HSP_CHECK(parse(text));
    return hsp_display_choice_read_password(&choice, file, password, why);
}

static void make_file(char path[32], const char *text)
{
    int fd;

    strcpy(path, "/tmp/hesper-test-XXXXXX");
    fd = mkstemp(path);
    HSP_CHECK(fd >= 0);
    HSP_CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

HSP_TEST(password_is_needed_where_others_can_reach)
{
    static const char *const open[] = {"vnc=0.0.0.0", "vnc=192.0.2.1:5900", "vnc=[::]:5900",
                                       "vnc=[2001:db8::1]"};
    static const char *const closed[] = {"vnc", "vnc=127.8.9.10:5900", "vnc=[::1]", "vnc=unix:/a"};
    char path[32];

    unsetenv("HESPER_VNC_PASSWORD_FILE");
    make_file(path, "secret\nnot this\n");
    for (size_t i = 0; i < HSP_ARRAY_COUNT(open); i++) {
        HSP_CHECK(!read_password(open[i], NULL));
        HSP_CHECK(strstr(why, "needs a password") != NULL);
        HSP_CHECK(read_password(open[i], path));
        HSP_CHECK_STREQ(password, "secret");
    }
    for (size_t i = 0; i < HSP_ARRAY_COUNT(closed); i++) {
        HSP_CHECK(read_password(closed[i], NULL));
        HSP_CHECK_STREQ(password, "");
        HSP_CHECK(read_password(closed[i], path));
        HSP_CHECK_STREQ(password, "secret");
    }
    unlink(path);
}

HSP_TEST(option_beats_variable)
{
    char path[32];

    make_file(path, "secret");
    setenv("HESPER_VNC_PASSWORD_FILE", path, 1);
    HSP_CHECK(read_password("vnc=0.0.0.0", NULL));
    HSP_CHECK_STREQ(password, "secret");
    setenv("HESPER_VNC_PASSWORD_FILE", "/nonexistent", 1);
    HSP_CHECK(!read_password("vnc", NULL));
    HSP_CHECK(strstr(why, "/nonexistent") != NULL);
    HSP_CHECK(read_password("vnc", path));
    setenv("HESPER_VNC_PASSWORD_FILE", "", 1);
    HSP_CHECK(read_password("vnc", NULL));
    HSP_CHECK_STREQ(password, "");
    unlink(path);
}

HSP_TEST(password_is_the_first_line)
{
    static const struct {
        const char *text, *password; /* NULL: refused */
    } cases[] = {
        {"secret\n", "secret"},     {"secret", "secret"},      {"a b\r\nc", "a b"},
        {"12345678\n", "12345678"}, {"123456789", "12345678"}, {"", NULL},
        {"\nsecret", NULL},
    };
    char path[32];

    for (size_t i = 0; i < HSP_ARRAY_COUNT(cases); i++) {
        make_file(path, cases[i].text);
        HSP_CHECK_EQ(read_password("vnc", path), cases[i].password != NULL);
        if (cases[i].password)
            HSP_CHECK_STREQ(password, cases[i].password);
        unlink(path);
    }
}

HSP_TEST_MAIN()
