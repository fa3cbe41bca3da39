/* SPDX-License-Identifier: MIT */
/*
 * A backend is a place where scanouts are shown: nowhere (headless), a window, a VNC client. One
 * file each; all are driven through the same operations, so that the rest of hesper-display
 * knows none of them.
 *
 * The core has checked everything: scanout ids are below HSP_LIMIT_SCANOUT_COUNT, pictures fit
 * their memory, flushed rectangles are not empty and lie in the shown part of the picture.
 *
 * Threads: all operations are called on the loop's thread and must not block; a backend may have
 * threads of its own, but calls back into the core on the loop's thread only.
 */
#ifndef HSP_DISPLAY_BACKEND_H
#define HSP_DISPLAY_BACKEND_H

#include "display/picture.h"
#include "display/screenshot.h"

struct hsp_display;

/* The head of each backend's own struct. */
struct hsp_display_backend {
    const struct hsp_display_backend_ops *ops;
};

struct hsp_display_flush {
    uint64_t sequence;
    uint64_t start_ns;
    uint32_t scanout_id;
    struct hsp_ipc_rect rect; /* pixels of the picture */
};

struct hsp_display_backend_ops {
    const char *name; /* as in --backend=NAME */

    /* 0 or negative errno; `display` outlives the backend. */
    int (*create)(struct hsp_display *display, struct hsp_display_backend **out);
    void (*destroy)(struct hsp_display_backend *backend);

    /* The picture that the scanout shows from its next flush on (the backend takes a reference), or
     * NULL: the scanout is off now. The cursor stays as it was. */
    void (*set_scanout)(struct hsp_display_backend *backend, uint32_t scanout_id,
                        struct hsp_display_picture *picture);

    /* Shows the scanout's picture, of which `rect` has changed. The scanout is on. The backend
     * calls hsp_display_flush_done exactly once for each flush, at once or later, in order per
     * scanout, when the guest may draw into the picture again; also when the scanout has gone off
     * in between. */
    void (*flush)(struct hsp_display_backend *backend, const struct hsp_display_flush *flush);

    /* The cursor's position or, if `picture_changed`, its picture or visibility has changed. The
     * core owns `cursor`, which stays at its address. NULL where only screenshots show it. */
    void (*set_cursor)(struct hsp_display_backend *backend, uint32_t scanout_id,
                       const struct hsp_display_cursor *cursor, bool picture_changed);

    /* What the scanout shows now, for a screenshot (borrowed); NULL when that is nothing. */
    struct hsp_display_picture *(*get_shown)(struct hsp_display_backend *backend,
                                             uint32_t scanout_id);
};

extern const struct hsp_display_backend_ops hsp_display_headless_ops;

#endif
