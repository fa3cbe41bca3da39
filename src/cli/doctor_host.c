/* SPDX-License-Identifier: MIT */
/* Memory, limits and device nodes of this host. */
#include "cli/doctor.h"

#include "base/fd.h"
#include "base/shm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIB (1024ull * 1024)

/* What hesper run gives a guest by default, and what runs beside it. */
#define WANTED_MEMORY (2560 * MIB)
/* Each mapped allocation of a guest is a descriptor and a mapping or two. */
#define WANTED_FD_COUNT      4096
#define WANTED_MAPPING_COUNT 65530

/* ------------------------------------------------------------------ memory */

/* A number of a file of "key value" lines; -1 when it is not there. */
static int64_t read_number(const char *path, const char *key)
{
    FILE *file = fopen(path, "re");
    char line[256];
    int64_t value = -1;

    while (file && value < 0 && fgets(line, sizeof(line), file)) {
        if (strncmp(line, key, strlen(key)) == 0)
            sscanf(line + strlen(key), "%" SCNd64, &value);
    }
    if (file)
        fclose(file);
    return value;
}

/* Shared memory is made, mapped and written to, as for a guest. */
static int try_shared_memory(size_t size)
{
    int fd = hsp_shm_create("hesper-doctor", size);
    void *pages;
    int ret = 0;

    if (fd < 0)
        return fd;
    pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (pages == MAP_FAILED) {
        ret = -errno;
    } else {
        *(volatile char *)pages = 1;
        munmap(pages, size);
    }
    hsp_fd_close(&fd);
    return ret;
}

static void check_memory(struct hsp_cli_findings *findings)
{
    int64_t kib = read_number("/proc/meminfo", "MemAvailable:");
    int ret = try_shared_memory(16 * MIB);

    if (ret < 0)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_MISSING, "memory",
                             "a sandbox around hesper may forbid memfd_create; allow it",
                             "shared memory cannot be made (memfd): %s", strerror(-ret));
    else
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, "memory", NULL,
                             "guest memory can be shared (memfd)");
    if (kib >= 0 && (uint64_t)kib * 1024 < WANTED_MEMORY)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "memory",
                             "end other programs, or give the guest less with --memory",
                             "%" PRIu64 " MiB are free; a guest gets 2048 MiB by default",
                             (uint64_t)kib / 1024);
}

/* ------------------------------------------------------------------ limits */

static void check_descriptors(struct hsp_cli_findings *findings)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    if (limit.rlim_max < WANTED_FD_COUNT)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "limits",
                             "raise the hard limit nofile (ulimit -Hn, /etc/security/limits.conf, "
                             "LimitNOFILE=)",
                             "a process may have %" PRIu64 " open files at most; each mapped "
                             "allocation of a guest is one",
                             (uint64_t)limit.rlim_max);
    else
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, "limits", NULL,
                             "a process may have %" PRIu64 " open files", (uint64_t)limit.rlim_max);
}

static void check_locked_memory(struct hsp_cli_findings *findings)
{
    struct rlimit limit;
    char size[32];

    if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
        return;
    if (limit.rlim_cur == RLIM_INFINITY)
        snprintf(size, sizeof(size), "any amount of");
    else
        snprintf(size, sizeof(size), "%" PRIu64 " KiB", (uint64_t)limit.rlim_cur / 1024);
    hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, "limits", NULL,
                         "%s memory may be locked; hesper locks none", size);
}

static void check_mappings(struct hsp_cli_findings *findings)
{
    int64_t count = read_number("/proc/sys/vm/max_map_count", "");

    if (count >= 0 && count < WANTED_MAPPING_COUNT)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "limits",
                             "as root: sysctl vm.max_map_count=262144",
                             "a process may have %" PRId64 " mappings; buffers of scattered guest "
                             "pages take many",
                             count);
}

/* ------------------------------------------------------------------ device nodes */

static void check_udmabuf(struct hsp_cli_findings *findings)
{
    if (access("/dev/udmabuf", R_OK | W_OK) == 0)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, "udmabuf", NULL,
                             "/dev/udmabuf can be opened, so that a renderer gets just those pages "
                             "of guest RAM that a program imports");
    else
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, "udmabuf",
                             errno == ENOENT
                                 ? "load the kernel module udmabuf, or set --guest-ram"
                                 : "let this user open /dev/udmabuf, or set --guest-ram",
                             "/dev/udmabuf cannot be used (%s): a renderer can reach all of guest "
                             "RAM once a program imports a buffer there",
                             strerror(errno));
}

void hsp_cli_doctor_check_host(struct hsp_cli_findings *findings)
{
    check_memory(findings);
    check_descriptors(findings);
    check_locked_memory(findings);
    check_mappings(findings);
#ifdef __linux__
    check_udmabuf(findings);
#endif
}
