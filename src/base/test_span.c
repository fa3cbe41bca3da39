/* SPDX-License-Identifier: MIT */
#include "base/fd.h"
#include "base/shm.h"
#include "base/span.h"
#include "base/test.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int make_file(uint64_t pages)
{
    int fd = hsp_shm_create("test", pages * hsp_page_size());

    HSP_CHECK(fd >= 0);
    return fd;
}

HSP_TEST(mappings_of_one_span_share_pages)
{
    struct hsp_span span;
    struct hsp_mapping writer, reader;

    HSP_CHECK_EQ(hsp_span_init_single(&span, make_file(2), 0, 2 * hsp_page_size()), 0);
    HSP_CHECK_EQ(hsp_span_map(&span, true, &writer), 0);
    HSP_CHECK_EQ(hsp_span_map(&span, false, &reader), 0);
    hsp_span_finish(&span);
    strcpy(writer.data, "seen");
    HSP_CHECK_STREQ(reader.data, "seen");
    hsp_mapping_finish(&writer);
    hsp_mapping_finish(&reader);
}

/* Pages 3, 1, 2 of a file, in that order, become one run; 1 and 2 merge. */
HSP_TEST(scattered_pages_become_contiguous)
{
    uint64_t page = hsp_page_size();
    struct hsp_span_piece pieces[] = {
        {.offset = 3 * page, .size = page},
        {.offset = 1 * page, .size = page},
        {.offset = 2 * page, .size = page},
    };
    struct hsp_span whole, span;
    struct hsp_mapping all, stitched;
    int fd = make_file(4);

    HSP_CHECK_EQ(hsp_span_init_pieces(&span, &fd, 1, pieces, 3), 0);
    HSP_CHECK_EQ(span.piece_count, 2);
    HSP_CHECK_EQ(span.size, 3 * page);
    HSP_CHECK_EQ(hsp_span_init_single(&whole, fd, 0, 4 * page), 0);
    HSP_CHECK_EQ(hsp_span_map(&whole, true, &all), 0);
    for (uint64_t i = 0; i < 4; i++)
        memset((char *)all.data + i * page, (int)('0' + i), page);
    HSP_CHECK_EQ(hsp_span_map(&span, false, &stitched), 0);
    const char *bytes = stitched.data;
    HSP_CHECK_EQ(bytes[0], '3');
    HSP_CHECK_EQ(bytes[page - 1], '3');
    HSP_CHECK_EQ(bytes[page], '1');
    HSP_CHECK_EQ(bytes[3 * page - 1], '2');
    hsp_mapping_finish(&all);
    hsp_mapping_finish(&stitched);
    hsp_span_finish(&span);
    hsp_span_finish(&whole);
}

HSP_TEST(span_may_begin_inside_a_page)
{
    struct hsp_span span;
    struct hsp_mapping mapping;
    int fd = make_file(2);

    HSP_CHECK_EQ(pwrite(fd, "mark", 4, 100), 4);
    HSP_CHECK_EQ(hsp_span_init_single(&span, fd, 100, 50), 0);
    HSP_CHECK_EQ(hsp_span_map(&span, false, &mapping), 0);
    HSP_CHECK_EQ(memcmp(mapping.data, "mark", 4), 0);
    HSP_CHECK_EQ(mapping.size, 50);
    hsp_mapping_finish(&mapping);
    hsp_span_finish(&span);
}

HSP_TEST(piece_beyond_its_file_is_refused_at_map)
{
    struct hsp_span span;
    struct hsp_mapping mapping;

    HSP_CHECK_EQ(hsp_span_init_single(&span, make_file(1), 0, 2 * hsp_page_size()), 0);
    HSP_CHECK_EQ(hsp_span_map(&span, false, &mapping), -EINVAL);
    hsp_span_finish(&span);
}

HSP_TEST(bad_pieces_are_refused)
{
    struct hsp_span span;
    struct hsp_span_piece piece = {.size = 4096};
    int fd = make_file(1);

    piece.fd_index = 1;
    HSP_CHECK_EQ(hsp_span_init_pieces(&span, &fd, 1, &piece, 1), -EINVAL);
    piece = (struct hsp_span_piece){.offset = UINT64_MAX - 100, .size = 4096};
    HSP_CHECK_EQ(hsp_span_init_pieces(&span, &fd, 1, &piece, 1), -EINVAL);
    piece = (struct hsp_span_piece){.size = 0};
    HSP_CHECK_EQ(hsp_span_init_pieces(&span, &fd, 1, &piece, 1), -EINVAL);
    HSP_CHECK_EQ(hsp_span_init_single(&span, fd, 0, 0), -EINVAL);
    hsp_fd_close(&fd);
}

HSP_TEST(unaligned_inner_boundary_is_refused_at_map)
{
    struct hsp_span_piece pieces[] = {{.offset = 0, .size = 100}, {.offset = 4096, .size = 100}};
    struct hsp_span span;
    struct hsp_mapping mapping;
    int fd = make_file(2);

    HSP_CHECK_EQ(hsp_span_init_pieces(&span, &fd, 1, pieces, 2), 0);
    HSP_CHECK_EQ(hsp_span_map(&span, false, &mapping), -EINVAL);
    hsp_span_finish(&span);
    hsp_fd_close(&fd);
}

HSP_TEST(size_of_shared_memory_is_sealed)
{
    int fd = make_file(2);

    HSP_CHECK_EQ(hsp_shm_check_sealed(fd, 2 * hsp_page_size()), 0);
    HSP_CHECK_EQ(hsp_shm_check_sealed(fd, 2 * hsp_page_size() + 1), -EINVAL);
    HSP_CHECK(ftruncate(fd, 0) < 0);
    hsp_fd_close(&fd);
}

HSP_TEST_MAIN()
