/* SPDX-License-Identifier: MIT */
/* Which backends of hesper-display there are, and which display server could show windows. */
#include "cli/doctor.h"

#include "base/fd.h"
#include "base/program.h"
#include "cli/capture.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TOPIC      "display"
#define TIME_LIMIT 20000 /* ms */

/* ------------------------------------------------------------------ display servers */

/* 0 when somebody answers there; negative errno. */
static int try_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, ret = 0;

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        ret = -errno;
    hsp_fd_close(&fd);
    return ret;
}

static int try_wayland(const char *display)
{
    const char *folder = getenv("XDG_RUNTIME_DIR");
    char path[PATH_MAX];

    if (display[0] == '/')
        return try_socket(display);
    if (!folder || folder[0] == '\0')
        return -ENOENT;
    snprintf(path, sizeof(path), "%s/%s", folder, display);
    return try_socket(path);
}

/* ":1.0" is a socket; with a host's name in front it is that host's matter. */
static int try_x11(const char *display)
{
    char path[64];
    unsigned number;

    if (display[0] != ':')
        return 0;
    if (sscanf(display, ":%5u", &number) != 1)
        return -EINVAL;
    snprintf(path, sizeof(path), "/tmp/.X11-unix/X%u", number);
    return try_socket(path);
}

static void add_server(struct hsp_cli_findings *findings, const char *kind, const char *variable,
                       const char *value, int error)
{
    if (error == 0)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, TOPIC, NULL,
                             "windows can be shown: %s (%s=%s)", kind, variable, value);
    else
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, TOPIC,
                             "correct or unset the variable", "%s does not answer (%s=%s): %s",
                             kind, variable, value, strerror(-error));
}

static void check_servers(struct hsp_cli_findings *findings)
{
    const char *wayland = getenv("WAYLAND_DISPLAY"), *x11 = getenv("DISPLAY");

    if (wayland && wayland[0] != '\0')
        add_server(findings, "Wayland", "WAYLAND_DISPLAY", wayland, try_wayland(wayland));
    if (x11 && x11[0] != '\0')
        add_server(findings, "X11", "DISPLAY", x11, try_x11(x11));
    if ((!wayland || wayland[0] == '\0') && (!x11 || x11[0] == '\0'))
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, TOPIC,
                             "start hesper in a graphical session, or do without windows",
                             "there is no display server here (neither WAYLAND_DISPLAY nor DISPLAY "
                             "is set): --display window does not work");
}

/* ------------------------------------------------------------------ backends */

/* Whether a program can be loaded with all its libraries. */
static bool can_run(const char *path, char *out_why, size_t size)
{
    char program[PATH_MAX + NAME_MAX], option[] = "--help";
    const struct hsp_cli_capture_request request = {
        .argv = (char *[]){program, option, NULL}, .fd = -1, .time_limit_ms = TIME_LIMIT};
    struct hsp_cli_capture capture;
    bool works;
    int ret;

    snprintf(program, sizeof(program), "%s", path);
    ret = hsp_cli_capture_run(&capture, &request);
    if (ret < 0) {
        snprintf(out_why, size, "%s", strerror(-ret));
        return false;
    }
    works = hsp_cli_capture_succeeded(&capture);
    hsp_cli_capture_last_error(&capture, out_why, size);
    hsp_cli_capture_finish(&capture);
    return works;
}

/* One program, which is in the folder of hesper-display; false when it cannot be used. */
static bool check_program(struct hsp_cli_findings *findings, const char *name, const char *purpose)
{
    char path[PATH_MAX + NAME_MAX], why[256];
    int ret = hsp_program_find("hesper-display", path, PATH_MAX);

    if (ret == 0)
        snprintf(strrchr(path, '/') + 1, NAME_MAX, "%s", name);
    if (ret < 0 || access(path, X_OK) != 0)
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, TOPIC, "install all of hesper",
                             "%s is not installed: no %s", name, purpose);
    else if (!can_run(path, why, sizeof(why)))
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_WARNING, TOPIC, "install its libraries",
                             "%s cannot be run: no %s (%s)", name, purpose, why);
    else
        return true;
    return false;
}

void hsp_cli_doctor_check_display(struct hsp_cli_findings *findings)
{
    if (check_program(findings, "hesper-display", "screenshots"))
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, TOPIC, NULL,
                             "screenshots can be taken of guests without a window (headless)");
    if (check_program(findings, "hesper-display-vnc", "VNC"))
        hsp_cli_findings_add(findings, HSP_CLI_LEVEL_OK, TOPIC, NULL,
                             "guests can be shown to VNC viewers");
    if (check_program(findings, "hesper-display-window", "windows"))
        check_servers(findings);
}
