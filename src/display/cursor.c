/* SPDX-License-Identifier: MIT */
#include "display/private.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

/* A cursor's picture is small and the guest may change it later: it is copied. */
static int copy_cursor(const struct hsp_span *span, uint32_t kind,
                       struct hsp_display_cursor *cursor)
{
    struct hsp_mapping mapping;
    int ret = span->size < HSP_CURSOR_SIZE ? -EINVAL : hsp_display_span_check(span, kind);

    if (ret == 0)
        ret = hsp_span_map(span, false, &mapping);
    if (ret < 0)
        return ret;
    memcpy(cursor->pixels, mapping.data, HSP_CURSOR_SIZE);
    hsp_mapping_finish(&mapping);
    return 0;
}

static void update_cursor(struct hsp_display *display, const struct hsp_ipc_display_cursor *request,
                          bool picture_changed)
{
    struct hsp_display_cursor *cursor = &display->scanouts[request->scanout_id].cursor;

    cursor->x = request->x;
    cursor->y = request->y;
    if (display->backend->ops->set_cursor)
        display->backend->ops->set_cursor(display->backend, request->scanout_id, cursor,
                                          picture_changed);
}

int hsp_display_handle_move_cursor(struct hsp_display *display,
                                   const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_cursor request;

    if (!hsp_ipc_decode(message, &request, sizeof(request), 0) ||
        request.scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return -EPROTO;
    update_cursor(display, &request, false);
    return 0;
}

int hsp_display_handle_set_cursor(struct hsp_display *display,
                                  const struct hsp_ipc_message *message)
{
    struct hsp_ipc_display_cursor request;
    struct hsp_display_cursor *cursor;
    struct hsp_span span = HSP_SPAN_EMPTY;
    int ret;

    if (!hsp_ipc_decode(message, &request, sizeof(request), 0)) {
        ret = hsp_ipc_decode_with_span(message, &request, sizeof(request), &span);
        if (ret < 0)
            return ret;
    }
    if (request.scanout_id >= HSP_LIMIT_SCANOUT_COUNT ||
        (request.resource_id != 0) != (span.piece_count != 0)) {
        hsp_span_finish(&span);
        return -EPROTO;
    }
    cursor = &display->scanouts[request.scanout_id].cursor;
    cursor->hot_x = HSP_MIN(request.hot_x, HSP_CURSOR_EXTENT - 1u);
    cursor->hot_y = HSP_MIN(request.hot_y, HSP_CURSOR_EXTENT - 1u);
    cursor->visible = request.resource_id != 0;
    if (cursor->visible) {
        ret = copy_cursor(&span, request.kind, cursor);
        if (ret < 0) {
            hsp_log_guest("scanout %u: cursor of resource %u refused: %s", request.scanout_id,
                          request.resource_id, strerror(-ret));
            cursor->visible = false;
        }
    }
    hsp_span_finish(&span);
    update_cursor(display, &request, true);
    return 0;
}
