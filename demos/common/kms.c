/* SPDX-License-Identifier: MIT */
#include "kms.h"

#include "vk.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#define MAX_CARD_COUNT  16
#define FLIP_TIMEOUT_MS 10000

/* ------------------------------------------------------------------ finding a screen */

static void get_driver(int fd, char *out_name, size_t size)
{
    drmVersion *version = drmGetVersion(fd);

    snprintf(out_name, size, "%s", version ? version->name : "");
    drmFreeVersion(version);
}

static drmModeConnector *find_connector(int fd, const drmModeRes *resources)
{
    for (int i = 0; i < resources->count_connectors; i++) {
        drmModeConnector *connector = drmModeGetConnector(fd, resources->connectors[i]);
        if (connector && connector->connection == DRM_MODE_CONNECTED && connector->count_modes > 0)
            return connector;
        drmModeFreeConnector(connector);
    }
    return NULL;
}

/* A CRTC that can drive the connector, the one that does it now if there is one. */
static bool find_crtc(struct demo_kms *kms, const drmModeRes *resources,
                      const drmModeConnector *connector)
{
    drmModeEncoder *encoder = drmModeGetEncoder(kms->fd, connector->encoder_id);
    uint32_t current = encoder ? encoder->crtc_id : 0, possible = 0;

    drmModeFreeEncoder(encoder);
    for (int i = 0; i < connector->count_encoders; i++) {
        encoder = drmModeGetEncoder(kms->fd, connector->encoders[i]);
        possible |= encoder ? encoder->possible_crtcs : 0;
        drmModeFreeEncoder(encoder);
    }
    for (uint32_t i = 0; i < (uint32_t)resources->count_crtcs; i++) {
        if (!(possible & (1u << i)) || (kms->crtc_id && resources->crtcs[i] != current))
            continue;
        kms->crtc_id = resources->crtcs[i];
        kms->crtc_index = i;
    }
    return kms->crtc_id != 0;
}

static bool find_mode(const drmModeConnector *connector, uint32_t width, uint32_t height,
                      drmModeModeInfo *out_mode)
{
    for (int i = 0; i < connector->count_modes; i++) {
        const drmModeModeInfo *mode = &connector->modes[i];
        bool wanted = width ? mode->hdisplay == width && mode->vdisplay == height
                            : (mode->type & DRM_MODE_TYPE_PREFERRED) != 0;
        if (wanted) {
            *out_mode = *mode;
            return true;
        }
    }
    if (width)
        return false;
    *out_mode = connector->modes[0];
    return true;
}

/* False when the card has no screen; dies when it has one that does not fit. */
static bool use_card(struct demo_kms *kms, uint32_t width, uint32_t height)
{
    drmModeRes *resources = drmModeGetResources(kms->fd);
    drmModeConnector *connector = resources ? find_connector(kms->fd, resources) : NULL;
    bool found = connector && find_crtc(kms, resources, connector);

    if (found && !find_mode(connector, width, height, &kms->mode))
        demo_skip("the screen has no mode of %ux%u", width, height);
    if (found)
        kms->connector_id = connector->connector_id;
    drmModeFreeConnector(connector);
    drmModeFreeResources(resources);
    return found;
}

/* One pass over the cards: those of virtio-gpu, or all. */
static bool open_card(struct demo_kms *kms, bool only_virtio, uint32_t width, uint32_t height)
{
    for (int i = 0; i < MAX_CARD_COUNT; i++) {
        char path[32];

        snprintf(path, sizeof(path), "/dev/dri/card%d", i);
        *kms = (struct demo_kms){.fd = open(path, O_RDWR | O_CLOEXEC)};
        if (kms->fd < 0)
            continue;
        get_driver(kms->fd, kms->driver, sizeof(kms->driver));
        if ((!only_virtio || strcmp(kms->driver, "virtio_gpu") == 0) &&
            use_card(kms, width, height))
            return true;
        close(kms->fd);
    }
    return false;
}

void demo_kms_open(struct demo_kms *kms, uint32_t width, uint32_t height)
{
    uint64_t capability = 0;

    if (!open_card(kms, true, width, height) && !open_card(kms, false, width, height))
        demo_skip("no card in /dev/dri has a connected screen (or they may not be opened)");
    drmSetClientCap(kms->fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1);
    kms->takes_modifiers =
        drmGetCap(kms->fd, DRM_CAP_ADDFB2_MODIFIERS, &capability) == 0 && capability != 0;
    kms->saved_crtc = drmModeGetCrtc(kms->fd, kms->crtc_id);
}

void demo_kms_restore(struct demo_kms *kms)
{
    drmModeCrtc *saved = kms->saved_crtc;

    demo_kms_wait(kms);
    if (saved && kms->is_shown)
        drmModeSetCrtc(kms->fd, saved->crtc_id, saved->buffer_id, saved->x, saved->y,
                       &kms->connector_id, saved->mode_valid ? 1 : 0,
                       saved->mode_valid ? &saved->mode : NULL);
    kms->is_shown = false;
}

void demo_kms_close(struct demo_kms *kms)
{
    demo_kms_restore(kms);
    drmModeFreeCrtc(kms->saved_crtc);
    close(kms->fd);
    *kms = (struct demo_kms){.fd = -1};
}

/* ------------------------------------------------------------------ modifiers */

/* The value of a property of an object; 0 when it has none of that name. */
static uint64_t get_property(int fd, uint32_t object_id, uint32_t object_type, const char *name)
{
    drmModeObjectProperties *properties = drmModeObjectGetProperties(fd, object_id, object_type);
    uint64_t value = 0;

    for (uint32_t i = 0; properties && i < properties->count_props; i++) {
        drmModePropertyRes *property = drmModeGetProperty(fd, properties->props[i]);
        if (property && strcmp(property->name, name) == 0)
            value = properties->prop_values[i];
        drmModeFreeProperty(property);
    }
    drmModeFreeObjectProperties(properties);
    return value;
}

static uint32_t find_primary_plane(const struct demo_kms *kms)
{
    drmModePlaneRes *planes = drmModeGetPlaneResources(kms->fd);
    uint32_t found = 0;

    for (uint32_t i = 0; planes && i < planes->count_planes && !found; i++) {
        drmModePlane *plane = drmModeGetPlane(kms->fd, planes->planes[i]);
        if (plane && (plane->possible_crtcs & (1u << kms->crtc_index)) &&
            get_property(kms->fd, plane->plane_id, DRM_MODE_OBJECT_PLANE, "type") ==
                DRM_PLANE_TYPE_PRIMARY)
            found = plane->plane_id;
        drmModeFreePlane(plane);
    }
    drmModeFreePlaneResources(planes);
    return found;
}

size_t demo_kms_get_modifiers(const struct demo_kms *kms, uint32_t format, uint64_t *out_modifiers,
                              size_t capacity)
{
    uint32_t plane_id = kms->takes_modifiers ? find_primary_plane(kms) : 0;
    uint64_t blob_id =
        plane_id ? get_property(kms->fd, plane_id, DRM_MODE_OBJECT_PLANE, "IN_FORMATS") : 0;
    drmModePropertyBlobRes *blob =
        blob_id ? drmModeGetPropertyBlob(kms->fd, (uint32_t)blob_id) : NULL;
    drmModeFormatModifierIterator iterator = {0};
    size_t count = 0;

    while (blob && count < capacity && drmModeFormatModifierBlobIterNext(blob, &iterator)) {
        if (iterator.fmt == format)
            out_modifiers[count++] = iterator.mod;
    }
    drmModeFreePropertyBlob(blob);
    if (count == 0 && capacity > 0)
        out_modifiers[count++] = DRM_FORMAT_MOD_LINEAR;
    return count;
}

size_t demo_kms_get_formats(const struct demo_kms *kms, uint32_t *out_formats, size_t capacity)
{
    uint32_t plane_id = find_primary_plane(kms);
    drmModePlane *plane = plane_id ? drmModeGetPlane(kms->fd, plane_id) : NULL;
    size_t count = 0;

    for (; plane && count < plane->count_formats && count < capacity; count++)
        out_formats[count] = plane->formats[count];
    drmModeFreePlane(plane);
    return count;
}

/* ------------------------------------------------------------------ framebuffers */

static void add_framebuffer(const struct demo_kms *kms, struct demo_kms_buffer *framebuffer,
                            uint32_t format, uint64_t modifier, uint32_t offset)
{
    uint32_t handles[4] = {framebuffer->handle}, pitches[4] = {framebuffer->pitch};
    uint32_t offsets[4] = {offset};
    uint64_t modifiers[4] = {modifier};
    uint32_t width = kms->mode.hdisplay, height = kms->mode.vdisplay;
    int ret;

    if (kms->takes_modifiers)
        ret = drmModeAddFB2WithModifiers(kms->fd, width, height, format, handles, pitches, offsets,
                                         modifiers, &framebuffer->fb_id, DRM_MODE_FB_MODIFIERS);
    else
        ret = drmModeAddFB2(kms->fd, width, height, format, handles, pitches, offsets,
                            &framebuffer->fb_id, 0);
    if (ret != 0)
        demo_die("no framebuffer of %ux%u, pitch %u, offset %u, modifier 0x%llx: %s", width, height,
                 framebuffer->pitch, offset, (unsigned long long)modifier, strerror(errno));
}

void demo_kms_buffer_import(const struct demo_kms *kms, struct demo_kms_buffer *framebuffer,
                            int dma_buf_fd, uint32_t format, uint64_t modifier, uint32_t offset,
                            uint32_t pitch)
{
    *framebuffer = (struct demo_kms_buffer){.pitch = pitch};
    if (drmPrimeFDToHandle(kms->fd, dma_buf_fd, &framebuffer->handle) != 0)
        demo_die("%s does not import the dma-buf: %s", kms->driver, strerror(errno));
    add_framebuffer(kms, framebuffer, format, modifier, offset);
}

void demo_kms_buffer_wrap(const struct demo_kms *kms, struct demo_kms_buffer *framebuffer,
                          uint32_t handle, uint32_t format, uint64_t modifier, uint32_t offset,
                          uint32_t pitch)
{
    *framebuffer = (struct demo_kms_buffer){.handle = handle, .pitch = pitch};
    add_framebuffer(kms, framebuffer, format, modifier, offset);
    framebuffer->handle = 0; /* not ours to close */
}

void demo_kms_buffer_create_dumb(const struct demo_kms *kms, struct demo_kms_buffer *framebuffer,
                                 uint32_t format, uint32_t bits_per_pixel)
{
    uint64_t size, offset;
    uint32_t pitch;

    *framebuffer = (struct demo_kms_buffer){0};
    if (drmModeCreateDumbBuffer(kms->fd, kms->mode.hdisplay, kms->mode.vdisplay, bits_per_pixel, 0,
                                &framebuffer->handle, &pitch, &size) != 0)
        demo_die("no dumb buffer: %s", strerror(errno));
    framebuffer->pitch = pitch;
    framebuffer->size = size;
    if (drmModeMapDumbBuffer(kms->fd, framebuffer->handle, &offset) != 0)
        demo_die("the dumb buffer cannot be mapped: %s", strerror(errno));
    framebuffer->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, kms->fd, (off_t)offset);
    if (framebuffer->map == MAP_FAILED)
        demo_die("mmap of a dumb buffer: %s", strerror(errno));
    add_framebuffer(kms, framebuffer, format, DRM_FORMAT_MOD_LINEAR, 0);
}

void demo_kms_buffer_destroy(const struct demo_kms *kms, struct demo_kms_buffer *framebuffer)
{
    if (framebuffer->fb_id)
        drmModeRmFB(kms->fd, framebuffer->fb_id);
    if (framebuffer->map)
        munmap(framebuffer->map, framebuffer->size);
    if (framebuffer->handle)
        drmCloseBufferHandle(kms->fd, framebuffer->handle);
    *framebuffer = (struct demo_kms_buffer){0};
}

/* ------------------------------------------------------------------ showing */

static void on_flipped(int fd, unsigned sequence, unsigned seconds, unsigned microseconds,
                       void *data)
{
    struct demo_kms *kms = data;

    (void)fd, (void)sequence;
    kms->flip_pending = false;
    kms->flip_count++;
    kms->flip_seconds = (double)seconds + (double)microseconds * 1e-6;
}

void demo_kms_wait(struct demo_kms *kms)
{
    drmEventContext context = {.version = 2, .page_flip_handler = on_flipped};

    while (kms->flip_pending) {
        struct pollfd pollfd = {.fd = kms->fd, .events = POLLIN};
        int ret = poll(&pollfd, 1, FLIP_TIMEOUT_MS);
        if (ret < 0 && errno == EINTR)
            continue;
        if (ret == 0)
            demo_die("a page flip took longer than %d s", FLIP_TIMEOUT_MS / 1000);
        if (ret < 0 || drmHandleEvent(kms->fd, &context) != 0)
            demo_die("no event from %s: %s", kms->driver, strerror(errno));
    }
}

static void die_not_shown(const struct demo_kms *kms, const struct demo_kms_buffer *framebuffer)
{
    demo_die("%s does not show framebuffer %u: %s", kms->driver, framebuffer->fb_id,
             strerror(errno));
}

void demo_kms_set(struct demo_kms *kms, const struct demo_kms_buffer *framebuffer)
{
    demo_kms_wait(kms);
    if (drmModeSetCrtc(kms->fd, kms->crtc_id, framebuffer->fb_id, 0, 0, &kms->connector_id, 1,
                       &kms->mode) != 0)
        die_not_shown(kms, framebuffer);
    kms->is_shown = true;
}

void demo_kms_show(struct demo_kms *kms, const struct demo_kms_buffer *framebuffer)
{
    demo_kms_wait(kms);
    if (!kms->is_shown) {
        demo_kms_set(kms, framebuffer);
        return;
    }
    if (drmModePageFlip(kms->fd, kms->crtc_id, framebuffer->fb_id, DRM_MODE_PAGE_FLIP_EVENT, kms) !=
        0)
        die_not_shown(kms, framebuffer);
    kms->flip_pending = true;
}
