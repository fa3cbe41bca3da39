/* SPDX-License-Identifier: MIT */
#include "cli/firmware.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/shm.h"
#include "cli/cli.h"
#include "cli/uefi_variables.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_VARIABLES_SIZE (16 << 20)

bool hsp_cli_firmware_find(struct hsp_cli_firmware *out)
{
    static const struct {
        const char *code, *variables;
    } places[] = {
        /* Debian, Ubuntu */
        {"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
        /* Fedora */
        {"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
        /* Arch */
        {"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
        /* openSUSE */
        {"/usr/share/qemu/ovmf-x86_64-4m-code.bin", "/usr/share/qemu/ovmf-x86_64-4m-vars.bin"},
        /* QEMU as it comes from its authors */
        {"/usr/share/qemu/edk2-x86_64-code.fd", "/usr/share/qemu/edk2-i386-vars.fd"},
        {"/usr/local/share/qemu/edk2-x86_64-code.fd", "/usr/local/share/qemu/edk2-i386-vars.fd"},
    };

    for (size_t i = 0; i < HSP_ARRAY_COUNT(places); i++) {
        if (access(places[i].code, R_OK) != 0 || access(places[i].variables, R_OK) != 0)
            continue;
        strcpy(out->code, places[i].code);
        strcpy(out->variables, places[i].variables);
        return true;
    }
    return false;
}

/* The variables that the firmware comes with, and its console: to be freed. NULL, with an error,
 * when they cannot be read. */
static uint8_t *read_variables(const char *path, unsigned gpu_slot, size_t *out_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    uint8_t *bytes = NULL;
    int ret = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

    if (ret == 0 && (st.st_size <= 0 || st.st_size > MAX_VARIABLES_SIZE))
        ret = -EINVAL;
    if (ret == 0) {
        bytes = malloc((size_t)st.st_size);
        ret = bytes ? hsp_fd_read_all(fd, bytes, (size_t)st.st_size) : -ENOMEM;
    }
    hsp_fd_close(&fd);
    if (ret < 0) {
        hsp_cli_error(NULL, "%s cannot be read: %s", path, strerror(-ret));
        free(bytes);
        return NULL;
    }
    if (!hsp_cli_uefi_add_console(bytes, (size_t)st.st_size, gpu_slot))
        hsp_warning("%s has an unknown form: the firmware shows nothing", path);
    *out_size = (size_t)st.st_size;
    return bytes;
}

/* A new file; -EEXIST when there is one, of an earlier run. Half a file is removed. */
static int write_file(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int ret;

    if (fd < 0)
        return -errno;
    ret = hsp_fd_write_all(fd, bytes, size);
    if (ret < 0)
        unlink(path);
    hsp_fd_close(&fd);
    return ret;
}

static int write_memory(const void *bytes, size_t size)
{
    int fd = hsp_shm_create("uefi-variables", size);
    int ret = fd < 0 ? fd : hsp_fd_write_all(fd, bytes, size);

    if (ret < 0)
        hsp_fd_close(&fd);
    return ret < 0 ? ret : fd;
}

bool hsp_cli_firmware_make_variables(struct hsp_cli_firmware *firmware, unsigned gpu_slot,
                                     const char *disk, int qemu_fd, int *out_fd)
{
    char path[PATH_MAX];
    size_t size;
    uint8_t *bytes = read_variables(firmware->variables, gpu_slot, &size);
    int ret = -ENAMETOOLONG;

    if (!bytes)
        return false;
    if (!disk) {
        snprintf(path, sizeof(path), "/dev/fd/%d", qemu_fd);
        ret = write_memory(bytes, size);
    } else if ((size_t)snprintf(path, sizeof(path), "%s.uefi", disk) < sizeof(path)) {
        ret = write_file(path, bytes, size);
    }
    free(bytes);
    if (ret < 0 && ret != -EEXIST) {
        hsp_cli_error(NULL, "%s cannot be written: %s", path, strerror(-ret));
        return false;
    }
    if (!disk)
        *out_fd = ret;
    strcpy(firmware->variables, path);
    return true;
}
