/* SPDX-License-Identifier: MIT */
/* What a VMM does with the device: pauses, resets, maps that block, wrong requests, its end. */
#include "commands.h"

#include "base/fd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void start_context(struct fe *fe, uint32_t ctx_id)
{
    HSP_CHECK_EQ(cmd_create_context(fe, ctx_id, VENUS, "one"), OK);
    fe_wait_log(fe, "render begin");
}

/* ------------------------------------------------------------------ pause and reset */

HSP_TEST(pause_keeps_everything)
{
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1);
    HSP_CHECK_EQ(cmd_create_blob(&fe, 1, 5, HOST3D, MAPPABLE, 0, 4096, NULL, 0), OK);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_HOLD_FENCES), OK);
    struct fe_request *fence = cmd_submit_fenced(&fe, 1, FENCE, 1, 0, NULL, 0);
    fe_wait_log(&fe, "fence ring=0");
    fe_check_not_done(&fe, fence);
    HSP_CHECK_EQ(fe_stop_queues(&fe), fe.queues[0].available_index);
    /* What is made available now waits. */
    uint32_t kick = HSP_GPU_CMD_GET_DISPLAY_INFO;
    struct hsp_gpu_header header = {.type = kick};
    struct fe_request *later = fe_submit(&fe, 0, &header, sizeof(header), 24);
    fe_check_not_done(&fe, later);
    fe.queues[0].available_index--; /* as QEMU gives back what it was told */
    fe_start_queues(&fe, false);
    fe.queues[0].available_index++;
    fe_wait(&fe, later);
    fe_check_not_done(&fe, fence);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_RETIRE, ~0u), OK);
    HSP_CHECK_EQ(cmd_take_response(&fe, fence), OK);
    HSP_CHECK_EQ(cmd_map(&fe, 5, 0), HSP_GPU_RESP_OK_MAP_INFO);
    free(later);
    fe_stop(&fe);
}

/* A fence that retires during the pause is answered after it, once. */
HSP_TEST(answers_wait_for_the_end_of_a_pause)
{
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1);
    fe_set_flag(&fe, "sleep", true);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_SLEEP), OK);
    fe_wait_log(&fe, "sleeps");
    struct fe_request *fence = cmd_submit_fenced(&fe, 1, FENCE, 1, 0, NULL, 0);
    fe_check_not_done(&fe, fence);
    fe_stop_queues(&fe);
    fe_set_flag(&fe, "sleep", false);
    fe_wait_log(&fe, "fence ring=0");
    fe_check_not_done(&fe, fence);
    fe_start_queues(&fe, false);
    HSP_CHECK_EQ(cmd_take_response(&fe, fence), OK);
    fe_stop(&fe);
}

/* A VMM that counts a request in flight as not taken offers it again. */
HSP_TEST(request_in_flight_is_offered_again)
{
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_HOLD_FENCES), OK);
    struct fe_request *fence = cmd_submit_fenced(&fe, 1, FENCE, 1, 0, (uint32_t[]){0, 33}, 2);
    fe_wait_log(&fe, "submit size=8 first=0 last=33");
    fe_stop_queues(&fe);
    fe.queues[0].available_index--;
    fe_start_queues(&fe, false);
    fe.queues[0].available_index++;
    fe_check_not_done(&fe, fence);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_RETIRE, ~0u), OK);
    HSP_CHECK_EQ(cmd_take_response(&fe, fence), OK);
    /* It was executed once: the next line of the log is the retire. */
    fe_wait_log(&fe, "submit size=8 first=2");
    fe_stop(&fe);
}

HSP_TEST(new_driver_finds_an_empty_device)
{
    struct fe fe;

    fe_start(&fe, NULL);
    for (int round = 0; round < 3; round++) {
        start_context(&fe, 1);
        HSP_CHECK_EQ(cmd_create_blob(&fe, 1, 5, HOST3D, MAPPABLE, 0, 4096, NULL, 0), OK);
        HSP_CHECK_EQ(cmd_map(&fe, 5, 0), HSP_GPU_RESP_OK_MAP_INFO);
        HSP_CHECK_EQ(cmd_create_2d(&fe, 6, 32, 32), OK);
        HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 6, 32, 32), OK);
        fe_wait_log(&fe, "scanout id=0 32x32");
        HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_HOLD_FENCES), OK);
        struct fe_request *fence = cmd_submit_fenced(&fe, 1, FENCE, 1, 0, NULL, 0);
        fe_check_not_done(&fe, fence);
        HSP_CHECK_EQ(fe_map_count(&fe), 1);

        fe_stop_queues(&fe);
        struct fe_request **slot = &fe.queues[0].requests[fence->heads[0]];
        HSP_CHECK(*slot == fence);
        *slot = NULL;
        fe_start_queues(&fe, true);
        fe_wait_log(&fe, "scanout id=0 0x0");
        HSP_CHECK_EQ(cmd_destroy_context(&fe, 1), ERR_CONTEXT);
        HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, 5), ERR_RESOURCE);
        HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, 6), ERR_RESOURCE);
        HSP_CHECK_EQ(fe_map_count(&fe), 0);
        free(fence);
    }
    fe_stop(&fe);
}

/* QEMU stops the queues while the device waits for it to map something: both must go on. */
HSP_TEST(queues_stop_while_a_map_is_under_way)
{
    struct hsp_gpu_map_blob body = {.resource_id = 5};
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1);
    HSP_CHECK_EQ(cmd_create_blob(&fe, 1, 5, HOST3D, MAPPABLE, 0, 4096, NULL, 0), OK);
    pthread_mutex_lock(&fe.lock);
    fe.hold_maps = true;
    pthread_mutex_unlock(&fe.lock);
    struct fe_request *map =
        fe_submit_simple(&fe, HSP_GPU_CMD_RESOURCE_MAP_BLOB, 0, 0, 0, 0, &body, sizeof(body));
    pthread_mutex_lock(&fe.lock);
    while (!fe.map_waits)
        pthread_cond_wait(&fe.changed, &fe.lock);
    pthread_mutex_unlock(&fe.lock);
    fe_stop_queues(&fe); /* would run into the time limit */
    pthread_mutex_lock(&fe.lock);
    fe.hold_maps = false;
    pthread_cond_broadcast(&fe.changed);
    pthread_mutex_unlock(&fe.lock);
    fe_check_not_done(&fe, map);
    fe_start_queues(&fe, false);
    HSP_CHECK_EQ(cmd_take_response(&fe, map), HSP_GPU_RESP_OK_MAP_INFO);
    fe_stop(&fe);
}

/* The same with a new driver, and with the end of the VMM. */
HSP_TEST(vmm_leaves_while_a_map_is_under_way)
{
    struct hsp_gpu_map_blob body = {.resource_id = 5};
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1);
    HSP_CHECK_EQ(cmd_create_blob(&fe, 1, 5, HOST3D, MAPPABLE, 0, 4096, NULL, 0), OK);
    pthread_mutex_lock(&fe.lock);
    fe.hold_maps = true;
    pthread_mutex_unlock(&fe.lock);
    fe_submit_simple(&fe, HSP_GPU_CMD_RESOURCE_MAP_BLOB, 0, 0, 0, 0, &body, sizeof(body));
    pthread_mutex_lock(&fe.lock);
    while (!fe.map_waits)
        pthread_cond_wait(&fe.changed, &fe.lock);
    pthread_mutex_unlock(&fe.lock);
    hsp_fd_close(&fe.main_fd);
    int status;
    HSP_CHECK_EQ(waitpid(fe.pid, &status, 0), fe.pid);
    HSP_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    exit(0); /* the rest of the VMM still hangs, as it should */
}

HSP_TEST(vmm_without_a_window_gets_errors)
{
    struct fe_options options = {.no_shmem = true};
    struct fe fe;

    fe_start(&fe, &options);
    start_context(&fe, 1);
    HSP_CHECK_EQ(cmd_create_blob(&fe, 1, 5, HOST3D, MAPPABLE, 0, 4096, NULL, 0), OK);
    HSP_CHECK_EQ(cmd_map(&fe, 5, 0), ERR_UNSPEC);
    fe_stop(&fe);
}

/* ------------------------------------------------------------------ wrong requests of the guest */

HSP_TEST(unknown_and_truncated_commands_are_refused)
{
    static const uint32_t known[] = {
        HSP_GPU_CMD_RESOURCE_CREATE_2D,
        HSP_GPU_CMD_RESOURCE_UNREF,
        HSP_GPU_CMD_SET_SCANOUT,
        HSP_GPU_CMD_RESOURCE_FLUSH,
        HSP_GPU_CMD_TRANSFER_TO_HOST_2D,
        HSP_GPU_CMD_RESOURCE_ATTACH_BACKING,
        HSP_GPU_CMD_RESOURCE_DETACH_BACKING,
        HSP_GPU_CMD_GET_CAPSET_INFO,
        HSP_GPU_CMD_GET_CAPSET,
        HSP_GPU_CMD_GET_EDID,
        HSP_GPU_CMD_RESOURCE_ASSIGN_UUID,
        HSP_GPU_CMD_RESOURCE_CREATE_BLOB,
        HSP_GPU_CMD_SET_SCANOUT_BLOB,
        HSP_GPU_CMD_CTX_CREATE,
        HSP_GPU_CMD_CTX_ATTACH_RESOURCE,
        HSP_GPU_CMD_CTX_DETACH_RESOURCE,
        HSP_GPU_CMD_SUBMIT_3D,
        HSP_GPU_CMD_RESOURCE_MAP_BLOB,
        HSP_GPU_CMD_RESOURCE_UNMAP_BLOB,
    };
    static const uint32_t unknown[] = {
        0,
        0xffffffff,
        0x0fff,
        0x010e,
        HSP_GPU_CMD_RESOURCE_CREATE_3D,
        HSP_GPU_CMD_TRANSFER_TO_HOST_3D,
        HSP_GPU_CMD_TRANSFER_FROM_HOST_3D,
        HSP_GPU_RESP_OK_NODATA,
    };
    char bytes[256] = {0};
    struct fe fe;

    fe_start(&fe, NULL);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(unknown); i++)
        HSP_CHECK_EQ(fe_simple(&fe, unknown[i], 0, bytes, sizeof(bytes)), ERR_UNSPEC);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(known); i++) {
        for (size_t size = 0; size < 8; size += 3)
            HSP_CHECK_EQ(fe_simple(&fe, known[i], 1, bytes, size), ERR_PARAMETER);
    }
    /* Not even a header. */
    for (size_t size = 0; size < 24; size += 4) {
        struct fe_request *request = fe_submit(&fe, 0, bytes, size, 24);
        HSP_CHECK_EQ(cmd_take_response(&fe, request), ERR_PARAMETER);
    }
    fe_stop(&fe);
}

/* Room for an answer is the driver's to give; it gets what fits. */
HSP_TEST(answers_are_cut_to_their_room)
{
    struct hsp_gpu_header header = {.type = HSP_GPU_CMD_GET_DISPLAY_INFO};
    struct fe fe;

    fe_start(&fe, NULL);
    for (uint32_t room = 0; room <= 500; room += 20) {
        struct fe_request *request = fe_submit(&fe, 0, &header, sizeof(header), room);
        fe_wait(&fe, request);
        HSP_CHECK_EQ(request->written, HSP_MIN(room, 24 + 16 * 24));
        free(request);
    }
    fe_stop(&fe);
}

static void check_empty_answer(struct fe *fe, uint16_t head)
{
    struct fe_request *request = fe_submit_raw(fe, 0, head);

    fe_wait(fe, request);
    HSP_CHECK_EQ(request->written, 0);
    free(request);
}

HSP_TEST(malformed_chains_are_answered_empty)
{
    const uint16_t next = HSP_VRING_DESC_NEXT, write = HSP_VRING_DESC_WRITE;
    const uint16_t indirect = HSP_VRING_DESC_INDIRECT;
    struct fe fe;

    fe_start(&fe, NULL);
    uint64_t table = fe_alloc(&fe, 4096), data = fe_alloc(&fe, 4096);
    struct hsp_vring_desc *entries = fe_ram(&fe, table);
    fe_raw_descriptor(&fe, 0, 1, data, 24, next, 2); /* loop */
    fe_raw_descriptor(&fe, 0, 2, data, 24, next, 1);
    check_empty_answer(&fe, 1);
    fe_raw_descriptor(&fe, 0, 1, data, 24, next, 300); /* beyond the table */
    check_empty_answer(&fe, 1);
    fe_raw_descriptor(&fe, 0, 1, FE_LOW_SIZE - 8, 24, 0, 0); /* beyond memory */
    check_empty_answer(&fe, 1);
    fe_raw_descriptor(&fe, 0, 1, FE_HIGH_AT - 1, 24, write, 0);
    check_empty_answer(&fe, 1);
    fe_raw_descriptor(&fe, 0, 1, UINT64_MAX - 4, 24, 0, 0);
    check_empty_answer(&fe, 1);
    entries[0] = (struct hsp_vring_desc){table, 16, indirect, 0}; /* indirect in indirect */
    fe_raw_descriptor(&fe, 0, 1, table, 16, indirect, 0);
    check_empty_answer(&fe, 1);
    fe_raw_descriptor(&fe, 0, 1, FE_LOW_SIZE - 16, 32, indirect, 0);
    check_empty_answer(&fe, 1);
    fe_raw_descriptor(&fe, 0, 1, table, 15, indirect, 0);
    check_empty_answer(&fe, 1);
    fe_raw_descriptor(&fe, 0, 1, data, 24, write | next, 2); /* an answer before the request */
    fe_raw_descriptor(&fe, 0, 2, data, 24, 0, 0);
    check_empty_answer(&fe, 1);
    fe_raw_descriptor(&fe, 0, 1, 0, 0, 0, 0); /* nothing at all */
    check_empty_answer(&fe, 1);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 16, 16), OK);
    fe_stop(&fe);
}

/* A guest that breaks its rings loses its GPU until it resets it, not the device. */
HSP_TEST(broken_ring_is_mended_by_a_new_driver)
{
    struct fe fe;

    fe_start(&fe, NULL);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 16, 16), OK);
    struct fe_request *request = fe_submit_raw(&fe, 0, 77);
    fe.queues[0].requests[77] = NULL;
    uint16_t *available = fe_ram(&fe, fe.queues[0].ring_address + 0x2000);
    available[1] = (uint16_t)(available[1] + 20000);
    uint64_t one = 1;
    HSP_CHECK(write(fe.queues[0].kick_fd, &one, 8) == 8);
    usleep(50000);
    fe_stop_queues(&fe);
    fe_start_queues(&fe, true);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 16, 16), OK);
    free(request);
    fe_stop(&fe);
}

/* ------------------------------------------------------------------ wrong requests of the VMM */

HSP_TEST(unknown_requests_are_refused)
{
    struct hsp_vhost_vring_state state = {7, 0};
    struct hsp_vhost_memory_table table = {.region_count = 1, .regions = {{0, 1ull << 40, 0, 0}}};
    struct fe fe;

    fe_start(&fe, NULL);
    HSP_CHECK(fe_call_acked(&fe, 6, &state, 8, NULL, 0) != 0); /* SET_LOG_BASE */
    HSP_CHECK(fe_call_acked(&fe, 34, NULL, 0, NULL, 0) != 0);  /* RESET_DEVICE */
    HSP_CHECK(fe_call_acked(&fe, 9999, &state, 8, &fe.ram_fd, 1) != 0);
    HSP_CHECK(fe_call_acked(&fe, HSP_VHOST_SET_VRING_NUM, &state, 8, NULL, 0) != 0);
    HSP_CHECK(fe_call_acked(&fe, HSP_VHOST_SET_VRING_BASE, &state, 8, NULL, 0) != 0);
    HSP_CHECK(fe_call_acked(&fe, HSP_VHOST_SET_MEM_TABLE, &table, 40, &fe.ram_fd, 1) != 0);
    HSP_CHECK(fe_call_acked(&fe, HSP_VHOST_SET_MEM_TABLE, &table, 40, NULL, 0) != 0); /* no fd */
    HSP_CHECK(fe_call_acked(&fe, HSP_VHOST_SET_VRING_KICK, &(uint64_t){0}, 8, NULL, 0) != 0);
    HSP_CHECK(fe_call_acked(&fe, HSP_VHOST_SET_BACKEND_REQ_FD, NULL, 0, NULL, 0) != 0);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 16, 16), OK); /* and nothing was lost */
    fe_stop(&fe);
}

static void check_end(const void *bytes, size_t size, bool with_fd)
{
    struct fe fe;
    int fds[HSP_VHOST_MAX_REGION_COUNT + 1];

    fe_start(&fe, NULL);
    start_context(&fe, 1);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(fds); i++)
        fds[i] = fe.ram_fd;
    HSP_CHECK_EQ(hsp_fd_sendmsg(fe.main_fd, bytes, size, fds, with_fd ? HSP_ARRAY_COUNT(fds) : 0),
                 size);
    fe_stop_expecting(&fe, 1);
}

HSP_TEST(malformed_requests_end_the_session)
{
    struct hsp_vhost_header version = {HSP_VHOST_SET_OWNER, 2, 0};
    struct hsp_vhost_header huge = {HSP_VHOST_SET_FEATURES, 1, 1u << 30};
    struct hsp_vhost_header size = {HSP_VHOST_GET_FEATURES, 1, 4};
    struct hsp_vhost_header good = {HSP_VHOST_SET_OWNER, 1, 0};
    char sized[sizeof(size) + 4] = {0};

    memcpy(sized, &size, sizeof(size));
    check_end(&version, sizeof(version), false);
    check_end(&huge, sizeof(huge), false);
    check_end(sized, sizeof(sized), false);
    check_end(&good, sizeof(good), true); /* descriptors that nobody asked for */
    check_end(&good, 5, false);           /* truncated by the VMM's end */
}

/* ------------------------------------------------------------------ quiet */

static long count_switches(pid_t pid)
{
    char path[64], line[128];
    long total = 0;

    snprintf(path, sizeof(path), "cat /proc/%d/task/*/status", (int)pid);
    FILE *pipe = popen(path, "r");
    while (pipe && fgets(line, sizeof(line), pipe)) {
        if (strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
            total += atol(line + 24);
    }
    pclose(pipe);
    return total;
}

HSP_TEST(idle_device_does_not_wake_up)
{
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 16, 16), OK);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, 16, 16), OK);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, 1, 1), OK);
    fe_wait_log(&fe, "flush id=0");
    usleep(300000);
    long before = count_switches(fe.pid);
    usleep(1500000);
    HSP_CHECK_EQ(count_switches(fe.pid), before);
    fe_stop(&fe);
}

HSP_TEST(signal_ends_the_device)
{
    struct fe fe;

    fe_start(&fe, NULL);
    start_context(&fe, 1);
    kill(fe.pid, SIGTERM);
    char byte;
    HSP_CHECK_EQ(read(fe.main_fd, &byte, 1), 0);
    fe_stop(&fe);
}

/* Nothing is left over from many programs and many drivers. */
HSP_TEST(nothing_grows)
{
    char path[64];
    struct fe fe;
    int first = 0;

    fe_start(&fe, NULL);
    snprintf(path, sizeof(path), "ls /proc/%d/fd | wc -l", (int)fe.pid);
    for (int round = 0; round < 20; round++) {
        start_context(&fe, 1);
        HSP_CHECK_EQ(cmd_create_blob(&fe, 1, 5, HOST3D, MAPPABLE, 0, 4096, NULL, 0), OK);
        HSP_CHECK_EQ(cmd_create_blob(&fe, 1, 6, HOST3D, MAPPABLE, FAKE_BLOB_PIECES, 8192, NULL, 0),
                     OK);
        HSP_CHECK_EQ(cmd_map(&fe, 6, 0), HSP_GPU_RESP_OK_MAP_INFO);
        HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_RING, 5, 0, 1), OK);
        if (round % 2) {
            HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, 5), OK);
            HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, 6), OK);
            HSP_CHECK_EQ(cmd_destroy_context(&fe, 1), OK);
            fe_wait_log(&fe, "render end");
        } else {
            fe_stop_queues(&fe);
            fe_start_queues(&fe, true);
            HSP_CHECK_EQ(cmd_destroy_context(&fe, 1), ERR_CONTEXT);
        }
        usleep(20000);
        FILE *pipe = popen(path, "r");
        int count = 0;
        HSP_CHECK(pipe && fscanf(pipe, "%d", &count) == 1);
        pclose(pipe);
        if (round == 3)
            first = count;
        HSP_CHECK(round <= 3 || count <= first);
    }
    fe_stop(&fe);
}

HSP_TEST_MAIN()
