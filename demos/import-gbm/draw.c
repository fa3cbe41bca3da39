/* SPDX-License-Identifier: MIT */
#include "draw.h"

#include "bars.h"
#include "compute.h"
#include "pipeline.h"

#include <math.h>
#include <string.h>

#define BORDER    40
#define CHECK     20 /* pixels, the squares of the border */
#define BAR_COUNT 16

struct rect {
    uint32_t x, y, width, height;
};

static const float background[3] = {0.2f, 0.2f, 0.2f}; /* 51 */

/* ------------------------------------------------------------------ what is where */

static struct rect inside_of(const struct draw *draw)
{
    return (struct rect){BORDER, BORDER, draw->width - 2 * BORDER, draw->height - 2 * BORDER};
}

static struct rect bar_of(const struct draw *draw, uint32_t bar, uint32_t number)
{
    const struct rect inside = inside_of(draw);
    const uint32_t width = inside.width / BAR_COUNT;
    const double wave = 0.5 + 0.45 * sin(number * 0.05 + bar * 0.5);
    const uint32_t height = (uint32_t)(wave * inside.height);

    return (struct rect){inside.x + bar * width, inside.y + (inside.height - height) / 2, width - 4,
                         height};
}

/* Whole steps of 255, so that no driver has to round. */
static uint32_t bar_channel(uint32_t bar, int channel)
{
    static const uint32_t from[3] = {255, 80, 40}, to[3] = {40, 160, 255};

    return (from[channel] * (BAR_COUNT - 1 - bar) + to[channel] * bar) / (BAR_COUNT - 1);
}

static bool is_in(const struct rect *rect, uint32_t x, uint32_t y)
{
    return x - rect->x < rect->width && y - rect->y < rect->height;
}

/* 0xRRGGBB, but the first pixel is the number. */
static uint32_t pixel_of(const struct draw *draw, uint32_t x, uint32_t y, uint32_t number)
{
    const struct rect inside = inside_of(draw);
    const uint32_t bar = (x - inside.x) / (inside.width / BAR_COUNT);

    if (x == 0 && y == 0)
        return number & 0xffffff;
    if (!is_in(&inside, x, y))
        return (x / CHECK + y / CHECK) % 2 ? 0xe0e0e0 : 0x404040;
    if (bar < BAR_COUNT) {
        const struct rect rect = bar_of(draw, bar, number);
        if (is_in(&rect, x, y))
            return bar_channel(bar, 0) << 16 | bar_channel(bar, 1) << 8 | bar_channel(bar, 2);
    }
    return 0x333333;
}

/* ------------------------------------------------------------------ the CPU's part */

void draw_frame_by_cpu(const struct draw *draw, const struct buffer *buffer, uint32_t number)
{
    const struct rect inside = inside_of(draw);

    for (uint32_t y = 0; y < draw->height; y++) {
        uint32_t *row = (uint32_t *)(void *)(buffer->pages + (size_t)y * buffer->pitch);
        for (uint32_t x = 0; x < draw->width; x++) {
            if (is_in(&inside, x, y))
                x = inside.x + inside.width;
            row[x] = pixel_of(draw, x, y, number) | 0xff000000;
        }
    }
}

uint32_t draw_count_wrong(const struct draw *draw, const uint8_t *bytes, size_t pitch,
                          uint32_t number, uint32_t step)
{
    uint32_t wrong = 0, pixel;

    for (uint32_t y = 0; y < draw->height; y += step) {
        for (uint32_t x = 0; x < draw->width; x += step) {
            memcpy(&pixel, bytes + y * pitch + (size_t)x * 4, sizeof(pixel));
            wrong += (pixel & 0xffffff) != pixel_of(draw, x, y, number);
        }
    }
    return wrong;
}

/* ------------------------------------------------------------------ the GPU's part */

void draw_create(struct draw *draw, const struct demo_device *device, uint32_t width,
                 uint32_t height)
{
    if (width < 4 * BORDER || height < 4 * BORDER)
        demo_skip("a screen of %ux%u is too small", width, height);
    *draw = (struct draw){.device = device, .width = width, .height = height};
    draw->render_pass =
        demo_render_pass_create(device, BUFFER_FORMAT, VK_ATTACHMENT_LOAD_OP_LOAD, false);
    demo_buffer_create(device, &draw->seen, 4, VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                       VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);
}

void draw_destroy(struct draw *draw)
{
    vkDestroyRenderPass(draw->device->device, draw->render_pass, NULL);
    demo_buffer_destroy(draw->device, &draw->seen);
}

static void record_look(const struct draw *draw, VkCommandBuffer commands, VkImage image)
{
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {1, 1, 1},
    };

    vkCmdCopyImageToBuffer(commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, draw->seen.buffer,
                           1, &region);
}

static void record_bars(const struct draw *draw, VkCommandBuffer commands,
                        VkFramebuffer framebuffer, uint32_t number)
{
    const struct rect inside = inside_of(draw);
    const VkRenderPassBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = draw->render_pass,
        .framebuffer = framebuffer,
        .renderArea = {{0, 0}, {draw->width, draw->height}},
    };

    vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    demo_record_bar(commands, inside.x, inside.y, inside.width, inside.height, background);
    for (uint32_t bar = 0; bar < BAR_COUNT; bar++) {
        const struct rect rect = bar_of(draw, bar, number);
        float rgb[3];

        for (int i = 0; i < 3; i++)
            rgb[i] = (float)bar_channel(bar, i) / 255;
        demo_record_bar(commands, rect.x, rect.y, rect.width, rect.height, rgb);
    }
    vkCmdEndRenderPass(commands);
}

uint32_t draw_inside_by_gpu(const struct draw *draw, const struct buffer *buffer, uint32_t number)
{
    const struct demo_device *device = draw->device;
    VkFramebuffer framebuffer = demo_framebuffer_create(
        device, draw->render_pass, &buffer->image.view, 1, draw->width, draw->height);
    VkCommandBuffer commands = demo_commands_begin(device);

    demo_shared_image_acquire(device, &buffer->image, commands,
                              VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    record_look(draw, commands, buffer->image.image);
    demo_image_barrier(commands, buffer->image.image, VK_IMAGE_ASPECT_COLOR_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                       VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
    record_bars(draw, commands, framebuffer, number);
    demo_shared_image_release(device, &buffer->image, commands,
                              VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
    demo_record_barrier(commands);
    demo_commands_run(device, commands);
    vkDestroyFramebuffer(device->device, framebuffer, NULL);
    return *(const uint32_t *)draw->seen.map & 0xffffff;
}
