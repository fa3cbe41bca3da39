/* SPDX-License-Identifier: MIT */
/*
 * Screenshots are written by libuv's worker threads: encoding takes milliseconds, and the reader of
 * the file may take its time.
 */
#include "display/private.h"

#include "base/fd.h"

#include <errno.h>
#include <stdlib.h>

/* Under way at a time; each may wait for its reader. More are refused with -EBUSY. */
#define MAX_CAPTURE_COUNT 16

struct capture {
    uv_work_t work;
    struct hsp_display *display;
    struct hsp_display_picture *picture;
    struct hsp_display_cursor cursor;
    uint64_t request_id;
    int fd;
    int status;
};

static void answer_screenshot(struct hsp_display *display, uint64_t request_id, int status)
{
    struct hsp_ipc_display_screenshot_done answer = {.request_id = request_id, .status = status};

    hsp_display_send(display, HSP_IPC_DISPLAY_SCREENSHOT_DONE, &answer, sizeof(answer));
}

static void write_screenshot(uv_work_t *work)
{
    struct capture *capture = HSP_CONTAINER_OF(work, struct capture, work);

    capture->status = hsp_display_screenshot_write(capture->fd, capture->picture, &capture->cursor);
    hsp_fd_close(&capture->fd); /* the reader may wait for the end of it */
}

static void on_screenshot_written(uv_work_t *work, int status)
{
    struct capture *capture = HSP_CONTAINER_OF(work, struct capture, work);
    struct hsp_display *display = capture->display;

    display->capture_count--;
    answer_screenshot(display, capture->request_id, capture->status);
    hsp_display_picture_unref(capture->picture);
    free(capture);
}

/* Takes the descriptor on success only. */
static int start_screenshot(struct hsp_display *display,
                            const struct hsp_ipc_display_screenshot *request, int fd_steal)
{
    struct hsp_display_picture *picture =
        display->backend->ops->get_shown(display->backend, request->scanout_id);
    struct capture *capture;
    int ret;

    if (!picture)
        return -ENODATA;
    if (display->capture_count >= MAX_CAPTURE_COUNT)
        return -EBUSY;
    capture = malloc(sizeof(*capture));
    if (!capture)
        return -ENOMEM;
    *capture = (struct capture){
        .display = display,
        .picture = picture,
        .cursor = display->scanouts[request->scanout_id].cursor,
        .request_id = request->request_id,
        .fd = fd_steal,
    };
    ret = uv_queue_work(&display->loop, &capture->work, write_screenshot, on_screenshot_written);
    if (ret < 0) {
        free(capture);
        return ret;
    }
    hsp_display_picture_ref(picture);
    display->capture_count++;
    return 0;
}

int hsp_display_handle_screenshot(struct hsp_display *display, struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_screenshot request;
    int ret;

    if (!hsp_ipc_decode(message, &request, sizeof(request), 1) ||
        request.scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return -EPROTO;
    ret = start_screenshot(display, &request, message->fds[0]);
    if (ret < 0)
        answer_screenshot(display, request.request_id, ret);
    else
        message->fds[0] = -1;
    return 0;
}
