/* SPDX-License-Identifier: MIT */
/*
 * A backend is a place where scanouts are shown: nowhere (headless), a window, a VNC client. One
 * file each; all are driven through the same operations, so that the rest of hesper-display
 * knows none of them.
 *
 * The core has checked everything: scanout ids are below HSP_LIMIT_SCANOUT_COUNT, pictures fit
 * their memory, flushed rectangles are not empty and lie in the shown part of the picture.
 *
 * Threads: all operations are called on the loop's thread and must not block, unless they say
 * otherwise; a backend may have threads of its own, but calls back into the core on the loop's
 * thread only.
 */
#ifndef HSP_DISPLAY_BACKEND_H
#define HSP_DISPLAY_BACKEND_H

#include "base/display_choice.h"
#include "display/picture.h"
#include "display/screenshot.h"

struct hsp_display;

enum hsp_display_present_mode {
    HSP_DISPLAY_PRESENT_FIFO,      /* paced by the screen's refresh */
    HSP_DISPLAY_PRESENT_MAILBOX,   /* the newest frame at each refresh */
    HSP_DISPLAY_PRESENT_IMMEDIATE, /* at once, with tearing */
};

enum hsp_display_scale {
    HSP_DISPLAY_SCALE_LETTERBOX,
    HSP_DISPLAY_SCALE_STRETCH,
};

/* What the user asked for; a backend takes what concerns it. */
struct hsp_display_options {
    const char *name; /* of the virtual machine, for people; lives as long as the process */
    enum hsp_display_present_mode present_mode;
    enum hsp_display_scale scale;
    bool quit_on_close; /* closing a window ends the machine */
    struct hsp_display_choice choice;
    const char *password_file; /* of VNC; NULL: none was named */
};

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

    /* 0 or negative errno; `display` outlives the backend, `options` does not. Both are called on
     * the main thread while the loop does not run. */
    int (*create)(struct hsp_display *display, const struct hsp_display_options *options,
                  struct hsp_display_backend **out);
    void (*destroy)(struct hsp_display_backend *backend);

    /* Serves a window system that insists on the process's main thread; the loop has a thread of
     * its own then. Returns soon after stop_main, which any thread may call, also before. Both NULL
     * where there is no such need. */
    void (*run_main)(struct hsp_display_backend *backend);
    void (*stop_main)(struct hsp_display_backend *backend);

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

    /* The guest has, or has no longer, a monitor there; at first it has all. Told that it has what
     * it has already, the backend shows it again if the user has closed it. NULL for a backend that
     * does not care. */
    void (*set_connected)(struct hsp_display_backend *backend, uint32_t scanout_id,
                          bool is_connected);

    /* The lamps of the guest's keyboard are now these (bits: 1 << HSP_LED_*), which at first are
     * all off. NULL for a backend that has no use for them. */
    void (*set_leds)(struct hsp_display_backend *backend, uint32_t leds);

    /* What the scanout shows now, for a screenshot (borrowed); NULL when that is nothing. */
    struct hsp_display_picture *(*get_shown)(struct hsp_display_backend *backend,
                                             uint32_t scanout_id);
};

extern const struct hsp_display_backend_ops hsp_display_headless_ops;

#endif
