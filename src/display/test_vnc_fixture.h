/* SPDX-License-Identifier: MIT */
/*
 * A hesper-display with the VNC backend, and viewers of it: real ones (libvncclient) and bare
 * sockets. Everything aborts the test on failure, also what takes too long.
 */
#ifndef HSP_DISPLAY_TEST_VNC_FIXTURE_H
#define HSP_DISPLAY_TEST_VNC_FIXTURE_H

#include "display/test_client.h"

#include <rfb/rfbclient.h>

struct test_vnc {
    struct test_client client;
    char folder[32], path[64]; /* of the first screen's unix socket */
    uint16_t port;             /* TCP; 0: a unix socket */
    int log_fd;                /* what the display prints */
};

/* On a unix socket of its own, without a password. */
void test_vnc_start(struct test_vnc *vnc);

/* With --backend=`choice`, and more arguments (ended by NULL; NULL for none). */
void test_vnc_start_with(struct test_vnc *vnc, const char *choice, const char *const *arguments);

/* As above, but does not wait until it is there. */
void test_vnc_launch(struct test_vnc *vnc, const char *choice, const char *const *arguments);

/* On 127.0.0.1; `port` is one that was free. */
void test_vnc_start_tcp(struct test_vnc *vnc, uint16_t port, const char *const *arguments);
uint16_t test_vnc_find_port(void);

/* Ends the display, which must end well. */
void test_vnc_finish(struct test_vnc *vnc);

/* Kills the display and starts another in its place, as hesper-gpu does, with --backend=`choice`.
 */
void test_vnc_replace(struct test_vnc *vnc, const char *choice);

void test_vnc_wait_logged(struct test_vnc *vnc, const char *text);

/* The exit status, and what was printed in `out_log`. */
int test_vnc_run(const char *choice, const char *const *arguments, char *out_log, size_t size);

/* ------------------------------------------------------------------ viewers */

struct test_viewer {
    rfbClient *client;
    unsigned update_count;
    const char *password;
    bool has_cursor;
    int hot_x, hot_y, cursor_width, cursor_height;
    int cursor_x, cursor_y;
};

/* For test_viewer_init: what differs from the usual. */
struct test_viewer_options {
    const char *encodings; /* NULL: "raw" */
    const char *password;  /* NULL: none */
    uint32_t screen;       /* index */
    bool draws_no_cursor;  /* the server shall */
};

/* Connects, and asks for the picture. False when it is turned away. */
bool test_viewer_try(struct test_viewer *viewer, const struct test_vnc *vnc,
                     const struct test_viewer_options *options);
void test_viewer_init(struct test_viewer *viewer, const struct test_vnc *vnc,
                      const struct test_viewer_options *options);
void test_viewer_finish(struct test_viewer *viewer);

/* Handles what has come, for at most this time; false when nothing has. */
bool test_viewer_pump(struct test_viewer *viewer, int timeout_ms);

/* Handles what comes until `condition` is true. */
#define TEST_VIEWER_WAIT(viewer, condition)                                         \
    do {                                                                            \
        uint64_t end_ = hsp_now_ns() + 20000000000ull;                              \
        while (!(condition)) {                                                      \
            if (hsp_now_ns() > end_)                                                \
                hsp_test_fail(__FILE__, __LINE__, "%s did not happen", #condition); \
            test_viewer_pump(viewer, 50);                                           \
        }                                                                           \
    } while (0)

/* Whether the viewer shows the picture, each colour within `tolerance`. */
bool test_viewer_shows(const struct test_viewer *viewer, const struct test_picture *picture,
                       int tolerance);
void test_viewer_wait_shown(struct test_viewer *viewer, const struct test_picture *picture);

/* ------------------------------------------------------------------ bare sockets */

int test_vnc_connect(const struct test_vnc *vnc);

void test_socket_send(int fd, const void *data, size_t size);
void test_socket_receive(int fd, void *data, size_t size);

/* The handshake without a password, up to the server's name. Returns the socket. */
int test_vnc_connect_bare(const struct test_vnc *vnc);

/* Waits until the other end has hung up; how many bytes came before that. */
size_t test_socket_wait_closed(int fd);

#endif
