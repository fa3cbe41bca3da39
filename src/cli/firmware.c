/* SPDX-License-Identifier: MIT */
#include "cli/firmware.h"

#include "base/fd.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* Half a copy is removed. */
static int copy_file(const char *from, const char *to)
{
    char buffer[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int ret = in < 0 || out < 0 ? -errno : 0;
    ssize_t n;

    while (ret == 0 && (n = read(in, buffer, sizeof(buffer))) != 0)
        ret = n < 0 ? -errno : hsp_fd_write_all(out, buffer, (size_t)n);
    if (ret < 0 && out >= 0)
        unlink(to);
    hsp_fd_close(&in);
    hsp_fd_close(&out);
    return ret;
}

bool hsp_cli_firmware_keep_variables(struct hsp_cli_firmware *firmware, const char *disk)
{
    char path[PATH_MAX];
    int ret;

    if ((size_t)snprintf(path, sizeof(path), "%s.uefi", disk) >= sizeof(path)) {
        hsp_cli_error(NULL, "the path of the guest's disk is too long");
        return false;
    }
    ret = access(path, F_OK) == 0 ? 0 : copy_file(firmware->variables, path);
    if (ret < 0) {
        hsp_cli_error(NULL, "%s cannot be written: %s", path, strerror(-ret));
        return false;
    }
    strcpy(firmware->variables, path);
    return true;
}
