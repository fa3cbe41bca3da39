/* SPDX-License-Identifier: MIT */
#include "buffer.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <linux/dma-buf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A driver that cannot draw itself refuses buffers for rendering; Vulkan draws here. */
static struct gbm_bo *create_bo(struct gbm_device *gbm, uint32_t width, uint32_t height)
{
    static const uint32_t usages[] = {
        GBM_BO_USE_SCANOUT | GBM_BO_USE_LINEAR | GBM_BO_USE_RENDERING,
        GBM_BO_USE_SCANOUT | GBM_BO_USE_LINEAR,
    };

    for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
        struct gbm_bo *bo = gbm_bo_create(gbm, width, height, GBM_FORMAT_XRGB8888, usages[i]);
        if (bo)
            return bo;
    }
    demo_die("GBM gives no linear buffer of %ux%u: %s", width, height, strerror(errno));
}

static void import_image(struct buffer *buffer, const struct demo_device *device, uint32_t width)
{
    const VkSubresourceLayout layout = {
        .offset = gbm_bo_get_offset(buffer->bo, 0),
        .rowPitch = buffer->pitch,
    };
    int fd = gbm_bo_get_fd(buffer->bo);

    if (fd < 0)
        demo_die("GBM exports no dma-buf: %s", strerror(errno));
    demo_shared_image_import(device, &buffer->image, BUFFER_FORMAT, width, buffer->height,
                             BUFFER_USAGE, fd, DRM_FORMAT_MOD_LINEAR, &layout);
    close(fd);
}

void buffer_create(struct buffer *buffer, const struct demo_device *device,
                   const struct demo_kms *kms, struct gbm_device *gbm)
{
    const uint32_t width = kms->mode.hdisplay, height = kms->mode.vdisplay;

    *buffer = (struct buffer){.bo = create_bo(gbm, width, height), .height = height};
    buffer->pitch = gbm_bo_get_stride(buffer->bo);
    import_image(buffer, device, width);
    buffer->pages = demo_shared_image_map(&buffer->image);
    void *map = gbm_bo_map(buffer->bo, 0, 0, width, height, GBM_BO_TRANSFER_READ_WRITE,
                           &buffer->gbm_stride, &buffer->gbm_map_data);
    buffer->gbm_map = map;
    demo_kms_buffer_wrap(kms, &buffer->framebuffer, gbm_bo_get_handle(buffer->bo).u32,
                         DRM_FORMAT_XRGB8888, DRM_FORMAT_MOD_LINEAR,
                         gbm_bo_get_offset(buffer->bo, 0), buffer->pitch);
}

void buffer_destroy(struct buffer *buffer, const struct demo_device *device,
                    const struct demo_kms *kms)
{
    demo_kms_buffer_destroy(kms, &buffer->framebuffer);
    demo_shared_image_destroy(device, &buffer->image);
    if (buffer->gbm_map)
        gbm_bo_unmap(buffer->bo, buffer->gbm_map_data);
    gbm_bo_destroy(buffer->bo);
    *buffer = (struct buffer){0};
}

static void sync_pages(const struct buffer *buffer, uint64_t flags)
{
    struct dma_buf_sync sync = {.flags = DMA_BUF_SYNC_RW | flags};

    while (ioctl(buffer->image.fd, DMA_BUF_IOCTL_SYNC, &sync) < 0) {
        if (errno != EINTR && errno != EAGAIN)
            demo_die("DMA_BUF_IOCTL_SYNC: %s", strerror(errno));
    }
}

void buffer_begin_cpu(const struct buffer *buffer)
{
    sync_pages(buffer, DMA_BUF_SYNC_START);
}

void buffer_end_cpu(const struct buffer *buffer)
{
    sync_pages(buffer, DMA_BUF_SYNC_END);
}
