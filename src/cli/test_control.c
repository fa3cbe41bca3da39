/* SPDX-License-Identifier: MIT */
/* A device of the test's own at a control socket, and what the commands make of its answers. */
#include "cli/control.h"

#include "base/fd.h"
#include "base/test.h"
#include "cli/cli.h"
#include "ipc/messages.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct device {
    char root[64];
    struct sockaddr_un address;
    int listen_fd;
    uint32_t answer_type;
    const void *answer;
    size_t answer_size;
    uint32_t asked_type; /* of the last message */
    pthread_t thread;
};

static void answer_client(struct device *device, int fd)
{
    struct hsp_ipc_channel channel;
    struct hsp_ipc_message message;

    hsp_ipc_channel_init(&channel, fd);
    if (hsp_ipc_channel_receive(&channel, &message) == 1) {
        device->asked_type = message.type;
        if (message.fd_count == 1)
            hsp_fd_write_all(message.fds[0], "picture", 7);
        hsp_ipc_message_finish(&message);
        hsp_ipc_channel_send(&channel, device->answer_type, device->answer, device->answer_size,
                             NULL, 0);
    }
    hsp_ipc_channel_finish(&channel);
}

/* Answers until the listening socket is shut down. */
static void *serve(void *data)
{
    struct device *device = data;
    int fd;

    while ((fd = accept(device->listen_fd, NULL, NULL)) >= 0)
        answer_client(device, fd);
    return NULL;
}

static void device_start(struct device *device, uint32_t answer_type, const void *answer,
                         size_t answer_size)
{
    memset(device, 0, sizeof(*device));
    strcpy(device->root, "/tmp/hesper-test-XXXXXX");
    HSP_CHECK(mkdtemp(device->root));
    setenv("XDG_RUNTIME_DIR", device->root, 1);
    device->address.sun_family = AF_UNIX;
    snprintf(device->address.sun_path, sizeof(device->address.sun_path), "%s/hesper", device->root);
    HSP_CHECK_EQ(mkdir(device->address.sun_path, 0700), 0);
    strcat(device->address.sun_path, "/one.sock");
    device->answer_type = answer_type;
    device->answer = answer;
    device->answer_size = answer_size;
    device->listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    HSP_CHECK(device->listen_fd >= 0);
    HSP_CHECK_EQ(
        bind(device->listen_fd, (struct sockaddr *)&device->address, sizeof(device->address)), 0);
    HSP_CHECK_EQ(listen(device->listen_fd, 4), 0);
    HSP_CHECK_EQ(pthread_create(&device->thread, NULL, serve, device), 0);
}

static void device_stop(struct device *device)
{
    shutdown(device->listen_fd, SHUT_RDWR);
    pthread_join(device->thread, NULL);
    hsp_fd_close(&device->listen_fd);
    unlink(device->address.sun_path);
    *strrchr(device->address.sun_path, '/') = '\0';
    rmdir(device->address.sun_path);
    rmdir(device->root);
}

static int call(int (*command)(int, char **), char *word0, char *word1)
{
    char *argv[] = {"command", word0, word1, NULL};

    optind = 0;
    return command(word0 ? (word1 ? 3 : 2) : 1, argv);
}

HSP_TEST(control_lists_only_devices_that_answer)
{
    struct hsp_cli_control_list list;
    struct device device;
    char path[160];

    device_start(&device, HSP_IPC_CONTROL_STAT_REPLY, "{}", 2);
    snprintf(path, sizeof(path), "%s/hesper/dead.sock", device.root);
    fclose(fopen(path, "w"));
    HSP_CHECK_EQ(hsp_cli_control_list_init(&list), 0);
    HSP_CHECK_EQ(list.count, 1);
    HSP_CHECK_STREQ(list.names[0], "one");
    hsp_cli_control_list_finish(&list);
    unlink(path);
    device_stop(&device);
}

HSP_TEST(control_without_devices_is_an_empty_list)
{
    struct hsp_cli_control_list list;
    char name[HSP_CLI_CONTROL_NAME_SIZE];

    setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
    HSP_CHECK_EQ(hsp_cli_control_list_init(&list), 0);
    HSP_CHECK_EQ(list.count, 0);
    hsp_cli_control_list_finish(&list);
    HSP_CHECK(!hsp_cli_control_pick(NULL, name));
    HSP_CHECK_EQ(call(hsp_cli_stat, NULL, NULL), HSP_CLI_OK);
    HSP_CHECK_EQ(call(hsp_cli_stat, "nobody", NULL), HSP_CLI_FAILED);
}

HSP_TEST(stat_takes_json_and_nothing_else)
{
    static const char json[] = "{\"scanouts\":[{\"id\":0,\"width\":640,\"fps\":59.5}],"
                               "\"contexts\":[{\"id\":1,\"name\":\"a\\u001b[31m\"}]}";
    struct device device;

    device_start(&device, HSP_IPC_CONTROL_STAT_REPLY, json, strlen(json));
    HSP_CHECK_EQ(call(hsp_cli_stat, "one", NULL), HSP_CLI_OK);
    HSP_CHECK_EQ(device.asked_type, HSP_IPC_CONTROL_STAT);
    HSP_CHECK_EQ(call(hsp_cli_stat, "--json", NULL), HSP_CLI_OK);
    device.answer_size = 5;
    HSP_CHECK_EQ(call(hsp_cli_stat, "one", NULL), HSP_CLI_FAILED);
    device.answer_type = HSP_IPC_CONTROL_DONE;
    device.answer_size = strlen(json);
    HSP_CHECK_EQ(call(hsp_cli_stat, "one", NULL), HSP_CLI_FAILED);
    device_stop(&device);
}

HSP_TEST(screenshot_leaves_a_whole_file_or_none)
{
    struct hsp_ipc_display_screenshot_done done = {0};
    struct device device;
    char path[96], part[112];

    device_start(&device, HSP_IPC_CONTROL_DONE, &done, sizeof(done));
    snprintf(path, sizeof(path), "%s/x.png", device.root);
    snprintf(part, sizeof(part), "%s.part", path);
    HSP_CHECK_EQ(call(hsp_cli_screenshot, path, NULL), HSP_CLI_OK);
    HSP_CHECK_EQ(access(path, F_OK), 0);
    HSP_CHECK(access(part, F_OK) != 0);
    unlink(path);
    done.status = -ENODATA;
    HSP_CHECK_EQ(call(hsp_cli_screenshot, path, NULL), HSP_CLI_FAILED);
    HSP_CHECK(access(path, F_OK) != 0);
    HSP_CHECK(access(part, F_OK) != 0);
    HSP_CHECK_EQ(call(hsp_cli_screenshot, "/nonexistent/x.png", NULL), HSP_CLI_FAILED);
    HSP_CHECK_EQ(call(hsp_cli_screenshot, NULL, NULL), HSP_CLI_USAGE);
    device_stop(&device);
}

HSP_TEST_MAIN()
