/* SPDX-License-Identifier: MIT */
/* Commands that ask what the device is. */
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/edid.h"
#include "venus/context.h" /* the capset; nothing else of venus is linked */

#include <string.h>

uint32_t hsp_gpu_handle_get_display_info(struct hsp_gpu_device *device,
                                         struct hsp_gpu_command *command)
{
    struct hsp_gpu_display_info info = {0};

    for (uint32_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        if (!device->outputs.is_connected[i])
            continue;
        info.modes[i].rect = device->outputs.rects[i];
        info.modes[i].enabled = 1;
    }
    hsp_gpu_command_finish_with(command, HSP_GPU_RESP_OK_DISPLAY_INFO, &info, sizeof(info));
    return HSP_GPU_DEFERRED;
}

uint32_t hsp_gpu_handle_get_edid(struct hsp_gpu_device *device, struct hsp_gpu_command *command)
{
    uint32_t scanout_id = command->request.body.get_edid.scanout_id;
    struct hsp_gpu_edid_info info = {0};
    struct hsp_gpu_edid_params params = {.serial = scanout_id + 1};

    if (scanout_id >= HSP_LIMIT_SCANOUT_COUNT)
        return HSP_GPU_RESP_ERR_INVALID_SCANOUT_ID;
    params.width = device->outputs.rects[scanout_id].width;
    params.height = device->outputs.rects[scanout_id].height;
    info.size = (uint32_t)hsp_gpu_edid_encode(&params, info.edid);
    hsp_gpu_command_finish_with(command, HSP_GPU_RESP_OK_EDID, &info, sizeof(info));
    return HSP_GPU_DEFERRED;
}

uint32_t hsp_gpu_handle_get_capset_info(struct hsp_gpu_device *device,
                                        struct hsp_gpu_command *command)
{
    struct hsp_gpu_capset_info info = {
        .id = HSP_GPU_CAPSET_VENUS,
        .max_version = 0,
        .max_size = HSP_VN_CAPSET_SIZE,
    };

    (void)device;
    /* A driver may ask for more than there are, and gets an empty one. */
    if (command->request.body.get_capset_info.index > 0)
        memset(&info, 0, sizeof(info));
    hsp_gpu_command_finish_with(command, HSP_GPU_RESP_OK_CAPSET_INFO, &info, sizeof(info));
    return HSP_GPU_DEFERRED;
}

uint32_t hsp_gpu_handle_get_capset(struct hsp_gpu_device *device, struct hsp_gpu_command *command)
{
    const struct hsp_gpu_get_capset *request = &command->request.body.get_capset;
    uint8_t capset[HSP_VN_CAPSET_SIZE];

    (void)device;
    if (request->id != HSP_GPU_CAPSET_VENUS || request->version != 0)
        return HSP_GPU_RESP_ERR_INVALID_PARAMETER;
    hsp_vn_capset_get(capset);
    hsp_gpu_command_finish_with(command, HSP_GPU_RESP_OK_CAPSET, capset, sizeof(capset));
    return HSP_GPU_DEFERRED;
}
