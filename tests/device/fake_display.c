/* SPDX-License-Identifier: MIT */
/*
 * A hesper-display that shows nothing, and says in the log what it would. While the flag
 * "hold-display" is there it reads nothing; with the flag "resize" a flush makes it ask for
 * 800x600. A file "script" is read at a flush, and what its lines say is sent:
 *
 *     key CODE PRESSED | position SCANOUT X Y | motion X Y | wheel X Y | kind N |
 *     close SCANOUT | die
 */
#include "fake.h"

#include "base/fd.h"
#include "base/format.h"
#include "base/span.h"
#include "base/stats.h"
#include "ipc/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct hsp_ipc_channel channel;
static struct hsp_stats_display *stats;
static struct {
    struct hsp_ipc_display_scanout picture;
    struct hsp_mapping mapping;
} scanouts[HSP_LIMIT_SCANOUT_COUNT];

static void send_message(uint32_t type, const void *body, size_t size)
{
    hsp_ipc_channel_send(&channel, type, body, size, NULL, 0);
}

static void handle_set_scanout(const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_scanout picture;
    struct hsp_span span = HSP_SPAN_EMPTY;

    if (!hsp_ipc_decode(message, &picture, sizeof(picture), 0) &&
        hsp_ipc_decode_with_span(message, &picture, sizeof(picture), &span) < 0)
        abort();
    fake_log("scanout id=%u %ux%u stride=%u offset=%llu format=%u kind=%u rect=%u,%u,%u,%u",
             picture.scanout_id, picture.width, picture.height, picture.stride,
             (unsigned long long)picture.offset, picture.format, picture.kind, picture.rect.x,
             picture.rect.y, picture.rect.width, picture.rect.height);
    hsp_mapping_finish(&scanouts[picture.scanout_id].mapping);
    if (picture.width > 0 && hsp_span_map(&span, false, &scanouts[picture.scanout_id].mapping) < 0)
        fake_log("scanout id=%u cannot be mapped", picture.scanout_id);
    scanouts[picture.scanout_id].picture = picture;
    hsp_span_finish(&span);
}

static uint32_t read_pixel(uint32_t scanout_id, uint32_t x, uint32_t y)
{
    const struct hsp_ipc_display_scanout *picture = &scanouts[scanout_id].picture;
    uint32_t pixel = 0;

    if (scanouts[scanout_id].mapping.data)
        memcpy(&pixel,
               (const char *)scanouts[scanout_id].mapping.data + picture->offset +
                   (uint64_t)y * picture->stride + (uint64_t)x * 4,
               sizeof(pixel));
    return pixel;
}

/* False for the line "die". */
static bool play_line(const char *line)
{
    struct hsp_ipc_display_input input = {.start_ns = 1};
    struct hsp_ipc_display_closed closed = {0};

    if (sscanf(line, "key %u %u", &input.code, &input.is_pressed) == 2)
        input.kind = HSP_IPC_INPUT_KEY;
    else if (sscanf(line, "position %u %d %d", &input.scanout_id, &input.x, &input.y) == 3)
        input.kind = HSP_IPC_INPUT_POSITION;
    else if (sscanf(line, "motion %d %d", &input.x, &input.y) == 2)
        input.kind = HSP_IPC_INPUT_MOTION;
    else if (sscanf(line, "wheel %d %d", &input.x, &input.y) == 2)
        input.kind = HSP_IPC_INPUT_WHEEL;
    else if (sscanf(line, "kind %u", &input.kind) != 1) {
        if (sscanf(line, "close %u", &closed.scanout_id) == 1)
            send_message(HSP_IPC_DISPLAY_CLOSED, &closed, sizeof(closed));
        return strncmp(line, "die", 3) != 0;
    }
    send_message(HSP_IPC_DISPLAY_INPUT, &input, sizeof(input));
    return true;
}

static void play_script(void)
{
    char path[256], line[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/script", getenv("HESPER_TEST_FOLDER"));
    file = fopen(path, "re");
    if (!file)
        return;
    unlink(path);
    while (fgets(line, sizeof(line), file)) {
        if (!play_line(line))
            _exit(1);
    }
    fclose(file);
    fake_log("script done");
}

static void handle_connected(const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_connected body;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 0))
        abort();
    fake_log("%s id=%u", body.is_connected ? "connected" : "disconnected", body.scanout_id);
}

static void handle_leds(const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_leds body;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 0))
        abort();
    fake_log("leds %u", body.leds);
}

static void handle_flush(const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_flush flush;

    if (!hsp_ipc_decode(message, &flush, sizeof(flush), 0))
        abort();
    fake_log("flush id=%u rect=%u,%u,%u,%u pixel=%08x", flush.scanout_id, flush.rect.x,
             flush.rect.y, flush.rect.width, flush.rect.height,
             read_pixel(flush.scanout_id, flush.rect.x, flush.rect.y));
    struct hsp_stats_scanout *counters = &stats->scanouts[flush.scanout_id];
    hsp_stats_add(counters, flushes, 1);
    hsp_stats_add(counters, frames, 1);
    if (fake_has_flag("resize")) {
        struct hsp_ipc_display_resized resized = {.width = 800, .height = 600};
        send_message(HSP_IPC_DISPLAY_RESIZED, &resized, sizeof(resized));
    }
    play_script();
    struct hsp_ipc_display_flushed flushed = {.sequence = flush.sequence,
                                              .scanout_id = flush.scanout_id};
    send_message(HSP_IPC_DISPLAY_FLUSHED, &flushed, sizeof(flushed));
}

static void handle_cursor(const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_cursor cursor;
    struct hsp_span span = HSP_SPAN_EMPTY;
    struct hsp_mapping mapping;
    uint32_t pixel = 0;

    if (!hsp_ipc_decode(message, &cursor, sizeof(cursor), 0) &&
        hsp_ipc_decode_with_span(message, &cursor, sizeof(cursor), &span) < 0)
        abort();
    if (span.piece_count > 0 && hsp_span_map(&span, false, &mapping) == 0) {
        memcpy(&pixel, mapping.data, sizeof(pixel));
        hsp_mapping_finish(&mapping);
    }
    hsp_span_finish(&span);
    fake_log("%s id=%u resource=%u at=%d,%d hot=%u,%u pixel=%08x",
             message->type == HSP_IPC_DISPLAY_SET_CURSOR ? "cursor" : "move", cursor.scanout_id,
             cursor.resource_id, cursor.x, cursor.y, cursor.hot_x, cursor.hot_y, pixel);
}

static void handle_screenshot(const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_screenshot body;

    if (!hsp_ipc_decode(message, &body, sizeof(body), 1))
        abort();
    struct hsp_ipc_display_screenshot_done done = {.request_id = body.request_id};
    fake_log("screenshot id=%u", body.scanout_id);
    if (hsp_fd_write_all(message->fds[0], "picture", 7) < 0)
        abort();
    send_message(HSP_IPC_DISPLAY_SCREENSHOT_DONE, &done, sizeof(done));
}

static void handle(const struct hsp_ipc_message *message)
{
    switch (message->type) {
    case HSP_IPC_DISPLAY_SET_SCANOUT:
        handle_set_scanout(message);
        break;
    case HSP_IPC_DISPLAY_FLUSH:
        handle_flush(message);
        break;
    case HSP_IPC_DISPLAY_SET_CURSOR:
    case HSP_IPC_DISPLAY_MOVE_CURSOR:
        handle_cursor(message);
        break;
    case HSP_IPC_DISPLAY_SET_CONNECTED:
        handle_connected(message);
        break;
    case HSP_IPC_DISPLAY_SET_LEDS:
        handle_leds(message);
        break;
    case HSP_IPC_DISPLAY_SCREENSHOT:
        handle_screenshot(message);
        break;
    default:
        abort();
    }
}

int main(int argc, char **argv)
{
    const char *ipc_fd = fake_argument(argc, argv, "ipc-fd");
    const char *stats_fd = fake_argument(argc, argv, "stats-fd");
    const char *backend = fake_argument(argc, argv, "backend");

    if (!ipc_fd || !stats_fd || !backend)
        return 2;
    stats = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(stats_fd), 0);
    if (stats == MAP_FAILED)
        return 2;
    hsp_ipc_channel_init(&channel, atoi(ipc_fd));
    fake_log("display begin backend=%s pid=%d", backend, (int)getpid());
    for (;;) {
        struct hsp_ipc_message message;
        fake_wait_while_flag("hold-display");
        if (hsp_ipc_channel_receive(&channel, &message) <= 0)
            break;
        fake_wait_while_flag("hold-display");
        handle(&message);
        hsp_ipc_message_finish(&message);
    }
    fake_log("display end pid=%d", (int)getpid());
    return 0;
}
