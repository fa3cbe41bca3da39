/* SPDX-License-Identifier: MIT */
/*
 * share-check: renders into images that are exported as dma-bufs, and reads the pixels through the
 * dma-buf: what a screen would show of an image that nobody copies.
 *
 * Exit status 77 when the device has no such images.
 */
#include "check.h"
#include "pipeline.h"
#include "shared_image.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define WIDTH  320
#define HEIGHT 200
#define FORMAT VK_FORMAT_B8G8R8A8_UNORM
#define USAGE  (VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT)

static bool has_extensions(const struct demo_device *device)
{
    for (uint32_t i = 0; i < DEMO_SHARED_IMAGE_EXTENSION_COUNT; i++) {
        if (!demo_device_has_extension(device->physical, demo_shared_image_extensions[i])) {
            printf("share-check: skipped, %s has no %s\n", device->properties.deviceName,
                   demo_shared_image_extensions[i]);
            return false;
        }
    }
    return true;
}

static uint32_t pattern(uint32_t x, uint32_t y, uint32_t seed)
{
    return (x * 2654435761u) ^ (y * 40503u) ^ seed;
}

/* A picture that comes from a buffer, so that each pixel is known. */
static void record_copy(const struct demo_shared_image *shared, VkCommandBuffer commands,
                        const struct demo_buffer *source, uint32_t seed)
{
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {WIDTH, HEIGHT, 1},
    };
    uint32_t *pixels = source->map;

    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++)
        pixels[i] = pattern(i % WIDTH, i / WIDTH, seed);
    demo_image_barrier(commands, shared->image, VK_IMAGE_ASPECT_COLOR_BIT,
                       VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    vkCmdCopyBufferToImage(commands, source->buffer, shared->image,
                           VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
}

/* A picture of one colour that a render pass leaves behind: blue 51, green 102, red 153. */
static void record_clear(VkRenderPass render_pass, VkFramebuffer framebuffer,
                         VkCommandBuffer commands)
{
    const VkClearValue color = {.color.float32 = {0.6f, 0.4f, 0.2f, 1}};
    const VkRenderPassBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = render_pass,
        .framebuffer = framebuffer,
        .renderArea = {{0, 0}, {WIDTH, HEIGHT}},
        .clearValueCount = 1,
        .pClearValues = &color,
    };

    vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdEndRenderPass(commands);
}

static uint32_t read_pixel(const struct demo_shared_image *shared, const char *bytes, uint32_t x,
                           uint32_t y)
{
    uint32_t pixel;

    memcpy(&pixel, bytes + shared->layout.offset + shared->layout.rowPitch * y + x * 4, 4);
    return pixel;
}

static void check_image(const struct demo_device *device, const struct demo_buffer *source,
                        uint32_t seed)
{
    const uint64_t linear = DRM_FORMAT_MOD_LINEAR;
    VkRenderPass render_pass =
        demo_render_pass_create(device, FORMAT, VK_ATTACHMENT_LOAD_OP_CLEAR, false);
    struct demo_shared_image shared;

    demo_shared_image_create(device, &shared, FORMAT, WIDTH, HEIGHT, USAGE, &linear, 1);
    CHECK_EQUAL(shared.modifier, linear, "modifier");
    size_t size = shared.layout.offset + shared.layout.rowPitch * (HEIGHT - 1) + WIDTH * 4;
    const char *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, shared.fd, 0);
    if (bytes == MAP_FAILED)
        demo_die("mmap of the dma-buf: %s", strerror(errno));

    VkCommandBuffer commands = demo_commands_begin(device);
    record_copy(&shared, commands, source, seed);
    demo_shared_image_release(device, &shared, commands, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    demo_commands_run(device, commands);
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++)
            CHECK_EQUAL(read_pixel(&shared, bytes, x, y), pattern(x, y, seed),
                        "copied pixel (%u, %u)", x, y);

    VkFramebuffer framebuffer =
        demo_framebuffer_create(device, render_pass, &shared.view, 1, WIDTH, HEIGHT);
    commands = demo_commands_begin(device);
    record_clear(render_pass, framebuffer, commands);
    demo_shared_image_release(device, &shared, commands, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
    demo_commands_run(device, commands);
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++)
            CHECK_EQUAL(read_pixel(&shared, bytes, x, y), 0xff996633, "cleared pixel (%u, %u)", x,
                        y);

    munmap((void *)(uintptr_t)bytes, size);
    vkDestroyFramebuffer(device->device, framebuffer, NULL);
    vkDestroyRenderPass(device->device, render_pass, NULL);
    demo_shared_image_destroy(device, &shared);
}

int main(int argc, char **argv)
{
    const uint32_t loops = check_option_number(argc, argv, "loops", 5);
    const struct demo_device_options options = {
        .extensions = demo_shared_image_extensions,
        .extension_count = DEMO_SHARED_IMAGE_EXTENSION_COUNT,
    };
    const uint64_t linear = DRM_FORMAT_MOD_LINEAR;
    struct demo_device device;
    struct demo_buffer source;
    uint64_t modifier;

    check_options_known(argc, argv, (const char *const[]){"loops", NULL});
    demo_device_choose(&device, -1);
    if (!has_extensions(&device))
        return 77;
    demo_device_create(&device, &options);
    if (demo_shared_image_modifiers(&device, FORMAT, USAGE, &linear, 1, &modifier) == 0) {
        printf("share-check: skipped, %s exports no linear images\n", device.properties.deviceName);
        return 77;
    }
    demo_buffer_create(&device, &source, WIDTH * HEIGHT * 4, VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                       VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0);
    for (uint32_t loop = 0; loop < loops; loop++)
        check_image(&device, &source, loop);
    demo_buffer_destroy(&device, &source);
    printf("share-check: ok, %u loops on %s\n", loops, device.properties.deviceName);
    demo_device_destroy(&device);
    return 0;
}
