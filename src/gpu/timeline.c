/* SPDX-License-Identifier: MIT */
#include "gpu/command.h"

void hsp_gpu_timeline_append(struct hsp_list *timeline, struct hsp_gpu_command *command)
{
    command->timeline = timeline;
    hsp_list_append(timeline, &command->timeline_link);
}

void hsp_gpu_timeline_retire(struct hsp_gpu_command *command)
{
    struct hsp_list *timeline = command->timeline;

    if (!timeline) {
        hsp_gpu_command_answer(command);
        return;
    }
    while (!hsp_list_is_empty(timeline)) {
        struct hsp_gpu_command *front =
            HSP_CONTAINER_OF(timeline->next, struct hsp_gpu_command, timeline_link);
        if (!front->done)
            return;
        hsp_gpu_command_answer(front);
    }
}

void hsp_gpu_timeline_dissolve(struct hsp_list *timeline)
{
    hsp_list_for_each_safe (command, timeline, struct hsp_gpu_command, timeline_link) {
        hsp_list_remove(&command->timeline_link);
        command->timeline = NULL;
        if (command->done)
            hsp_gpu_command_answer(command);
    }
}
