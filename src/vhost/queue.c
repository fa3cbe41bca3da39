/* SPDX-License-Identifier: MIT */
#include "vhost/queue.h"

#include "base/event.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

void hsp_vhost_queue_init(struct hsp_vhost_queue *queue, uint32_t index)
{
    memset(queue, 0, sizeof(*queue));
    queue->index = index;
    queue->call_fd = queue->error_fd = -1;
    queue->fresh = true;
    hsp_list_init(&queue->held);
}

static void drop_held(struct hsp_vhost_queue *queue)
{
    hsp_list_for_each_safe (chain, &queue->held, struct hsp_vhost_chain, link)
        hsp_vhost_chain_destroy(chain);
}

void hsp_vhost_queue_finish(struct hsp_vhost_queue *queue)
{
    drop_held(queue);
    hsp_vhost_memory_unref(queue->memory);
    queue->memory = NULL;
    queue->running = false;
    hsp_vhost_walk_finish(&queue->walk);
    hsp_fd_close(&queue->call_fd);
    hsp_fd_close(&queue->error_fd);
}

/* ------------------------------------------------------------------ ring memory */

/* The guest writes these words while they are read: each is loaded once. */
static uint16_t load_u16(const char *ring, size_t offset)
{
    return atomic_load_explicit((const _Atomic uint16_t *)(const void *)(ring + offset),
                                memory_order_acquire);
}

static void store_u16(char *ring, size_t offset, uint16_t value)
{
    atomic_store_explicit((_Atomic uint16_t *)(void *)(ring + offset), value, memory_order_release);
}

static uint16_t available_index(const struct hsp_vhost_queue *queue)
{
    return load_u16(queue->available, sizeof(uint16_t));
}

static bool map_rings(struct hsp_vhost_queue *queue, struct hsp_vhost_memory *memory)
{
    uint64_t num = queue->num;
    uint64_t available_size = HSP_VRING_RING_OFFSET + (num + 1) * sizeof(uint16_t);
    uint64_t used_size =
        HSP_VRING_RING_OFFSET + num * sizeof(struct hsp_vring_used_element) + sizeof(uint16_t);

    queue->descriptors = hsp_vhost_memory_translate_user(memory, queue->address.descriptors,
                                                         num * sizeof(*queue->descriptors), 16);
    queue->available =
        hsp_vhost_memory_translate_user(memory, queue->address.available, available_size, 2);
    queue->used = hsp_vhost_memory_translate_user(memory, queue->address.used, used_size, 4);
    return queue->descriptors && queue->available && queue->used;
}

static void break_queue(struct hsp_vhost_queue *queue, const char *reason, uint32_t value)
{
    hsp_log_guest("virtqueue %u is broken until the driver resets it: %s (%u)", queue->index,
                  reason, value);
    queue->running = false;
    queue->has_address = false;
    if (queue->error_fd >= 0)
        hsp_event_set(queue->error_fd);
}

/* ------------------------------------------------------------------ setup */

int hsp_vhost_queue_set_num(struct hsp_vhost_queue *queue, uint32_t num)
{
    if (queue->running)
        return -EBUSY;
    if (!hsp_is_power_of_two(num) || num > HSP_LIMIT_QUEUE_SIZE)
        return -EINVAL;
    queue->num = num;
    return 0;
}

int hsp_vhost_queue_set_address(struct hsp_vhost_queue *queue,
                                const struct hsp_vhost_vring_address *address)
{
    if (queue->running)
        return -EBUSY;
    queue->address = *address;
    queue->has_address = true;
    return 0;
}

static void push_used(struct hsp_vhost_queue *queue, uint16_t head, size_t size)
{
    struct hsp_vring_used_element element = {.id = head, .size = (uint32_t)size};
    size_t slot = queue->next_used & (queue->num - 1);

    memcpy(queue->used + HSP_VRING_RING_OFFSET + slot * sizeof(element), &element, sizeof(element));
    store_u16(queue->used, sizeof(uint16_t), ++queue->next_used);
    queue->wants_notify = true;
}

/* The end of a chain's time in the queue, while its driver is there. */
static void retire(struct hsp_vhost_queue *queue, struct hsp_vhost_chain *chain, const void *data,
                   size_t size)
{
    push_used(queue, chain->head, hsp_vhost_chain_write(chain, data, size));
    queue->in_flight_count--;
    queue->in_flight_buffer_count -= chain->buffer_count;
    hsp_vhost_chain_destroy(chain);
}

/* Where to go on. A front end may ask to go back to requests that have no answer yet; they were
 * taken and are kept, so they are not taken again. */
static void choose_position(struct hsp_vhost_queue *queue)
{
    uint16_t back = (uint16_t)(queue->next_available - queue->base);

    if (queue->fresh) {
        queue->next_available = queue->base;
        queue->next_used = load_u16(queue->used, sizeof(uint16_t));
        queue->fresh = false;
    } else if (queue->has_base && back > queue->num) {
        queue->next_available = queue->base;
    }
    queue->has_base = false;
    queue->signalled = false;
}

bool hsp_vhost_queue_update(struct hsp_vhost_queue *queue, struct hsp_vhost_memory *memory)
{
    bool was_running = queue->running;

    if (!queue->has_kick || !queue->enabled || !queue->has_address || queue->num == 0 || !memory) {
        queue->running = false;
        return false;
    }
    if (!map_rings(queue, memory)) {
        break_queue(queue, "its rings lie outside of guest memory", queue->num);
        return false;
    }
    hsp_vhost_memory_ref(memory);
    hsp_vhost_memory_unref(queue->memory);
    queue->memory = memory;
    if (was_running)
        return false;
    choose_position(queue);
    queue->running = true;
    hsp_list_for_each_safe (chain, &queue->held, struct hsp_vhost_chain, link)
        retire(queue, chain, chain->answer, chain->answer_size);
    hsp_vhost_queue_notify(queue);
    return true;
}

uint16_t hsp_vhost_queue_stop(struct hsp_vhost_queue *queue)
{
    queue->running = false;
    queue->has_kick = false;
    return queue->fresh ? queue->base : queue->next_available;
}

void hsp_vhost_queue_forget(struct hsp_vhost_queue *queue)
{
    drop_held(queue);
    queue->generation++;
    queue->fresh = true;
    queue->in_flight_count = 0;
    queue->in_flight_buffer_count = 0;
    queue->wants_notify = false;
}

/* ------------------------------------------------------------------ requests */

/* Whether there is a request; if not, the driver's next one will kick. */
static bool has_request(struct hsp_vhost_queue *queue, uint16_t *out_index)
{
    size_t avail_event = HSP_VRING_RING_OFFSET + queue->num * sizeof(struct hsp_vring_used_element);

    *out_index = available_index(queue);
    if (*out_index != queue->next_available)
        return true;
    if (!queue->event_idx)
        return false;
    store_u16(queue->used, avail_event, queue->next_available);
    atomic_thread_fence(memory_order_seq_cst);
    *out_index = available_index(queue);
    return *out_index != queue->next_available;
}

/* The head of the next request; false if there is none, or none that makes sense. */
static bool take_head(struct hsp_vhost_queue *queue, uint16_t *out_head)
{
    uint16_t index, head;
    uint16_t slot = (uint16_t)(queue->next_available & (queue->num - 1));

    if (!has_request(queue, &index))
        return false;
    if ((uint16_t)(index - queue->next_available) > queue->num) {
        break_queue(queue, "more requests are available than it has descriptors", index);
        return false;
    }
    if (queue->in_flight_count >= queue->num) {
        break_queue(queue, "more requests are in flight than it has descriptors", index);
        return false;
    }
    head = load_u16(queue->available, HSP_VRING_RING_OFFSET + slot * sizeof(uint16_t));
    if (head >= queue->num) {
        break_queue(queue, "a request has a head out of range", head);
        return false;
    }
    queue->next_available++;
    *out_head = head;
    return true;
}

enum hsp_vhost_take hsp_vhost_queue_take(struct hsp_vhost_queue *queue,
                                         struct hsp_vhost_chain **out_chain)
{
    struct hsp_vhost_chain *chain;
    const char *reason = "no memory";
    uint32_t max_count;
    uint16_t head;

    if (!queue->running || !take_head(queue, &head))
        return HSP_VHOST_TAKE_NONE;
    max_count = HSP_MIN(HSP_LIMIT_CHAIN_BUFFER_COUNT,
                        HSP_LIMIT_QUEUE_BUFFER_COUNT - queue->in_flight_buffer_count);
    if (hsp_vhost_chain_create(&queue->walk, queue->memory, queue->descriptors, queue->num, head,
                               max_count, &chain, &reason) < 0) {
        hsp_log_guest("virtqueue %u: request %u refused: %s", queue->index, head, reason);
        push_used(queue, head, 0);
        return HSP_VHOST_TAKE_REFUSED;
    }
    chain->queue_index = queue->index;
    chain->generation = queue->generation;
    queue->in_flight_count++;
    queue->in_flight_buffer_count += chain->buffer_count;
    *out_chain = chain;
    return HSP_VHOST_TAKE_CHAIN;
}

/* Keeps the answer until the queue runs again. */
static void hold(struct hsp_vhost_queue *queue, struct hsp_vhost_chain *chain, const void *data,
                 size_t size)
{
    chain->answer = malloc(size + 1);
    chain->answer_size = chain->answer ? size : 0;
    if (chain->answer_size > 0)
        memcpy(chain->answer, data, size);
    hsp_list_append(&queue->held, &chain->link);
}

void hsp_vhost_queue_answer(struct hsp_vhost_queue *queue, struct hsp_vhost_chain *chain,
                            const void *data, size_t size)
{
    if (chain->generation != queue->generation)
        hsp_vhost_chain_destroy(chain);
    else if (!queue->running)
        hold(queue, chain, data, size);
    else
        retire(queue, chain, data, size);
}

/* virtio 1.3, 2.7.7.1 and 2.7.10. */
static bool driver_wants_interrupt(struct hsp_vhost_queue *queue)
{
    uint16_t now = queue->next_used, before = queue->signalled_used, event;
    bool first = !queue->signalled;

    if (!queue->event_idx)
        return !(load_u16(queue->available, 0) & HSP_VRING_AVAIL_NO_INTERRUPT);
    event = load_u16(queue->available, HSP_VRING_RING_OFFSET + queue->num * sizeof(uint16_t));
    queue->signalled_used = now;
    queue->signalled = true;
    return first || (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}

void hsp_vhost_queue_notify(struct hsp_vhost_queue *queue)
{
    if (!queue->running || !queue->wants_notify)
        return;
    queue->wants_notify = false;
    atomic_thread_fence(memory_order_seq_cst);
    if (driver_wants_interrupt(queue) && queue->call_fd >= 0)
        hsp_event_set(queue->call_fd);
}
