/* SPDX-License-Identifier: MIT */
#include "base/shm.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
static int open_anonymous(const char *name)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    return fd < 0 ? -errno : fd;
}

static int seal_size(int fd)
{
    return fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0 ? -errno : 0;
}

static bool is_shrink_sealed(int fd)
{
    int seals = fcntl(fd, F_GET_SEALS);

    return seals >= 0 && (seals & F_SEAL_SHRINK);
}
#else
static int open_anonymous(const char *name)
{
    static _Atomic unsigned counter;
    char path[32];

    (void)name;
    snprintf(path, sizeof(path), "/hsp-%x-%x", (unsigned)getpid(), atomic_fetch_add(&counter, 1));
    int fd = shm_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return -errno;
    shm_unlink(path);
    hsp_fd_set_cloexec(fd, true);
    return fd;
}

static int seal_size(int fd)
{
    (void)fd;
    return 0;
}

static bool is_shrink_sealed(int fd)
{
    (void)fd;
    return true;
}
#endif

int hsp_shm_create(const char *name, uint64_t size)
{
    int fd = open_anonymous(name);
    int ret = 0;

    if (fd < 0)
        return fd;
    if (size > INT64_MAX)
        ret = -EFBIG;
    else if (ftruncate(fd, (off_t)size) < 0)
        ret = -errno;
    else
        ret = seal_size(fd);
    if (ret < 0) {
        hsp_fd_close(&fd);
        return ret;
    }
    return fd;
}

int hsp_shm_check_sealed(int fd, uint64_t size)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_size < 0 || (uint64_t)st.st_size < size)
        return -EINVAL;
    return is_shrink_sealed(fd) ? 0 : -EINVAL;
}
