/* SPDX-License-Identifier: MIT */
/*
 * The opaque types of gpu/transport.h are those of vhost/ here: a hsp_gpu_chain is a
 * hsp_vhost_chain, a hsp_gpu_memory a hsp_vhost_memory.
 */
#include "gpu/transport_vhost.h"

#include "gpu/protocol.h"

static const struct hsp_vhost_chain *vhost_chain(const struct hsp_gpu_chain *chain)
{
    return (const struct hsp_vhost_chain *)chain;
}

static struct hsp_gpu_chain *take(void *user_data, uint32_t queue)
{
    return (struct hsp_gpu_chain *)hsp_vhost_device_take(user_data, queue);
}

static uint64_t chain_size(const struct hsp_gpu_chain *chain)
{
    return vhost_chain(chain)->readable_size;
}

static size_t chain_read(const struct hsp_gpu_chain *chain, uint64_t offset, void *out, size_t size)
{
    return hsp_vhost_chain_read(vhost_chain(chain), offset, out, size);
}

static void answer(void *user_data, struct hsp_gpu_chain *chain, const void *data, size_t size)
{
    hsp_vhost_device_answer(user_data, (struct hsp_vhost_chain *)chain, data, size);
}

static bool is_running(void *user_data)
{
    return hsp_vhost_device_is_running(user_data, HSP_GPU_QUEUE_CONTROL);
}

static struct hsp_gpu_memory *get_memory(void *user_data)
{
    return (struct hsp_gpu_memory *)hsp_vhost_device_get_memory(user_data);
}

static void release_memory(struct hsp_gpu_memory *memory)
{
    hsp_vhost_memory_unref((struct hsp_vhost_memory *)memory);
}

static bool translate(const struct hsp_gpu_memory *memory, uint64_t address, uint64_t size,
                      struct hsp_gpu_range *out_range)
{
    struct hsp_vhost_range range;

    if (!hsp_vhost_memory_translate((const struct hsp_vhost_memory *)memory, address, size, &range))
        return false;
    *out_range = (struct hsp_gpu_range){
        .data = range.data,
        .size = range.size,
        .fd = range.fd,
        .file_offset = range.file_offset,
    };
    return true;
}

static int map(void *user_data, uint64_t window_offset, int fd, uint64_t file_offset, uint64_t size)
{
    return hsp_vhost_device_map(user_data, window_offset, fd, file_offset, size);
}

static int unmap(void *user_data, uint64_t window_offset, uint64_t size)
{
    return hsp_vhost_device_unmap(user_data, window_offset, size);
}

static int config_changed(void *user_data)
{
    return hsp_vhost_device_config_changed(user_data);
}

struct hsp_gpu_transport hsp_gpu_transport_of_vhost(struct hsp_vhost_device *device,
                                                    uint64_t window_size)
{
    return (struct hsp_gpu_transport){
        .user_data = device,
        .window_size = window_size,
        .take = take,
        .chain_size = chain_size,
        .chain_read = chain_read,
        .answer = answer,
        .is_running = is_running,
        .get_memory = get_memory,
        .release_memory = release_memory,
        .translate = translate,
        .map = map,
        .unmap = unmap,
        .config_changed = config_changed,
    };
}
