/* SPDX-License-Identifier: MIT */
#include "cli/control.h"

#include "base/fd.h"
#include "cli/cli.h"
#include "ipc/messages.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_TIMEOUT_S 10
#define SUFFIX           ".sock"

/* Where the sockets are; hesper-gpu makes the same folder. */
static int format_folder(char *out, size_t size)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int length;

    if (runtime && runtime[0] != '\0')
        length = snprintf(out, size, "%s/hesper", runtime);
    else
        length = snprintf(out, size, "/tmp/hesper-%ld/hesper", (long)getuid());
    return length > 0 && (size_t)length < size ? 0 : -ENAMETOOLONG;
}

static int format_address(struct sockaddr_un *out_address, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int ret = format_folder(address.sun_path, sizeof(address.sun_path));
    size_t used = strlen(address.sun_path);
    int length;

    if (ret < 0)
        return ret;
    if (strchr(name, '/'))
        return -ENOENT;
    length = snprintf(address.sun_path + used, sizeof(address.sun_path) - used, "/%s" SUFFIX, name);
    if (length < 0 || (size_t)length >= sizeof(address.sun_path) - used)
        return -ENAMETOOLONG;
    *out_address = address;
    return 0;
}

int hsp_cli_control_connect(struct hsp_ipc_channel *channel, const char *name)
{
    struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
    struct sockaddr_un address;
    int ret = format_address(&address, name);
    int fd;

    if (ret < 0)
        return ret;
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return -errno;
    hsp_fd_set_cloexec(fd, true);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        ret = -errno;
        hsp_fd_close(&fd);
        return ret;
    }
    hsp_ipc_channel_init(channel, fd);
    return 0;
}

int hsp_cli_control_ask(struct hsp_ipc_channel *channel, uint32_t type, const void *body,
                        size_t body_size, int fd, uint32_t answer_type,
                        struct hsp_ipc_message *out_answer)
{
    struct hsp_ipc_message answer;
    int ret = hsp_ipc_channel_send(channel, type, body, body_size, &fd, fd >= 0 ? 1 : 0);

    if (ret < 0)
        return ret;
    ret = hsp_ipc_channel_receive(channel, &answer);
    if (ret < 0)
        return ret;
    if (ret == 0)
        return -ETIMEDOUT;
    if (answer.type != answer_type) {
        hsp_ipc_message_finish(&answer);
        return -EPROTO;
    }
    *out_answer = answer;
    return 0;
}

/* ------------------------------------------------------------------ which device */

static bool device_answers(const char *name)
{
    struct hsp_ipc_channel channel;

    if (hsp_cli_control_connect(&channel, name) < 0)
        return false;
    hsp_ipc_channel_finish(&channel);
    return true;
}

/* The device's name in a folder entry "NAME.sock". */
static bool parse_entry(const char *entry, char out_name[HSP_CLI_CONTROL_NAME_SIZE])
{
    size_t length = strlen(entry);

    if (length <= strlen(SUFFIX) || strcmp(entry + length - strlen(SUFFIX), SUFFIX) != 0)
        return false;
    length -= strlen(SUFFIX);
    if (length >= HSP_CLI_CONTROL_NAME_SIZE)
        return false;
    memcpy(out_name, entry, length);
    out_name[length] = '\0';
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

int hsp_cli_control_list_init(struct hsp_cli_control_list *list)
{
    struct hsp_cli_control_list found = {0};
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    char name[HSP_CLI_CONTROL_NAME_SIZE];
    struct dirent *entry;
    DIR *dir;
    int ret = format_folder(folder, sizeof(folder));

    if (ret < 0)
        return ret;
    dir = opendir(folder);
    if (!dir && errno != ENOENT)
        return -errno;
    while (dir && ret == 0 && (entry = readdir(dir))) {
        if (!parse_entry(entry->d_name, name) || !device_answers(name))
            continue;
        void *names = realloc(found.names, (found.count + 1) * sizeof(*found.names));
        if (names) {
            found.names = names;
            memcpy(found.names[found.count++], name, sizeof(name));
        } else {
            ret = -ENOMEM;
        }
    }
    if (dir)
        closedir(dir);
    if (ret < 0) {
        hsp_cli_control_list_finish(&found);
        return ret;
    }
    if (found.count > 0)
        qsort(found.names, found.count, sizeof(*found.names), compare_names);
    *list = found;
    return 0;
}

void hsp_cli_control_list_finish(struct hsp_cli_control_list *list)
{
    free(list->names);
    list->names = NULL;
    list->count = 0;
}

void hsp_cli_control_error(const char *name, int error)
{
    if (error == -ENOENT || error == -ECONNREFUSED)
        hsp_cli_error("hesper stat lists the running ones.", "no device '%s' is running", name);
    else
        hsp_cli_error(NULL, "the device '%s' does not answer as it should: %s", name,
                      strerror(-error));
}

bool hsp_cli_control_pick(const char *name, char out_name[HSP_CLI_CONTROL_NAME_SIZE])
{
    struct hsp_cli_control_list list;
    bool picked = false;
    int ret;

    if (name) {
        picked = strlen(name) < HSP_CLI_CONTROL_NAME_SIZE;
        if (picked)
            strcpy(out_name, name);
        else
            hsp_cli_control_error(name, -ENOENT);
        return picked;
    }
    ret = hsp_cli_control_list_init(&list);
    if (ret < 0) {
        hsp_cli_error(NULL, "the running devices cannot be listed: %s", strerror(-ret));
        return false;
    }
    if (list.count == 1) {
        strcpy(out_name, list.names[0]);
        picked = true;
    } else if (list.count == 0) {
        hsp_cli_error("hesper run starts a virtual machine with one.", "no device is running");
    } else {
        hsp_cli_error("Say which; hesper stat lists them.", "%zu devices are running", list.count);
    }
    hsp_cli_control_list_finish(&list);
    return picked;
}
