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

/* Whether the file has these bytes there. */
static bool has_bytes(int fd, off_t offset, const char *bytes, size_t size)
{
    char found[8];

    return pread(fd, found, size, offset) == (ssize_t)size && memcmp(found, bytes, size) == 0;
}

/* NULL, with errno, when the disk cannot be read. */
static const char *detect_format(const char *disk)
{
    const char *format = "raw";
    char byte;
    int fd = open(disk, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    if (pread(fd, &byte, 1, 0) < 0)
        format = NULL; /* a folder, for example */
    else if (has_bytes(fd, 0, "QFI\xfb", 4))
        format = "qcow2";
    else if (has_bytes(fd, 32769, "CD001", 5)) /* the first descriptor of ISO 9660 */
        format = "iso";
    hsp_fd_close(&fd); /* keeps errno */
    return format;
}

const char *hsp_cli_guest_files_look(struct hsp_cli_guest_files *out, const char *image)
{
    char folder[PATH_MAX];

    memset(&out->firmware, 0, sizeof(out->firmware));
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

bool hsp_cli_guest_files_find(struct hsp_cli_guest_files *out, const char *image,
                              const char *format)
{
    const char *why = hsp_cli_guest_files_look(out, image);

    if (why)
        hsp_cli_error("./dev demo makes a guest; --image names another disk.",
                      "the guest's disk %s cannot be read: %s", out->disk, why);
    else if (format)
        out->disk_format = format;
    return !why;
}
