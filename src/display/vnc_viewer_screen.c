/* SPDX-License-Identifier: MIT */
#include "display/vnc_viewer_private.h"

#include "base/evdev.h"
#include "base/log.h"

#include <errno.h>
#include <rfb/rfbregion.h>
#include <string.h>

/* The region that is still to be sent may not become finer than this. */
#define MAX_RECT_COUNT 64

/* Pixels of a cursor that are at least this opaque are drawn by viewers, which know no more. */
#define OPAQUE 128

#define BYTES_PER_PIXEL 4

static struct hsp_vnc_viewer *get_viewer(const struct _rfbScreenInfo *screen)
{
    return screen->screenData;
}

/* ------------------------------------------------------------------ size and format */

/* The canvas's format: B, G, R and a byte of nothing. */
static void set_format(rfbScreenInfoPtr screen)
{
    rfbPixelFormat *format = &screen->serverFormat;

    format->depth = 24;
    format->redShift = 16;
    format->greenShift = 8;
    format->blueShift = 0;
}

int hsp_vnc_viewer_resize_screen(struct hsp_vnc_viewer *viewer, uint32_t width, uint32_t height)
{
    struct hsp_vnc_canvas *canvas = &viewer->canvas;
    int ret = hsp_vnc_canvas_resize(canvas, width, height);

    if (ret < 0)
        return ret;
    rfbNewFramebuffer(viewer->screen, (char *)canvas->pixels, (int)width, (int)height, 8, 3,
                      BYTES_PER_PIXEL);
    set_format(viewer->screen);
    if (viewer->client)
        viewer->screen->setTranslateFunction(viewer->client);
    return 0;
}

/* ------------------------------------------------------------------ pixels */

static void mark(struct hsp_vnc_viewer *viewer, const struct hsp_ipc_rect *rect)
{
    rfbMarkRectAsModified(viewer->screen, (int)rect->x, (int)rect->y, (int)(rect->x + rect->width),
                          (int)(rect->y + rect->height));
}

/* A viewer that never asks for all of the screen must not make the region grow for ever. */
static void simplify_region(rfbClientPtr client)
{
    sraRegionPtr box;

    if (sraRgnCountRects(client->modifiedRegion) <= MAX_RECT_COUNT)
        return;
    box = sraRgnBBox(client->modifiedRegion);
    sraRgnDestroy(client->modifiedRegion);
    client->modifiedRegion = box;
}

static void copy_damage(struct hsp_vnc_viewer *viewer)
{
    struct hsp_vnc_work *work = &viewer->work;
    uint64_t pixels = 0;
    int ret = 0;

    for (uint32_t i = 0; i < work->damage.count && ret == 0; i++) {
        struct hsp_ipc_rect *rect = &work->damage.rects[i];
        ret = hsp_vnc_canvas_copy(&viewer->canvas, work->picture, work->picture_serial, rect);
        if (ret == 0 && rect->width > 0) {
            mark(viewer, rect);
            pixels += (uint64_t)rect->width * rect->height;
        }
    }
    if (ret < 0)
        hsp_log_guest("a picture cannot be read for VNC: %s", strerror(-ret));
    hsp_vnc_feed_count_copied(&viewer->feed, pixels * BYTES_PER_PIXEL);
}

static void read_picture(struct hsp_vnc_viewer *viewer)
{
    const struct hsp_display_picture *picture = viewer->work.picture;
    uint32_t width, height;
    int ret = 0;

    hsp_vnc_canvas_get_size(picture, &width, &height);
    if (width != viewer->canvas.width || height != viewer->canvas.height)
        ret = hsp_vnc_viewer_resize_screen(viewer, width, height);
    if (ret == 0)
        copy_damage(viewer);
    else
        hsp_log_guest("no memory for a VNC viewer's %ux%u pixels", width, height);
    hsp_vnc_feed_end_read(&viewer->feed);
}

static void show_nothing(struct hsp_vnc_viewer *viewer)
{
    hsp_vnc_canvas_unmap(&viewer->canvas);
    hsp_vnc_canvas_clear(&viewer->canvas);
    mark(viewer,
         &(struct hsp_ipc_rect){.width = viewer->canvas.width, .height = viewer->canvas.height});
}

/* ------------------------------------------------------------------ cursor */

/* Viewers take colours that are not multiplied by alpha. */
static uint8_t divide(uint8_t colour, uint8_t alpha)
{
    unsigned value = alpha ? (colour * 255u + alpha / 2) / alpha : 0;

    return (uint8_t)HSP_MIN(value, 255u);
}

static void convert_cursor(struct hsp_vnc_viewer *viewer, const struct hsp_display_cursor *cursor)
{
    memset(viewer->cursor_mask, 0, sizeof(viewer->cursor_mask));
    for (size_t i = 0; i < HSP_ARRAY_COUNT(viewer->cursor_alpha); i++) {
        const uint8_t *from = &cursor->pixels[i * 4];
        uint8_t *to = &viewer->cursor_pixels[i * BYTES_PER_PIXEL], alpha = from[3];
        for (int j = 0; j < 3; j++)
            to[j] = divide(from[j], alpha);
        to[3] = 0;
        viewer->cursor_alpha[i] = alpha;
        if (alpha >= OPAQUE)
            viewer->cursor_mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
    }
    viewer->cursor = (struct rfbCursor){
        .mask = viewer->cursor_mask,
        .width = HSP_CURSOR_EXTENT,
        .height = HSP_CURSOR_EXTENT,
        .xhot = (unsigned short)cursor->hot_x,
        .yhot = (unsigned short)cursor->hot_y,
        .richSource = viewer->cursor_pixels,
        .alphaSource = viewer->cursor_alpha,
    };
}

static int clamp(int64_t value, int end)
{
    return (int)HSP_MAX(HSP_MIN(value, (int64_t)end - 1), 0);
}

static void show_cursor(struct hsp_vnc_viewer *viewer)
{
    const struct hsp_display_cursor *cursor = &viewer->work.cursor;
    rfbScreenInfoPtr screen = viewer->screen;

    if (viewer->work.cursor_changed) {
        /* First without, so that what is under the old one is sent, too. */
        rfbSetCursor(screen, NULL);
        if (cursor->visible) {
            convert_cursor(viewer, cursor);
            rfbSetCursor(screen, &viewer->cursor);
        }
    }
    if (viewer->work.cursor_moved) {
        screen->cursorX = clamp((int64_t)cursor->x + cursor->hot_x, screen->width);
        screen->cursorY = clamp((int64_t)cursor->y + cursor->hot_y, screen->height);
        /* Who moves the pointer knows where it is; the guest's echo would only pull it back. */
        if (!viewer->work.is_pointing)
            viewer->client->cursorWasMoved = TRUE;
    }
}

/* ------------------------------------------------------------------ updates */

static int get_leds(struct _rfbScreenInfo *screen)
{
    static const struct {
        uint32_t led;
        int mask;
    } leds[] = {
        {HSP_LED_NUML, rfbKeyboardMaskNumLock},
        {HSP_LED_CAPSL, rfbKeyboardMaskCapsLock},
        {HSP_LED_SCROLLL, rfbKeyboardMaskScrollLock},
    };
    const struct hsp_vnc_viewer *viewer = get_viewer(screen);
    int mask = 0;

    for (size_t i = 0; i < HSP_ARRAY_COUNT(leds); i++) {
        if (viewer->leds & 1u << leds[i].led)
            mask |= leds[i].mask;
    }
    return mask;
}

bool hsp_vnc_viewer_wants_frame(const struct hsp_vnc_viewer *viewer)
{
    return viewer->client->state == RFB_NORMAL && !sraRgnEmpty(viewer->client->requestedRegion);
}

void hsp_vnc_viewer_show(struct hsp_vnc_viewer *viewer)
{
    struct hsp_vnc_work *work = &viewer->work;

    if (work->picture)
        read_picture(viewer);
    else if (work->is_blank)
        show_nothing(viewer);
    if (work->cursor_changed || work->cursor_moved)
        show_cursor(viewer);
    if (work->leds_changed)
        viewer->leds = work->leds;
    simplify_region(viewer->client);
}

/* Pixels that the next update will hold. */
static uint64_t count_pending(rfbClientPtr client)
{
    sraRegionPtr region = sraRgnCreateRgn(client->modifiedRegion);
    sraRectangleIterator *iterator;
    uint64_t pixels = 0;
    sraRect rect;

    sraRgnAnd(region, client->requestedRegion);
    iterator = sraRgnGetIterator(region);
    while (sraRgnIteratorNext(iterator, &rect))
        pixels += (uint64_t)(rect.x2 - rect.x1) * (uint64_t)(rect.y2 - rect.y1);
    sraRgnReleaseIterator(iterator);
    sraRgnDestroy(region);
    return pixels;
}

bool hsp_vnc_viewer_has_update(const struct hsp_vnc_viewer *viewer)
{
    rfbClientPtr client = viewer->client;
    const struct _rfbScreenInfo *screen = viewer->screen;

    if (viewer->announces_keys || (client->useNewFBSize && client->newFBSizePending))
        return true;
    if (client->enableCursorShapeUpdates && client->cursorWasChanged)
        return true;
    if (client->enableCursorPosUpdates && client->cursorWasMoved)
        return true;
    if (!client->enableCursorShapeUpdates &&
        (client->cursorX != screen->cursorX || client->cursorY != screen->cursorY))
        return true;
    return count_pending(client) > 0;
}

/* A request is answered by one update: viewers may take what comes after it for late. So news that
 * are no pixels go alone, and the pixels with the next request. */
void hsp_vnc_viewer_send_update(struct hsp_vnc_viewer *viewer)
{
    rfbClientPtr client = viewer->client;
    bool has_new_size = client->useNewFBSize && client->newFBSizePending;
    bool has_leds = viewer->work.leds_changed && client->enableKeyboardLedState;
    uint64_t pixels;

    if (hsp_vnc_viewer_announce_keys(viewer)) {
        sraRgnMakeEmpty(client->requestedRegion);
        return;
    }
    if (has_new_size) {
        rfbUpdateClient(client);
        sraRgnMakeEmpty(client->requestedRegion);
        return;
    }
    pixels = count_pending(client);
    if (has_leds) /* libvncserver does not count them as something to send */
        rfbSendFramebufferUpdate(client, client->modifiedRegion);
    else
        rfbUpdateClient(client);
    if (sraRgnEmpty(client->requestedRegion) && pixels > 0)
        hsp_vnc_feed_count_copied(&viewer->feed, pixels * BYTES_PER_PIXEL);
}

void hsp_vnc_viewer_init_screen(struct hsp_vnc_viewer *viewer)
{
    rfbScreenInfoPtr screen = viewer->screen;

    screen->screenData = viewer;
    screen->cursor = NULL;
    screen->dontConvertRichCursorToXCursor = TRUE;
    screen->alwaysShared = TRUE;
    screen->deferUpdateTime = 0;
    screen->getKeyboardLedStateHook = get_leds;
    set_format(screen);
}
