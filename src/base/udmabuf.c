/* SPDX-License-Identifier: MIT */
#include "base/udmabuf.h"

#include <errno.h>

#ifdef __linux__

#include "base/fd.h"
#include "base/limits.h"

#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/* What one buffer may have at most, unless the module's parameters were changed. */
#define MAX_ITEM_COUNT 1024u
#define MAX_SIZE       (64ull << 20)

struct narrowing {
    int udmabuf_fd;
    struct udmabuf_create_list *list; /* the buffer that is being put together */
    uint64_t list_size;
    int fds[HSP_LIMIT_MESSAGE_FD_COUNT];
    struct hsp_span_piece pieces[HSP_LIMIT_MESSAGE_FD_COUNT];
    uint32_t count;
};

int hsp_udmabuf_open(void)
{
    int fd = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

static int finish_buffer(struct narrowing *narrowing)
{
    struct udmabuf_create_list *list = narrowing->list;
    uint32_t i = narrowing->count;
    int fd;

    if (list->count == 0)
        return 0;
    if (i == HSP_LIMIT_MESSAGE_FD_COUNT)
        return -E2BIG;
    fd = ioctl(narrowing->udmabuf_fd, UDMABUF_CREATE_LIST, list);
    if (fd < 0)
        return -errno;
    narrowing->fds[i] = fd;
    narrowing->pieces[i] = (struct hsp_span_piece){.fd_index = i, .size = narrowing->list_size};
    narrowing->count++;
    list->count = 0;
    narrowing->list_size = 0;
    return 0;
}

static int add_pages(struct narrowing *narrowing, int fd, uint64_t offset, uint64_t size)
{
    struct udmabuf_create_list *list = narrowing->list;

    while (size > 0) {
        uint64_t part = HSP_MIN(size, MAX_SIZE - narrowing->list_size);
        if (part == 0 || list->count == MAX_ITEM_COUNT) {
            int ret = finish_buffer(narrowing);
            if (ret < 0)
                return ret;
            continue;
        }
        list->list[list->count++] =
            (struct udmabuf_create_item){.memfd = (uint32_t)fd, .offset = offset, .size = part};
        narrowing->list_size += part;
        offset += part;
        size -= part;
    }
    return 0;
}

int hsp_udmabuf_narrow(int udmabuf_fd, const struct hsp_span *span, struct hsp_span *out_span)
{
    struct narrowing narrowing = {.udmabuf_fd = udmabuf_fd};
    int ret = 0;

    narrowing.list =
        calloc(1, sizeof(*narrowing.list) + MAX_ITEM_COUNT * sizeof(narrowing.list->list[0]));
    if (!narrowing.list)
        return -ENOMEM;
    narrowing.list->flags = UDMABUF_FLAGS_CLOEXEC;
    for (uint32_t i = 0; ret == 0 && i < span->piece_count; i++) {
        const struct hsp_span_piece *piece = &span->pieces[i];
        ret = add_pages(&narrowing, span->fds[piece->fd_index], piece->offset, piece->size);
    }
    if (ret == 0)
        ret = finish_buffer(&narrowing);
    if (ret == 0)
        ret = hsp_span_init_pieces(out_span, narrowing.fds, narrowing.count, narrowing.pieces,
                                   narrowing.count);
    for (uint32_t i = 0; i < narrowing.count; i++)
        hsp_fd_close(&narrowing.fds[i]);
    free(narrowing.list);
    return ret;
}

#else

int hsp_udmabuf_open(void)
{
    return -ENOSYS;
}

int hsp_udmabuf_narrow(int udmabuf_fd, const struct hsp_span *span, struct hsp_span *out_span)
{
    return -ENOSYS;
}

#endif
