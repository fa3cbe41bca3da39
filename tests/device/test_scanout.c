/* SPDX-License-Identifier: MIT */
/* What a guest shows: queries, 2D resources, scanouts, flushes, cursors. */
#include "commands.h"
#include "control.h"

#include "base/format.h"
#include "base/limits.h"
#include "ipc/messages.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIDTH  64
#define HEIGHT 32
#define PIXELS (WIDTH * HEIGHT)

HSP_TEST(device_says_what_it_is)
{
    struct fe fe;
    uint32_t request[8] = {HSP_GPU_CMD_GET_DISPLAY_INFO};
    struct {
        struct hsp_gpu_header header;
        union {
            struct hsp_gpu_display_info display;
            struct hsp_gpu_edid_info edid;
            struct hsp_gpu_capset_info capset_info;
            uint32_t capset[40];
        };
    } response;

    fe_start(&fe, NULL);
    HSP_CHECK_EQ(fe_command(&fe, request, 24, &response, sizeof(response)),
                 HSP_GPU_RESP_OK_DISPLAY_INFO);
    HSP_CHECK_EQ(response.display.modes[0].rect.width, 640);
    HSP_CHECK_EQ(response.display.modes[0].rect.height, 480);
    HSP_CHECK_EQ(response.display.modes[0].enabled, 1);
    HSP_CHECK_EQ(response.display.modes[1].enabled, 0);

    request[0] = HSP_GPU_CMD_GET_EDID;
    HSP_CHECK_EQ(fe_command(&fe, request, 32, &response, sizeof(response)), HSP_GPU_RESP_OK_EDID);
    HSP_CHECK_EQ(response.edid.size, 128);
    HSP_CHECK_EQ(response.edid.edid[56] | (response.edid.edid[58] & 0xf0) << 4, 640);
    request[6] = 1; /* a driver asks for those of outputs that are not connected, too */
    HSP_CHECK_EQ(fe_command(&fe, request, 32, NULL, 0), HSP_GPU_RESP_OK_EDID);
    request[6] = HSP_LIMIT_SCANOUT_COUNT;
    HSP_CHECK_EQ(fe_command(&fe, request, 32, NULL, 0), ERR_SCANOUT);
    request[6] = 0;

    request[0] = HSP_GPU_CMD_GET_CAPSET_INFO;
    HSP_CHECK_EQ(fe_command(&fe, request, 32, &response, sizeof(response)),
                 HSP_GPU_RESP_OK_CAPSET_INFO);
    HSP_CHECK_EQ(response.capset_info.id, 4);
    HSP_CHECK_EQ(response.capset_info.max_version, 0);
    HSP_CHECK_EQ(response.capset_info.max_size, 160);

    request[0] = HSP_GPU_CMD_GET_CAPSET;
    request[6] = 4;
    HSP_CHECK_EQ(fe_command(&fe, request, 32, &response, sizeof(response)), HSP_GPU_RESP_OK_CAPSET);
    HSP_CHECK_EQ(response.capset[0], 1); /* wire format */
    HSP_CHECK_EQ(response.capset[4], 1); /* blob id 0 */
    HSP_CHECK_EQ(response.capset[5] & 1, 1);
    request[6] = 2;
    HSP_CHECK_EQ(fe_command(&fe, request, 32, NULL, 0), ERR_PARAMETER);
    fe_stop(&fe);
}

/* A resource with scattered pages from both regions of RAM, filled with 1, 2, 3... */
static void make_picture(struct fe *fe, uint32_t id)
{
    struct hsp_gpu_backing_entry entries[3] = {
        {.address = fe_alloc(fe, 4096), .size = 1000}, /* no whole page, as firmware does it */
        {.address = FE_HIGH_AT + 0x5000 * id, .size = 4096},
        {.address = fe_alloc(fe, 8192), .size = PIXELS * 4 - 5096},
    };
    uint32_t value = 1;

    for (int i = 0; i < 3; i++) {
        uint32_t *words = fe_ram(fe, entries[i].address);
        for (uint32_t k = 0; k < entries[i].size / 4; k++)
            words[k] = value++;
    }
    HSP_CHECK_EQ(cmd_create_2d(fe, id, WIDTH, HEIGHT), OK);
    HSP_CHECK_EQ(cmd_attach_backing(fe, id, entries, 3), OK);
}

HSP_TEST(picture_is_transferred_shown_and_flushed)
{
    struct fe fe;

    fe_start(&fe, NULL);
    make_picture(&fe, 1);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    fe_wait_log(&fe, "scanout id=0 64x32 stride=256 offset=0 format=2 kind=0 rect=0,0,64,32");
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, WIDTH, HEIGHT), OK);
    fe_wait_log(&fe, "flush id=0 rect=0,0,64,32 pixel=00000000"); /* nothing was transferred */

    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, WIDTH, HEIGHT, 0), OK);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, WIDTH, HEIGHT), OK);
    fe_wait_log(&fe, "flush id=0 rect=0,0,64,32 pixel=00000001");
    /* Each part of the picture comes from another range of pages. */
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 58, 3, 1, 1), OK);
    fe_wait_log(&fe, "flush id=0 rect=58,3,1,1 pixel=000000fb"); /* 3 * 64 + 58 + 1 */
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 63, 31, 1, 1), OK);
    fe_wait_log(&fe, "flush id=0 rect=63,31,1,1 pixel=00000800");

    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 0, 0, 0), OK);
    fe_wait_log(&fe, "scanout id=0 0x0");
    fe_stop(&fe);
}

HSP_TEST(part_of_a_picture_is_transferred)
{
    struct fe fe;

    fe_start(&fe, NULL);
    make_picture(&fe, 1);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    /* Rows of the source are as far apart as those of the resource. */
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 10, 5, 20, 10, 4 * (5 * WIDTH + 10)), OK);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 10, 5, 1, 1), OK);
    fe_wait_log(&fe, "pixel=0000014b"); /* 5 * 64 + 10 + 1 */
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 29, 14, 1, 1), OK);
    fe_wait_log(&fe, "pixel=0000039e"); /* 14 * 64 + 29 + 1 */
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 30, 14, 1, 1), OK);
    fe_wait_log(&fe, "pixel=00000000");
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 29, 15, 1, 1), OK);
    fe_wait_log(&fe, "pixel=00000000");
    fe_stop(&fe);
}

/* ------------------------------------------------------------------ guest pages as they lie */

/* As make_picture, but of whole pages, the second before the first in RAM. Row 16 starts page two.
 */
static void make_paged_picture(struct fe *fe, uint32_t id, uint32_t *pages[2])
{
    uint64_t at = fe_alloc(fe, 8192);
    struct hsp_gpu_backing_entry entries[2] = {{at + 4096, 4096, 0}, {at, 4096, 0}};

    for (int i = 0; i < 2; i++) {
        pages[i] = fe_ram(fe, entries[i].address);
        for (uint32_t k = 0; k < 1024; k++)
            pages[i][k] = (uint32_t)i * 1024 + k + 1;
    }
    HSP_CHECK_EQ(cmd_create_2d(fe, id, WIDTH, HEIGHT), OK);
    HSP_CHECK_EQ(cmd_attach_backing(fe, id, entries, 2), OK);
}

static int64_t count_copied(struct fe *fe)
{
    struct json_object *object = control_ask_stat(fe);
    struct json_object *scanouts = json_object_object_get(object, "scanouts");
    int64_t copied = json_object_get_int64(
        json_object_object_get(json_object_array_get_idx(scanouts, 0), "copied_bytes"));

    json_object_put(object);
    return copied;
}

HSP_TEST(whole_pages_of_the_guest_are_shown_without_a_copy)
{
    uint32_t *pages[2];
    struct fe fe;

    fe_start(&fe, NULL);
    make_paged_picture(&fe, 1, pages);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    fe_wait_log(&fe, "scanout id=0 64x32 stride=256 offset=0 format=2 kind=2 rect=0,0,64,32");
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, WIDTH, HEIGHT, 0), OK);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 16, WIDTH, 16), OK);
    fe_wait_log(&fe, "flush id=0 rect=0,16,64,16 pixel=00000401");
    pages[1][0] = 0x77;
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 16, WIDTH, 16, 4096), OK);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 16, WIDTH, 16), OK);
    fe_wait_log(&fe, "flush id=0 rect=0,16,64,16 pixel=00000077");
    HSP_CHECK_EQ(count_copied(&fe), 0);
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, WIDTH, HEIGHT, 1), ERR_PARAMETER);
    fe_stop(&fe);
}

/* A driver may keep several pictures in one backing, or have other rows than the resource. */
HSP_TEST(transfer_from_elsewhere_copies_from_then_on)
{
    uint32_t *pages[2];
    struct fe fe;

    fe_start(&fe, NULL);
    make_paged_picture(&fe, 1, pages);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    fe_wait_log(&fe, "kind=2 rect=0,0,64,32");
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, WIDTH, 1, 4096), OK);
    fe_wait_log(&fe, "scanout id=0 64x32 stride=256 offset=0 format=2 kind=0 rect=0,0,64,32");
    fe_wait_log(&fe, "flush id=0 rect=0,0,64,32");
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, WIDTH, 1), OK);
    fe_wait_log(&fe, "flush id=0 rect=0,0,64,1 pixel=00000401");
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 1, WIDTH, 1), OK);
    fe_wait_log(&fe, "flush id=0 rect=0,1,64,1 pixel=00000041"); /* what was shown before */
    HSP_CHECK_EQ(count_copied(&fe), PIXELS * 4 + WIDTH * 4);

    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_DETACH_BACKING, 0, 1), OK);
    struct hsp_gpu_backing_entry entry = {fe_alloc(&fe, 8192), 8192, 0};
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 1, &entry, 1), OK);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, WIDTH, 1), OK);
    fe_wait_log(&fe, "pixel=00000401"); /* alone, or joined with the device's own flushes */
    fe_stop(&fe);
}

HSP_TEST(picture_stays_when_its_pages_are_taken_away)
{
    uint32_t *pages[2];
    struct fe fe;

    fe_start(&fe, NULL);
    make_paged_picture(&fe, 1, pages);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    fe_wait_log(&fe, "kind=2 rect=0,0,64,32");
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_DETACH_BACKING, 0, 1), OK);
    fe_wait_log(&fe, "kind=0 rect=0,0,64,32");
    fe_wait_log(&fe, "flush id=0 rect=0,0,64,32 pixel=00000001");
    pages[0][0] = 0x55;
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, WIDTH, HEIGHT), OK);
    fe_wait_log(&fe, "flush id=0 rect=0,0,64,32 pixel=00000001");
    struct hsp_gpu_backing_entry entry = {fe_alloc(&fe, 8192), 8192, 0};
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 1, &entry, 1), OK);
    fe_wait_log(&fe, "kind=2 rect=0,0,64,32");
    fe_wait_log(&fe, "flush id=0 rect=0,0,64,32 pixel=00000000");
    fe_stop(&fe);
}

/* The guest may have rebooted, and use the pages for other things. */
HSP_TEST(picture_in_guest_pages_stays_while_the_driver_is_stopped)
{
    uint32_t *pages[2];
    struct fe fe;

    fe_start(&fe, NULL);
    make_paged_picture(&fe, 1, pages);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, WIDTH, HEIGHT), OK);
    fe_wait_log(&fe, "flush id=0 rect=0,0,64,32 pixel=00000001");
    fe_stop_queues(&fe);
    fe_wait_log(&fe, "scanout id=0 64x32 stride=256 offset=0 format=2 kind=0 rect=0,0,64,32");
    fe_wait_log(&fe, "flush id=0 rect=0,0,64,32 pixel=00000001");
    HSP_CHECK_EQ(count_copied(&fe), PIXELS * 4);
    pages[1][0] = 0x99;

    /* It was a pause. */
    fe_start_queues(&fe, false);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 16, WIDTH, 16), OK);
    fe_wait_log(&fe, "scanout id=0 64x32 stride=256 offset=0 format=2 kind=2 rect=0,0,64,32");
    fe_wait_log(&fe, "flush id=0 rect=0,16,64,16 pixel=00000099");

    /* It was a reboot. */
    fe_stop_queues(&fe);
    fe_wait_log(&fe, "kind=0 rect=0,0,64,32");
    fe_start_queues(&fe, true);
    fe_wait_log(&fe, "scanout id=0 0x0");
    fe_stop(&fe);
}

HSP_TEST(wrong_2d_commands_are_refused)
{
    struct hsp_gpu_backing_entry entry = {.address = FE_HEAP_AT, .size = 4096};
    struct hsp_gpu_backing_entry nowhere = {.address = FE_LOW_SIZE - 4096, .size = 8192};
    struct hsp_gpu_resource_create_2d format = {9, 77, 16, 16};
    struct hsp_gpu_attach_backing many = {1, UINT32_MAX};
    struct fe fe;

    fe_start(&fe, NULL);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 0, 16, 16), ERR_RESOURCE);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 0, 16), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 16, HSP_LIMIT_SCANOUT_EXTENT + 1), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, UINT32_MAX, UINT32_MAX), ERR_PARAMETER);
    HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_RESOURCE_CREATE_2D, 0, &format, sizeof(format)),
                 ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 16, 16), OK);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 16, 16), ERR_RESOURCE);
    /* Together they may use so much memory and no more. */
    HSP_CHECK_EQ(cmd_create_2d(&fe, 2, 16384, 16384), OK);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 3, 16384, 16384), ERR_OUT_OF_MEMORY);

    HSP_CHECK_EQ(cmd_attach_backing(&fe, 7, &entry, 1), ERR_RESOURCE);
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 1, &nowhere, 1), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 1, &entry, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_RESOURCE_ATTACH_BACKING, 0, &many, sizeof(many)),
                 ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_DETACH_BACKING, 0, 1), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, 16, 16, 0), ERR_PARAMETER); /* no backing */
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 1, &entry, 1), OK);
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 1, &entry, 1), ERR_PARAMETER);

    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, 17, 16, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 16, 0, 1, 1, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, UINT32_MAX, 0, 2, 1, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, 0, 1, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, 16, 16, UINT64_MAX), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, 16, 16, 4096 - 1023), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, 16, 16, 4096 - 1024), OK);
    HSP_CHECK_EQ(cmd_transfer(&fe, 8, 0, 0, 16, 16, 0), ERR_RESOURCE);

    HSP_CHECK_EQ(cmd_set_scanout(&fe, HSP_LIMIT_SCANOUT_COUNT, 1, 16, 16), ERR_SCANOUT);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, UINT32_MAX, 1, 16, 16), ERR_SCANOUT);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 8, 16, 16), ERR_RESOURCE);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, 17, 16), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, 0, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_flush(&fe, 8, 0, 0, 1, 1), ERR_RESOURCE);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, 17, 1), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, 8), ERR_RESOURCE);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, 0), ERR_RESOURCE);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, 1), OK);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, 1, 1), ERR_RESOURCE);
    fe_stop(&fe);
}

HSP_TEST(unref_switches_scanout_off)
{
    struct fe fe;

    fe_start(&fe, NULL);
    make_picture(&fe, 1);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    fe_wait_log(&fe, "scanout id=0 64x32");
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, 1), OK);
    fe_wait_log(&fe, "scanout id=0 0x0");
    fe_stop(&fe);
}

/* Guest memory is shown as it is, with no copy. */
HSP_TEST(guest_blob_is_shown_from_its_pages)
{
    struct fe fe;
    uint64_t low, high = FE_HIGH_AT + 0x40000;

    fe_start(&fe, NULL);
    low = fe_alloc(&fe, 8192);
    struct hsp_gpu_backing_entry entries[3] = {
        {high, 4096, 0}, {low, 4096, 0}, {high + 8192, 4096, 0}};
    HSP_CHECK_EQ(cmd_create_blob(&fe, 0, 1, HSP_GPU_BLOB_MEM_GUEST, 0, 0, 12288, entries, 3), OK);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, 32, 32), ERR_PARAMETER); /* has no format */
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 32, 32, 256, 64, HSP_FORMAT_B8G8R8X8), OK);
    fe_wait_log(&fe, "scanout id=0 32x32 stride=256 offset=64 format=2 kind=2");
    *(uint32_t *)fe_ram(&fe, high + 64) = 0x11111111;
    *(uint32_t *)fe_ram(&fe, low + 64) = 0x22222222;
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, 1, 1), OK);
    fe_wait_log(&fe, "pixel=11111111");
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 16, 1, 1), OK);
    fe_wait_log(&fe, "pixel=22222222");
    /* A transfer has nothing to do. */
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, 32, 32, 0), OK);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_DETACH_BACKING, 0, 1), OK);
    fe_wait_log(&fe, "scanout id=0 0x0");
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 32, 32, 256, 64, HSP_FORMAT_B8G8R8X8),
                 ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 1, entries, 3), OK);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 32, 32, 256, 64, HSP_FORMAT_B8G8R8X8), OK);
    fe_stop(&fe);
}

HSP_TEST(wrong_blob_scanouts_are_refused)
{
    struct fe fe;

    fe_start(&fe, NULL);
    struct hsp_gpu_backing_entry entry = {fe_alloc(&fe, 65536), 65536, 0};
    const uint32_t format = HSP_FORMAT_B8G8R8X8;
    HSP_CHECK_EQ(cmd_create_blob(&fe, 0, 1, HSP_GPU_BLOB_MEM_GUEST, 0, 0, 65536, &entry, 1), OK);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 128, 128, 512, 0, format), OK);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, HSP_LIMIT_SCANOUT_COUNT, 1, 128, 128, 512, 0, format),
                 ERR_SCANOUT);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 2, 128, 128, 512, 0, format), ERR_RESOURCE);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 128, 128, 512, 4, format), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 128, 129, 512, 0, format), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 128, 128, 508, 0, format), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 128, 128, UINT32_MAX, 0, format), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, UINT32_MAX, 1, 512, 0, format), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 128, 128, 512, UINT32_MAX, format), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 128, 128, 512, 0, 5), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 1, 0, 0, 512, 0, format), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, UINT32_MAX, 0, 2, 1), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, 0, 0), ERR_PARAMETER);
    fe_stop(&fe);
}

/* ------------------------------------------------------------------ fences of flushes */

static uint32_t cursor_command(struct fe *fe, uint32_t queue, uint32_t type, uint32_t scanout,
                               uint32_t resource, int x, int y)
{
    struct {
        struct hsp_gpu_header header;
        struct hsp_gpu_cursor body;
    } request = {{.type = type}, {scanout, (uint32_t)x, (uint32_t)y, 0, resource, 5, 6, 0}};

    return cmd_take_response(
        fe, fe_submit(fe, queue, &request, sizeof(request), sizeof(struct hsp_gpu_header)));
}

static struct fe_request *flush_fenced(struct fe *fe, uint64_t fence_id)
{
    struct hsp_gpu_resource_flush body = {{0, 0, WIDTH, HEIGHT}, 1, 0};

    return fe_submit_simple(fe, HSP_GPU_CMD_RESOURCE_FLUSH, 0, FENCE, fence_id, 0, &body,
                            sizeof(body));
}

HSP_TEST(flush_fence_waits_for_the_display)
{
    struct fe fe;

    fe_start(&fe, NULL);
    make_picture(&fe, 1);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    fe_wait_log(&fe, "scanout id=0 64x32");
    fe_set_flag(&fe, "hold-display", true);
    struct fe_request *first = flush_fenced(&fe, 70), *second = flush_fenced(&fe, 71);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, 1, 1), OK); /* without a fence nothing waits */
    fe_check_not_done(&fe, first);
    fe_check_not_done(&fe, second);
    fe_set_flag(&fe, "hold-display", false);
    fe_wait(&fe, second);
    fe_wait(&fe, first);
    HSP_CHECK(first->order < second->order);
    const struct hsp_gpu_header *response = fe_response(&fe, second);
    HSP_CHECK_EQ(response->flags, FENCE);
    HSP_CHECK_EQ(response->fence_id, 71);
    free(first);
    free(second);
    fe_stop(&fe);
}

/* A display that hangs costs frames, not the guest's progress; what it missed is joined. */
HSP_TEST(flushes_are_joined_while_the_display_is_busy)
{
    struct fe fe;

    fe_start(&fe, NULL);
    make_picture(&fe, 1);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    fe_wait_log(&fe, "scanout id=0 64x32");
    fe_set_flag(&fe, "hold-display", true);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, 2, 2), OK);
    for (uint32_t i = 0; i < 1000; i++)
        HSP_CHECK_EQ(cmd_flush(&fe, 1, 5 + i % 10, 6, 1, 20), OK);
    struct fe_request *fenced = flush_fenced(&fe, 1);
    fe_wait(&fe, fenced); /* after the time limit, although nobody answered */
    HSP_CHECK(!fe_log_has(&fe, "flush id=0"));
    fe_set_flag(&fe, "hold-display", false);
    fe_wait_log(&fe, "flush id=0 rect=0,0,2,2");
    fe_wait_log(&fe, "flush id=0 rect=0,0,64,32");
    free(fenced);
    fe_stop(&fe);
}

HSP_TEST(killed_display_is_replaced_and_gets_everything)
{
    struct fe fe;

    fe_start(&fe, NULL);
    pid_t pid = fe_log_pid(fe_wait_log(&fe, "display begin backend=headless"));
    make_picture(&fe, 1);
    struct hsp_gpu_resource_create_2d body = {2, HSP_FORMAT_B8G8R8A8, 64, 64};
    HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_RESOURCE_CREATE_2D, 0, &body, sizeof(body)), OK);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    HSP_CHECK_EQ(cursor_command(&fe, 1, HSP_GPU_CMD_UPDATE_CURSOR, 0, 2, 3, 4), OK);
    fe_wait_log(&fe, "cursor id=0 resource=2 at=3,4 hot=5,6");

    fe_set_flag(&fe, "hold-display", true);
    struct fe_request *fenced = flush_fenced(&fe, 1);
    usleep(20000);
    HSP_CHECK_EQ(kill(pid, SIGKILL), 0);
    fe_wait(&fe, fenced);
    free(fenced);
    fe_set_flag(&fe, "hold-display", false);
    HSP_CHECK(fe_log_pid(fe_wait_log(&fe, "display begin")) != pid);
    fe_wait_log(&fe, "scanout id=0 64x32");
    fe_wait_log(&fe, "flush id=0 rect=0,0,64,32");
    fe_wait_log(&fe, "cursor id=0 resource=2 at=3,4 hot=5,6");
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 1, 1, 1, 1), OK);
    fe_wait_log(&fe, "flush id=0 rect=1,1,1,1");
    fe_stop(&fe);
}

HSP_TEST(device_works_without_a_display)
{
    struct fe_options options = {.no_programs = true};
    struct fe fe;

    fe_start(&fe, &options);
    make_picture(&fe, 1);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    struct fe_request *fenced = flush_fenced(&fe, 1);
    fe_wait(&fe, fenced);
    free(fenced);
    fe_stop(&fe);
}

/* ------------------------------------------------------------------ cursor queue */

HSP_TEST(cursor_is_shown_moved_and_hidden)
{
    struct hsp_gpu_resource_create_2d body = {2, HSP_FORMAT_B8G8R8A8, 64, 64};
    struct fe fe;

    fe_start(&fe, NULL);
    const uint32_t update = HSP_GPU_CMD_UPDATE_CURSOR, move = HSP_GPU_CMD_MOVE_CURSOR;
    struct hsp_gpu_backing_entry entry = {fe_alloc(&fe, 16384), 16384, 0};
    *(uint32_t *)fe_ram(&fe, entry.address) = 0xcafe;
    HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_RESOURCE_CREATE_2D, 0, &body, sizeof(body)), OK);
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 2, &entry, 1), OK);
    HSP_CHECK_EQ(cmd_transfer(&fe, 2, 0, 0, 64, 64, 0), OK);
    HSP_CHECK_EQ(cursor_command(&fe, 1, update, 0, 2, -7, 8), OK);
    fe_wait_log(&fe, "cursor id=0 resource=2 at=-7,8 hot=5,6 pixel=0000cafe");
    HSP_CHECK_EQ(cursor_command(&fe, 1, move, 0, 2, 100, 200), OK);
    fe_wait_log(&fe, "move id=0 resource=2 at=100,200");
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, 2), OK);
    HSP_CHECK_EQ(cursor_command(&fe, 1, update, 0, 0, 0, 0), OK);
    fe_wait_log(&fe, "cursor id=0 resource=0");

    HSP_CHECK_EQ(cursor_command(&fe, 1, update, HSP_LIMIT_SCANOUT_COUNT, 0, 0, 0), ERR_SCANOUT);
    HSP_CHECK_EQ(cursor_command(&fe, 1, move, UINT32_MAX, 0, 0, 0), ERR_SCANOUT);
    HSP_CHECK_EQ(cursor_command(&fe, 1, update, 0, 2, 0, 0), ERR_RESOURCE);
    make_picture(&fe, 3);
    HSP_CHECK_EQ(cursor_command(&fe, 1, update, 0, 3, 0, 0), ERR_PARAMETER);
    /* Each queue has its own commands. */
    HSP_CHECK_EQ(cursor_command(&fe, 0, move, 0, 0, 0, 0), ERR_UNSPEC);
    HSP_CHECK_EQ(cursor_command(&fe, 1, HSP_GPU_CMD_GET_DISPLAY_INFO, 0, 0, 0, 0), ERR_UNSPEC);
    fe_stop(&fe);
}

HSP_TEST(cursor_may_be_a_dumb_buffer_and_those_are_opaque_by_name)
{
    struct hsp_gpu_resource_create_2d body = {2, HSP_FORMAT_B8G8R8X8, 64, 64};
    struct hsp_gpu_resource_create_2d other = {3, HSP_FORMAT_R8G8B8A8, 64, 64};
    struct fe fe;

    fe_start(&fe, NULL);
    struct hsp_gpu_backing_entry entry = {fe_alloc(&fe, 16384), 16384, 0};
    *(uint32_t *)fe_ram(&fe, entry.address) = 0x80123456;
    HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_RESOURCE_CREATE_2D, 0, &body, sizeof(body)), OK);
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 2, &entry, 1), OK);
    HSP_CHECK_EQ(cursor_command(&fe, 1, HSP_GPU_CMD_UPDATE_CURSOR, 0, 2, 1, 2), OK);
    fe_wait_log(&fe, "cursor id=0 resource=2 at=1,2 hot=5,6 pixel=80123456");

    HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_RESOURCE_CREATE_2D, 0, &other, sizeof(other)), OK);
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 3, &entry, 1), OK);
    HSP_CHECK_EQ(cursor_command(&fe, 1, HSP_GPU_CMD_UPDATE_CURSOR, 0, 3, 0, 0), ERR_PARAMETER);
    fe_stop(&fe);
}

/* ------------------------------------------------------------------ modes */

HSP_TEST(host_changes_the_mode)
{
    struct hsp_vhost_config config = {.offset = 0, .size = 24};
    uint32_t request[8] = {HSP_GPU_CMD_GET_DISPLAY_INFO}, fields[6];
    struct {
        struct hsp_gpu_header header;
        struct hsp_gpu_display_info info;
    } response;
    struct fe fe;

    fe_start(&fe, NULL);
    make_picture(&fe, 1);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    fe_set_flag(&fe, "resize", true);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, 1, 1), OK);
    pthread_mutex_lock(&fe.lock);
    while (fe.config_changes == 0)
        pthread_cond_wait(&fe.changed, &fe.lock);
    pthread_mutex_unlock(&fe.lock);

    HSP_CHECK_EQ(fe_call(&fe, HSP_VHOST_GET_CONFIG, &config, 36, &config, sizeof(config)), 36);
    memcpy(fields, config.data, sizeof(fields));
    HSP_CHECK_EQ(fields[0], HSP_GPU_EVENT_DISPLAY);
    HSP_CHECK_EQ(fields[2], HSP_LIMIT_SCANOUT_COUNT);
    HSP_CHECK_EQ(fields[3], 1); /* capsets */
    HSP_CHECK_EQ(fe_command(&fe, request, 24, &response, sizeof(response)),
                 HSP_GPU_RESP_OK_DISPLAY_INFO);
    HSP_CHECK_EQ(response.info.modes[0].rect.width, 800);
    HSP_CHECK_EQ(response.info.modes[0].rect.height, 600);

    /* As QEMU forwards the driver's write of events_clear. */
    memset(&config, 0, sizeof(config));
    config.size = 24;
    config.data[4] = HSP_GPU_EVENT_DISPLAY;
    HSP_CHECK_EQ(fe_call_acked(&fe, HSP_VHOST_SET_CONFIG, &config, 36, NULL, 0), 0);
    memset(&config, 0, sizeof(config));
    config.size = 24;
    HSP_CHECK_EQ(fe_call(&fe, HSP_VHOST_GET_CONFIG, &config, 36, &config, sizeof(config)), 36);
    HSP_CHECK_EQ(config.data[0], 0);
    fe_stop(&fe);
}

HSP_TEST(outputs_are_independent)
{
    static const char *const arguments[] = {"--outputs=3", NULL};
    struct fe_options options = {.arguments = arguments};
    struct fe fe;

    fe_start(&fe, &options);
    make_picture(&fe, 1);
    make_picture(&fe, 2);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 2, 2, WIDTH, HEIGHT), OK);
    fe_wait_log(&fe, "scanout id=2 64x32");
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, WIDTH, HEIGHT), OK);
    HSP_CHECK_EQ(cmd_flush(&fe, 2, 0, 0, 4, 4), OK);
    fe_wait_log(&fe, "flush id=2 rect=0,0,4,4");
    HSP_CHECK(!fe_log_has(&fe, "flush id=0"));
    fe_stop(&fe);
}

/* Asks as hesper outputs does. */
static struct hsp_ipc_control_outputs change_output(struct hsp_ipc_channel *channel,
                                                    uint32_t output, uint32_t change,
                                                    uint32_t width, uint32_t height)
{
    struct hsp_ipc_control_output body = {output, change, width, height};
    struct hsp_ipc_control_outputs outputs;
    struct hsp_ipc_message answer;

    control_ask(channel, HSP_IPC_CONTROL_OUTPUT, &body, sizeof(body), -1, &answer);
    HSP_CHECK_EQ(answer.type, HSP_IPC_CONTROL_OUTPUTS);
    HSP_CHECK(hsp_ipc_decode(&answer, &outputs, sizeof(outputs), 0));
    hsp_ipc_message_finish(&answer);
    return outputs;
}

static struct hsp_gpu_display_info get_display_info(struct fe *fe)
{
    uint32_t request[6] = {HSP_GPU_CMD_GET_DISPLAY_INFO};
    struct {
        struct hsp_gpu_header header;
        struct hsp_gpu_display_info info;
    } response;

    HSP_CHECK_EQ(fe_command(fe, request, sizeof(request), &response, sizeof(response)),
                 HSP_GPU_RESP_OK_DISPLAY_INFO);
    return response.info;
}

HSP_TEST(outputs_are_plugged_in_and_pulled_out)
{
    struct hsp_ipc_control_outputs outputs;
    struct hsp_gpu_display_info info;
    struct hsp_ipc_channel channel;
    struct fe fe;

    fe_start(&fe, NULL);
    control_connect(&fe, &channel);
    fe_wait_log(&fe, "disconnected id=1");
    outputs = change_output(&channel, 0, HSP_IPC_OUTPUT_KEEP, 0, 0);
    HSP_CHECK_EQ(outputs.status, 0);
    HSP_CHECK_EQ(outputs.items[0].is_connected, 1);
    HSP_CHECK_EQ(outputs.items[0].width, 640);
    HSP_CHECK_EQ(outputs.items[0].shown_width, 0);
    HSP_CHECK_EQ(outputs.items[2].is_connected, 0);
    HSP_CHECK_EQ(change_output(&channel, 0, HSP_IPC_OUTPUT_DISCONNECT, 0, 0).status, -EINVAL);
    HSP_CHECK_EQ(change_output(&channel, 99, HSP_IPC_OUTPUT_CONNECT, 0, 0).status, -EINVAL);

    HSP_CHECK_EQ(change_output(&channel, 2, HSP_IPC_OUTPUT_CONNECT, 0, 0).status, 0);
    fe_wait_log(&fe, "connected id=2");
    outputs = change_output(&channel, 0, HSP_IPC_OUTPUT_SET_MODE, 1024, 768);
    HSP_CHECK_EQ(outputs.items[0].width, 1024);
    pthread_mutex_lock(&fe.lock);
    while (fe.config_changes < 2)
        pthread_cond_wait(&fe.changed, &fe.lock);
    pthread_mutex_unlock(&fe.lock);
    info = get_display_info(&fe);
    HSP_CHECK_EQ(info.modes[0].rect.width, 1024);
    HSP_CHECK_EQ(info.modes[1].enabled, 0);
    HSP_CHECK_EQ(info.modes[2].enabled, 1);
    HSP_CHECK_EQ(info.modes[2].rect.x, 1024);
    HSP_CHECK_EQ(info.modes[2].rect.width, 640);

    HSP_CHECK_EQ(change_output(&channel, 0, HSP_IPC_OUTPUT_DISCONNECT, 0, 0).status, 0);
    fe_wait_log(&fe, "disconnected id=0");
    info = get_display_info(&fe);
    HSP_CHECK_EQ(info.modes[0].enabled, 0);
    HSP_CHECK_EQ(info.modes[2].rect.x, 0);
    hsp_ipc_channel_finish(&channel);
    fe_stop(&fe);
}

HSP_TEST_MAIN()
