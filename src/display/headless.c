/* SPDX-License-Identifier: MIT */
/*
 * Headless: a flush makes the scanout's picture current, and that is all. No byte of it is read
 * until somebody asks for a screenshot.
 */
#include "display/backend.h"
#include "display/display.h"

#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>

struct headless {
    struct hsp_display_backend backend;
    struct hsp_display *display;
    struct headless_scanout {
        struct hsp_display_picture *next;  /* shown from the next flush on */
        struct hsp_display_picture *shown; /* NULL before the first flush */
    } scanouts[HSP_LIMIT_SCANOUT_COUNT];
};

static int create(struct hsp_display *display, const struct hsp_display_options *options,
                  struct hsp_display_backend **out)
{
    struct headless *headless = calloc(1, sizeof(*headless));

    if (!headless)
        return -ENOMEM;
    headless->backend.ops = &hsp_display_headless_ops;
    headless->display = display;
    *out = &headless->backend;
    return 0;
}

static void replace(struct hsp_display_picture **slot, struct hsp_display_picture *picture)
{
    struct hsp_display_picture *old = *slot;

    *slot = picture ? hsp_display_picture_ref(picture) : NULL;
    hsp_display_picture_unref(old);
}

static void destroy(struct hsp_display_backend *backend)
{
    struct headless *headless = HSP_CONTAINER_OF(backend, struct headless, backend);

    for (size_t i = 0; i < HSP_ARRAY_COUNT(headless->scanouts); i++) {
        replace(&headless->scanouts[i].next, NULL);
        replace(&headless->scanouts[i].shown, NULL);
    }
    free(headless);
}

static void set_scanout(struct hsp_display_backend *backend, uint32_t scanout_id,
                        struct hsp_display_picture *picture)
{
    struct headless *headless = HSP_CONTAINER_OF(backend, struct headless, backend);
    struct headless_scanout *scanout = &headless->scanouts[scanout_id];

    replace(&scanout->next, picture);
    if (!picture)
        replace(&scanout->shown, NULL);
}

static void flush(struct hsp_display_backend *backend, const struct hsp_display_flush *flush)
{
    struct headless *headless = HSP_CONTAINER_OF(backend, struct headless, backend);
    struct headless_scanout *scanout = &headless->scanouts[flush->scanout_id];

    replace(&scanout->shown, scanout->next);
    hsp_display_flush_done(headless->display, flush, true);
}

static struct hsp_display_picture *get_shown(struct hsp_display_backend *backend,
                                             uint32_t scanout_id)
{
    struct headless *headless = HSP_CONTAINER_OF(backend, struct headless, backend);

    return headless->scanouts[scanout_id].shown;
}

const struct hsp_display_backend_ops hsp_display_headless_ops = {
    .name = "headless",
    .create = create,
    .destroy = destroy,
    .set_scanout = set_scanout,
    .flush = flush,
    .get_shown = get_shown,
};
