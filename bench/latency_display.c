/* SPDX-License-Identifier: MIT */
/*
 * The host's half of bench/latency, in the place of hesper-display: presses a key again and again
 * and waits for the flush after which a pixel has another colour. It begins when the file "go" is
 * in the folder $HESPER_TEST_FOLDER, and writes a line for each key to the file "times" there, in
 * microseconds:
 *
 *     all, from the key to the pixel
 *     of it ours: from the flush command in hesper-gpu to here
 */
#include "ipc/messages.h"

#include "base/evdev.h"
#include "base/span.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 2000 /* a key whose picture does not come by then is given up */

static struct hsp_ipc_channel channel;
static struct hsp_ipc_display_scanout picture;
static struct hsp_mapping mapping;

static void handle_scanout(const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_scanout scanout;
    struct hsp_span span = HSP_SPAN_EMPTY;

    if (!hsp_ipc_decode(message, &scanout, sizeof(scanout), 0) &&
        hsp_ipc_decode_with_span(message, &scanout, sizeof(scanout), &span) < 0)
        exit(1);
    if (scanout.scanout_id == 0) {
        hsp_mapping_finish(&mapping);
        picture = scanout;
        if (scanout.width > 0 && hsp_span_map(&span, false, &mapping) < 0)
            exit(1);
    }
    hsp_span_finish(&span);
}

/* Handles a message; its start when it is a flush, else 0. */
static uint64_t handle(struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_flush flush;
    struct hsp_ipc_display_flushed answer;

    if (message->type == HSP_IPC_DISPLAY_SET_SCANOUT)
        handle_scanout(message);
    if (message->type != HSP_IPC_DISPLAY_FLUSH ||
        !hsp_ipc_decode(message, &flush, sizeof(flush), 0))
        return 0;
    answer = (struct hsp_ipc_display_flushed){flush.sequence, flush.scanout_id, 0};
    if (hsp_ipc_channel_send(&channel, HSP_IPC_DISPLAY_FLUSHED, &answer, sizeof(answer), NULL, 0) <
        0)
        exit(0);
    return flush.start_ns;
}

/* Waits for the next message, and all that came with it; the start of its flush, or 0. False when
 * none comes in time. Ends with the channel. */
static bool wait_message(int timeout_ms, uint64_t *out_start_ns)
{
    struct pollfd pollfd = {.fd = channel.socket_fd, .events = POLLIN};
    struct hsp_ipc_message message;
    int ret = hsp_ipc_channel_receive_buffered(&channel, &message);

    if (ret == 0) {
        if (poll(&pollfd, 1, timeout_ms) == 0)
            return false;
        ret = hsp_ipc_channel_receive(&channel, &message);
    }
    if (ret <= 0)
        exit(0);
    *out_start_ns = handle(&message);
    hsp_ipc_message_finish(&message);
    return true;
}

/* The first pixel; black and white tell all that is to be known. */
static uint8_t read_pixel(void)
{
    return mapping.data ? *((volatile uint8_t *)mapping.data + picture.offset) : 0;
}

static void press(bool is_pressed)
{
    struct hsp_ipc_display_input input = {
        .start_ns = hsp_now_ns(),
        .kind = HSP_IPC_INPUT_KEY,
        .code = HSP_KEY_SPACE,
        .is_pressed = is_pressed,
    };

    hsp_ipc_channel_send(&channel, HSP_IPC_DISPLAY_INPUT, &input, sizeof(input), NULL, 0);
}

static void measure(FILE *file)
{
    uint64_t begin_ns = hsp_now_ns(), start_ns;
    uint8_t before = read_pixel();

    press(true);
    press(false);
    while (wait_message(WAIT_MS, &start_ns)) {
        uint64_t now = hsp_now_ns();
        if (start_ns == 0 || read_pixel() == before)
            continue;
        fprintf(file, "%.1f %.1f\n", (double)(now - begin_ns) / 1e3,
                (double)(now - start_ns) / 1e3);
        fflush(file);
        return;
    }
}

int main(int argc, char **argv)
{
    const char *folder = getenv("HESPER_TEST_FOLDER");
    char go[256], times[256];
    uint64_t ignored;
    FILE *file;

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--ipc-fd=", 9) == 0)
            hsp_ipc_channel_init(&channel, atoi(argv[i] + 9));
    }
    if (!folder || channel.socket_fd == 0)
        return 2;
    snprintf(go, sizeof(go), "%s/go", folder);
    snprintf(times, sizeof(times), "%s/times", folder);
    while (access(go, F_OK) != 0)
        wait_message(100, &ignored);
    file = fopen(times, "we");
    if (!file)
        return 1;
    for (unsigned i = 0;; i++) {
        measure(file);
        /* Not in step with anything. */
        wait_message(20 + (int)(i * 7 % 23), &ignored);
    }
}
