/* SPDX-License-Identifier: MIT */
/*
 * rapid-resize: a window whose size changes all the time. A swapchain of each size, two frames on
 * it, away with it. The corners of the last frame are read back, and the program watches its own
 * descriptors, mappings and memory: none may grow.
 */
#include "bars.h"
#include "options.h"
#include "picture_file.h"
#include "usage.h"
#include "window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIN_SIZE       16
#define MAX_WIDTH      960
#define MAX_HEIGHT     600
#define HISTORY_COUNT  24
#define FRAME_COUNT    2
#define MIN_COUNT      20
#define MAX_GROWTH_FDS 4    /* drivers keep a sync file of the last frames, or do not yet */
#define MAX_GROWTH_KIB 4096 /* of resident memory: what allocators keep varies with the sizes */

struct resize {
    struct demo_device device;
    struct window window;
    struct demo_buffer readback;
    struct demo_size history[HISTORY_COUNT]; /* the last sizes, the newest first */
    uint32_t random;
};

static uint32_t next_random(struct resize *resize, uint32_t from, uint32_t to)
{
    resize->random = resize->random * 1664525 + 1013904223;
    return from + (resize->random >> 8) % (to - from + 1);
}

static void get_color(const struct demo_size *size, float *rgb)
{
    rgb[0] = (float)(size->width * 7 % 256) / 255;
    rgb[1] = (float)(size->height * 11 % 256) / 255;
    rgb[2] = (float)((size->width + size->height) * 5 % 256) / 255;
}

static int compare_areas(const void *a, const void *b)
{
    const struct demo_size *one = a, *other = b;
    const uint32_t area = one->width * one->height, other_area = other->width * other->height;

    return (area < other_area) - (area > other_area);
}

/* The window's size in its colour, on it the sizes that it had before, the largest first. */
static void draw(const struct resize *resize, VkCommandBuffer commands, uint32_t index)
{
    const struct window *window = &resize->window;
    const VkClearValue black = {.color.float32 = {0, 0, 0, 1}};
    const VkRenderPassBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = window->render_pass,
        .framebuffer = window->framebuffers[index],
        .renderArea = {{0, 0}, {window->width, window->height}},
        .clearValueCount = 1,
        .pClearValues = &black,
    };
    struct demo_size sizes[HISTORY_COUNT];
    float rgb[3];

    memcpy(sizes, resize->history, sizeof(sizes));
    qsort(sizes + 1, HISTORY_COUNT - 1, sizeof(sizes[0]), compare_areas);
    vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    get_color(&sizes[0], rgb);
    demo_record_bar(commands, 0, 0, window->width, window->height, rgb);
    for (int i = 1; i < HISTORY_COUNT; i++) {
        /* Not over the corners: they are checked. */
        if (sizes[i].width + 2 > window->width || sizes[i].height + 2 > window->height)
            continue;
        get_color(&sizes[i], rgb);
        demo_record_bar(commands, (window->width - sizes[i].width) / 2,
                        (window->height - sizes[i].height) / 2, sizes[i].width, sizes[i].height,
                        rgb);
    }
    vkCmdEndRenderPass(commands);
}

static void record_readback(const struct resize *resize, VkCommandBuffer commands, uint32_t index)
{
    const struct window *window = &resize->window;
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {window->width, window->height, 1},
    };

    demo_image_barrier(commands, window->images[index], VK_IMAGE_ASPECT_COLOR_BIT,
                       VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                       VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    vkCmdCopyImageToBuffer(commands, window->images[index], VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                           resize->readback.buffer, 1, &region);
    demo_image_barrier(commands, window->images[index], VK_IMAGE_ASPECT_COLOR_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                       VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
}

/* Wrong corners mean that the image has another size than it says. */
static bool check_corners(const struct resize *resize)
{
    const uint32_t w = resize->window.width, h = resize->window.height;
    const uint32_t corners[] = {0, w - 1, w * (h - 1), w * h - 1};
    const bool is_bgra = resize->window.format == VK_FORMAT_B8G8R8A8_UNORM;
    const uint8_t *bytes = resize->readback.map;
    float rgb[3];

    get_color(&resize->history[0], rgb);
    for (int i = 0; i < 4; i++) {
        for (int channel = 0; channel < 3; channel++) {
            int value = bytes[corners[i] * 4 + (uint32_t)(is_bgra ? 2 - channel : channel)];
            if (abs(value - (int)(rgb[channel] * 255 + 0.5f)) > 1) {
                fprintf(stderr, "rapid-resize: corner %d of %ux%u has a wrong colour\n", i, w, h);
                return false;
            }
        }
    }
    return true;
}

/* One size: a new swapchain, a few frames on it. */
static bool run_size(struct resize *resize, struct demo_size size)
{
    VkCommandBuffer commands;

    memmove(&resize->history[1], &resize->history[0], sizeof(size) * (HISTORY_COUNT - 1));
    resize->history[0] = size;
    window_resize(&resize->window, size.width, size.height, next_random(resize, 0, 1));
    for (int frame = 0; frame < FRAME_COUNT; frame++) {
        uint32_t index = window_acquire(&resize->window);

        commands = demo_commands_begin(&resize->device);
        draw(resize, commands, index);
        record_readback(resize, commands, index);
        window_present(&resize->window, commands, index);
        vkFreeCommandBuffers(resize->device.device, resize->device.pool, 1, &commands);
    }
    return check_corners(resize);
}

static bool check_growth(const struct usage *before, const struct usage *after)
{
    printf("rapid-resize: descriptors %llu -> %llu, mappings %llu -> %llu, memory %llu -> %llu "
           "KiB\n",
           (unsigned long long)before->fds, (unsigned long long)after->fds,
           (unsigned long long)before->mappings, (unsigned long long)after->mappings,
           (unsigned long long)before->memory_kib, (unsigned long long)after->memory_kib);
    return after->fds <= before->fds + MAX_GROWTH_FDS && after->mappings <= before->mappings + 16 &&
           after->memory_kib <= before->memory_kib + MAX_GROWTH_KIB;
}

/* A BGRA window's picture is turned round in the readback buffer, which has been checked. */
static void write_picture(struct resize *resize, const char *path)
{
    uint8_t *bytes = resize->readback.map;
    const size_t count = (size_t)resize->window.width * resize->window.height;

    for (size_t i = 0; i < count && resize->window.format == VK_FORMAT_B8G8R8A8_UNORM; i++) {
        uint8_t blue = bytes[i * 4];
        bytes[i * 4] = bytes[i * 4 + 2];
        bytes[i * 4 + 2] = blue;
    }
    demo_picture_write(path, bytes, resize->window.width, resize->window.height);
}

static bool run(struct resize *resize, uint64_t count, const char *output)
{
    const uint64_t warm_up = count / 2; /* until then caches and pools may still grow */
    struct usage before = usage_read();
    bool good = true;
    double start = demo_seconds();

    for (uint64_t i = 0; i < count; i++) {
        struct demo_size size = {next_random(resize, MIN_SIZE, MAX_WIDTH),
                                 next_random(resize, MIN_SIZE, MAX_HEIGHT)};
        /* What is held is compared at the same size. */
        if (i + 1 == warm_up || i + 1 == count)
            size = (struct demo_size){MAX_WIDTH, MAX_HEIGHT};
        good = run_size(resize, size) && good;
        if (i + 1 == warm_up)
            before = usage_read();
    }
    double seconds = demo_seconds() - start;
    struct usage after = usage_read();

    printf("rapid-resize: %llu swapchains on %s in %.2f s: %.0f per second\n",
           (unsigned long long)count, resize->device.properties.deviceName, seconds,
           (double)count / seconds);
    good = check_growth(&before, &after) && good;
    if (output)
        write_picture(resize, output);
    return good;
}

int main(int argc, char **argv)
{
    static const char *const extensions[] = {VK_KHR_SWAPCHAIN_EXTENSION_NAME};
    const struct demo_device_options device_options = {.extensions = extensions,
                                                       .extension_count = 1};
    uint64_t count = 200;
    const char *output = NULL;
    const struct demo_option options[] = {
        {"sizes", DEMO_OPTION_COUNT, &count, "how often the size changes (default 200)"},
        {"output", DEMO_OPTION_PICTURE, &output, "write the last picture (.png, .ppm, .raw)"},
        {0},
    };
    struct resize resize = {.random = 1};

    demo_options_parse(argc, argv, "A headless window whose size changes all the time.", options);
    if (count < MIN_COUNT)
        demo_die("--sizes: fewer than %d say nothing about what grows", MIN_COUNT);
    demo_device_choose_with(&resize.device, -1, window_instance_extensions, 2);
    demo_device_create(&resize.device, &device_options);
    window_create(&resize.window, &resize.device);
    demo_buffer_create(&resize.device, &resize.readback, MAX_WIDTH * MAX_HEIGHT * 4,
                       VK_BUFFER_USAGE_TRANSFER_DST_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT,
                       VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    bool good = run(&resize, count, output);

    demo_buffer_destroy(&resize.device, &resize.readback);
    window_destroy(&resize.window);
    demo_device_destroy(&resize.device);
    printf("rapid-resize: %s\n", good ? "ok" : "FAILED");
    return good ? 0 : 1;
}
