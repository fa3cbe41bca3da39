/* SPDX-License-Identifier: MIT */
/* The control socket: what hesper stat and hesper screenshot ask. */
#include "commands.h"
#include "control.h"

#include "base/fd.h"
#include "ipc/messages.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct json_object *get(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;

    if (!json_object_object_get_ex(object, key, &value))
        hsp_test_fail(__FILE__, __LINE__, "no \"%s\" in the answer", key);
    return value;
}

static int64_t number(struct json_object *object, const char *key)
{
    return json_object_get_int64(get(object, key));
}

HSP_TEST(stat_tells_what_happens)
{
    struct fe fe;

    fe_start(&fe, NULL);
    HSP_CHECK_EQ(cmd_create_context(&fe, 3, VENUS, "prog \"x\""), OK);
    HSP_CHECK_EQ(SCRIPT(&fe, 3, FAKE_RENDER_NOP), OK);
    HSP_CHECK_EQ(cmd_create_blob(&fe, 3, 5, HOST3D, MAPPABLE, FAKE_BLOB_GOOD, 8192, NULL, 0), OK);
    HSP_CHECK_EQ(cmd_map(&fe, 5, 0), HSP_GPU_RESP_OK_MAP_INFO);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 1, 16, 16), OK);
    /* Not at the start of a page: these are copied. */
    struct hsp_gpu_backing_entry entry = {fe_alloc(&fe, 8192) + 512, 4096, 0};
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 1, &entry, 1), OK);

    struct json_object *object = control_ask_stat(&fe);
    HSP_CHECK_STREQ(json_object_get_string(get(object, "name")), "test");
    HSP_CHECK_EQ(number(object, "pid"), fe.pid);
    HSP_CHECK(json_object_get_boolean(get(object, "connected")));
    HSP_CHECK_EQ(number(object, "window_size"), FE_WINDOW_SIZE);
    HSP_CHECK_EQ(number(object, "window_used"), 8192);
    struct json_object *context = json_object_array_get_idx(get(object, "contexts"), 0);
    HSP_CHECK_EQ(number(context, "id"), 3);
    HSP_CHECK_STREQ(json_object_get_string(get(context, "name")), "prog \"x\"");
    HSP_CHECK_EQ(number(context, "vq_commands"), 1);
    HSP_CHECK_EQ(number(context, "blobs"), 1);
    HSP_CHECK_EQ(number(context, "faults"), 0);
    struct json_object *scanout = json_object_array_get_idx(get(object, "scanouts"), 0);
    HSP_CHECK_EQ(number(scanout, "width"), 0);
    json_object_put(object);

    /* A transfer counts for the picture that the next flush shows: page flips transfer first. */
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, 16, 16, 0), OK);
    HSP_CHECK_EQ(cmd_set_scanout(&fe, 0, 1, 16, 16), OK);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, 16, 16), OK);
    HSP_CHECK_EQ(cmd_transfer(&fe, 1, 0, 0, 2, 1, 0), OK);
    HSP_CHECK_EQ(cmd_flush(&fe, 1, 0, 0, 16, 16), OK);
    HSP_CHECK_EQ(cmd_create_2d(&fe, 2, 16, 16), OK);
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 2, &entry, 1), OK);
    HSP_CHECK_EQ(cmd_transfer(&fe, 2, 0, 0, 4, 4, 0), OK);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_RESOURCE_UNREF, 0, 2), OK); /* never shown */
    fe_wait_log(&fe, "flush id=0");
    fe_wait_log(&fe, "flush id=0");
    object = control_ask_stat(&fe);
    scanout = json_object_array_get_idx(get(object, "scanouts"), 0);
    HSP_CHECK_EQ(number(scanout, "width"), 16);
    HSP_CHECK_EQ(number(scanout, "copied_bytes"), 16 * 16 * 4 + 8);
    HSP_CHECK_EQ(number(scanout, "frames"), 2);
    HSP_CHECK_EQ(number(scanout, "flushes"), 2);
    HSP_CHECK_EQ(number(scanout, "copied_bytes_per_frame"), (16 * 16 * 4 + 8) / 2);
    HSP_CHECK(json_object_get_double(get(scanout, "fps")) > 0);
    HSP_CHECK_EQ(number(object, "offscreen_copied_bytes"), 64);
    json_object_put(object);
    fe_stop(&fe);
}

HSP_TEST(screenshot_goes_through_the_display)
{
    struct hsp_ipc_display_screenshot body = {.request_id = 77};
    struct hsp_ipc_display_screenshot_done done;
    struct hsp_ipc_channel channel;
    struct hsp_ipc_message answer;
    char bytes[16] = "";
    int pipe_fds[2];
    struct fe fe;

    fe_start(&fe, NULL);
    control_connect(&fe, &channel);
    HSP_CHECK_EQ(pipe2(pipe_fds, O_CLOEXEC), 0);
    control_ask(&channel, HSP_IPC_CONTROL_SCREENSHOT, &body, sizeof(body), pipe_fds[1], &answer);
    HSP_CHECK_EQ(answer.type, HSP_IPC_CONTROL_DONE);
    HSP_CHECK(hsp_ipc_decode(&answer, &done, sizeof(done), 0));
    HSP_CHECK_EQ(done.request_id, 77);
    HSP_CHECK_EQ(done.status, 0);
    HSP_CHECK_EQ(read(pipe_fds[0], bytes, sizeof(bytes)), 7);
    HSP_CHECK_STREQ(bytes, "picture");
    body.scanout_id = HSP_LIMIT_SCANOUT_COUNT;
    control_ask(&channel, HSP_IPC_CONTROL_SCREENSHOT, &body, sizeof(body), pipe_fds[1], &answer);
    HSP_CHECK(hsp_ipc_decode(&answer, &done, sizeof(done), 0));
    HSP_CHECK_EQ(done.status, -EINVAL);
    hsp_ipc_channel_finish(&channel);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    fe_stop(&fe);
}

HSP_TEST(screenshot_fails_with_the_display)
{
    struct hsp_ipc_display_screenshot body = {.request_id = 1};
    struct hsp_ipc_display_screenshot_done done;
    struct hsp_ipc_channel channel, gone;
    struct hsp_ipc_message answer;
    struct fe fe;

    fe_start(&fe, NULL);
    pid_t pid = fe_log_pid(fe_wait_log(&fe, "display begin"));
    control_connect(&fe, &channel);
    control_connect(&fe, &gone);
    fe_set_flag(&fe, "hold-display", true);
    HSP_CHECK_EQ(
        hsp_ipc_channel_send(&gone, HSP_IPC_CONTROL_SCREENSHOT, &body, sizeof(body), &fe.ram_fd, 1),
        0);
    HSP_CHECK_EQ(hsp_ipc_channel_send(&channel, HSP_IPC_CONTROL_SCREENSHOT, &body, sizeof(body),
                                      &fe.ram_fd, 1),
                 0);
    usleep(50000);
    hsp_ipc_channel_finish(&gone); /* nobody waits for that one any more */
    kill(pid, 9);
    HSP_CHECK_EQ(hsp_ipc_channel_receive(&channel, &answer), 1);
    HSP_CHECK(hsp_ipc_decode(&answer, &done, sizeof(done), 0));
    HSP_CHECK_EQ(done.status, -EIO);
    hsp_ipc_channel_finish(&channel);
    fe_set_flag(&fe, "hold-display", false);
    fe_stop(&fe);
}

HSP_TEST(wrong_questions_end_the_connection)
{
    static const struct {
        uint32_t type;
        size_t size;
        bool fd;
    } wrong[] = {
        {HSP_IPC_CONTROL_STAT, 4, false},        {HSP_IPC_CONTROL_STAT, 0, true},
        {HSP_IPC_CONTROL_SCREENSHOT, 16, false}, {HSP_IPC_CONTROL_SCREENSHOT, 15, true},
        {HSP_IPC_RENDER_SUBMIT, 8, false},       {0, 0, false},
    };
    char bytes[32] = {0};
    struct fe fe;

    fe_start(&fe, NULL);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(wrong); i++) {
        struct hsp_ipc_channel channel;
        struct hsp_ipc_message answer;
        control_connect(&fe, &channel);
        HSP_CHECK_EQ(hsp_ipc_channel_send(&channel, wrong[i].type, bytes, wrong[i].size, &fe.ram_fd,
                                          wrong[i].fd),
                     0);
        HSP_CHECK(hsp_ipc_channel_receive(&channel, &answer) < 0);
        hsp_ipc_channel_finish(&channel);
    }
    json_object_put(control_ask_stat(&fe)); /* the device is there as before */
    fe_stop(&fe);
}

HSP_TEST(socket_is_private_and_goes_away)
{
    char path[128];
    struct stat st;
    struct fe fe;

    fe_start(&fe, NULL);
    json_object_put(control_ask_stat(&fe));
    snprintf(path, sizeof(path), "%s/hesper", fe.folder);
    HSP_CHECK_EQ(stat(path, &st), 0);
    HSP_CHECK_EQ(st.st_mode & 0777, 0700);
    snprintf(path, sizeof(path), "%s/hesper/test.sock", fe.folder);
    HSP_CHECK_EQ(stat(path, &st), 0);
    kill(fe.pid, 15);
    for (int i = 0; i < 5000 && stat(path, &st) == 0; i++)
        usleep(1000);
    HSP_CHECK(stat(path, &st) < 0);
    fe_stop(&fe);
}

HSP_TEST(too_many_programs_are_sent_away)
{
    struct hsp_ipc_channel channels[HSP_LIMIT_CONTROL_CLIENT_COUNT + 3];
    struct hsp_ipc_message answer;
    struct fe fe;

    fe_start(&fe, NULL);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(channels); i++)
        control_connect(&fe, &channels[i]);
    HSP_CHECK_EQ(hsp_ipc_channel_receive(&channels[HSP_ARRAY_COUNT(channels) - 1], &answer),
                 -EPIPE);
    control_ask(&channels[0], HSP_IPC_CONTROL_STAT, NULL, 0, -1, &answer);
    HSP_CHECK_EQ(answer.type, HSP_IPC_CONTROL_STAT_REPLY);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(channels); i++)
        hsp_ipc_channel_finish(&channels[i]);
    fe_stop(&fe);
}

HSP_TEST_MAIN()
