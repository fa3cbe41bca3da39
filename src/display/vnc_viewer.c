/* SPDX-License-Identifier: MIT */
/*
 * How a viewer gets into libvncserver: rfbNewClient wants to do the whole handshake itself, and
 * would look for websockets and TLS before it. So it gets one end of a socket pair in which a
 * viewer's side of the shortest handshake lies ready; then the viewer's socket takes that end's
 * place.
 */
#include "display/vnc_viewer_private.h"

#include "base/fd.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

/* Until the viewer has said ClientInit. */
#define INIT_TIMEOUT_MS 10000

/* Interrupts system calls, and nothing else: nobody sends it but this file. */
#define WAKE_SIGNAL SIGURG

/* For the rest of a message, and for room in the socket. */
#define STALL_TIMEOUT_MS 20000

/* ------------------------------------------------------------------ log */

/* What libvncserver has to tell is for developers, and viewers can make it talk a lot. */
HSP_PRINTF(1, 2) static void log_line(const char *fmt, ...)
{
    char line[256];
    va_list args;

    if (!hsp_log_enabled(HSP_LOG_DEBUG))
        return;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    line[strcspn(line, "\n")] = '\0';
    hsp_debug("libvncserver: %s", line);
}

/* ------------------------------------------------------------------ thread */

/* Waits for something to do; false when the viewer has not begun in time. */
static bool wait_for_news(struct hsp_vnc_viewer *viewer, bool wants_frame, bool *out_has_message)
{
    struct pollfd fds[] = {
        {.fd = viewer->client->sock, .events = POLLIN},
        {.fd = viewer->feed.wake_read_fd, .events = POLLIN},
    };
    bool is_ready = viewer->client->state == RFB_NORMAL;
    int timeout = is_ready ? -1 : INIT_TIMEOUT_MS;
    int count;

    if ((wants_frame && hsp_vnc_viewer_has_update(viewer)) ||
        !hsp_vnc_feed_rest(&viewer->feed, wants_frame))
        timeout = 0;
    do {
        count = poll(fds, HSP_ARRAY_COUNT(fds), timeout);
    } while (count < 0 && errno == EINTR);
    *out_has_message = fds[0].revents != 0;
    return count != 0 || timeout == 0;
}

/* Messages that hesper serves; all others belong to extensions that it never offers. */
static bool is_known_message(uint8_t type)
{
    switch (type) {
    case rfbSetPixelFormat:
    case rfbSetEncodings:
    case rfbFramebufferUpdateRequest:
    case rfbKeyEvent:
    case rfbPointerEvent:
    case rfbClientCutText:
    case rfbSetDesktopSize:
    case rfbQemuEvent:
        return true;
    default:
        return false;
    }
}

/* Old encodings, some of which keep their state in variables of the whole process, are not used. */
static void check_encoding(rfbClientPtr client)
{
    switch (client->preferredEncoding) {
    case rfbEncodingRaw:
    case rfbEncodingHextile:
    case rfbEncodingZlib:
    case rfbEncodingZRLE:
    case rfbEncodingTight:
    case -1:
        break;
    default:
        client->preferredEncoding = rfbEncodingRaw;
    }
}

/* libvncserver's lists of what it knows name what is not served here. */
static void drop_extensions(rfbClientPtr client)
{
    client->enableSupportedMessages = FALSE;
    client->enableSupportedEncodings = FALSE;
    client->enableServerIdentity = FALSE;
}

static void receive_message(struct hsp_vnc_viewer *viewer)
{
    rfbClientPtr client = viewer->client;
    uint8_t type = rfbSetEncodings; /* at the end of the stream libvncserver sees to it */

    if (client->state == RFB_NORMAL)
        recv(client->sock, &type, sizeof(type), MSG_PEEK);
    if (!is_known_message(type)) {
        hsp_debug("a VNC viewer sent message %u", type);
        rfbCloseClient(client);
        return;
    }
    if (type == rfbSetDesktopSize) {
        hsp_vnc_viewer_receive_size(viewer);
        return;
    }
    rfbProcessClientMessage(client);
    check_encoding(client);
    drop_extensions(client);
}

static bool is_open(const struct hsp_vnc_viewer *viewer)
{
    return viewer->client->sock != RFB_INVALID_SOCKET;
}

/* One round: waits, shows what is new, takes a message. False at the end. */
static bool serve(struct hsp_vnc_viewer *viewer)
{
    bool wants_frame = hsp_vnc_viewer_wants_frame(viewer);
    bool has_message, is_in_time = wait_for_news(viewer, wants_frame, &has_message);

    hsp_vnc_feed_take(&viewer->feed, wants_frame, &viewer->work);
    hsp_vnc_viewer_show(viewer);
    if (!is_in_time || viewer->work.is_closing)
        return false;
    if (wants_frame)
        hsp_vnc_viewer_send_update(viewer);
    if (is_open(viewer) && has_message)
        receive_message(viewer);
    return is_open(viewer);
}

static void *run(void *data)
{
    struct hsp_vnc_viewer *viewer = data;

    hsp_thread_set_name("viewer");
    while (serve(viewer))
        continue;
    hsp_vnc_feed_put_gone(&viewer->feed);
    return NULL;
}

/* ------------------------------------------------------------------ the way into libvncserver */

/* Lets libvncserver find a viewer's side of the handshake: its version, and that it wants none of
 * the securities. */
static rfbClientPtr make_client(struct hsp_vnc_viewer *viewer, int pair[2])
{
    static const char handshake[] = "RFB 003.008\n\x01";
    rfbClientPtr client;

    if (hsp_fd_write_all(pair[1], handshake, sizeof(handshake) - 1) < 0)
        return NULL;
    client = rfbNewClient(viewer->screen, pair[0]);
    pair[0] = -1; /* it has closed it otherwise */
    if (!client)
        return NULL;
    for (int i = 0; i < 2 && client->sock != RFB_INVALID_SOCKET; i++)
        rfbProcessClientMessage(client);
    if (client->sock != RFB_INVALID_SOCKET && client->state == RFB_INITIALISATION)
        return client;
    rfbCloseClient(client);
    rfbClientConnectionGone(client);
    return NULL;
}

static int put_socket(rfbClientPtr client, int socket_fd)
{
    int ret = hsp_fd_set_nonblocking(socket_fd, true);

    if (ret == 0 && dup2(socket_fd, client->sock) < 0)
        ret = -errno;
    if (ret == 0)
        ret = hsp_fd_set_cloexec(client->sock, true);
    return ret;
}

static int enter(struct hsp_vnc_viewer *viewer, int socket_fd)
{
    int pair[2];
    int ret = hsp_fd_socketpair(pair);

    if (ret < 0)
        return ret;
    if (pair[0] >= FD_SETSIZE) /* libvncserver uses select */
        ret = -EMFILE;
    if (ret == 0) {
        viewer->client = make_client(viewer, pair);
        ret = viewer->client ? put_socket(viewer->client, socket_fd) : -EPROTO;
    }
    hsp_fd_close(&pair[0]);
    hsp_fd_close(&pair[1]);
    return ret;
}

/* ------------------------------------------------------------------ life */

/* libvncserver forgets to. */
static void free_extensions(rfbClientPtr client)
{
    rfbExtensionData *extension;

    while ((extension = client->extensions)) {
        client->extensions = extension->next;
        free(extension);
    }
}

static void leave(struct hsp_vnc_viewer *viewer)
{
    if (viewer->client) {
        if (is_open(viewer))
            rfbCloseClient(viewer->client);
        free_extensions(viewer->client);
        rfbClientConnectionGone(viewer->client);
    }
    viewer->client = NULL;
    viewer->screen->cursor = NULL;
    viewer->screen->frameBuffer = NULL;
    hsp_vnc_canvas_finish(&viewer->canvas);
    hsp_vnc_feed_reset(&viewer->feed);
    hsp_fd_close(&viewer->control_fd);
}

int hsp_vnc_viewer_start(struct hsp_vnc_viewer *viewer, int socket_fd_steal, const char *title,
                         uint32_t width, uint32_t height)
{
    int ret;

    snprintf(viewer->title, sizeof(viewer->title), "%s", title);
    viewer->screen->desktopName = viewer->title;
    viewer->leds = 0;
    viewer->button_mask = viewer->shifts = 0;
    viewer->announces_keys = false;
    memset(viewer->held_codes, 0, sizeof(viewer->held_codes));
    ret = hsp_vnc_viewer_resize_screen(viewer, width, height);
    if (ret == 0)
        ret = enter(viewer, socket_fd_steal);
    if (ret == 0)
        ret = viewer->control_fd = hsp_fd_dup(socket_fd_steal);
    if (ret >= 0)
        ret = -pthread_create(&viewer->thread, NULL, run, viewer);
    if (ret < 0)
        leave(viewer);
    else
        hsp_fd_close(&socket_fd_steal);
    return ret;
}

void hsp_vnc_viewer_stop(struct hsp_vnc_viewer *viewer)
{
    if (viewer->control_fd < 0)
        return;
    hsp_vnc_feed_close(&viewer->feed);
    shutdown(viewer->control_fd, SHUT_RDWR);
}

/* The thread may sit in libvncserver's select, which for some sockets does not see that they have
 * been shut down. */
static void wake_until_gone(struct hsp_vnc_viewer *viewer)
{
    while (!hsp_vnc_feed_is_gone(&viewer->feed)) {
        pthread_kill(viewer->thread, WAKE_SIGNAL);
        usleep(1000);
    }
}

void hsp_vnc_viewer_finish(struct hsp_vnc_viewer *viewer)
{
    if (viewer->control_fd < 0)
        return;
    wake_until_gone(viewer);
    pthread_join(viewer->thread, NULL);
    leave(viewer);
}

struct hsp_vnc_feed *hsp_vnc_viewer_get_feed(struct hsp_vnc_viewer *viewer)
{
    return &viewer->feed;
}

static void on_wake_signal(int number)
{
}

static void init_library(void)
{
    const struct sigaction action = {.sa_handler = on_wake_signal};
    static bool is_done;

    if (is_done)
        return;
    is_done = true;
    sigaction(WAKE_SIGNAL, &action, NULL);
    rfbLog = log_line;
    rfbErr = log_line;
    hsp_vnc_viewer_init_extension();
}

int hsp_vnc_viewer_create(void (*wake_loop)(void *user_data), void *user_data,
                          struct hsp_vnc_viewer **out_viewer)
{
    struct hsp_vnc_viewer *viewer = calloc(1, sizeof(*viewer));
    int ret;

    if (!viewer)
        return -ENOMEM;
    init_library();
    viewer->control_fd = -1;
    viewer->screen = rfbGetScreen(NULL, NULL, 4, 4, 8, 3, 4);
    ret = viewer->screen ? hsp_vnc_feed_init(&viewer->feed, wake_loop, user_data) : -ENOMEM;
    if (ret < 0) {
        if (viewer->screen)
            rfbScreenCleanup(viewer->screen);
        free(viewer);
        return ret;
    }
    viewer->screen->maxClientWait = STALL_TIMEOUT_MS;
    hsp_vnc_viewer_init_screen(viewer);
    hsp_vnc_viewer_init_input(viewer);
    *out_viewer = viewer;
    return 0;
}

void hsp_vnc_viewer_destroy(struct hsp_vnc_viewer *viewer)
{
    if (!viewer)
        return;
    hsp_vnc_viewer_stop(viewer);
    hsp_vnc_viewer_finish(viewer);
    rfbScreenCleanup(viewer->screen);
    hsp_vnc_feed_finish(&viewer->feed);
    free(viewer);
}
