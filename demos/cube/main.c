/* SPDX-License-Identifier: MIT */
/* cube: a spinning cube on a bare screen, without a window system. Vulkan renders it; KMS shows it.
 */
#include "options.h"
#include "scene.h"

#include <math.h>

#define DEGREES_PER_SECOND 45

struct cube {
    struct cube_scene scene;
    double angle; /* degrees; NAN: it spins */
};

static void record(void *data, VkCommandBuffer commands, uint32_t index, uint64_t frame,
                   double seconds)
{
    const struct cube *cube = data;
    double angle = isnan(cube->angle) ? seconds * DEGREES_PER_SECOND : cube->angle;

    (void)frame;
    cube_scene_record(&cube->scene, commands, index, angle);
}

int main(int argc, char **argv)
{
    struct demo_draw_options draw = {.present = &demo_target_zero_copy_ops};
    struct cube cube = {.angle = NAN};
    const struct demo_option options[] = {
        DEMO_DRAW_OPTIONS(draw),
        {"angle", DEMO_OPTION_NUMBER, &cube.angle, "degrees; do not spin: always the same picture"},
        {0},
    };
    struct demo_stage stage;

    demo_options_parse(argc, argv,
                       "A spinning cube, rendered with Vulkan and shown with KMS, for 10 seconds.",
                       options);
    demo_stage_open(&stage, draw.present, draw.size.width, draw.size.height);
    struct demo_target *target = stage.target;
    cube_scene_create(&cube.scene, &stage.device, target->format, target->width, target->height,
                      target->views, DEMO_TARGET_IMAGE_COUNT);

    const struct demo_loop loop = {
        .frames = draw.frames,
        .seconds = draw.frames == 0 && draw.seconds <= 0 ? 10 : draw.seconds,
        .data = &cube,
        .record = record,
    };
    struct demo_result result = demo_target_run(target, &loop);
    demo_result_print(target, &result, draw.json);
    if (draw.output)
        demo_target_write(target, result.last_index, draw.output);

    demo_stage_restore(&stage);
    cube_scene_destroy(&cube.scene);
    demo_stage_close(&stage);
    return 0;
}
