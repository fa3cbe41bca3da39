/* SPDX-License-Identifier: MIT */
/* Addresses and passwords of VNC screens, and displays that die. */
#include "display/test_vnc_fixture.h"

#include "base/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_picture(struct test_picture *picture)
{
    test_picture_init(picture, 0, HSP_FORMAT_B8G8R8X8, 100, 80, 0, 0);
    test_picture_fill(picture, 9);
}

/* ------------------------------------------------------------------ passwords */

/* Starts a display that wants this password. */
static void start_with_password(struct test_vnc *vnc, const char *password)
{
    char path[] = "/tmp/hesper-test-XXXXXX", option[64];
    const char *arguments[] = {option, NULL};
    int fd = mkstemp(path);

    HSP_CHECK(fd >= 0);
    HSP_CHECK_EQ(write(fd, password, strlen(password)), strlen(password));
    close(fd);
    snprintf(option, sizeof(option), "--password-file=%s", path);
    test_vnc_start_tcp(vnc, test_vnc_find_port(), arguments);
    unlink(path);
}

HSP_TEST(right_password_opens)
{
    const struct test_viewer_options options = {.password = "Secret12"};
    struct test_viewer viewer;
    struct test_vnc vnc;
    struct test_picture picture;

    start_with_password(&vnc, "Secret123\n"); /* VNC looks at eight characters */
    make_picture(&picture);
    test_picture_show(&picture, &vnc.client);
    test_viewer_init(&viewer, &vnc, &options);
    test_viewer_wait_shown(&viewer, &picture);
    test_viewer_finish(&viewer);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
}

HSP_TEST(wrong_password_is_refused_later)
{
    static const char *const wrong[] = {"secret12", "Secret1", "x", "Secret13"};
    struct test_vnc vnc;

    start_with_password(&vnc, "Secret12");
    for (size_t i = 0; i < HSP_ARRAY_COUNT(wrong); i++) {
        const struct test_viewer_options options = {.password = wrong[i]};
        uint64_t begin = hsp_now_ns();
        struct test_viewer viewer;
        HSP_CHECK(!test_viewer_try(&viewer, &vnc, &options));
        HSP_CHECK(hsp_now_ns() - begin > 900000000);
    }
    test_vnc_wait_logged(&vnc, "wrong password");
    test_vnc_finish(&vnc);
}

/* The security that was not offered, in all versions of the protocol. */
HSP_TEST(password_cannot_be_left_out)
{
    static const char *const versions[] = {"RFB 003.003\n", "RFB 003.007\n", "RFB 003.008\n",
                                           "RFB 003.889\n"};
    struct test_vnc vnc;

    start_with_password(&vnc, "Secret12");
    for (size_t i = 0; i < HSP_ARRAY_COUNT(versions); i++) {
        int fd = test_vnc_connect(&vnc);
        uint8_t bytes[20];
        test_socket_receive(fd, bytes, 12);
        test_socket_send(fd, versions[i], 12);
        if (i == 0) {
            test_socket_receive(fd, bytes, 4);
            HSP_CHECK_EQ(bytes[3], 2);
            test_socket_receive(fd, bytes, 16);
            test_socket_send(fd, bytes, 16); /* the challenge is not its own answer */
        } else {
            test_socket_receive(fd, bytes, 2);
            HSP_CHECK_EQ(bytes[0], 1);
            HSP_CHECK_EQ(bytes[1], 2);
            test_socket_send(fd, "\x01", 1);
        }
        send(fd, "\x01", 1, MSG_NOSIGNAL);                         /* ClientInit */
        HSP_CHECK_EQ(test_socket_wait_closed(fd), i == 0 ? 4 : 0); /* no, or not even that */
        close(fd);
    }
    test_vnc_finish(&vnc);
}

HSP_TEST(challenges_differ)
{
    uint8_t challenges[8][16], bytes[12];
    struct test_vnc vnc;

    start_with_password(&vnc, "Secret12");
    for (int i = 0; i < 8; i++) {
        int fd = test_vnc_connect(&vnc);
        test_socket_receive(fd, bytes, 12);
        test_socket_send(fd, "RFB 003.008\n", 12);
        test_socket_receive(fd, bytes, 2);
        test_socket_send(fd, "\x02", 1);
        test_socket_receive(fd, challenges[i], 16);
        for (int j = 0; j < i; j++)
            HSP_CHECK(memcmp(challenges[i], challenges[j], 16) != 0);
        close(fd);
    }
    test_vnc_finish(&vnc);
}

HSP_TEST(address_that_others_reach_needs_a_password)
{
    char log[4096];

    unsetenv("HESPER_VNC_PASSWORD_FILE");
    HSP_CHECK_EQ(test_vnc_run("vnc=0.0.0.0", NULL, log, sizeof(log)), 1);
    HSP_CHECK(strstr(log, "needs a password") != NULL);
    setenv("HESPER_VNC_PASSWORD_FILE", "/nonexistent", 1);
    HSP_CHECK_EQ(test_vnc_run("vnc=0.0.0.0", NULL, log, sizeof(log)), 1);
    HSP_CHECK(strstr(log, "/nonexistent") != NULL);
}

/* ------------------------------------------------------------------ addresses */

/* A socket that listens on this port. */
static int occupy(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
        HSP_CHECK_EQ(errno, EADDRINUSE); /* somebody else does it */
    return fd;
}

HSP_TEST(address_that_is_taken_is_tried_again)
{
    struct test_viewer viewer;
    struct test_vnc vnc = {.port = test_vnc_find_port()};
    struct test_picture picture;
    int fd = occupy(vnc.port);
    char choice[64];

    snprintf(choice, sizeof(choice), "vnc=127.0.0.1:%u", vnc.port);
    test_vnc_launch(&vnc, choice, NULL);
    test_vnc_wait_logged(&vnc, "has no address");
    make_picture(&picture);
    test_picture_show(&picture, &vnc.client); /* the guest goes on */
    close(fd);
    test_vnc_wait_logged(&vnc, "screen 1 is at VNC");
    test_viewer_init(&viewer, &vnc, NULL);
    test_viewer_wait_shown(&viewer, &picture);
    test_viewer_finish(&viewer);
    test_vnc_finish(&vnc);
    test_picture_finish(&picture);
}

HSP_TEST(first_free_port_is_found_and_told)
{
    struct test_vnc vnc = {0};
    char log[4096];
    unsigned port;
    int fd;

    test_vnc_start_with(&vnc, "vnc", NULL);
    HSP_CHECK(pread(vnc.log_fd, log, sizeof(log) - 1, 0) > 0);
    HSP_CHECK_EQ(sscanf(strstr(log, "127.0.0.1:"), "127.0.0.1:%u", &port), 1);
    HSP_CHECK(port >= 5900 && port <= 5999);
    HSP_CHECK_EQ(vnc.client.stats->scanouts[0].port, port);
    vnc.port = (uint16_t)port;
    fd = test_vnc_connect_bare(&vnc);
    close(fd);
    test_vnc_finish(&vnc);
}

/* The next display shows the same picture to a viewer that comes again. */
static void check_replaced(struct test_vnc *vnc, const char *choice)
{
    struct test_viewer viewer;
    struct test_picture picture;

    make_picture(&picture);
    for (int i = 0; i < 3; i++) {
        test_picture_show(&picture, &vnc->client);
        test_viewer_init(&viewer, vnc, NULL);
        test_viewer_wait_shown(&viewer, &picture);
        test_vnc_replace(vnc, choice);
        test_viewer_finish(&viewer);
    }
    test_picture_finish(&picture);
}

HSP_TEST(display_that_was_killed_comes_back_to_its_address)
{
    struct test_vnc vnc;
    char choice[96];

    test_vnc_start(&vnc);
    snprintf(choice, sizeof(choice), "vnc=unix:%s", vnc.path);
    check_replaced(&vnc, choice);
    test_vnc_finish(&vnc);
    test_vnc_start_tcp(&vnc, test_vnc_find_port(), NULL);
    snprintf(choice, sizeof(choice), "vnc=127.0.0.1:%u", vnc.port);
    check_replaced(&vnc, choice);
    test_vnc_finish(&vnc);
}

/* Also when the port was not chosen, and one before it has become free. */
HSP_TEST(display_that_was_killed_comes_back_to_the_port_it_found)
{
    struct test_vnc vnc = {0};
    int fds[3] = {-1, -1, -1};

    for (uint16_t i = 0; i < HSP_ARRAY_COUNT(fds); i++)
        fds[i] = occupy(5900 + i);
    test_vnc_start_with(&vnc, "vnc", NULL);
    vnc.port = (uint16_t)vnc.client.stats->scanouts[0].port;
    for (size_t i = 0; i < HSP_ARRAY_COUNT(fds); i++)
        close(fds[i]);
    check_replaced(&vnc, "vnc");
    HSP_CHECK_EQ(vnc.client.stats->scanouts[0].port, vnc.port);
    test_vnc_finish(&vnc);
}

HSP_TEST(foreign_file_is_not_replaced)
{
    struct test_vnc vnc = {0};
    char path[] = "/tmp/hesper-test-XXXXXX", choice[64];
    struct stat st;
    int fd = mkstemp(path);

    close(fd);
    snprintf(choice, sizeof(choice), "vnc=unix:%s", path);
    test_vnc_launch(&vnc, choice, NULL);
    test_vnc_wait_logged(&vnc, "has no address");
    vnc.port = 1; /* no socket to look for */
    test_vnc_finish(&vnc);
    HSP_CHECK_EQ(stat(path, &st), 0);
    unlink(path);
}

HSP_TEST_MAIN()
