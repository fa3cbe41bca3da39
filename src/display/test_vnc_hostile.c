/* SPDX-License-Identifier: MIT */
/* Viewers that stall, send nonsense, or are too many: they harm nobody but themselves. */
#include "display/test_vnc_fixture.h"

#include "base/limits.h"
#include "base/test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WIDTH  640
#define HEIGHT 480

static void start(struct test_vnc *vnc, struct test_picture *picture)
{
    test_vnc_start(vnc);
    test_picture_init(picture, 0, HSP_FORMAT_B8G8R8X8, WIDTH, HEIGHT, 0, 0);
    test_picture_fill(picture, 1);
    test_picture_show(picture, &vnc->client);
}

static void finish(struct test_vnc *vnc, struct test_picture *picture)
{
    test_vnc_finish(vnc);
    test_picture_finish(picture);
}

/* An honest viewer sees what is shown now. */
static void check_alive(struct test_vnc *vnc, struct test_picture *picture)
{
    struct test_viewer viewer;

    test_viewer_init(&viewer, vnc, NULL);
    test_viewer_wait_shown(&viewer, picture);
    test_viewer_finish(&viewer);
}

static void request(int fd, bool is_incremental)
{
    const uint8_t message[] = {3, is_incremental, 0,           0,           0,
                               0, WIDTH >> 8,     WIDTH & 255, HEIGHT >> 8, HEIGHT & 255};

    test_socket_send(fd, message, sizeof(message));
}

static long get_memory_kib(pid_t pid)
{
    char path[64], line[128];
    long value = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "r");
    HSP_CHECK(file != NULL);
    while (fgets(line, sizeof(line), file) && sscanf(line, "VmRSS: %ld", &value) != 1)
        continue;
    fclose(file);
    return value;
}

/* Flushes this often; none may take long. */
static void check_flushes(struct test_vnc *vnc, struct test_picture *picture, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct hsp_ipc_rect rect = {
            .x = i * 7 % 600, .y = i * 13 % 400, .width = 1 + i % 40, .height = 1 + i % 80};
        uint64_t begin = hsp_now_ns();
        test_client_flush(&vnc->client, 0, i % 10 ? rect : picture->scanout.rect);
        HSP_CHECK(hsp_now_ns() - begin < 2000000000);
    }
}

/* ------------------------------------------------------------------ stalls */

HSP_TEST(viewer_that_does_not_read_holds_up_nobody)
{
    struct test_viewer viewer;
    struct test_vnc vnc;
    struct test_picture picture;
    uint64_t begin;
    long memory;
    int fds[4];

    start(&vnc, &picture);
    test_viewer_init(&viewer, &vnc, NULL);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(fds); i++) {
        fds[i] = test_vnc_connect_bare(&vnc);
        for (int j = 0; j < 20; j++)
            request(fds[i], false);
    }
    check_flushes(&vnc, &picture, 100);
    memory = get_memory_kib(vnc.client.pid);
    check_flushes(&vnc, &picture, 1000);
    HSP_CHECK(get_memory_kib(vnc.client.pid) < memory + 4096);
    test_picture_fill(&picture, 2);
    test_client_flush(&vnc.client, 0, picture.scanout.rect);
    test_viewer_wait_shown(&viewer, &picture);
    test_viewer_finish(&viewer);
    begin = hsp_now_ns();
    finish(&vnc, &picture); /* also while they stall */
    HSP_CHECK(hsp_now_ns() - begin < 2000000000);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(fds); i++)
        close(fds[i]);
}

HSP_TEST(viewer_that_stops_in_a_message_holds_up_nobody)
{
    static const uint8_t key_event[] = {4, 1, 0, 0, 0, 0, 0, 'a'};
    struct test_vnc vnc;
    struct test_picture picture;
    uint8_t bytes[4];
    int fd;

    start(&vnc, &picture);
    fd = test_vnc_connect_bare(&vnc);
    request(fd, true);
    test_socket_receive(fd, bytes, sizeof(bytes));
    request(fd, true); /* and now it is expected to read */
    test_socket_send(fd, key_event, 3);
    check_flushes(&vnc, &picture, 100);
    check_alive(&vnc, &picture);
    finish(&vnc, &picture);
    close(fd);
}

HSP_TEST(stalled_viewer_is_sent_away)
{
    struct test_vnc vnc;
    struct test_picture picture;
    struct pollfd pollfd;
    int fd;

    start(&vnc, &picture);
    fd = test_vnc_connect_bare(&vnc);
    for (int i = 0; i < 5; i++)
        request(fd, false);
    pollfd = (struct pollfd){.fd = fd, .events = POLLRDHUP};
    HSP_CHECK_EQ(poll(&pollfd, 1, 40000), 1);
    check_alive(&vnc, &picture);
    finish(&vnc, &picture);
    close(fd);
}

/* A viewer that wants one pixel while a guest changes all others one by one. */
HSP_TEST(damage_that_nobody_wants_does_not_pile_up)
{
    static const uint8_t one_pixel[] = {3, 1, 0, 0, 0, 0, 0, 1, 0, 1};
    struct test_vnc vnc;
    struct test_picture picture;
    uint64_t begin;
    int fd;

    start(&vnc, &picture);
    fd = test_vnc_connect_bare(&vnc);
    test_socket_send(fd, one_pixel, sizeof(one_pixel));
    begin = hsp_now_ns();
    for (uint32_t i = 0; i < 8000; i++) {
        const struct hsp_ipc_rect rect = {
            .x = 2 + i * 2 % 630, .y = 2 + i * 2 / 630 * 2, .width = 1, .height = 1};
        test_client_flush(&vnc.client, 0, rect);
    }
    HSP_CHECK(hsp_now_ns() - begin < 20000000000);
    close(fd);
    check_alive(&vnc, &picture);
    finish(&vnc, &picture);
}

/* ------------------------------------------------------------------ nonsense */

static void send_random(int fd, unsigned *seed, size_t size)
{
    uint8_t bytes[512];

    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(rand_r(seed) >> 8);
    send(fd, bytes, size, MSG_NOSIGNAL);
}

HSP_TEST(random_bytes_end_only_their_connection)
{
    struct test_vnc vnc;
    struct test_picture picture;
    struct test_viewer viewer;
    unsigned seed = 1;

    start(&vnc, &picture);
    test_viewer_init(&viewer, &vnc, NULL);
    for (int i = 0; i < 300; i++) {
        int fd = i % 3 == 0 ? test_vnc_connect(&vnc) : test_vnc_connect_bare(&vnc);
        if (i % 3 == 2)
            request(fd, true);
        send_random(fd, &seed, 1 + (size_t)rand_r(&seed) % 511);
        if (i % 5 == 0)
            test_client_flush(&vnc.client, 0, picture.scanout.rect);
        shutdown(fd, SHUT_WR);
        test_socket_wait_closed(fd);
        close(fd);
    }
    test_picture_fill(&picture, 3);
    test_client_flush(&vnc.client, 0, picture.scanout.rect);
    test_viewer_wait_shown(&viewer, &picture);
    test_viewer_finish(&viewer);
    finish(&vnc, &picture);
}

/* All messages that viewers may send, with random contents. */
HSP_TEST(random_messages_end_only_their_connection)
{
    static const uint8_t types[] = {0, 2, 3, 4, 5, 6, 251, 255};
    struct test_vnc vnc;
    struct test_picture picture;
    unsigned seed = 7;

    start(&vnc, &picture);
    for (int i = 0; i < 200; i++) {
        int fd = test_vnc_connect_bare(&vnc);
        for (int j = 0; j < 20; j++) {
            uint8_t type = types[(size_t)rand_r(&seed) % sizeof(types)];
            send(fd, &type, 1, MSG_NOSIGNAL);
            send_random(fd, &seed, type == 6 ? 7 : 19);
        }
        shutdown(fd, SHUT_WR);
        test_socket_wait_closed(fd);
        close(fd);
    }
    check_alive(&vnc, &picture);
    finish(&vnc, &picture);
}

HSP_TEST(connection_may_break_off_anywhere)
{
    static const uint8_t talk[] = {
        'R', 'F', 'B', ' ', '0', '0', '3', '.',  '0',  '0',  '8',  '\n', /* version */
        1,                                                               /* security */
        1,                                                               /* ClientInit */
        2,   0,   0,   2,   0,   0,   0,   0,    0xff, 0xff, 0xff, 0x11, /* SetEncodings */
        3,   0,   0,   0,   0,   0,   2,   0x80, 1,    0xe0,             /* request */
        4,   1,   0,   0,   0,   0,   0,   'a',                          /* key */
        5,   1,   0,   10,  0,   10,                                     /* pointer */
        6,   0,   0,   0,   0,   0,   0,   3,    'a',  'b',  'c',        /* clipboard */
        251, 0,   2,   0,   1,   0,   1,   0,    0,    0,    0,    0,
        0,   0,   0,   0,   2,   0,   1,   0,    0,    0,    0,    0,    /* size */
        255, 0,   0,   1,   0,   0,   0,   'a',  0,    0,    0,    0x1e, /* key with its place */
    };
    struct test_vnc vnc;
    struct test_picture picture;

    start(&vnc, &picture);
    for (size_t size = 0; size <= sizeof(talk); size++) {
        int fd = test_vnc_connect(&vnc);
        test_socket_send(fd, talk, size);
        if (size % 2)
            shutdown(fd, SHUT_WR);
        if (size % 2)
            test_socket_wait_closed(fd);
        close(fd);
    }
    /* It has typed, and asked for a size. */
    while (test_client_has_message(&vnc.client, 300))
        continue;
    check_alive(&vnc, &picture);
    finish(&vnc, &picture);
}

HSP_TEST(messages_that_were_not_offered_end_the_connection)
{
    static const uint8_t types[] = {1, 7, 8, 9, 10, 11, 12, 15, 100, 150, 248, 249, 250, 252, 253};
    struct test_vnc vnc;
    struct test_picture picture;

    start(&vnc, &picture);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(types); i++) {
        uint8_t message[8] = {types[i], 2};
        int fd = test_vnc_connect_bare(&vnc);
        test_socket_send(fd, message, sizeof(message));
        test_socket_wait_closed(fd);
        close(fd);
    }
    check_alive(&vnc, &picture);
    finish(&vnc, &picture);
}

HSP_TEST(pixel_formats_that_are_none_end_the_connection)
{
    static const uint8_t formats[][16] = {
        {7, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0},
        {0, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0},
        {255, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0},
        {32, 24, 0, 0, 0, 255, 0, 255, 0, 255, 16, 8, 0}, /* a colour map of 32 bits */
    };
    struct test_vnc vnc;
    struct test_picture picture;

    start(&vnc, &picture);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(formats); i++) {
        uint8_t message[20] = {0};
        int fd = test_vnc_connect_bare(&vnc);
        memcpy(message + 4, formats[i], sizeof(formats[i]));
        test_socket_send(fd, message, sizeof(message));
        test_socket_wait_closed(fd);
        close(fd);
    }
    check_alive(&vnc, &picture);
    finish(&vnc, &picture);
}

HSP_TEST(clipboard_is_taken_and_forgotten_but_not_a_large_one)
{
    static const uint8_t small[] = {6, 0, 0, 0, 0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o'};
    static const uint8_t large[] = {6, 0, 0, 0, 0, 0x20, 0, 0};
    struct test_vnc vnc;
    struct test_picture picture;
    uint8_t bytes[4];
    int fd;

    start(&vnc, &picture);
    fd = test_vnc_connect_bare(&vnc);
    test_socket_send(fd, small, sizeof(small));
    request(fd, false);
    test_socket_receive(fd, bytes, sizeof(bytes)); /* it lives */
    test_socket_send(fd, large, sizeof(large));
    test_socket_wait_closed(fd);
    close(fd);
    finish(&vnc, &picture);
}

HSP_TEST(other_protocols_are_hung_up_on)
{
    static const char *const greetings[] = {
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03 and so on", "SSH-2.0-OpenSSH_10.0\r\n",
        "RFB 004.000\n", "RFB 003,008\n"};
    struct test_vnc vnc;
    struct test_picture picture;

    start(&vnc, &picture);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(greetings); i++) {
        int fd = test_vnc_connect(&vnc);
        test_socket_send(fd, greetings[i], strlen(greetings[i]));
        test_socket_wait_closed(fd);
        close(fd);
    }
    finish(&vnc, &picture);
}

/* ------------------------------------------------------------------ crowds */

HSP_TEST(strangers_are_limited_in_number_and_time)
{
    int fds[HSP_LIMIT_VNC_HANDSHAKE_COUNT];
    uint64_t begin = hsp_now_ns();
    struct test_vnc vnc;
    struct test_picture picture;
    uint8_t bytes[12];
    int one_more;

    start(&vnc, &picture);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(fds); i++) {
        fds[i] = test_vnc_connect(&vnc);
        test_socket_receive(fds[i], bytes, sizeof(bytes));
    }
    one_more = test_vnc_connect(&vnc);
    test_socket_wait_closed(one_more);
    close(one_more);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(fds); i++) {
        test_socket_wait_closed(fds[i]);
        close(fds[i]);
    }
    HSP_CHECK(hsp_now_ns() - begin > 8000000000);
    check_alive(&vnc, &picture);
    finish(&vnc, &picture);
}

HSP_TEST(viewers_are_limited_in_number)
{
    int fds[HSP_LIMIT_VNC_VIEWER_COUNT], one_more;
    struct test_vnc vnc;
    struct test_picture picture;

    start(&vnc, &picture);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(fds); i++)
        fds[i] = test_vnc_connect_bare(&vnc);
    one_more = test_vnc_connect(&vnc);
    test_socket_send(one_more, "RFB 003.008\n\x01\x01", 14);
    test_socket_wait_closed(one_more);
    close(one_more);
    close(fds[0]);
    usleep(300000);
    check_alive(&vnc, &picture);
    for (size_t i = 1; i < HSP_ARRAY_COUNT(fds); i++)
        close(fds[i]);
    finish(&vnc, &picture);
}

HSP_TEST_MAIN()
