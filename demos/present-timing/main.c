/* SPDX-License-Identifier: MIT */
/*
 * present-timing: when frames come onto the screen, and whether they are the right ones.
 *
 * Each frame shows the intervals between the frames before it as bars, and carries its own number
 * as a row of dark and bright cells, drawn last. When a frame is on the screen, before another
 * replaces it, the number is read from the memory that the screen shows: it must be complete and
 * one more than the last. So a frame that is shown before it is rendered, twice, or while a later
 * one is drawn into it, is a failure; so is a page flip that was not after the one before.
 *
 * Exit status: 0 when all came in order, 1 otherwise. The times themselves are for people.
 */
#include "bars.h"
#include "options.h"
#include "pacing.h"
#include "pipeline.h"

#include <stdio.h>

#define NUMBER_BITS 32
#define MARGIN      16
#define CELL        12 /* pixels, of the number */

struct timing {
    struct demo_target *target;
    VkRenderPass render_pass;
    VkFramebuffer framebuffers[DEMO_TARGET_IMAGE_COUNT];
    struct pacing pacing;
    uint64_t wrong_frames, late_flips;
    bool is_readable; /* the shown memory */
};

static const float background[3] = {0.06f, 0.08f, 0.12f}, bar_color[3] = {0.25f, 0.65f, 0.95f};
static const float slow_color[3] = {0.95f, 0.35f, 0.25f}, line_color[3] = {0.3f, 0.35f, 0.4f};
static const float dark[3] = {0, 0, 0}, bright[3] = {1, 1, 1};

static void create(struct timing *timing, struct demo_target *target)
{
    *timing = (struct timing){.target = target, .is_readable = true};
    timing->render_pass =
        demo_render_pass_create(target->device, target->format, VK_ATTACHMENT_LOAD_OP_CLEAR, false);
    for (int i = 0; i < DEMO_TARGET_IMAGE_COUNT; i++)
        timing->framebuffers[i] =
            demo_framebuffer_create(target->device, timing->render_pass, &target->views[i], 1,
                                    target->width, target->height);
    if (target->width < MARGIN * 2 + NUMBER_BITS * CELL || target->height < 100)
        demo_die("a screen of %ux%u is too small", target->width, target->height);
}

static void destroy(struct timing *timing)
{
    const struct demo_device *device = timing->target->device;

    for (int i = 0; i < DEMO_TARGET_IMAGE_COUNT; i++)
        vkDestroyFramebuffer(device->device, timing->framebuffers[i], NULL);
    vkDestroyRenderPass(device->device, timing->render_pass, NULL);
    pacing_finish(&timing->pacing);
}

/* ------------------------------------------------------------------ drawing */

/* The last intervals as bars from the bottom, the newest at the right; a line for each 16.7 ms.
 * What took twice as long as the others is red. */
static void draw_chart(const struct timing *timing, VkCommandBuffer commands)
{
    const uint32_t width = timing->target->width - 2 * MARGIN;
    const uint32_t height = timing->target->height - 3 * MARGIN - CELL;
    const uint32_t bottom = timing->target->height - MARGIN;
    const double pixels_per_second = height / 0.1;
    const struct pacing *pacing = &timing->pacing;
    const uint32_t count = pacing->count < width / 4 ? pacing->count : width / 4;
    double sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum += pacing->intervals[pacing->count - 1 - i];
    for (int line = 0; line < 6; line++)
        demo_record_bar(commands, MARGIN, bottom - (uint32_t)(line * pixels_per_second / 60), width,
                        1, line_color);
    for (uint32_t i = 0; i < count; i++) {
        const double interval = pacing->intervals[pacing->count - 1 - i];
        uint32_t length = (uint32_t)(interval * pixels_per_second) + 1;

        if (length > height)
            length = height;
        demo_record_bar(commands, MARGIN + width - (i + 1) * 4, bottom - length, 3, length,
                        interval * count > 2 * sum ? slow_color : bar_color);
    }
}

static void draw_number(VkCommandBuffer commands, uint64_t frame)
{
    for (uint32_t bit = 0; bit < NUMBER_BITS; bit++)
        demo_record_bar(commands, MARGIN + bit * CELL, MARGIN, CELL, CELL,
                        (frame >> bit) & 1 ? bright : dark);
}

static void record(void *data, VkCommandBuffer commands, uint32_t index, uint64_t frame,
                   double seconds)
{
    const struct timing *timing = data;
    const VkClearValue clear = {
        .color.float32 = {background[0], background[1], background[2], 1},
    };
    const VkRenderPassBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = timing->render_pass,
        .framebuffer = timing->framebuffers[index],
        .renderArea = {{0, 0}, {timing->target->width, timing->target->height}},
        .clearValueCount = 1,
        .pClearValues = &clear,
    };

    (void)seconds;
    vkCmdBeginRenderPass(commands, &begin, VK_SUBPASS_CONTENTS_INLINE);
    draw_chart(timing, commands);
    draw_number(commands, frame);
    vkCmdEndRenderPass(commands);
}

/* ------------------------------------------------------------------ checking */

/* The number that is in the picture, read at the last pixel of each cell. */
static bool read_number(const struct timing *timing, uint32_t index, uint64_t *out_number)
{
    struct demo_target *target = timing->target;
    size_t pitch;
    const uint8_t *bytes = target->ops->map(target, index, &pitch);
    uint64_t number = 0;

    if (!bytes)
        return false;
    for (uint32_t bit = 0; bit < NUMBER_BITS; bit++) {
        const size_t x = MARGIN + bit * CELL + CELL - 1, y = MARGIN + CELL - 1;
        if (bytes[y * pitch + x * 4] > 127)
            number |= 1ull << bit;
    }
    *out_number = number;
    return true;
}

static void on_shown(void *data, uint32_t index, uint64_t frame)
{
    struct timing *timing = data;
    const struct demo_kms *kms = timing->target->kms;
    const bool is_flip = kms && kms->flip_count > 0;
    uint64_t number;

    /* The first frame comes with the mode, without a page flip. */
    if ((is_flip || !kms) && !pacing_add(&timing->pacing, kms ? kms->flip_seconds : demo_seconds()))
        timing->late_flips++;
    if (kms && kms->flip_count != frame) {
        fprintf(stderr, "present-timing: frame %llu is on the screen after %llu page flips\n",
                (unsigned long long)frame, (unsigned long long)kms->flip_count);
        timing->wrong_frames++;
    }
    if (!read_number(timing, index, &number)) {
        timing->is_readable = false;
    } else if (number != frame) {
        fprintf(stderr, "present-timing: the screen shows frame %llu instead of %llu\n",
                (unsigned long long)number, (unsigned long long)frame);
        timing->wrong_frames++;
    }
}

static void print_result(const struct timing *timing, const struct demo_result *result, bool json)
{
    const struct pacing_summary summary = pacing_summarize(&timing->pacing);
    const struct demo_target *target = timing->target;
    const char *format =
        json ? "{\"program\": \"present-timing\", \"present\": \"%s\", \"frames\": %llu, "
               "\"min_ms\": %.3f, \"median_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, "
               "\"wrong_frames\": %llu, \"late_flips\": %llu}\n"
             : "%s: %llu frames; interval min %.2f ms, median %.2f ms, 99 %% %.2f ms, max %.2f ms; "
               "%llu wrong frames, %llu flips out of order\n";

    printf(format, target->ops->name, (unsigned long long)result->frames, summary.min * 1e3,
           summary.median * 1e3, summary.p99 * 1e3, summary.max * 1e3,
           (unsigned long long)timing->wrong_frames, (unsigned long long)timing->late_flips);
    if (!timing->is_readable)
        fprintf(stderr, "present-timing: the frames' numbers were not checked: the memory is not "
                        "linear\n");
}

int main(int argc, char **argv)
{
    struct demo_draw_options draw = {.present = &demo_target_zero_copy_ops};
    const struct demo_option options[] = {DEMO_DRAW_OPTIONS(draw), {0}};
    struct timing timing;
    struct demo_stage stage;

    demo_options_parse(argc, argv, "When frames come onto the screen, for 5 seconds.", options);
    demo_stage_open(&stage, draw.present, draw.size.width, draw.size.height);
    create(&timing, stage.target);
    const struct demo_loop loop = {
        .frames = draw.frames,
        .seconds = draw.frames == 0 && draw.seconds <= 0 ? 5 : draw.seconds,
        .data = &timing,
        .record = record,
        .on_shown = on_shown,
    };
    struct demo_result result = demo_target_run(stage.target, &loop);
    print_result(&timing, &result, draw.json);
    bool good = timing.wrong_frames == 0 && timing.late_flips == 0;
    if (draw.output)
        demo_target_write(stage.target, result.last_index, draw.output);

    demo_stage_restore(&stage);
    destroy(&timing);
    demo_stage_close(&stage);
    return good ? 0 : 1;
}
