/* SPDX-License-Identifier: MIT */
#include "base/limits.h"
#include "base/shm.h"
#include "base/test.h"
#include "vhost/queue.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

/* A driver: rings and buffers in a file of its own, which the queue under test maps as guest RAM.
 */
#define RAM_SIZE  (1u << 20)
#define GUEST     0x40000000ull
#define USER      0x70000000ull
#define NUM       8
#define DESC_AT   0x0000
#define AVAIL_AT  0x1000
#define USED_AT   0x2000
#define TABLE_AT  0x3000
#define BUFFER_AT 0x8000

struct driver {
    int fd;
    char *ram;
    struct hsp_vhost_memory *memory;
    struct hsp_vhost_queue queue;
};

static struct hsp_vring_desc *descriptors(struct driver *driver)
{
    return (void *)(driver->ram + DESC_AT);
}

static uint16_t *available(struct driver *driver)
{
    return (void *)(driver->ram + AVAIL_AT);
}

static uint16_t *used(struct driver *driver)
{
    return (void *)(driver->ram + USED_AT);
}

static struct hsp_vring_used_element *used_element(struct driver *driver, int i)
{
    return (struct hsp_vring_used_element *)(void *)(driver->ram + USED_AT + 4) + i;
}

static void set_desc(struct driver *driver, int i, uint64_t address, uint32_t size, uint16_t flags,
                     uint16_t next)
{
    descriptors(driver)[i] = (struct hsp_vring_desc){address, size, flags, next};
}

static void make_available(struct driver *driver, uint16_t head)
{
    uint16_t index = available(driver)[1];

    available(driver)[2 + index % NUM] = head;
    available(driver)[1] = (uint16_t)(index + 1);
}

static void set_rings(struct driver *driver)
{
    struct hsp_vhost_vring_address address = {
        .descriptors = USER + DESC_AT,
        .available = USER + AVAIL_AT,
        .used = USER + USED_AT,
    };

    HSP_CHECK_EQ(hsp_vhost_queue_set_num(&driver->queue, NUM), 0);
    HSP_CHECK_EQ(hsp_vhost_queue_set_address(&driver->queue, &address), 0);
}

static bool run(struct driver *driver)
{
    driver->queue.has_kick = driver->queue.enabled = true;
    return hsp_vhost_queue_update(&driver->queue, driver->memory);
}

static void driver_init(struct driver *driver)
{
    struct hsp_vhost_memory_region region = {
        .guest_address = GUEST, .size = RAM_SIZE, .user_address = USER};

    memset(driver, 0, sizeof(*driver));
    driver->fd = hsp_shm_create("ram", RAM_SIZE);
    driver->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, driver->fd, 0);
    HSP_CHECK_EQ(hsp_vhost_memory_create(&region, 1, &driver->fd, NULL, &driver->memory), 0);
    hsp_vhost_queue_init(&driver->queue, 0);
    set_rings(driver);
    HSP_CHECK(run(driver));
}

static void driver_finish(struct driver *driver)
{
    hsp_vhost_queue_finish(&driver->queue);
    hsp_vhost_memory_unref(driver->memory);
    munmap(driver->ram, RAM_SIZE);
    close(driver->fd);
}

static struct hsp_vhost_chain *take(struct driver *driver)
{
    struct hsp_vhost_chain *chain = NULL;

    HSP_CHECK_EQ(hsp_vhost_queue_take(&driver->queue, &chain), HSP_VHOST_TAKE_CHAIN);
    return chain;
}

static bool is_empty(struct driver *driver)
{
    struct hsp_vhost_chain *chain;

    return hsp_vhost_queue_take(&driver->queue, &chain) == HSP_VHOST_TAKE_NONE;
}

/* Two readable buffers, one writable. */
static void send_plain(struct driver *driver)
{
    memcpy(driver->ram + BUFFER_AT, "abcdef", 6);
    set_desc(driver, 0, GUEST + BUFFER_AT, 4, HSP_VRING_DESC_NEXT, 3);
    set_desc(driver, 3, GUEST + BUFFER_AT + 4, 2, HSP_VRING_DESC_NEXT, 5);
    set_desc(driver, 5, GUEST + BUFFER_AT + 16, 3, HSP_VRING_DESC_WRITE, 0);
    make_available(driver, 0);
}

HSP_TEST(chain_is_read_and_answered)
{
    struct driver driver;
    char bytes[16];

    driver_init(&driver);
    HSP_CHECK(is_empty(&driver));
    send_plain(&driver);
    struct hsp_vhost_chain *chain = take(&driver);
    HSP_CHECK_EQ(chain->readable_size, 6);
    HSP_CHECK_EQ(chain->writable_size, 3);
    HSP_CHECK_EQ(hsp_vhost_chain_read(chain, 0, bytes, sizeof(bytes)), 6);
    HSP_CHECK(memcmp(bytes, "abcdef", 6) == 0);
    HSP_CHECK_EQ(hsp_vhost_chain_read(chain, 3, bytes, 2), 2);
    HSP_CHECK(memcmp(bytes, "de", 2) == 0);
    HSP_CHECK_EQ(hsp_vhost_chain_read(chain, 6, bytes, 2), 0);
    hsp_vhost_queue_answer(&driver.queue, chain, "12345", 5);
    HSP_CHECK(memcmp(driver.ram + BUFFER_AT + 16, "123\0", 4) == 0);
    HSP_CHECK_EQ(used(&driver)[1], 1);
    HSP_CHECK_EQ(used_element(&driver, 0)->id, 0);
    HSP_CHECK_EQ(used_element(&driver, 0)->size, 3);
    HSP_CHECK(is_empty(&driver));
    driver_finish(&driver);
}

HSP_TEST(indirect_table_may_be_long_and_unaligned)
{
    struct driver driver;
    struct hsp_vring_desc desc = {.flags = HSP_VRING_DESC_NEXT, .size = 2};

    driver_init(&driver);
    for (uint16_t i = 0; i < 100; i++) { /* more than the queue has descriptors */
        desc.address = GUEST + BUFFER_AT + 2 * i;
        desc.next = (uint16_t)(i + 1);
        desc.flags = i == 99 ? HSP_VRING_DESC_WRITE : HSP_VRING_DESC_NEXT;
        memcpy(driver.ram + TABLE_AT + 4 + i * sizeof(desc), &desc, sizeof(desc));
    }
    set_desc(&driver, 2, GUEST + TABLE_AT + 4, 100 * sizeof(desc), HSP_VRING_DESC_INDIRECT, 0);
    make_available(&driver, 2);
    struct hsp_vhost_chain *chain = take(&driver);
    HSP_CHECK_EQ(chain->readable_size, 198);
    HSP_CHECK_EQ(chain->writable_size, 2);
    hsp_vhost_queue_answer(&driver.queue, chain, NULL, 0);
    driver_finish(&driver);
}

/* Found by fuzzing: the walk took a table at an odd address for an aligned one. */
HSP_TEST(indirect_table_at_an_odd_address)
{
    struct driver driver;
    struct hsp_vring_desc desc = {.address = GUEST + BUFFER_AT, .size = 4};

    driver_init(&driver);
    memcpy(driver.ram + TABLE_AT + 1, &desc, sizeof(desc));
    set_desc(&driver, 2, GUEST + TABLE_AT + 1, sizeof(desc), HSP_VRING_DESC_INDIRECT, 0);
    make_available(&driver, 2);
    struct hsp_vhost_chain *chain = take(&driver);
    HSP_CHECK_EQ(chain->readable_size, 4);
    hsp_vhost_queue_answer(&driver.queue, chain, NULL, 0);
    driver_finish(&driver);
}

/* Each malformed request comes back empty, and the next one works. */
static void check_refused(struct driver *driver, uint16_t head)
{
    struct hsp_vhost_chain *chain;
    uint16_t before = used(driver)[1];

    make_available(driver, head);
    HSP_CHECK_EQ(hsp_vhost_queue_take(&driver->queue, &chain), HSP_VHOST_TAKE_REFUSED);
    HSP_CHECK_EQ((uint16_t)(used(driver)[1] - before), 1);
    HSP_CHECK_EQ(used_element(driver, before % NUM)->id, head);
    HSP_CHECK_EQ(used_element(driver, before % NUM)->size, 0);
    send_plain(driver);
    hsp_vhost_queue_answer(&driver->queue, take(driver), NULL, 0);
}

HSP_TEST(malformed_chains_are_refused)
{
    struct hsp_vring_desc desc = {.address = GUEST, .size = 16, .flags = HSP_VRING_DESC_INDIRECT};
    struct driver driver;

    driver_init(&driver);
    set_desc(&driver, 1, GUEST, 4, HSP_VRING_DESC_NEXT, 2); /* loop */
    set_desc(&driver, 2, GUEST, 4, HSP_VRING_DESC_NEXT, 1);
    check_refused(&driver, 1);
    set_desc(&driver, 1, GUEST, 4, HSP_VRING_DESC_NEXT, NUM); /* index */
    check_refused(&driver, 1);
    set_desc(&driver, 1, GUEST + RAM_SIZE - 2, 4, 0, 0); /* beyond RAM */
    check_refused(&driver, 1);
    set_desc(&driver, 1, UINT64_MAX, 4, 0, 0);
    check_refused(&driver, 1);
    set_desc(&driver, 1, GUEST, 4, HSP_VRING_DESC_WRITE | HSP_VRING_DESC_NEXT, 2); /* order */
    set_desc(&driver, 2, GUEST, 4, 0, 0);
    check_refused(&driver, 1);
    memcpy(driver.ram + TABLE_AT, &desc, sizeof(desc)); /* indirect in indirect */
    set_desc(&driver, 1, GUEST + TABLE_AT, 16, HSP_VRING_DESC_INDIRECT, 0);
    check_refused(&driver, 1);
    set_desc(&driver, 1, GUEST + TABLE_AT, 24, HSP_VRING_DESC_INDIRECT, 0); /* size */
    check_refused(&driver, 1);
    set_desc(&driver, 1, GUEST + TABLE_AT, 0, HSP_VRING_DESC_INDIRECT, 0);
    check_refused(&driver, 1);
    set_desc(&driver, 1, GUEST + RAM_SIZE - 16, 32, HSP_VRING_DESC_INDIRECT, 0); /* place */
    check_refused(&driver, 1);
    set_desc(&driver, 1, GUEST + TABLE_AT, 16, HSP_VRING_DESC_INDIRECT | HSP_VRING_DESC_NEXT, 2);
    check_refused(&driver, 1);
    desc = (struct hsp_vring_desc){.address = GUEST, .size = 4, .flags = HSP_VRING_DESC_NEXT};
    memcpy(driver.ram + TABLE_AT, &desc, sizeof(desc)); /* loop in the indirect table */
    set_desc(&driver, 1, GUEST + TABLE_AT, 16, HSP_VRING_DESC_INDIRECT, 0);
    check_refused(&driver, 1);
    driver_finish(&driver);
}

HSP_TEST(nonsense_in_the_ring_breaks_the_queue_until_set_up_anew)
{
    struct driver driver;
    int error_fd = eventfd(0, EFD_NONBLOCK);
    uint64_t count;

    driver_init(&driver);
    driver.queue.error_fd = dup(error_fd);
    available(&driver)[2] = NUM; /* a head out of range */
    available(&driver)[1] = 1;
    HSP_CHECK(is_empty(&driver));
    HSP_CHECK(!driver.queue.running);
    HSP_CHECK(read(error_fd, &count, sizeof(count)) == sizeof(count));
    HSP_CHECK(!run(&driver)); /* not by a new memory table */

    memset(driver.ram, 0, 0x3000);
    hsp_vhost_queue_stop(&driver.queue);
    hsp_vhost_queue_forget(&driver.queue);
    driver.queue.base = 0;
    set_rings(&driver);
    HSP_CHECK(run(&driver));
    send_plain(&driver);
    hsp_vhost_queue_answer(&driver.queue, take(&driver), NULL, 0);

    available(&driver)[1] += NUM + 1; /* more than fit */
    HSP_CHECK(is_empty(&driver));
    HSP_CHECK(!driver.queue.running);
    driver_finish(&driver);
    close(error_fd);
}

/* The same head again and again while it is in flight. */
HSP_TEST(in_flight_requests_are_bounded)
{
    struct hsp_vhost_chain *chains[NUM];
    struct driver driver;

    driver_init(&driver);
    for (int i = 0; i < NUM; i++) {
        send_plain(&driver);
        chains[i] = take(&driver);
    }
    send_plain(&driver);
    HSP_CHECK(is_empty(&driver));
    HSP_CHECK(!driver.queue.running);
    for (int i = 0; i < NUM; i++)
        hsp_vhost_queue_answer(&driver.queue, chains[i], NULL, 0);
    driver_finish(&driver);
}

HSP_TEST(answers_wait_while_stopped)
{
    struct driver driver;

    driver_init(&driver);
    send_plain(&driver);
    struct hsp_vhost_chain *chain = take(&driver);
    HSP_CHECK_EQ(hsp_vhost_queue_stop(&driver.queue), 1);
    hsp_vhost_queue_answer(&driver.queue, chain, "xyz", 3);
    HSP_CHECK_EQ(used(&driver)[1], 0);
    HSP_CHECK(driver.ram[BUFFER_AT + 16] == 0);

    driver.queue.base = 1;
    driver.queue.has_base = true;
    HSP_CHECK(run(&driver));
    HSP_CHECK_EQ(used(&driver)[1], 1);
    HSP_CHECK(memcmp(driver.ram + BUFFER_AT + 16, "xyz", 3) == 0);
    HSP_CHECK(is_empty(&driver));
    driver_finish(&driver);
}

/* A front end that goes back to the request in flight does not make it happen twice. */
HSP_TEST(request_in_flight_is_not_taken_again)
{
    struct driver driver;

    driver_init(&driver);
    send_plain(&driver);
    struct hsp_vhost_chain *chain = take(&driver);
    hsp_vhost_queue_stop(&driver.queue);
    driver.queue.base = 0;
    driver.queue.has_base = true;
    HSP_CHECK(run(&driver));
    HSP_CHECK(is_empty(&driver));
    hsp_vhost_queue_answer(&driver.queue, chain, NULL, 0);
    HSP_CHECK_EQ(used(&driver)[1], 1);
    driver_finish(&driver);
}

HSP_TEST(new_driver_gets_no_answer_of_the_old)
{
    struct driver driver;

    driver_init(&driver);
    send_plain(&driver);
    send_plain(&driver);
    struct hsp_vhost_chain *held = take(&driver), *late = take(&driver);
    hsp_vhost_queue_stop(&driver.queue);
    hsp_vhost_queue_answer(&driver.queue, held, "old", 3);
    hsp_vhost_queue_forget(&driver.queue);
    driver.queue.base = 0;
    driver.queue.has_base = true;
    memset(driver.ram, 0, RAM_SIZE);
    HSP_CHECK(run(&driver));
    hsp_vhost_queue_answer(&driver.queue, late, "old", 3);
    HSP_CHECK_EQ(used(&driver)[1], 0);
    HSP_CHECK(driver.ram[BUFFER_AT + 16] == 0);
    send_plain(&driver);
    hsp_vhost_queue_answer(&driver.queue, take(&driver), "new", 3);
    HSP_CHECK_EQ(used(&driver)[1], 1);
    driver_finish(&driver);
}

static bool interrupted(int fd)
{
    uint64_t count;

    return read(fd, &count, sizeof(count)) == sizeof(count);
}

HSP_TEST(interrupts_follow_the_drivers_wish)
{
    struct driver driver;
    int call_fd = eventfd(0, EFD_NONBLOCK);

    driver_init(&driver);
    driver.queue.call_fd = dup(call_fd);
    for (int i = 0; i < 2; i++) {
        available(&driver)[0] = i == 0 ? 0 : HSP_VRING_AVAIL_NO_INTERRUPT;
        send_plain(&driver);
        hsp_vhost_queue_answer(&driver.queue, take(&driver), NULL, 0);
        hsp_vhost_queue_notify(&driver.queue);
        HSP_CHECK_EQ(interrupted(call_fd), i == 0);
    }

    /* EVENT_IDX: the driver names the answer that it wants to hear of. */
    hsp_vhost_queue_stop(&driver.queue);
    driver.queue.event_idx = true;
    HSP_CHECK(run(&driver));
    for (uint16_t i = 0; i < 6; i++) {
        available(&driver)[2 + NUM] = 5; /* the sixth of all, the fourth of these */
        send_plain(&driver);
        hsp_vhost_queue_answer(&driver.queue, take(&driver), NULL, 0);
        hsp_vhost_queue_notify(&driver.queue);
        /* The first after a start is always told. */
        HSP_CHECK_EQ(interrupted(call_fd), i == 0 || i == 3);
        HSP_CHECK(is_empty(&driver));
        uint16_t avail_event;
        memcpy(&avail_event, driver.ram + USED_AT + 4 + NUM * 8, sizeof(avail_event));
        HSP_CHECK_EQ(avail_event, i + 3);
    }
    driver_finish(&driver);
    close(call_fd);
}

HSP_TEST(rings_outside_of_memory_do_not_start)
{
    struct hsp_vhost_vring_address address = {
        .descriptors = USER + DESC_AT,
        .available = USER + AVAIL_AT,
        .used = USER + USED_AT,
    };
    struct driver driver;

    driver_init(&driver);
    hsp_vhost_queue_stop(&driver.queue);
    HSP_CHECK_EQ(hsp_vhost_queue_set_num(&driver.queue, 3), -EINVAL);
    HSP_CHECK_EQ(hsp_vhost_queue_set_num(&driver.queue, 0), -EINVAL);
    HSP_CHECK_EQ(hsp_vhost_queue_set_num(&driver.queue, 2 * HSP_LIMIT_QUEUE_SIZE), -EINVAL);
    for (int i = 0; i < 4; i++) {
        struct hsp_vhost_vring_address bad = address;
        if (i == 0)
            bad.descriptors += 8; /* alignment */
        else if (i == 1)
            bad.used = USER + RAM_SIZE - 8;
        else if (i == 2)
            bad.available = USER - 2;
        else
            bad.available += 1;
        HSP_CHECK_EQ(hsp_vhost_queue_set_address(&driver.queue, &bad), 0);
        HSP_CHECK(!run(&driver));
        HSP_CHECK(is_empty(&driver));
    }
    HSP_CHECK_EQ(hsp_vhost_queue_set_address(&driver.queue, &address), 0);
    HSP_CHECK(run(&driver));
    HSP_CHECK_EQ(hsp_vhost_queue_set_address(&driver.queue, &address), -EBUSY);
    driver_finish(&driver);
}

HSP_TEST_MAIN()
