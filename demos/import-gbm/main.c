/* SPDX-License-Identifier: MIT */
/*
 * import-gbm: a buffer that GBM allocated on the card with the screen is imported by Vulkan,
 * rendered into, and shown. No copy: what the CPU writes to the buffer's pages is what the GPU
 * reads, and what the GPU writes is in the pages, with nobody being asked in between.
 *
 * The pages are mapped once, before Vulkan draws anything, and never mapped anew. For each frame
 * the CPU writes a part of the picture with the frame's number, the GPU says which number it sees
 * and draws the rest, and the CPU compares. What a device does behind the guest's back to show the
 * buffer cannot be seen from here; hesper stat counts it. Exit status: 0 when every look was right;
 * 1 when a copy, or anything else, came between; 77 when there is no card or no such import.
 */
#include "draw.h"
#include "options.h"
#include "picture_file.h"

#include <drm_fourcc.h>
#include <stdio.h>
#include <stdlib.h>

#define BUFFER_COUNT 2
#define LOOK_STEP    16 /* pixels between those that are compared; all of the first frames are */

struct import {
    struct demo_kms kms;
    struct gbm_device *gbm;
    struct demo_device device;
    struct draw draw;
    struct buffer buffers[BUFFER_COUNT];
    bool shows;
    uint64_t frames;
    uint64_t unseen;    /* frames whose number the GPU did not see */
    uint64_t wrong;     /* pixels that are not in the buffer's pages */
    uint64_t gbm_wrong; /* pixels that are not in GBM's mapping */
};

static void open_all(struct import *import)
{
    const struct demo_device_options options = {
        .extensions = demo_shared_image_extensions,
        .extension_count = DEMO_SHARED_IMAGE_EXTENSION_COUNT,
    };
    const struct demo_kms *kms = &import->kms;

    demo_kms_open(&import->kms, 0, 0);
    import->gbm = gbm_create_device(kms->fd);
    if (!import->gbm)
        demo_skip("GBM has no driver for %s", kms->driver);
    demo_device_choose(&import->device, kms->fd);
    demo_device_create(&import->device, &options);
    if (!demo_shared_image_is_importable(&import->device, BUFFER_FORMAT, BUFFER_USAGE,
                                         DRM_FORMAT_MOD_LINEAR))
        demo_skip("%s imports no linear dma-bufs to draw into",
                  import->device.properties.deviceName);
    fprintf(stderr, "import-gbm: %s, %ux%u, GBM on %s\n", import->device.properties.deviceName,
            kms->mode.hdisplay, kms->mode.vdisplay, kms->driver);
    draw_create(&import->draw, &import->device, kms->mode.hdisplay, kms->mode.vdisplay);
    for (int i = 0; i < BUFFER_COUNT; i++)
        buffer_create(&import->buffers[i], &import->device, kms, import->gbm);
}

static void close_all(struct import *import)
{
    demo_kms_restore(&import->kms);
    for (int i = 0; i < BUFFER_COUNT; i++)
        buffer_destroy(&import->buffers[i], &import->device, &import->kms);
    draw_destroy(&import->draw);
    demo_device_destroy(&import->device);
    gbm_device_destroy(import->gbm);
    demo_kms_close(&import->kms);
}

static void run_frame(struct import *import, uint32_t number)
{
    const struct buffer *buffer = &import->buffers[number % BUFFER_COUNT];
    const uint32_t step = number < BUFFER_COUNT ? 1 : LOOK_STEP;

    buffer_begin_cpu(buffer);
    draw_frame_by_cpu(&import->draw, buffer, number);
    buffer_end_cpu(buffer);
    uint32_t seen = draw_inside_by_gpu(&import->draw, buffer, number);
    buffer_begin_cpu(buffer);
    uint32_t wrong = draw_count_wrong(&import->draw, buffer->pages, buffer->pitch, number, step);
    if (buffer->gbm_map)
        import->gbm_wrong +=
            draw_count_wrong(&import->draw, buffer->gbm_map, buffer->gbm_stride, number, step);
    buffer_end_cpu(buffer);

    if (seen != number && import->unseen++ == 0)
        fprintf(stderr, "import-gbm: the CPU wrote %u, the GPU sees %u\n", number, seen);
    if (wrong > 0 && import->wrong == 0)
        fprintf(stderr, "import-gbm: frame %u: %u pixels are not in the buffer's pages\n", number,
                wrong);
    import->wrong += wrong;
    if (import->shows)
        demo_kms_show(&import->kms, &buffer->framebuffer);
}

static void run(struct import *import, uint64_t frames, double seconds)
{
    const double start = demo_seconds();
    uint32_t number = 0;

    while (number == 0 || (frames ? number < frames : demo_seconds() - start < seconds)) {
        /* Once the last flip has happened, the buffer that was shown before it is free. */
        demo_kms_wait(&import->kms);
        run_frame(import, number++);
    }
    demo_kms_wait(&import->kms);
    import->frames = number;
    printf("import-gbm: %u frames, %.1f per second\n", number, number / (demo_seconds() - start));
}

static bool report(const struct import *import)
{
    const bool has_map = import->buffers[0].gbm_map != NULL;
    const bool good = import->unseen == 0 && import->wrong == 0;

    printf("import-gbm: frames whose number the GPU did not see: %llu\n"
           "import-gbm: wrong pixels in the buffer's pages: %llu\n",
           (unsigned long long)import->unseen, (unsigned long long)import->wrong);
    if (has_map)
        printf("import-gbm: wrong pixels in gbm_bo_map's mapping: %llu%s\n",
               (unsigned long long)import->gbm_wrong,
               import->gbm_wrong > 0 ? " (GBM maps a copy, not the buffer)" : "");
    else
        printf("import-gbm: GBM does not map the buffer\n");
    printf("import-gbm: %s\n", good && import->gbm_wrong == 0
                                   ? "ok, the CPU and the GPU use the very same pages"
                                   : "FAILED");
    return good && import->gbm_wrong == 0;
}

static void write_picture(const struct import *import, const char *path)
{
    const struct buffer *buffer = &import->buffers[(import->frames - 1) % BUFFER_COUNT];
    const uint32_t width = import->draw.width, height = import->draw.height;
    uint8_t *rgba = malloc((size_t)width * height * 4);

    if (!rgba)
        demo_die("out of memory");
    for (size_t i = 0; i < (size_t)width * height; i++) {
        const uint8_t *pixel = buffer->pages + i / width * buffer->pitch + i % width * 4;
        for (int channel = 0; channel < 3; channel++)
            rgba[i * 4 + (size_t)channel] = pixel[2 - channel];
        rgba[i * 4 + 3] = 255;
    }
    demo_picture_write(path, rgba, width, height);
    free(rgba);
}

int main(int argc, char **argv)
{
    const struct demo_target_ops *present = &demo_target_zero_copy_ops;
    struct import import = {0};
    uint64_t frames = 0;
    double seconds = 5;
    const char *output = NULL;
    const struct demo_option options[] = {
        {"present", DEMO_OPTION_PRESENT, &present,
         "zero-copy: the screen shows the buffer (default)\n"
         "offscreen: the same without showing it"},
        {"frames", DEMO_OPTION_COUNT, &frames, "stop after N frames"},
        {"seconds", DEMO_OPTION_SECONDS, &seconds, "stop after S seconds (default 5)"},
        {"output", DEMO_OPTION_PICTURE, &output, "write the last picture (.png, .ppm, .raw)"},
        {0},
    };

    demo_options_parse(argc, argv, "Vulkan renders into a buffer of GBM; KMS shows it.", options);
    if (present == &demo_target_copy_ops)
        demo_die("--present=copy: this demo is about not copying");
    import.shows = present == &demo_target_zero_copy_ops;
    open_all(&import);
    run(&import, frames, seconds);
    bool good = report(&import);
    if (output)
        write_picture(&import, output);
    close_all(&import);
    return good ? 0 : 1;
}
