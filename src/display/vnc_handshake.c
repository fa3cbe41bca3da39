/* SPDX-License-Identifier: MIT */
#include "display/vnc_handshake.h"

#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <rfb/rfb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/* From the first byte to the last. */
#define TIMEOUT_MS 10000

/* A wrong password is told so late: who guesses needs patience. */
#define REFUSAL_DELAY_MS 1000

#define VERSION      "RFB 003.008\n"
#define VERSION_SIZE 12

/* A stranger. What it has to send next, and how much, is in `step`. */
struct handshake {
    struct hsp_list link;
    struct hsp_vnc_handshakes *all;
    void *user_data;
    int fd;
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned open_handles;
    bool (*step)(struct handshake *handshake); /* false: hang up */
    uint8_t input[CHALLENGESIZE];
    size_t input_size, wanted_size;
    unsigned minor_version; /* 3, 7 or 8 */
    uint8_t challenge[CHALLENGESIZE];
    bool is_done;
};

/* ------------------------------------------------------------------ life */

static void on_handle_closed(uv_handle_t *handle)
{
    struct handshake *handshake = handle->data;

    if (--handshake->open_handles > 0)
        return;
    if (handshake->is_done && handshake->all->on_done)
        handshake->all->on_done(handshake->user_data, handshake->fd);
    else
        hsp_fd_close(&handshake->fd);
    free(handshake);
}

/* Once; the socket is given on or closed when libuv has let go of it. */
static void end(struct handshake *handshake)
{
    hsp_list_remove(&handshake->link);
    handshake->all->count--;
    uv_close((uv_handle_t *)&handshake->poll, on_handle_closed);
    uv_close((uv_handle_t *)&handshake->timer, on_handle_closed);
}

static void on_timeout(uv_timer_t *timer)
{
    end(timer->data);
}

/* ------------------------------------------------------------------ bytes */

/* There is always room for these few bytes in a new socket. */
static bool send_bytes(struct handshake *handshake, const void *bytes, size_t size)
{
    return write(handshake->fd, bytes, size) == (ssize_t)size; /* SIGPIPE is ignored */
}

static bool send_number(struct handshake *handshake, uint32_t number)
{
    uint32_t bytes = htonl(number);

    return send_bytes(handshake, &bytes, sizeof(bytes));
}

static void expect(struct handshake *handshake, size_t size,
                   bool (*step)(struct handshake *handshake))
{
    handshake->input_size = 0;
    handshake->wanted_size = size;
    handshake->step = step;
}

/* ------------------------------------------------------------------ steps */

static bool finish(struct handshake *handshake)
{
    handshake->is_done = true;
    return true;
}

/* Compares without telling by its time how much is right. */
static bool is_right(const struct handshake *handshake)
{
    uint8_t expected[CHALLENGESIZE], difference = 0;

    memcpy(expected, handshake->challenge, sizeof(expected));
    rfbEncryptBytes(expected, (char *)(uintptr_t)handshake->all->password);
    /* Without DES nothing would have been encrypted; then nothing is right. */
    if (memcmp(expected, handshake->challenge, sizeof(expected)) == 0)
        return false;
    for (size_t i = 0; i < sizeof(expected); i++)
        difference |= expected[i] ^ handshake->input[i];
    return difference == 0;
}

static void on_refusal(uv_timer_t *timer)
{
    static const char reason[] = "wrong password";
    struct handshake *handshake = timer->data;

    if (send_number(handshake, rfbVncAuthFailed) && handshake->minor_version >= 8 &&
        send_number(handshake, sizeof(reason) - 1))
        send_bytes(handshake, reason, sizeof(reason) - 1);
    end(handshake);
}

static bool take_response(struct handshake *handshake)
{
    if (is_right(handshake))
        return send_number(handshake, rfbVncAuthOK) && finish(handshake);
    hsp_log_guest("a VNC viewer has sent a wrong password");
    uv_poll_stop(&handshake->poll);
    uv_timer_start(&handshake->timer, on_refusal, REFUSAL_DELAY_MS, 0);
    return true;
}

static bool begin_security(struct handshake *handshake)
{
    if (handshake->all->password[0] == '\0')
        return (handshake->minor_version < 8 || send_number(handshake, rfbVncAuthOK)) &&
               finish(handshake);
    if (getentropy(handshake->challenge, sizeof(handshake->challenge)) < 0)
        return false;
    expect(handshake, CHALLENGESIZE, take_response);
    return send_bytes(handshake, handshake->challenge, sizeof(handshake->challenge));
}

static uint8_t get_security(const struct handshake *handshake)
{
    return handshake->all->password[0] == '\0' ? rfbSecTypeNone : rfbSecTypeVncAuth;
}

static bool take_security(struct handshake *handshake)
{
    return handshake->input[0] == get_security(handshake) && begin_security(handshake);
}

/* Versions that are none count as 3.3 (RFC 6143, 7.1.1); above 3.8 there is none. */
static bool take_version(struct handshake *handshake)
{
    const uint8_t types[] = {1, get_security(handshake)};
    const uint8_t *input = handshake->input;
    unsigned minor;

    if (memcmp(input, "RFB 003.", 8) != 0 || input[VERSION_SIZE - 1] != '\n')
        return false;
    for (size_t i = 8; i < VERSION_SIZE - 1; i++) {
        if (input[i] < '0' || input[i] > '9')
            return false;
    }
    minor = (unsigned)(input[8] - '0') * 100 + (unsigned)(input[9] - '0') * 10 +
            (unsigned)(input[10] - '0');
    handshake->minor_version = minor >= 8 ? 8 : minor == 7 ? 7 : 3;
    if (handshake->minor_version == 3)
        return send_number(handshake, get_security(handshake)) && begin_security(handshake);
    expect(handshake, 1, take_security);
    return send_bytes(handshake, types, sizeof(types));
}

/* ------------------------------------------------------------------ loop */

/* Reads what the step wants, not more: what follows is libvncserver's. False to hang up. */
static bool receive(struct handshake *handshake)
{
    ssize_t n = recv(handshake->fd, handshake->input + handshake->input_size,
                     handshake->wanted_size - handshake->input_size, 0);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    handshake->input_size += (size_t)n;
    if (n == 0 || handshake->input_size < handshake->wanted_size)
        return n > 0;
    return handshake->step(handshake);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct handshake *handshake = poll->data;

    if (status < 0 || !receive(handshake) || handshake->is_done)
        end(handshake);
}

void hsp_vnc_handshakes_init(struct hsp_vnc_handshakes *handshakes)
{
    hsp_list_init(&handshakes->list);
    handshakes->count = 0;
}

static int begin(struct handshake *handshake)
{
    struct hsp_vnc_handshakes *all = handshake->all;
    int ret = hsp_fd_set_nonblocking(handshake->fd, true);

    if (ret == 0)
        ret = uv_poll_init(all->loop, &handshake->poll, handshake->fd);
    if (ret < 0)
        return ret;
    uv_timer_init(all->loop, &handshake->timer);
    handshake->poll.data = handshake->timer.data = handshake;
    handshake->open_handles = 2;
    hsp_list_append(&all->list, &handshake->link);
    all->count++;
    expect(handshake, VERSION_SIZE, take_version);
    uv_timer_start(&handshake->timer, on_timeout, TIMEOUT_MS, 0);
    uv_poll_start(&handshake->poll, UV_READABLE, on_poll);
    if (!send_bytes(handshake, VERSION, VERSION_SIZE))
        end(handshake);
    return 0;
}

void hsp_vnc_handshakes_start(struct hsp_vnc_handshakes *handshakes, int socket_fd_steal,
                              void *user_data)
{
    struct handshake *handshake = NULL;

    if (handshakes->count < HSP_LIMIT_VNC_HANDSHAKE_COUNT)
        handshake = calloc(1, sizeof(*handshake));
    else
        hsp_log_guest("too many VNC viewers at a time that have not said who they are");
    if (handshake) {
        handshake->all = handshakes;
        handshake->user_data = user_data;
        handshake->fd = socket_fd_steal;
        if (begin(handshake) == 0)
            return;
        free(handshake);
    }
    hsp_fd_close(&socket_fd_steal);
}

void hsp_vnc_handshakes_finish(struct hsp_vnc_handshakes *handshakes)
{
    handshakes->on_done = NULL; /* also for those that are just done */
    hsp_list_for_each_safe (handshake, &handshakes->list, struct handshake, link)
        end(handshake);
}
