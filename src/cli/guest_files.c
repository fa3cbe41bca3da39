/* SPDX-License-Identifier: MIT */
#include "cli/guest_files.h"

#include "base/fd.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

HSP_PRINTF(2, 3) static bool format_path(char out[PATH_MAX], const char *fmt, ...)
{
    va_list args;
    int length;

    va_start(args, fmt);
    length = vsnprintf(out, PATH_MAX, fmt, args);
    va_end(args);
    return length > 0 && length < PATH_MAX;
}

/* `folder`/`name` if it can be read, else "". */
static void find_beside(char out[PATH_MAX], const char *folder, const char *name)
{
    if (!format_path(out, "%s/%s", folder, name) || access(out, R_OK) != 0)
        out[0] = '\0';
}

static bool default_folder(char out[PATH_MAX])
{
    const char *guest = getenv("HESPER_GUEST");
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    if (guest && guest[0] != '\0')
        return format_path(out, "%s", guest);
    if (cache && cache[0] != '\0')
        return format_path(out, "%s/hesper/guest", cache);
    return format_path(out, "%s/.cache/hesper/guest", home ? home : "");
}

/* The folder of the path `file`. */
static bool folder_of(char out[PATH_MAX], const char *file)
{
    const char *slash = strrchr(file, '/');

    if (!slash)
        return format_path(out, ".");
    if (slash == file)
        return format_path(out, "/.");
    return format_path(out, "%.*s", (int)(slash - file), file);
}

/* NULL, with errno, when the disk cannot be read. */
static const char *detect_format(const char *disk)
{
    static const char qcow2_magic[4] = {'Q', 'F', 'I', '\xfb'};
    char magic[sizeof(qcow2_magic)] = {0};
    int fd = open(disk, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, magic, sizeof(magic));

    hsp_fd_close(&fd);
    if (size < 0)
        return NULL;
    return memcmp(magic, qcow2_magic, sizeof(magic)) == 0 ? "qcow2" : "raw";
}

const char *hsp_cli_guest_files_look(struct hsp_cli_guest_files *out, const char *image)
{
    char folder[PATH_MAX];

    if (image ? !folder_of(folder, image) || !format_path(out->disk, "%s", image)
              : !default_folder(folder) || !format_path(out->disk, "%s/disk.img", folder)) {
        out->disk[0] = '\0';
        return strerror(ENAMETOOLONG);
    }
    out->disk_format = detect_format(out->disk);
    if (!out->disk_format)
        return strerror(errno);
    find_beside(out->kernel, folder, "vmlinuz");
    find_beside(out->initrd, folder, "initrd.img");
    find_beside(out->ssh_key, folder, "ssh_key");
    find_beside(out->known_hosts, folder, "known_hosts");
    return NULL;
}

bool hsp_cli_guest_files_find(struct hsp_cli_guest_files *out, const char *image)
{
    const char *why = hsp_cli_guest_files_look(out, image);

    if (why)
        hsp_cli_error("./dev demo makes a guest; --image names another disk.",
                      "the guest's disk %s cannot be read: %s", out->disk, why);
    return !why;
}
