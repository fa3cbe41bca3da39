/* SPDX-License-Identifier: MIT */
/*
 * A hesper-display that a test has started and talks to, as hesper-gpu does. Everything aborts the
 * test on failure.
 */
#ifndef HSP_DISPLAY_TEST_CLIENT_H
#define HSP_DISPLAY_TEST_CLIENT_H

#include "base/format.h"
#include "base/stats.h"
#include "display/test_support.h"
#include "ipc/messages.h"

struct test_client {
    pid_t pid;
    struct hsp_ipc_channel channel;
    struct hsp_stats_display *stats;
    int stats_fd;
    uint64_t last_sequence;
    int log_fd; /* borrowed */
    /* What the user did. A pointer that happens to be over a window sends positions at any time, so
     * these are kept apart from other messages. */
    struct hsp_ipc_display_input inputs[256];
    size_t input_count, input_next;
};

/* Starts `path` with these arguments (ended by NULL) besides those for its descriptors. Its
 * standard output and error go to `log_fd`, if that is not negative. */
void test_client_start(struct test_client *client, const char *path, const char *const *arguments,
                       int log_fd);

/* Waits for the program's end; its exit status. */
int test_client_wait(struct test_client *client);

/* Hangs up, and checks that the program ends well. */
void test_client_finish(struct test_client *client);

/* Kills the program, and forgets it. */
void test_client_kill(struct test_client *client);

/* Kills the program and starts another with the same counters, as hesper-gpu does. */
void test_client_replace(struct test_client *client, const char *path, const char *const *arguments,
                         int log_fd);

/* `fd` is negative for none. */
void test_client_send(struct test_client *client, uint32_t type, const void *body, size_t size,
                      int fd);

/* The next message, which must be of this type and size and come in time. */
void test_client_receive(struct test_client *client, uint32_t type, void *body, size_t size);

/* The next thing that the user did, of this kind; others before it are skipped. */
struct hsp_ipc_display_input test_client_receive_input(struct test_client *client,
                                                       enum hsp_ipc_input_kind kind);

/* Whether a message, not of input, comes within this time; it is lost. */
bool test_client_has_message(struct test_client *client, int timeout_ms);

void test_client_set_scanout(struct test_client *client,
                             const struct hsp_ipc_display_scanout *scanout,
                             const struct hsp_span *span);

/* Sends a flush and returns its sequence number. */
uint64_t test_client_send_flush(struct test_client *client, uint32_t scanout_id,
                                struct hsp_ipc_rect rect);

/* Flushes, and waits for the answer. */
void test_client_flush(struct test_client *client, uint32_t scanout_id, struct hsp_ipc_rect rect);

/* ------------------------------------------------------------------ pictures */

/* A scanout and its memory. */
struct test_picture {
    struct hsp_ipc_display_scanout scanout;
    struct hsp_span span;
    struct hsp_mapping mapping;
};

/* With rows `stride` bytes apart (0: tightly packed) from `offset` on; the memory is zero. */
void test_picture_init(struct test_picture *picture, uint32_t scanout_id, enum hsp_format format,
                       uint32_t width, uint32_t height, uint32_t stride, uint32_t offset);
void test_picture_finish(struct test_picture *picture);

/* Fills the picture with something else for each seed. */
void test_picture_fill(struct test_picture *picture, uint32_t seed);

/* What pixel (x, y) must look like. */
void test_picture_get(const struct test_picture *picture, uint32_t x, uint32_t y,
                      uint8_t out_rgb[3]);

/* Sets and flushes all of it. */
void test_picture_show(struct test_picture *picture, struct test_client *client);

#endif
