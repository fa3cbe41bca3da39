/* SPDX-License-Identifier: MIT */
/* Contexts and their renderers: submissions, fences, blobs, deaths. */
#include "commands.h"

#include "base/format.h"
#include "base/limits.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pid_t start_context(struct fe *fe, uint32_t ctx_id, const char *name)
{
    char line[128];

    HSP_CHECK_EQ(cmd_create_context(fe, ctx_id, VENUS, name), OK);
    snprintf(line, sizeof(line), "render begin name=%s", name);
    return fe_log_pid(fe_wait_log(fe, line));
}

static uint32_t window_word(struct fe *fe, uint64_t offset)
{
    uint32_t word;

    memcpy(&word, fe->window + offset, sizeof(word));
    return word;
}

/* ------------------------------------------------------------------ life */

HSP_TEST(each_context_has_a_renderer)
{
    struct fe fe;

    fe_start(&fe, NULL);
    pid_t one = start_context(&fe, 1, "one"), two = start_context(&fe, 2, "two");
    HSP_CHECK(one != two);
    HSP_CHECK_EQ(SCRIPT(&fe, 2, FAKE_RENDER_NOP, 7), OK);
    fe_wait_log(&fe, "submit size=8 first=0 last=7");
    HSP_CHECK_EQ(cmd_destroy_context(&fe, 1), OK);
    fe_wait_log(&fe, "render end name=one");
    HSP_CHECK_EQ(cmd_destroy_context(&fe, 1), ERR_CONTEXT);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_NOP), ERR_CONTEXT);
    HSP_CHECK_EQ(SCRIPT(&fe, 2, FAKE_RENDER_NOP, 8), OK);
    fe_wait_log(&fe, "submit size=8 first=0 last=8");
    start_context(&fe, 1, "again");
    fe_stop(&fe);
}

HSP_TEST(wrong_contexts_are_refused)
{
    struct fe fe;

    fe_start(&fe, NULL);
    HSP_CHECK_EQ(cmd_create_context(&fe, 0, VENUS, "zero"), ERR_CONTEXT);
    HSP_CHECK_EQ(cmd_create_context(&fe, 1, 2, "virgl2"), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_create_context(&fe, 1, 6, "drm"), ERR_PARAMETER);
    start_context(&fe, 1, "one");
    HSP_CHECK_EQ(cmd_create_context(&fe, 1, VENUS, "twice"), ERR_CONTEXT);
    HSP_CHECK_EQ(cmd_destroy_context(&fe, 0), ERR_CONTEXT);
    HSP_CHECK_EQ(cmd_destroy_context(&fe, UINT32_MAX), ERR_CONTEXT);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_ATTACH_RESOURCE, 1, 5), ERR_RESOURCE);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_ATTACH_RESOURCE, 5, 5), ERR_CONTEXT);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_DETACH_RESOURCE, 1, 5), ERR_RESOURCE);
    HSP_CHECK_EQ(cmd_submit(&fe, 1, (const uint32_t[]){0}, 0), OK); /* nothing is something */
    fe_stop(&fe);
}

/* What Linux makes for a program that only shows dumb buffers. */
HSP_TEST(context_without_capset_is_inert)
{
    struct fe fe;

    fe_start(&fe, NULL);
    HSP_CHECK_EQ(cmd_create_context(&fe, 1, 0, "kms"), OK);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 16, 16), OK);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_ATTACH_RESOURCE, 1, 1), OK);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_NOP), ERR_UNSPEC);
    HSP_CHECK_EQ(cmd_create_blob(&fe, 1, 2, HOST3D, MAPPABLE, 0, 4096, NULL, 0), ERR_UNSPEC);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_DETACH_RESOURCE, 1, 1), OK);
    HSP_CHECK_EQ(cmd_destroy_context(&fe, 1), OK);
    HSP_CHECK(!fe_log_has(&fe, "render begin"));
    fe_stop(&fe);
}

HSP_TEST(name_of_a_context_cannot_do_harm)
{
    char line[64];
    struct fe fe;

    fe_start(&fe, NULL);
    memset(line, 'x', sizeof(line)); /* no NUL */
    line[0] = '\n';
    line[1] = '\x1b';
    struct hsp_gpu_ctx_create body = {.name_size = UINT32_MAX, .context_init = VENUS};
    memcpy(body.name, line, sizeof(line));
    HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_CTX_CREATE, 9, &body, sizeof(body)), OK);
    fe_wait_log(&fe, "render begin name=??xxxxxx");
    fe_stop(&fe);
}

HSP_TEST(contexts_have_a_limit)
{
    struct fe fe;
    uint32_t made = 0;

    fe_start(&fe, NULL);
    while (made < 300 && cmd_create_context(&fe, made + 1, VENUS, "many") == OK)
        made++;
    HSP_CHECK_EQ(made, HSP_LIMIT_CONTEXT_COUNT);
    HSP_CHECK_EQ(cmd_create_context(&fe, 1000, VENUS, "more"), ERR_OUT_OF_MEMORY);
    HSP_CHECK_EQ(cmd_destroy_context(&fe, 100), OK);
    HSP_CHECK_EQ(cmd_create_context(&fe, 1000, VENUS, "more"), OK);
    fe_stop(&fe);
}

/* A renderer that hangs in its driver after its context was destroyed. */
HSP_TEST(renderer_that_stays_is_killed)
{
    struct fe fe;

    fe_start(&fe, NULL);
    pid_t pid = start_context(&fe, 1, "stays");
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_STAY), OK);
    fe_wait_log(&fe, "submit");
    HSP_CHECK_EQ(cmd_destroy_context(&fe, 1), OK);
    usleep(100000);
    HSP_CHECK_EQ(kill(pid, 0), 0);
    for (int i = 0; i < 8000 && kill(pid, 0) == 0; i++)
        usleep(1000);
    HSP_CHECK(kill(pid, 0) < 0);
    fe_stop(&fe);
}

/* ------------------------------------------------------------------ submissions */

HSP_TEST(submissions_arrive_whole_and_in_order)
{
    const size_t count = (16u << 20) / 4;
    uint32_t *words = calloc(count, 4);
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "one");
    words[count - 1] = 4711;
    struct fe_request *big = cmd_submit_fenced(&fe, 1, 0, 0, 0, words, count); /* 4096 buffers */
    struct fe_request *small = cmd_submit_fenced(&fe, 1, 0, 0, 0, (uint32_t[]){0, 4712}, 2);
    HSP_CHECK_EQ(cmd_take_response(&fe, big), OK);
    HSP_CHECK_EQ(cmd_take_response(&fe, small), OK);
    fe_wait_log(&fe, "submit size=16777216 first=0 last=4711");
    fe_wait_log(&fe, "submit size=8 first=0 last=4712");
    free(words);
    fe_stop(&fe);
}

HSP_TEST(wrong_submissions_are_refused)
{
    struct hsp_gpu_submit_3d body = {.size = HSP_LIMIT_SUBMIT_SIZE + 4};
    uint32_t words[3] = {0};
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "one");
    HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_SUBMIT_3D, 1, &body, sizeof(body)), ERR_PARAMETER);
    body.size = UINT32_MAX;
    HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_SUBMIT_3D, 1, &body, sizeof(body)), ERR_PARAMETER);
    body.size = 4; /* of which none is there */
    HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_SUBMIT_3D, 1, &body, sizeof(body)), ERR_PARAMETER);
    HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_SUBMIT_3D, 1, &body, 4), ERR_PARAMETER);
    words[0] = 2; /* no multiple of 4 */
    HSP_CHECK_EQ(fe_simple(&fe, HSP_GPU_CMD_SUBMIT_3D, 1, words, sizeof(words)), ERR_PARAMETER);
    HSP_CHECK_EQ(
        cmd_take_response(&fe, cmd_submit_fenced(&fe, 1, FENCE | RING_IDX, 1, 64, words, 1)),
        ERR_PARAMETER);
    HSP_CHECK(!fe_log_has(&fe, "submit"));
    fe_stop(&fe);
}

/* One renderer that does not read its channel costs its own program only. */
HSP_TEST(stuck_renderer_does_not_stall_the_device)
{
    enum { COUNT = 100, WORDS = 4096 };
    static uint32_t words[WORDS];
    struct fe_request *requests[COUNT];
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "stuck");
    start_context(&fe, 2, "free");
    fe_set_flag(&fe, "sleep", true);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_SLEEP), OK);
    fe_wait_log(&fe, "sleeps");
    for (int i = 0; i < COUNT; i++)
        requests[i] = cmd_submit_fenced(&fe, 1, 0, 0, 0, words, WORDS);
    fe_check_not_done(&fe, requests[COUNT - 1]);
    HSP_CHECK_EQ(SCRIPT(&fe, 2, FAKE_RENDER_NOP, 5), OK);
    fe_wait_log(&fe, "submit size=8 first=0 last=5");
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 16, 16), OK);
    fe_set_flag(&fe, "sleep", false);
    for (int i = 0; i < COUNT; i++)
        HSP_CHECK_EQ(cmd_take_response(&fe, requests[i]), OK);
    fe_stop(&fe);
}

/* ------------------------------------------------------------------ fences */

HSP_TEST(fences_of_each_timeline_are_in_order)
{
    struct fe_request *ring1[2], *ring2;
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "one");
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_HOLD_FENCES), OK);
    ring1[0] = cmd_submit_fenced(&fe, 1, FENCE | RING_IDX, 100, 1, NULL, 0);
    ring2 = cmd_submit_fenced(&fe, 1, FENCE | RING_IDX, 101, 2, NULL, 0);
    ring1[1] = cmd_submit_fenced(&fe, 1, FENCE | RING_IDX, 102, 1, NULL, 0);
    fe_wait_log(&fe, "fence ring=1");
    fe_wait_log(&fe, "fence ring=2");
    fe_check_not_done(&fe, ring1[0]);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_RETIRE, 2), OK);
    fe_wait(&fe, ring2);
    HSP_CHECK(!fe_is_done(&fe, ring1[0]) && !fe_is_done(&fe, ring1[1]));
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_RETIRE, 1), OK);
    fe_wait(&fe, ring1[1]);
    fe_wait(&fe, ring1[0]);
    HSP_CHECK(ring1[0]->order < ring1[1]->order);
    const struct hsp_gpu_header *response = fe_response(&fe, ring1[1]);
    HSP_CHECK_EQ(response->type, OK);
    HSP_CHECK_EQ(response->flags, FENCE | RING_IDX);
    HSP_CHECK_EQ(response->fence_id, 102);
    HSP_CHECK_EQ(response->ctx_id, 1);
    HSP_CHECK_EQ(response->ring_idx, 1);
    free(ring1[0]);
    free(ring1[1]);
    free(ring2);
    fe_stop(&fe);
}

/* Also across contexts, and also behind commands that are done or failed long before. */
HSP_TEST(global_fences_are_in_order)
{
    struct hsp_gpu_resource_create_2d body = {1, HSP_FORMAT_B8G8R8X8, 16, 16};
    struct fe_request *requests[4];
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "one");
    start_context(&fe, 2, "two");
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_HOLD_FENCES), OK);
    requests[0] = cmd_submit_fenced(&fe, 1, FENCE, 1, 0, NULL, 0);
    requests[1] = cmd_submit_fenced(&fe, 2, FENCE, 2, 0, NULL, 0);
    requests[2] =
        fe_submit_simple(&fe, HSP_GPU_CMD_RESOURCE_CREATE_2D, 0, FENCE, 3, 0, &body, sizeof(body));
    requests[3] = fe_submit_simple(&fe, 0xffff, 0, FENCE, 4, 0, NULL, 0);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, 1, 1), OK); /* it was executed, without a fence */
    for (int i = 0; i < 4; i++)
        fe_check_not_done(&fe, requests[i]);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_RETIRE, ~0u), OK);
    for (int i = 0; i < 4; i++) {
        fe_wait(&fe, requests[i]);
        HSP_CHECK(i == 0 || requests[i - 1]->order < requests[i]->order);
    }
    const struct hsp_gpu_header *response = fe_response(&fe, requests[3]);
    HSP_CHECK_EQ(response->type, ERR_UNSPEC);
    HSP_CHECK_EQ(response->fence_id, 4);
    for (int i = 0; i < 4; i++)
        free(requests[i]);
    fe_stop(&fe);
}

HSP_TEST(strange_answers_of_a_renderer_are_its_end)
{
    static const uint32_t ops[] = {FAKE_RENDER_GARBAGE, FAKE_RENDER_STRANGE_BLOB};
    struct fe fe;

    fe_start(&fe, NULL);
    for (uint32_t i = 0; i < HSP_ARRAY_COUNT(ops); i++) {
        pid_t pid = start_context(&fe, i + 1, "strange");
        HSP_CHECK_EQ(SCRIPT(&fe, i + 1, ops[i]), OK);
        struct fe_request *fenced = cmd_submit_fenced(&fe, i + 1, FENCE, 1, 0, NULL, 0);
        fe_wait(&fe, fenced);
        free(fenced);
        for (int k = 0; k < 5000 && kill(pid, 0) == 0; k++)
            usleep(1000);
        HSP_CHECK(kill(pid, 0) < 0);
        HSP_CHECK_EQ(SCRIPT(&fe, i + 1, FAKE_RENDER_NOP), ERR_UNSPEC);
    }
    /* A fence from the future retires what is there, and harms nobody. */
    start_context(&fe, 9, "future");
    HSP_CHECK_EQ(SCRIPT(&fe, 9, FAKE_RENDER_STRANGE_FENCE), OK);
    HSP_CHECK_EQ(cmd_take_response(&fe, cmd_submit_fenced(&fe, 9, FENCE, 1, 0, NULL, 0)), OK);
    fe_stop(&fe);
}

/* ------------------------------------------------------------------ blobs */

HSP_TEST(shm_blob_is_shared_with_renderer_and_guest)
{
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "one");
    HSP_CHECK_EQ(cmd_create_blob(&fe, 1, 5, HOST3D, MAPPABLE, 0, 8192, NULL, 0), OK);
    /* The renderer knows it before the guest is told. */
    HSP_CHECK(fe_log_has(&fe, "attach id=5 kind=0 size=8192 pieces=1"));
    HSP_CHECK(fe_log_has(&fe, "fence ring=0"));
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_ATTACH_RESOURCE, 1, 5), OK); /* Linux says it again */
    HSP_CHECK_EQ(cmd_map(&fe, 5, 0x10000), HSP_GPU_RESP_OK_MAP_INFO);
    HSP_CHECK_EQ(window_word(&fe, 0x10000), 0);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_WRITE, 5, 4096, 0xabcd), OK);
    fe_wait_log(&fe, "written id=5");
    HSP_CHECK_EQ(window_word(&fe, 0x11000), 0xabcd);
    /* QEMU needs a second request behind each map before the guest can trust it. */
    HSP_CHECK_EQ(fe.sync_requests, 1);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNMAP_BLOB, 0, 5), OK);
    HSP_CHECK_EQ(fe_map_count(&fe), 0);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNMAP_BLOB, 0, 5), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_map(&fe, 5, 0), HSP_GPU_RESP_OK_MAP_INFO);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, 5), OK); /* unmaps */
    fe_wait_log(&fe, "detach id=5");
    HSP_CHECK_EQ(fe_map_count(&fe), 0);
    fe_stop(&fe);
}

HSP_TEST(memory_blob_is_made_by_the_renderer)
{
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "one");
    start_context(&fe, 2, "two");
    HSP_CHECK_EQ(cmd_create_blob(&fe, 1, 5, HOST3D, MAPPABLE | HSP_GPU_BLOB_FLAG_SHAREABLE,
                                 FAKE_BLOB_GOOD, 65536, NULL, 0),
                 OK);
    fe_wait_log(&fe, "blob id=5 blob_id=1000 size=65536 flags=3");
    HSP_CHECK_EQ(cmd_map(&fe, 5, 0), HSP_GPU_RESP_OK_MAP_INFO);
    HSP_CHECK_EQ(window_word(&fe, 0), 1000);
    /* The renderer that made it knows it; another is told. */
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_ATTACH_RESOURCE, 1, 5), OK);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_ATTACH_RESOURCE, 2, 5), OK);
    fe_wait_log(&fe, "attach id=5 kind=1 size=65536 pieces=1");
    HSP_CHECK_EQ(SCRIPT(&fe, 2, FAKE_RENDER_WRITE, 5, 0, 0x2222), OK);
    fe_wait_log(&fe, "written id=5");
    HSP_CHECK_EQ(window_word(&fe, 0), 0x2222);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_DETACH_RESOURCE, 2, 5), OK);
    fe_wait_log(&fe, "detach id=5");
    /* It lives as long as the guest names it. */
    HSP_CHECK_EQ(cmd_destroy_context(&fe, 1), OK);
    HSP_CHECK_EQ(window_word(&fe, 0), 0x2222);
    HSP_CHECK_EQ(cmd_set_scanout_blob(&fe, 0, 5, 64, 64, 256, 0, HSP_FORMAT_B8G8R8X8), OK);
    fe_wait_log(&fe, "scanout id=0 64x64 stride=256 offset=0 format=2 kind=1");
    HSP_CHECK_EQ(cmd_flush(&fe, 5, 0, 0, 64, 64), OK);
    fe_wait_log(&fe, "pixel=00002222");
    fe_stop(&fe);
}

HSP_TEST(blob_of_several_files_is_mapped_piece_by_piece)
{
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "one");
    HSP_CHECK_EQ(cmd_create_blob(&fe, 1, 5, HOST3D, MAPPABLE, FAKE_BLOB_PIECES, 16384, NULL, 0),
                 OK);
    HSP_CHECK_EQ(cmd_map(&fe, 5, 0x8000), HSP_GPU_RESP_OK_MAP_INFO);
    HSP_CHECK_EQ(fe_map_count(&fe), 2);
    HSP_CHECK_EQ(window_word(&fe, 0x8000), FAKE_BLOB_PIECES);
    HSP_CHECK_EQ(window_word(&fe, 0x9000), FAKE_BLOB_PIECES);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNMAP_BLOB, 0, 5), OK);
    HSP_CHECK_EQ(fe_map_count(&fe), 0);
    fe_stop(&fe);
}

HSP_TEST(wrong_blobs_are_refused)
{
    struct hsp_gpu_backing_entry entry = {FE_HEAP_AT, 8192, 0};
    struct hsp_gpu_backing_entry outside = {FE_LOW_SIZE, 4096, 0};
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "one");
#define BLOB(ctx, id, mem, flags, blob_id, size, entries, count) \
    cmd_create_blob(&fe, ctx, id, mem, flags, blob_id, size, entries, count)
    HSP_CHECK_EQ(BLOB(1, 0, HOST3D, MAPPABLE, 0, 4096, NULL, 0), ERR_RESOURCE);
    HSP_CHECK_EQ(BLOB(2, 5, HOST3D, MAPPABLE, 0, 4096, NULL, 0), ERR_CONTEXT);
    HSP_CHECK_EQ(BLOB(0, 5, HOST3D, MAPPABLE, 0, 4096, NULL, 0), ERR_CONTEXT);
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, MAPPABLE, 0, 0, NULL, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, MAPPABLE, 0, 4095, NULL, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, MAPPABLE, 0, 1ull << 40, NULL, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, MAPPABLE, 0, UINT64_MAX & ~4095ull, NULL, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, MAPPABLE, 0, FE_WINDOW_SIZE + 4096, NULL, 0),
                 ERR_OUT_OF_MEMORY);
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, 8, 0, 4096, NULL, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, MAPPABLE, 0, 4096, &entry, 1), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, 3, MAPPABLE, 0, 4096, NULL, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, 0, MAPPABLE, 0, 4096, NULL, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, HSP_GPU_BLOB_MEM_GUEST, 0, 0, 4096, NULL, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, HSP_GPU_BLOB_MEM_GUEST, 0, 0, 12288, &entry, 1), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, HSP_GPU_BLOB_MEM_GUEST, 0, 0, 4096, &outside, 1), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, HSP_GPU_BLOB_MEM_GUEST, 0, 0, 4096, NULL, 1u << 20), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, HSP_GPU_BLOB_MEM_GUEST, 0, 0, 4096, NULL, UINT32_MAX), ERR_PARAMETER);
    /* What a renderer says is not believed either. */
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, MAPPABLE, FAKE_BLOB_FAILS, 4096, NULL, 0), ERR_OUT_OF_MEMORY);
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, MAPPABLE, FAKE_BLOB_UNSEALED, 4096, NULL, 0), ERR_PARAMETER);
    fe_wait_log(&fe, "detach id=5");
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, MAPPABLE, FAKE_BLOB_SMALL, 8192, NULL, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, MAPPABLE, FAKE_BLOB_MAP_INFO, 4096, NULL, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_map(&fe, 5, 0), ERR_RESOURCE);
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, MAPPABLE, FAKE_BLOB_GOOD, 4096, NULL, 0), OK);
    HSP_CHECK_EQ(BLOB(1, 5, HOST3D, MAPPABLE, FAKE_BLOB_GOOD, 4096, NULL, 0), ERR_RESOURCE);
    fe_stop(&fe);
}

HSP_TEST(wrong_maps_are_refused)
{
    struct hsp_gpu_backing_entry entry = {FE_HEAP_AT, 4096, 0};
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "one");
    HSP_CHECK_EQ(BLOB(1, 1, HOST3D, MAPPABLE, 0, 16384, NULL, 0), OK);
    HSP_CHECK_EQ(BLOB(1, 2, HOST3D, MAPPABLE, 0, 16384, NULL, 0), OK);
    HSP_CHECK_EQ(BLOB(1, 3, HOST3D, 0, 0, 16384, NULL, 0), OK);
    HSP_CHECK_EQ(BLOB(1, 4, HSP_GPU_BLOB_MEM_GUEST, MAPPABLE, 0, 4096, &entry, 1), OK);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 5, 64, 64), OK);
    HSP_CHECK_EQ(cmd_map(&fe, 9, 0), ERR_RESOURCE);
    HSP_CHECK_EQ(cmd_map(&fe, 3, 0), ERR_PARAMETER); /* not made for it */
    HSP_CHECK_EQ(cmd_map(&fe, 4, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_map(&fe, 5, 0), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_map(&fe, 1, 1), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_map(&fe, 1, 2048), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_map(&fe, 1, FE_WINDOW_SIZE), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_map(&fe, 1, FE_WINDOW_SIZE - 12288), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_map(&fe, 1, UINT64_MAX & ~4095ull), ERR_PARAMETER);
    HSP_CHECK_EQ(fe.map_requests, 0); /* the VMM heard of none of them */
    HSP_CHECK_EQ(cmd_map(&fe, 1, 0x10000), HSP_GPU_RESP_OK_MAP_INFO);
    HSP_CHECK_EQ(cmd_map(&fe, 1, 0x20000), ERR_PARAMETER); /* twice */
    HSP_CHECK_EQ(cmd_map(&fe, 2, 0x10000), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_map(&fe, 2, 0xd000), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_map(&fe, 2, 0x13000), ERR_PARAMETER);
    HSP_CHECK_EQ(fe.map_requests, 1);
    HSP_CHECK_EQ(cmd_map(&fe, 2, 0xc000), HSP_GPU_RESP_OK_MAP_INFO);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNMAP_BLOB, 0, 3), ERR_PARAMETER);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNMAP_BLOB, 0, 9), ERR_RESOURCE);
    /* A VMM that says no. */
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNMAP_BLOB, 0, 2), OK);
    fe.refuse_maps = true;
    HSP_CHECK_EQ(cmd_map(&fe, 2, 0xc000), ERR_UNSPEC);
    fe.refuse_maps = false;
    HSP_CHECK_EQ(cmd_map(&fe, 2, 0xc000), HSP_GPU_RESP_OK_MAP_INFO);
    fe_stop(&fe);
}

/* Commands on a blob that is being made wait for it; others do not. */
HSP_TEST(commands_wait_for_what_they_name)
{
    struct hsp_gpu_map_blob body = {.resource_id = 5, .offset = 0x4000};
    struct hsp_gpu_resource_ref ref = {.resource_id = 5};
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "slow");
    start_context(&fe, 2, "fast");
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_HOLD_BLOBS), OK);
    struct fe_request *blob = cmd_create_blob_async(&fe, 1, 5, FAKE_BLOB_GOOD, 4096);
    struct fe_request *attach =
        fe_submit_simple(&fe, HSP_GPU_CMD_CTX_ATTACH_RESOURCE, 2, 0, 0, 0, &ref, sizeof(ref));
    struct fe_request *map =
        fe_submit_simple(&fe, HSP_GPU_CMD_RESOURCE_MAP_BLOB, 0, 0, 0, 0, &body, sizeof(body));
    struct fe_request *unref =
        fe_submit_simple(&fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, 0, 0, 0, &ref, sizeof(ref));
    fe_wait_log(&fe, "blob id=5");
    fe_check_not_done(&fe, blob);
    fe_check_not_done(&fe, map);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 6, 16, 16), OK);
    /* The second context waits with its attach, the first goes on. */
    struct fe_request *behind = cmd_submit_fenced(&fe, 2, 0, 0, 0, (uint32_t[]){0, 99}, 2);
    fe_check_not_done(&fe, behind);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_GIVE_BLOBS), OK);
    HSP_CHECK_EQ(cmd_take_response(&fe, blob), OK);
    HSP_CHECK_EQ(cmd_take_response(&fe, attach), OK);
    HSP_CHECK_EQ(cmd_take_response(&fe, map), HSP_GPU_RESP_OK_MAP_INFO);
    HSP_CHECK_EQ(cmd_take_response(&fe, unref), OK);
    HSP_CHECK_EQ(cmd_take_response(&fe, behind), OK);
    fe_wait_log(&fe, "attach id=5 kind=1");
    fe_wait_log(&fe, "submit size=8 first=0 last=99");
    fe_stop(&fe);
}

/* A buffer that the guest's kernel allocated, drawn into by a renderer (GBM, dumb buffers). */
HSP_TEST(guest_pages_are_given_to_renderers)
{
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "one");
    struct hsp_gpu_backing_entry entries[2] = {{fe_alloc(&fe, 4096), 4096, 0},
                                               {FE_HIGH_AT + 0x9000, 4096, 0}};
    HSP_CHECK_EQ(cmd_create_2d(&fe, 5, 32, 32), OK);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_ATTACH_RESOURCE, 1, 5), OK); /* before it has pages */
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_NOP, 1), OK);
    fe_wait_log(&fe, "submit size=8 first=0 last=1");
    HSP_CHECK(!fe_log_has(&fe, "attach id=5"));
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 5, entries, 2), OK);
    fe_wait_log(&fe, "attach id=5 kind=2 size=8192 pieces=2");
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_WRITE, 5, 4096, 0x77), OK);
    fe_wait_log(&fe, "written id=5");
    HSP_CHECK_EQ(*(uint32_t *)fe_ram(&fe, FE_HIGH_AT + 0x9000), 0x77);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_DETACH_BACKING, 0, 5), OK);
    fe_wait_log(&fe, "detach id=5");
    HSP_CHECK_EQ(BLOB(0, 6, HSP_GPU_BLOB_MEM_GUEST, 0, 0, 8192, entries, 2), OK);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_ATTACH_RESOURCE, 1, 6), OK);
    fe_wait_log(&fe, "attach id=6 kind=2 size=8192 pieces=2");
    fe_stop(&fe);
}

HSP_TEST(guest_pages_are_withheld)
{
    static const char *const arguments[] = {"--guest-ram=none", NULL};
    const struct fe_options options = {.arguments = arguments};
    struct fe fe;

    fe_start(&fe, &options);
    start_context(&fe, 1, "one");
    struct hsp_gpu_backing_entry entry = {fe_alloc(&fe, 8192), 8192, 0};
    HSP_CHECK_EQ(BLOB(0, 6, HSP_GPU_BLOB_MEM_GUEST, 0, 0, 8192, &entry, 1), OK);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_ATTACH_RESOURCE, 1, 6), OK);
    fe_wait_log(&fe, "attach id=6 kind=3 size=0 pieces=0");
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_DETACH_RESOURCE, 1, 6), OK);
    fe_wait_log(&fe, "detach id=6");
    fe_stop(&fe);
}

HSP_TEST(uuid_stays_the_same)
{
    struct {
        struct hsp_gpu_header header;
        struct hsp_gpu_resource_uuid body;
    } first, second, other;
    uint32_t request[8] = {HSP_GPU_CMD_RESOURCE_ASSIGN_UUID, 0, 0, 0, 0, 0, 1, 0};
    struct fe fe;

    fe_start(&fe, NULL);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 16, 16), OK);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 2, 16, 16), OK);
    HSP_CHECK_EQ(fe_command(&fe, request, 32, &first, sizeof(first)),
                 HSP_GPU_RESP_OK_RESOURCE_UUID);
    HSP_CHECK_EQ(fe_command(&fe, request, 32, &second, sizeof(second)),
                 HSP_GPU_RESP_OK_RESOURCE_UUID);
    HSP_CHECK(memcmp(&first.body, &second.body, 16) == 0);
    request[6] = 2;
    HSP_CHECK_EQ(fe_command(&fe, request, 32, &other, sizeof(other)),
                 HSP_GPU_RESP_OK_RESOURCE_UUID);
    HSP_CHECK(memcmp(&first.body, &other.body, 16) != 0);
    request[6] = 3;
    HSP_CHECK_EQ(fe_command(&fe, request, 32, NULL, 0), ERR_RESOURCE);
    fe_stop(&fe);
}

/* ------------------------------------------------------------------ death */

/* How a renderer may end: each costs its own context only. */
static void check_death(struct fe *fe, uint32_t ctx_id, uint32_t op)
{
    const uint32_t ring = 10 * ctx_id, gone = ring + 1, pending = ring + 2;
    const uint64_t offset = ring * 0x1000;
    pid_t pid = start_context(fe, ctx_id, "dies");

    HSP_CHECK_EQ(cmd_create_blob(fe, ctx_id, ring, HOST3D, MAPPABLE, 0, 8192, NULL, 0), OK);
    HSP_CHECK_EQ(cmd_create_blob(fe, ctx_id, gone, HOST3D, MAPPABLE, 0, 8192, NULL, 0), OK);
    HSP_CHECK_EQ(cmd_map(fe, ring, offset), HSP_GPU_RESP_OK_MAP_INFO);
    HSP_CHECK_EQ(cmd_map(fe, gone, offset + 0x2000), HSP_GPU_RESP_OK_MAP_INFO);
    HSP_CHECK_EQ(SCRIPT(fe, ctx_id, FAKE_RENDER_RING, ring, 4224, 1), OK);
    HSP_CHECK_EQ(SCRIPT(fe, ctx_id, FAKE_RENDER_RING, gone, 128, 1), OK);
    HSP_CHECK_EQ(SCRIPT(fe, ctx_id, FAKE_RENDER_RING, gone, 128, 0), OK);
    HSP_CHECK_EQ(SCRIPT(fe, ctx_id, FAKE_RENDER_HOLD_FENCES), OK);
    HSP_CHECK_EQ(SCRIPT(fe, ctx_id, FAKE_RENDER_HOLD_BLOBS), OK);
    fe->window[offset + 4224] = 1; /* idle */
    struct fe_request *fences[2] = {
        cmd_submit_fenced(fe, ctx_id, FENCE | RING_IDX, 1, 1, NULL, 0),
        cmd_submit_fenced(fe, ctx_id, FENCE | RING_IDX, 2, 2, NULL, 0),
    };
    struct fe_request *blob = cmd_create_blob_async(fe, ctx_id, pending, FAKE_BLOB_GOOD, 4096);
    fe_check_not_done(fe, blob);
    if (op == FAKE_RENDER_NOP)
        kill(pid, SIGKILL);
    else
        HSP_CHECK_EQ(SCRIPT(fe, ctx_id, op), OK);
    HSP_CHECK_EQ(cmd_take_response(fe, fences[1]), OK);
    HSP_CHECK_EQ(cmd_take_response(fe, fences[0]), OK);
    HSP_CHECK_EQ(cmd_take_response(fe, blob), ERR_UNSPEC);
    HSP_CHECK_EQ(window_word(fe, offset + 4224), 1 | 2); /* FATAL */
    HSP_CHECK_EQ(window_word(fe, offset + 0x2000 + 128), 0);
    HSP_CHECK_EQ(SCRIPT(fe, ctx_id, FAKE_RENDER_NOP), ERR_UNSPEC);
    HSP_CHECK_EQ(cmd_map(fe, pending, 0), ERR_RESOURCE);
    HSP_CHECK_EQ(cmd_ref(fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, ring), OK);
}

HSP_TEST(dead_renderer_costs_its_context_only)
{
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "lives");
    check_death(&fe, 2, FAKE_RENDER_NOP);
    check_death(&fe, 3, FAKE_RENDER_KILL);
    check_death(&fe, 4, FAKE_RENDER_EXIT);
    check_death(&fe, 5, FAKE_RENDER_FATAL);
    HSP_CHECK_EQ(cmd_destroy_context(&fe, 2), OK);
    start_context(&fe, 2, "reborn");
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_NOP, 55), OK);
    fe_wait_log(&fe, "submit size=8 first=0 last=55");
    fe_stop(&fe);
}

/* The offsets come from a process that a guest may have taken over. */
HSP_TEST(wrong_rings_are_the_renderers_end)
{
    static const uint32_t offsets[] = {8192, 8190, 2, 0xfffffffc};
    struct fe fe;

    fe_start(&fe, NULL);
    for (uint32_t i = 0; i < HSP_ARRAY_COUNT(offsets); i++) {
        uint32_t ctx_id = i + 1;
        start_context(&fe, ctx_id, "wrong");
        HSP_CHECK_EQ(BLOB(ctx_id, 10 + i, HOST3D, MAPPABLE, 0, 8192, NULL, 0), OK);
        HSP_CHECK_EQ(SCRIPT(&fe, ctx_id, FAKE_RENDER_RING, 10 + i, offsets[i], 1), OK);
        struct fe_request *fenced = cmd_submit_fenced(&fe, ctx_id, FENCE, 1, 0, NULL, 0);
        fe_wait(&fe, fenced);
        free(fenced);
        HSP_CHECK_EQ(SCRIPT(&fe, ctx_id, FAKE_RENDER_NOP), ERR_UNSPEC);
    }
    /* A resource of somebody else is none of its. */
    start_context(&fe, 8, "thief");
    HSP_CHECK_EQ(SCRIPT(&fe, 8, FAKE_RENDER_RING, 10, 0, 1), OK);
    HSP_CHECK_EQ(SCRIPT(&fe, 8, FAKE_RENDER_KILL), OK);
    struct fe_request *fenced = cmd_submit_fenced(&fe, 8, FENCE, 1, 0, NULL, 0);
    fe_wait(&fe, fenced);
    free(fenced);
    HSP_CHECK_EQ(cmd_map(&fe, 10, 0), HSP_GPU_RESP_OK_MAP_INFO);
    HSP_CHECK_EQ(window_word(&fe, 0), 0);
    fe_stop(&fe);
}

HSP_TEST(destroyed_context_answers_everything)
{
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "one");
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_HOLD_FENCES), OK);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_HOLD_BLOBS), OK);
    struct fe_request *fence = cmd_submit_fenced(&fe, 1, FENCE | RING_IDX, 1, 3, NULL, 0);
    struct fe_request *blob = cmd_create_blob_async(&fe, 1, 5, FAKE_BLOB_GOOD, 4096);
    HSP_CHECK_EQ(cmd_destroy_context(&fe, 1), OK);
    HSP_CHECK_EQ(cmd_take_response(&fe, fence), OK);
    HSP_CHECK_EQ(cmd_take_response(&fe, blob), ERR_UNSPEC);
    fe_stop(&fe);
}

/* The usual order of a program that is killed while its renderer hangs: the blob is never made,
 * what follows waits for it, and the end waits for that. */
HSP_TEST(hanging_renderer_of_a_destroyed_context_is_killed)
{
    struct hsp_gpu_resource_ref ref = {.resource_id = 5};
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1, "hangs");
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_HOLD_BLOBS), OK);
    struct fe_request *blob = cmd_create_blob_async(&fe, 1, 5, FAKE_BLOB_GOOD, 4096);
    struct fe_request *attach =
        fe_submit_simple(&fe, HSP_GPU_CMD_CTX_ATTACH_RESOURCE, 1, 0, 0, 0, &ref, sizeof(ref));
    struct fe_request *destroy =
        fe_submit_simple(&fe, HSP_GPU_CMD_CTX_DESTROY, 1, 0, 0, 0, NULL, 0);
    fe_check_not_done(&fe, destroy);
    HSP_CHECK_EQ(cmd_take_response(&fe, destroy), OK);
    HSP_CHECK_EQ(cmd_take_response(&fe, blob), ERR_UNSPEC);
    HSP_CHECK_EQ(cmd_take_response(&fe, attach), ERR_RESOURCE);
    fe_stop(&fe);
}

HSP_TEST(missing_renderer_is_an_error_of_the_context)
{
    struct fe_options options = {.no_programs = true};
    struct fe fe;

    fe_start(&fe, &options);
    HSP_CHECK_EQ(cmd_create_context(&fe, 1, VENUS, "false"), OK); /* it starts, and ends at once */
    struct fe_request *fenced = cmd_submit_fenced(&fe, 1, FENCE, 1, 0, NULL, 0);
    fe_wait(&fe, fenced);
    free(fenced);
    HSP_CHECK_EQ(cmd_destroy_context(&fe, 1), OK);
    fe_stop(&fe);
}

HSP_TEST_MAIN()
