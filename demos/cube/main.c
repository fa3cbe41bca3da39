/* SPDX-License-Identifier: MIT */
/*
 * cube: a spinning cube on a bare screen, without a window system. Vulkan renders it; KMS shows it.
 *
 * Two frames are under way at any time: while the GPU draws one, the one before is put on the
 * screen. Three images, because a third may still be on the screen.
 */
#include "picture_file.h"
#include "target.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEGREES_PER_SECOND 45

struct options {
    const struct cube_target_ops *present;
    uint32_t width, height; /* 0: what the screen prefers */
    uint64_t frames;        /* 0: no limit */
    double seconds;         /* 0: no limit */
    double angle;           /* degrees; NAN: it spins */
    const char *output;
    bool json;
};

struct frame {
    VkCommandBuffer commands;
    VkFence fence;
};

struct result {
    uint64_t frames;
    double seconds;
    uint64_t copied_bytes;
};

static volatile sig_atomic_t interrupted;

static const char usage[] =
    "Usage: cube [OPTIONS]\n"
    "A spinning cube, rendered with Vulkan and shown with KMS.\n"
    "\n"
    "  --present=MODE   zero-copy (default): the screen shows the image that was rendered into\n"
    "                   copy: the CPU copies each picture into a dumb buffer\n"
    "                   offscreen: no screen\n"
    "  --frames=N       stop after N frames\n"
    "  --seconds=S      stop after S seconds (default 10, unless --frames is given)\n"
    "  --size=WxH       mode of the screen (default: its own), size offscreen (1280x800)\n"
    "  --angle=DEGREES  do not spin: the same picture every time\n"
    "  --output=FILE    offscreen: write the last picture (.png, .ppm, .raw)\n"
    "  --json           print the result as JSON\n";

/* ------------------------------------------------------------------ options */

static double parse_number(const char *text, const char *option)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(value))
        demo_die("--%s: '%s' is not a number", option, text);
    return value;
}

static double parse_positive(const char *text, const char *option)
{
    double value = parse_number(text, option);

    if (value <= 0 || value > 1e9)
        demo_die("--%s: '%s' is not between 0 and 10^9", option, text);
    return value;
}

static void parse_size(struct options *options, const char *text)
{
    char rest;

    if (sscanf(text, "%ux%u%c", &options->width, &options->height, &rest) != 2 ||
        options->width == 0 || options->height == 0 || options->width > 16384 ||
        options->height > 16384)
        demo_die("--size: '%s' is not a size as 1280x800", text);
}

static const struct cube_target_ops *parse_present(const char *text)
{
    static const struct cube_target_ops *const all[] = {&cube_zero_copy_ops, &cube_copy_ops,
                                                        &cube_offscreen_ops};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(text, all[i]->name) == 0)
            return all[i];
    }
    demo_die("--present: '%s' is not zero-copy, copy or offscreen", text);
}

static void parse_options(int argc, char **argv, struct options *options)
{
    static const struct option longs[] = {
        {"present", required_argument, NULL, 'p'},
        {"frames", required_argument, NULL, 'f'},
        {"seconds", required_argument, NULL, 's'},
        {"size", required_argument, NULL, 'z'},
        {"angle", required_argument, NULL, 'a'},
        {"output", required_argument, NULL, 'o'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (option) {
        case 'p':
            options->present = parse_present(optarg);
            break;
        case 'f':
            options->frames = (uint64_t)ceil(parse_positive(optarg, "frames"));
            break;
        case 's':
            options->seconds = parse_positive(optarg, "seconds");
            break;
        case 'z':
            parse_size(options, optarg);
            break;
        case 'a':
            options->angle = parse_number(optarg, "angle");
            break;
        case 'o':
            options->output = optarg;
            break;
        case 'j':
            options->json = true;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            exit(2);
        }
    }
    if (optind < argc)
        demo_die("unexpected argument '%s'; see --help", argv[optind]);
    if (options->output && options->present->needs_screen)
        demo_die("--output needs --present=offscreen");
    if (options->output && !demo_picture_path_is_valid(options->output))
        demo_die("--output: '%s' does not end in .png, .ppm or .raw", options->output);
    if (options->frames == 0 && options->seconds == 0)
        options->seconds = 10;
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

    for (int i = 0; i < CUBE_MAX_IMAGE_COUNT; i++) {
        DEMO_VK(vkAllocateCommandBuffers(device->device, &info, &frames[i].commands));
        DEMO_VK(vkCreateFence(device->device, &fence_info, NULL, &frames[i].fence));
    }
}

static void destroy_frames(const struct demo_device *device, struct frame *frames)
{
    for (int i = 0; i < CUBE_MAX_IMAGE_COUNT; i++) {
        vkFreeCommandBuffers(device->device, device->pool, 1, &frames[i].commands);
        vkDestroyFence(device->device, frames[i].fence, NULL);
    }
}

static void submit_frame(const struct cube_scene *scene, struct cube_target *target,
                         const struct frame *frame, uint32_t index, double angle)
{
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
    cube_scene_record(scene, frame->commands, index, angle);
    target->ops->record_end(target, frame->commands, index);
    DEMO_VK(vkEndCommandBuffer(frame->commands));
    DEMO_VK(vkQueueSubmit(scene->device->queue, 1, &submit, frame->fence));
}

static void show_frame(struct cube_target *target, const struct frame *frame, uint32_t index)
{
    VkDevice device = target->device->device;

    DEMO_VK(vkWaitForFences(device, 1, &frame->fence, VK_TRUE, UINT64_MAX));
    DEMO_VK(vkResetFences(device, 1, &frame->fence));
    target->ops->show(target, index);
}

static bool is_over(const struct options *options, uint64_t frame, double seconds)
{
    return interrupted || (options->frames && frame >= options->frames) ||
           (options->seconds > 0 && seconds >= options->seconds);
}

static struct result draw_frames(const struct options *options, const struct cube_scene *scene,
                                 struct cube_target *target, const struct frame *frames)
{
    double start = demo_seconds(), seconds = 0;
    uint64_t frame = 0;

    for (; frame == 0 || !is_over(options, frame, seconds); frame++) {
        uint32_t index = frame % CUBE_MAX_IMAGE_COUNT;
        double angle = isnan(options->angle) ? seconds * DEGREES_PER_SECOND : options->angle;

        /* Once the last flip has happened, the image that was shown before it is free: this one. */
        if (target->kms)
            demo_kms_wait(target->kms);
        submit_frame(scene, target, &frames[index], index, angle);
        if (frame > 0) {
            uint32_t previous = (frame - 1) % CUBE_MAX_IMAGE_COUNT;
            show_frame(target, &frames[previous], previous);
        }
        seconds = demo_seconds() - start;
    }
    uint32_t last = (frame - 1) % CUBE_MAX_IMAGE_COUNT;
    show_frame(target, &frames[last], last);
    if (target->kms)
        demo_kms_wait(target->kms);
    if (options->output)
        cube_offscreen_write(target, last, options->output);
    return (struct result){
        .frames = frame,
        .seconds = demo_seconds() - start,
        .copied_bytes = target->copied_bytes,
    };
}

static void print_result(const struct options *options, const struct demo_device *device,
                         const struct cube_target *target, const struct result *result)
{
    double fps = (double)result->frames / result->seconds;
    double copied = (double)result->copied_bytes / (double)result->frames;

    if (options->json)
        printf("{\"program\": \"cube\", \"present\": \"%s\", \"device\": \"%s\", \"width\": %u, "
               "\"height\": %u, \"frames\": %llu, \"seconds\": %.3f, \"fps\": %.2f, "
               "\"copied_bytes_per_frame\": %.0f}\n",
               target->ops->name, device->properties.deviceName, target->width, target->height,
               (unsigned long long)result->frames, result->seconds, fps, copied);
    else
        printf("%s: %ux%u, %llu frames in %.2f s: %.1f fps, %.0f bytes copied by the CPU per "
               "frame\n",
               target->ops->name, target->width, target->height, (unsigned long long)result->frames,
               result->seconds, fps, copied);
}

static void on_signal(int signal)
{
    interrupted = signal;
}

int main(int argc, char **argv)
{
    struct options options = {.present = &cube_zero_copy_ops, .angle = NAN};
    struct demo_kms kms = {.fd = -1};
    struct demo_device device;
    struct cube_scene scene;
    struct frame frames[CUBE_MAX_IMAGE_COUNT];

    parse_options(argc, argv, &options);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (options.present->needs_screen) {
        demo_kms_open(&kms, options.width, options.height);
        options.width = kms.mode.hdisplay;
        options.height = kms.mode.vdisplay;
    } else if (options.width == 0) {
        options.width = 1280;
        options.height = 800;
    }

    const struct demo_device_options device_options = {
        .extensions = options.present->extensions,
        .extension_count = options.present->extension_count,
    };
    demo_device_choose(&device, kms.fd);
    demo_device_create(&device, &device_options);
    fprintf(stderr, "cube: %s, %ux%u, %s\n", device.properties.deviceName, options.width,
            options.height, options.present->name);
    struct cube_target *target =
        options.present->create(&device, kms.fd >= 0 ? &kms : NULL, options.width, options.height);
    cube_scene_create(&scene, &device, target->format, target->width, target->height, target->views,
                      CUBE_MAX_IMAGE_COUNT);
    create_frames(&device, frames);

    struct result result = draw_frames(&options, &scene, target, frames);
    print_result(&options, &device, target, &result);

    if (kms.fd >= 0)
        demo_kms_restore(&kms);
    destroy_frames(&device, frames);
    cube_scene_destroy(&scene);
    target->ops->destroy(target);
    if (kms.fd >= 0)
        demo_kms_close(&kms);
    demo_device_destroy(&device);
    return 0;
}
