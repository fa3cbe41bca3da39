/* SPDX-License-Identifier: MIT */
#include "gpu/stat.h"

#include "gpu/context.h"
#include "gpu/device.h"

#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#define MIN_NS (HSP_GPU_STAT_MIN_MS * 1000000ull)
#define MAX_NS (HSP_GPU_STAT_MAX_MS * 1000000ull)

/* Counters live in memory that other processes write. */
static uint64_t load(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static struct hsp_gpu_stat_counters look(const struct hsp_gpu_device *device, size_t i)
{
    const struct hsp_stats_scanout *stats = &device->stats->scanouts[i];

    return (struct hsp_gpu_stat_counters){
        .frames = load(&stats->frames),
        .copied_bytes = load(&stats->copied_bytes),
        .present_ns = load(&stats->present_ns),
    };
}

static void begin_sample(struct hsp_gpu_stat *stat, const struct hsp_gpu_device *device,
                         uint64_t now)
{
    stat->begin_ns = now;
    for (size_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++)
        stat->begin[i] = look(device, i);
}

/* Rates since the sample began; the next one begins. */
static void end_sample(struct hsp_gpu_stat *stat, const struct hsp_gpu_device *device, uint64_t now)
{
    double seconds = (double)(now - stat->begin_ns) / 1e9;

    for (size_t i = 0; i < HSP_LIMIT_SCANOUT_COUNT; i++) {
        const struct hsp_gpu_stat_counters *then = &stat->begin[i];
        struct hsp_gpu_stat_counters counters = look(device, i);
        uint64_t frames = counters.frames - then->frames;
        uint64_t per = HSP_MAX(frames, 1u);
        stat->rates[i] = (struct hsp_gpu_stat_rates){
            .fps = (double)frames / seconds,
            .copied_bytes_per_frame = (counters.copied_bytes - then->copied_bytes) / per,
            .present_us = (counters.present_ns - then->present_ns) / per / 1000,
        };
    }
    begin_sample(stat, device, now);
}

uint64_t hsp_gpu_stat_sample(struct hsp_gpu_stat *stat, const struct hsp_gpu_device *device)
{
    uint64_t now = hsp_now_ns();
    uint64_t age = now - stat->begin_ns;

    if (stat->begin_ns == 0 || age > MAX_NS) {
        begin_sample(stat, device, now);
        age = 0;
    }
    return age >= MIN_NS ? 0 : (MIN_NS - age) / 1000000 + 1;
}

/* ------------------------------------------------------------------ JSON */

static void add_u64(struct json_object *object, const char *key, uint64_t value)
{
    json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_string(struct json_object *object, const char *key, const char *value)
{
    json_object_object_add(object, key, json_object_new_string(value));
}

static struct json_object *format_context(const struct hsp_gpu_context *context)
{
    const struct hsp_stats_context *stats = context->stats;
    struct json_object *object = json_object_new_object();

    add_u64(object, "id", context->id);
    add_string(object, "name", context->name);
    add_u64(object, "pid", (uint64_t)context->pid);
    json_object_object_add(object, "alive",
                           json_object_new_boolean(!hsp_gpu_context_is_dead(context)));
    add_u64(object, "ring_commands", load(&stats->ring_commands));
    add_u64(object, "vq_commands", load(&stats->vq_commands));
    add_u64(object, "submits", load(&stats->submits));
    add_u64(object, "blobs", load(&stats->blobs));
    add_u64(object, "shared_bytes", load(&stats->shared_bytes));
    add_u64(object, "objects", load(&stats->objects));
    add_u64(object, "rings", load(&stats->rings));
    add_u64(object, "faults", load(&stats->faults));
    return object;
}

static struct json_object *format_contexts(const struct hsp_gpu_device *device)
{
    struct json_object *array = json_object_new_array();
    const struct hsp_gpu_context *context;
    uint32_t cursor = 0;

    while ((context = hsp_gpu_id_map_next(&device->contexts, &cursor))) {
        if (context->has_renderer)
            json_object_array_add(array, format_context(context));
    }
    return array;
}

static struct json_object *format_scanout(const struct hsp_gpu_stat *stat,
                                          const struct hsp_gpu_device *device, uint32_t id)
{
    const struct hsp_stats_scanout *stats = &device->stats->scanouts[id];
    const struct hsp_gpu_scanout *scanout = &device->scanouts.items[id];
    struct json_object *object = json_object_new_object();

    add_u64(object, "id", id);
    add_u64(object, "width", scanout->picture.rect.width);
    add_u64(object, "height", scanout->picture.rect.height);
    add_u64(object, "flushes", load(&stats->flushes));
    add_u64(object, "frames", load(&stats->frames));
    json_object_object_add(object, "fps", json_object_new_double(stat->rates[id].fps));
    add_u64(object, "copied_bytes", load(&stats->copied_bytes));
    add_u64(object, "copied_bytes_per_frame", stat->rates[id].copied_bytes_per_frame);
    add_u64(object, "port", stats->port);
    add_u64(object, "present_us_avg", stat->rates[id].present_us);
    return object;
}

static struct json_object *format_scanouts(const struct hsp_gpu_stat *stat,
                                           const struct hsp_gpu_device *device)
{
    struct json_object *array = json_object_new_array();
    uint32_t count = HSP_LIMIT_SCANOUT_COUNT;

    /* An entry's place is its number: those behind the last connected one are left out. */
    while (count > 1 && !device->outputs.is_connected[count - 1])
        count--;
    for (uint32_t i = 0; i < count; i++)
        json_object_array_add(array, format_scanout(stat, device, i));
    return array;
}

static struct json_object *format_input(const struct hsp_gpu_device *device)
{
    struct json_object *object = json_object_new_object();
    uint64_t events = load(&device->stats->input_events);

    add_u64(object, "events", events);
    add_u64(object, "mean_us", load(&device->stats->input_ns) / HSP_MAX(events, 1u) / 1000);
    return object;
}

char *hsp_gpu_stat_format(struct hsp_gpu_stat *stat, const struct hsp_gpu_device *device)
{
    struct json_object *object = json_object_new_object();
    uint64_t now = hsp_now_ns();
    char *text;

    if (!object)
        return NULL;
    if (stat->begin_ns != 0 && now - stat->begin_ns >= MIN_NS)
        end_sample(stat, device, now);
    add_string(object, "name", device->params.name);
    add_u64(object, "pid", (uint64_t)getpid());
    json_object_object_add(
        object, "connected",
        json_object_new_boolean(device->transport.is_running(device->transport.user_data)));
    add_u64(object, "window_size", device->transport.window_size);
    add_u64(object, "window_used", device->window.used_size);
    add_u64(object, "resources", device->resources.map.count);
    add_u64(object, "offscreen_copied_bytes", device->offscreen_copied_bytes);
    json_object_object_add(object, "contexts", format_contexts(device));
    json_object_object_add(object, "input", format_input(device));
    json_object_object_add(object, "scanouts", format_scanouts(stat, device));
    text = strdup(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
    json_object_put(object);
    return text;
}
