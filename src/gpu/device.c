/* SPDX-License-Identifier: MIT */
#include "gpu/device.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/shm.h"
#include "gpu/command.h"
#include "gpu/context.h"
#include "gpu/display.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Requests taken in one go, before other things of the loop have their turn. */
#define MAX_TAKEN_IN_A_ROW 64

/* ------------------------------------------------------------------ config space */

void hsp_gpu_config_read(const struct hsp_gpu_config_state *config, uint32_t offset, void *out,
                         uint32_t size)
{
    struct hsp_gpu_config fields = {
        .events_read = atomic_load(&config->events),
        .scanout_count = config->scanout_count,
        .capset_count = 1,
    };

    memset(out, 0, size);
    if (offset < sizeof(fields))
        memcpy(out, (const char *)&fields + offset, HSP_MIN(size, sizeof(fields) - offset));
}

void hsp_gpu_config_write(struct hsp_gpu_config_state *config, uint32_t offset, const void *data,
                          uint32_t size)
{
    const size_t field = offsetof(struct hsp_gpu_config, events_clear);
    uint32_t clear;

    if (offset > field || !hsp_range_fits(field - offset, sizeof(clear), size))
        return;
    memcpy(&clear, (const char *)data + (field - offset), sizeof(clear));
    atomic_fetch_and(&config->events, ~clear);
}

/* ------------------------------------------------------------------ creation */

static int create_stats(struct hsp_gpu_device *device)
{
    size_t size = hsp_align_up(sizeof(*device->stats), hsp_page_size());
    void *page;

    device->stats_fd = hsp_shm_create("hesper-stats", size);
    if (device->stats_fd < 0)
        return device->stats_fd;
    page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, device->stats_fd, 0);
    if (page == MAP_FAILED)
        return -errno;
    device->stats = page;
    return 0;
}

static void init_state(struct hsp_gpu_device *device)
{
    hsp_gpu_resource_table_init(&device->resources, device->params.max_fd_count);
    hsp_gpu_window_init(&device->window, &device->transport);
    hsp_list_init(&device->commands);
    hsp_list_init(&device->waiting);
    hsp_list_init(&device->holding);
    hsp_list_init(&device->timeline);
    device->config.scanout_count = HSP_LIMIT_SCANOUT_COUNT;
    hsp_gpu_outputs_init(&device->outputs, device->params.output_count, device->params.width,
                         device->params.height);
}

int hsp_gpu_device_create(const struct hsp_gpu_device_params *params, uv_loop_t *loop,
                          const struct hsp_gpu_transport *transport,
                          struct hsp_gpu_device **out_device)
{
    struct hsp_gpu_device *device = calloc(1, sizeof(*device));
    int ret;

    if (!device)
        return -ENOMEM;
    device->params = *params;
    device->loop = loop;
    device->transport = *transport;
    device->stats_fd = -1;
    init_state(device);
    ret = create_stats(device);
    if (ret < 0) {
        hsp_gpu_device_free(device);
        return ret;
    }
    hsp_gpu_children_init(&device->children, loop);
    if (params->spawn) {
        device->children.spawn = params->spawn;
        device->children.spawn_data = params->spawn_data;
    }
    hsp_gpu_scanouts_init(&device->scanouts, device);
    ret = hsp_gpu_display_create(device, &device->display);
    if (ret < 0)
        hsp_error("nothing will be shown: %s", strerror(-ret));
    *out_device = device;
    return 0;
}

void hsp_gpu_device_on_reset(struct hsp_gpu_device *device)
{
    struct hsp_gpu_context *context;
    struct hsp_gpu_resource *resource;
    uint32_t context_cursor = 0, resource_cursor = 0;

    hsp_gpu_schedule_begin(device);
    hsp_gpu_scanouts_reset(&device->scanouts);
    hsp_list_for_each_safe (command, &device->commands, struct hsp_gpu_command, link)
        hsp_gpu_command_drop(command);
    /* At once: a renderer that goes on would write into memory that the guest uses for other things
     * now. */
    while ((context = hsp_gpu_id_map_front(&device->contexts, &context_cursor)))
        hsp_gpu_context_destroy(context, true);
    while ((resource = hsp_gpu_id_map_front(&device->resources.map, &resource_cursor))) {
        hsp_gpu_window_unmap(&device->window, &resource->map);
        hsp_gpu_resource_destroy(&device->resources, resource);
    }
    atomic_store(&device->config.events, 0);
    hsp_gpu_schedule_end(device);
}

void hsp_gpu_device_shut_down(struct hsp_gpu_device *device)
{
    hsp_gpu_device_on_reset(device);
    hsp_gpu_display_destroy(device->display);
    device->display = NULL;
    hsp_gpu_scanouts_finish(&device->scanouts);
    hsp_gpu_children_finish(&device->children);
}

void hsp_gpu_device_free(struct hsp_gpu_device *device)
{
    if (device->stats)
        munmap(device->stats, hsp_align_up(sizeof(*device->stats), hsp_page_size()));
    hsp_fd_close(&device->stats_fd);
    hsp_gpu_resource_table_finish(&device->resources);
    hsp_gpu_id_map_finish(&device->contexts);
    free(device);
}

/* ------------------------------------------------------------------ requests */

static void receive(struct hsp_gpu_device *device, uint32_t queue, struct hsp_gpu_chain *chain)
{
    uint32_t response;
    struct hsp_gpu_command *command = hsp_gpu_command_create(device, queue, chain, &response);
    const struct hsp_gpu_header *header;

    if (!command)
        return;
    header = &command->request.header;
    if ((header->flags & HSP_GPU_FLAG_FENCE) && !(header->flags & HSP_GPU_FLAG_RING_IDX))
        hsp_gpu_timeline_append(&device->timeline, command);
    if (response == HSP_GPU_RESP_OK_NODATA)
        hsp_gpu_schedule(command);
    else
        hsp_gpu_command_finish(command, response);
}

bool hsp_gpu_device_on_queue(struct hsp_gpu_device *device, uint32_t queue)
{
    /* The VMM may have let the device go on after a pause. */
    hsp_gpu_schedule_waiting(device);
    for (int i = 0; i < MAX_TAKEN_IN_A_ROW; i++) {
        struct hsp_gpu_chain *chain = device->transport.take(device->transport.user_data, queue);
        if (!chain)
            return false;
        receive(device, queue, chain);
    }
    return true;
}
