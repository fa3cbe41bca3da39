/* SPDX-License-Identifier: MIT */
#include "control.h"

#include "ipc/messages.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int try_connect(struct fe *fe)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/hesper/test.sock", fe->folder);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

void control_connect(struct fe *fe, struct hsp_ipc_channel *channel)
{
    int fd = -1;

    for (int i = 0; fd < 0 && i < 5000; i++) {
        fd = try_connect(fe);
        if (fd < 0)
            usleep(1000);
    }
    HSP_CHECK(fd >= 0);
    hsp_ipc_channel_init(channel, fd);
}

void control_ask(struct hsp_ipc_channel *channel, uint32_t type, const void *body, size_t size,
                 int fd, struct hsp_ipc_message *answer)
{
    HSP_CHECK_EQ(hsp_ipc_channel_send(channel, type, body, size, &fd, fd >= 0), 0);
    HSP_CHECK_EQ(hsp_ipc_channel_receive(channel, answer), 1);
}

struct json_object *control_ask_stat(struct fe *fe)
{
    struct hsp_ipc_channel channel;
    struct hsp_ipc_message answer;
    struct json_tokener *tokener = json_tokener_new();

    control_connect(fe, &channel);
    control_ask(&channel, HSP_IPC_CONTROL_STAT, NULL, 0, -1, &answer);
    HSP_CHECK_EQ(answer.type, HSP_IPC_CONTROL_STAT_REPLY);
    struct json_object *object =
        json_tokener_parse_ex(tokener, answer.payload, (int)answer.payload_size);
    HSP_CHECK(object != NULL);
    json_tokener_free(tokener);
    hsp_ipc_message_finish(&answer);
    hsp_ipc_channel_finish(&channel);
    return object;
}
