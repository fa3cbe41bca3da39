/* SPDX-License-Identifier: MIT */
/* What renderers get of guest RAM on hosts with /dev/udmabuf. Not every host has one, so tests/vm
 * runs this in the guest, whose kernel does. */
#include "commands.h"

#include "base/shm.h"
#include "base/udmabuf.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void check_access(const char *argument, const char *attachment)
{
    const char *const arguments[] = {argument, NULL};
    const struct fe_options options = {.arguments = arguments};
    struct fe fe;

    fe_start(&fe, &options);
    HSP_CHECK_EQ(cmd_create_context(&fe, 1, HSP_GPU_CAPSET_VENUS, "one"), HSP_GPU_RESP_OK_NODATA);
    struct hsp_gpu_backing_entry entries[2] = {{fe_alloc(&fe, 4096), 4096, 0},
                                               {FE_HIGH_AT + 0x9000, 4096, 0}};
    HSP_CHECK_EQ(cmd_create_2d(&fe, 5, 32, 32), HSP_GPU_RESP_OK_NODATA);
    HSP_CHECK_EQ(cmd_attach_backing(&fe, 5, entries, 2), HSP_GPU_RESP_OK_NODATA);
    HSP_CHECK_EQ(cmd_ref(&fe, HSP_GPU_CMD_CTX_ATTACH_RESOURCE, 1, 5), HSP_GPU_RESP_OK_NODATA);
    fe_wait_log(&fe, attachment);
    HSP_CHECK_EQ(SCRIPT(&fe, 1, FAKE_RENDER_WRITE, 5, 4096, 0x77), HSP_GPU_RESP_OK_NODATA);
    fe_wait_log(&fe, "written id=5");
    HSP_CHECK_EQ(*(uint32_t *)fe_ram(&fe, FE_HIGH_AT + 0x9000), 0x77);
    fe_stop(&fe);
}

HSP_TEST(renderers_get_just_the_pages)
{
    check_access("--guest-ram=udmabuf", "attach id=5 kind=2 size=8192 pieces=1 file=8192");
}

HSP_TEST(they_do_so_of_itself_when_drivers_can)
{
    check_access("--guest-ram=auto", "attach id=5 kind=2 size=8192 pieces=1 file=8192");
}

HSP_TEST(they_get_the_file_when_drivers_cannot)
{
    char line[96];

    snprintf(line, sizeof(line), "attach id=5 kind=2 size=8192 pieces=2 file=%llu",
             FE_LOW_SIZE + FE_HIGH_SIZE);
    setenv("FAKE_RENDER_CANNOT_IMPORT", "1", 1);
    check_access("--guest-ram=auto", line);
}

/* 0 if the real renderer's driver can import the first pages of the file. */
static int check_import(int fd)
{
    char argument[64];
    char *argv[] = {HESPER_RENDER_PATH, argument, NULL};
    int status;
    pid_t pid;

    snprintf(argument, sizeof(argument), "--check-import-fd=%d", dup(fd)); /* not close-on-exec */
    HSP_CHECK_EQ(posix_spawn(&pid, argv[0], NULL, NULL, argv, environ), 0);
    HSP_CHECK_EQ(waitpid(pid, &status, 0), pid);
    HSP_CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

HSP_TEST(host_driver_imports_such_pages)
{
    int device = hsp_udmabuf_open();
    struct hsp_span span, narrow;

    HSP_CHECK(device >= 0);
    HSP_CHECK_EQ(hsp_span_init_single(&span, hsp_shm_create("test", 65536), 0, 65536), 0);
    HSP_CHECK_EQ(hsp_udmabuf_narrow(device, &span, &narrow), 0);
    HSP_CHECK_EQ(check_import(narrow.fds[0]), 0);
    HSP_CHECK(check_import(device) != 0); /* nothing to map */
    hsp_span_finish(&narrow);
    hsp_span_finish(&span);
    close(device);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
}

HSP_TEST_MAIN()
