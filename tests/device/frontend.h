/* SPDX-License-Identifier: MIT */
/*
 * A fake VMM and guest in one: it starts the real hesper-gpu with a fake renderer and a fake
 * display, negotiates as QEMU does, owns guest RAM and two virtqueues, and puts what the device
 * maps into a window of its own. As QEMU it sends the memory table again on the main channel, and
 * waits for the ack, before it answers a map.
 *
 * Every wait has a time limit; running into it fails the test.
 */
#ifndef HSP_TESTS_FRONTEND_H
#define HSP_TESTS_FRONTEND_H

#include "base/test.h"
#include "gpu/protocol.h"
#include "vhost/protocol.h"

#include <pthread.h>
#include <sys/types.h>

#define FE_TIMEOUT_MS  20000
#define FE_WINDOW_SIZE (256ull << 20)
#define FE_QUEUE_SIZE  256

/* Guest RAM: two regions, as a PC has below and above 4 GiB. */
#define FE_LOW_SIZE  (32ull << 20)
#define FE_HIGH_SIZE (32ull << 20)
#define FE_HIGH_AT   0x100000000ull
#define FE_USER_AT   0x7f0000000000ull
/* Where the guest's buffers begin; below are the rings. */
#define FE_HEAP_AT (1ull << 20)

struct fe_options {
    const char *const *arguments; /* more for hesper-gpu; NULL-terminated, or NULL */
    bool no_programs;             /* neither renderer nor display */
    bool no_shmem;                /* the VMM has no window */
    int fds[4];                   /* more descriptors for hesper-gpu, which has them as 4 and up */
    size_t fd_count;
};

struct fe_queue {
    uint32_t index;
    uint64_t ring_address; /* guest-physical: descriptors, +0x2000 available, +0x4000 used */
    uint16_t available_index, seen_used;
    uint32_t base; /* where the device has stopped */
    int kick_fd, call_fd;
    uint16_t free_heads[FE_QUEUE_SIZE];
    uint32_t free_count;
    struct fe_request *requests[FE_QUEUE_SIZE]; /* by head */
};

/* A request in flight. Its answer is read from guest memory when it is done. */
struct fe_request {
    uint16_t heads[16];
    uint32_t head_count;
    uint64_t response_address;
    uint32_t response_size;
    bool done;
    uint32_t written; /* as the used ring says */
    unsigned order;   /* of completion, counted from 1 */
};

struct fe_map {
    uint64_t offset, size;
};

struct fe {
    pid_t pid; /* hesper-gpu */
    char folder[64];
    int main_fd, backend_fd;
    int ram_fd;
    uint8_t *ram;    /* both regions, one after the other */
    uint8_t *window; /* what the guest sees of the device's memory */
    uint64_t heap;   /* next free guest-physical address */
    struct fe_queue queues[2];
    unsigned completed;
    long log_position; /* behind the last line that was found */

    pthread_mutex_t main_lock; /* one request on the main channel at a time */
    pthread_t backend_thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct fe_map maps[256];
    unsigned map_count, map_requests, sync_requests, config_changes;
    bool refuse_maps;
    bool hold_maps; /* the VMM does not answer */
    bool map_waits; /* and a request is there */
};

/* Starts and negotiates; the driver's queues run. */
void fe_start(struct fe *fe, const struct fe_options *options);

/* The VMM goes away: hesper-gpu must exit with status 0, and leave no child. */
void fe_stop(struct fe *fe);

/* The same, expecting another status. */
void fe_stop_expecting(struct fe *fe, int status);

/* The same VMM's side of another device in that hesper-gpu, which serves this socket (stolen): only
 * main channel and queues. */
void fe_connect(struct fe *fe, int socket_fd_steal);
void fe_disconnect(struct fe *fe);

/* ------------------------------------------------------------------ main channel */

/* Sends a request with a payload and descriptors; *reply gets the answer's payload if there is one
 * (then its size is returned), or the ack when `ack` (0 or not). */
void fe_send(struct fe *fe, uint32_t request, uint32_t flags, const void *payload, size_t size,
             const int *fds, size_t fd_count);
size_t fe_call(struct fe *fe, uint32_t request, const void *payload, size_t size, void *reply,
               size_t reply_size);
uint64_t fe_call_acked(struct fe *fe, uint32_t request, const void *payload, size_t size,
                       const int *fds, size_t fd_count);
void fe_set_vring_state(struct fe *fe, uint32_t request, uint32_t index, uint32_t num);
void fe_send_memory_table(struct fe *fe);

/* As QEMU on reset and pause; returns queue 0's base. */
uint32_t fe_stop_queues(struct fe *fe);

/* As QEMU afterwards: for a new driver (rings are cleared, base 0) or the old one. */
void fe_start_queues(struct fe *fe, bool new_driver);

/* What the device has mapped into the window. */
unsigned fe_map_count(struct fe *fe);

/* ------------------------------------------------------------------ guest */

/* Bytes of guest memory; `size` must not cross the end of a region. */
void *fe_ram(struct fe *fe, uint64_t address);

/* Fresh zeroed guest memory, page-aligned. fe_alloc_high is from the other region. */
uint64_t fe_alloc(struct fe *fe, uint64_t size);

/* Puts a request into a queue: `size` bytes to read, room for `response_size`. */
struct fe_request *fe_submit(struct fe *fe, uint32_t queue, const void *request, size_t size,
                             uint32_t response_size);

/* The same with what the driver wrote into descriptors by itself (head's chain must end in `next`
 * order; see fe_raw_descriptor). */
void fe_raw_descriptor(struct fe *fe, uint32_t queue, uint16_t index, uint64_t address,
                       uint32_t size, uint16_t flags, uint16_t next);
struct fe_request *fe_submit_raw(struct fe *fe, uint32_t queue, uint16_t head);

/* Waits for its interrupt, or checks that it is not there after a while. */
void fe_wait(struct fe *fe, struct fe_request *request);
bool fe_is_done(struct fe *fe, struct fe_request *request);
void fe_check_not_done(struct fe *fe, struct fe_request *request);

/* The response, with its header in front. */
const void *fe_response(struct fe *fe, const struct fe_request *request);

/* Submits on the control queue and waits; returns the response's type, and its bytes if `response`
 * is not NULL. */
uint32_t fe_command(struct fe *fe, const void *request, size_t size, void *response,
                    size_t response_size);

/* A simple command: header and one body. */
uint32_t fe_simple(struct fe *fe, uint32_t type, uint32_t ctx_id, const void *body, size_t size);

/* The same, not waited for; a fence if `flags` say so. */
struct fe_request *fe_submit_simple(struct fe *fe, uint32_t type, uint32_t ctx_id, uint32_t flags,
                                    uint64_t fence_id, uint8_t ring_idx, const void *body,
                                    size_t size);

/* ------------------------------------------------------------------ what is behind the device */

/* Waits until a line of the fake programs' common log holds `text`; returns that line (until the
 * next call). Searches from the line behind the last one that was found. */
const char *fe_wait_log(struct fe *fe, const char *text);

/* Whether the log holds it now. */
bool fe_log_has(struct fe *fe, const char *text);

/* Makes or removes a file in the test's folder that tells fake programs how to behave. */
void fe_set_flag(struct fe *fe, const char *name, bool on);

/* The pid in a log line `... pid=N`. */
pid_t fe_log_pid(const char *line);

#endif
