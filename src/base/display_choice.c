/* SPDX-License-Identifier: MIT */
#include "base/display_choice.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOPBACK "127.0.0.1"

static const char *const kind_names[] = {
    [HSP_DISPLAY_HEADLESS] = "headless",
    [HSP_DISPLAY_WINDOW] = "window",
    [HSP_DISPLAY_VNC] = "vnc",
};

HSP_PRINTF(2, 3) static bool fail(char *out_why, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(out_why, HSP_DISPLAY_ERROR_SIZE, fmt, args);
    va_end(args);
    return false;
}

const char *hsp_display_kind_get_name(enum hsp_display_kind kind)
{
    return kind_names[kind];
}

/* ------------------------------------------------------------------ where */

static bool parse_port(const char *text, uint16_t *out_port)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < 1 || value > UINT16_MAX)
        return false;
    *out_port = (uint16_t)value;
    return true;
}

static bool is_address(const char *text)
{
    struct in6_addr binary;

    return inet_pton(AF_INET, text, &binary) == 1 || inet_pton(AF_INET6, text, &binary) == 1;
}

/* ADDRESS[:PORT] or [ADDRESS6][:PORT]; the text is cut into pieces. */
static bool parse_tcp(char *text, struct hsp_display_choice *choice, char *out_why)
{
    const char *address = text;
    char *rest;

    if (text[0] == '[') {
        address = text + 1;
        rest = text + strcspn(text, "]");
        if (*rest == ']')
            *rest++ = '\0';
    } else {
        rest = text + strcspn(text, ":");
    }
    if (*rest == ':') {
        *rest++ = '\0';
        if (!parse_port(rest, &choice->port))
            return fail(out_why, "'%s' is no port", rest);
        rest += strlen(rest);
    }
    if (strcmp(address, "localhost") == 0)
        address = LOOPBACK;
    if (*rest != '\0' || !is_address(address) || strlen(address) >= sizeof(choice->address))
        return fail(out_why, "'%s' is no address; as 127.0.0.1:5900, [::1]:5900 or unix:PATH",
                    address);
    strcpy(choice->address, address);
    return true;
}

static bool parse_where(char *where, struct hsp_display_choice *choice, char *out_why)
{
    const char *path;

    if (choice->kind != HSP_DISPLAY_VNC)
        return !where ||
               fail(out_why, "%s takes no address", hsp_display_kind_get_name(choice->kind));
    if (!where) {
        strcpy(choice->address, LOOPBACK);
        return true;
    }
    if (strncmp(where, "unix:", 5) != 0)
        return parse_tcp(where, choice, out_why);
    path = where + 5;
    if (path[0] == '\0' || strlen(path) >= sizeof(choice->socket_path))
        return fail(out_why, "unix: wants a path of at most %zu bytes",
                    sizeof(choice->socket_path) - 1);
    strcpy(choice->socket_path, path);
    return true;
}

bool hsp_display_choice_parse(const char *text, struct hsp_display_choice *out_choice,
                              char out_why[HSP_DISPLAY_ERROR_SIZE])
{
    struct hsp_display_choice choice = {.address = ""};
    char copy[HSP_DISPLAY_CHOICE_SIZE], *where = copy;

    if (strlen(text) >= sizeof(copy))
        return fail(out_why, "that is longer than %zu bytes", sizeof(copy) - 1);
    strcpy(copy, text);
    strsep(&where, "=");
    for (size_t i = 0; i < HSP_ARRAY_COUNT(kind_names); i++) {
        if (strcmp(copy, kind_names[i]) != 0)
            continue;
        choice.kind = (enum hsp_display_kind)i;
        if (!parse_where(where, &choice, out_why))
            return false;
        *out_choice = choice;
        return true;
    }
    return fail(out_why, "'%s' is unknown: there are headless, window and vnc", copy);
}

/* ------------------------------------------------------------------ passwords */

static bool is_loopback(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool read_first_line(const char *path, char *out_line, size_t size, char *out_why)
{
    FILE *file = fopen(path, "re");
    bool is_read;

    if (!file)
        return fail(out_why, "the password's file %.500s cannot be read: %s", path,
                    strerror(errno));
    is_read = fgets(out_line, (int)size, file) != NULL;
    fclose(file);
    if (is_read)
        out_line[strcspn(out_line, "\r\n")] = '\0';
    return (is_read && out_line[0] != '\0') ||
           fail(out_why, "there is no password in %.500s", path);
}

bool hsp_display_choice_read_password(const struct hsp_display_choice *choice, const char *file,
                                      char out_password[HSP_DISPLAY_PASSWORD_LENGTH + 1],
                                      char out_why[HSP_DISPLAY_ERROR_SIZE])
{
    const char *variable = getenv("HESPER_VNC_PASSWORD_FILE");
    char line[256] = "";

    if (!file && variable && variable[0] != '\0')
        file = variable;
    if (file && !read_first_line(file, line, sizeof(line), out_why))
        return false;
    if (!file && choice->address[0] != '\0' && !is_loopback(choice->address))
        return fail(out_why,
                    "others can reach %s, so it needs a password; --password-file or "
                    "HESPER_VNC_PASSWORD_FILE names a file with it",
                    choice->address);
    memset(out_password, 0, HSP_DISPLAY_PASSWORD_LENGTH + 1);
    memcpy(out_password, line, strnlen(line, HSP_DISPLAY_PASSWORD_LENGTH));
    return true;
}
