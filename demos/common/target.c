/* SPDX-License-Identifier: MIT */
/*
 * Two frames are under way at any time: while the GPU draws one, the one before is put on the
 * screen. Three images, because a third may still be on the screen.
 */
#include "target.h"

#include "picture_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct frame {
    VkCommandBuffer commands;
    VkFence fence;
};

static volatile sig_atomic_t interrupted;

/* ------------------------------------------------------------------ reading pictures */

bool demo_target_read(struct demo_target *target, uint32_t index, uint8_t *out_rgba)
{
    const bool is_bgra = target->format == VK_FORMAT_B8G8R8A8_UNORM;
    size_t pitch;
    const uint8_t *bytes = target->ops->map(target, index, &pitch);

    if (!bytes)
        return false;
    for (uint32_t y = 0; y < target->height; y++) {
        for (uint32_t x = 0; x < target->width; x++) {
            const uint8_t *pixel = bytes + y * pitch + (size_t)x * 4;
            uint8_t *out = out_rgba + ((size_t)y * target->width + x) * 4;
            out[0] = pixel[is_bgra ? 2 : 0];
            out[1] = pixel[1];
            out[2] = pixel[is_bgra ? 0 : 2];
            out[3] = pixel[3];
        }
    }
    return true;
}

void demo_target_write(struct demo_target *target, uint32_t index, const char *path)
{
    uint8_t *rgba = malloc((size_t)target->width * target->height * 4);

    if (!rgba)
        demo_die("out of memory");
    if (!demo_target_read(target, index, rgba))
        demo_die("the picture cannot be read: its memory is not linear; try --present=offscreen");
    demo_picture_write(path, rgba, target->width, target->height);
    free(rgba);
}

/* ------------------------------------------------------------------ the stage */

void demo_stage_open(struct demo_stage *stage, const struct demo_target_ops *ops, uint32_t width,
                     uint32_t height)
{
    const struct demo_device_options options = {
        .extensions = ops->extensions,
        .extension_count = ops->extension_count,
    };

    *stage = (struct demo_stage){.kms.fd = -1};
    if (ops->needs_screen) {
        demo_kms_open(&stage->kms, width, height);
        width = stage->kms.mode.hdisplay;
        height = stage->kms.mode.vdisplay;
    } else if (width == 0) {
        width = 1280;
        height = 800;
    }
    demo_device_choose(&stage->device, stage->kms.fd);
    demo_device_create(&stage->device, &options);
    fprintf(stderr, "%s: %s, %ux%u, %s\n", program_invocation_short_name,
            stage->device.properties.deviceName, width, height, ops->name);
    stage->target =
        ops->create(&stage->device, ops->needs_screen ? &stage->kms : NULL, width, height);
}

void demo_stage_restore(struct demo_stage *stage)
{
    if (stage->target->kms)
        demo_kms_restore(stage->target->kms);
}

void demo_stage_close(struct demo_stage *stage)
{
    demo_stage_restore(stage);
    stage->target->ops->destroy(stage->target);
    if (stage->kms.fd >= 0)
        demo_kms_close(&stage->kms);
    demo_device_destroy(&stage->device);
    *stage = (struct demo_stage){.kms.fd = -1};
}

/* ------------------------------------------------------------------ drawing */

static void create_frames(const struct demo_device *device, struct frame *frames)
{
    VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = device->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    VkFenceCreateInfo fence_info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};

    for (int i = 0; i < DEMO_TARGET_IMAGE_COUNT; i++) {
        DEMO_VK(vkAllocateCommandBuffers(device->device, &info, &frames[i].commands));
        DEMO_VK(vkCreateFence(device->device, &fence_info, NULL, &frames[i].fence));
    }
}

static void destroy_frames(const struct demo_device *device, struct frame *frames)
{
    for (int i = 0; i < DEMO_TARGET_IMAGE_COUNT; i++) {
        vkFreeCommandBuffers(device->device, device->pool, 1, &frames[i].commands);
        vkDestroyFence(device->device, frames[i].fence, NULL);
    }
}

static void submit_frame(struct demo_target *target, const struct demo_loop *loop,
                         const struct frame *frame, uint64_t number, double seconds)
{
    const uint32_t index = number % DEMO_TARGET_IMAGE_COUNT;
    VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &frame->commands,
    };

    DEMO_VK(vkBeginCommandBuffer(frame->commands, &begin));
    loop->record(loop->data, frame->commands, index, number, seconds);
    target->ops->record_end(target, frame->commands, index);
    DEMO_VK(vkEndCommandBuffer(frame->commands));
    DEMO_VK(vkQueueSubmit(target->device->queue, 1, &submit, frame->fence));
}

static void show_frame(struct demo_target *target, const struct frame *frame, uint32_t index)
{
    VkDevice device = target->device->device;

    DEMO_VK(vkWaitForFences(device, 1, &frame->fence, VK_TRUE, UINT64_MAX));
    DEMO_VK(vkResetFences(device, 1, &frame->fence));
    target->ops->show(target, index);
}

/* Waits until the frame that was shown last, if there is one, is on the screen. */
static void finish_shown(struct demo_target *target, const struct demo_loop *loop, uint64_t shown)
{
    if (target->kms)
        demo_kms_wait(target->kms);
    if (shown > 0 && loop->on_shown)
        loop->on_shown(loop->data, (shown - 1) % DEMO_TARGET_IMAGE_COUNT, shown - 1);
}

static bool is_over(const struct demo_loop *loop, uint64_t frame, double seconds)
{
    return interrupted || (loop->frames && frame >= loop->frames) ||
           (loop->seconds > 0 && seconds >= loop->seconds);
}

static void on_signal(int signal)
{
    interrupted = signal;
}

struct demo_result demo_target_run(struct demo_target *target, const struct demo_loop *loop)
{
    struct frame frames[DEMO_TARGET_IMAGE_COUNT];
    double start = demo_seconds(), seconds = 0;
    uint64_t submitted = 0, shown = 0; /* numbers of frames */

    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    create_frames(target->device, frames);
    while (submitted == 0 || !is_over(loop, submitted, seconds)) {
        /* Once the last flip has happened, the image that was shown before it is free: the one
         * that is drawn now. */
        finish_shown(target, loop, shown);
        submit_frame(target, loop, &frames[submitted % DEMO_TARGET_IMAGE_COUNT], submitted,
                     seconds);
        submitted++;
        if (submitted > 1) {
            uint32_t index = shown % DEMO_TARGET_IMAGE_COUNT;
            show_frame(target, &frames[index], index);
            shown++;
        }
        seconds = demo_seconds() - start;
    }
    finish_shown(target, loop, shown);
    uint32_t last = shown % DEMO_TARGET_IMAGE_COUNT;
    show_frame(target, &frames[last], last);
    finish_shown(target, loop, ++shown);
    destroy_frames(target->device, frames);
    return (struct demo_result){
        .frames = shown,
        .seconds = demo_seconds() - start,
        .copied_bytes = target->copied_bytes,
        .last_index = last,
    };
}

void demo_result_print(const struct demo_target *target, const struct demo_result *result,
                       bool json)
{
    double fps = (double)result->frames / result->seconds;
    double copied = (double)result->copied_bytes / (double)result->frames;

    if (json)
        printf("{\"program\": \"%s\", \"present\": \"%s\", \"device\": \"%s\", \"width\": %u, "
               "\"height\": %u, \"frames\": %llu, \"seconds\": %.3f, \"fps\": %.2f, "
               "\"copied_bytes_per_frame\": %.0f}\n",
               program_invocation_short_name, target->ops->name,
               target->device->properties.deviceName, target->width, target->height,
               (unsigned long long)result->frames, result->seconds, fps, copied);
    else
        printf("%s: %ux%u, %llu frames in %.2f s: %.1f fps, %.0f bytes copied by the CPU per "
               "frame\n",
               target->ops->name, target->width, target->height, (unsigned long long)result->frames,
               result->seconds, fps, copied);
}
