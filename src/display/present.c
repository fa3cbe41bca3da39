/* SPDX-License-Identifier: MIT */
/*
 * A round of the thread: take what is new, copy the damaged part of the frame into an image of our
 * own (present_upload.c), say that the guest's memory was read, draw the window from that image
 * (present_draw.c) and present it. The flush is answered in the middle: a guest need not wait for
 * the screen to draw its next frame, but with fifo the frame after that is taken only when this one
 * is with the screen, so that the guest is paced by the refresh.
 *
 * Our own time for a frame is all time from its flush to its present, less what was spent in calls
 * that wait for the GPU or the screen, or for the thread to be done with such a call for an earlier
 * frame.
 */
#include "display/present.h"

#include "base/log.h"
#include "display/present_draw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STOP_TIMEOUT_S  2
#define MAX_RETRY_COUNT 10

struct hsp_present {
    struct hsp_present_params params;
    struct hsp_present_gpu gpu;
    struct hsp_present_swapchain swapchain;
    struct hsp_present_uploader uploader;
    struct hsp_present_painter painter;
    struct hsp_present_image picture, cursor;
    struct hsp_window_work work;
    unsigned retry_count;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool has_ended; /* guarded by lock */
};

/* ------------------------------------------------------------------ a round */

static bool is_fatal(VkResult result)
{
    return result != VK_SUCCESS && result != VK_ERROR_OUT_OF_DEVICE_MEMORY &&
           result != VK_ERROR_OUT_OF_HOST_MEMORY;
}

static void drop_picture(struct hsp_present *present)
{
    hsp_present_commands_wait(&present->painter.commands, &present->gpu);
    hsp_present_image_finish(&present->picture, &present->gpu);
    hsp_present_sources_clear(&present->uploader.sources, &present->gpu);
}

static VkResult upload_frame(struct hsp_present *present)
{
    const struct hsp_window_frame *frame = &present->work.frame;
    uint64_t copied_bytes = 0;
    VkResult result = VK_SUCCESS;

    if (!hsp_present_image_fits(&present->picture, frame->picture))
        result = hsp_present_commands_wait(&present->painter.commands, &present->gpu);
    if (result == VK_SUCCESS)
        result = hsp_present_upload_picture(&present->uploader, &present->picture, frame->picture,
                                            &frame->damage, &copied_bytes);
    hsp_window_feed_frame_read(present->params.feed, frame, copied_bytes);
    if (result != VK_SUCCESS)
        hsp_log_guest("a frame of %ux%u cannot be shown: VkResult %d", frame->picture->rect.width,
                      frame->picture->rect.height, result);
    return result;
}

static VkResult update_images(struct hsp_present *present)
{
    const struct hsp_window_work *work = &present->work;
    VkResult result = VK_SUCCESS;

    if (work->is_blank)
        drop_picture(present);
    else if (work->frame.picture)
        result = upload_frame(present);
    if (!is_fatal(result) && work->cursor_changed && work->cursor.visible)
        result = hsp_present_upload_cursor(&present->uploader, &present->cursor, &work->cursor);
    return result;
}

static enum hsp_present_outcome draw(struct hsp_present *present)
{
    static const struct hsp_present_image nothing;
    const struct hsp_window_work *work = &present->work;
    struct hsp_present_swapchain *swapchain = &present->swapchain;
    struct hsp_present_scene scene = {
        .picture = &present->picture,
        .cursor = work->cursor.visible ? &present->cursor : &nothing,
        .cursor_x = work->cursor.x,
        .cursor_y = work->cursor.y,
        .scale = present->params.scale,
    };
    enum hsp_present_outcome outcome;
    uint32_t index;
    VkResult result;

    /* The semaphore of the last acquire is free again once its drawing is done. */
    result = hsp_present_commands_wait(&present->painter.commands, &present->gpu);
    if (result != VK_SUCCESS)
        return HSP_PRESENT_LOST;
    outcome =
        hsp_present_swapchain_acquire(swapchain, &present->gpu, work->width, work->height, &index);
    if (outcome != HSP_PRESENT_DONE)
        return outcome;
    result = hsp_present_paint(&present->painter, &present->gpu, &scene, &swapchain->targets[index],
                               swapchain->width, swapchain->height, swapchain->acquired);
    if (result != VK_SUCCESS) {
        hsp_error("drawing the window failed: VkResult %d", result);
        return HSP_PRESENT_LOST;
    }
    return hsp_present_swapchain_present(swapchain, &present->gpu, index);
}

/* Nothing else may wake the thread when the window could not be drawn just now, so it tries again.
 * Waiting for the screen is slow enough to be done for ever; a swapchain that is always out of date
 * is not, and its window will have more events. */
static void plan_retry(struct hsp_present *present, enum hsp_present_outcome outcome)
{
    bool is_out_of_date = outcome == HSP_PRESENT_LATER && present->work.is_visible &&
                          present->swapchain.handle != VK_NULL_HANDLE;

    present->retry_count = is_out_of_date ? present->retry_count + 1 : 0;
    if (outcome == HSP_PRESENT_BUSY || (is_out_of_date && present->retry_count <= MAX_RETRY_COUNT))
        hsp_window_feed_redraw(present->params.feed);
}

/* False: the GPU or the surface is lost. */
static bool run_round(struct hsp_present *present, uint64_t idle_since_ns)
{
    const struct hsp_window_work *work = &present->work;
    uint64_t frame_ns = work->frame.put_ns - work->frame.start_ns;
    uint64_t begin_ns = HSP_MAX(work->frame.put_ns, idle_since_ns);
    enum hsp_present_outcome outcome = HSP_PRESENT_LATER;
    VkResult result;

    present->gpu.driver_ns = 0;
    result = update_images(present);
    if (is_fatal(result))
        return false;
    if (work->is_visible)
        outcome = draw(present);
    if (outcome == HSP_PRESENT_DONE && result == VK_SUCCESS && work->frame.picture) {
        frame_ns += hsp_now_ns() - begin_ns - present->gpu.driver_ns;
        hsp_window_feed_frame_shown(present->params.feed, &work->frame, frame_ns);
    }
    plan_retry(present, outcome);
    return outcome != HSP_PRESENT_LOST;
}

/* ------------------------------------------------------------------ thread */

static void *run(void *data)
{
    struct hsp_present *present = data;
    uint64_t idle_since_ns = hsp_now_ns();

    hsp_thread_set_name("present");
    while (hsp_window_feed_wait(present->params.feed, &present->work)) {
        if (!run_round(present, idle_since_ns)) {
            present->params.on_lost(present->params.user_data);
            break;
        }
        idle_since_ns = hsp_now_ns();
    }
    pthread_mutex_lock(&present->lock);
    present->has_ended = true;
    pthread_cond_signal(&present->ended);
    pthread_mutex_unlock(&present->lock);
    return NULL;
}

static bool wait_for_end(struct hsp_present *present)
{
    struct timespec deadline;
    int ret = 0;
    bool has_ended;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += STOP_TIMEOUT_S;
    pthread_mutex_lock(&present->lock);
    while (!present->has_ended && ret == 0)
        ret = pthread_cond_timedwait(&present->ended, &present->lock, &deadline);
    has_ended = present->has_ended;
    pthread_mutex_unlock(&present->lock);
    return has_ended;
}

/* ------------------------------------------------------------------ life */

static void release(struct hsp_present *present)
{
    struct hsp_present_gpu *gpu = &present->gpu;

    hsp_present_swapchain_finish(&present->swapchain, gpu); /* waits for the GPU */
    hsp_present_painter_finish(&present->painter, gpu);
    hsp_present_image_finish(&present->picture, gpu);
    hsp_present_image_finish(&present->cursor, gpu);
    hsp_present_uploader_finish(&present->uploader);
    hsp_present_gpu_finish(gpu);
    pthread_cond_destroy(&present->ended);
    pthread_mutex_destroy(&present->lock);
    free(present);
}

static VkResult init(struct hsp_present *present)
{
    struct hsp_present_gpu *gpu = &present->gpu;
    VkResult result = hsp_present_gpu_init(gpu, present->params.instance, present->params.surface);

    if (result == VK_SUCCESS)
        result = hsp_present_swapchain_init(&present->swapchain, gpu, present->params.surface,
                                            present->params.mode);
    if (result == VK_SUCCESS)
        result = hsp_present_uploader_init(&present->uploader, gpu);
    if (result == VK_SUCCESS)
        result = hsp_present_painter_init(&present->painter, gpu, present->swapchain.format.format);
    return result;
}

VkResult hsp_present_create(const struct hsp_present_params *params, struct hsp_present **out)
{
    struct hsp_present *present = calloc(1, sizeof(*present));
    VkResult result;

    if (!present)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    present->params = *params;
    pthread_mutex_init(&present->lock, NULL);
    pthread_cond_init(&present->ended, NULL);
    result = init(present);
    if (result == VK_SUCCESS) {
        hsp_window_feed_start(params->feed, NULL);
        if (pthread_create(&present->thread, NULL, run, present) != 0) {
            hsp_window_feed_stop(params->feed);
            result = VK_ERROR_OUT_OF_HOST_MEMORY;
        }
    }
    if (result != VK_SUCCESS) {
        release(present);
        return result;
    }
    *out = present;
    return VK_SUCCESS;
}

bool hsp_present_destroy(struct hsp_present *present)
{
    if (!present)
        return true;
    hsp_window_feed_stop(present->params.feed);
    if (!wait_for_end(present))
        return false;
    pthread_join(present->thread, NULL);
    release(present);
    return true;
}
