/* SPDX-License-Identifier: MIT */
/*
 * Every number that a guest can choose has its cap here, with the attack that it stops.
 * Units are in the names: _SIZE bytes, _COUNT elements, _NS nanoseconds.
 */
#ifndef HSP_BASE_LIMITS_H
#define HSP_BASE_LIMITS_H

/* Log flooding: a guest that makes an error per command must not fill the host's disk. */
#define HSP_LIMIT_GUEST_LOG_LINES     50
#define HSP_LIMIT_GUEST_LOG_PERIOD_NS 10000000000ull

/* Decode bombs: temporaries of one decoded command (structs, arrays, copied blobs). Shader code
 * and inline image data of real programs stay far below. */
#define HSP_LIMIT_ARENA_SIZE (256ull << 20)

/* Reply bombs: an array that a request only announces the size of, at no cost of its own. Real ones
 * are lists of properties, far below a MiB; query results and other blobs are bounded by the room
 * in the reply stream. */
#define HSP_LIMIT_OUTPUT_SIZE (16u << 20)

/* Recursion bombs: structs in a pNext chain. The longest chains real clients send
 * (VkPhysicalDeviceFeatures2 with everything) have fewer than 200 elements. */
#define HSP_LIMIT_CHAIN_COUNT 512

/* Ring buffers: as virglrenderer; Mesa uses 128 KiB. */
#define HSP_LIMIT_RING_BUFFER_SIZE (16u << 20)

/* Threads: each ring is a thread on the host. Mesa makes one per thread that builds pipelines. */
#define HSP_LIMIT_RING_COUNT 64

/* One submission on the vq stream, or one indirect stream; it is copied before decoding. */
#define HSP_LIMIT_SUBMIT_SIZE (64u << 20)

/* Object table: sparse or endless ids. An id costs about 40 bytes of table. */
#define HSP_LIMIT_OBJECT_COUNT (16u << 20)
#define HSP_LIMIT_OBJECT_ID    (1ull << 40)

/* Resources that one context (renderer) or one device may name at a time. */
#define HSP_LIMIT_RESOURCE_COUNT 65536

/* Contexts of one VM: each is a process on the host. */
#define HSP_LIMIT_CONTEXT_COUNT 256

/* Pieces of one span: the page list of a buffer made of guest pages (64 MiB of single pages). */
#define HSP_LIMIT_SPAN_PIECE_COUNT 16384

/* File descriptors in one message. */
#define HSP_LIMIT_MESSAGE_FD_COUNT 28

/* Payload of one message between hesper processes. */
#define HSP_LIMIT_MESSAGE_SIZE (1u << 20)

/* ring_idx: virtio-gpu's timelines of a context (VIRTGPU_CONTEXT_PARAM_NUM_RINGS). */
#define HSP_LIMIT_TIMELINE_COUNT 64

/* vtest: what one connection may hold of each, so that a client that never stops asking meets an
 * end before the host's memory does. Programs have a handful. */
#define HSP_LIMIT_VTEST_SYNC_COUNT  65536
#define HSP_LIMIT_VTEST_WAIT_COUNT  1024
#define HSP_LIMIT_VTEST_FENCE_COUNT 65536

/* vtest: bytes of the client's name; it ends up in log lines. */
#define HSP_LIMIT_VTEST_NAME_SIZE 4096

/* vtest: sync points of one wait or one submission. */
#define HSP_LIMIT_VTEST_POINT_COUNT 4096

/* Scanouts of one device: VIRTIO_GPU_MAX_SCANOUTS. */
#define HSP_LIMIT_SCANOUT_COUNT 16

/* Width or height of a 2D resource or scanout, pixels. */
#define HSP_LIMIT_SCANOUT_EXTENT 16384

/* Virtqueues. A request costs host memory while it is in flight: descriptors of a queue (QEMU's own
 * limit), buffers of one request (a 64 MiB submission in single pages has 16386), buffers of all
 * requests in flight in one queue. */
#define HSP_LIMIT_QUEUE_SIZE         1024
#define HSP_LIMIT_CHAIN_BUFFER_COUNT 32768
#define HSP_LIMIT_QUEUE_BUFFER_COUNT (1u << 20)

/* A virtio-gpu command without the payload of SUBMIT_3D; the longest is a page list. */
#define HSP_LIMIT_GPU_COMMAND_SIZE (2u << 20)

/* Page list of a resource, before neighbours are joined: 256 MiB of single pages. */
#define HSP_LIMIT_BACKING_ENTRY_COUNT 65536

/* Ranges of guest memory behind all resources of a device: 16 GiB of single pages, 160 MiB of lists
 * on the host. */
#define HSP_LIMIT_BACKING_RANGE_COUNT (4u << 20)

/* 2D resources: each has a mapping on the host, and memory as soon as it is drawn into. */
#define HSP_LIMIT_2D_RESOURCE_COUNT 4096
#define HSP_LIMIT_2D_RESOURCE_SIZE  (2ull << 30)

/* A picture that is copied out of guest RAM when the driver stops, for each scanout; a larger one
 * goes dark. The guest decides when, and would else fill the host's memory. */
#define HSP_LIMIT_KEPT_PICTURE_SIZE (64ull << 20)

/* One blob: the largest window that QEMU takes. */
#define HSP_LIMIT_BLOB_SIZE (64ull << 30)

/* Maps in the window: each is a memory region of the VMM, and KVM has 32764 slots for them. */
#define HSP_LIMIT_WINDOW_MAP_COUNT 16384

/* Resources attached to contexts, all pairs of a device. */
#define HSP_LIMIT_ATTACHMENT_COUNT (1u << 18)

/* Bytes and descriptors for a renderer that does not read; above it the context's next commands
 * wait. */
#define HSP_LIMIT_RENDERER_QUEUE_SIZE     (256u << 10)
#define HSP_LIMIT_RENDERER_QUEUE_FD_COUNT 64

/* Renderers of destroyed contexts that have not exited yet: a guest that makes and destroys
 * contexts in a loop must not fill the process table. */
#define HSP_LIMIT_DYING_PROCESS_COUNT 32

/* VNC: connections that have not shown yet that they know the password, and viewers, all screens
 * together. A viewer has a thread and a copy of the picture. */
#define HSP_LIMIT_VNC_HANDSHAKE_COUNT 16
#define HSP_LIMIT_VNC_VIEWER_COUNT    16
/* Events that wait for a driver that gives no buffers for them. */
#define HSP_LIMIT_INPUT_EVENT_COUNT 2048

/* Programs at the control socket at a time. */
#define HSP_LIMIT_CONTROL_CLIENT_COUNT 32

#endif
