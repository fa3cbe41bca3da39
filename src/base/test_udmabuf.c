/* SPDX-License-Identifier: MIT */
/* Needs /dev/udmabuf; tests/vm runs it in the guest, whose kernel has one. */
#include "base/udmabuf.h"

#include "base/fd.h"
#include "base/limits.h"
#include "base/shm.h"
#include "base/test.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u

static int open_device(void)
{
    int fd = hsp_udmabuf_open();

    if (fd < 0)
        hsp_test_fail(__FILE__, __LINE__, "/dev/udmabuf: %s", strerror(-fd));
    return fd;
}

/* A file whose page k begins with the number k. */
static int make_file(uint32_t page_count)
{
    int fd = hsp_shm_create("test", (uint64_t)page_count * PAGE);

    HSP_CHECK(fd >= 0);
    for (uint32_t k = 0; k < page_count; k++)
        HSP_CHECK_EQ(pwrite(fd, &k, sizeof(k), (off_t)k * PAGE), sizeof(k));
    return fd;
}

HSP_TEST(pages_are_the_same_and_no_others)
{
    int device = open_device(), file = make_file(8);
    const struct hsp_span_piece pieces[] = {{0, 6 * PAGE, PAGE}, {0, PAGE, 2 * PAGE}};
    struct hsp_span span, narrow;
    struct hsp_mapping mapping;
    uint32_t number = 77, *words;

    HSP_CHECK_EQ(hsp_span_init_pieces(&span, &file, 1, pieces, 2), 0);
    HSP_CHECK_EQ(hsp_udmabuf_narrow(device, &span, &narrow), 0);
    HSP_CHECK_EQ(narrow.size, 3 * PAGE);
    HSP_CHECK_EQ(lseek(narrow.fds[0], 0, SEEK_END), 3 * PAGE);
    HSP_CHECK_EQ(hsp_span_map(&narrow, true, &mapping), 0);
    words = mapping.data;
    HSP_CHECK_EQ(words[0], 6);
    HSP_CHECK_EQ(words[PAGE / 4], 1);
    HSP_CHECK_EQ(words[2 * PAGE / 4], 2);
    words[PAGE / 4] = number;
    HSP_CHECK_EQ(pread(file, &number, sizeof(number), PAGE), sizeof(number));
    HSP_CHECK_EQ(number, 77);
    HSP_CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, narrow.fds[0], 3 * PAGE) == MAP_FAILED);
    hsp_mapping_finish(&mapping);
    hsp_span_finish(&narrow);
    hsp_span_finish(&span);
    hsp_fd_close(&file);
    hsp_fd_close(&device);
}

/* More pieces than one buffer takes. */
HSP_TEST(scattered_pages)
{
    enum { COUNT = 3000 };
    static struct hsp_span_piece pieces[COUNT];
    int device = open_device(), file = make_file(2 * COUNT);
    struct hsp_span span, narrow;
    struct hsp_mapping mapping;

    for (uint32_t i = 0; i < COUNT; i++)
        pieces[i] = (struct hsp_span_piece){0, (uint64_t)2 * (COUNT - 1 - i) * PAGE, PAGE};
    HSP_CHECK_EQ(hsp_span_init_pieces(&span, &file, 1, pieces, COUNT), 0);
    HSP_CHECK_EQ(hsp_udmabuf_narrow(device, &span, &narrow), 0);
    HSP_CHECK_EQ(narrow.piece_count, 3);
    HSP_CHECK_EQ(hsp_span_map(&narrow, false, &mapping), 0);
    for (uint32_t i = 0; i < COUNT; i++)
        HSP_CHECK_EQ(((const uint32_t *)mapping.data)[i * (PAGE / 4)], 2 * (COUNT - 1 - i));
    hsp_mapping_finish(&mapping);
    hsp_span_finish(&narrow);
    hsp_span_finish(&span);
    hsp_fd_close(&file);
    hsp_fd_close(&device);
}

HSP_TEST(what_cannot_be_narrowed_is_refused)
{
    int device = open_device(), file = make_file(4), pipe_fds[2];
    struct hsp_span span, narrow;

    HSP_CHECK_EQ(pipe(pipe_fds), 0);
    HSP_CHECK_EQ(hsp_span_init_pieces(&span, &file, 1, &(struct hsp_span_piece){0, 512, PAGE}, 1),
                 0);
    HSP_CHECK_EQ(hsp_udmabuf_narrow(device, &span, &narrow), -EINVAL);
    hsp_span_finish(&span);
    HSP_CHECK_EQ(
        hsp_span_init_pieces(&span, &pipe_fds[0], 1, &(struct hsp_span_piece){0, 0, PAGE}, 1), 0);
    HSP_CHECK(hsp_udmabuf_narrow(device, &span, &narrow) < 0);
    hsp_span_finish(&span);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    hsp_fd_close(&file);
    hsp_fd_close(&device);
}

HSP_TEST_MAIN()
