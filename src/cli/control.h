/* SPDX-License-Identifier: MIT */
/*
 * Talking to running devices: each hesper-gpu listens on a socket NAME.sock in one folder per user,
 * and answers HSP_IPC_CONTROL_* messages (ipc/messages.h).
 */
#ifndef HSP_CLI_CONTROL_H
#define HSP_CLI_CONTROL_H

#include "ipc/channel.h"

#define HSP_CLI_CONTROL_NAME_SIZE 64

struct hsp_cli_control_list {
    char (*names)[HSP_CLI_CONTROL_NAME_SIZE];
    size_t count;
};

/* The names of the devices that answer, in alphabetical order. 0 or negative errno; no folder means
 * no devices. */
int hsp_cli_control_list_init(struct hsp_cli_control_list *list);
void hsp_cli_control_list_finish(struct hsp_cli_control_list *list);

/* Connects to a device. The channel's calls give up after a few seconds (-EAGAIN), so that a stuck
 * device does not hang the user. 0 or negative errno (-ENOENT, -ECONNREFUSED: no such device). */
int hsp_cli_control_connect(struct hsp_ipc_channel *channel, const char *name);

/* Sends one message and waits for the answer, which must be of type `answer_type`. 0 or negative
 * errno (-EPROTO for another answer); on success the caller finishes *out_answer. */
int hsp_cli_control_ask(struct hsp_ipc_channel *channel, uint32_t type, const void *body,
                        size_t body_size, int fd, uint32_t answer_type,
                        struct hsp_ipc_message *out_answer);

/* Says in the user's words why the device `name` cannot be talked to. */
void hsp_cli_control_error(const char *name, int error);

/* Picks the device: `name` if it is not NULL, else the only one that runs. False, with an error,
 * when there is none or more than one. */
bool hsp_cli_control_pick(const char *name, char out_name[HSP_CLI_CONTROL_NAME_SIZE]);

#endif
