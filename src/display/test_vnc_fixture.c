/* SPDX-License-Identifier: MIT */
#include "display/test_vnc_fixture.h"

#include "base/fd.h"
#include "base/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_MS         20000
#define MAX_ARGUMENT_COUNT 8

/* ------------------------------------------------------------------ display */

struct command_line {
    char backend[160];
    const char *arguments[MAX_ARGUMENT_COUNT + 1];
};

static void make_command_line(struct command_line *line, const char *choice,
                              const char *const *arguments)
{
    size_t count = 0;

    memset(line, 0, sizeof(*line));
    snprintf(line->backend, sizeof(line->backend), "--backend=%s", choice);
    line->arguments[count++] = line->backend;
    line->arguments[count++] = "--name=testvm";
    while (arguments && *arguments && count < MAX_ARGUMENT_COUNT)
        line->arguments[count++] = *arguments++;
}

void test_vnc_launch(struct test_vnc *vnc, const char *choice, const char *const *arguments)
{
    struct command_line line;

    make_command_line(&line, choice, arguments);
    vnc->log_fd = test_file_create();
    test_client_start(&vnc->client, HESPER_DISPLAY_PATH, line.arguments, vnc->log_fd);
}

void test_vnc_wait_logged(struct test_vnc *vnc, const char *text)
{
    for (int i = 0; i < TIMEOUT_MS / 10; i++) {
        char log[65536];
        ssize_t n = pread(vnc->log_fd, log, sizeof(log) - 1, 0);
        log[HSP_MAX(n, 0)] = '\0';
        if (strstr(log, text))
            return;
        usleep(10000);
    }
    hsp_test_fail(__FILE__, __LINE__, "the display did not print '%s'", text);
}

void test_vnc_start_with(struct test_vnc *vnc, const char *choice, const char *const *arguments)
{
    test_vnc_launch(vnc, choice, arguments);
    test_vnc_wait_logged(vnc, "screen 1 is at VNC");
}

void test_vnc_start(struct test_vnc *vnc)
{
    char choice[96];

    memset(vnc, 0, sizeof(*vnc));
    strcpy(vnc->folder, "/tmp/hesper-test-XXXXXX");
    HSP_CHECK(mkdtemp(vnc->folder) != NULL);
    snprintf(vnc->path, sizeof(vnc->path), "%s/vnc", vnc->folder);
    snprintf(choice, sizeof(choice), "vnc=unix:%s", vnc->path);
    test_vnc_start_with(vnc, choice, NULL);
}

uint16_t test_vnc_find_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    HSP_CHECK_EQ(bind(fd, (struct sockaddr *)&address, size), 0);
    HSP_CHECK_EQ(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

void test_vnc_start_tcp(struct test_vnc *vnc, uint16_t port, const char *const *arguments)
{
    char choice[64];

    memset(vnc, 0, sizeof(*vnc));
    vnc->port = port;
    snprintf(choice, sizeof(choice), "vnc=127.0.0.1:%u", port);
    test_vnc_start_with(vnc, choice, arguments);
}

void test_vnc_replace(struct test_vnc *vnc, const char *choice)
{
    struct command_line line;

    make_command_line(&line, choice, NULL);
    close(vnc->log_fd);
    vnc->log_fd = test_file_create();
    test_client_replace(&vnc->client, HESPER_DISPLAY_PATH, line.arguments, vnc->log_fd);
    test_vnc_wait_logged(vnc, "screen 1 is at VNC");
}

void test_vnc_finish(struct test_vnc *vnc)
{
    test_client_finish(&vnc->client);
    close(vnc->log_fd);
    if (vnc->port)
        return;
    HSP_CHECK(access(vnc->path, F_OK) < 0);
    HSP_CHECK_EQ(rmdir(vnc->folder), 0);
}

int test_vnc_run(const char *choice, const char *const *arguments, char *out_log, size_t size)
{
    struct test_vnc vnc;
    ssize_t n;
    int status;

    test_vnc_launch(&vnc, choice, arguments);
    status = test_client_wait(&vnc.client);
    hsp_ipc_channel_finish(&vnc.client.channel);
    n = pread(vnc.log_fd, out_log, size - 1, 0);
    out_log[HSP_MAX(n, 0)] = '\0';
    close(vnc.log_fd);
    return status;
}

/* ------------------------------------------------------------------ viewers */

static int viewer_key;

static struct test_viewer *get_viewer(rfbClient *client)
{
    return rfbClientGetClientData(client, &viewer_key);
}

static void on_update(rfbClient *client)
{
    get_viewer(client)->update_count++;
}

static void on_cursor(rfbClient *client, int hot_x, int hot_y, int width, int height, int bytes)
{
    struct test_viewer *viewer = get_viewer(client);

    viewer->has_cursor = true;
    viewer->hot_x = hot_x;
    viewer->hot_y = hot_y;
    viewer->cursor_width = width;
    viewer->cursor_height = height;
}

static rfbBool on_cursor_position(rfbClient *client, int x, int y)
{
    get_viewer(client)->cursor_x = x;
    get_viewer(client)->cursor_y = y;
    return TRUE;
}

static char *get_password(rfbClient *client)
{
    return strdup(get_viewer(client)->password);
}

static void log_nothing(const char *format, ...)
{
}

static void set_address(rfbClient *client, const struct test_vnc *vnc, uint32_t screen)
{
    char address[128] = "127.0.0.1";

    if (!vnc->port)
        snprintf(address, sizeof(address), screen ? "%s-%u" : "%s", vnc->path, screen);
    free(client->serverHost);
    client->serverHost = strdup(address);
    client->serverPort = vnc->port ? (int)(vnc->port + screen) : 0;
}

bool test_viewer_try(struct test_viewer *viewer, const struct test_vnc *vnc,
                     const struct test_viewer_options *options)
{
    static const struct test_viewer_options usual;
    rfbClient *client;

    options = options ? options : &usual;
    rfbClientLog = rfbClientErr = log_nothing;
    memset(viewer, 0, sizeof(*viewer));
    client = rfbGetClient(8, 3, 4);
    viewer->client = client;
    viewer->password = options->password ? options->password : "";
    rfbClientSetClientData(client, &viewer_key, viewer);
    client->FinishedFrameBufferUpdate = on_update;
    client->GotCursorShape = on_cursor;
    client->HandleCursorPos = on_cursor_position;
    client->GetPassword = get_password;
    client->appData.encodingsString = options->encodings ? options->encodings : "raw";
    client->appData.useRemoteCursor = !options->draws_no_cursor;
    client->appData.enableJPEG = FALSE;
    set_address(client, vnc, options->screen);
    if (rfbInitClient(client, NULL, NULL))
        return true;
    viewer->client = NULL; /* it is gone already */
    return false;
}

void test_viewer_init(struct test_viewer *viewer, const struct test_vnc *vnc,
                      const struct test_viewer_options *options)
{
    HSP_CHECK(test_viewer_try(viewer, vnc, options));
}

void test_viewer_finish(struct test_viewer *viewer)
{
    free(viewer->client->frameBuffer);
    rfbClientCleanup(viewer->client);
}

bool test_viewer_pump(struct test_viewer *viewer, int timeout_ms)
{
    rfbClient *client = viewer->client;
    /* libvncclient's own wait knows nothing of what it has read already. */
    int count = client->buffered > 0 ? 1 : WaitForMessage(client, (unsigned)timeout_ms * 1000);

    HSP_CHECK(count >= 0);
    if (count > 0)
        HSP_CHECK(HandleRFBServerMessage(client));
    return count > 0;
}

bool test_viewer_shows(const struct test_viewer *viewer, const struct test_picture *picture,
                       int tolerance)
{
    const struct hsp_ipc_rect *rect = &picture->scanout.rect;
    const rfbClient *client = viewer->client;

    if ((uint32_t)client->width != rect->width || (uint32_t)client->height != rect->height)
        return false;
    for (uint32_t y = 0; y < rect->height; y++) {
        for (uint32_t x = 0; x < rect->width; x++) {
            const uint8_t *shown = client->frameBuffer + (y * rect->width + x) * 4;
            uint8_t expected[3];
            test_picture_get(picture, x, y, expected);
            for (int i = 0; i < 3; i++) {
                if (abs(shown[i] - expected[i]) > tolerance)
                    return false;
            }
        }
    }
    return true;
}

void test_viewer_wait_shown(struct test_viewer *viewer, const struct test_picture *picture)
{
    TEST_VIEWER_WAIT(viewer, test_viewer_shows(viewer, picture, 0));
}

/* ------------------------------------------------------------------ bare sockets */

int test_vnc_connect(const struct test_vnc *vnc)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct sockaddr_in tcp = {
        .sin_family = AF_INET, .sin_port = htons(vnc->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(vnc->port ? AF_INET : AF_UNIX, SOCK_STREAM, 0);

    HSP_CHECK(fd >= 0);
    strcpy(path.sun_path, vnc->path);
    HSP_CHECK_EQ(vnc->port ? connect(fd, (struct sockaddr *)&tcp, sizeof(tcp))
                           : connect(fd, (struct sockaddr *)&path, sizeof(path)),
                 0);
    return fd;
}

void test_socket_send(int fd, const void *data, size_t size)
{
    HSP_CHECK_EQ(send(fd, data, size, MSG_NOSIGNAL), size);
}

void test_socket_receive(int fd, void *data, size_t size)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};

    HSP_CHECK_EQ(poll(&pollfd, 1, TIMEOUT_MS), 1);
    HSP_CHECK_EQ(hsp_fd_read_all(fd, data, size), 0);
}

int test_vnc_connect_bare(const struct test_vnc *vnc)
{
    int fd = test_vnc_connect(vnc);
    uint8_t bytes[256];

    test_socket_receive(fd, bytes, 12);
    test_socket_send(fd, "RFB 003.008\n", 12);
    test_socket_receive(fd, bytes, 2);
    HSP_CHECK_EQ(bytes[0], 1);
    HSP_CHECK_EQ(bytes[1], 1);
    test_socket_send(fd, "\x01", 1);
    test_socket_receive(fd, bytes, 4);
    test_socket_send(fd, "\x01", 1);
    test_socket_receive(fd, bytes, 24);
    HSP_CHECK(bytes[23] > 0);
    test_socket_receive(fd, bytes, bytes[23]);
    return fd;
}

size_t test_socket_wait_closed(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};
    uint8_t bytes[4096];
    size_t size = 0;
    ssize_t n;

    for (;;) {
        HSP_CHECK_EQ(poll(&pollfd, 1, TIMEOUT_MS), 1);
        n = recv(fd, bytes, sizeof(bytes), 0);
        if (n <= 0)
            return size;
        size += (size_t)n;
    }
}
