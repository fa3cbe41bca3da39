/* SPDX-License-Identifier: MIT */
/*
 * Numbers and layouts of the Landlock interface are written out, so that hesper builds with the
 * headers of older systems and uses what the running kernel has.
 */
#include "render/sandbox_linux.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_LANDLOCK_CREATE_RULESET 444
#define NR_LANDLOCK_ADD_RULE       445
#define NR_LANDLOCK_RESTRICT_SELF  446

#define RULESET_VERSION   1u
#define RULE_PATH_BENEATH 1

struct ruleset_attr {
    uint64_t handled_fs;
    uint64_t handled_net; /* version 4 */
    uint64_t scoped;      /* version 6 */
};

struct path_beneath_attr {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

/* LANDLOCK_ACCESS_FS_* by bit number. */
enum {
    FS_EXECUTE,
    FS_WRITE_FILE,
    FS_READ_FILE,
    FS_READ_DIR,
    FS_REMOVE_DIR,
    FS_REMOVE_FILE,
    FS_MAKE_CHAR,
    FS_MAKE_DIR,
    FS_MAKE_REG,
    FS_MAKE_SOCK,
    FS_MAKE_FIFO,
    FS_MAKE_BLOCK,
    FS_MAKE_SYM,
    FS_REFER,     /* version 2 */
    FS_TRUNCATE,  /* version 3 */
    FS_IOCTL_DEV, /* version 5 */
};

#define BIT(n) (1ull << (n))

/* Mapping a library for execution needs READ_FILE only; EXECUTE is for execve, which nobody gets.
 */
#define ACCESS_READ   (BIT(FS_READ_FILE) | BIT(FS_READ_DIR))
#define ACCESS_DEVICE (ACCESS_READ | BIT(FS_WRITE_FILE) | BIT(FS_IOCTL_DEV))
#define ACCESS_CACHE                                                                             \
    (ACCESS_READ | BIT(FS_WRITE_FILE) | BIT(FS_TRUNCATE) | BIT(FS_MAKE_REG) | BIT(FS_MAKE_DIR) | \
     BIT(FS_REMOVE_FILE) | BIT(FS_REMOVE_DIR) | BIT(FS_REFER))
/* What is left of a right set on a rule for a single file. */
#define ACCESS_OF_FILES \
    (BIT(FS_READ_FILE) | BIT(FS_WRITE_FILE) | BIT(FS_TRUNCATE) | BIT(FS_IOCTL_DEV))

/* Programs and libraries where distributions keep them, and what drivers read about the system. No
 * home directories, no /run/user, no /tmp, no /var, nothing of other processes. */
static const char *const readable[] = {
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    /* other layouts: NixOS, Guix, Flatpak, Snap */
    "/nix",
    "/gnu",
    "/app",
    "/snap",
    "/run/host",
    "/run/current-system",
    "/run/opengl-driver",
    "/run/opengl-driver-32",
    "/etc/static",
    /* configuration of the linker, the loader, drivers and the C library */
    "/etc/ld.so.*",
    "/etc/vulkan",
    "/etc/drirc",
    "/etc/glvnd",
    "/etc/nvidia",
    "/etc/amd",
    "/etc/alternatives",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    /* the machine */
    "/sys",
    "/run/udev",
    "/run/nvidia*",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/devices",
    "/proc/driver",
    "/proc/modules",
    "/proc/filesystems",
    "/proc/version",
    "/proc/sys",
    "/dev/urandom",
    "/dev/random",
};

/* GPU device nodes, which are the drivers' to open and to command. */
static const char *const devices[] = {
    "/dev/dri",   "/dev/nvidia*", "/dev/kfd",  "/dev/nvhost*", "/dev/nvmap",   "/dev/tegra*",
    "/dev/mali*", "/dev/kgsl*",   "/dev/dxg",  "/dev/pvr*",    "/dev/galcore", "/dev/dma_heap",
    "/dev/null",  "/dev/zero",    "/dev/full", "/dev/udmabuf",
};

/* Colon-separated lists of files and directories that the loader and drivers are told to use, and
 * HESPER_SANDBOX_READ for what hesper cannot guess. */
static const char *const path_lists[] = {
    "VK_DRIVER_FILES",   "VK_ADD_DRIVER_FILES", "VK_ICD_FILENAMES",    "VK_LAYER_PATH",
    "VK_ADD_LAYER_PATH", "LD_LIBRARY_PATH",     "HESPER_SANDBOX_READ",
};

static uint64_t handled_fs_of_version(long version)
{
    uint64_t all = BIT(FS_MAKE_SYM + 1) - 1;

    if (version >= 2)
        all |= BIT(FS_REFER);
    if (version >= 3)
        all |= BIT(FS_TRUNCATE);
    if (version >= 5)
        all |= BIT(FS_IOCTL_DEV);
    return all;
}

static int create_ruleset(uint64_t *out_handled_fs)
{
    struct ruleset_attr attr = {0};
    long version = syscall(NR_LANDLOCK_CREATE_RULESET, NULL, 0, RULESET_VERSION);
    size_t size = sizeof(attr.handled_fs);
    long fd;

    if (version < 1)
        return errno == ENOSYS || errno == EOPNOTSUPP ? -ENOSYS : -errno;
    attr.handled_fs = handled_fs_of_version(version);
    if (version >= 4) {
        attr.handled_net = BIT(0) | BIT(1); /* TCP: bind, connect */
        size = offsetof(struct ruleset_attr, scoped);
    }
    if (version >= 6) {
        attr.scoped = BIT(0) | BIT(1); /* abstract unix sockets, signals */
        size = sizeof(attr);
    }
    fd = syscall(NR_LANDLOCK_CREATE_RULESET, &attr, size, 0);
    if (fd < 0)
        return -errno;
    *out_handled_fs = attr.handled_fs;
    return (int)fd;
}

/* What does not exist needs no rule. */
static int allow_path(int ruleset_fd, const char *path, uint64_t access)
{
    struct path_beneath_attr attr = {.allowed = access};
    struct stat stat;
    int fd = open(path, O_PATH | O_CLOEXEC);
    int ret = 0;

    if (fd < 0)
        return 0;
    if (fstat(fd, &stat) < 0 || !S_ISDIR(stat.st_mode))
        attr.allowed &= ACCESS_OF_FILES;
    attr.parent_fd = fd;
    if (syscall(NR_LANDLOCK_ADD_RULE, ruleset_fd, RULE_PATH_BENEATH, &attr, 0) < 0)
        ret = -errno;
    hsp_fd_close(&fd);
    return ret;
}

static int allow_patterns(int ruleset_fd, const char *const *patterns, size_t count,
                          uint64_t access)
{
    int ret = 0;

    for (size_t i = 0; i < count && ret == 0; i++) {
        glob_t found;

        if (glob(patterns[i], 0, NULL, &found) != 0)
            continue;
        for (size_t j = 0; j < found.gl_pathc && ret == 0; j++)
            ret = allow_path(ruleset_fd, found.gl_pathv[j], access);
        globfree(&found);
    }
    return ret;
}

/* The directory of a file, with what lies below: a manifest names libraries relative to itself. */
static int allow_directory_of(int ruleset_fd, const char *path, uint64_t access)
{
    char *real = realpath(path, NULL), *slash;
    struct stat info;
    int ret = 0;

    if (!real)
        return 0;
    if (stat(real, &info) == 0 && !S_ISDIR(info.st_mode) && (slash = strrchr(real, '/')) != NULL)
        *slash = '\0';
    if (real[0] != '\0')
        ret = allow_path(ruleset_fd, real, access);
    free(real);
    return ret;
}

static int allow_path_list(int ruleset_fd, const char *variable, uint64_t access)
{
    const char *value = getenv(variable);
    char *copy, *save = NULL;
    int ret = 0;

    if (!value)
        return 0;
    copy = strdup(value);
    if (!copy)
        return -ENOMEM;
    for (char *path = strtok_r(copy, ":", &save); path && ret == 0;
         path = strtok_r(NULL, ":", &save))
        ret = allow_directory_of(ruleset_fd, path, access);
    free(copy);
    return ret;
}

static int allow_all(int ruleset_fd, uint64_t handled_fs, const char *program, const char *cache)
{
    const uint64_t read = ACCESS_READ & handled_fs, device = ACCESS_DEVICE & handled_fs;
    int ret;

    ret = allow_patterns(ruleset_fd, readable, HSP_ARRAY_COUNT(readable), read);
    if (ret == 0)
        ret = allow_patterns(ruleset_fd, devices, HSP_ARRAY_COUNT(devices), device);
    if (ret == 0) /* to list what GPUs there are */
        ret = allow_path(ruleset_fd, "/dev", BIT(FS_READ_DIR));
    if (ret == 0) /* names of threads */
        ret = allow_path(ruleset_fd, "/proc/self", read | BIT(FS_WRITE_FILE));
    if (ret == 0)
        ret = allow_directory_of(ruleset_fd, program, read);
    for (size_t i = 0; i < HSP_ARRAY_COUNT(path_lists) && ret == 0; i++)
        ret = allow_path_list(ruleset_fd, path_lists[i], read);
    if (ret == 0 && cache)
        ret = allow_path(ruleset_fd, cache, ACCESS_CACHE & handled_fs);
    return ret;
}

int hsp_render_landlock_enter(const char *program, const char *cache)
{
    uint64_t handled_fs = 0;
    int fd = create_ruleset(&handled_fs);
    int ret;

    if (fd < 0)
        return fd;
    ret = allow_all(fd, handled_fs, program, cache);
    if (ret == 0 && syscall(NR_LANDLOCK_RESTRICT_SELF, fd, 0) < 0)
        ret = -errno;
    hsp_fd_close(&fd);
    return ret;
}
