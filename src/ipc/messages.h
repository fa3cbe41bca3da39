/* SPDX-License-Identifier: MIT */
/*
 * The messages between hesper's processes, one struct per message. All processes come from one
 * build, so there is no versioning; the structs have fixed-size members, no padding, host order.
 *
 * gpu → render   one channel per context, in order: the context's vq stream
 * render → gpu
 * gpu → display  one channel per device
 * display → gpu
 * cli ↔ gpu      the control socket: `hesper stat`, `hesper screenshot`
 *
 * A receiver checks payload_size and fd_count of each message; hsp_ipc_decode_* do it.
 */
#ifndef HSP_IPC_MESSAGES_H
#define HSP_IPC_MESSAGES_H

#include "base/span.h"
#include "ipc/channel.h"

enum hsp_ipc_type {
    /* gpu → render */
    HSP_IPC_RENDER_SUBMIT = 0x100,  /* payload: command bytes */
    HSP_IPC_RENDER_SUBMIT_FD,       /* hsp_ipc_render_submit_fd, 1 fd */
    HSP_IPC_RENDER_CREATE_FENCE,    /* hsp_ipc_render_fence */
    HSP_IPC_RENDER_CREATE_BLOB,     /* hsp_ipc_render_create_blob */
    HSP_IPC_RENDER_ATTACH_RESOURCE, /* hsp_ipc_render_attach_resource (+ span unless withheld) */
    HSP_IPC_RENDER_DETACH_RESOURCE, /* hsp_ipc_render_detach_resource */
    /* render → gpu */
    HSP_IPC_RENDER_FENCE_RETIRED = 0x180, /* hsp_ipc_render_fence */
    HSP_IPC_RENDER_BLOB_CREATED,          /* hsp_ipc_render_blob_created (+ span when status 0) */
    HSP_IPC_RENDER_FATAL,                 /* payload: a line of text; the process exits after it */
    HSP_IPC_RENDER_RING,                  /* hsp_ipc_render_ring: a ring was made, or is gone */
    /* gpu → display */
    HSP_IPC_DISPLAY_SET_SCANOUT = 0x200, /* hsp_ipc_display_scanout (+ span unless width is 0) */
    HSP_IPC_DISPLAY_FLUSH,               /* hsp_ipc_display_flush */
    HSP_IPC_DISPLAY_SET_CURSOR,          /* hsp_ipc_display_cursor (+ span unless resource_id 0) */
    HSP_IPC_DISPLAY_MOVE_CURSOR,         /* hsp_ipc_display_cursor */
    HSP_IPC_DISPLAY_SCREENSHOT,          /* hsp_ipc_display_screenshot, 1 fd to write PNG to */
    HSP_IPC_DISPLAY_SET_LEDS,            /* hsp_ipc_display_leds */
    HSP_IPC_DISPLAY_SET_CONNECTED,       /* hsp_ipc_display_connected */
    /* display → gpu */
    HSP_IPC_DISPLAY_FLUSHED = 0x280, /* hsp_ipc_display_flushed */
    HSP_IPC_DISPLAY_RESIZED,         /* hsp_ipc_display_resized: the host wants a new mode */
    HSP_IPC_DISPLAY_SCREENSHOT_DONE, /* hsp_ipc_display_screenshot_done */
    HSP_IPC_DISPLAY_CLOSED,          /* hsp_ipc_display_closed: the user wants the machine to end */
    HSP_IPC_DISPLAY_INPUT,           /* hsp_ipc_display_input */
    /* cli → gpu, and the answers */
    HSP_IPC_CONTROL_STAT = 0x300,       /* empty */
    HSP_IPC_CONTROL_SCREENSHOT,         /* hsp_ipc_display_screenshot, 1 fd */
    HSP_IPC_CONTROL_OUTPUT,             /* hsp_ipc_control_output */
    HSP_IPC_CONTROL_STAT_REPLY = 0x380, /* payload: JSON text */
    HSP_IPC_CONTROL_DONE,               /* hsp_ipc_display_screenshot_done */
    HSP_IPC_CONTROL_OUTPUTS,            /* hsp_ipc_control_outputs */
};

/* ------------------------------------------------------------------ gpu ↔ render */

struct hsp_ipc_render_submit_fd {
    uint64_t size; /* bytes of commands at the start of the file, at most HSP_LIMIT_SUBMIT_SIZE */
};

/* Each HSP_IPC_RENDER_CREATE_FENCE is answered by exactly one HSP_IPC_RENDER_FENCE_RETIRED with the
 * same numbers, also when ring_idx is bound to no queue (then at once): a fence that is forgotten
 * hangs the guest. */
struct hsp_ipc_render_fence {
    uint64_t fence_id; /* of hesper-gpu's choice, growing per context; not the guest's */
    uint32_t ring_idx;
    uint32_t pad;
};

struct hsp_ipc_render_create_blob {
    uint64_t blob_id; /* object id of a VkDeviceMemory, not 0 */
    uint64_t size;    /* bytes */
    uint32_t resource_id;
    uint32_t blob_flags; /* VIRTIO_GPU_BLOB_FLAG_* */
};

struct hsp_ipc_render_blob_created {
    uint32_t resource_id;
    int32_t status;    /* 0 or negative errno */
    uint32_t map_info; /* VIRTIO_GPU_MAP_CACHE_* */
    uint32_t pad;
};

/* Where a ring's status word is, so that hesper-gpu can set FATAL in it when the renderer is killed
 * and cannot do it itself. The resource must be attached to the context. */
struct hsp_ipc_render_ring {
    uint64_t status_offset; /* bytes from the start of the resource; a multiple of 4 */
    uint32_t resource_id;
    uint32_t created; /* 1, or 0 when the ring is destroyed */
};

enum hsp_ipc_resource_kind {
    HSP_IPC_RESOURCE_SHM,      /* plain shared memory: rings, command streams, replies */
    HSP_IPC_RESOURCE_MEMORY,   /* a VkDeviceMemory of some context */
    HSP_IPC_RESOURCE_GUEST,    /* pages of guest RAM */
    HSP_IPC_RESOURCE_WITHHELD, /* pages that this process may or can not have: only their name */
};

struct hsp_ipc_render_attach_resource {
    uint32_t resource_id;
    uint32_t kind; /* enum hsp_ipc_resource_kind */
};

struct hsp_ipc_render_detach_resource {
    uint32_t resource_id;
    uint32_t pad;
};

/* ------------------------------------------------------------------ gpu ↔ display */

struct hsp_ipc_rect {
    uint32_t x, y, width, height; /* pixels */
};

/* What one scanout shows from its next flush on: `rect` of a picture in a span. A width of 0
 * switches the scanout off at once and carries no span. A display that was started anew needs a
 * flush after it, too.
 *
 * The display refuses files that can shrink, which would kill it while it reads, unless `kind` says
 * that they are guest RAM: that file belongs to the VMM, which may not have sealed it. */
struct hsp_ipc_display_scanout {
    uint32_t scanout_id;
    uint32_t width, height; /* of the whole picture, pixels */
    uint32_t stride;        /* bytes from row to row */
    uint64_t offset;        /* of the first row, bytes */
    uint32_t format;        /* enum hsp_format */
    uint32_t kind;          /* enum hsp_ipc_resource_kind */
    struct hsp_ipc_rect rect;
};

struct hsp_ipc_display_flush {
    uint64_t sequence; /* answered by hsp_ipc_display_flushed, in order per scanout */
    uint64_t start_ns; /* hsp_now_ns when the guest's command was read */
    uint32_t scanout_id;
    uint32_t pad;
    struct hsp_ipc_rect rect; /* damaged part */
};

struct hsp_ipc_display_flushed {
    uint64_t sequence;
    uint32_t scanout_id;
    uint32_t pad;
};

/* A cursor picture is HSP_CURSOR_EXTENT pixels square, B8G8R8A8 with colours multiplied by alpha,
 * tightly packed at the start of the span. The display copies it when the message comes. */
#define HSP_CURSOR_EXTENT 64

struct hsp_ipc_display_cursor {
    uint32_t scanout_id;
    uint32_t resource_id;  /* 0 hides the cursor */
    int32_t x, y;          /* its top left corner on the scanout, which may lie outside */
    uint32_t hot_x, hot_y; /* the hot spot inside the picture */
    uint32_t kind;         /* enum hsp_ipc_resource_kind; as in hsp_ipc_display_scanout */
    uint32_t pad;
};

struct hsp_ipc_display_resized {
    uint32_t scanout_id;
    uint32_t width, height;
    uint32_t pad;
};

struct hsp_ipc_display_closed {
    uint32_t scanout_id;
    uint32_t pad;
};

/* Whether the guest has a monitor there; all are connected before the first of these messages. What
 * a guest shows on one that is not need not be shown to anybody. */
struct hsp_ipc_display_connected {
    uint32_t scanout_id;
    uint32_t is_connected;
};

/* What the keyboard's lamps show now; none before the first of these messages. */
struct hsp_ipc_display_leds {
    uint32_t leds; /* bits: 1 << enum hsp_led (base/evdev.h) */
    uint32_t pad;
};

enum hsp_ipc_input_kind {
    HSP_IPC_INPUT_KEY,      /* code, is_pressed: a key or button went down or up; no repeats */
    HSP_IPC_INPUT_POSITION, /* scanout_id, x, y: the pointer is there */
    HSP_IPC_INPUT_MOTION,   /* x, y: the pointer went this far, in a mouse's own units */
    HSP_IPC_INPUT_WHEEL,    /* x, y: turned right and up, HSP_WHEEL_NOTCH for a notch */
};

/* Positions are parts of the scanout's shown picture: 0 is its left or top edge, this the other. */
#define HSP_IPC_INPUT_POSITION_END 65536

/* One thing that the user did. What is pressed is released by a later message, or when the
 * display's channel ends. Members that its kind does not name are 0. */
struct hsp_ipc_display_input {
    uint64_t start_ns; /* hsp_now_ns when the display heard of it */
    uint32_t kind;     /* enum hsp_ipc_input_kind */
    uint32_t scanout_id;
    uint32_t code; /* HSP_KEY_*, HSP_BTN_* (base/evdev.h) */
    uint32_t is_pressed;
    int32_t x, y;
};

struct hsp_ipc_display_screenshot {
    uint64_t request_id;
    uint32_t scanout_id;
    uint32_t pad;
};

struct hsp_ipc_display_screenshot_done {
    uint64_t request_id;
    int32_t status; /* 0 or negative errno; -ENODATA when the scanout is off */
    uint32_t pad;
};

/* ------------------------------------------------------------------ cli ↔ gpu */

enum hsp_ipc_output_change {
    HSP_IPC_OUTPUT_KEEP, /* the answer is all that is wanted */
    HSP_IPC_OUTPUT_CONNECT,
    HSP_IPC_OUTPUT_DISCONNECT,
    HSP_IPC_OUTPUT_SET_MODE, /* width, height */
};

struct hsp_ipc_control_output {
    uint32_t output;
    uint32_t change; /* enum hsp_ipc_output_change */
    uint32_t width, height;
};

/* What is true after the change. */
struct hsp_ipc_control_outputs {
    int32_t status; /* 0, or why nothing was changed: negative errno */
    uint32_t pad;
    struct {
        uint32_t is_connected;
        uint32_t width, height;             /* preferred mode, pixels */
        uint32_t shown_width, shown_height; /* what the guest shows there; 0: nothing */
        uint32_t pad;
    } items[HSP_LIMIT_SCANOUT_COUNT];
};

/* ------------------------------------------------------------------ spans in messages */

/* A message that carries a span has it after its struct: u32 piece_count, u32 pad, then the pieces;
 * the span's descriptors are the message's. */

/* Sends `body` and, if not NULL, the span behind it. Errors as hsp_ipc_channel_send. */
int hsp_ipc_send_with_span(struct hsp_ipc_channel *channel, uint32_t type, const void *body,
                           size_t body_size, const struct hsp_span *span);

/* Copies the fixed part of a message. False when it is not exactly `body_size` bytes, or has
 * another number of descriptors. */
bool hsp_ipc_decode(const struct hsp_ipc_message *message, void *out_body, size_t body_size,
                    size_t fd_count);

/* As hsp_ipc_decode for a message with a span behind its body; the span gets copies of the
 * descriptors. 0 or negative errno (-EPROTO for a malformed message). */
int hsp_ipc_decode_with_span(const struct hsp_ipc_message *message, void *out_body,
                             size_t body_size, struct hsp_span *out_span);

#endif
